"""7z archives to members: by libarchive, and those that it lists but cannot unpack because they are in Deflate64 by ourselves.

There the packed streams stand one behind the other after the signature header, each ending by itself, and the files in them in their order.
What comes out counts only when it is exactly as long as the files are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from gateway.content import libarchive
from gateway.content.deflate64 import Deflate64
from gateway.content.reading import Bounded, Item, Member, Source, Spent, Unreadable
from gateway.model.finding import Readable

MEDIA_TYPE = "application/x-7z-compressed"
_PACKED = 32  # octets of the signature header


def read_7z(source: Source, spent: Spent) -> Iterator[Item]:
    """Every file of the archive."""
    begin = max(libarchive.begin_of(MEDIA_TYPE, source.data), 0)
    data = source.data[begin:] if begin else source.data
    held: list[Member] = []  # from the first that could not be unpacked on
    broken: Unreadable | None = None
    try:
        for member in libarchive.entries(data, "7zip", spent):
            if held or member.readable is Readable.UNSUPPORTED:
                held.append(member)
            else:
                yield member
    except Unreadable as unreadable:
        broken = unreadable
    opened = _by_deflate64(data, held, spent) if held else None
    yield from opened or held
    if broken is not None and opened is None:
        raise broken


def _by_deflate64(data: bytes, members: list[Member], spent: Spent) -> list[Member] | None:
    if any(member.data for member in members):
        return None
    wanted = sum(member.octets for member in members)
    found = bytearray()
    at = _PACKED
    while len(found) < wanted:
        stream = Deflate64(data, at)
        octets, wrong = Bounded(stream, len(data) - at, spent).salvage()
        if wrong is not None or not octets:
            return None
        found += octets
        at = stream.used
    if len(found) != wanted:
        return None
    done, start = [], 0
    for member in members:
        done.append(replace(member, data=bytes(found[start : start + member.octets]), readable=None))
        start += member.octets
    return done
