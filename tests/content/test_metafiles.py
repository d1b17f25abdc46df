"""Words that a metafile draws, run by run."""

import gzip
import struct
from collections.abc import Callable

import pytest
from PIL import Image

from gateway.content import Budget
from gateway.content.metafiles import read_metafile
from gateway.content.reading import Spent
from gateway.model.finding import Readable
from tests.build import docx
from tests.build.metafiles import (
    Runs,
    draw_driver_string,
    draw_string,
    emf,
    emf_of,
    ext_text_out,
    plus,
    poly_text_out,
    small_text_out,
    wmf_of,
)
from tests.build.scans import saved
from tests.content.reading import look, seen
from tests.content.test_documents import rebuilt

MADE: dict[str, Callable[[Runs], bytes]] = {
    "EMR_EXTTEXTOUTW": emf_of,
    "EMR_EXTTEXTOUTA": lambda runs: emf(*(ext_text_out(*run, is_wide=False) for run in runs)),
    "EMR_POLYTEXTOUTW": lambda runs: emf(*(poly_text_out(*run) for run in runs)),
    "EMR_SMALLTEXTOUT": lambda runs: emf(*(small_text_out(*run, is_small=False) for run in runs)),
    "EMR_SMALLTEXTOUT, small": lambda runs: emf(*(small_text_out(*run, is_small=True) for run in runs)),
    "DrawString": lambda runs: emf(plus(*(draw_string(*run) for run in runs))),
    "DrawDriverString": lambda runs: emf(plus(*(draw_driver_string(*run) for run in runs))),
    "META_EXTTEXTOUT": wmf_of,
    "META_TEXTOUT": lambda runs: wmf_of(runs, is_extended=False),
    "a WMF of memory": lambda runs: wmf_of(runs, is_placeable=False),
}
CELLS: dict[str, tuple[list[tuple[int, int, str]], str]] = {
    "a number beside its name": ([(0, 10, "NHS number"), (80, 10, "4857773457")], "nhs-number"),
    "a number below its name": ([(0, 10, "NHS number"), (0, 30, "4857773457")], "nhs-number"),
    "a marking in two runs": ([(0, 10, "Plan"), (0, 30, "OFFICIAL-"), (80, 30, "SENSITIVE")], "sensitive"),
    "a marking letter by letter": ([(8 * at, 30, letter) for at, letter in enumerate("OFFICIAL-SENSITIVE")], "sensitive"),
}


@pytest.mark.parametrize("cells", CELLS)
@pytest.mark.parametrize("kind", MADE)
def test_words_of_a_metafile(kind: str, cells: str) -> None:
    runs, id_ = CELLS[cells]
    octets = MADE[kind](runs)
    part = "word/media/image1.emf" if octets[40:44] == b" EMF" else "word/media/image1.wmf"

    (finding,) = look(rebuilt(docx(["A plan."]), {part: octets}), "a.docx")

    assert finding.readable is Readable.YES
    assert id_ in {found for found, _ in seen(finding)}


def test_words_of_a_metafile_that_is_a_file() -> None:
    (finding,) = look(wmf_of(CELLS["a number beside its name"][0]), "a.wmf")

    assert "nhs-number" in {found for found, _ in seen(finding)}


def test_words_of_a_packed_metafile_in_a_document() -> None:
    octets = gzip.compress(emf_of(CELLS["a number beside its name"][0]))
    (finding,) = look(rebuilt(docx(["A plan."]), {"word/media/image1.emz": octets}), "a.docx")

    assert "nhs-number" in {found for found, _ in seen(finding)}


def said(octets: bytes) -> list[object]:
    return list(read_metafile(octets, "drawing", Spent(Budget())))


def test_runs_at_one_height_are_a_row() -> None:
    assert said(emf_of([(0, 1, "Name"), (9, 1, "Sum"), (0, 2, "Kim")])) == [
        ("first_line", "drawing", "Name\nSum\nKim"),
        ("text", "drawing, in rows", "Name\tSum\nKim"),
        ("text", "drawing, run together", "NameSum\nKim"),
    ]


def test_numbers_of_glyphs_are_no_words() -> None:
    assert said(emf(ext_text_out(0, 0, "ABC", options=0x10), plus(draw_driver_string(0, 0, "ABC", options=0)))) == []


@pytest.mark.parametrize("cut", [9, 44, 110, 120, 150, 190])
@pytest.mark.parametrize("kind", MADE)
def test_a_broken_metafile_is_answered(kind: str, cut: int) -> None:
    octets = MADE[kind]([(0, 10, "NHS number"), (80, 10, "4857773457")])

    said(octets[:cut])
    for at in range(40, len(octets) - 4, 4):
        said(octets[:at] + b"\xff\xff\xff\xff" + octets[at + 4 :])
        said(octets[:at] + bytes(4) + octets[at + 4 :])


def test_short_tags_of_a_photo_are_read() -> None:
    image = Image.new("RGB", (30, 30))
    tags = image.getexif()
    tags[0x9C9E] = "RESTRICTED".encode("utf-16-le") + bytes(2)  # XPKeywords
    (finding,) = look(saved(image, "JPEG", exif=tags), "a.jpg")

    assert not seen(finding)  # the test's pattern is for edges
    assert "RESTRICTED" in "".join(words_beside(saved(image, "JPEG", exif=tags)))


def test_xmp_of_a_photo_is_read_tag_by_tag() -> None:
    xmp = b'http://ns.adobe.com/xap/1.0/\0<x:xmpmeta><rdf:RDF><rdf:li>OFFICIAL-SENSITIVE</rdf:li><a b="RESTRICTED"/></rdf:RDF></x:xmpmeta>'
    photo = saved(Image.new("RGB", (30, 30)), "JPEG")
    octets = photo[:2] + b"\xff\xe1" + struct.pack(">H", 2 + len(xmp)) + xmp + photo[2:]

    assert {"OFFICIAL-SENSITIVE", "RESTRICTED"} <= {line for text in words_beside(octets) for line in text.split("\n")}


def words_beside(octets: bytes) -> list[str]:
    from gateway.content.pictures import read_shown

    return [item[2] for item in read_shown(octets, "a.jpg", "picture", Spent(Budget())) if isinstance(item, tuple)]
