"""ZIP archives in which programs would see different files: every one of them is read, and the difference has a name."""

import lzma
import struct
import zlib
from collections.abc import Callable
from functools import partial

import pytest

from gateway.content import Budget
from gateway.content.zip_regular import is_regular
from gateway.model.finding import Readable
from tests.build import docx, noise, pptx, xlsx, zip_of
from tests.build.packers import packed
from tests.build.zips import Lie, lying_zip
from tests.content.reading import look, seen

SECRET = b"RESTRICTED\n"
HARMLESS = Lie("a.txt", b"nothing")
UNICODE_PATH = struct.pack("<HHBI", 0x7075, 5 + 8, 1, 0) + b"plan.exe"

TRICKS = {
    "local-only-entries": lying_zip([HARMLESS, Lie("b.txt", SECRET, is_listed=False)]),
    "names-disagree": lying_zip([Lie("a.txt", SECRET, local={"name": "RESTRICTED.exe"})]),
    "headers-disagree": lying_zip([Lie("a.txt", SECRET, stored=False, central={"method": 0})]),
    "duplicate-members": lying_zip([HARMLESS, Lie("A.TXT", SECRET)]),
    "overlapping-entries": lying_zip([Lie("a.txt", SECRET), Lie("b.txt", b"", central={"offset": 0, "packed": 11, "size": 11})]),
    "directory-disagrees": lying_zip([HARMLESS, Lie("b.txt", SECRET)], end={"count": 1}),
    "leading-data": lying_zip([Lie("a.txt", SECRET)], before=noise(200, "x")),
    "trailing-data": lying_zip([Lie("a.txt", SECRET)], behind=noise(200, "x")),
    "several-directories": lying_zip([HARMLESS]) + lying_zip([Lie("b.txt", SECRET)]),
}


@pytest.mark.parametrize("oddity", TRICKS)
def test_what_hides_by_a_trick_is_found_and_the_trick_is_named(oddity: str) -> None:
    found = look(TRICKS[oddity], "a.zip", "application/zip")

    assert oddity in found[0].oddities
    assert any("restricted" in {id_ for id_, _ in seen(file)} for file in found)


def test_an_ordinary_archive_has_nothing_odd() -> None:
    inner = zip_of({"c.txt": b"x"})
    stored = lying_zip([HARMLESS, Lie("inner.zip", inner), Lie("inner.docx", docx(["x"]))], comment=b"made by hand")

    for data in (zip_of({"a.txt": b"x", "b.zip": inner}), stored, packed("zip", {"a.txt": b"x", "d/b.txt": b"y"})):
        assert look(data, "a.zip", "application/zip")[0].oddities == ()


@pytest.mark.parametrize(
    "data", [docx(["x"]), xlsx([["x"]]), pptx(["x"]), zip_of({"a.txt": b"x"}), packed("zip", {"a.txt": b"x", "b.txt": b"y"})]
)
def test_what_programs_write_is_regular(data: bytes) -> None:
    assert is_regular(data)


@pytest.mark.parametrize("oddity", [name for name in TRICKS if name not in ("duplicate-members", "names-disagree")])
def test_tricks_are_not_regular(oddity: str) -> None:
    assert not is_regular(TRICKS[oddity])


def test_both_names_are_names_and_the_worse_one_is_seen() -> None:
    _, member = look(lying_zip([Lie("a.txt", b"x", local={"name": "a.exe"})]), "")

    assert member.names == ("a.txt", "a.exe")


def test_the_unicode_path_is_the_first_name() -> None:
    _, member = look(lying_zip([Lie("a.txt", b"x", local={"extra": UNICODE_PATH}, central={"extra": UNICODE_PATH})]), "")

    assert member.names == ("plan.exe", "a.txt")


def test_sizes_are_not_believed() -> None:
    short = Lie("a.txt", b"nothing\n" * 40 + SECRET, stored=False, local={"size": 8, "packed": 9}, central={"size": 8, "packed": 9})

    outer, *members = look(lying_zip([short]), "")

    assert outer.readable is Readable.DAMAGED
    assert members[0].octets == 331


