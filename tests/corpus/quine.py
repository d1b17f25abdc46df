"""A gzip file that unpacks to itself, made after Russ Cox, "Zip Files All The Way Down" (2010). Pure.

The program of the file is a DEFLATE stream (RFC 1951) of literals and repeats, each five octets long or a multiple, that print the file's
own prefix, themselves, and its suffix. The checksum stands in what it sums up; CRC-32 is linear, so the fixed point is solved for.
"""

import struct
import zlib


def quine() -> bytes:
    """The file; `gzip -d` gives it again, for ever."""
    size = len(_file(bytes(4)))
    empty = zlib.crc32(_file(bytes(4), size))
    columns = [zlib.crc32(_file(struct.pack("<I", 1 << bit), size)) ^ empty for bit in range(32)]
    # The checksum x must be the checksum of the file with x in it: empty ^ (columns · x) = x.
    rows = [(sum((columns[bit] >> row & 1 ^ (bit == row)) << bit for bit in range(32)), empty >> row & 1) for row in range(32)]
    return _file(struct.pack("<I", _solved(rows)), size)


_PREFIX = b"\x1f\x8b\x08\x08" + bytes(6) + b"q.gz\0"  # RFC 1952: with a name, to make it fifteen octets


def _file(checksum: bytes, size: int = 0) -> bytes:
    suffix = checksum + struct.pack("<I", size) + bytes(7)  # zeros behind a gzip file mean nothing
    one, none, four, again = _literal(5), _literal(0), _literal(20), _repeat()
    last = _repeat(last=True)
    program = [
        _PREFIX,
        four,
        _PREFIX,
        four,
        again,
        one,
        again,
        one,
        one,
        four,
        again,
        one,
        one,
        four,
        again,
        four,
        again,
        four,
        again,
        four,
    ]
    program += [again, four, again, none, none, four, again, none, none, four, last, suffix, last, suffix]
    return b"".join(program)


def _literal(octets: int) -> bytes:
    """A stored block's head: what follows is printed as it stands."""
    return struct.pack("<BHH", 0, octets, octets ^ 0xFFFF)


def _repeat(*, last: bool = False) -> bytes:
    """A block of fixed codes that prints the last twenty octets again: two matches of ten, twenty back; exactly five octets."""
    bits = [int(last), 1, 0]
    match = (0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 1, 1, 0)  # length 10: code 264; distance 20: code 8, and 3 in three more bits
    bits += [*match, *match, *[0] * 7]
    return bytes(sum(bit << at for at, bit in enumerate(bits[first : first + 8])) for first in range(0, 40, 8))


def _solved(rows: list[tuple[int, int]]) -> int:
    """Gauss over two elements."""
    rows = rows.copy()
    for column in range(32):
        pivot = next(at for at in range(column, 32) if rows[at][0] >> column & 1)
        rows[column], rows[pivot] = rows[pivot], rows[column]
        for at in range(32):
            if at != column and rows[at][0] >> column & 1:
                rows[at] = rows[at][0] ^ rows[column][0], rows[at][1] ^ rows[column][1]
    return sum(rows[bit][1] << bit for bit in range(32))
