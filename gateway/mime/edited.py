"""Content with its splices made, as content of its own: looked at again after it was changed, and never copied."""

from __future__ import annotations

from bisect import bisect_right
from contextlib import AbstractContextManager, nullcontext
from typing import NamedTuple

from gateway.mime.pieces import Pieces
from gateway.model.message import Buffer, Content
from gateway.model.outcome import Splice


class Edited:
    """model.message.Content over another, which its owner closes. `splices` are sorted and disjoint."""

    def __init__(self, content: Content, splices: tuple[Splice, ...]) -> None:
        self._content = content
        self._runs: list[_Run] = []
        size = at = 0
        for start, end, octets in (*splices, Splice(content.octets, content.octets)):
            for run in (_Run(size, start - at, at, None), _Run(size + start - at, len(octets), 0, octets)):
                if run.octets:
                    self._runs.append(run)
            size += start - at + len(octets)
            at = end
        self._size = size
        self._starts = [run.start for run in self._runs]

    @property
    def octets(self) -> int:
        return self._size

    def view(self) -> AbstractContextManager[Buffer]:
        return nullcontext(Pieces(self))

    def read(self, start: int, end: int) -> bytes:
        """Raises TryLater, OSError: the other content cannot be read."""
        start, end = max(start, 0), min(end, self._size)
        found: list[bytes] = []
        number = max(bisect_right(self._starts, start) - 1, 0)
        while start < end:
            run = self._runs[number]
            until = min(end, run.start + run.octets)
            first, last = run.there + start - run.start, run.there + until - run.start
            found.append(self._content.read(first, last) if run.instead is None else run.instead[first:last])
            start, number = until, number + 1
        return found[0] if len(found) == 1 else b"".join(found)

    def descriptor(self) -> int:
        """There is none: nobody examines what has been decided."""
        raise NotImplementedError

    def close(self) -> None:
        """The other content is its owner's."""


class _Run(NamedTuple):
    """Octets that stand together."""

    start: int  # in what has become of it
    octets: int
    there: int  # where they are read from
    instead: bytes | None  # None: from the other content
