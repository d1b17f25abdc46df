"""Where a page of a PDF has something that could be a picture of words, and whether the words of the page lie over it.

In: an open page of pdfium. Out: places on the paper. What touches is one picture: scanners write a page in strips, others in tiles.
Pictures in forms (ISO 32000-2 8.10) and letters that are drawn as shapes count like those on the page itself.
A searchable scan has its words over the picture, and whoever made them has read it: that is believed. A number, a stamp, or a few words
are no such layer.
Limits: words made up by somebody and laid over a scan are believed, if they are as many as a page has; a picture that a pattern (8.7) or
a letter (9.6.4) is made of is no picture here.
"""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import pypdfium2.raw as pdfium

from gateway.content.ocr import WORTH
from gateway.content.pdf_words import Box
from gateway.content.reading import Spent

_OFTEN = 4096  # objects between two looks at the clock
_FORMS = 8  # within one another: what is deeper may be anything
_TOUCHES = 2.0  # points between two strips of one picture
_GROUPS = 100  # of what touches; more are one
_LARGE = 0.03  # of the paper: three lines of 10 points over a column's width; logos and the rasters of a letterhead are smaller
_SEGMENTS = 8  # of a path: a letter has as many; rules, boxes, and the cells of a table have fewer
_OUTLINED = 300  # points of curves: some twenty letters; less is a logo or a bar with round corners
_COUNTED = 20_000  # segments of one page that are looked at for curves
_WORDS = 40  # over a whole page. Of 54 printed pages 52 had as many, half of them 330; the header of a fax, a stamp, a number have 1 to 25
_FEWEST = 10  # over a smaller picture: a caption is no layer
_EMPTY = Box(0.0, 0.0, 0.0, 0.0)


class Piece(NamedTuple):
    """One thing that is drawn."""

    box: Box
    pixels: int


class Look(NamedTuple):
    """What stands on a page beside its words."""

    paper: Box
    pictures: list[Piece]
    paths: list[tuple[Any, tuple[Any, ...]]]  # with the matrices of the forms around them
    texts: list[Any]


def look_at(page: Any, spent: Spent) -> Look:
    """All objects of a page, also those in its forms."""
    look = Look(paper_of(page), [], [], [])
    _take(look, _objects(pdfium.FPDFPage_CountObjects, pdfium.FPDFPage_GetObject, page), (), spent)
    return look


def pictures_of_words(look: Look, words_in: Callable[[Box], int]) -> list[Box]:
    """Where there are pictures, or letters drawn as shapes, large enough for words and without a layer of them; the small ones first."""
    found = [piece.box for piece in _touching(look.pictures) if piece.pixels >= WORTH]
    paper = max(area(look.paper), 1.0)
    large = sorted((box for box in (*found, *_outlined(look)) if area(box) >= _LARGE * paper), key=area)
    return [box for box in large if words_in(box) < max(_FEWEST, _WORDS * area(box) / paper)]


def covered(look: Look) -> float:
    """The part of the paper that pictures take, however small their pieces are."""
    return sum(area(piece.box) for piece in look.pictures) / max(area(look.paper), 1.0)


# --- objects ----------------------------------------------------------------------------------------------------------


def _objects(count: Callable[[Any], int], get: Callable[[Any, int], Any], holder: Any) -> Iterator[Any]:
    return (get(holder, index) for index in range(count(holder)))


def _take(look: Look, objects: Iterable[Any], forms: tuple[Any, ...], spent: Spent) -> None:
    """`forms` are the matrices of those that these objects stand in, the innermost last."""
    kind_of, text, path = pdfium.FPDFPageObj_GetType, look.texts.append, look.paths.append
    for number, thing in enumerate(objects, 1):
        kind = kind_of(thing)
        if kind == pdfium.FPDF_PAGEOBJ_TEXT:
            text(thing)
        elif kind == pdfium.FPDF_PAGEOBJ_PATH:
            path((thing, forms))
        elif kind == pdfium.FPDF_PAGEOBJ_IMAGE:
            look.pictures.append(Piece(_box(thing, forms, look.paper), _pixels(thing)))
        elif kind == pdfium.FPDF_PAGEOBJ_FORM:
            _form(look, thing, forms, spent)
        if number % _OFTEN == 0:
            spent.time()


