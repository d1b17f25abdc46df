"""Strings in the records of Excel 5 to 2003 ([MS-XLS] sections 2.5.240, 2.5.293 to 2.5.296, 2.4.265). Pure.

Strings of BIFF8 may go on in the record after theirs, with a flag of their own there.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

from gateway.content.office_art import words_in
from gateway.content.reading import Spent
from gateway.content.sheet_rows import text_of

_NARROW = re.compile(rb"[\x20-\x7e\xa0-\xff]{4,}")  # words in the middle of a record


def short(data: bytes, at: int, codec: str | None) -> str:
    """A string whose length has one octet. `codec` is that of BIFF5; None for BIFF8, whose strings say themselves how they are written."""
    length = data[at]
    if codec:
        return data[at + 1 : at + 1 + length].decode(codec, "replace")
    return decoded(data[at + 2 : at + 2 + length * (1 + (data[at + 1] & 1))], data[at + 1 : at + 2])


def long(data: bytes, at: int, codec: str | None) -> str:
    """A string whose length has two octets."""
    (length,) = struct.unpack_from("<H", data, at)
    if codec:
        return data[at + 2 : at + 2 + length].decode(codec, "replace")
    flags = data[at + 2]
    at += 3 + (2 if flags & 8 else 0) + (4 if flags & 4 else 0)
    return decoded(data[at : at + length * (1 + (flags & 1))], bytes((flags,)))


def decoded(octets: bytes, flags: bytes) -> str:
    return octets.decode("utf-16-le", "replace") if flags and flags[0] & 1 else octets.decode("latin-1")


def words(data: bytes) -> Iterator[str]:
    """Runs of letters in the middle of a record, wide or narrow."""
    # The flag before a wide string, and the zero before that, look like a letter.
    yield from (run.removeprefix("\u0100") for run in words_in(data))
    yield from (run[0].decode("latin-1") for run in _NARROW.finditer(data))


def shared_strings(records: list[bytes], spent: Spent) -> Iterator[str]:
    """Section 2.4.265: a string may be cut anywhere; after the cut its letters have a flag again."""
    reader = _Strings(records)
    count = reader.number(8) >> 32
    for number in range(min(count, 1 << 24)):
        if number % 4096 == 0:
            spent.cells(min(count, 4096))
        text = reader.string()
        if text is None:
            return
        yield text_of(text)


class _Strings:
    """Reads on over the ends of records."""

    __slots__ = ("_at", "_record", "_records")

    def __init__(self, records: list[bytes]) -> None:
        self._records = records
        self._record = self._at = 0

    def number(self, size: int) -> int:
        return int.from_bytes(self._take(size), "little")

    def string(self) -> str | None:
        """The next one; None at the end."""
        head = self._take(3)
        if len(head) < 3:
            return None
        length, flags = struct.unpack("<HB", head)
        runs = self.number(2) if flags & 8 else 0
        more = self.number(4) if flags & 4 else 0
        text = self._letters(length, flags & 1)
        self._take(4 * runs + more)
        return text

    def _letters(self, length: int, wide: int) -> str:
        found: list[str] = []
        while length > 0:
            left = len(self._records[self._record]) - self._at
            if left <= 0:
                if self._record + 1 >= len(self._records):
                    break
                self._record, self._at = self._record + 1, 1
                wide = (self._records[self._record][:1] or b"\0")[0] & 1
                continue
            count = min(length, left // (1 + wide) or 1)
            octets = self._records[self._record][self._at : self._at + count * (1 + wide)]
            found.append(decoded(octets, bytes((wide,))))
            self._at += count * (1 + wide)
            length -= count
        return "".join(found)

    def _take(self, size: int) -> bytes:
        taken = b""
        while size > 0 and self._record < len(self._records):
            piece = self._records[self._record][self._at : self._at + size]
            taken += piece
            size -= len(piece)
            self._at += len(piece)
            if size > 0:
                self._record, self._at = self._record + 1, 0
        self._record = min(self._record, len(self._records) - 1)
        return taken
