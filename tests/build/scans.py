"""Pictures of words, as a scanner or a screenshot gives them, and pages that are such a picture."""

import io
import textwrap

from PIL import Image, ImageDraw, ImageFont

from tests.build.pdfs import pdf_of, stream


def picture(*lines: str) -> Image.Image:
    """Black on white, a line each."""
    image = Image.new("L", (1100, 120 + 70 * len(lines)), 255)
    pen, font = ImageDraw.Draw(image), ImageFont.load_default(size=40)
    for at, line in enumerate(lines):
        pen.text((60, 50 + 70 * at), line, 0, font)
    return image


def saved(image: Image.Image, kind: str, **how: object) -> bytes:
    target = io.BytesIO()
    image.save(target, kind, **how)
    return target.getvalue()


def picture_of(text: str, kind: str = "PNG") -> bytes:
    """A file with one line of words."""
    return saved(picture(text), kind)


def page(words: str) -> Image.Image:
    """A page of close print at 100 dots an inch, as many of the words as it takes."""
    image = Image.new("L", (827, 1169), 255)
    pen, font = ImageDraw.Draw(image), ImageFont.load_default(size=14)
    pen.multiline_text((60, 50), textwrap.fill(words, 95), 0, font, spacing=5)
    return image


def gif_of(*frames: Image.Image) -> bytes:
    """An animation of pictures that are whole, each with colours of its own; Pillow would keep only what changes."""
    return b"".join((b"GIF89a", saved(frames[0], "GIF")[6:10], bytes(3), *map(_image, frames), b"\x3b"))


def _image(frame: Image.Image) -> bytes:
    file = saved(frame, "GIF")
    size = file[10] & 7
    at = 13 + (6 << size)
    return file[at : at + 9] + bytes((file[at + 9] | 0x80 | size,)) + file[13:at] + file[at + 10 : -1]


def scanned(*lines: str, words: bytes = b"") -> bytes:
    """A PDF of one page that is a picture; `words` is drawn over it."""
    image = picture(*lines)
    looks = b"/Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceGray /BitsPerComponent 8" % image.size
    drawn = b"q 500 0 0 %d 40 400 cm /Im1 Do Q " % (500 * image.height // image.width) + words
    return pdf_of(drawn, page=b"/Resources << /Font << /F1 3 0 R >> /XObject << /Im1 7 0 R >> >>", more=[stream(image.tobytes(), looks)])
