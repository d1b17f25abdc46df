"""Line ends: whatever comes, only CRLF goes on. Fed in pieces; what was odd becomes the name of a defect.

Standards: RFC 5321 section 2.3.8 (CR and LF stand only together), RFC 5322 section 2.1.1 (998 octets). A CR or LF alone becomes CRLF, a NUL
is dropped, a last line without end gets one (DATA can carry only whole lines). A piece may end anywhere, between CR and LF too.

Most of a large mail is base64: lines of equal length. Such a run is checked by looking at two columns and, the columns blanked, for any
other CR or LF; that costs a fifth of counting line ends.
"""

from __future__ import annotations

from gateway.model.message import DefectName

MOST_LINE_OCTETS = 65_536  # without CRLF; longer ones are refused
LONG_LINE_OCTETS = 998  # without CRLF; longer ones pass, noted

_RUN_OCTETS = 8192  # pieces below are counted at once
_MOST_PERIOD = LONG_LINE_OCTETS + 2
_SCRATCH = bytearray(65_536)  # one for all: new memory for every piece would cost more than the look at it


class Lines:
    """The line ends of one message."""

    def __init__(self) -> None:
        self.defects: set[DefectName] = set()
        self.is_too_long = False  # a line over MOST_LINE_OCTETS was seen
        self._cr = False  # the piece before ended in CR: held back, its LF may follow
        self._open = 0  # octets of the line that has not ended yet

    def feed(self, data: bytes) -> bytes:
        """The same text with CRLF line ends only."""
        if self._cr:
            data = b"\r" + data
            self._cr = False
        if b"\0" in data:
            self.defects.add(DefectName.NUL)
            data = data.replace(b"\0", b"")
        if data.endswith(b"\r"):
            self._cr = True
            data = data[:-1]
        return self._normal(data) if data else b""

    def end(self) -> bytes:
        """What is still owed when the message is over."""
        if self._cr:
            self._cr = False
            return self._normal(b"\r")
        return b"\r\n" if self._open else b""

    def _normal(self, data: bytes) -> bytes:
        start, end = _run(data) if len(data) >= _RUN_OCTETS else (0, 0)
        if not (_is_canonical(data, 0, start) and _is_canonical(data, end, len(data))):
            self.defects.add(DefectName.BARE_LINE_END)
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\r\n")
            start, end = 0, 0
        self._measure(data, 0, start)
        self._measure(data, end, len(data))
        return data

    def _measure(self, data: bytes, start: int, end: int) -> None:
        """Note long lines: one rfind for each thousand octets, not one find for each line."""
        if start == end:
            return
        first = data.find(b"\n", start, end) + 1
        if not first:
            self._open += end - start
            self._note(self._open)
            return
        self._note(self._open + first - start)
        last = data.rfind(b"\n", start, end) + 1
        while first < last:
            following = data.rfind(b"\n", first, min(first + _MOST_PERIOD, last)) + 1
            if not following:
                following = data.find(b"\n", first, last) + 1
                self._note(following - first)
            first = following
        self._open = end - last
        self._note(self._open)

    def _note(self, octets: int) -> None:
        """`octets` counts the CRLF; an open line has none yet, which makes no difference that matters at 64 KiB."""
        if octets > _MOST_PERIOD:
            self.defects.add(DefectName.LONG_LINE)
            self.is_too_long = self.is_too_long or octets > MOST_LINE_OCTETS + 2


def _is_canonical(data: bytes, start: int, end: int) -> bool:
    """Whether every CR is followed by LF and every LF follows a CR."""
    ends = data.count(b"\n", start, end)
    return data.count(b"\r", start, end) == ends and (not ends or data.count(b"\r\n", start, end) == ends)


def _run(data: bytes) -> tuple[int, int]:
    """Where the run of equally long, canonical lines around the middle begins and ends; (0, 0) when there is none worth it."""
    lf = data.find(b"\n", len(data) // 2)
    period = data.find(b"\n", lf + 1) - lf
    if lf < 0 or not 3 <= period <= _MOST_PERIOD:
        return 0, 0
    column = data[lf % period :: period]
    here = lf // period
    before = len(column[: here + 1]) - len(column[: here + 1].rstrip(b"\n"))
    after = len(column[here:]) - len(column[here:].lstrip(b"\n"))
    start, end = lf - (before - 1) * period + 1, lf + (after - 1) * period + 1
    if end - start < _RUN_OCTETS // 2:
        return 0, 0
    return (start, end) if _is_equal_lines(data, start, end, period) else (0, 0)


def _is_equal_lines(data: bytes, start: int, end: int, period: int) -> bool:
    """Whether these lines, known to end in LF each, have a CR before it and no other CR or LF."""
    count = (end - start) // period
    if data[start + period - 2 : end : period] != b"\r" * count:
        return False
    at_once = len(_SCRATCH) // period
    octets = memoryview(data)
    for first in range(start, end, at_once * period):
        if not _is_blank_but_for_ends(octets[first : min(first + at_once * period, end)], period):
            return False
    return True


def _is_blank_but_for_ends(lines: memoryview, period: int) -> bool:
    """Whether there is no CR or LF outside the last two columns."""
    size = len(lines)
    _SCRATCH[:size] = lines
    _SCRATCH[period - 1 : size : period] = _SCRATCH[period - 2 : size : period] = b" " * (size // period)
    return _SCRATCH.find(b"\n", 0, size) < 0 and _SCRATCH.find(b"\r", 0, size) < 0
