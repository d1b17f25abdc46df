"""Deflate64 (APPNOTE 4.4.5 method 9, "enhanced deflating"), which no library here reads: octets to octets, a piece at a time. Pure.

It is Deflate (RFC 1951) with a window of 64 KB, two more distances, and a last length that says up to 65,538. In pure Python it is slow: a
large file ends as over budget.
"""

from __future__ import annotations

from collections.abc import Iterator

from gateway.content.reading import Unreadable
from gateway.model.finding import Readable

_WINDOW, _PIECE = 65_536, 131_072
_LENGTHS = (3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 3)
_LENGTH_BITS = (0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 16)
_DISTANCE_BITS = tuple(0 if at < 4 else at // 2 - 1 for at in range(32))
_DISTANCES = tuple(at + 1 if at < 4 else 1 + (2 + at % 2 << at // 2 - 1) for at in range(32))
_ORDER = (16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15)
_FIXED_LITERALS = (*(8,) * 144, *(9,) * 112, *(7,) * 24, *(8,) * 8)
Table = tuple[list[tuple[int, int]], int]  # (symbol, its bits) for each number of as many bits as the longest code has


class Deflate64:
    """The decompressor of one stream that begins at a place in octets."""

    __slots__ = ("_at", "_bits", "_data", "_held", "_pieces", "_ready")

    def __init__(self, data: bytes, at: int) -> None:
        self._data = data
        self._at = at
        self._held = self._bits = 0  # bits taken and not used yet
        self._pieces = self._blocks()
        self._ready = b""

    @property
    def used(self) -> int:
        """Up to which place octets were used."""
        return self._at - self._bits // 8  # of the last octet some bits may be left: they belong to no other stream

    def read(self, size: int, /) -> bytes:
        """At most `size` octets; none at the end.

        Raises:
            EOFError: cut off.
            Unreadable: damaged.
        """
        while not self._ready:
            piece = next(self._pieces, None)
            if piece is None:
                return b""
            self._ready = piece
        octets, self._ready = self._ready[:size], self._ready[size:]
        return octets

    def _take(self, count: int) -> int:
        while self._bits < count:
            if self._at >= len(self._data):
                raise EOFError
            self._held |= self._data[self._at] << self._bits
            self._at += 1
            self._bits += 8
        value = self._held & (1 << count) - 1
        self._held >>= count
        self._bits -= count
        return value

    def _blocks(self) -> Iterator[bytes]:
        out = bytearray()
        start = 0  # of what was not given out yet
        last = False
        while not last:
            last, kind = bool(self._take(1)), self._take(2)
            pieces = self._stored(out) if kind == 0 else self._packed(out, *self._tables(kind))
            for _ in pieces:
                yield bytes(out[start:])
                del out[: max(len(out) - _WINDOW, 0)]
                start = len(out)
        yield bytes(out[start:])

    def _stored(self, out: bytearray) -> Iterator[None]:
        self._take(self._bits & 7)
        size, check = self._take(16), self._take(16)
        if size ^ check != 0xFFFF:
            raise Unreadable(Readable.DAMAGED)
        while self._bits and size:
            out.append(self._take(8))
            size -= 1
        if self._at + size > len(self._data):
            raise EOFError
        out += self._data[self._at : self._at + size]
        self._at += size
        yield

    def _packed(self, out: bytearray, literals: Table, distances: Table) -> Iterator[None]:
        while True:
            symbol = self._symbol(literals)
            if symbol < 256:
                out.append(symbol)
            elif symbol == 256:
                return
            elif symbol > 285:
                raise Unreadable(Readable.DAMAGED)
            else:
                self._copy(out, _LENGTHS[symbol - 257] + self._take(_LENGTH_BITS[symbol - 257]), distances)
            if len(out) > _PIECE:
                yield

    def _copy(self, out: bytearray, length: int, distances: Table) -> None:
        symbol = self._symbol(distances)
        back = _DISTANCES[symbol] + self._take(_DISTANCE_BITS[symbol])
        if back > len(out):
            raise Unreadable(Readable.DAMAGED)
        if back >= length:
            out += out[len(out) - back : len(out) - back + length]
        else:
            run = bytes(out[-back:])
            out += (run * (length // back + 1))[:length]

    def _symbol(self, table: Table) -> int:
        entries, width = table
        while self._bits < width and self._at < len(self._data):
            self._held |= self._data[self._at] << self._bits
            self._at += 1
            self._bits += 8
        symbol, bits = entries[self._held & (1 << width) - 1]
        if not bits:
            raise Unreadable(Readable.DAMAGED)
        if bits > self._bits:
            raise EOFError
        self._held >>= bits
        self._bits -= bits
        return symbol

    def _tables(self, kind: int) -> tuple[Table, Table]:
        """RFC 1951 section 3.2.6 and 3.2.7."""
        if kind == 1:
            return _table(_FIXED_LITERALS), _table((5,) * 32)
        if kind == 3:
            raise Unreadable(Readable.DAMAGED)
        literals, distances, count = self._take(5) + 257, self._take(5) + 1, self._take(4) + 4
        sizes = [0] * 19
        for at in _ORDER[:count]:
            sizes[at] = self._take(3)
        code = _table(sizes)
        lengths: list[int] = []
        while len(lengths) < literals + distances:
            symbol = self._symbol(code)
            if symbol < 16:
                lengths.append(symbol)
            elif symbol == 16:
                lengths += [lengths[-1] if lengths else 0] * (3 + self._take(2))
            else:
                lengths += [0] * (3 + self._take(3) if symbol == 17 else 11 + self._take(7))
        return _table(lengths[:literals]), _table(lengths[literals : literals + distances])


def _table(lengths: list[int] | tuple[int, ...]) -> Table:
    """RFC 1951 section 3.2.2: the codes by their lengths, each at every number that begins with it."""
    width = max(lengths, default=0) or 1
    entries = [(0, 0)] * (1 << width)
    code = 0
    for bits in range(1, width + 1):
        for symbol, length in enumerate(lengths):
            if length == bits:
                if code >> bits:
                    raise Unreadable(Readable.DAMAGED)
                first = int(f"{code:0{bits}b}"[::-1], 2)
                entries[first :: 1 << bits] = [(symbol, bits)] * len(range(first, 1 << width, 1 << bits))
                code += 1
        code <<= 1
    return entries, width
