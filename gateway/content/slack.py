"""What stands in a file before, behind and between the things that its format knows: nobody's program shows it, whoever looks at the
octets reads it. Pure; quick where there is nothing.

Standards: APPNOTE 6.3 (ZIP), ISO 32000-1 7.5 (PDF), POSIX.1-2017 pax (tar), RFC 1952 (gzip), 7zFormat.txt, [MS-CAB] 2.1, ECMA-119.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from gateway.content.legible import legible
from gateway.content.reading import Item, Member, Source, Spent
from gateway.content.structure import ISO, PDF, TAR, ZIP, find_appended
from gateway.content.zip_directory import find_ends
from gateway.model.finding import Place

_LEAST = 12  # octets: what is less says nothing
_BLOCK, _SECTOR = 512, 2048
_ZIPPED = (
    *("application/vnd.openxmlformats-", "application/vnd.oasis.opendocument.", "application/epub+zip", ZIP),
    *("application/vnd.ms-word.", "application/vnd.ms-excel.", "application/vnd.ms-powerpoint.", "application/vnd.ms-visio."),
)
_PACKED = "application/gzip"


def read_slack(kind: str, source: Source, spent: Spent) -> Iterator[Item]:
    """What a person can read there, and files that stand there."""
    find = next((find for start, find in _FINDERS if kind.startswith(start)), None)
    for start, end in find(source.data) if find is not None else ():
        octets = source.data[start:end].strip(b"\0 \t\r\n")
        if len(octets) < _LEAST:
            continue
        if kind != PDF and any(find_appended(octets, "")):  # a PDF is looked through when it is identified
            yield Member("", octets)
        for item in legible(octets, f"{source.where}, outside of its structure", spent):
            if isinstance(item, tuple):
                yield Place.TEXT, item[1], item[2]


# --- spans of octets that belong to nothing ---------------------------------------------------------------------------


def _around_zip(data: bytes) -> Iterator[tuple[int, int]]:
    end = next(find_ends(data), None)
    if end is not None:
        yield 0, max(end.stop - end.octets - end.offset, 0)
        yield end.reach, len(data)


def _around_pdf(data: bytes) -> Iterator[tuple[int, int]]:
    yield 0, max(data.find(b"%PDF-"), 0)
    end = data.rfind(b"%%EOF")
    if end >= 0:
        yield end + 5, len(data)


def _around_tar(data: bytes) -> Iterator[tuple[int, int]]:
    """The padding of each member, and what stands behind the two empty blocks."""
    at = 0
    while at + _BLOCK <= len(data) and data[at]:
        size = _number(data[at + 124 : at + 136])
        stop = at + _BLOCK + size
        at = at + _BLOCK + -(-size // _BLOCK) * _BLOCK
        yield stop, min(at, len(data))
    yield at, len(data)


def _number(octets: bytes) -> int:
    if octets[0] & 0x80:  # base 256, for what is large
        return int.from_bytes(octets[1:], "big")
    said = octets.strip(b" \0")
    return int(said, 8) if said and not said.strip(b"01234567") else 0


def _around_gzip(data: bytes) -> Iterator[tuple[int, int]]:
    """The extra field, the name and the comment of the first member."""
    flags, at = data[3] if len(data) > 18 else 0, 10
    if flags & 4:
        size = int.from_bytes(data[at : at + 2], "little")
        yield at + 2, at + 2 + size
        at += 2 + size
    for flag in (8, 16):
        if flags & flag:
            end = data.find(b"\0", at)
            if end < 0:
                return
            yield at, end
            at = end + 1


def _behind_7z(data: bytes) -> Iterator[tuple[int, int]]:
    if data.startswith(b"7z\xbc\xaf") and len(data) >= 32:
        yield 32 + int.from_bytes(data[12:20], "little") + int.from_bytes(data[20:28], "little"), len(data)


def _behind_cab(data: bytes) -> Iterator[tuple[int, int]]:
    if data.startswith(b"MSCF") and len(data) >= 36:
        yield int.from_bytes(data[8:12], "little"), len(data)


def _around_iso(data: bytes) -> Iterator[tuple[int, int]]:
    """The system area, which is for starting machines, and what stands behind the volume."""
    yield 0, 16 * _SECTOR
    yield int.from_bytes(data[16 * _SECTOR + 80 : 16 * _SECTOR + 84], "little") * _SECTOR, len(data)


def _behind_cpio(data: bytes) -> Iterator[tuple[int, int]]:
    end = data.rfind(b"TRAILER!!!")
    if end >= 0:
        yield end + 11, len(data)


_FINDERS: tuple[tuple[str, Callable[[bytes], Iterator[tuple[int, int]]]], ...] = (
    (PDF, _around_pdf),
    (TAR, _around_tar),
    (_PACKED, _around_gzip),
    ("application/x-7z-compressed", _behind_7z),
    ("application/vnd.ms-cab-compressed", _behind_cab),
    (ISO, _around_iso),
    ("application/x-cpio", _behind_cpio),
    *((start, _around_zip) for start in _ZIPPED),
)
