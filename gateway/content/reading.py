"""What readers are given, what they yield, and the budget they keep.

A reader is a generator: it yields segments of text, labels, members and oddities in the order in which it meets them, and raises
Unreadable when it cannot go on. What it yielded before still counts.
"""

from __future__ import annotations

import lzma
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from gateway.detectors import Segment
from gateway.model.finding import Evidence, Readable

_MB = 1_048_576
BROKEN = (OSError, EOFError, ValueError, RuntimeError, zlib.error, lzma.LZMAError)  # what decompressors raise
_SPARE = 0.75  # of the processor time: who kills us from outside does so at the whole


def _nobody_asks(_seconds: float) -> None:
    """No other file has its share of the same time."""


@dataclass(frozen=True, slots=True)
class Budget:
    """How much work one outermost file may cause, with all that is inside it. Exceeded is over-budget, never clean."""

    depth: int = 4  # archives within archives
    entries: int = 2000  # members of archives
    parts: int = 50_000  # of documents
    octets: int = 200 * _MB  # unpacked, in total
    ratio: int = 200  # unpacked to packed, of one entry ...
    ratio_above: int = 10 * _MB  # ... of at least this size
    pages: int = 5000
    cells: int = 5_000_000
    seconds: float = 20.0  # of processor time
    picture_seconds: float | None = None  # besides, for words in pictures; None: they are not read
    on_pictured: Callable[[float], None] = _nobody_asks  # told how many seconds of them were used, each time


class Unreadable(Exception):
    """A reader cannot go on; `readable` says why."""

    def __init__(self, readable: Readable) -> None:
        super().__init__(readable.value)
        self.readable = readable


class Spent:
    """What has been used up of a budget."""

    __slots__ = ("_budget", "_cells", "_entries", "_octets", "_pages", "_parts", "_until", "picture_seconds", "pictures")

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._entries = self._parts = self._octets = self._pages = self._cells = 0
        self._until = time.process_time() + budget.seconds * _SPARE
        self.picture_seconds = budget.picture_seconds or 0.0  # that are left
        self.pictures: dict[bytes, object] = {}  # what was read in them, by their digest: one that is there again costs nothing

    def depth(self, depth: int) -> None:
        self._spend(depth <= self._budget.depth)

    def entries(self, number: int = 1) -> None:
        self._entries += number
        self._spend(self._entries <= self._budget.entries)

    def parts(self, number: int) -> None:
        self._parts += number
        self._spend(self._parts <= self._budget.parts)

    def pages(self, number: int = 1) -> None:
        self._pages += number
        self._spend(self._pages <= self._budget.pages)

    def cells(self, number: int) -> None:
        self._cells += number
        self._spend(self._cells <= self._budget.cells)

    @property
    def reads_pictures(self) -> bool:
        """Whether words are looked for in pictures at all."""
        return self._budget.picture_seconds is not None

    def pictured(self, seconds: float) -> None:
        """Words in a picture took so long. When the time for that is used up pictures are left unread, and the rest is read on."""
        self._until += max(0.0, min(seconds, self.picture_seconds))
        self.picture_seconds -= seconds
        self._budget.on_pictured(seconds)

    def time(self) -> None:
        """Nothing but time has been used."""
        self._spend(True)

    def unpacked(self, more: int, so_far: int, packed: int) -> None:
        """`more` octets came out of an entry that has given `so_far` octets from `packed` ones."""
        self._octets += more
        bomb = so_far > self._budget.ratio_above and so_far > self._budget.ratio * max(packed, 1)
        self._spend(self._octets <= self._budget.octets and not bomb)

    def _spend(self, enough: bool) -> None:
        if not enough or time.process_time() > self._until:
            raise Unreadable(Readable.OVER_BUDGET)


class Stream(Protocol):
    """Octets that can only be read onwards."""

    def read(self, size: int, /) -> bytes: ...


class Bounded:
    """A decompressing stream that stops at the budget. What its header says of its size is not believed."""

    __slots__ = ("_packed", "_seen", "_spent", "_stream")

    def __init__(self, stream: Stream, packed: int, spent: Spent) -> None:
        self._stream = stream
        self._packed = packed
        self._spent = spent
        self._seen = 0

    def read(self, size: int = 65536) -> bytes:
        """The next octets; fewer than asked for, and none only at the end."""
        data = self._stream.read(min(size, 65536) if size >= 0 else 65536)
        self._seen += len(data)
        self._spent.unpacked(len(data), self._seen, self._packed)
        return data

    def all(self) -> bytes:
        """Everything that is left."""
        return b"".join(iter(self.read, b""))

    def salvage(self) -> tuple[bytes, Readable | None]:
        """Everything that is left, or that comes before it breaks; and what broke it.

        Raises:
            Unreadable: over budget.
        """
        pieces: list[bytes] = []
        try:
            pieces.extend(iter(self.read, b""))
        except BROKEN:
            return b"".join(pieces), Readable.DAMAGED
        except Unreadable as unreadable:
            if unreadable.readable is Readable.OVER_BUDGET:
                raise
            return b"".join(pieces), unreadable.readable
        return b"".join(pieces), None


@dataclass(frozen=True, slots=True)
class Source:
    """One file as a reader gets it."""

    data: bytes
    names: tuple[str, ...]
    declared: str  # media type, lower-case
    charset: str | None = None
    is_words: bool = False
    where: str = "text"  # what a person calls its running text
    opened: dict[type, object] = field(default_factory=dict, compare=False, repr=False)  # what identification opened, for the reader


@dataclass(frozen=True, slots=True)
class Member:
    """A file inside a file."""

    name: str
    data: bytes
    declared: str = ""
    readable: Readable | None = None  # known already: not, or not to its end; `data` is what there is of it
    octets: int = 0  # where there is no data: what is claimed
    also: tuple[str, ...] = ()  # other names that another program may give it
    is_in_text: bool = False  # it stands in the middle of a text, and may be found in several readings of it
    is_piece: bool = False  # a beginning that nothing announces: none at all when it is damaged and nothing that counts is read in it
    oddity: str = ""  # of what it stands in, when it was not known already


@dataclass(frozen=True, slots=True)
class Oddity:
    """Something that a policy may ask about."""

    name: str


@dataclass(frozen=True, slots=True)
class Unread:
    """Something of the file was left unread, and its reader goes on."""

    readable: Readable


Item: TypeAlias = Segment | Evidence | Member | Oddity | Unread
Reader: TypeAlias = Callable[[Source, Spent], Iterator[Item]]
