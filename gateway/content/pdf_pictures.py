"""Where a page of a PDF has something that could be a picture of words, and whether the words of the page lie over it.

In: an open page of pdfium. Out: places on the paper. Every picture is judged by its own place, and so are the strips and tiles of one, put
together: what it lies upon or beside does not matter. Pictures in forms (ISO 32000-2 8.10) and letters that are drawn as shapes count like
those on the page itself.
A searchable scan has its words over the picture, and whoever made them has read it: that is believed. A number, a stamp, a few words, or
many in one place are no such layer.
Limits: letters of straight lines alone are no letters here; words made up by somebody and laid over a scan are believed, if they are as
many as a page has and stand in several places; pieces that make neither rows nor columns are judged by the words of all the place where
they lie; a picture that a pattern (8.7) or a letter (9.6.4) is made of is no picture here.
"""

from __future__ import annotations

import ctypes
import functools
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import pypdfium2.raw as pdfium

from gateway.content.ocr import WORTH
from gateway.content.pdf_words import Box
from gateway.content.reading import Spent

_OFTEN = 4096  # objects between two looks at the clock
_FORMS = 8  # within one another: what is deeper may be anything
_TOUCHES = 2.0  # points between two strips of one picture
_ASKEW = 0.02  # of a length: strips and tiles of one picture are cut more exactly
_PIECES = 10_000  # of one page ...
_BESIDE = 200  # ... and so many at one height; a line of letters that are pictures has 80 to 130
_JUDGED = 100  # pictures of one page; of those that do not overlap there are 33
_LARGE = 0.03  # of the paper: three lines of 10 points over a column's width; logos and the rasters of a letterhead are smaller
_SEGMENTS = 8  # of a path: a letter has as many; rules, boxes, and the cells of a table have fewer
_OUTLINED = 300  # points of curves: some twenty letters; less is a logo or a bar with round corners
_APART = 72.0  # points: five lines, such as a heading has below it
_PADDING = 8.0  # points
_COUNTED = 20_000  # segments of one page that are looked at for curves
_WORDS = 40  # over a whole page. Of 54 printed pages 52 had as many, half of them 330; the header of a fax, a stamp, a number have 1 to 25
_FEWEST = 10  # over a smaller picture: a caption is no layer
_EMPTY = Box(0.0, 0.0, 0.0, 0.0)


class Piece(NamedTuple):
    """One thing that is drawn."""

    box: Box
    pixels: int  # of a shape the points of its curves


class Shapes:
    """What is drawn of lines and curves, as far as it may be letters; it is counted, and not kept."""

    __slots__ = ("left", "letters", "number")

    def __init__(self) -> None:
        self.number = 0
        self.left = _COUNTED  # of the segments that are looked at; none: letters may be anywhere
        self.letters: list[Piece] = []

    def add(self, path: Any, forms: Sequence[Any], paper: Box) -> None:
        """One path, with the matrices of the forms around it."""
        self.number += 1
        segments = pdfium.FPDFPath_CountSegments(path) if self.left > 0 else 0
        curved = _curved(path, min(segments, self.left)) if segments >= _SEGMENTS else 0
        if curved:
            self.left -= segments
            self.letters.append(Piece(_box(path, forms, paper), curved))


class Look(NamedTuple):
    """What stands on a page beside its words."""

    paper: Box
    pictures: list[Piece]
    shapes: Shapes
    texts: list[Any]


class Pictures(NamedTuple):
    """Where pictures stand that may be of words and have no layer of them."""

    boxes: list[Box]
    is_all: bool  # False: there are too many things to tell


def look_at(page: Any, spent: Spent) -> Look:
    """All objects of a page, also those in its forms."""
    look = Look(paper_of(page), [], Shapes(), [])
    _take(look, _objects(pdfium.FPDFPage_CountObjects, pdfium.FPDFPage_GetObject, page), (), spent)
    return look


def pictures_of_words(look: Look, words_in: Callable[[Box], int]) -> Pictures:
    """Where there are pictures, or letters drawn as shapes, large enough for words and without a layer of them; the small ones first."""
    if len(look.pictures) > _PIECES:
        return Pictures([], is_all=False)
    joined = _tiled(look.pictures)
    if joined is None:
        return Pictures([], is_all=False)
    paper = max(area(look.paper), 1.0)
    large = {_rounded(box): box for box in (*_worth(look.pictures, joined, paper), *_outlined(look)) if area(box) >= _LARGE * paper}
    if len(large) > _JUDGED:
        return Pictures([], is_all=False)
    return Pictures([box for box in sorted(large.values(), key=area) if not _has_layer(box, look.paper, words_in)], is_all=True)


def covered(look: Look) -> float:
    """The part of the paper that pictures take, however small their pieces are."""
    return sum(area(piece.box) for piece in look.pictures) / max(area(look.paper), 1.0)


# --- objects ----------------------------------------------------------------------------------------------------------


def _objects(count: Callable[[Any], int], get: Callable[[Any, int], Any], holder: Any) -> Iterator[Any]:
    return (get(holder, index) for index in range(count(holder)))


