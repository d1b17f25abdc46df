"""A multipart split at its delimiter lines, as one reader splits it (RFC 2046 section 5.1.1). Pure.

Where readers differ about a line, `asked` says so, and the way says what is taken. The time is bounded: by lines that only look like a
delimiter, and by an allowance of octets to be searched.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeVar

from gateway.mime.headers import WINDOW_OCTETS
from gateway.mime.ways import MAIN_TIMES, OCTETS, Choice, Spent
from gateway.model.message import Buffer, Defect, DefectName, Span

PARTS = 1000  # of a message
LOOKALIKES = 10_000
GUESSES = 4  # boundaries that nobody has declared
GUESS_OCTETS = 1024 * 1024  # of a body searched for them

_GUESS = re.compile(rb"(?:\A|\r\n)--([^\r\n]{1,200}?)(?:--)?[ \t]*\r\n(?=content-[a-z-]{2,40}[ \t]*:)", re.IGNORECASE)

T = TypeVar("T")


class _Delimiter(NamedTuple):
    """A delimiter line of a multipart."""

    start: int  # of the line end before it
    after: int  # behind its own line end
    closes: bool


class Members(NamedTuple):
    """A multipart split."""

    spans: tuple[Span, ...]
    defects: tuple[DefectName, ...] = ()
    rest: Span | None = None  # what was too much to split
    preamble: int = 0  # where it ends
    epilogue: int = -1  # where it begins: behind the closing delimiter; -1 when there is none

    @property
    def is_closed(self) -> bool:
        """Whether there was a closing delimiter."""
        return self.epilogue >= 0


class Splitter:
    """Splits the multiparts of one message on one way.

    Args:
        way: what to take where readers differ; what most do everywhere when nothing is said.
        left: octets that a further walk may still look at; None for the first walk, which has enough of its own and stops splitting at
            their end.
    """

    __slots__ = ("_buffer", "_is_further", "_lookalikes", "_way", "asked", "defects", "left")

    def __init__(self, buffer: Buffer, way: Mapping[Choice, int] | None, left: int | None) -> None:
        self._buffer = buffer
        self._way = way
        self._is_further = left is not None
        self.left = OCTETS + MAIN_TIMES * len(buffer) if left is None else left
        self._lookalikes = 0
        self.defects: list[Defect] = []
        self.asked: dict[Choice, set[int]] = {}  # where readers differ: what they may take

    def _pick(self, choice: Choice, options: Iterable[int], message: str) -> int:
        """What this walk takes: 0 is what most readers do. Attached messages are read in all ways with their file, not here."""
        if message:
            return 0
        self.asked.setdefault(choice, {0}).update(options)
        return self._way.get(choice, 0) if self._way else 0

    def _pick_of(self, choice: Choice, options: Sequence[T], message: str) -> T:
        """The same of things that stand in an order."""
        return options[min(self._pick(choice, range(len(options)), message), len(options) - 1)]

    def _splits(self, body: Span, boundaries: tuple[bytes, ...], message: str, limit: int) -> tuple[Span, list[Members | None]]:
        """How each boundary splits the body, None last when one does not; and where that ends."""
        found: list[Members | None] = []
        missed = False
        for boundary in boundaries:
            members = self._split(body, boundary, message)
            goes_on = limit > body.end and (members is None or members.epilogue < 0) and self._goes_on(boundary, body.end, limit)
            # What is around it has ended. To readers who look for one boundary at a time it goes on.
            if goes_on and self._pick(Choice.NESTING, (1,), message):
                body = Span(body.start, limit)
                members = self._split(body, boundary, message)
                body = Span(body.start, members.epilogue) if members is not None and members.is_closed else body
            missed |= members is None
            if members is not None and not any(other is not None and other.spans == members.spans for other in found):
                found.append(members)
        return body, [*found, None] if found and missed else found

    def _goes_on(self, boundary: bytes, start: int, end: int) -> bool:
        """Whether a delimiter of a multipart stands behind the end of what is around it."""
        if not self._may_look(end - start):
            return False
        return self._find(b"\r\n--" + boundary, max(start - 2, 0), end) >= 0

    def _may_look(self, octets: int) -> bool:
        """Whether there is still time for so many."""
        self.left -= octets
        if self.left >= 0:
            return True
        if self._is_further:
            raise Spent
        self.defects.append(Defect(DefectName.TOO_MANY_READINGS))
        return False

    def _guessed(self, body: Span, message: str) -> Iterator[Members | None]:
        """As it is split by whoever takes the first delimiter-like lines for delimiters. Nobody looks far for them."""
        if message:
            return
        octets = self._buffer[body.start : min(body.end, body.start + GUESS_OCTETS)]
        for boundary in list(dict.fromkeys(found[1].rstrip() for found in _GUESS.finditer(octets)))[:GUESSES]:
            if (members := self._split(body, boundary, message)) is not None:
                yield members

    def _split(self, body: Span, boundary: bytes, message: str) -> Members | None:
        """Every member between two delimiter lines."""
        needle = b"\r\n--" + boundary
        if not self._may_look(body.end - body.start):
            return None
        spans: list[Span] = []
        opened = preamble = -1
        delimiters = self._delimiters(body, needle, message)
        delimiter = next(delimiters, None)
        while delimiter is not None:
            if opened >= 0:
                # RFC 2046 5.1.1: the line end before a delimiter belongs to it; of two in a row it is the same one.
                spans.append(Span(opened, max(opened, delimiter.start)))
            else:
                preamble = max(delimiter.start, body.start)
            following = next(delimiters, None)
            # Some readers go on behind the closing delimiter.
            if delimiter.closes and (following is None or not self._pick(Choice.CLOSE, (1,), message)):
                beyond = (DefectName.TOO_MANY_PARTS,) if self._lookalikes > LOOKALIKES else ()
                return Members(tuple(spans), beyond, preamble=preamble, epilogue=delimiter.after) if opened >= 0 else None
            opened = delimiter.after
            if len(spans) >= PARTS:
                return Members(tuple(spans), (DefectName.TOO_MANY_PARTS,), Span(opened, body.end), preamble)
            delimiter = following
        if opened < 0:
            return None
        if self._lookalikes > LOOKALIKES:
            return Members(tuple(spans), (DefectName.TOO_MANY_PARTS,), Span(opened, body.end), preamble)
        return Members((*spans, Span(opened, body.end)), (DefectName.BOUNDARY_UNCLOSED,), None, preamble)

    def _delimiters(self, body: Span, needle: bytes, message: str) -> Iterator[_Delimiter]:
        """Delimiter lines from the start of the body on; what only begins like one is passed over."""
        if self._buffer[body.start : min(body.start + len(needle) - 2, body.end)] == needle[2:]:
            found = body.start - 2
        else:
            found = self._find(needle, body.start, body.end)
        while found >= 0:
            delimiter = self._read_delimiter(found, found + len(needle), body.end, message)
            if delimiter is not None:
                yield delimiter
                at = max(delimiter.after - 2, found + 2)
            else:
                self._lookalikes += 1
                if self._lookalikes > LOOKALIKES:
                    return
                at = found + 2
            found = self._find(needle, at, body.end)

    def _read_delimiter(self, start: int, after: int, end: int, message: str) -> _Delimiter | None:
        """The rest of a line that begins with the boundary: nothing, or `--`.

        Blanks may follow, as RFC 2046 has it; to some they may not. Anything else is another boundary, or text; to those who compare as
        RFC 2046 says (the boundary has only to stand at the beginning) it is a delimiter too.
        """
        rest = self._buffer[after : min(after + 1024, end)]
        line, found, _ = rest.partition(b"\r\n")
        if not found and after + len(rest) < end:
            return None
        closes = line.startswith(b"--")
        more = line[2:] if closes else line
        if more:
            is_blank = not more.strip(b" \t")
            taken = self._pick(Choice.DELIMITER, (1, 2), message)  # 0: blanks may follow, 1: anything may, 2: nothing may
            if taken == 2 or not (taken or is_blank):
                return None
        return _Delimiter(start, after + len(line) + len(found), closes)

    def _find(self, needle: bytes, start: int, end: int) -> int:
        """Where the needle stands in [start, end), or -1."""
        # Base64 has no hyphen: it is passed at the speed of memchr. Windows, because a map's own find is slow.
        if end - start <= WINDOW_OCTETS:
            hyphen = self._buffer.find(b"-", start, end)
            return -1 if hyphen < 0 else self._buffer.find(needle, max(hyphen - 2, start), end)
        for at in range(start, end, WINDOW_OCTETS):
            window = self._buffer[at : min(at + WINDOW_OCTETS + len(needle) - 1, end)]
            if b"-" in window and (found := window.find(needle)) >= 0:
                return at + found
        return -1
