"""The directory of a ZIP archive (APPNOTE 6.3) in a buffer, and its entries unpacked. Bounded; no size that it claims is believed.

The last central directory counts, as it does for office programs; zip_index.py knows where other programs would differ. Stored and
deflated entries are unpacked: office documents know no others (ECMA-376-2 annex C; ODF 1.3 part 2).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import Any, NamedTuple

from gateway.content.reading import Spent, Unreadable
from gateway.content.zip_fields import CENTRAL, ENCRYPTED, END, END64, END_REACH, LOCAL, LOCATOR64, UTF8, ZIP64, extras, zip64
from gateway.model.finding import Readable

STORED, DEFLATED, AES = 0, 8, 99  # methods

_END_RECORD = struct.Struct("<10xHII")  # number of entries, size and offset of the directory
_DIRECTORY_LIMIT = 4 * 1_048_576  # octets: 2000 entries of 2 KB
_ENTRY = struct.Struct("<4s4xHH4xIIIHHH8xI")  # 46 octets: flags, method, CRC, sizes, lengths, local header
_LOCAL = struct.Struct("<26xHH")  # 30 octets: lengths of name and extra field
_MAX32 = 0xFFFFFFFF
_MAX16 = 0xFFFF
_STEP = 65536
_CRUMB = 32
_FIRST = 262_144  # octets: most parts of documents come whole at once


class Entry(NamedTuple):
    """One entry as the directory describes it."""

    name: str
    octets: bytes  # of the name, as they stand
    flags: int
    method: int
    crc: int
    packed: int  # octets in the archive, as claimed
    at: int  # where its local header begins

    @property
    def is_folder(self) -> bool:
        return self.name.endswith("/")

    @property
    def is_encrypted(self) -> bool:
        return bool(self.flags & ENCRYPTED) or self.method == AES


class Archive:
    """A ZIP archive in a buffer."""

    __slots__ = ("data", "entries", "is_intact")

    def __init__(self, data: bytes) -> None:
        """Read the directory.

        Raises:
            Unreadable: there is none, it is broken, or too large to look at.
        """
        self.data = data
        self.entries = _directory(data, _find_end(data))
        self.is_intact = True  # until an entry proves not to be what its directory says

    def read(self, entry: Entry, spent: Spent) -> bytes:
        """An entry whole."""
        head, rest = self.open(entry, spent)
        return b"".join((head, *rest)) if rest else head

    def begin_of(self, entry: Entry, size: int = 64) -> bytes:
        """The first octets of an entry, as far as they can be had."""
        packed = self._packed(entry)
        if entry.method == STORED:
            return bytes(packed[:size])
        try:
            return zlib.decompressobj(-15).decompress(packed[:_STEP], size)
        except zlib.error:
            return b""

    def open(self, entry: Entry, spent: Spent) -> tuple[bytes, Iterator[bytes] | None]:
        """How an entry begins, and what comes after that, if anything does.

        One that is cut off, or is called otherwise where it stands, or has a wrong checksum, is given as far as it goes: the archive is not
        intact then.

        Raises:
            Unreadable: it is encrypted, compressed as we do not know, or more than the budget allows.
        """
        if entry.is_encrypted:
            raise Unreadable(Readable.ENCRYPTED)
        if entry.method not in (STORED, DEFLATED):
            raise Unreadable(Readable.UNSUPPORTED)
        packed = self._packed(entry)
        if entry.method == STORED and len(packed) <= _FIRST:
            head, ended = bytes(packed), True
        elif entry.method == DEFLATED:
            head, ended = self._at_once(packed)
        else:
            head, ended = b"", False
        if not ended:
            return b"", self._unpack(entry, packed, spent)
        spent.unpacked(len(head), len(head), entry.packed)
        self.is_intact = self.is_intact and zlib.crc32(head) == entry.crc
        return head, None

    def _at_once(self, packed: memoryview) -> tuple[bytes, bool]:
        """All of a small deflated entry, which most are."""
        unpacker = zlib.decompressobj(-15)
        try:
            return unpacker.decompress(packed[:_FIRST], _FIRST), unpacker.eof
        except zlib.error:
            return b"", False

    def _unpack(self, entry: Entry, packed: memoryview, spent: Spent) -> Iterator[bytes]:
        """An entry piece by piece."""
        pieces = _inflate(packed) if entry.method == DEFLATED else (packed[at : at + _STEP] for at in range(0, len(packed), _STEP))
        size = checksum = 0
        try:
            for piece in pieces:
                size += len(piece)
                spent.unpacked(len(piece), size, entry.packed)
                checksum = zlib.crc32(piece, checksum)
                yield bytes(piece)
        except (zlib.error, EOFError):
            self.is_intact = False
        self.is_intact = self.is_intact and checksum == entry.crc

    def _packed(self, entry: Entry) -> memoryview:
        """The octets of an entry as they stand in the archive."""
        start, name = entry.at + _LOCAL.size, b""
        if self.data.startswith(LOCAL, entry.at) and start <= len(self.data):
            name_size, extra_size = _LOCAL.unpack_from(self.data, entry.at)
            name, start = self.data[start : start + name_size], start + name_size + extra_size
        if name != entry.octets or start + entry.packed > len(self.data):
            self.is_intact = False
        return memoryview(self.data)[start : start + entry.packed]


def _inflate(packed: memoryview) -> Iterator[bytes]:
    """RFC 1951, with no more at a time than is asked for."""
    unpacker = zlib.decompressobj(-15)
    at = 0
    while at < len(packed) and not unpacker.eof:
        before = unpacker.copy()
        try:
            piece = unpacker.decompress(packed[at : at + _STEP], _STEP)
        except zlib.error:
            yield from _salvaged(before, packed[at : at + _STEP])
            raise
        at = min(at + _STEP, len(packed)) - len(unpacker.unconsumed_tail)
        yield piece
    while not unpacker.eof:  # all is given, and something may still be inside
        piece = unpacker.decompress(b"", _STEP)
        if not piece:
            raise EOFError
        yield piece


def _salvaged(unpacker: Any, packed: memoryview) -> Iterator[bytes]:
    """What comes out before the octets that are broken: the library gives nothing of a call that fails."""
    for at in range(0, len(packed), _CRUMB):
        try:
            yield unpacker.decompress(packed[at : at + _CRUMB])
        except zlib.error:
            return


def _find_end(data: bytes) -> int:
    """Where the last end record stands."""
    at = data.rfind(END, max(0, len(data) - END_REACH))
    if at < 0:
        raise Unreadable(Readable.DAMAGED)
    return at


def _directory(data: bytes, end: int) -> tuple[Entry, ...]:
    """The directory before one end record (APPNOTE 4.3.12, 4.3.14, 4.3.16)."""
    entries: list[Entry] = []
    try:
        count, size, offset = _END_RECORD.unpack_from(data, end)
        stop = end
        if data.startswith(LOCATOR64, max(0, end - 20)) and (_MAX32 in (size, offset) or count == _MAX16):
            stop, count, size, offset = _end64(data, end - 20)
        if count == _MAX16 or _DIRECTORY_LIMIT < size <= len(data):
            raise Unreadable(Readable.OVER_BUDGET)
        at = stop - size
        shift = at - offset  # octets before the archive
        if at < 0 or shift < 0:
            raise Unreadable(Readable.DAMAGED)
        while at < stop:
            magic, flags, method, crc, packed, claimed, name_size, extra_size, comment_size, local = _ENTRY.unpack_from(data, at)
            extra = at + _ENTRY.size + name_size
            if magic != CENTRAL:
                raise Unreadable(Readable.DAMAGED)
            if _MAX32 in (packed, claimed, local):
                wide = dict(extras(data[extra : extra + extra_size])).get(ZIP64, b"")
                _, packed, local = zip64(wide, claimed, packed, local)
            name = data[extra - name_size : extra]
            entries.append(Entry(_decoded(name, flags), name, flags, method, crc, packed, local + shift))
            at = extra + extra_size + comment_size
    except struct.error:
        raise Unreadable(Readable.DAMAGED) from None
    if at > stop:  # a comment that would hide the entries after it
        raise Unreadable(Readable.DAMAGED)
    return tuple(entries)


def _end64(data: bytes, locator: int) -> tuple[int, int, int, int]:
    """Where the record of a large archive stands, its number of entries, the size and the offset of the directory."""
    (claimed,) = struct.unpack_from("<Q", data, locator + 8)
    at = claimed if data.startswith(END64, claimed) else data.rfind(END64, 0, locator)
    if at < 0:
        raise Unreadable(Readable.DAMAGED)
    return (at, *struct.unpack_from("<QQQ", data, at + 32))


def _decoded(name: bytes, flags: int) -> str:
    """APPNOTE appendix D. A name ends at NUL, as it does for everyone else."""
    name = name[: name.index(0)] if b"\0" in name else name
    if name.isascii():
        return name.decode("ascii")
    return name.decode("utf-8", "replace") if flags & UTF8 else name.decode("cp437")
