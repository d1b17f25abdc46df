"""What a Mac keeps beside a file, or wraps it in: AppleDouble and AppleSingle (RFC 1740), to words and members.

The data fork is the file, and a member under its real name; comment, Finder's notes and resource fork are read as text, as far as they are.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import replace

from gateway.content.reading import Item, Member, Source, Spent, Unreadable
from gateway.content.text import read_text
from gateway.model.finding import Readable

MEDIA_TYPE = "application/applefile"
STARTS = (b"\x00\x05\x16\x07", b"\x00\x05\x16\x00")  # AppleDouble, AppleSingle
_DATA_FORK, _REAL_NAME = 1, 3
_HEAD = 26  # octets, the number of entries last


def read_apple(source: Source, spent: Spent) -> Iterator[Item]:
    """The words around the file, then the file. What begins otherwise (.DS_Store) is words alone."""
    if not source.data.startswith(STARTS):
        yield from read_text(source, spent)
        return
    data, entries, is_cut = source.data, *_entries(source.data, spent)
    forks = [(start, end) for kind, start, end in entries if kind == _DATA_FORK]
    yield from read_text(replace(source, data=_without(data, forks)), spent)
    names = [data[start:end].rstrip(b"\0").decode("mac_roman") for kind, start, end in entries if kind == _REAL_NAME]
    for start, end in forks:
        if start < end:
            spent.entries()
            spent.unpacked(end - start, end - start, end - start)
            yield Member(names[0] if names else "", data[start:end], also=tuple(names[1:]))
    if is_cut:
        raise Unreadable(Readable.DAMAGED)


def _entries(data: bytes, spent: Spent) -> tuple[list[tuple[int, int, int]], bool]:
    """Kind, start and end of each entry; and whether one goes beyond the end."""
    count = int.from_bytes(data[_HEAD - 2 : _HEAD], "big")
    spent.parts(count)
    found = [struct.unpack_from(">III", data, at) for at in range(_HEAD, min(_HEAD + 12 * count, len(data) - 11), 12)]
    is_cut = len(found) < count or any(start + size > len(data) for _, start, size in found)
    return [(kind, start, min(start + size, len(data))) for kind, start, size in found], is_cut


def _without(data: bytes, spans: list[tuple[int, int]]) -> bytes:
    """The octets that are in none of these."""
    kept, at = [], 0
    for start, end in sorted(spans):
        kept.append(data[at:start])
        at = max(at, end)
    return b"\n".join((*kept, data[at:]))
