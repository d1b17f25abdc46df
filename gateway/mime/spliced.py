"""Octets as they are after their splices, read as one without being put together. Pure.

In: a content and sorted, disjoint splices. Out: another content. Nothing is copied but what is asked for; it lives as long as the first.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import NamedTuple

from gateway.model.message import Buffer, Content
from gateway.model.outcome import Splice

WINDOW_OCTETS = 256 * 1024


class _Piece(NamedTuple):
    """A stretch of the result: octets of our own, or of the content from `start` on."""

    at: int  # where it begins in the result
    length: int
    start: int = 0
    octets: bytes | None = None


class Spliced:
    """model.message.Content."""

    def __init__(self, content: Content, splices: Sequence[Splice]) -> None:
        self._content = content
        self._pieces = tuple(_pieces(content.octets, splices))
        self._starts = [piece.at for piece in self._pieces]
        last = self._pieces[-1] if self._pieces else _Piece(0, 0)
        self._octets = last.at + last.length

    @property
    def octets(self) -> int:
        return self._octets

    def view(self) -> AbstractContextManager[Buffer]:
        return nullcontext(_View(self))

    def read(self, start: int, end: int) -> bytes:
        """Raises TryLater, as the content does."""
        end = min(end, self._octets)
        if start >= end:
            return b""
        found: list[bytes] = []
        for piece in self._pieces[bisect_right(self._starts, start) - 1 :]:
            if piece.at >= end:
                break
            first, last = max(start - piece.at, 0), min(end - piece.at, piece.length)
            if piece.octets is not None:
                found.append(piece.octets[first:last])
            else:
                found.append(self._content.read(piece.start + first, piece.start + last))
        return found[0] if len(found) == 1 else b"".join(found)

    def descriptor(self) -> int:
        """There is none: these octets stand nowhere as one."""
        raise NotImplementedError

    def close(self) -> None:
        """The content belongs to somebody else."""


class _View:
    """model.message.Buffer."""

    def __init__(self, spliced: Spliced) -> None:
        self._spliced = spliced

    def __len__(self) -> int:
        return self._spliced.octets

    def __getitem__(self, where: slice) -> bytes:
        start, end, _ = where.indices(self._spliced.octets)
        return self._spliced.read(start, end)

    def find(self, what: bytes, start: int = 0, end: int | None = None) -> int:
        stop = len(self) if end is None else min(end, len(self))
        for at in range(start, stop, WINDOW_OCTETS):
            found = self._spliced.read(at, min(at + WINDOW_OCTETS + len(what) - 1, stop)).find(what)
            if found >= 0:
                return at + found
        return -1

    def rfind(self, what: bytes, start: int = 0, end: int | None = None) -> int:
        stop = len(self) if end is None else min(end, len(self))
        while start < stop:
            at = max(start, stop - WINDOW_OCTETS)
            found = self._spliced.read(at, stop).rfind(what)
            if found >= 0:
                return at + found
            stop = at + len(what) - 1 if at > start else start
        return -1


def _pieces(octets: int, splices: Sequence[Splice]) -> Iterator[_Piece]:
    at = kept = 0
    for start, end, instead in (*splices, Splice(octets, octets)):
        if start > kept:
            yield _Piece(at, start - kept, kept)
            at += start - kept
        if instead:
            yield _Piece(at, len(instead), octets=instead)
            at += len(instead)
        kept = end
