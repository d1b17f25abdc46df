"""Segments of text to evidence: one pass that finds every detector and marking of a pack. Pure.

Almost all text holds nothing, so an re2.Set says first which patterns occur in each 64 KiB at all; of those that do, it is asked again for
each 4 KiB, and only there are they looked for. Plain runs of digits, which a table is full of, are judged many at a time (runs.py).
A segment is named by the place where it begins: SUBJECT_START is a subject, FIRST_LINE a body or a document. Its later text counts as
SUBJECT or TEXT, and what it quotes as QUOTED. Other places are read line by line. A TEXT segment continues the one before of its name.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import re2

from gateway.detectors import marking, own
from gateway.detectors.detector import AFTER, BEFORE, LOOSE_AFTER, LOOSE_BEFORE, Detector, Found
from gateway.detectors.grid import Grid
from gateway.detectors.identifiers import DETECTORS
from gateway.detectors.links import is_approved, link_pattern
from gateway.detectors.marking import Marking
from gateway.detectors.normalise import normalise, octets
from gateway.detectors.runs import digit_runs, places
from gateway.detectors.tables import Table, divider_of, valid_values
from gateway.model.finding import Evidence, EvidenceKind, Pattern, Patterns, Place

Segment: TypeAlias = tuple[Place, str, str]  # the place where it begins, words for a person ("page 3 header"), the text

_NOWHERE = 1 << 62  # an offset that no text reaches
_CHUNK = 65536
_PIECE = 4096
_BACK, _OVERLAP = 160, 320  # octets around a stretch; no candidate and no marking is longer, no telling word is farther
_ENOUGH = 100_000  # distinct values; beyond them the count no longer grows
_WINDOW = 64  # octets that a judge may see
_OF_TABLES = frozenset({"persons-in-table", "identifying-columns", "small-cells"})
_SUBJECTS = (Place.SUBJECT_START, Place.SUBJECT)
_RUNNING = (Place.FIRST_LINE, Place.TEXT, Place.QUOTED)
_LINKS = {False: "link-out", True: "link-out-quoted"}  # by whether they are quoted


def scan(segments: Iterable[Segment], patterns: Patterns) -> tuple[Evidence, ...]:
    """Everything the patterns find: one Evidence for each detector, and one for each marking and place, in the order of the pack."""
    search = _Search(_compile(patterns))
    for place, where, text in segments:
        if text:
            search.segment(place, where, normalise(text))
    return search.evidence()


# --- what is looked for -----------------------------------------------------------------------------------------------

_Act: TypeAlias = "Callable[[_Search, _Text, int, int], None]"  # on the text from one octet to another


class _Compiled:
    """Patterns made ready; made once for each policy."""

    __slots__ = (
        "acts",
        "asked",
        "at",
        "columns",
        "detectors",
        "earlier",
        "heads",
        "lengths",
        "loose",
        "markings",
        "near",
        "number",
        "occurring",
        "runs",
        "small_below",
        "telling",
    )

    def __init__(self, patterns: Patterns) -> None:
        house = (detector for id_, detector in DETECTORS.items() if id_ in patterns.detectors)
        self.detectors = (*house, *map(own.prepare, patterns.own))
        self.asked = patterns.detectors
        self.small_below = patterns.small_below
        self.number = {detector.id: number for number, detector in enumerate(self.detectors)}
        # What may head or fill the column of a table: all that names people when tables are asked about, else what is looked for.
        self.columns = tuple(DETECTORS.values()) if self.asked & _OF_TABLES else self.detectors
        self.markings = tuple(marking.prepare(pattern) for pattern in patterns.markings)
        self.at = {place: tuple(made for made in self.markings if place in made.pattern.where) for place in Place}
        self.telling = tuple(re2.compile(f"(?i){one.near}".encode(), _options()) if one.near else None for one in self.detectors)
        self.loose = tuple(re2.compile(one.loose.encode(), _options()) if one.loose else None for one in self.detectors)
        self.lengths = frozenset(length for one in self.detectors for length in one.runs)
        # What each pattern of the set is: heading or telling words of a detector, by its number; runs of digits; or something to act upon.
        sources: list[str] = []
        self.heads, self.near, self.acts, self.runs = {}, {}, {}, -1
        for number, detector in enumerate(self.detectors):
            if detector.heading:
                self.heads[_added(sources, detector.heading)] = number
            if detector.near and (detector.loose or detector.runs):
                self.near[_added(sources, f"(?i){detector.near}")] = number
            if detector.written != "":
                self.acts[_added(sources, detector.written or detector.candidate)] = _identify(number, detector)
        if self.lengths:
            self.runs = _added(sources, rf"[0-9]{{{min(self.lengths)}}}")
        for made in self.markings:
            if not made.pattern.where.isdisjoint((Place.TEXT, Place.SUBJECT, Place.QUOTED)):
                self.acts[_added(sources, made.running)] = _mark(made)
        if self.asked & set(_LINKS.values()):
            pattern = link_pattern(patterns.services)
            self.acts[_added(sources, pattern)] = _link(re2.compile(pattern.encode(), _options()), patterns.approved)
        self.earlier = _added(sources, marking.EARLIER) if sources else -1
        self.occurring = _occurring(sources)


def _added(sources: list[str], source: str) -> int:
    sources.append(source)
    return len(sources) - 1


_ready: list[tuple[Patterns, _Compiled]] = []  # the last few: a pack's patterns are one object for as long as it is in force


def _compile(patterns: Patterns) -> _Compiled:
    for known, compiled in _ready:
        if known is patterns:
            return compiled
    compiled = next((made for known, made in _ready if known == patterns), None) or _Compiled(patterns)
    _ready[:] = [(patterns, compiled), *_ready[:15]]
    return compiled


def _options() -> Any:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 64 << 20
    return options


def _occurring(sources: Sequence[str]) -> Callable[[bytes], Sequence[int] | None]:
    """A function that says which of the patterns occur in some octets."""
    if not sources:
        return lambda _: None
    together = re2.Set.SearchSet(_options())
    for source in sources:
        together.Add(source)
    together.Compile()
    match: Callable[[bytes], Sequence[int] | None] = together.Match
    return match


# --- what is seen -----------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Text:
    """A segment at work."""

    place: Place
    where: str
    data: bytes
    lines: int | None  # of the same text, in segments before this; None where a person counts no lines
    quoted: int = _NOWHERE  # octet where earlier text begins, as far as the search has come
    counted: tuple[int, int] = (0, 0)  # an octet, and the line ends before it

    def is_quoted(self, at: int) -> bool:
        """Whether this octet belongs to quoted earlier text. Only words and documents quote."""
        if self.place is not Place.FIRST_LINE:
            return False
        line = self.data.rfind(b"\n", 0, at) + 1
        return at >= self.quoted or self.data[line : at + 1].lstrip(b" \t").startswith(b">")

    def spot(self, at: int) -> str:
        """Where a person finds this octet: "body, line 12", "sheet Staff, C14"."""
        if self.lines is None and not isinstance(self.where, Grid):
            return self.where
        start, ends = self.counted if self.counted[0] <= at else (0, 0)
        self.counted = (at, ends + self.data.count(b"\n", start, at))
        if isinstance(self.where, Grid):
            column = self.data.count(b"\t", self.data.rfind(b"\n", 0, at) + 1, at)
            return f"{self.where}, {self.where.cell(self.counted[1], column)}"
        line = (self.lines or 0) + self.counted[1] + 1
        return f"{self.where}, line {line}" if line > 1 else self.where

    def place_of(self, at: int) -> Place:
        """The place this octet counts as."""
        if self.place in _RUNNING:
            return Place.QUOTED if self.place is Place.QUOTED or self.is_quoted(at) else Place.TEXT
        return Place.SUBJECT if self.place is Place.SUBJECT_START else self.place


@dataclass(slots=True)
class _Tally:
    """What one detector has seen so far."""

    looked: int = 0  # candidates, valid or not
    sure: dict[str, None] = field(default_factory=dict)  # distinct values, in order
    unsure: dict[str, None] = field(default_factory=dict)
    headed: bool = False
    where: str = ""
    place: Place | None = None

    def add(self, value: str, *, sure: bool, text: _Text, at: int) -> None:
        """Count a value; where the first one stood is kept, and rather of one that is sure."""
        if self.place is None or (sure and not self.sure):
            self.where, self.place = text.spot(at), text.place_of(at)
        (self.sure if sure else self.unsure)[value] = None


@dataclass(slots=True)
class _Seen:
    """How often a marking stood at one place, and where first."""

    count: int
    where: str


class _Search:
    """One scan."""

    __slots__ = ("_last", "_open", "_tables", "compiled", "links", "seen", "tallies")

    def __init__(self, compiled: _Compiled) -> None:
        self.compiled = compiled
        self.tallies: dict[int, _Tally] = {}  # by number of the detector, of those that saw anything
        self.seen: dict[tuple[str, Place], _Seen] = {}
        self._last: _Text | None = None  # the running text that a segment may continue
        self.links: dict[str, _Tally] = {}  # new ones, quoted ones
        self._tables: list[Table] = []
        self._open: Table | None = None  # the last of them, if what follows may go on with it

    def segment(self, place: Place, where: str, text: str) -> None:
        """Look through one segment."""
        if place in _SUBJECTS:
            self._subject(where, text)
        elif place is Place.FIRST_LINE:
            self._lines((marking.first_line(text),), Place.FIRST_LINE, where)
        elif place is Place.FILE_NAME:
            self._name(where, text)
        elif place not in _RUNNING:
            self._lines(text.splitlines(), place, where)
        if place is not Place.HEADER_FIELD:  # numbers of machines, no words
            lines = self._before(place, where)
            if lines is not None and self.compiled.columns:
                self._table(place, where, text)
            self._run(_Text(place, where, octets(text), lines))

    def tally(self, number: int) -> _Tally:
        """Of one detector."""
        found = self.tallies.get(number)
        if found is None:
            found = self.tallies[number] = _Tally()
        return found

    def saw(self, pattern: Pattern, place: Place, where: str) -> None:
        """Count one occurrence of a marking."""
        found = self.seen.setdefault((pattern.id, place), _Seen(0, where))
        found.count += 1

    def saw_at(self, pattern: Pattern, place: Place, text: _Text, at: int) -> None:
        """The same, in running text: where it stood is worked out for the first alone."""
        found = self.seen.get((pattern.id, place))
        self.saw(pattern, place, text.spot(at) if found is None else "")

    def _before(self, place: Place, where: str) -> int | None:
        """Lines are counted from where a body or document begins."""
        if place is Place.FIRST_LINE:
            return 0
        last = self._last
        if place is not Place.TEXT or last is None or last.where != where or last.lines is None:
            return None
        return last.lines + last.data.count(b"\n") + 1

    def _subject(self, where: str, text: str) -> None:
        letters, starts = marking.key_of(text), marking.openings(text)
        for made in self.compiled.at[Place.SUBJECT_START]:
            if made.first in letters and any(made.opening.match(text, start) for start in starts):
                self.saw(made.pattern, Place.SUBJECT_START, where)

    def _name(self, where: str, name: str) -> None:
        """A whole line of a file name is the name without folder and ending."""
        letters, stem = marking.key_of(name), re.split(r"[/\\]", name)[-1].rpartition(".")[0]
        for made in self.compiled.at[Place.FILE_NAME]:
            if marking.on_line(name, letters, made) or marking.on_line(stem, letters, made):
                self.saw(made.pattern, Place.FILE_NAME, where)

    def _lines(self, lines: Iterable[str], place: Place, where: str) -> None:
        counted = self.compiled.at[place]
        for line in lines if counted else ():
            letters = marking.key_of(line) if len(line) <= marking.LONGEST_LINE else line.casefold()
            for made in counted:
                if marking.on_line(line, letters, made):
                    self.saw(made.pattern, place, where)

    def _table(self, place: Place, where: str, text: str) -> None:
        if place is Place.FIRST_LINE:
            divider = divider_of(text)
            self._open = _table(divider, where, self.compiled) if divider else None
            if self._open is not None:
                self._tables.append(self._open)
        if self._open is not None:
            self._open.feed(text)

    def _run(self, text: _Text) -> None:
        end = len(text.data)
        for start, stop in _stretches(text.data, end):
            self._chunk(text, start, stop)
        if text.lines is not None:
            self._last = text

    def _chunk(self, text: _Text, start: int, end: int) -> None:
        compiled = self.compiled
        occurring = compiled.occurring(_around(text.data, start, end))
        if not occurring:
            return
        if compiled.earlier in occurring and text.place is Place.FIRST_LINE:
            text.quoted = min(text.quoted, marking.quoted_from(text.data, start))
        for index in occurring:
            if index in compiled.heads:
                self.tally(compiled.heads[index]).headed = True
        near = [compiled.near[index] for index in occurring if index in compiled.near]
        if compiled.runs in occurring:
            self._digits(text, start, end, near)
        for number in {*near, *(number for number, tally in self.tallies.items() if tally.headed)}:
            self._loose(text, start, end, number)
        acts = sorted(index for index in occurring if index in compiled.acts)
        if acts:
            self._act(text, start, end, acts)

    def _act(self, text: _Text, start: int, end: int, acts: Sequence[int]) -> None:
        """Look closely, where a chunk is large only at those of its pieces in which something occurs."""
        compiled = self.compiled
        if end - start <= 2 * _PIECE:
            for index in acts:
                compiled.acts[index](self, text, start, end)
            return
        for piece in range(start, end, _PIECE):
            stop = min(end, piece + _PIECE)
            for index in compiled.occurring(_around(text.data, piece, stop)) or ():
                if index in compiled.acts:
                    compiled.acts[index](self, text, piece, stop)

    def _digits(self, text: _Text, start: int, end: int, near: Sequence[int]) -> None:
        """Plain runs of digits. Those of a detector that could only be believed for a telling word are left alone where there is none."""
        wanted = [
            number
            for number, one in enumerate(self.compiled.detectors)
            if one.runs and (one.company or not one.near or number in near or (number in self.tallies and self.tallies[number].headed))
        ]
        found = digit_runs(text.data[start:end]) if wanted else {}
        for number in wanted:
            detector = self.compiled.detectors[number]
            for length in detector.runs:
                if length in found:
                    self._runs(text, start, end, number, found[length], is_near=number in near)

    def _runs(self, text: _Text, start: int, end: int, number: int, runs: Sequence[bytes], *, is_near: bool) -> None:
        detector, tally = self.compiled.detectors[number], self.tally(number)
        tally.looked += len(runs)
        valid = list(detector.valid(runs)) if detector.valid else []
        if not valid or len(tally.sure) >= _ENOUGH:
            return
        if not detector.near:
            tally.add(valid[0].decode(), sure=True, text=text, at=places(text.data, start, end, valid[:1])[0])
            tally.sure.update(dict.fromkeys([run.decode() for run in valid]))
        elif not is_near:
            if tally.place is None:
                tally.add(valid[0].decode(), sure=False, text=text, at=places(text.data, start, end, valid[:1])[0])
            tally.unsure.update(dict.fromkeys([run.decode() for run in valid]))
        else:
            telling = self.telling(text, start, end, number)
            for run, at in zip(valid, places(text.data, start, end, valid), strict=False):
                tally.add(run.decode(), sure=_is_near(telling, at, at + len(run)), text=text, at=at)

    def telling(self, text: _Text, start: int, end: int, number: int) -> list[int]:
        """Where the telling words of a detector begin, in and around a stretch."""
        words = self.compiled.telling[number]
        if words is None:
            return []
        return [
            word.start()
            for word in words.finditer(text.data, _whole(text.data, max(0, start - BEFORE)), min(len(text.data), end + _OVERLAP))
        ]

    def _loose(self, text: _Text, start: int, end: int, number: int) -> None:
        """Forms that could be anything: beside each telling word, and under a heading everywhere."""
        forms, words = self.compiled.loose[number], self.compiled.telling[number]
        if forms is None:
            return
        detector, tally, data = self.compiled.detectors[number], self.tally(number), text.data
        if tally.headed:
            for at, found in _judged(detector, forms, data, start, end):
                tally.looked += 1
                tally.add(found.value, sure=found.sure, text=text, at=at)
        for word in words.finditer(data, start, min(len(data), end + _OVERLAP)) if words is not None else ():
            first = max(0, word.start() - LOOSE_BEFORE)
            for at, found in _judged(detector, forms, data, first, min(len(data), word.end() + LOOSE_AFTER)):
                if len(tally.sure) < _ENOUGH:
                    tally.add(found.value, sure=True, text=text, at=at)

    def evidence(self) -> tuple[Evidence, ...]:
        """What it comes to."""
        for table in self._tables:
            self._columns(table)
        found = [made for number in sorted(self.tallies) if (made := self._detected(number)) is not None]
        for id_ in sorted(self.links.keys() & self.compiled.asked):
            tally = self.links[id_]
            host = next(iter(tally.sure)).partition("/")[0]
            found.append(Evidence(EvidenceKind.DETECTOR, id_, len(tally.sure), tally.where, f"{host}/•••", place=tally.place))
        for prepared in self.compiled.markings if self.seen else ():
            pattern = prepared.pattern
            for (id_, place), seen in self.seen.items():
                if id_ == pattern.id:
                    where = f"{seen.where}, quoted earlier text" if place is Place.QUOTED else seen.where
                    found.append(Evidence(EvidenceKind.MARKING, id_, seen.count, where, pattern.text, place=place))
        return (*found, *_of_tables(self._tables, self.compiled.asked)) if self._tables else tuple(found)

    def _columns(self, table: Table) -> None:
        """Valid values in a column that is headed so, or holds little else, are sure."""
        for column in table.columns:
            number = self.compiled.number.get(column.kind)
            if number is not None:
                detector, tally = self.compiled.detectors[number], self.tally(number)
                values = dict.fromkeys(valid_values(detector, column.values))
                if values and not tally.sure:
                    tally.where, tally.place = f"{table.where}, column {column.heading[:40] or column.at + 1}", Place.TEXT
                tally.sure.update(values)

    def _detected(self, number: int) -> Evidence | None:
        detector, tally = self.compiled.detectors[number], self.tallies[number]
        values = tally.sure
        if tally.unsure and _is_supported(detector, tally):
            values = tally.sure | tally.unsure
        if not values:
            return None
        sample = detector.mask(next(iter(values)))
        return Evidence(EvidenceKind.DETECTOR, detector.id, len(values), tally.where, sample, place=tally.place)


def _table(divider: str, where: str, compiled: _Compiled) -> Table:
    return Table(divider, where, compiled.columns, compiled.small_below, of_people=bool(compiled.asked & _OF_TABLES))


def _of_tables(tables: Sequence[Table], asked: frozenset[str]) -> Iterator[Evidence]:
    """Of several readings of one table the largest counts."""
    people = max(tables, key=lambda table: table.persons)
    if "persons-in-table" in asked and people.persons:
        where = f"{people.where}: {', '.join(kind.replace('-', ' ') for kind in people.kinds)}"
        yield Evidence(EvidenceKind.DETECTOR, "persons-in-table", people.persons, where, place=Place.TEXT)
    widest = max(tables, key=lambda table: len(table.kinds))
    if "identifying-columns" in asked and widest.kinds:
        where = f"{widest.where}: {', '.join(kind.replace('-', ' ') for kind in widest.kinds)}"
        yield Evidence(EvidenceKind.DETECTOR, "identifying-columns", len(widest.kinds), where, place=Place.TEXT)
    small: dict[str, int] = {}
    for table in tables:
        small[table.where] = max(table.small, small.get(table.where, 0))
    counts = sum(small.values())
    if "small-cells" in asked and counts:
        where = next(where for where, count in small.items() if count)
        yield Evidence(EvidenceKind.DETECTOR, "small-cells", counts, where, place=Place.TEXT)


def _is_supported(detector: Detector, tally: _Tally) -> bool:
    distinct = len(tally.sure | tally.unsure)
    company = detector.company and distinct >= 3 and distinct * 2 > tally.looked
    return company or (tally.headed and distinct >= detector.heading_needs)


def _is_near(telling: list[int], at: int, end: int) -> bool:
    return bisect_left(telling, at - BEFORE) < bisect_left(telling, end + AFTER)


# --- stretches of octets ----------------------------------------------------------------------------------------------


def _stretches(data: bytes, end: int) -> Iterator[tuple[int, int]]:
    """Chunks that end between words where they can."""
    start = 0
    while end - start > _CHUNK:
        stop = start + _CHUNK
        cut = max(data.rfind(sign, stop - _PIECE, stop) for sign in (b"\n", b" ", b",")) + 1
        stop = cut or stop
        yield start, stop
        start = stop
    if start < end:
        yield start, end


def _around(data: bytes, start: int, end: int) -> bytes:
    """A stretch with what may belong to it on both sides."""
    if start == 0 and end == len(data):
        return data
    return data[_whole(data, max(0, start - _BACK)) : end + _OVERLAP]


def _whole(data: bytes, at: int) -> int:
    """Back to the first octet of a UTF-8 character."""
    while at and 0x80 <= data[at] < 0xC0:
        at -= 1
    return at


# --- what is done about each pattern ----------------------------------------------------------------------------------


def _judged(detector: Detector, forms: Any, data: bytes, start: int, end: int) -> Iterator[tuple[int, Found]]:
    """The valid values that begin in a stretch."""
    for match in forms.finditer(data, start, min(len(data), end + _WINDOW)):
        at = match.start()
        if at >= end:
            return
        if not (at and data[at - 1 : at] in _PARTS):  # part of something longer, which begins with a sign
            found = detector.judge(data[at : at + _WINDOW].decode("ascii", "replace"), len(match[0]))
            if found is not None:
                yield at, found


_PARTS = (b"/", b".", b"_", b"-", b"+", b"\\")


def _identify(number: int, detector: Detector) -> _Act:
    """The act of a detector: judge every candidate that begins in this stretch of the text."""
    candidates = _owned(detector) if detector.own else _candidates(detector)

    def act(search: _Search, text: _Text, start: int, end: int) -> None:
        tally, data = search.tally(number), text.data
        telling: list[int] | None = None  # where telling words begin, once somebody asked
        for at, stop in candidates(data, start, end):
            tally.looked += 1
            if detector.own:
                shown = data[at:stop].decode("utf-8", "replace")
                found = detector.judge(shown, len(shown))
            else:
                found = detector.judge(data[at : max(stop, at + _WINDOW)].decode("ascii", "replace"), stop - at)
            if found is None or len(tally.sure) >= _ENOUGH:
                continue
            sure = found.sure or found.value in tally.sure
            if not sure and detector.near:
                if telling is None:
                    telling = search.telling(text, start, end, number)
                sure = _is_near(telling, at, stop)
            tally.add(found.value, sure=sure, text=text, at=at)

    return act


_Candidates: TypeAlias = Callable[[bytes, int, int], Iterator[tuple[int, int]]]


def _candidates(detector: Detector) -> _Candidates:
    """Where the forms of a detector of the house stand."""
    forms = re2.compile((detector.written or detector.candidate).encode(), _options())  # ten times as fast as re where little is found
    behind = re.compile(detector.behind.encode()) if detector.behind else None

    def candidates(data: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
        for match in forms.finditer(data, start, min(len(data), end + _OVERLAP)):
            at = match.start()
            if at >= end:
                return
            if behind is not None:
                before = behind.search(data[max(0, at - _WINDOW) : at])
                if before is None:
                    continue
                at -= len(before[0])
            if not (at and data[at - 1 : at] in _PARTS):  # part of something longer, which begins with a sign
                yield at, match.end()

    return candidates


def _owned(detector: Detector) -> _Candidates:
    """Where the forms of a pack's own detector stand; what ends one may begin the next."""
    forms = re2.compile((detector.candidate).encode(), _options())

    def candidates(data: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
        at, last = _whole(data, max(0, start - 4)), min(len(data), end + _OVERLAP)
        while (match := forms.search(data, at, last)) is not None:
            if match.start(1) >= end:
                return
            if match.start(1) >= start:
                yield match.start(1), match.end(1)
            at = match.end(1)

    return candidates


def _link(finder: Any, approved: frozenset[str]) -> _Act:
    """The act of links to file sharing: those in quoted earlier text are somebody else's, and counted apart."""

    def act(search: _Search, text: _Text, start: int, end: int) -> None:
        for match in finder.finditer(text.data, _whole(text.data, max(0, start - 4)), min(len(text.data), end + _OVERLAP)):
            at, host = match.start(1), match[1].decode("ascii").lower()
            if start <= at < end and not is_approved(host, approved):
                tally = search.links.setdefault(_LINKS[text.place_of(at) is Place.QUOTED], _Tally())
                if len(tally.sure) < _ENOUGH:
                    tally.add(f"{host}/{match[2].decode('utf-8', 'replace')}", sure=True, text=text, at=at)

    return act


def _mark(made: Marking) -> _Act:
    """The act of a marking in running text: a body, a document, or a subject."""
    finder = re2.compile(made.running.encode(), _options())

    def act(search: _Search, text: _Text, start: int, end: int) -> None:
        if text.place not in _RUNNING and text.place not in _SUBJECTS:
            return
        for match in finder.finditer(text.data, _whole(text.data, max(0, start - 4)), min(len(text.data), end + _OVERLAP)):
            at, stop = match.span(1)
            if not start <= at < end:
                continue
            place = text.place_of(at)
            if place in made.pattern.where or (place is Place.QUOTED and Place.TEXT in made.pattern.where):
                whole = marking.is_bracketed if place is Place.SUBJECT else marking.stands_alone
                if not made.pattern.whole_line or whole(text.data, at, stop, made):
                    search.saw_at(made.pattern, place, text, at)

    return act
