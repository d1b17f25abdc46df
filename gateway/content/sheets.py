"""The rows of a sheet of SpreadsheetML (ECMA-376-1 section 18.3) to lines of text, by regular expressions: the quick way to what
sheet_rows.py makes of them.

A sheet is the largest XML that people send, and most of it is rows as every program writes them. Those are cut out and taken apart by
expressions that have to account for every `<` of a row; a row that they do not account for is parsed by itself, and a sheet that is
not plain from its beginning (another encoding, a prefix, comments, CDATA) is parsed as a whole. Whatever is no row is kept for the caller.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from gateway.content import xml
from gateway.content.number_formats import Show, plain_number
from gateway.content.reading import Spent
from gateway.content.sheet_rows import BLOCK, Book, Rows, column_of, gaps_of, nth, parsed_rows, show_of, text_of
from gateway.detectors.grid import letters

_KINDS = 500  # kinds of rows that are remembered
_BEGIN = re.compile(
    rb"\s*(?:\xef\xbb\xbf)?(?:<\?xml version=[\"']1\.[01][\"'](?: encoding=[\"'](?i:utf-8)[\"'])?(?: standalone=[\"']\w+[\"'])?\s*\?>\s*)?"
    rb"<worksheet[\s>]"
)
_VALUE, _INLINE, _EMPTY, _NOTHING = "<v>", "<is>", "</c>", ""  # how a cell goes on
_TAGS = {_VALUE: 4, _INLINE: 6, _EMPTY: 2, _NOTHING: 1}  # `<` of such a cell, without its formula
_SIGNATURE = re.compile(r'<c r="([A-Z]{1,3})\d+"([^<>]*)>(?:<f[^<>]*(?:(?<=/)>|>[^<]*</f>))?(<v>|<is>(?=<t[^<>]*>[^<]*</t></is>)|</c>|)')
_ROW = r"\s*+(?:<row\b[^<>]*+(?<=/)>\s*+)*+<row\b[^<>]*+>"
_PREFIXES = ' xmlns:r="urn:r" xmlns:mc="urn:mc" xmlns:x14ac="urn:x14ac" xmlns:xr="urn:xr"'
_ROW_NUMBER = re.compile(r'\br="(\d{1,7})"')
_STYLE = re.compile(r'\bs="(\d{1,6})"')
_NAME = re.compile(r'<c\b[^<>]*\br="([A-Z]{1,3})\d+"')
# A formula with text in it: the address of a link, words that a condition shows.
_FORMULA = re.compile(r"<f[^<>]*>([^<]*(?:\"|&quot;)[^<]*)</f>")
_TYPE = re.compile(r'\bt="(\w+)"')


_Shower: TypeAlias = Callable[[Sequence[str]], Iterable[str]]  # a column as the file has it, to what a person sees


@dataclass(slots=True)
class Rest:
    """What of a sheet is no row: its XML without them."""

    pieces: list[bytes] = field(default_factory=list)


class NotPlain(Exception):
    """A sheet has to be parsed as a whole."""


def read_plain(pieces: Iterable[bytes], book: Book, rest: Rest, spent: Spent) -> Iterator[Rows]:
    """The rows of a sheet that is written as all programs write it.

    Raises:
        NotPlain: it is not; what was given before stands.
    """
    reader = _Plain(book)
    state, held = 0, b""  # before the rows, among them, after them
    for piece in _gathered(pieces):
        held += piece
        if state == 0:
            state, held = _begin(held, rest)
        if state == 1:
            end = held.find(b"</sheetData>")
            cut = end if end >= 0 else held.rfind(b"</row>") + 6
            if cut > 5 or end >= 0:
                yield reader.read(held[:cut], spent)
                held = held[cut:]
            state = 2 if end >= 0 else 1
        if state == 2:
            rest.pieces.append(held)
            held = b""
    if state == 1 and held.strip():
        yield reader.read(held, spent)
    elif state == 0:
        raise NotPlain


def _gathered(pieces: Iterable[bytes]) -> Iterator[bytes]:
    held: list[bytes] = []
    size = 0
    for piece in pieces:
        held.append(piece)
        size += len(piece)
        if size > BLOCK:
            yield b"".join(held)
            held, size = [], 0
    if held:
        yield b"".join(held)


def _begin(held: bytes, rest: Rest) -> tuple[int, bytes]:
    """Up to where the rows begin."""
    if not _BEGIN.match(held):
        raise NotPlain
    at = held.find(b"<sheetData>")
    if at < 0:
        if len(held) > 4 * BLOCK or b"<sheetData/>" in held:
            raise NotPlain
        return 0, held
    if b"<!" in held[:at]:
        raise NotPlain
    rest.pieces.append(held[: at + 11])
    return 1, held[at + 11 :]


class _Plain:
    """Rows by regular expressions, a run of rows of the same kind at a time: column by column, because that is ten times as fast."""

    __slots__ = ("_book", "_kinds", "_last")

    def __init__(self, book: Book) -> None:
        self._book = book
        self._kinds: dict[tuple[tuple[str, str, str], ...], _Kind] = {}
        self._last: _Kind | None = None

    def read(self, octets: bytes, spent: Spent) -> Rows:
        """Whole rows."""
        try:
            text = octets.decode()
        except UnicodeDecodeError:
            raise NotPlain from None
        lines = self._alike(text, spent)
        parts: list[str] = []
        if lines is None:
            parts = _parts(text)
            lines = self._mixed(parts, spent)
        formulas = [xml.unescape(formula) for formula in _FORMULA.findall(text)] if "<f" in text else []
        return Rows(lines, formulas, lambda line, column: _cell_at(nth(parts or _parts(text), line), column))

    def _alike(self, text: str, spent: Spent) -> list[str] | None:
        """Rows that are all of the kind of the first, which is usual; None when they are not."""
        kind = self._kind(text[: text.find("</row>")])
        rows = kind.expression.findall(text)
        opened, formulas = text.count("<row"), text.count("<f") + text.count("</f>") if "<f" in text else 0
        if not rows or text.count("<") != len(rows) * (kind.tags + 1) + opened + formulas or text.count("</row>") != len(rows):
            return None
        spent.cells(len(rows) * max(kind.cells, 1))
        try:
            return kind.lines(rows)
        except (ValueError, IndexError):
            return None

    def _mixed(self, parts: list[str], spent: Spent) -> list[str]:
        """Rows of several kinds."""
        lines: list[str] = []
        run: list[tuple[str, ...]] = []
        kind = self._last
        for part in parts:
            row = kind.expression.fullmatch(part + "</row>") if kind else None
            if row is None:
                lines.extend(self._run(kind, run))
                kind, run = self._kind(part), []
                row = kind.expression.fullmatch(part + "</row>")
            if row is None:
                lines.append(self._parsed(part))
            else:
                run.append(row.groups())
            spent.cells(kind.cells) if kind and len(lines) % 64 == 0 else None
        lines.extend(self._run(kind, run))
        self._last = kind
        return lines

    def _run(self, kind: _Kind | None, run: list[tuple[str, ...]]) -> list[str]:
        if kind is None or not run:
            return []
        try:
            return kind.lines(run)
        except (ValueError, IndexError):
            raise NotPlain from None

    def _kind(self, row: str) -> _Kind:
        """The kind of a row, by its cells."""
        cells = tuple(_SIGNATURE.findall(row))
        known = self._kinds.get(cells)
        if known is None:
            if len(self._kinds) >= _KINDS:
                self._kinds.clear()
            known = self._kinds[cells] = _Kind(cells, self._book)
        return known

    def _parsed(self, part: str) -> str:
        """A row by the XML parser. What is not well-formed makes the sheet one that is parsed as a whole."""
        root, is_well_formed = xml.parse(f"<sheetData{_PREFIXES}>{part}</row></sheetData>".encode())
        if not is_well_formed:
            raise NotPlain
        return [line for _, line in parsed_rows(root.iter("{*}row"), self._book)][-1]


def _parts(text: str) -> list[str]:
    """Rows, each without its end."""
    parts = text.split("</row>")
    return parts if parts[-1].strip() else parts[:-1]


class _Kind:
    """Rows that have the same columns with the same attributes: an expression for all of them, and what to do with each column."""

    __slots__ = ("_gaps", "_show", "cells", "expression", "tags")

    def __init__(self, cells: tuple[tuple[str, str, str], ...], book: Book) -> None:
        self.cells = len(cells)
        self.tags = sum(_TAGS[begin] for _, _, begin in cells)
        self.expression = re.compile(_ROW + "".join(_pattern(*cell) for cell in cells) + "</row>")
        self._show = tuple(_shower(attributes, book) if begin in (_VALUE, _INLINE) else None for _, attributes, begin in cells)
        places = tuple(column_of(column) for column, _, _ in cells)
        self._gaps = tuple(gaps_of(places))

    def lines(self, rows: list[Any]) -> list[str]:
        """Matches of the expression to lines."""
        if self.cells < 2:
            rows = [(row,) if isinstance(row, str) else row for row in rows]
        columns: list[Iterable[str]] = []
        for values, show, gap in zip(zip(*rows, strict=True), self._show, self._gaps, strict=False):
            columns.extend([("",) * len(values)] * gap)
            columns.append(show(values) if show else values)
        return list(map("\t".join, zip(*columns, strict=True))) if columns else [""] * len(rows)


def _pattern(column: str, attributes: str, begin: str) -> str:
    """One cell; its value is a group, also where it has none."""
    start = f'<c r="{column}\\d++"{re.escape(attributes)}>'
    if begin == _VALUE:
        return start + r"(?:<f[^<>]*+(?:(?<=/)>|>[^<]*+</f>))?+<v>([^<]*+)</v></c>"
    if begin == _INLINE:
        return start + r"<is><t[^<>]*+>([^<]*+)</t></is></c>"
    return start + ("()</c>" if begin else "()")


def _shower(attributes: str, book: Book) -> _Shower | None:
    """What is to be done with a column; None: nothing."""
    kind, style = _TYPE.search(attributes), _STYLE.search(attributes)
    is_number = kind is None or kind[1] == "n"
    show = show_of(style[1] if style else "", book.shows if is_number else book.texts)
    if is_number:
        return (lambda values: list(map(show, values))) if show else _plain_numbers
    if kind is not None and kind[1] == "s":
        strings = book.strings
        return _shown((lambda values: [strings[int(value)] for value in values]), show)
    return _shown((lambda values: [text_of(xml.unescape(value)) for value in values]), show)


def _shown(texts: _Shower, show: Show | None) -> _Shower:
    return (lambda values: list(map(show, texts(values)))) if show else texts


def _plain_numbers(values: Sequence[str]) -> Iterable[str]:
    together = "".join(values)
    return list(map(plain_number, values)) if "E" in together or "e" in together else values


def _cell_at(part: str, column: int) -> str:
    """The name of the cell that became a place between tabs."""
    said = _ROW_NUMBER.search(part, max(part.rfind("<row"), 0))
    row, at = said[1] if said else "1", -1
    places = [column_of(name) for name in _NAME.findall(part)]
    for place, gap in zip(places, gaps_of(places), strict=True):
        at += 1 + gap
        if at >= column:
            return f"{letters(place)}{row}"
    return f"A{row}"
