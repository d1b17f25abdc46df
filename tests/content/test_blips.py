"""Pictures in old Word, Excel and PowerPoint, which only tesseract can read."""

import struct
import zlib
from collections.abc import Callable

import pytest

from gateway.content import Budget, ocr
from gateway.model.finding import FileFinding, Readable
from tests.build import png, zip_of
from tests.build.scans import picture, picture_of, saved
from tests.content.compound import compound, workbook
from tests.content.reading import look, seen

assert ocr.load(), "tesseract-ocr is not installed: deploy/packages lists it, and nothing here is proved without it"

Put = Callable[[bytes], tuple[FileFinding, ...]]
SCAN = picture("OFFICIAL-SENSITIVE")
DIB = saved(SCAN, "BMP")[14:]


def blip(octets: bytes, instance: int = 0x6E0, kind: int = 0xF01E, tag: bytes = b"\xff") -> bytes:
    body = bytes(16) + tag + octets
    return struct.pack("<HHI", instance << 4, kind, len(body)) + body


def metafile(octets: bytes) -> bytes:
    packed = zlib.compress(octets)
    header = struct.pack("<I24xI", len(octets), len(packed)) + b"\0\xfe"
    return blip(packed, 0x3D4, 0xF01A, header)


BLIPS = {
    "PNG": blip(picture_of("OFFICIAL-SENSITIVE")),
    "PNG with two digests": blip(picture_of("OFFICIAL-SENSITIVE"), 0x6E1, tag=bytes(17)),
    "JPEG": blip(saved(SCAN, "JPEG"), 0x46A, 0xF01D),
    "DIB": blip(DIB, 0x7A8, 0xF01F),
    "TIFF": blip(saved(SCAN, "TIFF"), 0x6E4, 0xF029),
}


def in_word(blips: bytes) -> tuple[FileFinding, ...]:
    return look_at(compound({"WordDocument": struct.pack("<HH", 0xA5DC, 50) + bytes(100), "Data": bytes(68) + blips}), "a.doc")


def in_presentation(blips: bytes) -> tuple[FileFinding, ...]:
    document = struct.pack("<HHI", 0xF, 1000, 0)
    return look_at(compound({"PowerPoint Document": document, "Pictures": blips}), "a.ppt")


def in_workbook(blips: bytes) -> tuple[FileFinding, ...]:
    """In records of at most 8224 octets, of which those after the first go on."""
    pieces = [blips[at : at + 8224] for at in range(0, len(blips), 8224)]
    begin = struct.pack("<HHHHHHII", 0x809, 16, 0x600, 5, 0, 0, 0, 0)
    records = b"".join(struct.pack("<HH", 0x3C if number else 0xEB, len(piece)) + piece for number, piece in enumerate(pieces))
    return look_at(compound({"Workbook": begin + records + struct.pack("<HH", 0x0A, 0)}), "a.xls")


def look_at(data: bytes, name: str, seconds: float | None = 20.0) -> tuple[FileFinding, ...]:
    return look(data, name, budget=Budget(picture_seconds=seconds))


@pytest.mark.parametrize("put", [in_word, in_presentation, in_workbook])
@pytest.mark.parametrize("name", BLIPS)
def test_words_of_a_picture_in_an_old_document(name: str, put: Put) -> None:
    (finding,) = put(BLIPS[name])

    assert finding.readable is Readable.YES
    assert "sensitive" in {id_ for id_, _ in seen(finding)}


@pytest.mark.parametrize("put", [in_word, in_presentation, in_workbook])
def test_words_of_a_packed_metafile(put: Put) -> None:
    emf = b"\1\0\0\0" + struct.pack("<I", 108) + bytes(32) + b" EMF" + bytes(64) + "OFFICIAL-SENSITIVE".encode("utf-16-le")
    (finding,) = put(metafile(emf))

    assert "sensitive" in {id_ for id_, _ in seen(finding)}


def test_a_picture_with_an_archive_behind_it_is_a_file() -> None:
    assert len(in_word(blip(png(9, 9, "x") + zip_of({"a.txt": b"OFFICIAL-SENSITIVE"})))) > 1


def test_a_picture_that_there_is_no_time_for_is_said() -> None:
    data = compound({"PowerPoint Document": struct.pack("<HHI", 0xF, 1000, 0), "Pictures": BLIPS["PNG"]})

    assert look_at(data, "a.ppt", 0.0)[0].readable is Readable.PICTURES_UNREAD


def test_a_drawing_of_a_mac_is_read_as_it_stands() -> None:
    pict = blip(bytes(512) + b"\0\x11\2\xff" + bytes(300) + b"OFFICIAL-SENSITIVE", 0x542, 0xF01C, bytes(32) + b"\xfe\xfe")
    (finding,) = in_presentation(pict)

    assert finding.readable is Readable.YES
    assert "sensitive" in {id_ for id_, _ in seen(finding)}


def test_a_picture_that_is_cut_off_is_said() -> None:
    assert in_presentation(BLIPS["PNG"][:2000])[0].readable is Readable.PICTURES_UNREAD


def test_what_only_looks_like_a_record_is_none() -> None:
    assert len(in_presentation(struct.pack("<HHI", 0x6E00, 0xF01E, 1 << 30) + bytes(range(256)) * 9)) == 1


def test_a_hundred_logos_say_nothing_and_cost_nothing() -> None:
    logos = b"".join(blip(png(120, 60, str(number))) for number in range(100))
    data = compound({"PowerPoint Document": struct.pack("<HHI", 0xF, 1000, 0), "Pictures": logos})
    (finding,) = look_at(data, "a.ppt", 0.0)

    assert finding.readable is Readable.YES
    assert not finding.evidence


def test_a_workbook_without_pictures_has_none() -> None:
    (finding,) = look_at(workbook([["a", 1.0]]), "a.xls")

    assert finding.readable is Readable.YES
    assert not finding.evidence
