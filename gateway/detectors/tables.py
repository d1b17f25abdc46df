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
from dataclasses import dataclass, field
from itertools import chain, islice

from gateway.detectors.detector import Detector
from gateway.model.finding import Evidence, EvidenceKind, Place

OF_TABLES = frozenset({"persons-in-table", "identifying-columns", "small-cells"})  # the detectors
_LOOK = 4096  # characters in which a table must show itself
_SAMPLE = 20  # rows that tell what a column holds
_MOST_COLUMNS = 200
_ENOUGH = 100_000  # distinct values of a column
_BLOCK = 2000  # rows
_DIVIDERS = "\t,;|"

_NAMES = re.compile(
    r"^(?:full |legal |preferred )?names?$|surname|forename|(?:first|last|middle|given|family|maiden|christian)[ _]?names?"
    r"|(?:pupil|student|patient|client|employee|staff|child|person|member|tenant|applicant|claimant|carer|parent|resident|witness|victim)"
    r"s?'?s? names?",
    re.IGNORECASE,
)
_OTHERS = (  # kind of column, and its heading; the first that fits
    ("email-address", re.compile(r"\be[ \-]?mail", re.IGNORECASE)),
    ("phone", re.compile(r"phone|\bmobile\b|\btel\b|\bcell(?: no| num|$)", re.IGNORECASE)),
    ("date-of-birth", re.compile(r"\bd ?o ?b\b|date of birth|birth ?dat|birthday", re.IGNORECASE)),
    ("address", re.compile(r"^(?:home |postal |street )?address|^street(?: name)?$|house (?:no|num|name)", re.IGNORECASE)),
)
_PERSONAL = frozenset(
    {
        "nhs-number",
        "nino",
        "upn",
        "utr",
        "uk-passport",
        "uk-driving-licence",
        "us-ssn",
        "us-itin",
        "medical-record-number",
        "student-number",
    }
    | {"card", "iban", "email-address", "phone"}
)
_ALONE = _PERSONAL - {"phone", "card", "iban"}  # one value, one person
_PEOPLE = (
    "pupils|students|learners|patients|people|persons|individuals|residents|clients|cases|deaths|births|households|children|adults|males?"
    "|females?|boys|girls|staff|employees|claimants|applicants|offenders|victims|referrals|admissions|carers|families|veterans"
)
_COUNTED = re.compile(
    rf"^n$|\bcount\b|head ?count|\benrol?l(?:ed|ments?)\b|^(?:(?:total|all|number of|no\.? of) )?(?:{_PEOPLE})$", re.IGNORECASE
)
_TITLE = re.compile(rf"(?:number|numbers|no\.?|counts?) of (?:\w+ ){{0,3}}(?:{_PEOPLE})\b", re.IGNORECASE)
_NO_COUNT = re.compile(r"%|per ?cent|rate|average|mean|median|year|grade|age|week|month|quarter|code|\bid\b|rank|score", re.IGNORECASE)
_SUPPRESSED = re.compile(r"\*{1,3}|[<\u2264] ?=? ?\d{1,2}|\[[cxz]\]|suppressed|redacted", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z]")


@dataclass(slots=True)
class Column:
    """A column that names people, or counts them."""

    at: int
    heading: str
    kind: str  # a detector, "name", "address"; "count"
    values: dict[str, None] = field(default_factory=dict)  # distinct cells, in order

    @property
    def people(self) -> set[str]:
        """Its cells but for its heading and empty ones."""
        return self.values.keys() - {"", self.heading}


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
        alone = [len(column.people) for column in self.columns if column.kind in _ALONE]
        headings = {column.heading.casefold() for column in self.columns}
        together = {tuple(cell.casefold() for cell in person) for person in self._together}
        return max([*alone, sum(any(person) and person[0] not in headings for person in together)])

    @property
    def kinds(self) -> tuple[str, ...]:
        """What kinds of columns name people."""
        return tuple(dict.fromkeys(column.kind for column in self.columns if column.kind != "count"))

    @property
    def spot(self) -> str:
        """Where it stands, and how it names people: "text: name, date of birth"."""
        return f"{self.where}: {', '.join(kind.replace('-', ' ') for kind in self.kinds)}"

    def _begin(self, rows: list[list[str]]) -> None:
        """What the columns are, by their headings and by the first rows."""
        width, _ = _usual([len(row) for row in rows])
        top = next((number for number, row in enumerate(rows) if len(row) == width and sum(map(bool, row)) * 2 > width), 0)
        title = " ".join(cell for row in rows[:top] for cell in row)
        head = rows[top] if _is_heading(rows[top]) else []
        below = rows[top + 1 :] if head else rows[top:]
        found = [self._column(at, head[at] if at < len(head) else "", below) for at in range(min(width, _MOST_COLUMNS))]
        if any(column is not None and column.kind != "count" for column in found):
            self.columns = tuple(column for column in found if column is not None and column.kind != "count")
            return
        counts_all = _TITLE.search(" ".join((title, *head))) is not None
        self.columns = tuple(
            Column(at, head[at] if at < len(head) else "", "count")
            for at in range(min(width, _MOST_COLUMNS))
            if found[at] is not None or (counts_all and _may_count(head, at, below))
        )

    def _column(self, at: int, heading: str, rows: list[list[str]]) -> Column | None:
        cells = [cell for row in rows[:_SAMPLE] if at < len(row) and (cell := row[at].strip())]
        kind = _by_heading(heading, self._detectors) if heading else ""
        if not kind and cells:
            kind = next((one.id for one in self._detectors if one.id in _PERSONAL and _holds(one, cells)), "")
        if not kind and cells and all(map(_is_count, cells)) and not _NO_COUNT.search(heading):
            counts = _COUNTED.search(heading.strip()) is not None or any(map(_SUPPRESSED.fullmatch, cells))
            kind = "count" if counts else ""
        return Column(at, heading.strip(), kind) if kind else None

    def _count(self, rows: Iterable[list[str]]) -> None:
        """Many rows at a time, column by column: the cost of a row is that of dividing it."""
        ats = [column.at for column in self.columns]
        names = [number for number, column in enumerate(self.columns) if column.kind == "name"] or list(range(len(ats)))
        smallest = dict.fromkeys(form for count in range(1, self._small_below) for form in (str(count), f"{count}.0"))
        while block := list(islice(rows, _BLOCK)):
            cells = [[row[at].strip() if at < len(row) else "" for row in block] for at in ats]
            for column, values in zip(self.columns, cells, strict=True):
                if column.kind == "count":
                    self.small += sum(map(smallest.__contains__, values))
                elif len(column.values) < _ENOUGH:
                    column.values.update(dict.fromkeys(values))
            if self._of_people and len(self._together) < _ENOUGH:
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
        before = count
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


