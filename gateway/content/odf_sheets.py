"""The rows of an OpenDocument sheet to lines, with the cells that repetitions stand for (OASIS ODF 1.3 part 3 section 9.1)."""

from __future__ import annotations

from typing import Any

from gateway.content.odf_attributes import PARAGRAPHS, SAID, attribute, number_of, repeated_of, said_in
from gateway.detectors.grid import Grid, letters

_LONG = 15  # characters of an attribute of a cell; names of styles are shorter
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
    unseen.extend(value for value in cell.values() if len(value) > _LONG and (not value.startswith("of:=") or '"' in value))
    if not len(cell):
        return ""
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
    return text if "\n" not in text and "\t" not in text else " ".join(text.split())
