"""Pages of a PDF to segments, by pdfium: text in the order in which it is drawn, and what stands at the top and at the bottom.

In: an open document of pypdfium2. Out: the text of each page; the lines whose pieces were drawn one here, one there, put together; words
without the hyphens of line ends; the lines of page header and footer, each also in the pieces that wide gaps part.
Standards: ISO 32000-2 section 9, also for text that is invisible, white, clipped, on a hidden layer or beside the paper; section 12.5.5,
annotations as they are drawn. pdf_objects reads what they say besides.
pdf_scans reads the words of a page that is a picture, or whose letters have no characters (pdf_fonts), and of pictures beside words.
Limits: a word of which each letter stands by itself, far from the next, stays apart.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeAlias

import pypdfium2.raw as pdfium

from gateway.content.pdf_fonts import Untold, is_untold
from gateway.content.pdf_pictures import look_at, pictures_of_words
from gateway.content.pdf_scans import drawn_words, pictured_words, scanned_words
from gateway.content.pdf_words import Box, Scratch, Words
from gateway.content.reading import Item, Spent, Unread, Unreadable
from gateway.detectors import Segment
from gateway.model.finding import Place, Readable

_BAND = 0.1  # of the height
_EDGE_LINES = 64  # in one band; what has more is no page header
_EDGE_LINE = 120  # characters; what is longer is prose
_LINES = 20_000  # of one page
_WIDE = 1.5  # heights of a line: a gap that parts what stands on it
_NARROW = 0.15  # a gap within a word
_SAME_LINE = 0.3  # between two base lines
_ALMOST = 4.0  # points between two base lines that may be one
_BROKEN = re.compile("[^\r\n\ufffe]{0,80}\ufffe[^\r\n]{0,80}")
_ANNOTATIONS = 5000  # of one page: to draw them takes a time that grows with the square of their number
_FEW = 100  # letters: a page that has fewer may be a scan
_BLANKS = re.compile(" +")
_Line: TypeAlias = tuple[float, float, int, int]  # up, across; start and end in the text


def read_pages(document: Any, untold: Untold, spent: Spent) -> Iterator[Item]:
    """All pages in their order; behind them the pictures on those that have words besides, which seldom say more."""
    scratch, pictures = Scratch(), dict[int, list[Box]]()
    for number in range(len(document)):
        spent.pages()
        yield from _page(document.raw, number, untold, scratch, spent, pictures)
    for number, boxes in pictures.items():
        if not boxes:
            continue
        if spent.picture_seconds <= 0:
            yield Unread(Readable.PICTURES_UNREAD)
            return
        with _loaded(document.raw, number, spent, is_again=True) as page:
            yield from pictured_words(page, boxes, number, spent)


def _page(document: Any, number: int, untold: Untold, scratch: Scratch, spent: Spent, pictures: dict[int, list[Box]]) -> Iterator[Item]:
    """Its words, and those of a scan; `pictures` takes the places of pictures beside words."""
    with _loaded(document, number, spent) as page, _text(page) as text:
        if not text:
            return
        words = Words(text, scratch)
        yield from _segments(page, words, number)
        if number in untold.pages or is_untold(text, words.letters, untold):
            yield from drawn_words(page, number, spent)
        elif spent.reads_pictures:
            look = look_at(page, spent)
            if len(words.text) < _FEW:
                yield from scanned_words(page, look, number, spent)
            else:
                pictures[number], is_all = pictures_of_words(look, words.count_in)
                if not is_all:
                    yield Unread(Readable.PICTURES_UNREAD)


@contextmanager
def _loaded(document: Any, number: int, spent: Spent, *, is_again: bool = False) -> Iterator[Any]:
    page = _load(document, number, spent, is_again=is_again)
    try:
        yield page
    finally:
        if page:
            pdfium.FPDF_ClosePage(page)


@contextmanager
def _text(page: Any) -> Iterator[Any]:
    """The text page of a page; none where there is no page."""
    text = pdfium.FPDFText_LoadPage(page) if page else None
    try:
        yield text
    finally:
        if text:
            pdfium.FPDFText_ClosePage(text)


def _load(document: Any, number: int, spent: Spent, *, is_again: bool) -> Any:
    """A page with its annotations drawn into it."""
    page = pdfium.FPDF_LoadPage(document, number)
    is_drawn_on = page and _is_drawn_on(page, spent, is_again=is_again)
    if is_drawn_on and pdfium.FPDFPage_Flatten(page, pdfium.FLAT_NORMALDISPLAY) == pdfium.FLATTEN_SUCCESS:
        pdfium.FPDF_ClosePage(page)
        page = pdfium.FPDF_LoadPage(document, number)
    return page


def _is_drawn_on(page: Any, spent: Spent, *, is_again: bool) -> bool:
    """Whether an annotation is drawn by a stream of its own; links, most of them, are not. Counted once, at the first load."""
    count = pdfium.FPDFPage_GetAnnotCount(page)
    spent.parts(0 if is_again else count)
    if count > _ANNOTATIONS:
        pdfium.FPDF_ClosePage(page)
        raise Unreadable(Readable.OVER_BUDGET)
    for index in range(count):
        annotation = pdfium.FPDFPage_GetAnnot(page, index)
        if annotation:
            drawn = pdfium.FPDFAnnot_HasKey(annotation, b"AP")
            pdfium.FPDFPage_CloseAnnot(annotation)
            if drawn:
                return True
    return False


def _segments(page: Any, words: Words, number: int) -> Iterator[Segment]:
    if not words.text:
        return
    where = f"page {number + 1}"
    yield Place.FIRST_LINE if number == 0 else Place.TEXT, where, words.text.replace("\r\n", "\n").replace("\ufffe", "-")
    if "\ufffe" in words.text:
        broken = (found[0].replace("\ufffe", "") for found in _BROKEN.finditer(words.text))
        yield Place.TEXT, f"{where} without hyphens", "\n".join(broken)
    lines = words.lines(_LINES)
    yield Place.TEXT, f"{where} side by side", "\n".join(_side_by_side(words, lines))
    for place, band in _bands(page):
        yield place, f"{where} {place.value.removeprefix('page_')}", "\n".join(_edge(words, lines, band))


# --- the edges of a page ----------------------------------------------------------------------------------------------


def _bands(page: Any) -> tuple[tuple[Place, Box], ...]:
    """The top and the bottom of a page, as it is turned when it is shown."""
    paper = pdfium.FS_RECTF()
    if not pdfium.FPDF_GetPageBoundingBox(page, paper):
        return ()
    left, bottom, right, top = paper.left, paper.bottom, paper.right, paper.top
    across, up = (right - left) * _BAND, (top - bottom) * _BAND
    sides = (
        Box(left, top - up, right, top),
        Box(left, bottom, left + across, top),
        Box(left, bottom, right, bottom + up),
        Box(right - across, bottom, right, top),
    )
    quarters = pdfium.FPDFPage_GetRotation(page)  # clockwise
    return (Place.PAGE_HEADER, sides[quarters % 4]), (Place.PAGE_FOOTER, sides[(quarters + 2) % 4])


def _edge(words: Words, lines: Sequence[_Line], band: Box) -> Iterator[str]:
    """Each line that begins in a band; and each piece of it, where wide gaps part it."""
    within = ((start, end) for up, across, start, end in lines if band.holds(across, up))
    for start, end in itertools.islice(within, _EDGE_LINES):
        line = words.text[start:end].partition("\ufffe")[0].rstrip()  # what follows a hyphen stands on the next line
        yield line
        if " " in line and len(line) <= _EDGE_LINE:
            pieces = _pieces(words, start, start + len(line))
            yield from pieces if len(pieces) > 1 else ()


def _pieces(words: Words, start: int, end: int) -> list[str]:
    if words.is_at_one_go(start, end):
        return []
    pieces = []
    for blanks in _BLANKS.finditer(words.text, start, end):
        if start < blanks.start() and blanks.end() < end and words.is_wide(blanks.start() - 1, blanks.end(), _WIDE):
            pieces.append(words.text[start : blanks.start()])
            start = blanks.end()
    return [*pieces, words.text[start:end]]


# --- what stands on one line ------------------------------------------------------------------------------------------


def _side_by_side(words: Words, lines: Sequence[_Line]) -> Iterator[str]:
    """What stands on one line and was not drawn one after the other: words in pieces, the columns of a table."""
    near = ((one, other) for one, other in itertools.pairwise(sorted(lines)) if other[0] - one[0] < _ALMOST)
    pieces = [_piece(words, line) for line in dict.fromkeys(itertools.chain.from_iterable(near))]
    row: list[_Piece] = []
    for piece in sorted(filter(None, pieces), key=lambda piece: (-round(piece.base), piece.first.left)):
        if row and not _continues(row[-1], piece):
            yield from _joined(words.text, row)
            row = []
        row.append(piece)
    yield from _joined(words.text, row)


class _Piece(NamedTuple):
    """A line of the text, and where it stands."""

    base: float
    first: Box  # its first letter
    last: Box
    start: int
    end: int


def _piece(words: Words, line: _Line) -> _Piece | None:
    base, _, start, end = line
    first, last = words.letter(start), words.letter(end - 1)
    return _Piece(base, first, last, start, end) if first and last else None


def _continues(before: _Piece, after: _Piece) -> bool:
    height = before.last.height
    return abs(before.base - after.base) < _SAME_LINE * height and -_SAME_LINE * height < _gap(before, after) < _WIDE * height


def _joined(text: str, row: Sequence[_Piece]) -> Iterator[str]:
    """The pieces of a row as a person reads them; nothing where there is one alone."""
    if len(row) > 1:
        blanks = ("" if _gap(before, after) < _NARROW * before.last.height else " " for before, after in itertools.pairwise(row))
        yield "".join(blank + text[piece.start : piece.end] for blank, piece in zip(("", *blanks), row, strict=True))


def _gap(before: _Piece, after: _Piece) -> float:
    return after.first.left - before.last.right
