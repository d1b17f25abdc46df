"""Pictures of words, as a scanner or a screenshot gives them, and pages that are such a picture."""

import io

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


def scanned(*lines: str, words: bytes = b"") -> bytes:
    """A PDF of one page that is a picture; `words` is drawn over it."""
    image = picture(*lines)
    looks = b"/Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceGray /BitsPerComponent 8" % image.size
    drawn = b"q 500 0 0 %d 40 400 cm /Im1 Do Q " % (500 * image.height // image.width) + words
    return pdf_of(drawn, page=b"/Resources << /Font << /F1 3 0 R >> /XObject << /Im1 7 0 R >> >>", more=[stream(image.tobytes(), looks)])
