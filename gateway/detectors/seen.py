"""What a scan has seen so far: the text at work, values of detectors, markings. Mutable, of one scan alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

from gateway.detectors.grid import Grid
from gateway.detectors.marking import Marking
from gateway.detectors.unseen import Unseen
from gateway.model.finding import Pattern, Place

ENOUGH = 100_000  # distinct values; beyond them the count no longer grows
MARKED = 1000  # the same for how often a marking stood at one place
SUBJECTS = (Place.SUBJECT_START, Place.SUBJECT)
RUNNING = (Place.FIRST_LINE, Place.TEXT, Place.QUOTED)
Judged: TypeAlias = tuple[tuple[str, int, int], ...]  # markings by id, with the octets between which each is counted already
_NOWHERE = 1 << 62  # an offset that no text reaches
_LONG = 2000  # octets: a longer line is no line of a quotation


@dataclass(slots=True)
class Text:
    """A segment at work."""

    place: Place
    where: str
    data: bytes
    lines: int | None  # of the same text, in segments before this; None where a person counts no lines
    judged: Judged = ()  # as what opens a subject, or on a first line
    quoted: int = _NOWHERE  # octet where earlier text begins, as far as the search has come
    counted: tuple[int, int] = (0, 0)  # an octet, and the line ends before it
    divider: str | None = None  # of its cells, once somebody asked; "" where it is no table

    def is_judged(self, id_: str, at: int, end: int) -> bool:
        """Whether this marking is counted already where it stands."""
        return any(id_ == known and first <= at and end <= last for known, first, last in self.judged)

    def is_quoted(self, at: int) -> bool:
        """Whether this octet belongs to quoted earlier text. Only words and documents quote."""
        if self.place is not Place.FIRST_LINE:
            return False
        if at >= self.quoted:
            return True
        line = self.data.rfind(b"\n", max(0, at - _LONG), at) + 1
        return (line > 0 or at < _LONG) and self.data[line : at + 1].lstrip(b" \t").startswith(b">")

    def spot(self, at: int) -> str:
        """Where a person finds this octet: "body, line 12", "sheet Staff, C14"."""
        if self.lines is None and not isinstance(self.where, Grid):
            return str(self.where)
        start, ends = self.counted if self.counted[0] <= at else (0, 0)
        self.counted = (at, ends + self.data.count(b"\n", start, at))
        if isinstance(self.where, Grid):
            column = self.data.count(b"\t", self.data.rfind(b"\n", 0, at) + 1, at)
            return f"{self.where}, {self.where.cell(self.counted[1], column)}"
        line = (self.lines or 0) + self.counted[1] + 1
        return f"{self.where}, line {line}" if line > 1 else self.where

    def place_of(self, at: int) -> Place:
        """The place this octet counts as."""
        if self.place in RUNNING:
            return Place.QUOTED if self.place is Place.QUOTED or self.is_quoted(at) else Place.TEXT
        return Place.SUBJECT if self.place is Place.SUBJECT_START else self.place


@dataclass(slots=True)
class Tally:
    """What one detector has seen so far."""

    looked: int = 0  # candidates, valid or not
    sure: dict[str, None] = field(default_factory=dict)  # distinct values, in order
    unsure: dict[str, None] = field(default_factory=dict)
    headed: bool = False
    where: str = ""
    place: Place | None = None

    def add(self, value: str, *, sure: bool, text: Text, at: int) -> None:
        """Count a value; where the first one stood is kept, and rather of one that is sure."""
        if self.place is None or (sure and not self.sure):
            self.where, self.place = text.spot(at), text.place_of(at)
        (self.sure if sure else self.unsure)[value] = None


@dataclass(slots=True)
class Seen:
    """How often a marking stood at one place, and where first."""

    count: int
    where: str


class Finds:
    """Everything that one scan has found."""

    __slots__ = ("explained", "links", "markings", "tallies")

    def __init__(self) -> None:
        self.tallies: dict[int, Tally] = {}  # by number of the detector, of those that saw anything
        self.links: dict[str, Tally] = {}  # by the name of their detector
        self.markings: dict[tuple[str, Place], Seen] = {}  # by id
        self.explained = 0  # cells that only tell about a tier

    def __bool__(self) -> bool:
        return bool(self.tallies or self.links or self.markings)

    def tally(self, number: int) -> Tally:
        """Of one detector."""
        found = self.tallies.get(number)
        if found is None:
            found = self.tallies[number] = Tally()
        return found

    def is_headed(self, number: int) -> bool:
        """Whether a heading of this detector was seen."""
        return number in self.tallies and self.tallies[number].headed

    def saw(self, pattern: Pattern, place: Place, where: str) -> None:
        """Count one occurrence of a marking. One at an edge of a page that nobody sees is said to stand in the text: it cannot lower."""
        place = Place.TEXT if isinstance(where, Unseen) else place
        self.markings.setdefault((pattern.id, place), Seen(0, str(where))).count += 1

    def name_cells(self, markings: Iterable[Marking], text: Text, at: int) -> None:
        """In which cell of the first row of a sheet, from this octet on, each of these stood first."""
        for made in markings:
            seen, found = self.markings[made.pattern.id, text.place], made.finder.search(text.data, at)
            if seen.count == 1 and found is not None:
                seen.where = text.spot(found.start(1))

    def has_enough(self, pattern: Pattern, place: Place) -> bool:
        """Whether a marking stood there so often that one more says nothing: each row of a long table may carry it."""
        seen = self.markings.get((pattern.id, place))
        return seen is not None and seen.count >= MARKED

    def saw_at(self, pattern: Pattern, place: Place, text: Text, at: int) -> None:
        """The same, in running text: where it stood is worked out for the first alone."""
        self.saw(pattern, place, text.spot(at) if (pattern.id, place) not in self.markings else "")