def _take(look: Look, objects: Iterable[Any], forms: tuple[Any, ...], spent: Spent) -> None:
    """`forms` are the matrices of those that these objects stand in, the innermost last."""
    kind_of, text, shape = pdfium.FPDFPageObj_GetType, look.texts.append, look.shapes.add
    for number, thing in enumerate(objects, 1):
        kind = kind_of(thing)
        if kind == pdfium.FPDF_PAGEOBJ_TEXT:
            text(thing)
        elif kind == pdfium.FPDF_PAGEOBJ_PATH:
            shape(thing, forms, look.paper)
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
    return _clipped(box, paper)


def _clipped(box: Box, paper: Box) -> Box:
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


def _worth(pieces: Iterable[Piece], joined: Iterable[Piece], paper: float) -> Iterator[Box]:
    """Each piece that may be a page by itself, each picture of several, and where all the others lie: letters that are a picture each."""
    few: list[Piece] = []
    yield from (piece.box for piece in pieces if piece.pixels >= WORTH)
    for piece in joined:
        if piece.pixels >= WORTH and area(piece.box) >= _LARGE * paper:
            yield piece.box
        else:
            few.append(piece)
    if sum(piece.pixels for piece in few) >= WORTH and sum(area(piece.box) for piece in few) >= _LARGE * paper:
        yield functools.reduce(_around, (piece.box for piece in few))


def _tiled(pieces: Iterable[Piece]) -> list[Piece] | None:
    """Strips and tiles as the picture that they are, whatever it lies upon or beside; from the top down. None: too many at one height."""
    done: list[Piece] = []
    near: list[Piece] = []  # what those that follow may touch
    for piece in sorted((piece for piece in pieces if area(piece.box) > 0), key=lambda piece: (-piece.box.top, piece.box.left)):
        done += (other for other in near if other.box.bottom > piece.box.top + _TOUCHES)
        near = [other for other in near if other.box.bottom <= piece.box.top + _TOUCHES]
        joined = piece
        while (tile := next((other for other in near if _tile(other.box, joined.box)), None)) is not None:
            near.remove(tile)
            joined = _together(tile, joined)
        near.append(joined)
        if len(near) > _BESIDE:
            return None
    return [*done, *near]


def _tile(one: Box, other: Box) -> bool:
    """Whether two pieces are as wide and one begins where the other ends, or as high and side by side: so none lies in the other."""
    across = max(one.left, other.left) - min(one.right, other.right)
    up = max(one.bottom, other.bottom) - min(one.top, other.top)
    is_below = abs(up) <= _TOUCHES and _same(one.left, one.right, other.left, other.right)
    return is_below or (abs(across) <= _TOUCHES and _same(one.bottom, one.top, other.bottom, other.top))


def _same(start: float, end: float, other_start: float, other_end: float) -> bool:
    most = max(_TOUCHES, _ASKEW * (end - start))
    return abs(start - other_start) <= most and abs(end - other_end) <= most


def _together(one: Piece, other: Piece) -> Piece:
    return Piece(_around(one.box, other.box), one.pixels + other.pixels)


def _rounded(box: Box) -> tuple[int, int, int, int]:
    return round(box.left), round(box.bottom), round(box.right), round(box.top)


# --- layers -----------------------------------------------------------------------------------------------------------


def _has_layer(box: Box, paper: Box, words_in: Callable[[Box], int]) -> bool:
    """Whether somebody has read this picture and laid the words over it; over a page they stand in more than one place."""
    enough = max(_FEWEST, _WORDS * area(box) / max(area(paper), 1.0))
    if words_in(box) < enough:
        return False
    is_broad = box.height > paper.height / 4 and box.right - box.left > (paper.right - paper.left) / 4
    return not is_broad or all(sum(words_in(third) >= enough / 4 for third in thirds) > 1 for thirds in (_rows(box), _columns(box)))


def _rows(box: Box) -> Iterator[Box]:
    ends = [box.bottom + (box.top - box.bottom) * part / 3 for part in range(4)]
    return (Box(box.left, bottom, box.right, top) for bottom, top in itertools.pairwise(ends))


def _columns(box: Box) -> Iterator[Box]:
    ends = [box.left + (box.right - box.left) * part / 3 for part in range(4)]
    return (Box(left, box.bottom, right, box.top) for left, right in itertools.pairwise(ends))


# --- letters drawn as shapes ------------------------------------------------------------------------------------------


def _outlined(look: Look) -> Iterator[Box]:
    """Where shapes with curves lie that are enough for letters: those far from others by themselves, as a logo is far above, and all."""
    if look.shapes.left <= 0:
        yield look.paper
        return
    letters = sorted(look.shapes.letters, key=lambda piece: -piece.box.top)
    groups: list[Piece] = []
    for piece in letters:
        if groups and groups[-1].box.bottom - piece.box.top <= _APART:
            groups[-1] = _together(groups[-1], piece)
        else:
            groups.append(piece)
    everything = [functools.reduce(_together, groups)] if groups else []
    yield from (_padded(group.box, look.paper) for group in (*groups, *everything) if group.pixels >= _OUTLINED)


def _padded(box: Box, paper: Box) -> Box:
    """Letters that touch the edge of what is read are missed."""
    return _clipped(Box(box.left - _PADDING, box.bottom - _PADDING, box.right + _PADDING, box.top + _PADDING), paper)


def _curved(path: Any, segments: int) -> int:
    kinds = (pdfium.FPDFPathSegment_GetType(pdfium.FPDFPath_GetPathSegment(path, index)) for index in range(segments))
    return sum(kind == pdfium.FPDF_SEGMENT_BEZIERTO for kind in kinds)