def valid_values(detector: Detector, cells: Iterable[str]) -> Iterator[str]:
    """The cells of a column that hold a valid value, as values are compared."""
    runs: dict[int, list[bytes]] = {}
    for cell in cells:
        if detector.valid is not None and cell.isascii() and cell.isdecimal():
            if len(cell) in detector.runs:
                runs.setdefault(len(cell), []).append(cell.encode())
        elif detector.id == "iban" or re.fullmatch(detector.candidate, cell):
            found = detector.judge(cell, len(cell))
            if found is not None:
                yield found.value
    for same in runs.values():
        yield from (run.decode() for run in detector.valid(same)) if detector.valid is not None else ()


def _are_cells(lines: Sequence[str]) -> bool:
    """Whether lines with one comma each are rows and not sentences: no blank follows it, and both sides are short."""
    return all(len(line) < 80 and ", " not in line for line in lines)


def _rows(text: str, divider: str) -> Iterator[list[str]]:
    lines = text.split("\n")
    if '"' not in text:
        return (line.rstrip("\r").split(divider) for line in lines if line)
    return _quoted(lines, divider)


def _quoted(lines: list[str], divider: str) -> Iterator[list[str]]:
    try:
        yield from csv.reader(lines, delimiter=divider)
    except csv.Error:  # a cell longer than any person writes: what came before counts
        return


def _is_heading(row: Sequence[str]) -> bool:
    """Whether a row names columns: words, each once, and no numbers."""
    cells = [cell.strip() for cell in row]
    words = sum(_WORD.search(cell) is not None for cell in cells)
    return words * 2 > len(cells) and not any(re.fullmatch(r"[\d.,/\- :]{3,}", cell) or "@" in cell for cell in cells)


def _by_heading(heading: str, detectors: Sequence[Detector]) -> str:
    plain = re.sub(r"[_\-.]+", " ", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", heading)).strip()
    if _NAMES.search(plain):
        return "name"
    by_detector = next((one.id for one in detectors if one.id in _PERSONAL and one.heading and re.search(one.heading, plain)), "")
    return by_detector or next((kind for kind, pattern in _OTHERS if pattern.search(plain)), "")


def _holds(detector: Detector, cells: Sequence[str]) -> bool:
    """Whether nearly all cells are valid; for a number that chance can make, that at least three in five different ones are."""
    if len(cells) < 3:
        return False
    judged = [_judge(detector, cell) for cell in cells]
    if detector.company:
        return len(set(cells)) >= 3 and sum(found is not None for found in judged) * 5 >= len(cells) * 3
    return sum(sure is True for sure in judged) * 5 >= len(cells) * 4


def _judge(detector: Detector, cell: str) -> bool | None:
    """None: no value; else whether its form alone is enough."""
    if re.fullmatch(detector.candidate, cell) is None and detector.id != "iban":
        return None
    found = detector.judge(cell, len(cell))
    return found.sure if found is not None else None


def _is_count(cell: str) -> bool:
    return cell.replace(",", "").isdecimal() or _SUPPRESSED.fullmatch(cell) is not None or cell in ("-", "..", ":", "x", "c", "n/a")


def _may_count(head: Sequence[str], at: int, rows: Sequence[Sequence[str]]) -> bool:
    cells = [cell for row in rows if at < len(row) and (cell := row[at].strip())]
    return bool(cells) and all(map(_is_count, cells)) and not _NO_COUNT.search(head[at] if at < len(head) else "")
