"""One cell and one row of a sheet of SpreadsheetML (ECMA-376-1 section 18.3) as a person sees them, from their elements.

A row is a line with a tab between cells. Empty cells are filled in, so that a column stays a column; a gap of many is one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeVar

from gateway.content.number_formats import Show, plain_number
from gateway.content.reading import Spent
from gateway.content.xml import local
from gateway.detectors.grid import letters

BLOCK = 1 << 20  # octets of rows that are read together
_GAP, _WIDTH = 256, 16_384  # empty cells that are filled in: in one place, in a row
_CONTROL = re.compile(r"_x([0-9A-Fa-f]{4})_")
_CONSTANT = re.compile(r'(?i)^(?:hyperlink\("[^"]*"[,;] *)?"([^"\n]{4,})"\)?$')
_JOINT = re.compile(r'" ?& ?"')
_BREAKS = re.compile("[\t\r\n\x0b\x0c\x1c-\x1e\x85\u2028\u2029]+")

_T = TypeVar("_T")


@dataclass(slots=True)
class Book:
    """What all sheets of a workbook share."""

    strings: Sequence[str] = ()
    shows: Sequence[Show | None] = ()  # of numbers, by style
    texts: Sequence[Show | None] = ()  # of texts


@dataclass(slots=True)
class Rows:
    """Some rows."""

    lines: list[str]
    formulas: list[str]  # those that hold words
    cell: Callable[[int, int], str]  # a line and a place between tabs, both counted from 0, to the name of the cell: "C14"


def read_parsed(rows: Iterable[Any], book: Book, spent: Spent) -> Iterator[Rows]:
    """The rows of any sheet, from its elements."""
    lines: list[str] = []
    numbers: list[int] = []
    formulas: list[str] = []
    size = 0
    for number, line in parsed_rows(_noted(rows, formulas), book, spent):
        lines.append(line)
        numbers.append(number)
        size += len(line)
        if size > BLOCK:
            yield _rows(lines, numbers, formulas)
            lines, numbers, formulas[:], size = [], [], [], 0
    yield _rows(lines, numbers, formulas)


def _noted(rows: Iterable[Any], formulas: list[str]) -> Iterator[Any]:
    """The rows, when the formulas with words in them have been noted."""
    for row in rows:
        formulas.extend(formula.text for formula in row.iter("{*}f") if formula.text and '"' in formula.text)
        yield row


def _rows(lines: list[str], numbers: list[int], formulas: list[str]) -> Rows:
    return Rows(lines, formulas.copy(), lambda line, column: f"{letters(column)}{nth(numbers, line)}")


def nth(items: Sequence[_T], number: int) -> _T:
    """The last one where there are fewer: some sign in a cell may end a line for who looks through the text."""
    return items[min(number, len(items) - 1)]


def parsed_rows(rows: Iterable[Any], book: Book, spent: Spent | None = None) -> Iterator[tuple[int, str]]:
    """The number of each row, and its cells. A row or cell without a number follows the one before."""
    before = 0
    for row in rows:
        said = row.get("r", "")
        before = int(said) if said.isdecimal() and len(said) < 8 else before + 1
        if spent is not None:
            spent.cells(len(row))
        yield before, "\t".join(_filled(_cells(row, book)))


def _cells(row: Any, book: Book) -> Iterator[tuple[int, str]]:
    before = -1
    for cell in row:
        before = column_of("".join(filter(str.isalpha, cell.get("r", "")))) if cell.get("r") else before + 1
        value = inline = ""
        for child in cell:
            name = local(child)
            if name == "v":
                value = child.text or ""
            elif name == "is":
                inline = "".join(text.text or "" for text in child.iter("{*}t"))
        yield before, _shown(cell.get("t", "n"), cell.get("s", ""), inline or value, book)


def _filled(cells: Iterable[tuple[int, str]]) -> Iterator[str]:
    """Cells with the empty ones between them."""
    row = list(cells)
    for (_, text), gap in zip(row, gaps_of([column for column, _ in row]), strict=True):
        yield from ("",) * gap
        yield text


def gaps_of(places: Sequence[int]) -> Iterator[int]:
    """How many empty cells stand before each cell: no more in a row than there are columns, whatever order it claims for its cells."""
    left = _WIDTH
    for before, place in pairwise((-1, *places)):
        gap = min(max(place - before - 1, 0), _GAP, left)
        left -= gap
        yield gap


def text_of(value: str) -> str:
    """Words of a cell on one line."""
    return _BREAKS.sub(" ", unescaped(value))


def unescaped(value: str) -> str:
    """Section 22.9.2.19: `_x0041_` is a character."""
    return _CONTROL.sub(lambda code: chr(int(code[1], 16)), value) if "_x" in value else value


def breaks(text: str) -> bool:
    """Whether some sign in it would end a line, or a cell."""
    return _BREAKS.search(text) is not None


def constants_of(formulas: Iterable[str]) -> Iterable[str]:
    """The texts that formulas are for: programs put them into cells when they open what some script has written without values.

    Not those that a formula compares with or counts: many a register asks for the classification of what it lists.
    """
    return dict.fromkeys(text for formula in formulas for text in _CONSTANT.findall(_JOINT.sub("", formula)))


def _shown(kind: str, style: str, value: str, book: Book) -> str:
    """What a person sees of a value."""
    if kind == "n":
        show = show_of(style, book.shows)
        return show(value) if show and value else plain_number(value)
    text = text_of(value)
    if kind == "s":
        text = book.strings[int(value)] if value.isdecimal() and int(value) < len(book.strings) else ""
    show = show_of(style, book.texts)
    return show(text) if show else text


def show_of(style: str, shows: Sequence[Show | None]) -> Show | None:
    """How a style shows what it is the style of."""
    number = int(style) if style.isdecimal() else 0
    return shows[number] if number < len(shows) else None


def column_of(letters: str) -> int:
    """A is 0."""
    number = 0
    for letter in letters[:3]:
        number = number * 26 + (ord(letter) & 31)
    return number - 1
