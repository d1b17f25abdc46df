"""Segments of text to evidence: one pass that finds every detector and marking of a pack. Pure.

Almost all text holds nothing, so an re2.Set says first which patterns occur in each 64 KiB at all; of those that do, it is asked again for
each 4 KiB, and only there are they looked for. Plain runs of digits, which a table is full of, are judged many at a time (runs.py).
A segment is named by the place where it begins: SUBJECT_START is the subject of a mail, SUBJECT the title of an invitation, FIRST_LINE a
body or a document. Its later text counts as SUBJECT or TEXT, and what it quotes as QUOTED. Other places are read line by line. A TEXT
segment continues the one before of its name.
A line that is shown in another order than it is written in (turned.py) is read both ways.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import pairwise, product
from typing import TypeAlias

from gateway.detectors import boxes, cells, marking
from gateway.detectors.called import Called
from gateway.detectors.cells import EDGES
from gateway.detectors.columns import valid_values
from gateway.detectors.detector import Detector
from gateway.detectors.grid import Grid
from gateway.detectors.marking import Marking
from gateway.detectors.normalise import normalise, octets
from gateway.detectors.prepared import Prepared, prepare
from gateway.detectors.runs import digit_runs
from gateway.detectors.seen import RUNNING, SUBJECTS, Finds, Judged, Tally, Text
from gateway.detectors.stretches import OVERLAP, PIECE, around, stretches
from gateway.detectors.tables import OF_TABLES, Table, divider_of, evidence_of
from gateway.detectors.turned import Line, turned_lines
from gateway.detectors.unseen import Unseen, name_of
from gateway.model.finding import Evidence, EvidenceKind, Patterns, Place

Segment: TypeAlias = tuple[Place, str, str]  # the place where it begins, words for a person ("page 3 header"), the text
_Pieces: TypeAlias = Sequence[tuple[int, int, Collection[int]]]  # from one octet to another, with the patterns that occur there


_ENDING = re.compile(r"\.(?=[A-Za-z0-9]{1,5}$)")  # with the signs of file names as a sign that ends words, a value stands by itself
_CLOSE = 8192  # octets that are looked at closely when something occurs in them: of fewer, what stands around them would be as much again


def scan(segments: Iterable[Segment], patterns: Patterns) -> tuple[Evidence, ...]:
    """Everything the patterns find: one Evidence for each detector, and one for each marking and place, in the order of the pack."""
    search = _Search(prepare(patterns))
    for place, where, text in segments:
        if text:
            search.segment(place, where, plain := normalise(text))
            if turned := tuple(turned_lines(text)):
                search.turned(place, where, turned, plain)
    return search.evidence()


class _Search:
    """One scan."""

    __slots__ = ("_finds", "_last", "_prepared", "_table", "_tables")

    def __init__(self, prepared: Prepared) -> None:
        self._prepared = prepared
        self._finds = Finds()
        self._last: Text | None = None  # the running text that a segment may continue
        self._table: Table | None = None  # the table that it holds
        self._tables: list[Table] = []

    def segment(self, place: Place, where: str, text: str, judged: Judged = ()) -> None:
        """Look through one segment."""
        if place in SUBJECTS:
            judged = self._subject(place, where, text)
        elif place is Place.FIRST_LINE:
            judged = self._first_line(where, text)
        elif place is Place.FILE_NAME:
            self._name(where, text)
        elif place in EDGES:
            self._edge(text.splitlines(), place, where)
        elif place is Place.HEADER_FIELD:
            self._field(where, text)
        elif place not in RUNNING:
            self._lines(text.splitlines(), place, where)
        if place is not Place.HEADER_FIELD:  # numbers of machines, no words
            lines = self._before(place, where)
            if lines is not None and self._prepared.columns:
                self._rows(place, where, text)
            self._run(Text(place, where, octets(text), lines, judged))
            if place is Place.FILE_NAME:
                self._run(Text(place, where, octets(_ENDING.sub("~", text).replace("_", "~")), None))

    def turned(self, place: Place, where: str, lines: Sequence[Line], text: str) -> None:
        """Lines of this text that are shown in another order; what follows it goes on from the text."""
        where = name_of(f"{where}, as it is shown", is_shown=not isinstance(where, Unseen))
        shown = normalise("\n".join(line.shown for line in lines))
        judged: Judged = ()
        if place is Place.FIRST_LINE:
            if normalise(lines[0].written).strip() == text[slice(*marking.first_line(text))]:
                judged = self._first_line(where, shown)
            place = Place.TEXT
        self.segment(place, where, shown, judged)

    # --- lines and names ------------------------------------------------------------------------------------------------

    def _first_line(self, where: str, text: str) -> Judged:
        """The whole of it is said by a marking of a whole line. One that is looked for anywhere in a text is also in its first line."""
        begin, end = marking.first_line(text)
        seen = [made for made in self._lines((text[begin:end],), Place.FIRST_LINE, where, text) if made.pattern.whole_line]
        at, stop = _octets(text, begin, end) if seen else (0, 0)
        if seen and isinstance(where, Grid):
            self._finds.name_cells(seen, Text(Place.FIRST_LINE, where, octets(text), 0), at)
        return tuple((made.pattern.id, at, stop) for made in seen)

    def _subject(self, place: Place, where: str, text: str) -> Judged:
        judged: Judged = ()
        letters, starts, is_name = marking.key_of(text), marking.openings(text), isinstance(where, Called)
        for made in self._prepared.at[Place.SUBJECT_START]:
            opened = (found for start in starts if (found := made.opening.match(text, start))) if made.first in letters else ()
            counted = (found for found in opened if place is Place.SUBJECT_START or marking.opens_title(found[0], made, is_name=is_name))
            if (first := next(counted, None)) is not None:
                self._finds.saw(made.pattern, Place.SUBJECT_START, where)
                if made.pattern.whole_line:
                    judged = (*judged, (made.pattern.id, *_octets(text, *first.span())))
        return judged

    def _name(self, where: str, name: str) -> None:
        """A whole line of a file name is the name without folder and ending."""
        letters, stem = marking.key_of(name), re.split(r"[/\\]", name)[-1].rpartition(".")[0]
        for made in self._prepared.at[Place.FILE_NAME]:
            if marking.on_line(name, letters, made) or marking.on_line(stem, letters, made) or cells.in_name(stem or name, made):
                self._finds.saw(made.pattern, Place.FILE_NAME, where)

    def _field(self, where: str, field: str) -> None:
        """The value of a field, and `name: value` for a marking that has a colon itself: what a field is called is no marking."""
        name, _, value = field.partition(":")
        for line in value.splitlines():
            for made in self._prepared.at[Place.HEADER_FIELD]:
                lines = (line, f"{name}: {line}") if ":" in made.pattern.text else (line,)
                if any(marking.on_line(one, marking.key_of(one), made) for one in lines):
                    self._finds.saw(made.pattern, Place.HEADER_FIELD, where)

    def _lines(self, lines: Iterable[str], place: Place, where: str, text: str = "") -> list[Marking]:
        """The markings that were seen."""
        counted, seen = self._prepared.at[place], []
        for line in lines if counted else ():
            letters = marking.key_of(line)
            for made in counted:
                if made.first not in letters:
                    continue
                if marking.on_line(line, letters, made):
                    self._finds.saw(made.pattern, place, where)
                elif cells.shares(self._finds, line, made, place, text):
                    # Not at the edge of a page: there what is not a whole line could lower.
                    self._finds.saw(made.pattern, Place.TEXT if place in EDGES else place, where)
                else:
                    continue
                seen.append(made)
        return seen

    def _edge(self, lines: Sequence[str], place: Place, where: str) -> None:
        """A marking may be broken over lines, paragraphs or cells: OFFICIAL at the end of one is no reading of OFFICIAL-SENSITIVE."""
        self._lines(lines, place, where)
        counted, words = self._prepared.at[place], [line for line in lines if marking.key_of(line)]
        longest = max((made.words for made in counted), default=1)
        for first, count in product(range(len(words) - 1), range(2, longest + 1)):
            some = words[first : first + count]
            letters = marking.key_of("".join(some))
            for made in counted if len(some) == count else ():
                if count <= made.words and made.first in letters and marking.is_broken_over(some, made):
                    self._finds.saw(made.pattern, place, where)

    # --- running text and tables ----------------------------------------------------------------------------------------

    def _before(self, place: Place, where: str) -> int | None:
        """Lines before this segment: they are counted from where a body or document begins."""
        if place is Place.FIRST_LINE:
            return 0
        last = self._last
        if place is not Place.TEXT or last is None or last.where != where or last.lines is None:
            return None
        return last.lines + last.data.count(b"\n") + 1

    def _rows(self, place: Place, where: str, text: str) -> None:
        if place is Place.FIRST_LINE:
            self._table = None
            if divider := divider_of(text):
                wanted = self._prepared
                of_people = not OF_TABLES.isdisjoint(wanted.asked)
                self._table = Table(divider, where, wanted.columns, wanted.small_below, of_people=of_people)
                self._tables.append(self._table)
        if self._table is not None:
            self._table.feed(text)

    def _run(self, text: Text) -> None:
        pieces: _Pieces = ()
        for start, end in ((0, len(text.data)),) if len(text.data) <= PIECE else stretches(text.data):
            # Where something occurred before, more will: the pieces are asked at once.
            pieces = self._pieces(text, start, end) if pieces else ()
            occurring = (
                {index for *_, some in pieces for index in some} if pieces else self._prepared.occurring(around(text.data, start, end))
            )
            pieces = self._stretch(text, start, end, occurring, pieces) if occurring else ()
            if occurring and self._prepared.boxes in occurring:
                self._boxes(text, start, end)
        if text.lines is not None:
            self._last = text

    def _pieces(self, text: Text, start: int, end: int) -> _Pieces:
        """Of a stretch, with what occurs in each."""
        cuts = [*range(start, end, _CLOSE), end]
        return [(at, stop, self._prepared.occurring(around(text.data, at, stop)) or ()) for at, stop in pairwise(cuts)]

    def _stretch(self, text: Text, start: int, end: int, occurring: Collection[int], pieces: _Pieces) -> _Pieces:
        """Headings and telling words first: they say how the rest is looked at. The pieces are given back if they were looked at."""
        prepared, finds = self._prepared, self._finds
        if prepared.earlier in occurring and text.place is Place.FIRST_LINE:
            text.quoted = min(text.quoted, marking.quoted_from(text.data, max(0, start - OVERLAP), end + OVERLAP))
        for index in occurring:
            if index in prepared.heads:
                finds.tally(prepared.heads[index]).headed = True
        near = {prepared.near[index] for index in occurring if index in prepared.near}
        if prepared.digits in occurring:
            self._digits(text, start, end, near)
        for number, act in prepared.loose.items():
            if number in near or finds.is_headed(number):
                act(finds, text, start, end)
        if prepared.acts.keys().isdisjoint(occurring):
            return ()
        if end - start <= 2 * _CLOSE:
            pieces = ((start, end, sorted(occurring)),)
        pieces = pieces or self._pieces(text, start, end)
        self._act(text, pieces)
        return pieces

    def _act(self, text: Text, pieces: _Pieces) -> None:
        known = self._prepared.acts
        for start, end, occurring in pieces:
            for index in occurring:
                if index in known:
                    known[index](self._finds, text, start, end)

    def _digits(self, text: Text, start: int, end: int, near: Collection[int]) -> None:
        """Plain runs of digits. Those that could only be believed for a telling word are left alone where there is none."""
        detectors, finds = self._prepared.detectors, self._finds
        wanted = [
            (number, act)
            for number, act in self._prepared.runs.items()
            if number in near or detectors[number].company or not detectors[number].near or finds.is_headed(number)
        ]
        shortest = min((length for number, _ in wanted for length in detectors[number].runs), default=0)
        runs = digit_runs(text.data[start:end], shortest) if wanted else {}
        for number, act in wanted:
            act(finds, text, start, end, runs, number in near)

    def _boxes(self, text: Text, start: int, end: int) -> None:
        """What single characters in boxes say together, where that is sure."""
        found = {some.words + some.value: some for some in boxes.joined(text.data, start, end)}
        said: dict[str, list[boxes.Boxes]] = {}
        for some in found.values():
            said.setdefault(some.value.decode(), []).append(some)
        inner = _Search(self._prepared)
        inner._run(Text(text.place, "", b"\n".join(found), None))
        for number, tally in inner._finds.tallies.items():
            otherwise = self._prepared.detectors[number].otherwise
            for value in tally.sure:
                same = said.get(value, ())
                if not same or not all(otherwise(text.data, some.at, some.stop) for some in same):
                    self._finds.tally(number).add(value, sure=True, text=text, at=min(some.at for some in found.values()))

    # --- what it comes to -----------------------------------------------------------------------------------------------

    def evidence(self) -> tuple[Evidence, ...]:
        """In the order of the pack."""
        if not (self._finds or self._tables):
            return ()  # nearly all mail
        for table in self._tables:
            self._columns(table)
        tables = evidence_of(self._tables, self._prepared.asked) if self._tables else ()
        return (*self._detected(), *self._linked(), *self._marked(), *tables)

    def _columns(self, table: Table) -> None:
        """Valid values in a column that is headed so, or holds little else, are sure."""
        for column in table.columns:
            number = self._prepared.number.get(column.kind)
            if number is not None:
                detector, tally = self._prepared.detectors[number], self._finds.tally(number)
                values = dict.fromkeys(valid_values(detector, column.values))
                if values and not tally.sure:
                    tally.where, tally.place = f"{table.where}, column {column.heading[:40] or column.at + 1}", Place.TEXT
                tally.sure.update(values)

    def _detected(self) -> Iterator[Evidence]:
        for number, tally in sorted(self._finds.tallies.items()):
            detector = self._prepared.detectors[number]
            values = tally.sure | tally.unsure if tally.unsure and _is_supported(detector, tally) else tally.sure
            if values:
                sample = detector.mask(next(iter(values)))
                yield Evidence(EvidenceKind.DETECTOR, detector.id, len(values), tally.where, sample, place=tally.place)

    def _linked(self) -> Iterator[Evidence]:
        for id_ in sorted(self._finds.links.keys() & self._prepared.asked):
            tally = self._finds.links[id_]
            host = next(iter(tally.sure)).partition("/")[0]
            yield Evidence(EvidenceKind.DETECTOR, id_, len(tally.sure), tally.where, f"{host}/•••", place=tally.place)

    def _marked(self) -> Iterator[Evidence]:
        for made in self._prepared.markings if self._finds.markings else ():
            for (id_, place), seen in self._finds.markings.items():
                if id_ == made.pattern.id:
                    where = f"{seen.where}, quoted earlier text" if place is Place.QUOTED else seen.where
                    yield Evidence(EvidenceKind.MARKING, id_, seen.count, where, made.pattern.text, place=place)


def _octets(text: str, begin: int, end: int) -> tuple[int, int]:
    """Where characters of a text stand in its octets."""
    before = len(octets(text[:begin]))
    return before, before + len(octets(text[begin:end]))


def _is_supported(detector: Detector, tally: Tally) -> bool:
    distinct = len(tally.sure | tally.unsure)
    company = detector.company and distinct >= 3 and distinct * 2 > tally.looked
    return company or (tally.headed and distinct >= detector.heading_needs)
