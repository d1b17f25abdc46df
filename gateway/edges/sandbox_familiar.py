"""Parts that were perhaps read before: their digest is taken, so that what is remembered of them can be used.

Most content comes once, and a digest of it would be work for nothing. A part whose size, first and last octets have been seen is hashed,
here and not by a child: what a child says of its own content must never stand for another's.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from dataclasses import replace

from gateway.mime.decode import decode
from gateway.model.message import Buffer, Content, Span
from gateway.ports import Wanted

_ENDS = 128  # encoded octets looked at, at both ends
_REMEMBERED = 16_384
_SMALL = 65_536  # encoded octets up to which a hash is quicker than the way to a thread


class Familiar:
    """Remembers what content looked like from outside; the longest unseen is forgotten first."""

    def __init__(self, room: int = _REMEMBERED) -> None:
        self._room = room
        self._seen: OrderedDict[tuple[int, bytes, bytes], None] = OrderedDict()

    async def digested(self, content: Content, wanted: tuple[Wanted, ...]) -> tuple[Wanted, ...]:
        """The same parts; those that look familiar with their octets and sha256."""
        again = tuple(part for part in wanted if self._looks_familiar(content, part) and not part.sha256)
        if not again:
            return wanted
        small = sum(part.end - part.start for part in again) <= _SMALL
        known = _digests(content, again) if small else await asyncio.to_thread(_digests, content, again)
        return tuple(known.get(part.id, part) for part in wanted)

    def _looks_familiar(self, content: Content, part: Wanted) -> bool:
        first = content.read(part.start, min(part.start + _ENDS, part.end))
        last = content.read(max(part.end - _ENDS, part.start), part.end)
        key = (part.end - part.start, first, last)
        if key in self._seen:
            self._seen.move_to_end(key)
            return True
        self._seen[key] = None
        if len(self._seen) > self._room:
            self._seen.popitem(last=False)
        return False


def _digests(content: Content, parts: tuple[Wanted, ...]) -> dict[str, Wanted]:
    with content.view() as buffer:
        return {part.id: _digested(buffer, part) for part in parts}


def _digested(buffer: Buffer, part: Wanted) -> Wanted:
    sha256, octets = hashlib.sha256(), 0
    for piece in decode(buffer, Span(part.start, part.end), part.encoding):
        sha256.update(piece)
        octets += len(piece)
    return replace(part, sha256=sha256.hexdigest(), octets=octets)
