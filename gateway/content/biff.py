"""Excel 5 to 2003 ([MS-XLS], BIFF5 and BIFF8) to segments: every sheet with its cells, page edges, notes and shapes, names and links.

A workbook is a row of records. Of those that are no cells, every run of letters is read, whatever they are for (pivot tables,
scenarios, views, tooltips, drawings), but for those that never hold words. Numbers and texts are read as they are shown where their format
hides digits, makes a date of them or says something beside them.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from gateway.content.biff_strings import decoded, long, shared_strings, short, words
from gateway.content.number_formats import Show, find_show, find_text_show, words_of
from gateway.content.reading import Spent, Unreadable
from gateway.content.sheet_rows import text_of
from gateway.content.spreadsheet import page_edge
from gateway.detectors import Segment
from gateway.detectors.grid import Grid, letters
from gateway.detectors.unseen import name_of
from gateway.mime.charsets import find_codec
from gateway.model.finding import Place, Readable

BIFF5, BIFF8 = 0x0500, 0x0600

_BOF, _EOF, _CONTINUE, _FILEPASS, _CODEPAGE, _DATE1904 = 0x809, 0x0A, 0x3C, 0x2F, 0x42, 0x22
_BOUNDSHEET, _SST, _FORMAT, _XF = 0x85, 0xFC, 0x41E, 0xE0
_HEADER, _FOOTER, _HEADERFOOTER, _TXO, _STRING = 0x14, 0x15, 0x89C, 0x1B6, 0x207
_VIEW, _VIEW_END = 0x1AA, 0x1AB  # of a sheet, with page edges of its own
_LABELSST, _LABEL, _RSTRING, _RK, _MULRK, _NUMBER, _FORMULA, _BOOLERR = 0xFD, 0x204, 0xD6, 0x27E, 0xBD, 0x203, 0x06, 0x205
_CELLS = frozenset({_LABELSST, _LABEL, _RSTRING, _RK, _MULRK, _NUMBER, _FORMULA, _BOOLERR})
_VALIDATION, _CONDITION, _CONDITION12, _SERIES_TEXT = 0x1BE, 0x1B1, 0x87A, 0x100D
# Without words that anybody is shown: places of cells, looks, fonts, styles, windows.
_PLACES = (0x208, 0x201, 0xBE, 0xD7, 0x20B, 0xFF, 0x7D, 0xE5, 0x200, 0x55, 0x99, 0x1B0, 0x879, 0x0B, 0xED)
_LOOKS = (0xE0, 0x87D, 0x87C, 0x31, 0x231, 0x92, 0x896, 0x293, 0x892, 0x88E, 0x3D, 0x23E, 0x5C, 0x42, 0x1D)
_SILENT = frozenset((*_PLACES, *_LOOKS))
_STATES = ("", " (hidden)", " (very hidden)")
_TOGETHER = 50_000  # cells in one segment
_GAP = 256  # empty cells that are filled in


@dataclass(slots=True)
class _Book:
    """What the records before the sheets say."""

    version: int = BIFF8
    codec: str = "cp1252"
    is_1904: bool = False
    strings: list[str] = field(default_factory=list)
    formats: dict[int, str] = field(default_factory=dict)
    styles: list[int] = field(default_factory=list)
    sheets: list[tuple[int, str]] = field(default_factory=list)  # where each begins, what a person calls it
    visible: set[int] = field(default_factory=set)  # where those begin that are not hidden
    shows: dict[int, tuple[Show | None, Show | None]] = field(default_factory=dict)  # numbers and texts, by style
    said: list[str] = field(default_factory=list)

    @property
    def old_codec(self) -> str | None:
        """What strings are written in where they do not say it themselves."""
        return self.codec if self.version == BIFF5 else None


def read_book(stream: bytes, spent: Spent) -> Iterator[Segment]:
    """All sheets, the visible ones first as they stand.

    Raises:
        Unreadable: encrypted; unsupported, when it is older than Excel 5; damaged.
    """
    book = _globals(stream, spent)
    place = Place.FIRST_LINE
    begins = {offset for offset, _ in book.sheets}
    for offset, name in book.sheets:
        for segment in _sheet(stream, offset, name, book, spent, begins):
            yield (Place.TEXT, segment[1], segment[2]) if segment[0] is Place.FIRST_LINE and place is Place.TEXT else segment
        place = Place.TEXT
    yield Place.TEXT, "sheet names", "\n".join(name for _, name in book.sheets)
    if book.said:
        yield Place.TEXT, "names and links", "\n".join(book.said)
    if said := dict.fromkeys(word for code in book.formats.values() for word in words_of(code)):
        yield Place.TEXT, "number formats", "\n".join(said)


def read_cache(stream: bytes) -> Iterator[Segment]:
    """The stream of a pivot table's cache (section 2.1.7.5): the values that it has been made of."""
    said: list[str] = []
    for kind, data, _ in _records(stream, 0):
        if kind == _EOF:
            break
        said.extend(_said(kind, data, _Book()))
    yield Place.TEXT, "cache of a pivot table", "\n".join(said)


