"""Words in pictures and scanned pages, which only tesseract can read."""

import io
import struct
from collections.abc import Iterator

import pikepdf
from PIL import Image, ImageDraw, ImageFont

from tests.build import docx, pdf, zip_of
from tests.build.inside import card, flat_opc, fodt, html, invitation, svg
from tests.build.metafiles import draw_string, emf, emf_of, plus, wmf_of
from tests.content.compound import compound
from tests.content.test_documents import rebuilt
from tests.corpus.entries import MARKING, NHS, PERSON, Technique, carrying, mail

_DRAWING = b'<svg xmlns="http://www.w3.org/2000/svg"><text><tspan>NHS number: 48</tspan><tspan>57773457</tspan></text></svg>'
_CELLS = [(0, 10, "Patient"), (80, 10, "NHS number"), (0, 30, "Alex Doe"), (80, 30, NHS)]
_INSIDE = {
    "a picture that stands in the HTML of a mail": html,
    "a picture in a drawing": svg,
    "a picture attached to an invitation": invitation,
    "a photo on a card": card,
    "a picture in a flat OpenDocument": fodt,
    "a picture in a flat package": flat_opc,
}
_LINES = ("Discharge summary", PERSON, "Please call the ward.")


def techniques() -> Iterator[Technique]:
    for name, (file, octets) in _files().items():
        yield Technique("pictures", name, "detector", file, carrying(file, octets))
    inline = [("scan@x", "scan.png", _picture("PNG"), "image/png")]
    yield Technique(
        "pictures", "a picture shown in the mail", "detector", "nhs-number", mail(html="<p>See:</p><img src='cid:scan@x'>", inline=inline)
    )
    for name, put in _INSIDE.items():
        octets, file, _ = put(_picture("PNG"))
        yield Technique("pictures", name, "detector", "nhs-number", carrying(file, octets) if file else mail(html=octets.decode()))
    for name, put in _INSIDE.items():
        octets, file, _ = put(f"BMI clinic list\n{PERSON}\n".encode())
        how = carrying(file or "a.html", octets)
        yield Technique("pictures", f"text that begins as a bitmap does instead of {name}", "detector", "nhs-number", how)
    yield Technique(
        "pictures",
        "a marking at the top of a scanned page",
        "marking",
        "official-sensitive",
        carrying("scan.pdf", _scanned((MARKING, *_LINES))),
    )


def picture(lines: tuple[str, ...] = _LINES) -> Image.Image:
    """Black on white, as a scanner or a screenshot gives it."""
    image = Image.new("L", (1000, 120 + 70 * len(lines)), 255)
    pen, font = ImageDraw.Draw(image), ImageFont.load_default(size=40)
    for at, line in enumerate(lines):
        pen.text((60, 50 + 70 * at), line, 0, font)
    return image


def _picture(kind: str, **how: object) -> bytes:
    target = io.BytesIO()
    picture().save(target, kind, **how)
    return target.getvalue()


def _scanned(lines: tuple[str, ...] = _LINES) -> bytes:
    """A page that is one picture, without text."""
    image = picture(lines)
    target = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf([""]))) as document:
        stream = document.make_stream(image.tobytes())
        stream.Type, stream.Subtype = pikepdf.Name.XObject, pikepdf.Name.Image
        stream.Width, stream.Height, stream.ColorSpace, stream.BitsPerComponent = image.width, image.height, pikepdf.Name.DeviceGray, 8
        document.pages[0].Resources.XObject = pikepdf.Dictionary(Im1=stream)
        document.pages[0].Contents = document.make_stream(b"q 500 0 0 %d 40 500 cm /Im1 Do Q" % (500 * image.height // image.width))
        document.save(target)
    return target.getvalue()


def _files() -> dict[str, tuple[str, bytes]]:
    return {
        "a PNG": ("scan.png", _picture("PNG")),
        "a JPEG": ("scan.jpg", _picture("JPEG", quality=80)),
        "a GIF": ("scan.gif", _picture("GIF")),
        "a TIFF": ("scan.tif", _picture("TIFF")),
        "a BMP": ("scan.bmp", _picture("BMP")),
        "a WebP": ("scan.webp", _picture("WEBP", lossless=True)),
        "a scanned page": ("scan.pdf", _scanned()),
        "a picture in a document": ("plan.docx", _in_docx()),
        "a picture in an old presentation": (
            "talk.ppt",
            compound({"PowerPoint Document": struct.pack("<HHI", 0xF, 1000, 0), "Pictures": _blip(_picture("PNG"))}),
        ),
        "a drawing in a document": ("plan.docx", rebuilt(docx(["A plan."]), {"word/media/image2.svg": _DRAWING})),
        "cells pasted as EMF": ("plan.docx", rebuilt(docx(["A plan."]), {"word/media/image1.emf": emf_of(_CELLS)})),
        "cells pasted as EMF+": (
            "plan.docx",
            rebuilt(docx(["A plan."]), {"word/media/image1.emf": emf(plus(*(draw_string(*run) for run in _CELLS)))}),
        ),
        "cells pasted as WMF": ("plan.docx", rebuilt(docx(["A plan."]), {"word/media/image1.wmf": wmf_of(_CELLS)})),
        "a picture in a zip": ("a.zip", zip_of({"scan.png": _picture("PNG")})),
    }


def _blip(octets: bytes) -> bytes:
    """A record of a picture ([MS-ODRAW] 2.2.28)."""
    return struct.pack("<HHI", 0x6E00, 0xF01E, 17 + len(octets)) + bytes(17) + octets


def _in_docx() -> bytes:
    import zipfile

    target = io.BytesIO(docx(["A plan."], pad_octets=768))
    made = io.BytesIO()
    with zipfile.ZipFile(target) as old, zipfile.ZipFile(made, "w") as new:
        for name in old.namelist():
            new.writestr(name, _picture("PNG") if name.endswith(".png") else old.read(name))
    return made.getvalue()
