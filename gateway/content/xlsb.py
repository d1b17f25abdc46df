"""Excel workbooks in binary parts ([MS-XLSB]) to segments: cells by calamine, words of the other parts as they stand in them.

Calamine may abort the process on a hostile file: only in a child. What it does not read (notes, names, shapes) are strings of UTF-16 in
the parts, and is read without knowing what it is.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any

import python_calamine

from gateway.content import labels, ooxml
from gateway.content.office_art import words_in
from gateway.content.package import package_in
from gateway.content.reading import Item, Source, Spent, Unreadable
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
    for entry in package.parts:
        if entry.name.lower().endswith(".bin") and _is_cells(entry.name) and not entry.name.lower().endswith("vbaproject.bin"):
            yield Place.TEXT, entry.name.rpartition("/")[2], "\n".join(words_in(package.read(entry)))
    if package.is_damaged:
        raise Unreadable(Readable.DAMAGED)


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