def _records(stream: bytes, at: int) -> Iterator[tuple[int, bytes, int]]:
    """Kind, content, and where the next one begins."""
    while at + 4 <= len(stream):
        kind, size = struct.unpack_from("<HH", stream, at)
        at += 4 + size
        if at > len(stream):
            raise Unreadable(Readable.DAMAGED)
        yield kind, stream[at - size : at], at


def _globals(stream: bytes, spent: Spent) -> _Book:
    book = _Book()
    shared: list[bytes] | None = None
    before = _BOF
    for number, (kind, data, _) in enumerate(_records(stream, 0)):
        if kind == _CONTINUE:
            if shared is not None:
                shared.append(data)
            else:
                book.said.extend(_said(before, data, book))
            continue
        before = kind
        if shared is not None:
            book.strings, shared = list(shared_strings(shared, spent)), None
        if number == 0:
            book.version = struct.unpack_from("<H", data)[0] if kind == _BOF and len(data) > 3 else 0
            if book.version not in (BIFF5, BIFF8):
                raise Unreadable(Readable.UNSUPPORTED)
        elif kind == _FILEPASS:
            raise Unreadable(Readable.ENCRYPTED)
        elif kind == _SST:
            shared = [data]
        elif kind == _EOF:
            return book
        else:
            _global(book, kind, data)
    raise Unreadable(Readable.DAMAGED)


def _global(book: _Book, kind: int, data: bytes) -> None:
    """One record before the sheets; a broken one says nothing."""
    try:
        if kind == _CODEPAGE:
            book.codec = find_codec(f"cp{struct.unpack_from('<H', data)[0]}") or "cp1252"
        elif kind == _DATE1904:
            book.is_1904 = data[:1] == b"\1"
        elif kind == _BOUNDSHEET:
            offset, state = struct.unpack_from("<IB", data)
            book.visible.update(() if state & 3 else (offset,))
            book.sheets.append((offset, f"sheet {short(data, 6, book.old_codec)}{_STATES[state & 3] if state & 3 < 3 else ''}"))
        elif kind == _FORMAT:
            code = long(data, 2, None) if book.version == BIFF8 else short(data, 2, book.old_codec)
            book.formats[struct.unpack_from("<H", data)[0]] = code
        elif kind == _XF:
            book.styles.append(struct.unpack_from("<H", data, 2)[0])
        else:
            book.said.extend(_said(kind, data, book))
    except (struct.error, IndexError):
        return


def _said(kind: int, data: bytes, book: _Book) -> Iterator[str]:
    """What a record says that is no cell."""
    if kind == _SERIES_TEXT:
        yield short(data, 2, book.old_codec)
    elif kind in (_CONDITION, _CONDITION12):
        yield f"if {', '.join(words(data))}"  # what cells are compared with is no marking
    elif kind == _VALIDATION and book.version == BIFF8:
        yield from _validation(data)
    elif kind not in _SILENT:
        yield from words(data)


