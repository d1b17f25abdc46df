"""Archives: members, what cannot be opened, and bombs."""

import bz2
import gzip
import io
import lzma
import tarfile
import warnings
import zipfile

import pytest

from gateway.content import Budget
from gateway.model.finding import Readable
from tests.build import docx, encrypted_docx, noise, zip_of
from tests.content.reading import look, seen


def tar_of(files: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        for name, octets in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(octets)
            archive.addfile(info, io.BytesIO(octets))
    return target.getvalue()


def test_members_are_files_inside_the_archive() -> None:
    inner = zip_of({"c.txt": b"943 476 5919"})
    outer, a, b, c = look(zip_of({"x/a.docx": docx(["x"], header="RESTRICTED"), "b.zip": inner}), "a.zip", "application/zip")

    assert [file.id for file in (outer, a, b, c)] == ["2", "2/1", "2/2", "2/2/1"]
    assert [file.inside for file in (outer, a, b, c)] == [None, "2", "2", "2/2"]
    assert a.names == ("x/a.docx",)
    assert outer.readable is Readable.YES
    assert not outer.evidence
    assert ("restricted", "page_header") in seen(a)
    assert ("nhs-number", "text") in seen(c)


def test_an_encrypted_member_makes_the_archive_encrypted() -> None:
    outer, member = look(zip_of({"a.txt": b"secret"}, encrypted=True), "a.zip")

    assert (outer.readable, member.readable) == (Readable.ENCRYPTED, Readable.ENCRYPTED)
    assert member.names == ("a.txt",)
    assert member.sha256 == ""


def test_an_encrypted_document_in_an_archive_is_itself_encrypted() -> None:
    outer, member = look(zip_of({"a.docx": encrypted_docx()}), "a.zip")

    assert (outer.readable, member.readable) == (Readable.YES, Readable.ENCRYPTED)


def test_a_bomb_is_over_budget() -> None:
    outer, *_ = look(zip_of({"zeros": bytes(24 << 20)}), "a.zip")

    assert outer.readable is Readable.OVER_BUDGET


def test_too_many_members_are_over_budget() -> None:
    outer, *_ = look(zip_of({str(number): b"" for number in range(30)}), budget=Budget(entries=20))

    assert outer.readable is Readable.OVER_BUDGET


def test_too_deep_is_over_budget_all_the_way_up() -> None:
    data = b"RESTRICTED"
    for level in range(5):
        data = zip_of({f"{level}.zip" if level else "a.txt": data})

    found = look(data, "a.zip")

    assert {file.readable for file in found} == {Readable.OVER_BUDGET}
    assert len(found) == 6


def test_four_levels_are_read() -> None:
    data = b"RESTRICTED"
    for level in range(4):
        data = zip_of({f"{level}.zip" if level else "a.txt": data})

    assert {file.readable for file in look(data, "a.zip")} == {Readable.YES}


def test_both_of_two_members_with_one_name_are_read() -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        archive.writestr("a.txt", "nothing")
        archive.writestr("a.txt", "RESTRICTED")

    outer, first, second = look(target.getvalue(), "a.zip")

    assert outer.oddities == ("duplicate-members",)
    assert (seen(first), seen(second)) == (set(), {("restricted", "first_line")})


def test_a_broken_member_is_damaged_and_the_others_are_read() -> None:
    data = bytearray(zip_of({"a.txt": noise(500, "x"), "b.txt": b"RESTRICTED"}))
    data[100] ^= 0xFF

    _, first, second = look(bytes(data), "a.zip")

    assert (first.readable, second.readable) == (Readable.DAMAGED, Readable.YES)
    assert ("restricted", "first_line") in seen(second)


def test_a_pdf_that_is_also_a_zip_is_both() -> None:
    from tests.build import pdf

    outer, member = look(pdf(["x"], header="RESTRICTED") + zip_of({"a.txt": b"943 476 5919"}), "a.pdf", "application/pdf")

    assert "polyglot" in outer.oddities
    assert ("restricted", "page_header") in seen(outer)
    assert ("nhs-number", "text") in seen(member)


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_one_compressed_file(pack) -> None:
    _, member = look(pack(b"RESTRICTED\n"), "a.txt.gz")

    assert member.names == ("a.txt",)
    assert ("restricted", "first_line") in seen(member)


def test_a_compressed_tar() -> None:
    found = look(gzip.compress(tar_of({"a.txt": b"RESTRICTED", "b.txt": b"x"})), "a.tgz")

    assert [(file.id, file.detected_type) for file in found[:2]] == [("2", "application/gzip"), ("2/1", "application/x-tar")]
    assert ("restricted", "first_line") in seen(found[2])


def test_a_cut_off_gzip_is_damaged() -> None:
    assert look(gzip.compress(noise(3000, "x"))[:-20], "a.gz")[0].readable is Readable.DAMAGED


@pytest.mark.parametrize("start", [b"7z\xbc\xaf\x27\x1c\0\4", b"Rar!\x1a\x07\x01\0", b"MSCF\0\0\0\0"])
def test_what_only_begins_like_an_archive_is_damaged(start: bytes) -> None:
    assert look(start + noise(200, "x"), "a.7z")[0].readable is Readable.DAMAGED
