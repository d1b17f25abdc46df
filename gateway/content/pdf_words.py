"""The words of one page of a PDF, and where they stand on the paper: pdfium's own calls, with one buffer for all pages.

The helpers of pypdfium2 cost as much as the text of a short page. Positions are in points from the lower left corner of the paper.
"""

from __future__ import annotations

import ctypes
from bisect import bisect_left
from dataclasses import dataclass
from typing import Any

import pypdfium2.raw as pdfium

_loose, _origin = pdfium.FPDFText_GetLooseCharBox, pdfium.FPDFText_GetCharOrigin
_CLOSE = 0.8  # of the height of a line: no letters on average are wider


@dataclass(frozen=True, slots=True)
class Box:
    """Where something stands."""

    left: float
    bottom: float
    right: float
    top: float

    @property
    def height(self) -> float:
        return max(self.top - self.bottom, 1.0)

    def holds(self, across: float, up: float) -> bool:
        return self.left <= across <= self.right and self.bottom <= up <= self.top


class Scratch:
    """Room for what pdfium says, used again and again."""

    __slots__ = ("box", "units", "x", "y")

    def __init__(self) -> None:
        self.units = (ctypes.c_ushort * 16_384)()
        self.box = pdfium.FS_RECTF()
        self.x, self.y = ctypes.c_double(), ctypes.c_double()

    def hold(self, units: int) -> None:
        if len(self.units) < units:
            self.units = (ctypes.c_ushort * units)()

    def said(self, units: int) -> str:
        return ctypes.string_at(self.units, 2 * max(0, units)).decode("utf-16-le", "replace")


class Words:
    """An open text page. Its text has CRLF at line ends, and U+FFFE for a hyphen there that pdfium took for one."""

    __slots__ = ("_exact", "_page", "_scratch", "_wide", "letters", "text")

    def __init__(self, page: Any, scratch: Scratch) -> None:
        self._page = page
        self._scratch = scratch
        self.letters = length = max(0, pdfium.FPDFText_CountChars(page))
        scratch.hold(length + 1)
        units = pdfium.FPDFText_GetText(page, 0, length, scratch.units) - 1
        self.text = scratch.said(units)
        # Letters that say nothing are in pdfium's list and not in its text; beyond the BMP one character is two in both.
        self._exact = units == length == len(self.text)
        self._wide = [] if units == len(self.text) else [at for at, letter in enumerate(self.text) if letter > "\uffff"]

    def letter(self, at: int) -> Box | None:
        """Where a letter of the text stands, with the height of its line; None when it has no place."""
        box = self._scratch.box
        index = self._index(at)
        if index < 0 or not _loose(self._page, index, box):
            return None
        return Box(box.left, box.bottom, box.right, box.top)

    def count_in(self, box: Box) -> int:
        """How many words stand in this place."""
        place = (self._page, box.left, box.top, box.right, box.bottom)
        units = pdfium.FPDFText_GetBoundedText(*place, None, 0)
        self._scratch.hold(units + 1)
        return len(self._scratch.said(pdfium.FPDFText_GetBoundedText(*place, self._scratch.units, units)).split())

    def lines(self, most: int) -> list[tuple[float, float, int, int]]:
        """So many lines of the text: how far up and across the point is where each begins; its start and end in the text."""
        x, y, found, start = self._scratch.x, self._scratch.y, [], 0
        for line in self.text.split("\r\n", most)[:most]:
            end = start + len(line)
            if line and _origin(self._page, start if self._exact else self._index(start), x, y):
                found.append((y.value, x.value, start, end))
            start = end + 2
        return found

    def is_at_one_go(self, start: int, end: int) -> bool:
        """Whether these letters were drawn by one operator, and stand as close as letters do."""
        first, last = self.letter(start), self.letter(end - 1)
        if first is None or last is None or pdfium.FPDFText_CountRects(self._page, self._index(start), end - start) != 1:
            return False
        return max(last.right - first.left, last.top - first.bottom) < _CLOSE * first.height * (end - start)

    def is_wide(self, before: int, after: int, heights: float) -> bool:
        """Whether more than so many heights of the line lie between two letters, in whichever direction the line runs."""
        box = self._scratch.box
        if not _loose(self._page, self._index(before), box):
            return False
        left, bottom, right, top = box.left, box.bottom, box.right, box.top
        if not _loose(self._page, self._index(after), box):
            return False
        across, along = max(box.left - right, left - box.right), max(box.bottom - top, bottom - box.top)
        return bool(across > heights * (top - bottom) or along > heights * (right - left))

    def _index(self, at: int) -> int:
        if self._exact:
            return at
        return int(pdfium.FPDFText_GetCharIndexFromTextIndex(self._page, at + bisect_left(self._wide, at)))