def _form(look: Look, form: Any, forms: tuple[Any, ...], spent: Spent) -> None:
    matrix = pdfium.FS_MATRIX()
    if len(forms) >= _FORMS or not pdfium.FPDFPageObj_GetMatrix(form, matrix):
        look.pictures.append(Piece(_box(form, forms, look.paper), WORTH))
        return
    _take(look, _objects(pdfium.FPDFFormObj_CountObjects, pdfium.FPDFFormObj_GetObject, form), (*forms, matrix), spent)


def _pixels(picture: Any) -> int:
    width, height = ctypes.c_uint(), ctypes.c_uint()
    if not pdfium.FPDFImageObj_GetImagePixelSize(picture, width, height):
        return WORTH  # it may be anything
    return width.value * height.value


# --- places -----------------------------------------------------------------------------------------------------------


def paper_of(page: Any) -> Box:
    paper = pdfium.FS_RECTF()
    if not pdfium.FPDF_GetPageBoundingBox(page, paper):
        return _EMPTY
    return Box(paper.left, paper.bottom, paper.right, paper.top)


def _box(thing: Any, forms: Sequence[Any], paper: Box) -> Box:
    """Where it is on the paper; what is beside it is not seen."""
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    if not pdfium.FPDFPageObj_GetBounds(thing, left, bottom, right, top):
        return paper
    box = Box(left.value, bottom.value, right.value, top.value)
    for form in reversed(forms):
        box = _moved(box, form)
    return Box(max(box.left, paper.left), max(box.bottom, paper.bottom), min(box.right, paper.right), min(box.top, paper.top))


def _moved(box: Box, by: Any) -> Box:
    corners = [(x, y) for x in (box.left, box.right) for y in (box.bottom, box.top)]
    across = [by.a * x + by.c * y + by.e for x, y in corners]
    up = [by.b * x + by.d * y + by.f for x, y in corners]
    return Box(min(across), min(up), max(across), max(up))


def area(box: Box) -> float:
    return max(box.right - box.left, 0.0) * max(box.top - box.bottom, 0.0)


def _around(one: Box, other: Box) -> Box:
    return Box(min(one.left, other.left), min(one.bottom, other.bottom), max(one.right, other.right), max(one.top, other.top))


# --- what belongs together --------------------------------------------------------------------------------------------


def _touching(pieces: Iterable[Piece]) -> list[Piece]:
    """Strips and tiles as the picture that they are."""
    groups: list[Piece] = []
    for piece in sorted((piece for piece in pieces if area(piece.box) > 0), key=lambda piece: (-piece.box.top, piece.box.left)):
        joined, apart = piece, []
        for group in groups:
            if _touch(group.box, joined.box):
                joined = _together(group, joined)
            else:
                apart.append(group)
        groups = [*apart, joined]
        if len(groups) > _GROUPS:
            groups = [_together(*groups[:2]), *groups[2:]]
    return groups


def _touch(one: Box, other: Box) -> bool:
    across = max(one.left, other.left) - min(one.right, other.right)
    up = max(one.bottom, other.bottom) - min(one.top, other.top)
    return max(across, up) <= _TOUCHES


def _together(one: Piece, other: Piece) -> Piece:
    return Piece(_around(one.box, other.box), one.pixels + other.pixels)


def _outlined(look: Look) -> list[Box]:
    """What all shapes with curves lie in, if they are enough for letters."""
    left, points, boxes = _COUNTED, 0, []
    for path, forms in look.paths:
        segments = pdfium.FPDFPath_CountSegments(path)
        curved = _curved(path, min(segments, left)) if segments >= _SEGMENTS else 0
        if curved:
            points, left = points + curved, left - segments
            boxes.append(_box(path, forms, look.paper))
        if left <= 0:
            return [look.paper]
    return [functools.reduce(_around, boxes)] if points >= _OUTLINED else []


def _curved(path: Any, segments: int) -> int:
    kinds = (pdfium.FPDFPathSegment_GetType(pdfium.FPDFPath_GetPathSegment(path, index)) for index in range(segments))
    return sum(kind == pdfium.FPDF_SEGMENT_BEZIERTO for kind in kinds)
