"""Pictures of words, as a scanner or a screenshot gives them, and pages that are such a picture."""

import ctypes
import io
import textwrap

import pikepdf
import pypdfium2
import pypdfium2.raw as pdfium
from PIL import Image, ImageDraw, ImageFont

from tests.build.pdfs import pdf, pdf_of, stream


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


def placed(*pictures: tuple[float, float, float, float]) -> bytes:
    """A content stream that draws Im1, Im2 and so on, each this wide and high, so far across and up, in points."""
    return b"".join(b"q %f 0 0 %f %f %f cm /Im%d Do Q\n" % (*box, number) for number, box in enumerate(pictures, 1))


def pages_of(*pages: tuple[bytes, list[Image.Image]], **keys: object) -> bytes:
    """A PDF with a page for each content stream, which finds its pictures as Im1, Im2 and so on; `keys` are more of each page's."""
    made = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf([""] * len(pages)))) as document:
        for page, (content, images) in zip(document.pages, pages, strict=True):
            page.Resources.XObject = pikepdf.Dictionary(
                {f"/Im{number}": _xobject(document, image) for number, image in enumerate(images, 1)}
            )
            page.Contents = document.make_stream(content)
            for key, value in keys.items():
                page[f"/{key}"] = value
        document.save(made, compress_streams=True)
    return made.getvalue()


def _xobject(document: pikepdf.Pdf, image: Image.Image) -> pikepdf.Object:
    space = pikepdf.Name.DeviceGray if image.mode == "L" else pikepdf.Name.DeviceRGB
    keys = {"/Type": pikepdf.Name.XObject, "/Subtype": pikepdf.Name.Image, "/ColorSpace": space, "/BitsPerComponent": 8}
    return document.make_stream(
        saved(image, "JPEG", quality=80), {**keys, "/Width": image.width, "/Height": image.height, "/Filter": pikepdf.Name.DCTDecode}
    )


def outlined(*lines: str, size: int = 14, end: bytes = b"f\n") -> bytes:
    """A content stream that draws lines of letters as shapes, one each, as drawing programs do with fonts that they may not embed.

    `end` stands behind each letter: nothing, and all of them are one shape.
    """
    with pypdfium2.PdfDocument(pdf(["".join(sorted(set("".join(lines))))])) as document:
        page = document[0]  # the font goes with it
        font = pdfium.FPDFTextObj_GetFont(next(page.get_objects([pdfium.FPDF_PAGEOBJ_TEXT])).raw)
        drawn = [
            _outline(font, letter, 50 + 0.75 * size * at, 790 - 2 * size * number, size) + end
            for number, line in enumerate(lines)
            for at, letter in enumerate(line)
            if letter != " "
        ]
    return b"".join(drawn) + b"f\n"


def _outline(font: object, letter: str, left: float, base: float, size: int) -> bytes:
    path, drawn, points = pdfium.FPDFFont_GetGlyphPath(font, ord(letter), 1), [], []
    for index in range(pdfium.FPDFGlyphPath_CountGlyphSegments(path)):
        segment, x, y = pdfium.FPDFGlyphPath_GetGlyphPathSegment(path, index), ctypes.c_float(), ctypes.c_float()
        pdfium.FPDFPathSegment_GetPoint(segment, x, y)
        points.append(b"%.2f %.2f" % (left + size * x.value, base + size * y.value))
        kind = pdfium.FPDFPathSegment_GetType(segment)
        if kind != pdfium.FPDF_SEGMENT_BEZIERTO or len(points) == 3:
            drawn.append(b" ".join(points) + {pdfium.FPDF_SEGMENT_MOVETO: b" m ", pdfium.FPDF_SEGMENT_LINETO: b" l "}.get(kind, b" c "))
            points = []
        if pdfium.FPDFPathSegment_GetClose(segment):
            drawn.append(b"h ")
    return b"".join(drawn)
