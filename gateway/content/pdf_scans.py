"""Pages of a PDF that are pictures, and pictures on pages that have words besides: drawn by pdfium in grey, read as any picture is.

What is drawn is the page as a person sees it, turned, masked, put together from strips; of a picture beside words the place where it
stands, without those words, which were read as what they are. So the same background of every page is the same picture, read once.
Limits: writing so small that a person has to enlarge the page, who finds more in the picture than is drawn here.
"""

from __future__ import annotations

import ctypes
import hashlib
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import pypdfium2.raw as pdfium

from gateway.content import ocr
from gateway.content.ocr import NOT_READ, Page
from gateway.content.pdf_pictures import Look, area, covered, look_at, paper_of, pictures_of_words
from gateway.content.pdf_words import Box
from gateway.content.pictures import inset_segments, measured, segments, told
from gateway.content.reading import Item, Spent

_DOTS = 150 / 72  # pixels for a point
_LARGE = 0.1  # of a page without words: what pictures take of a scan
_WHOLE = 0.8  # of the paper: the edges of such a picture are those of the page
_CURVES = 50  # so many shapes may be letters without a font
_WHITE = 0xFFFFFFFF


def scanned_words(page: Any, look: Look, number: int, spent: Spent) -> Iterator[Item]:
    """The words of a page that has hardly any text, if it looks like a scan or like letters drawn as shapes."""
    if covered(look) > _LARGE or look.shapes.number >= _CURVES or pictures_of_words(look, lambda _: 0) != ([], True):
        yield from drawn_words(page, number, spent)


def drawn_words(page: Any, number: int, spent: Spent) -> Iterator[Item]:
    """The words of a page as a person sees it; that they are unread where there is no time for them, or nothing that reads them."""
    yield from _words(page, None, f"page {number + 1}, a picture", number, spent)


def pictured_words(page: Any, boxes: list[Box], number: int, spent: Spent) -> Iterator[Item]:
    """The words of pictures that stand on a page with a text of its own."""
    for thing in look_at(page, spent).texts:
        pdfium.FPDFPageObj_SetIsActive(thing, False)
    for at, box in enumerate(boxes, 1):
        yield from _words(page, box, f"page {number + 1}, picture {at} on it", number, spent)


def _words(page: Any, box: Box | None, where: str, number: int, spent: Spent) -> Iterator[Item]:
    read = measured(lambda: _read(page, box, spent), spent) if spent.picture_seconds > 0 else NOT_READ
    if box is None or area(box) >= _WHOLE * area(paper_of(page)):
        yield from segments(read.lines, where, is_page=True, is_first=number == 0)
    else:
        yield from inset_segments(read.lines, where)
    yield told(read)


class _Part(NamedTuple):
    """What is drawn of a page, in pixels."""

    page: tuple[int, int]  # all of it, across and down
    left: int
    top: int
    across: int
    down: int


def _read(page: Any, box: Box | None, spent: Spent) -> Page:
    _pause.until = time.process_time() + spent.picture_seconds
    part = _part(page, box)
    bitmap = pdfium.FPDFBitmap_CreateEx(part.across, part.down, pdfium.FPDFBitmap_Gray, None, 0)
    if not bitmap:
        return NOT_READ
    try:
        pdfium.FPDFBitmap_FillRect(bitmap, 0, 0, part.across, part.down, _WHITE)
        return _read_once(bitmap, part, spent) if _draw(bitmap, page, part) else NOT_READ
    finally:
        pdfium.FPDFBitmap_Destroy(bitmap)


def _draw(bitmap: Any, page: Any, part: _Part) -> bool:
    """Whether there was time for all of it: a map has hundreds of thousands of lines."""
    how = pdfium.FPDF_ANNOT | pdfium.FPDF_GRAYSCALE
    try:
        done = pdfium.FPDF_RenderPageBitmap_Start(bitmap, page, -part.left, -part.top, *part.page, 0, how, _pause.asked)
        return bool(done == pdfium.FPDF_RENDER_DONE)
    finally:
        pdfium.FPDF_RenderPage_Close(page)


def _read_once(bitmap: Any, part: _Part, spent: Spent) -> Page:
    """What was drawn before, all the same, is known."""
    pixels, row = pdfium.FPDFBitmap_GetBuffer(bitmap), pdfium.FPDFBitmap_GetStride(bitmap)
    digest = hashlib.sha256(b"%d %d " % (part.across, row) + ctypes.string_at(pixels, row * part.down)).digest()
    known = spent.pictures.get(digest)
    if isinstance(known, Page):
        return known
    page = ocr.page_of_pixels(pixels, part.across, part.down, row, _pause.until - time.process_time())
    if page.is_whole:
        spent.pictures[digest] = page
    return page


class _Pause:
    """What pdfium asks now and then while it draws. Made once, before a child locks itself in: it is code that is made."""

    def __init__(self) -> None:
        self.until = 0.0  # of processor time
        self.asked = pdfium.IFSDK_PAUSE(version=1)
        self.asked.NeedToPauseNow = type(self.asked.NeedToPauseNow)(lambda _: time.process_time() > self.until)


_pause = _Pause()


def _part(page: Any, box: Box | None) -> _Part:
    """Where a place on the paper is drawn, of a page that is turned as it is shown; all of it without one."""
    width, height = pdfium.FPDF_GetPageWidthF(page) * _DOTS, pdfium.FPDF_GetPageHeightF(page) * _DOTS
    scale = min(1.0, ocr.LONGEST / max(width, height, 1))
    whole = max(1, int(width * scale)), max(1, int(height * scale))
    if box is None:
        return _Part(whole, 0, 0, *whole)
    corners = [_pixel(page, whole, *corner) for corner in ((box.left, box.bottom), (box.right, box.top))]
    (left, right), (top, bottom) = (sorted(ends) for ends in zip(*corners, strict=True))
    return _Part(whole, left, top, max(1, right - left), max(1, bottom - top))


def _pixel(page: Any, whole: tuple[int, int], across: float, up: float) -> tuple[int, int]:
    x, y = ctypes.c_int(), ctypes.c_int()
    pdfium.FPDF_PageToDevice(page, 0, 0, *whole, 0, across, up, x, y)
    return x.value, y.value
