"""Parts that were perhaps read before: their digest is taken, so that what is remembered of them can be used.

Most content comes once, and a digest of it would be work for nothing. So a part is looked at in three steps, each for those alone that the
step before cannot tell from an earlier one: its size and some of its octets; a checksum of all of it, encoded as it is; its SHA-256,
decoded. The digest is taken here and not by a child: what a child says of its own content must never stand for another's. The steps before
it decide nothing but whether it is worth the work.
"""

from __future__ import annotations

import hashlib
import zlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias, TypeVar

from gateway.mime.decode import decode
from gateway.model.message import Buffer, Content, DefectName, Span
from gateway.ports.examiner import Wanted
from gateway.waiting import look

_ENDS = 128  # encoded octets looked at, at both ends
_REMEMBERED = 16_384
_SUMS = 8  # checksums remembered of content that looks alike
_PIECE = 262_144
_AT_ONCE_SUM = 1_048_576  # encoded octets up to which a checksum is quicker than the way to a thread ...
_AT_ONCE_DIGEST = 65_536  # ... and a digest

_Shape: TypeAlias = tuple[int, bytes, bytes]
T = TypeVar("T")


class Familiar:
    """Remembers what content looked like from outside; the longest unseen is forgotten first."""

    def __init__(self, room: int = _REMEMBERED) -> None:
        self._room = room
        self._seen: OrderedDict[_Shape, tuple[int, ...]] = OrderedDict()  # and the checksums of those that came again

    async def digested(self, content: Content, wanted: tuple[Wanted, ...]) -> tuple[Wanted, ...]:
        """The same parts; those that were very probably here before with their octets and sha256."""
        shapes = {part.id: _shape(content, part) for part in wanted if not part.sha256}
        alike = tuple(part for part in wanted if part.id in shapes and self._is_alike(shapes[part.id]))
        if not alike:
            return wanted
        sums = await _looked(_sum, content, alike, _AT_ONCE_SUM)
        again = tuple(part for part in alike if self._is_again(shapes[part.id], sums[part.id]))
        if not again:
            return wanted
        known = await _looked(_digested, content, again, _AT_ONCE_DIGEST)
        return tuple(known.get(part.id, part) for part in wanted)

    def _is_alike(self, shape: _Shape) -> bool:
        if shape in self._seen:
            self._seen.move_to_end(shape)
            return True
        self._seen[shape] = ()
        if len(self._seen) > self._room:
            self._seen.popitem(last=False)
        return False

    def _is_again(self, shape: _Shape, checksum: int) -> bool:
        sums = self._seen.get(shape, ())
        if checksum not in sums:
            self._seen[shape] = (*sums[1 - _SUMS :], checksum)
            return False
        return True


def _shape(content: Content, part: Wanted) -> _Shape:
    first = content.read(part.start, min(part.start + _ENDS, part.end))
    last = content.read(max(part.end - _ENDS, part.start), part.end)
    return part.end - part.start, first, last


async def _looked(how: Callable[[Buffer, Wanted], T], content: Content, parts: tuple[Wanted, ...], at_once: int) -> dict[str, T]:
    """What `how` says of each part; in a thread when it is long."""

    def look_at_all() -> dict[str, T]:
        with content.view() as buffer:
            return {part.id: how(buffer, part) for part in parts}

    small = sum(part.end - part.start for part in parts) <= at_once
    return look_at_all() if small else await look(look_at_all)


def _sum(buffer: Buffer, part: Wanted) -> int:
    """CRC-32 of the part as it is encoded; nobody has to be convinced by it."""
    value = 0
    for at in range(part.start, part.end, _PIECE):
        value = zlib.crc32(buffer[at : min(at + _PIECE, part.end)], value)
    return value


def _digested(buffer: Buffer, part: Wanted) -> Wanted:
    """With its digest, but for what is oddly encoded: such content is more than one, and is read again each time."""
    sha256, octets = hashlib.sha256(), 0
    defects: set[DefectName] = set()
    for piece in decode(buffer, Span(part.start, part.end), part.encoding, defects=defects):
        sha256.update(piece)
        octets += len(piece)
    if defects:
        return part
    return replace(part, sha256=sha256.hexdigest(), octets=octets)
