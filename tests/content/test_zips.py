"""The directory of a ZIP archive and its entries: what office programs would see, and nothing that can hide from it."""

import io
import struct
import zipfile

import pytest

from gateway.content.reading import Budget, Spent, Unreadable
from gateway.content.zip_regular import is_regular
from gateway.content.zips import Archive
from gateway.model.finding import Readable

FILES = {"a.txt": b"first", "folder/b.bin": bytes(range(256)) * 3000, "ä.xml": b"<a/>", "empty": b""}


def packed(files: dict[str, bytes] = FILES, method: int = zipfile.ZIP_DEFLATED, comment: bytes = b"") -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
        archive.comment = comment
    return target.getvalue()


def read(data: bytes, budget: Budget | None = None) -> dict[str, bytes]:
    archive, spent = Archive(data), Spent(budget or Budget())
    return {entry.name: archive.read(entry, spent) for entry in archive.entries}


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("before", [b"", b"#!/bin/sh\n" * 9])
def test_every_entry_comes_out_as_it_went_in(method: int, before: bytes) -> None:
    assert read(before + packed(method=method)) == FILES
    assert read(packed(method=method, comment=b"a comment")) == FILES


def test_a_large_archive_has_wide_numbers() -> None:
    """What does not fit into 32 bits stands in the extra field and in a record of its own (APPNOTE 4.3.14, 4.5.3)."""
    plain = packed({"a": b"words"}, zipfile.ZIP_STORED)
    entry, end = plain.index(b"PK\x01\x02"), plain.index(b"PK\x05\x06")
    extra = struct.pack("<HHQQQ", 1, 24, 5, 5, 0)
    central = bytearray(plain[entry:end])
    central[20:28], central[30:32], central[42:46] = b"\xff" * 8, struct.pack("<H", len(extra)), b"\xff" * 4
    central += extra
    wide = b"PK\x06\x06" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, 1, 1, len(central), entry)
    locator = b"PK\x06\x07" + struct.pack("<IQI", 0, entry + len(central), 1)
    record = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 1, 1, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    assert read(plain[:entry] + bytes(central) + wide + locator + record) == {"a": b"words"}


def test_an_entry_whose_comment_covers_the_entries_after_it_is_damage() -> None:
    data = bytearray(packed())
    struct.pack_into("<H", data, data.index(b"PK\x01\x02") + 32, 200)
    with pytest.raises(Unreadable, match="damaged"):
        Archive(bytes(data))


@pytest.mark.parametrize("size", [0, 1, 0xFFFFFFF0])
def test_a_size_that_is_claimed_is_not_believed(size: int) -> None:
    data = bytearray(packed())
    struct.pack_into("<I", data, data.index(b"PK\x01\x02") + 24, size)
    assert read(bytes(data)) == FILES


def test_a_bomb_is_over_budget() -> None:
    with pytest.raises(Unreadable, match="over-budget"):
        read(packed({"zeros": bytes(30_000_000)}))
    with pytest.raises(Unreadable, match="over-budget"):
        read(packed({str(number): bytes(200_000) for number in range(20)}), Budget(octets=1_000_000))


@pytest.mark.parametrize("lines", [100, 60_000])
def test_of_what_is_broken_everything_is_given_that_can_be(lines: int) -> None:
    text = b"".join(b"line %d\n" % number for number in range(lines))
    whole = packed({"a": text})
    for at in (len(whole) // 2, whole.index(b"PK\x01\x02") + 16, 30):  # its octets, its checksum, its name
        archive = Archive(_changed(whole, at))
        given = archive.read(archive.entries[0], Spent(Budget()))
        assert given[:100] == text[:100]
        assert not archive.is_intact


def _changed(data: bytes, at: int) -> bytes:
    return data[:at] + bytes((data[at] ^ 0x55,)) + data[at + 1 :]


@pytest.mark.parametrize(
    ("flags", "method", "kind"), [(1, 8, Readable.ENCRYPTED), (0, 99, Readable.ENCRYPTED), (0, 12, Readable.UNSUPPORTED)]
)
def test_what_cannot_be_unpacked_says_why(flags: int, method: int, kind: Readable) -> None:
    data = bytearray(packed({"a": b"words"}))
    struct.pack_into("<HH", data, data.index(b"PK\x01\x02") + 8, flags, method)
    with pytest.raises(Unreadable) as refused:
        read(bytes(data))
    assert refused.value.readable is kind


@pytest.mark.parametrize("data", [b"", b"PK\x05\x06", b"no archive" * 20, packed()[:-1000]])
def test_what_has_no_directory_is_damaged(data: bytes) -> None:
    with pytest.raises(Unreadable, match="damaged"):
        Archive(data)


def test_an_archive_without_entries() -> None:
    assert Archive(b"PK\x05\x06" + bytes(18)).entries == ()


def test_a_comment_behind_the_directory_is_regular_unless_it_holds_another() -> None:
    assert is_regular(packed())
    assert is_regular(packed(comment=b"a comment"))
    assert not is_regular(packed(comment=packed({"hidden": b"other"})))
    assert not is_regular(packed() + b"behind")
