"""The octets of one ZIP entry, by its method (APPNOTE 6.3.10 section 4.4.5): stored, deflate, deflate64, bzip2, lzma, xz here; zstd and
PPMd by libarchive, to which the entry is handed as an archive of its own.

Shrink, reduce, implode, and the methods for sound and pictures are unsupported.
"""

from __future__ import annotations

import bz2
import lzma
import struct
import zlib
from collections.abc import Callable
from typing import Any

from gateway.content import libarchive
from gateway.content.deflate64 import Deflate64
from gateway.content.reading import Bounded, Spent, Stream, Unreadable
from gateway.content.zip_index import Entry
from gateway.model.finding import Readable

_STORED, _DEFLATE, _DEFLATE64, _BZIP2, _LZMA, _ZSTD_OLD, _ZSTD, _XZ, _PPMD = 0, 8, 9, 12, 14, 20, 93, 95, 98
_BY_LIBARCHIVE = (_ZSTD_OLD, _ZSTD, _PPMD)
_MEMORY = 128 * 1_048_576  # octets for a dictionary
_CHUNK = 65536


def unpack(data: bytes, entry: Entry, spent: Spent) -> tuple[bytes, Readable | None]:
    """What the entry holds as far as it can be had, and what is wrong with it. What ends by itself is read to that end, whatever the
    header claims; a checksum that does not fit is damage.

    Raises:
        Unreadable: over budget.
    """
    if entry.encrypted:
        return b"", Readable.ENCRYPTED
    claimed = entry.packed if entry.packed >= 0 else len(data) - entry.data
    stream = _stream(data, entry, min(entry.data + claimed, len(data)))
    if stream is not None:
        octets, broken = Bounded(stream, min(claimed, len(data) - entry.data), spent).salvage()
    elif entry.method in _BY_LIBARCHIVE and entry.packed >= 0:
        octets, broken = _by_libarchive(data[entry.data : entry.end], entry, spent)
    else:
        return b"", Readable.UNSUPPORTED
    if entry.data + claimed > len(data) or (isinstance(stream, Decoded | Deflate64) and stream.used > entry.data + claimed):
        broken = broken or Readable.DAMAGED
    has_sum = entry.packed >= 0 and not (entry.streamed and entry.is_local_only)
    return octets, broken or (Readable.DAMAGED if has_sum and zlib.crc32(octets) != entry.crc else None)


def _by_libarchive(packed: bytes, entry: Entry, spent: Spent) -> tuple[bytes, Readable | None]:
    try:
        found = next(libarchive.entries(_alone(packed, entry), "zip_seekable", spent))
    except Unreadable as unreadable:
        if unreadable.readable is Readable.OVER_BUDGET:
            raise
        return b"", unreadable.readable
    return found.data, found.readable


def _stream(data: bytes, entry: Entry, end: int) -> Stream | None:
    make = _DECODERS.get(entry.method)
    if make is not None:
        return Decoded(make(), data, entry.data)
    if entry.method == _DEFLATE64:
        return Deflate64(data, entry.data)
    if entry.method == _LZMA:
        return _lzma(data, entry.data, end)
    if entry.method != _STORED:
        return None
    if entry.packed < 0:  # streamed and stored: its end is where the next signature stands
        following = data.find(b"PK", entry.data + 1)
        end = following if following >= 0 else end
    return _Stored(data, entry.data, end)


_DECODERS: dict[int, Callable[[], Any]] = {
    _DEFLATE: lambda: zlib.decompressobj(-15),
    _BZIP2: bz2.BZ2Decompressor,
    _XZ: lambda: lzma.LZMADecompressor(memlimit=_MEMORY),
}


class _Stored:
    __slots__ = ("_at", "_data", "_end")

    def __init__(self, data: bytes, at: int, end: int) -> None:
        self._data = data
        self._at = at
        self._end = end

    def read(self, size: int, /) -> bytes:
        octets = self._data[self._at : min(self._at + size, self._end)]
        self._at += len(octets)
        return octets


class Decoded:
    """A decompressor of the standard library over octets in memory, from a place on."""

    __slots__ = ("_at", "_data", "_decoder", "_end")

    def __init__(self, decoder: Any, data: bytes, at: int, end: int | None = None) -> None:
        self._decoder = decoder
        self._data = data
        self._at = at
        self._end = len(data) if end is None else end

    @property
    def used(self) -> int:
        """Up to which place octets were used."""
        return self._at - len(self._decoder.unused_data)

    def read(self, size: int, /) -> bytes:
        """At most `size` octets; none at the end.

        Raises:
            EOFError: cut off.
        """
        while not self._decoder.eof:
            chunk = getattr(self._decoder, "unconsumed_tail", b"")
            if not chunk and getattr(self._decoder, "needs_input", True):
                chunk = self._data[self._at : min(self._at + _CHUNK, self._end)]
                self._at += len(chunk)
            try:
                octets = bytes(self._decoder.decompress(chunk, size))
            except lzma.LZMAError as error:
                raise Unreadable(Readable.OVER_BUDGET if "limit" in str(error) else Readable.DAMAGED) from None
            if octets:
                return octets
            if not chunk and not self._decoder.eof:
                raise EOFError
        return b""


def _lzma(data: bytes, at: int, end: int) -> Stream | None:
    """APPNOTE 5.8.8: two octets of version, the size of the properties, then those."""
    head = data[at : at + 9]
    if len(head) < 9 or head[2:4] != b"\5\0" or head[4] >= 9 * 5 * 5:
        return None
    rest, dictionary = head[4], int.from_bytes(head[5:9], "little")
    if dictionary > _MEMORY:
        raise Unreadable(Readable.OVER_BUDGET)
    chain = {"id": lzma.FILTER_LZMA1, "dict_size": max(dictionary, 4096), "lc": rest % 9, "lp": rest // 9 % 5, "pb": rest // 45}
    try:
        return _Unended(lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[chain]), data, at + 9, end)
    except lzma.LZMAError:
        return None


class _Unended(Decoded):
    """LZMA without its own mark of the end: it ends where its octets end."""

    __slots__ = ()

    def read(self, size: int, /) -> bytes:
        try:
            return super().read(size)
        except EOFError:
            return b""


def _alone(packed: bytes, entry: Entry) -> bytes:
    """An archive of this entry and nothing else."""
    sizes = struct.pack("<III", entry.crc, len(packed), entry.size & 0xFFFFFFFF)
    common = struct.pack("<HHHHH", 63, 0, entry.method, 0, 0x21) + sizes + struct.pack("<HH", 1, 0)
    local = b"PK\x03\x04" + common + b"a" + packed
    central = b"PK\x01\x02" + struct.pack("<H", 63) + common + struct.pack("<HHHII", 0, 0, 0, 0, 0) + b"a"
    return local + central + b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(central), len(local), 0)
