"""Excel workbooks in binary parts ([MS-XLSB]) to segments: cells by calamine, words of the other parts as they stand in them.

Calamine may abort the process on a hostile file: only in a child. What it does not read (notes, names, shapes) are strings of UTF-16 in
the parts, and is read without knowing what it is; page edges and number formats are (xlsb_records.py).
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from typing import Any

import python_calamine

from gateway.content import labels, ooxml
from gateway.content.office_art import words_in
from gateway.content.package import Package, package_in
from gateway.content.reading import Item, Source, Spent, Unreadable
from gateway.content.xlsb_records import Formats, page_edges, visible_sheets
from gateway.detectors import Segment
from gateway.detectors.grid import Grid
from gateway.detectors.unseen import name_of
from gateway.model.finding import Place, Readable

_BLOCK = 5000  # rows


def read_binary_workbook(source: Source, spent: Spent) -> Iterator[Item]:
    """Cells, then what else the package holds."""
    package = package_in(source, spent)
    yield from labels.find_labels(package)
    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(source.data))
    except python_calamine.PasswordError:
        raise Unreadable(Readable.ENCRYPTED) from None
    place = Place.FIRST_LINE
    for name in book.sheet_names:
        yield Place.TEXT, "sheet names", name
        for lines in _rows(book.get_sheet_by_name(name), spent):
            yield place, f"sheet {name}", lines
            place = Place.TEXT
    yield from ooxml.read_others(package, _is_cells)
    yield from _said(package)
    if package.is_damaged:
        raise Unreadable(Readable.DAMAGED)


def _said(package: Package) -> Iterator[Segment]:
    """What the binary parts say besides their cells; numbers as they are shown where their format hides or says something."""
    parts = {entry.name.lower(): package.read(entry) for entry in package.parts if _is_cells(entry.name)}
    formats = [Formats(octets) for name, octets in parts.items() if name.endswith("/styles.bin")]
    if words := [word for some in formats for word in some.words]:
        yield Place.TEXT, "number formats", "\n".join(words)
    visible = frozenset(_visible(package, parts))
    for name, octets in parts.items():
        where = name.rpartition("/")[2]
        if where == "vbaproject.bin":
            continue
        yield Place.TEXT, where, "\n".join(words_in(octets))
        if "sheets/" in name:
            for place, is_printed, edge in page_edges(octets, package.spent):
                called = name_of(f"{where}, {place.value.replace('_', ' ')}", is_shown=is_printed and name.lstrip("/") in visible)
                yield place, called, edge
            for some in formats:
                yield from _shown(some, octets, where, package.spent)


def _visible(package: Package, parts: Mapping[str, bytes]) -> Iterator[str]:
    """The parts of the sheets that have a tab: any other may be in the package too."""
    book = next((link.target for link in package.relationships if link.type == "officedocument"), "")
    links = {link.id: link.target.lower() for link in package.relationships_of(book)}
    known = {name.lstrip("/"): octets for name, octets in parts.items()}
    yield from (links[id_] for id_ in visible_sheets(known.get(book.lower(), b"")) if id_ in links)


def _shown(formats: Formats, sheet: bytes, where: str, spent: Spent) -> Iterator[Segment]:
    cells, lines = list[str](), list[str]()
    for cell, text in formats.shown(sheet, spent):
        cells.append(cell)
        lines.append(text)
    if lines:
        grid = Grid(f"{where}, as shown")
        grid.cell = lambda line, _: cells[min(line, len(cells) - 1)]
        yield Place.TEXT, grid, "\n".join(lines)


def _is_cells(name: str) -> bool:
    """Whether a part is one of the workbook's own in binary."""
    return re.search(r"(?i)(?:^|/)xl/(?!embeddings/).*\.bin$", name) is not None


def _rows(sheet: Any, spent: Spent) -> Iterator[str]:
    rows = sheet.to_python(skip_empty_area=True)
    for start in range(0, len(rows), _BLOCK):
        block = rows[start : start + _BLOCK]
        spent.cells(sum(map(len, block)))
        yield "\n".join("\t".join(map(_cell, row)) for row in block)


def _cell(value: object) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
