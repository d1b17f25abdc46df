"""The records of a binary part of an Excel workbook ([MS-XLSB] section 2.1.4) that say more than their letters: sheets that are not hidden,
page headers and footers, number formats, and cells as their formats show them. Pure.

Limits: how a format shows a text is not looked for; what the format says is read by itself.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

from gateway.content.biff import rk
from gateway.content.number_formats import Show, find_show, is_date, words_of
from gateway.content.reading import Spent
from gateway.content.spreadsheet import page_edge
from gateway.detectors.grid import letters
from gateway.model.finding import Place

_FORMAT, _STYLE, _STYLES, _STYLES_END = 44, 47, 617, 618  # BrtFmt; BrtXF between BrtBeginCellXFs and BrtEndCellXFs
_ROW, _CELL_RK, _CELL_REAL, _FORMULA_NUMBER = 0, 2, 5, 9
_SHEET, _EDGES_OF_PAGES, _VIEWS, _VIEWS_END = 156, 479, 422, 425  # BrtBundleSh; the views of a sheet have edges of their own
# BrtBeginHeaderFooter: its number and size in seven bits an octet, flags, the length of the first string.
_HEADER_FOOTER = re.compile(rb"\xdf\x03(?:[\x1a-\x7f]|[\x80-\xff][\x01-\x3f])[\x00-\x3f]\x00(?=..\x00\x00|\xff{4})", re.DOTALL)
_EDGES = tuple(
    (place, asked) for asked in (0, 1, 2) for place in (Place.PAGE_HEADER, Place.PAGE_FOOTER)
)  # of all, even and first pages; a flag
_NOTHING = 0xFFFFFFFF
_OFTEN = 4096  # records between two looks at the clock


def visible_sheets(book: bytes) -> Iterator[str]:
    """The relationships of a workbook to the sheets that are not hidden (section 2.4.304)."""
    for kind, data in _records(book):
        if kind == _SHEET and len(data) >= 12 and data[:4] == bytes(4):
            yield data[12 : 12 + 2 * int.from_bytes(data[8:12], "little")].decode("utf-16-le", "replace")


def page_edges(part: bytes, spent: Spent) -> Iterator[tuple[Place, bool, str]]:
    """Section 2.4.64, and whether pages of the sheet have it: of the records alone, for octets within the text of a cell can look like one.

    Quick where nothing looks like one.
    """
    records = _records(part) if _HEADER_FOOTER.search(part) else ()
    in_views = False
    for number, (kind, data) in enumerate(records):
        if number % _OFTEN == 0:
            spent.time()
        in_views = kind == _VIEWS or (in_views and kind != _VIEWS_END)
        strings = list(_strings(data, 2, len(data))) if kind == _EDGES_OF_PAGES else []
        if len(strings) == len(_EDGES):
            for (place, asked), place_of in zip(_EDGES, strings, strict=True):
                if codes := data[place_of].decode("utf-16-le", "replace"):
                    yield place, not in_views and (not asked or bool(data[0] & asked)), page_edge(codes)


def _strings(part: bytes, at: int, end: int) -> Iterator[slice]:
    """Where the six strings stand, each of which may be nothing; fewer where these octets are something else."""
    for number in range(len(_EDGES)):
        length = int.from_bytes(part[at : at + 4], "little")
        begin, at = at + 4, at + 4 + (0 if length == _NOTHING else 2 * length)
        if at > min(end, len(part)) or (number == len(_EDGES) - 1 and at != end):
            return
        yield slice(begin, at)


class Formats:
    """The number formats of a workbook."""

    __slots__ = ("_shows", "words")

    def __init__(self, part: bytes) -> None:
        """`part`: the styles."""
        codes: dict[int, str] = {}
        self._shows: list[Show | None] = []  # by style
        are_of_cells = False
        for kind, data in _records(part):
            if kind == _FORMAT and len(data) >= 6:
                codes[struct.unpack_from("<H", data)[0]] = data[6:].decode("utf-16-le", "replace")
            elif kind in (_STYLES, _STYLES_END):
                are_of_cells = kind == _STYLES
            elif kind == _STYLE and are_of_cells and len(data) >= 4:
                code = codes.get(struct.unpack_from("<H", data, 2)[0], "")
                self._shows.append(None if is_date(code) else find_show(code))  # dates are read with the cells
        self.words = list(dict.fromkeys(word for code in codes.values() for word in words_of(code)))

    def shown(self, part: bytes, spent: Spent) -> Iterator[tuple[str, str]]:
        """The numbers of a sheet that are shown otherwise than they stand, with the names of their cells."""
        row = 0
        for number, (kind, data) in enumerate(_records(part) if any(self._shows) else ()):
            if number % _OFTEN == 0:
                spent.cells(0)
            if kind == _ROW and len(data) >= 4:
                (row,) = struct.unpack_from("<I", data)
            elif kind in (_CELL_RK, _CELL_REAL, _FORMULA_NUMBER) and len(data) >= (12 if kind == _CELL_RK else 16):
                column, style = struct.unpack_from("<II", data)
                show = self._shows[style & 0xFFFFFF] if style & 0xFFFFFF < len(self._shows) else None
                if show is not None:
                    value = rk(data, 8) if kind == _CELL_RK else struct.unpack_from("<d", data, 8)[0]
                    plain = str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
                    yield f"{letters(min(column, 16_383))}{row + 1}", show(plain)


def _records(part: bytes) -> Iterator[tuple[int, bytes]]:
    """Kind and content of each."""
    at = 0
    while at < len(part):
        kind = part[at]
        at += 1
        if kind & 0x80 and at < len(part):
            kind = (kind & 0x7F) | (part[at] & 0x7F) << 7
            at += 1
        size, at = _size(part, at)
        yield kind, part[at : at + size]
        at += size


def _size(part: bytes, at: int) -> tuple[int, int]:
    """In up to four octets of seven bits; and where the content begins."""
    size = 0
    for number in range(4):
        octet = part[at + number] if at + number < len(part) else 0
        size |= (octet & 0x7F) << 7 * number
        if not octet & 0x80:
            break
    return size, at + number + 1
