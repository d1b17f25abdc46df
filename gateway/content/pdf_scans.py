"""Pages of a PDF that are pictures: drawn by pdfium in grey, their words read as those of any picture.

Limits: a picture of words on a page that has text besides is not read.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from itertools import islice
from typing import Any

import pypdfium2.raw as pdfium

from gateway.content import ocr
from gateway.content.ocr import NOT_READ, Page
from gateway.content.pictures import measured, segments, told
from gateway.content.reading import Item, Spent

_DOTS = 150 / 72  # pixels for a point
_OBJECTS = 500  # of a page that are looked at
_LARGE = 0.1  # of the page: a picture that may be a scan
_CURVES = 50  # so many shapes may be letters without a font
_WHITE = 0xFFFFFFFF


def scanned_words(page: Any, number: int, spent: Spent) -> Iterator[Item]:
    """The words of a page that has hardly any text, if it looks like a scan or like letters drawn as shapes."""
    if not spent.reads_pictures or not _is_drawn(page):
        return
    read = measured(lambda: _read(page, spent.picture_seconds), spent) if spent.picture_seconds > 0 else NOT_READ
    yield from segments(read.lines, f"page {number + 1}, a picture", is_page=True, is_first=number == 0)
    yield told(read)


def _is_drawn(page: Any) -> bool:
    count = pdfium.FPDFPage_CountObjects(page)
    objects = [pdfium.FPDFPage_GetObject(page, index) for index in range(min(count, _OBJECTS))]
    kinds = [pdfium.FPDFPageObj_GetType(thing) for thing in objects]
    paper = pdfium.FPDF_GetPageWidthF(page) * pdfium.FPDF_GetPageHeightF(page)
    pictures = (thing for thing, kind in zip(objects, kinds, strict=True) if kind in (pdfium.FPDF_PAGEOBJ_IMAGE, pdfium.FPDF_PAGEOBJ_FORM))
    return kinds.count(pdfium.FPDF_PAGEOBJ_PATH) >= _CURVES or any(_area(thing) > _LARGE * paper for thing in islice(pictures, _OBJECTS))


def _area(thing: Any) -> float:
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    if not pdfium.FPDFPageObj_GetBounds(thing, left, bottom, right, top):
        return 0.0
    return float((right.value - left.value) * (top.value - bottom.value))


def _read(page: Any, seconds: float) -> Page:
    width, height = pdfium.FPDF_GetPageWidthF(page) * _DOTS, pdfium.FPDF_GetPageHeightF(page) * _DOTS
    scale = min(1.0, ocr.LONGEST / max(width, height, 1))
    across, down = max(1, int(width * scale)), max(1, int(height * scale))
    bitmap = pdfium.FPDFBitmap_CreateEx(across, down, pdfium.FPDFBitmap_Gray, None, 0)
    if not bitmap:
        return NOT_READ
    try:
        pdfium.FPDFBitmap_FillRect(bitmap, 0, 0, across, down, _WHITE)
        pdfium.FPDF_RenderPageBitmap(bitmap, page, 0, 0, across, down, 0, pdfium.FPDF_ANNOT | pdfium.FPDF_GRAYSCALE)
        pixels, row = pdfium.FPDFBitmap_GetBuffer(bitmap), pdfium.FPDFBitmap_GetStride(bitmap)
        return ocr.page_of_pixels(pixels, across, down, row, seconds)
    finally:
        pdfium.FPDFBitmap_Destroy(bitmap)
