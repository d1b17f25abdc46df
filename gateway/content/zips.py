"""The directory of a ZIP archive (APPNOTE 6.3) in a buffer, and its entries unpacked. Bounded; no size that it claims is believed.

The last central directory counts, as it does for office programs; zip_index.py knows where other programs would differ. Stored and
deflated entries are unpacked: office documents know no others (ECMA-376-2 annex C; ODF 1.3 part 2).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import Any, TypeAlias

from gateway.content.reading import Spent, Unreadable
from gateway.content.zip_directory import Listed, find_ends, read_listed
from gateway.content.zip_fields import LOCAL
from gateway.model.finding import Readable

Entry: TypeAlias = Listed
STORED, DEFLATED, AES = 0, 8, 99  # methods

_DIRECTORY_LIMIT = 4 * 1_048_576  # octets: 2000 entries of 2 KB
_LOCAL = struct.Struct("<26xHH")  # 30 octets: lengths of name and extra field
_MAX16 = 0xFFFF
_STEP = 65536
_CRUMB = 32
_SMALL = 4096  # octets: lists of parts and links, which are read whole and asked for their beginning
_FIRST = 262_144  # octets: most parts of documents come whole at once


class Archive:
    """A ZIP archive in a buffer."""

    __slots__ = ("_small", "data", "entries", "is_intact")

    def __init__(self, data: bytes) -> None:
        """Read the directory.

        Raises:
            Unreadable: there is none, it is broken, or too large to look at.
        """
        self.data = data
        self.entries = _directory(data)
        self.is_intact = True  # until an entry proves not to be what its directory says
        self._small: dict[tuple[int, int, int], bytes] = {}  # that were unpacked, by what of a header decides it

    def read(self, entry: Entry, spent: Spent) -> bytes:
        """An entry whole."""
        head, rest = self.open(entry, spent)
        return b"".join((head, *rest)) if rest else head

    def begin_of(self, entry: Entry, size: int = 64) -> bytes:
        """The first octets of an entry, as far as they can be had."""
        known = self._small.get((entry.at, entry.packed, entry.method))
        if known is not None:
            return known[:size]
        packed = self._packed(entry)
        if entry.method == STORED:
            return bytes(packed[:size])
        try:
            return zlib.decompressobj(-15).decompress(packed[: size + _STEP // 16], size)
        except zlib.error:
            return b""

    def open(self, entry: Entry, spent: Spent) -> tuple[bytes, Iterator[bytes] | None]:
        """How an entry begins, and what comes after that, if anything does.

        One that is cut off, or is called otherwise where it stands, or has a wrong checksum, is given as far as it goes: the archive is not
        intact then.

        Raises:
            Unreadable: it is encrypted, compressed as we do not know, or more than the budget allows.
        """
        if entry.is_encrypted or entry.method == AES:
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
        if len(head) <= _SMALL:
            self._small[entry.at, entry.packed, entry.method] = head
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


def _directory(data: bytes) -> tuple[Entry, ...]:
    """What the last end record says of the directory before it, if all of it is true."""
    end = next(find_ends(data), None)
    if end is None or end.is_wide is None:
        raise Unreadable(Readable.DAMAGED)
    if end.number == _MAX16 or _DIRECTORY_LIMIT < end.octets <= len(data):
        raise Unreadable(Readable.OVER_BUDGET)
    at = end.stop - end.octets
    shift = at - end.offset  # octets before the archive
    if at < 0 or shift < 0:
        raise Unreadable(Readable.DAMAGED)
    entries: list[Entry] = []
    while at < end.stop:
        entry = read_listed(data, at, shift)
        if entry is None:
            raise Unreadable(Readable.DAMAGED)
        entries.append(entry)
        at = entry.next
    if at > end.stop:  # a comment that would hide the entries after it
        raise Unreadable(Readable.DAMAGED)
    return tuple(entries)
