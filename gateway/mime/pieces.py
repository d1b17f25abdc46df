"""A content looked at as one buffer, and read piece by piece as somebody looks. Pure but for what reading it is."""

from __future__ import annotations

from gateway.model.message import Content

WINDOW_OCTETS = 262_144


class Pieces:
    """model.message.Buffer over content that is read as it is looked at."""

    def __init__(self, content: Content) -> None:
        self._content = content

    def __len__(self) -> int:
        return self._content.octets

    def __getitem__(self, where: slice) -> bytes:
        start, end, _ = where.indices(self._content.octets)
        return self._content.read(start, end)

    def find(self, what: bytes, start: int = 0, end: int | None = None) -> int:
        stop = self._content.octets if end is None else min(end, self._content.octets)
        for at in range(start, stop, WINDOW_OCTETS):
            found = self._content.read(at, min(at + WINDOW_OCTETS + len(what) - 1, stop)).find(what)
            if found >= 0:
                return at + found
        return -1

    def rfind(self, what: bytes, start: int = 0, end: int | None = None) -> int:
        stop = self._content.octets if end is None else min(end, self._content.octets)
        while start < stop:
            at = max(start, stop - WINDOW_OCTETS)
            found = self._content.read(at, stop).rfind(what)
            if found >= 0:
                return at + found
            stop = at + len(what) - 1 if at > start else start
        return -1
