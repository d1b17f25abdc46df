"""Tables in text: which columns name people, how many people, and which counts are so small that they may tell who is meant. Pure.

In: rows as text, divided by tab, comma, semicolon or bar (CSV, RFC 4180; sheets, as their readers give them). A column names people by its
heading, or because nearly all its cells are identifiers of one kind. A table without such columns that counts people is aggregated: there a
cell from 1 up to the limit is a small one, unless it is suppressed (`*`, `<5`, `[c]` ...). That is what the Connecticut playbook asks of a
de-identified file: no fields that identify, and no group so small that people in it can be told.

Limits: one table in each text; whether a suppressed cell can be worked out again from the totals is not looked at.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice

from gateway.detectors.columns import Column, column_of, counts_people, is_heading, may_count
from gateway.detectors.detector import Detector
from gateway.model.finding import Evidence, EvidenceKind, Place

OF_TABLES = frozenset({"persons-in-table", "identifying-columns", "small-cells"})  # the detectors
_LOOK = 4096  # characters in which a table must show itself
_SAMPLE = 20  # rows that tell what a column holds
_MOST_COLUMNS = 200
_ENOUGH = 100_000  # distinct values of a column
_BLOCK = 2000  # rows
_DIVIDERS = "\t,;|"


class Table:
    """One table, fed piece by piece."""

    def __init__(self, divider: str, where: str, detectors: Sequence[Detector], small_below: int, *, of_people: bool) -> None:
        self.where = where
        self.columns: tuple[Column, ...] = ()
        self.small = 0
        self._together: set[tuple[str, ...]] = set()  # the names in a row, or else all that identifies there
        self._divider = divider
        self._detectors = detectors
        self._small_below = small_below
        self._of_people = of_people
        self._first: list[list[str]] | None = []  # rows, until the columns are known

    def feed(self, text: str) -> None:
        """More rows."""
        if self._first is None and not self.columns:
            return  # nothing here is about people
        rows = _rows(text, self._divider)
        if self._first is not None:
            for row in rows:
                self._first.append(row)
                if len(self._first) > _SAMPLE + 5:
                    break
            self._begin(self._first)
            rows, self._first = chain(self._first, rows), None
        if self.columns:
            self._count(rows)

    @property
    def persons(self) -> int:
        """How many people it names."""
        if not self._of_people or not self.kinds:
            return 0
        headings = {column.heading.casefold() for column in self.columns}
        together = {tuple(cell.casefold() for cell in person) for person in self._together}
        in_rows = sum(any(person) and person[0] not in headings for person in together)
        is_told = any(column.kind not in ("phone", "email-address") for column in self.columns)
        return max([*(column.people for column in self.columns), in_rows if is_told else 0])

    @property
    def kinds(self) -> tuple[str, ...]:
        """What kinds of columns name people, in a table that is about people."""
        if not any(column.is_personal for column in self.columns):
            return ()
        return tuple(dict.fromkeys(column.kind for column in self.columns if column.kind != "count"))

    @property
    def spot(self) -> str:
        """Where it stands, and how it names people: "text: name, date of birth"."""
        return f"{self.where}: {', '.join(kind.replace('-', ' ') for kind in self.kinds)}"

    def _begin(self, rows: list[list[str]]) -> None:
        """What the columns are, by their headings and by the first rows."""
        width, _ = _usual([len(row) for row in rows])
        top = next((number for number, row in enumerate(rows) if len(row) == width and sum(map(bool, row)) * 2 > width), 0)
        head = rows[top] if rows and is_heading(rows[top]) else []
        headings = [*head, *[""] * (width - len(head))][:_MOST_COLUMNS]
        below = rows[top + bool(head) :][:_SAMPLE]
        samples = [[cell for row in below if at < len(row) and (cell := row[at].strip())] for at in range(len(headings))]
        found = [column_of(at, heading, samples[at], self._detectors) for at, heading in enumerate(headings)]
        self.columns = tuple(column for column in found if column is not None)
        # A table that names people is not aggregated.
        if any(column.kind not in ("count", "phone", "email-address") for column in self.columns):
            self.columns = tuple(column for column in self.columns if column.kind != "count")
        elif counts_people(" ".join((*(cell for row in rows[:top] for cell in row), *headings))):
            counted = [
                Column(at, headings[at], "count") for at, one in enumerate(found) if one is None and may_count(headings[at], samples[at])
            ]
            self.columns = (*self.columns, *counted)

    def _count(self, rows: Iterable[list[str]]) -> None:
        """Many rows at a time, column by column: the cost of a row is that of dividing it."""
        ats = [column.at for column in self.columns]
        told = [number for number, column in enumerate(self.columns) if column.kind != "count"]
        names = [number for number in told if self.columns[number].kind == "name"] or told
        smallest = dict.fromkeys(form for count in range(1, self._small_below) for form in (str(count), f"{count}.0"))
        while block := list(islice(rows, _BLOCK)):
            cells = [[row[at].strip() if at < len(row) else "" for row in block] for at in ats]
            for column, values in zip(self.columns, cells, strict=True):
                if column.kind == "count":
                    self.small += sum(map(smallest.__contains__, values))
                elif len(column.values) < _ENOUGH:
                    column.values.update(dict.fromkeys(values))
            if names and self._of_people and len(self._together) < _ENOUGH:
                self._together.update(zip(*[cells[number] for number in names], strict=True))


def evidence_of(tables: Sequence[Table], asked: frozenset[str]) -> Iterator[Evidence]:
    """What tables come to, of what was asked. Of several readings of one table the largest counts."""
    people = max(tables, key=lambda table: table.persons)
    if "persons-in-table" in asked and people.persons:
        yield Evidence(EvidenceKind.DETECTOR, "persons-in-table", people.persons, people.spot, place=Place.TEXT)
    widest = max(tables, key=lambda table: len(table.kinds))
    if "identifying-columns" in asked and widest.kinds:
        yield Evidence(EvidenceKind.DETECTOR, "identifying-columns", len(widest.kinds), widest.spot, place=Place.TEXT)
    small: dict[str, int] = {}
    for table in tables:
        small[table.where] = max(table.small, small.get(table.where, 0))
    where = next((where for where, count in small.items() if count), "")
    if "small-cells" in asked and where:
        yield Evidence(EvidenceKind.DETECTOR, "small-cells", sum(list(small.values())), where, place=Place.TEXT)


def divider_of(text: str) -> str:
    """What divides the cells of a text that is a table; "" when it is none."""
    look = text[:_LOOK]
    dividers = [divider for divider in _DIVIDERS if divider in look and look.count(divider) >= 3]
    if not dividers:
        return ""
    lines = (re.sub(r'"[^"]*"', "", look) if '"' in look else look).split("\n", 12)[:12]
    return next((divider for divider in dividers if _may_divide(lines, divider) and _divides(lines, divider)), "")


def _may_divide(lines: Sequence[str], divider: str) -> bool:
    """A first look, that nearly all prose fails: two lines one below the other with as many of them."""
    before = 0
    for line in lines:
        if (count := line.count(divider)) and count == before:
            return True
        before = count if line else before  # a row of HTML ends with an empty line
    return False


def _divides(lines: Sequence[str], divider: str) -> bool:
    """Whether two in three lines have as many of them."""
    written = [line for line in lines if line.strip()]
    usual, often = _usual([count for line in written if (count := line.count(divider))])
    return often >= 3 and often * 3 >= len(written) * 2 and (divider != "," or usual > 1 or _are_cells(written))


def _usual(numbers: list[int]) -> tuple[int, int]:
    """The number that comes most often, and how often. Counter.most_common would load a library, which a locked child cannot."""
    counts = Counter(numbers)
    return max(counts.items(), key=lambda item: item[1], default=(0, 0))


def _are_cells(lines: Sequence[str]) -> bool:
    """Whether lines with one comma each are rows and not sentences: no blank follows it, and both sides are short."""
    return all(len(line) < 80 and ", " not in line for line in lines)


def _rows(text: str, divider: str) -> Iterator[list[str]]:
    lines = text.split("\n")
    if divider == "\t" and "\t\n\n\t" in text[:_LOOK]:
        return map(_cells, filter(None, lines))
    if '"' not in text:
        plain = (line.rstrip("\r") for line in lines) if "\r" in text else lines
        return (line.split(divider) for line in plain if line)
    return _quoted(lines, divider)


def _cells(line: str) -> list[str]:
    """Of a row; in the text of HTML a tab stands on both sides of each cell."""
    of_markup = line[0] == line[-1] == "\t" and line.count("\t") % 2 == 0
    return line[1:-1].split("\t\t") if of_markup else line.rstrip("\r").split("\t")


def _quoted(lines: list[str], divider: str) -> Iterator[list[str]]:
    try:
        yield from csv.reader(lines, delimiter=divider)
    except csv.Error:  # a cell longer than any person writes: what came before counts
        return
