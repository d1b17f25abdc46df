"""The rows of an OpenDocument sheet to lines, with the cells that repetitions stand for (OASIS ODF 1.3 part 3 section 9.1)."""

from __future__ import annotations

from typing import Any

from gateway.content.number_formats import plain_number
from gateway.content.odf_attributes import PARAGRAPHS, SAID, attribute, number_of, repeated_of, said_in
from gateway.content.sheet_rows import constants_of, text_of
from gateway.detectors.grid import Grid, letters

_LONG = 15  # characters of an attribute of a cell; names of styles are shorter
_IDENTIFIER = 5  # signs of a value that may identify somebody
_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_GAP, _WIDTH = 256, 16_384  # cells that are filled in: in one place, in a row
_TITLES = tuple(f"{{*}}{name}" for name in SAID)


class Table:
    """Rows of a sheet, with the cells that repetitions stand for."""

    __slots__ = ("_at", "_numbers", "_where", "lines", "name", "size")

    def __init__(self, name: str, where: str) -> None:
        self.name = name
        self._where = where
        self._at = 1
        self.begin_anew()

    def begin_anew(self) -> None:
        """The rows after those that were taken."""
        self.lines: list[str] = []
        self._numbers: list[int] = []
        self.size = 0

    def take(self, row: Any, unseen: list[str]) -> int:
        """One row, or many alike; how many cells that are. What stands in a cell besides its words goes to `unseen`."""
        cells: list[str] = []
        empty = 0
        for cell in row:
            if len(cells) > _WIDTH:
                break
            tag = cell.tag
            repeated = cell.get(f"{tag[: tag.rfind('}') + 1]}number-columns-repeated")
            count = number_of(repeated) if repeated else 1
            text = _cell_text(cell, unseen)
            if text:
                cells.extend(("",) * min(empty, _GAP))
                cells.extend((text,) * min(count, _GAP))
                empty = max(count - _GAP, 0)
            else:
                empty += count
        line = "\t".join(cells)
        if line:
            self.lines.append(line)
            self._numbers.append(self._at)
            self.size += len(line)
        self._at += repeated_of(row, "number-rows-repeated")
        return len(cells) + 1

    def grid(self) -> Grid:
        name, numbers = Grid(self._where), self._numbers
        name.cell = lambda line, column: f"{letters(column)}{numbers[min(line, len(numbers) - 1)]}"
        return name


def _cell_text(cell: Any, unseen: list[str]) -> str:
    """The paragraphs of a cell as they are shown; notes, pictures and long attributes apart."""
    for said in cell.values():
        if '"' in said and said.startswith("of:="):
            unseen.extend((said, *constants_of((said.removeprefix("of:="),))))
        elif len(said) > _LONG and not said.startswith("of:="):
            unseen.append(said)
    if not len(cell):
        return _value(cell) if len(cell.attrib) > 1 else ""
    only = cell[0]
    if len(cell) == 1 and not len(only) and only.tag.endswith("}p"):
        text = only.text or ""
    else:
        text = " ".join("".join(paragraph.itertext()) for paragraph in cell.iterchildren(*PARAGRAPHS))
        for element in cell.iter("{*}annotation", *_TITLES):
            unseen.extend(words for words in element.itertext() if words.strip())
        for link in cell.iter("{*}a"):
            unseen.extend(said_in(link))
    if "E+" in text or text.startswith("#"):  # too long for its cell, not for who clicks on it
        text = attribute(cell, "value") or text
    value = cell.get(f"{_OFFICE}value")
    if value is not None and len(value) >= _IDENTIFIER and value != text and _differs(text, value):
        text = f"{text} {plain_number(value)}"
    return text if "\n" not in text and "\t" not in text else " ".join(text.split())


def _value(cell: Any) -> str:
    """Of a cell without a paragraph: programs show its value all the same (section 19.384 and those after it)."""
    values = (cell.get(f"{_OFFICE}{name}") for name in ("value", "string-value", "date-value", "time-value", "boolean-value"))
    return text_of(plain_number(next(filter(None, values), "")))


def _differs(text: str, value: str) -> bool:
    """Whether the whole number that programs show of a cell is not what its paragraph says."""
    shown = plain_number(value)
    return shown.isdecimal() and "".join(filter(str.isdecimal, text)).lstrip("0") != shown
