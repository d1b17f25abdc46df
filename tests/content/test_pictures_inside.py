"""Pictures in the middle of a text or a record: read as every other picture is, and what only passes for one is a file."""

import pytest

from gateway.content import Budget, ocr
from gateway.model.finding import FileFinding, Readable
from tests.build import docx, png, zip_of
from tests.build.inside import Put, b64, card, flat_opc, fodt, html, invitation, svg, svg_in_html
from tests.build.scans import picture_of
from tests.content.reading import look, seen
from tests.content.test_documents import rebuilt
from tests.corpus.families.opened import odt

assert ocr.load(), "tesseract-ocr is not installed: deploy/packages lists it, and nothing here is proved without it"

SCAN, WEBP = picture_of("OFFICIAL-SENSITIVE"), picture_of("OFFICIAL-SENSITIVE", "WEBP")
LOGO = png(120, 40, "a logo")
DOCX = docx(["x"], header="RESTRICTED")
NOTE = b"BMI clinic list\nOFFICIAL-SENSITIVE\n" + b"and more words, so that it is long enough for a picture\n" * 3
PNG_ZIP = LOGO + zip_of({"a.txt": b"OFFICIAL-SENSITIVE"})


SHOWN: list[Put] = [html, svg, svg_in_html, card, fodt, flat_opc]


def read(file: tuple[bytes, str, str], seconds: float | None = 20.0) -> tuple[FileFinding, ...]:
    data, name, declared = file
    return look(data, name, declared, is_words=not name, budget=Budget(picture_seconds=seconds))


@pytest.mark.parametrize("put", SHOWN)
def test_words_of_a_picture_in_a_text(put: Put) -> None:
    (finding,) = read(put(SCAN))

    assert "sensitive" in {id_ for id_, _ in seen(finding)}
    assert finding.readable is Readable.YES


@pytest.mark.parametrize("put", SHOWN)
def test_a_picture_in_a_text_that_there_is_no_time_for_is_said(put: Put) -> None:
    (finding,) = read(put(SCAN), 0.0)

    assert finding.readable is Readable.PICTURES_UNREAD


@pytest.mark.parametrize("seconds", [None, 0.0, 20.0])
@pytest.mark.parametrize("put", SHOWN)
def test_a_logo_in_a_text_says_nothing_and_costs_nothing(put: Put, seconds: float | None) -> None:
    (finding,) = read(put(LOGO), seconds)

    assert finding.readable is Readable.YES
    assert not finding.evidence


@pytest.mark.parametrize("put", [*SHOWN, invitation])
@pytest.mark.parametrize("octets", [NOTE, PNG_ZIP], ids=["BM", "PNG and ZIP"])
def test_what_only_begins_as_a_picture_does_is_a_file(put: Put, octets: bytes) -> None:
    found = read(put(octets))

    assert len(found) > 1
    assert "sensitive" in {id_ for finding in found for id_, _ in seen(finding)}


@pytest.mark.parametrize("put", [*SHOWN, invitation])
def test_a_document_that_is_called_a_picture_is_a_document(put: Put) -> None:
    _, member = read(put(DOCX))

    assert ("restricted", "page_header") in seen(member)


def test_a_picture_attached_to_an_invitation_is_a_file() -> None:
    _, member = read(invitation(SCAN))

    assert member.names == ("scan.png",)
    assert member.detected_type == "image/png"
    assert "sensitive" in {id_ for id_, _ in seen(member)}


def test_a_small_picture_attached_to_an_invitation_stops_nothing() -> None:
    assert all(finding.readable is Readable.YES and not finding.evidence for finding in read(invitation(LOGO), 0.0))


@pytest.mark.parametrize("name", ["Pictures/a.webp", "Pictures/a.jfif"])
def test_a_picture_in_odf_of_a_newer_kind(name: str) -> None:
    octets = WEBP if name.endswith("webp") else picture_of("OFFICIAL-SENSITIVE", "JPEG")
    (finding,) = look(rebuilt(odt("A plan."), {name: octets}), "a.odt", budget=Budget(picture_seconds=20))

    assert "sensitive" in {id_ for id_, _ in seen(finding)}


def test_an_access_database_is_no_font() -> None:
    octets = b"\0\1\0\0Standard Jet DB\0" + "OFFICIAL-SENSITIVE".encode("utf-16-le") + bytes(200)

    assert len(look(f"data:font/ttf;base64,{b64(octets)}".encode(), "a.txt")) > 1


def test_words_in_a_font_are_read() -> None:
    octets = b"\0\1\0\0\0\x0c" + bytes(20) + b"This font is OFFICIAL-SENSITIVE." + bytes(200)
    (finding,) = look(f"<style>@font-face{{src:url(data:font/ttf;base64,{b64(octets)})}}</style>".encode(), "a.html")

    assert "sensitive" in {id_ for id_, _ in seen(finding)}


def test_a_picture_in_a_paragraph_of_word_2003() -> None:
    text = (
        '<w:wordDocument xmlns:w="http://schemas.microsoft.com/office/word/2003/wordml"><w:body><w:p><w:r><w:t>A plan.</w:t><w:pict>'
        f'<w:binData w:name="wordml://1.png">{b64(SCAN)}</w:binData></w:pict></w:r></w:p></w:body></w:wordDocument>'
    )
    (finding,) = read((text.encode(), "a.xml", "text/xml"))

    assert "sensitive" in {id_ for id_, _ in seen(finding)}


SVG = '<svg xmlns="http://www.w3.org/2000/svg">{}</svg>'


@pytest.mark.parametrize(
    "package", [(docx(["A plan."]), "word/media/image2.svg"), (odt("A plan."), "Pictures/image2.svg")], ids=["docx", "odt"]
)
@pytest.mark.parametrize(
    ("drawing", "id_"),
    [
        ("<text><tspan>NHS number: 48</tspan><tspan>57773457</tspan></text>", "nhs-number"),
        ("<g><rect/><text>OFFICIAL-SENSITIVE</text></g>", "sensitive"),
        ("<text>OFFICIAL-<tspan>SENS</tspan>ITIVE</text>", "sensitive"),
        ("<text>OFFICIAL&#45;SENSITIVE</text>", "sensitive"),
        (f'<image href="data:image/png;base64,{b64(SCAN)}"/>', "sensitive"),
    ],
)
def test_words_of_a_drawing_in_a_document(package: tuple[bytes, str], drawing: str, id_: str) -> None:
    octets, part = package
    (finding,) = look(rebuilt(octets, {part: SVG.format(drawing).encode()}), "a", budget=Budget(picture_seconds=20))

    assert finding.readable is Readable.YES
    assert id_ in {found for found, _ in seen(finding)}


def test_a_document_that_is_called_a_drawing_is_a_document() -> None:
    found = look(rebuilt(docx(["A plan."]), {"word/media/image2.svg": b"{\\rtf1 OFFICIAL-{\\b SENSITIVE}}"}), "a.docx")

    assert "sensitive" in {id_ for finding in found for id_, _ in seen(finding)}