def _validation(data: bytes) -> Iterator[str]:
    """Section 2.4.92: four texts, and conditions or a list to choose from, whose items say nothing of the workbook."""
    at = 4
    for _ in range(4):
        yield long(data, at, None).strip("\0")
        at += 3 + struct.unpack_from("<H", data, at)[0] * (1 + (data[at + 2] & 1))
    yield f"one of {', '.join(words(data[at:]))}"


def _sheet(stream: bytes, offset: int, name: str, book: _Book, spent: Spent, begins: set[int]) -> Iterator[Segment]:
    cells: list[tuple[int, int, str]] = []
    around: list[str] = []
    edges: list[Segment] = []
    is_hidden, in_view = offset not in book.visible, False
    waiting: tuple[int, int, int] | None = None  # the cell whose formula gave a text
    shape = _ShapeText()
    owner = _BOF  # of the records that go on with one before them
    depth = 0
    place = Place.FIRST_LINE
    for kind, data, at in _records(stream, offset):
        depth += (kind == _BOF) - (kind == _EOF)
        if depth <= 0 and (kind == _EOF or at in begins):
            break
        owner = owner if kind == _CONTINUE else kind
        in_view = kind == _VIEW or (in_view and kind != _VIEW_END)
        try:
            if kind in (_HEADER, _FOOTER, _HEADERFOOTER):
                # Those of a chart in a sheet are printed with the chart alone.
                edges.extend(_edges(kind, data, name, book, is_shown=not (is_hidden or in_view or depth > 1)))
            elif kind == _STRING and waiting is not None:
                cells.append((waiting[0], waiting[1], _text(text_of(long(data, 0, book.old_codec)), waiting[2], book)))
            elif kind in _CELLS:
                found = list(_cells(kind, data, book))
                cells.extend(found)
                waiting = struct.unpack_from("<HHH", data) if kind == _FORMULA and not found else waiting
            elif owner == _TXO:
                around.extend(shape.take(kind, data))
            else:
                around.extend(_said(owner, data, book))
        except (struct.error, IndexError):
            continue
        if len(cells) > _TOGETHER:
            yield _together(cells, place, name, spent)
            cells, place = [], Place.TEXT
    yield _together(cells, place, name, spent)
    yield from edges
    if around:
        yield Place.TEXT, f"{name}, besides its cells", "\n".join(around)


class _ShapeText:
    """The text of a shape or a note (section 2.4.329): in the records after its own, cut anywhere."""

    __slots__ = ("_left", "_pieces")

    def __init__(self) -> None:
        self._left = 0
        self._pieces: list[str] = []

    def take(self, kind: int, data: bytes) -> Iterator[str]:
        """The text, once it is whole; the records after it are about its looks."""
        if kind == _TXO:
            self._pieces = []
            (self._left,) = struct.unpack_from("<H", data, 10)
        if kind == _TXO or self._left <= 0:
            return
        self._pieces.append(decoded(data[1:], data[:1])[: self._left])
        self._left -= len(self._pieces[-1]) or self._left
        if self._left <= 0:
            yield "".join(self._pieces)