def test_a_wrong_checksum_is_damage_and_the_text_is_read_all_the_same() -> None:
    outer, member = look(lying_zip([Lie("a.txt", SECRET, local={"crc": 1}, central={"crc": 1})]), "")

    assert (outer.readable, member.readable) == (Readable.DAMAGED, Readable.DAMAGED)
    assert ("restricted", "first_line") in seen(member)


@pytest.mark.parametrize(
    ("data", "readable"),
    [
        (lying_zip([Lie("a.txt", SECRET, central={"flags": 1}, local={"flags": 1})]), Readable.ENCRYPTED),
        (lying_zip([Lie("a.txt", SECRET, central={"flags": 0x41}, local={"flags": 0x41})]), Readable.ENCRYPTED),
        (lying_zip([Lie("a.txt", SECRET, central={"flags": 0x2001}, local={"flags": 0x2001, "name": ""})]), Readable.ENCRYPTED),
        (lying_zip([HARMLESS], end={"disk": 1}), Readable.UNSUPPORTED),
        (lying_zip([Lie("a.txt", SECRET, central={"method": 6}, local={"method": 6})]), Readable.UNSUPPORTED),
        (lying_zip([Lie("a.txt", SECRET)])[:30], Readable.DAMAGED),
        (b"PK\x05\x06" + bytes(18), Readable.YES),
    ],
)
def test_what_cannot_be_read_says_why(data: bytes, readable: Readable) -> None:
    assert look(data, "a.zip")[0].readable is readable


def test_an_archive_cut_before_its_directory_is_damaged_and_its_files_are_read() -> None:
    outer, member = look(lying_zip([Lie("a.txt", SECRET), HARMLESS])[:50], "a.zip")

    assert outer.readable is Readable.DAMAGED
    assert ("restricted", "first_line") in seen(member)


def test_a_file_that_the_directory_of_a_document_does_not_name_is_read() -> None:
    document = docx(["x"])
    hidden = lying_zip([Lie("b.txt", SECRET)])[:47]
    end = len(document) - 22
    _octets, at = struct.unpack_from("<II", document, end + 12)
    moved = document[:at] + hidden + document[at:end] + document[end : end + 16] + struct.pack("<IH", at + len(hidden), 0)

    found = look(moved, "a.docx")

    assert "local-only-entries" in found[0].oddities
    assert any(("restricted", "first_line") in seen(file) for file in found)


def test_comments_are_read() -> None:
    data = lying_zip([Lie("a.txt", b"x", comment=b"OFFICIAL-SENSITIVE")], comment=b"943 476 5919")

    assert {id_ for id_, _ in seen(look(data, "")[0])} == {"sensitive", "nhs-number"}


@pytest.mark.parametrize(("method", "octets"), [(95, lzma.compress(SECRET)), (93, packed("zst", {"a": SECRET}))])
def test_xz_and_zstd_inside(method: int, octets: bytes) -> None:
    said = {"method": method, "packed": len(octets), "size": len(SECRET), "crc": zlib.crc32(SECRET)}

    outer, member = look(lying_zip([Lie("a.txt", octets, local=said, central=said)]), "")

    assert outer.readable is Readable.YES
    assert ("restricted", "first_line") in seen(member)


# --- bombs --------------------------------------------------------------------------------------------------------------


def overlapping_bomb(entries: int) -> bytes:
    """Every entry is the same octets (as D. Fifield's zip bomb has it, without the quoting)."""
    kernel = Lie("0", bytes(2 << 20), stored=False)
    again = [Lie(str(number), b"", stored=False, central={"offset": 0, "packed": 2048, "size": 2 << 20}) for number in range(1, entries)]
    return lying_zip([kernel, *again])


def nested_bomb(levels: int, width: int) -> bytes:
    """As 42.zip: archives of equal archives."""
    data = zip_of({f"{number}.txt": bytes(1 << 20) for number in range(width)})
    for _ in range(levels):
        data = zip_of({f"{number}.zip": data for number in range(width)})
    return data


@pytest.mark.parametrize("bomb", [partial(overlapping_bomb, 400), pytest.param(partial(nested_bomb, 3, 12), marks=pytest.mark.slow)])
def test_a_bomb_of_many_small_ones_is_over_budget(bomb: Callable[[], bytes]) -> None:
    assert look(bomb(), "a.zip", budget=Budget(octets=40 << 20))[0].readable is Readable.OVER_BUDGET
