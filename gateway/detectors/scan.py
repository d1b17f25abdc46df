"""Segments of text to evidence: one pass that finds every detector and marking of a pack. Pure.

Almost all text holds nothing, so an re2.Set says first which patterns occur in each 64 KiB at all; only those are then looked for.
A segment is named by the place where it begins: SUBJECT_START is a subject, FIRST_LINE a body or a document. Its later text counts as
SUBJECT or TEXT. Other places are read line by line.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeAlias

import re2

from gateway.detectors import marking
from gateway.detectors.identifiers import DETECTORS, Detector
from gateway.detectors.marking import Marking
from gateway.detectors.normalise import normalise, octets
from gateway.model.finding import Evidence, EvidenceKind, Pattern, Patterns, Place

Segment: TypeAlias = tuple[Place, str, str]  # the place where it begins, words for a person ("page 3 header"), the text

_CHUNK = 65536
_OVERLAP = 512  # octets; no candidate and no marking is longer
_ENOUGH = 100_000  # distinct values; beyond them the count no longer grows
_WINDOW = 64  # octets that a judge may see
_BEFORE, _AFTER = 100, 40  # octets in which a telling word supports a value
_SUBJECTS = (Place.SUBJECT_START, Place.SUBJECT)
_RUNNING = (Place.FIRST_LINE, Place.TEXT)


def scan(segments: Iterable[Segment], patterns: Patterns) -> tuple[Evidence, ...]:
    """Everything the patterns find: one Evidence for each detector, and one for each marking and place, in the order of the pack."""
    compiled = _compile(patterns)
    search = _Search(compiled)
    for place, where, text in segments:
        if text:
            search.segment(place, where, normalise(text))
    return search.evidence()


class _Compiled:
    """Patterns made ready; made once for each policy."""

    __slots__ = ("actions", "at", "detectors", "markings", "occurring")

    def __init__(self, patterns: Patterns) -> None:
        self.detectors = tuple(detector for id_, detector in DETECTORS.items() if id_ in patterns.detectors)
        self.markings = tuple(marking.prepare(pattern) for pattern in patterns.markings)
        self.at = {place: tuple(made for made in self.markings if place in made.pattern.where) for place in Place}
        # One action for each pattern of the set, in the set's order.
        self.actions: list[Callable[[_Search, _Text, int, int], None]] = []
        sources: list[str] = []
        for number, detector in enumerate(self.detectors):
            sources.append(detector.candidate)
            self.actions.append(_identify(number, detector))
            if detector.heading:
                sources.append(detector.heading)
                self.actions.append(_head(number))
        for made in self.markings:
            if not made.pattern.where.isdisjoint((Place.TEXT, Place.SUBJECT)):
                sources.append(made.running)
                self.actions.append(_mark(made))
        self.occurring = _occurring(sources)


@lru_cache(maxsize=16)
def _compile(patterns: Patterns) -> _Compiled:
    return _Compiled(patterns)


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


@dataclass(slots=True)
class _Text:
    """A segment at work."""

    place: Place
    where: str
    text: str
    data: bytes
    quoted: int | None = None  # offset in octets where earlier text begins, once somebody asked

    def is_quoted(self, at: int) -> bool:
        """Whether this octet belongs to quoted earlier text. Only words and documents quote."""
        if self.place is not Place.FIRST_LINE:
            return False
        if self.quoted is None:
            self.quoted = len(octets(self.text[: marking.quoted_from(self.text)]))
        line = self.data.rfind(b"\n", 0, at) + 1
        return at >= self.quoted or self.data[line : at + 1].lstrip(b" \t").startswith(b">")


@dataclass(slots=True)
class _Tally:
    """What one detector has seen so far."""

    looked: int = 0  # candidates, valid or not
    sure: dict[str, None] = field(default_factory=dict)  # distinct values, in order
    unsure: dict[str, None] = field(default_factory=dict)
    headed: bool = False
    where: str = ""
    place: Place | None = None


@dataclass(slots=True)
class _Seen:
    """How often a marking stood at one place, and where first."""

    count: int
    where: str


class _Search:
    """One scan."""

    __slots__ = ("compiled", "seen", "tallies")

    def __init__(self, compiled: _Compiled) -> None:
        self.compiled = compiled
        self.tallies: dict[int, _Tally] = {}  # by number of the detector, of those that saw anything
        self.seen: dict[tuple[str, Place, bool], _Seen] = {}

    def segment(self, place: Place, where: str, text: str) -> None:
        """Look through one segment."""
        if place in _SUBJECTS:
            self._subject(where, text)
        elif place is Place.FIRST_LINE:
            self._lines((marking.first_line(text),), Place.FIRST_LINE, where)
        elif place is Place.FILE_NAME:
            self._name(where, text)
        elif place is not Place.TEXT:
            self._lines(text.splitlines(), place, where)
        if place is not Place.HEADER_FIELD:  # numbers of machines, no words
            self._run(_Text(place, where, text, octets(text)))

    def tally(self, number: int) -> _Tally:
        """Of one detector."""
        found = self.tallies.get(number)
        if found is None:
            found = self.tallies[number] = _Tally()
        return found

    def saw(self, pattern: Pattern, place: Place, where: str, *, quoted: bool = False) -> None:
        """Count one occurrence of a marking."""
        found = self.seen.setdefault((pattern.id, place, quoted), _Seen(0, where))
        found.count += 1

    def _subject(self, where: str, text: str) -> None:
        folded, starts = text.casefold(), marking.openings(text)
        for made in self.compiled.at[Place.SUBJECT_START]:
            if made.first in folded and any(made.opening.match(text, start) for start in starts):
                self.saw(made.pattern, Place.SUBJECT_START, where)

    def _name(self, where: str, name: str) -> None:
        """A whole line of a file name is the name without folder and ending."""
        folded, stem = name.casefold(), re.split(r"[/\\]", name)[-1].rpartition(".")[0]
        for made in self.compiled.at[Place.FILE_NAME]:
            if marking.on_line(name, folded, made) or marking.on_line(stem, folded, made):
                self.saw(made.pattern, Place.FILE_NAME, where)

    def _lines(self, lines: Iterable[str], place: Place, where: str) -> None:
        counted = self.compiled.at[place]
        for line in lines if counted else ():
            folded = line.casefold()
            for made in counted:
                if marking.on_line(line, folded, made):
                    self.saw(made.pattern, place, where)

    def _run(self, text: _Text) -> None:
        data, end = text.data, len(text.data)
        for start in range(0, end, _CHUNK):
            chunk = data if end <= _CHUNK else data[_whole(data, max(0, start - _OVERLAP)) : start + _CHUNK + _OVERLAP]
            for index in self.compiled.occurring(chunk) or ():
                self.compiled.actions[index](self, text, start, min(end, start + _CHUNK))

    def evidence(self) -> tuple[Evidence, ...]:
        """What it comes to."""
        found = [made for number in sorted(self.tallies) if (made := self._detected(number)) is not None]
        for prepared in self.compiled.markings if self.seen else ():
            pattern = prepared.pattern
            for (id_, place, quoted), seen in self.seen.items():
                if id_ == pattern.id:
                    where = f"{seen.where}, quoted earlier text" if quoted else seen.where
                    found.append(Evidence(EvidenceKind.MARKING, id_, seen.count, where, pattern.text, place=place))
        return tuple(found)

    def _detected(self, number: int) -> Evidence | None:
        detector, tally = self.compiled.detectors[number], self.tallies[number]
        values = tally.sure
        if tally.unsure and _is_supported(detector, tally):
            values = tally.sure | tally.unsure
        if not values:
            return None
        sample = detector.mask(next(iter(values)))
        return Evidence(EvidenceKind.DETECTOR, detector.id, len(values), tally.where, sample, place=tally.place)


def _is_supported(detector: Detector, tally: _Tally) -> bool:
    distinct = len(tally.sure | tally.unsure)
    company = detector.company and distinct >= 3 and distinct * 2 > tally.looked
    return company or (tally.headed and distinct >= detector.heading_needs)


def _whole(data: bytes, at: int) -> int:
    """Back to the first octet of a UTF-8 character."""
    while at and 0x80 <= data[at] < 0xC0:
        at -= 1
    return at


def _identify(number: int, detector: Detector) -> Callable[[_Search, _Text, int, int], None]:
    """The action of a detector: judge every candidate that begins in this stretch of the text."""
    candidates = re.compile(detector.candidate.encode())
    near = re2.compile(f"(?i){detector.near}".encode(), _options()) if detector.near else None

    def act(search: _Search, text: _Text, start: int, end: int) -> None:
        tally, data = search.tally(number), text.data
        telling: list[int] | None = None  # where telling words begin, once somebody asked
        for match in candidates.finditer(data, start, min(len(data), end + _OVERLAP)):
            at = match.start()
            if at >= end:
                break
            if data[at - 1 : at] in _PARTS and at:  # part of something longer, which begins with a sign
                continue
            tally.looked += 1
            found = detector.judge(data[at : at + _WINDOW].decode("ascii", "replace"), len(match[0]))
            if found is None or len(tally.sure) >= _ENOUGH:
                continue
            sure = found.sure or found.value in tally.sure
            if not sure and near is not None:
                if telling is None:
                    telling = [word.start() for word in near.finditer(data, _whole(data, max(0, start - _BEFORE)), end + _OVERLAP)]
                sure = bisect_left(telling, at - _BEFORE) < bisect_left(telling, match.end() + _AFTER)
            if tally.place is None or (sure and not tally.sure):
                tally.where, tally.place = text.where, _place(text)
            (tally.sure if sure else tally.unsure)[found.value] = None

    return act


_PARTS = (b"/", b".", b"_", b"-", b"+", b"\\")


def _place(text: _Text) -> Place:
    return Place.TEXT if text.place is Place.FIRST_LINE else Place.SUBJECT if text.place is Place.SUBJECT_START else text.place


def _head(number: int) -> Callable[[_Search, _Text, int, int], None]:
    """The action of a heading."""

    def act(search: _Search, _text: _Text, _start: int, _end: int) -> None:
        search.tally(number).headed = True

    return act


def _mark(made: Marking) -> Callable[[_Search, _Text, int, int], None]:
    """The action of a marking in running text: a body, a document, or a subject."""
    finder = re2.compile(made.running.encode(), _options())

    def act(search: _Search, text: _Text, start: int, end: int) -> None:
        place = Place.TEXT if text.place in _RUNNING else Place.SUBJECT if text.place in _SUBJECTS else None
        if place is None or place not in made.pattern.where:
            return
        for match in finder.finditer(text.data, _whole(text.data, max(0, start - 4)), min(len(text.data), end + _OVERLAP)):
            at = match.start(1)
            if start <= at < end and (not made.pattern.whole_line or _stands_alone(text.data, at, made)):
                search.saw(made.pattern, place, text.where, quoted=text.is_quoted(at))

    return act


def _stands_alone(data: bytes, at: int, made: Marking) -> bool:
    end = data.find(b"\n", at)
    line = data[data.rfind(b"\n", 0, at) + 1 : end if end >= 0 else len(data)]
    return len(line) <= 4 * marking.LONGEST_LINE and marking.is_whole_line(line.decode("utf-8", "replace"), made.key)
