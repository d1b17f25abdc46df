"""Excel 5 to 2003 ([MS-XLS], BIFF5 and BIFF8) to segments: every sheet with its cells, page edges, notes and shapes, names and links.

A workbook is a row of records. Strings of BIFF8 may go on in the record after theirs (section 2.5.293), with a flag of their own.
Numbers are read as they are shown where their format hides digits or makes a date of them.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from gateway.content.number_formats import Show, find_show
from gateway.content.office_art import words_in
from gateway.content.reading import Spent, Unreadable
from gateway.content.sheet_rows import text_of
from gateway.content.spreadsheet import page_edge
from gateway.detectors import Segment
from gateway.detectors.grid import Grid, letters
from gateway.mime.charsets import find_codec
from gateway.model.finding import Place, Readable

BIFF5, BIFF8 = 0x0500, 0x0600

_BOF, _EOF, _CONTINUE, _FILEPASS, _CODEPAGE, _DATE1904 = 0x809, 0x0A, 0x3C, 0x2F, 0x42, 0x22
_BOUNDSHEET, _SST, _FORMAT, _XF, _NAME, _SUPBOOK, _EXTERNNAME, _CRN = 0x85, 0xFC, 0x41E, 0xE0, 0x18, 0x1AE, 0x23, 0x5A
_HEADER, _FOOTER, _HEADERFOOTER, _TXO, _HLINK, _DV, _STRING = 0x14, 0x15, 0x89C, 0x1B6, 0x1B8, 0x1BE, 0x207
_LABELSST, _LABEL, _RSTRING, _RK, _MULRK, _NUMBER, _FORMULA, _BOOLERR = 0xFD, 0x204, 0xD6, 0x27E, 0xBD, 0x203, 0x06, 0x205
_DRAWINGS, _DRAWING = 0xEB, 0xEC
_SAID = (_NAME, _SUPBOOK, _EXTERNNAME, _CRN, _HLINK, _DV, _DRAWINGS, _DRAWING)  # records in which words stand among other things
_STATES = ("", " (hidden)", " (very hidden)")
_TOGETHER = 50_000  # cells in one segment
_GAP = 256  # empty cells that are filled in
_NARROW = re.compile(rb"[\x20-\x7e\xa0-\xff]{4,}")  # words in the middle of a record


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
    shows: dict[int, Show | None] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)


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
    for number, (kind, data, _) in enumerate(_records(stream, 0)):
        if kind == _CONTINUE and shared is not None:
            shared.append(data)
            continue
        if shared is not None:
            book.strings, shared = list(_shared_strings(shared, spent)), None
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
            book.sheets.append((offset, f"sheet {_short(data, 6, book)}{_STATES[state & 3] if state & 3 < 3 else ''}"))
        elif kind == _FORMAT:
            code = _long(data, 2, book) if book.version == BIFF8 else _short(data, 2, book)
            book.formats[struct.unpack_from("<H", data)[0]] = code
        elif kind == _XF:
            book.styles.append(struct.unpack_from("<H", data, 2)[0])
        elif kind in _SAID:
            book.said.extend(_words(data))
    except (struct.error, IndexError):
        return


def _sheet(stream: bytes, offset: int, name: str, book: _Book, spent: Spent, begins: set[int]) -> Iterator[Segment]:
    cells: list[tuple[int, int, str]] = []
    around: list[str] = []
    edges: list[Segment] = []
    waiting: tuple[int, int] | None = None  # the cell whose formula gave a text
    is_text = False  # the next record goes on with the text of a shape
    depth = 0
    place = Place.FIRST_LINE
    for kind, data, at in _records(stream, offset):
        depth += (kind == _BOF) - (kind == _EOF)
        if depth <= 0 and (kind == _EOF or at in begins):
            break
        if kind == _CONTINUE:
            around.extend((_decoded(data[1:], data[:1]),) if is_text and data else ())
            is_text = False
            continue
        is_text = kind == _TXO
        try:
            if kind in (_HEADER, _FOOTER, _HEADERFOOTER):
                edges.extend(_edges(kind, data, name, book))
            elif kind == _STRING and waiting is not None:
                cells.append((*waiting, text_of(_long(data, 0, book))))
            elif kind in _SAID:
                around.extend(_words(data))
            else:
                found = list(_cells(kind, data, book))
                cells.extend(found)
                waiting = struct.unpack_from("<HH", data) if kind == _FORMULA and not found else waiting
        except (struct.error, IndexError):
            continue
        if len(cells) > _TOGETHER:
            yield _together(cells, place, name, spent)
            cells, place = [], Place.TEXT
    yield _together(cells, place, name, spent)
    yield from edges
    if around:
        yield Place.TEXT, f"{name}, besides its cells", "\n".join(around)


def _cells(kind: int, data: bytes, book: _Book) -> Iterator[tuple[int, int, str]]:
    """Row, column and text of the cells of a record."""
    if kind == _LABELSST:
        row, column, _, number = struct.unpack_from("<HHHI", data)
        yield row, column, book.strings[number]
    elif kind in (_RK, _NUMBER):
        row, column, style = struct.unpack_from("<HHH", data)
        yield row, column, _number(_rk(data, 6) if kind == _RK else struct.unpack_from("<d", data, 6)[0], style, book)
    elif kind == _MULRK:
        row, first = struct.unpack_from("<HH", data)
        for at in range(4, len(data) - 7, 6):
            yield row, first + (at - 4) // 6, _number(_rk(data, at + 2), struct.unpack_from("<H", data, at)[0], book)
    elif kind == _FORMULA:
        row, column, style = struct.unpack_from("<HHH", data)
        if data[12:14] != b"\xff\xff":  # section 2.5.133: else a text follows, or it is a truth value, an error or empty
            yield row, column, _number(struct.unpack_from("<d", data, 6)[0], style, book)
        elif data[6] in (1, 2, 3):
            yield row, column, str(data[8]) if data[6] == 1 else ""
    elif kind in (_LABEL, _RSTRING):
        row, column = struct.unpack_from("<HH", data)
        yield row, column, text_of(_long(data, 6, book))


def _rk(data: bytes, at: int) -> float:
    """Section 2.5.218: 30 bits of an integer or of a floating-point number, perhaps in hundredths."""
    (value,) = struct.unpack_from("<i", data, at)
    number = float(value >> 2) if value & 2 else struct.unpack("<d", struct.pack("<Q", (value & 0xFFFFFFFC) << 32))[0]
    return number / 100 if value & 1 else number


def _number(value: float, style: int, book: _Book) -> str:
    plain = str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if style not in book.shows:
        format_ = book.styles[style] if style < len(book.styles) else 0
        book.shows[style] = find_show(book.formats.get(format_, ""), format_, is_1904=book.is_1904)
    show = book.shows[style]
    return show(plain) if show else plain


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


def _edges(kind: int, data: bytes, name: str, book: _Book) -> Iterator[Segment]:
    """Page headers and footers; those of even and first pages stand in a record of their own (section 2.4.137)."""
    if kind != _HEADERFOOTER:
        place = Place.PAGE_HEADER if kind == _HEADER else Place.PAGE_FOOTER
        codes = (_long(data, 0, book) if book.version == BIFF8 else _short(data, 0, book)) if data else ""
        yield place, f"{name}, {place.value.replace('_', ' ')}", page_edge(codes)
        return
    at = 38
    for number, length in enumerate(struct.unpack_from("<4H", data, 30)):
        if length:
            place = Place.PAGE_FOOTER if number % 2 else Place.PAGE_HEADER
            yield place, f"{name}, {place.value.replace('_', ' ')}", page_edge(_long(data, at, book))
            at += 3 + length * (1 + (data[at + 2] & 1))


# --- strings ----------------------------------------------------------------------------------------------------------


def _short(data: bytes, at: int, book: _Book) -> str:
    """A string whose length has one octet."""
    length = data[at]
    if book.version == BIFF5:
        return data[at + 1 : at + 1 + length].decode(book.codec, "replace")
    return _decoded(data[at + 2 : at + 2 + length * (1 + (data[at + 1] & 1))], data[at + 1 : at + 2])


def _long(data: bytes, at: int, book: _Book) -> str:
    """A string whose length has two octets."""
    (length,) = struct.unpack_from("<H", data, at)
    if book.version == BIFF5:
        return data[at + 2 : at + 2 + length].decode(book.codec, "replace")
    flags = data[at + 2]
    at += 3 + (2 if flags & 8 else 0) + (4 if flags & 4 else 0)
    return _decoded(data[at : at + length * (1 + (flags & 1))], bytes((flags,)))


def _decoded(octets: bytes, flags: bytes) -> str:
    return octets.decode("utf-16-le", "replace") if flags and flags[0] & 1 else octets.decode("latin-1")


def _words(data: bytes) -> Iterator[str]:
    """Runs of letters in the middle of a record, wide or narrow."""
    yield from words_in(data)
    yield from (run[0].decode("latin-1") for run in _NARROW.finditer(data))


def _shared_strings(records: list[bytes], spent: Spent) -> Iterator[str]:
    """Section 2.4.265: a string may be cut anywhere; after the cut its letters have a flag again."""
    reader = _Strings(records)
    count = reader.number(8) >> 32
    for number in range(min(count, 1 << 24)):
        if number % 4096 == 0:
            spent.cells(min(count, 4096))
        text = reader.string()
        if text is None:
            return
        yield text_of(text)


class _Strings:
    """Reads on over the ends of records."""

    __slots__ = ("_at", "_record", "_records")

    def __init__(self, records: list[bytes]) -> None:
        self._records = records
        self._record = self._at = 0

    def number(self, size: int) -> int:
        return int.from_bytes(self._take(size), "little")

    def string(self) -> str | None:
        """The next one; None at the end."""
        head = self._take(3)
        if len(head) < 3:
            return None
        length, flags = struct.unpack("<HB", head)
        runs = self.number(2) if flags & 8 else 0
        more = self.number(4) if flags & 4 else 0
        text = self._letters(length, flags & 1)
        self._take(4 * runs + more)
        return text

    def _letters(self, length: int, wide: int) -> str:
        found: list[str] = []
        while length > 0:
            left = len(self._records[self._record]) - self._at
            if left <= 0:
                if self._record + 1 >= len(self._records):
                    break
                self._record, self._at = self._record + 1, 1
                wide = (self._records[self._record][:1] or b"\0")[0] & 1
                continue
            count = min(length, left // (1 + wide) or 1)
            octets = self._records[self._record][self._at : self._at + count * (1 + wide)]
            found.append(_decoded(octets, bytes((wide,))))
            self._at += count * (1 + wide)
            length -= count
        return "".join(found)

    def _take(self, size: int) -> bytes:
        taken = b""
        while size > 0 and self._record < len(self._records):
            piece = self._records[self._record][self._at : self._at + size]
            taken += piece
            size -= len(piece)
            self._at += len(piece)
            if size > 0:
                self._record, self._at = self._record + 1, 0
        self._record = min(self._record, len(self._records) - 1)
        return taken