def _cells(kind: int, data: bytes, book: _Book) -> Iterator[tuple[int, int, str]]:
    """Row, column and text of the cells of a record."""
    if kind == _LABELSST:
        row, column, style, number = struct.unpack_from("<HHHI", data)
        yield row, column, _text(book.strings[number], style, book)
    elif kind in (_RK, _NUMBER):
        row, column, style = struct.unpack_from("<HHH", data)
        yield row, column, _number(rk(data, 6) if kind == _RK else struct.unpack_from("<d", data, 6)[0], style, book)
    elif kind == _MULRK:
        row, first = struct.unpack_from("<HH", data)
        for at in range(4, len(data) - 7, 6):
            yield row, first + (at - 4) // 6, _number(rk(data, at + 2), struct.unpack_from("<H", data, at)[0], book)
    elif kind == _FORMULA:
        row, column, style = struct.unpack_from("<HHH", data)
        if data[12:14] != b"\xff\xff":  # section 2.5.133: else a text follows, or it is a truth value, an error or empty
            yield row, column, _number(struct.unpack_from("<d", data, 6)[0], style, book)
        elif data[6] in (1, 2, 3):
            yield row, column, str(data[8]) if data[6] == 1 else ""
    elif kind in (_LABEL, _RSTRING):
        row, column, style = struct.unpack_from("<HHH", data)
        yield row, column, _text(text_of(long(data, 6, book.old_codec)), style, book)


def rk(data: bytes, at: int) -> float:
    """Section 2.5.218: 30 bits of an integer or of a floating-point number, perhaps in hundredths."""
    (value,) = struct.unpack_from("<i", data, at)
    number = float(value >> 2) if value & 2 else struct.unpack("<d", struct.pack("<Q", (value & 0xFFFFFFFC) << 32))[0]
    return number / 100 if value & 1 else number


def _number(value: float, style: int, book: _Book) -> str:
    plain = str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    show, _ = _shows(style, book)
    return show(plain) if show else plain


def _text(text: str, style: int, book: _Book) -> str:
    _, show = _shows(style, book)
    return show(text) if show else text


def _shows(style: int, book: _Book) -> tuple[Show | None, Show | None]:
    """How numbers and texts of a style are shown."""
    known = book.shows.get(style)
    if known is None:
        format_ = book.styles[style] if style < len(book.styles) else 0
        code = book.formats.get(format_, "")
        known = book.shows[style] = (find_show(code, format_, is_1904=book.is_1904), find_text_show(code))
    return known


def _together(cells: list[tuple[int, int, str]], place: Place, name: str, spent: Spent) -> Segment:
    """Cells to lines."""
    spent.cells(len(cells))
    lines: list[str] = []
    rows: list[int] = []
    line: list[str] = []
    before = -1
    for row, column, text in sorted(cells):
        if not rows or row != rows[-1]:
            lines.extend(("\t".join(line),) if rows else ())
            rows.append(row)
            line, before = [], -1
        line.extend(("",) * min(max(column - before - 1, 0), _GAP))
        line.append(text)
        before = column
    lines.append("\t".join(line))
    grid = Grid(name)
    grid.cell = lambda at, column: f"{letters(column)}{rows[min(at, len(rows) - 1)] + 1}"
    return place, grid, "\n".join(lines)


def _edges(kind: int, data: bytes, name: str, book: _Book, *, is_shown: bool) -> Iterator[Segment]:
    """Page headers and footers; those of even and first pages stand in a record of their own (section 2.4.137), with a flag for each."""
    if kind != _HEADERFOOTER:
        place = Place.PAGE_HEADER if kind == _HEADER else Place.PAGE_FOOTER
        codes = (long(data, 0, None) if book.version == BIFF8 else short(data, 0, book.old_codec)) if data else ""
        yield place, _edge_name(name, place, is_shown=is_shown), page_edge(codes)
        return
    is_of_view, at = any(data[12:28]), 38
    for number, length in enumerate(struct.unpack_from("<4H", data, 30)):
        if length:
            place = Place.PAGE_FOOTER if number % 2 else Place.PAGE_HEADER
            is_asked = data[28] & (1 if number < 2 else 2) != 0 and not is_of_view
            yield place, _edge_name(name, place, is_shown=is_shown and is_asked), page_edge(long(data, at, None))
            at += 3 + length * (1 + (data[at + 2] & 1))


def _edge_name(sheet: str, place: Place, *, is_shown: bool) -> str:
    return name_of(f"{sheet}, {place.value.replace('_', ' ')}", is_shown=is_shown)
