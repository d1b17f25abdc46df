"""Sheets written as text, SYLK (.slk) and DIF (.dif), to rows as a spreadsheet shows them. Pure.

In: a text. Out: the rows, cells with a tab between them, then what else its records say (names, formats, comments of cells). Excel opens
both by what they begin with; a table in CSV whose first heading is ID begins like SYLK, and is no less read as text.
Standards: the description of SYLK in the manuals of Multiplan; DIF of 1980. Limits: how a number is shown is not looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from gateway.content.number_formats import plain_number
from gateway.content.reading import Item, Spent
from gateway.content.sheet_rows import gaps_of, text_of
from gateway.model.finding import Place

_SYLK = re.compile(r"\s{0,64}ID;")
_DIF = re.compile(r"\s{0,64}TABLE[ \t]*\r?\n[ \t]*0,[ \t]*1[ \t]*\r?\n")
_DIF_DATA = re.compile(r"^DATA[ \t]*\r?\n[^\n]*\n[^\n]*\n", re.MULTILINE)  # behind it are the values
_ESCAPE = re.compile(r"\x1bN.|\x1b([ -/])([0-?])")  # a letter with an accent in two characters; any octet by its two halves
_SEMICOLON = "\0"  # what two of them stand for
_NUMBER = re.compile(r"\d{1,9}")
_SHOWN = frozenset("KAPN")  # fields of a record that hold words: value, comment, format, name


def read_interchange(text: str, where: str, spent: Spent) -> Iterator[Item]:
    """The sheet, if the text is one; quick when it is none."""
    if _SYLK.match(text):
        yield from _read_sylk(text, where, spent)
    elif _DIF.match(text):
        yield Place.FIRST_LINE, f"{where}, cells", "\n".join(_dif_rows(text, spent))


# --- SYLK ----------------------------------------------------------------------------------------------------------------


def _read_sylk(text: str, where: str, spent: Spent) -> Iterator[Item]:
    """A record is a line; X and Y of one hold until another says something else."""
    rows: dict[int, dict[int, str]] = {}
    others: list[str] = []
    column = row = 1
    for line in text.splitlines():
        spent.cells(1)
        kind, *fields = line.replace(";;", _SEMICOLON).split(";")
        said = {field[:1]: field[1:] for field in fields}
        column, row = _number(said.get("X"), column), _number(said.get("Y"), row)
        if kind == "C" and "K" in said:
            rows.setdefault(row, {})[column] = _value(said["K"])
        others += [_value(value) for name, value in said.items() if name in _SHOWN and not (kind == "C" and name == "K")]
    if rows:
        yield Place.FIRST_LINE, f"{where}, cells", "\n".join(_lines(rows))
        yield Place.TEXT, f"{where}, names and formats", "\n".join(others)


def _number(text: str | None, otherwise: int) -> int:
    return int(text) if text is not None and _NUMBER.fullmatch(text) else otherwise


def _value(text: str) -> str:
    """A string without its quotation marks, a number as a person reads it."""
    said = _ESCAPE.sub(_escaped, text.replace(_SEMICOLON, ";"))
    return text_of(said[1:].removesuffix('"')) if said.startswith('"') else plain_number(said.strip())


def _escaped(found: re.Match[str]) -> str:
    return chr((ord(found[1]) & 15) << 4 | ord(found[2]) & 15) if found[1] else ""


def _lines(rows: dict[int, dict[int, str]]) -> Iterator[str]:
    """Rows and cells in their order, with the empty cells between them."""
    for _, cells in sorted(rows.items()):
        places = sorted(cells)
        yield "\t".join("\t" * gap + cells[place] for place, gap in zip(places, gaps_of([place - 1 for place in places]), strict=True))


# --- DIF -----------------------------------------------------------------------------------------------------------------


def _dif_rows(text: str, spent: Spent) -> Iterator[str]:
    """Of each value two lines: its kind with a number, and a string. -1 begins a row, or ends the data."""
    cells: list[str] = []
    begin = _DIF_DATA.search(text)
    lines = text[begin.end() if begin is not None else 0 :].splitlines()
    for first, second in zip(lines[::2], lines[1::2], strict=False):
        spent.cells(1)
        kind, _, number = first.partition(",")
        if kind.strip() == "-1":
            yield "\t".join(cells)
            cells = []
        elif kind.strip() == "0":
            cells.append(plain_number(number.strip()))
        else:
            cells.append(text_of(second.strip().removeprefix('"').removesuffix('"')))
    yield "\t".join(cells)
