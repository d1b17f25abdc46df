"""Words in pictures, by libtesseract and leptonica in this process, loaded with their model before a child locks itself in.

In: the octets of a picture, or rows of grey pixels; how many seconds of processor time it may take. Out: pages, of which each says whether
all of it was read: lines of text with their place.
No program is started and no file opened: the child that reads hostile documents needs no more rights than before. Where the libraries are
missing, `load` says so and pictures have no words.
Limits: English; writing that stands upright; of what moves the first picture (animations.py takes it to pieces).
"""

from __future__ import annotations

import atexit
import ctypes
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from ctypes import POINTER, c_bool, c_char_p, c_float, c_int, c_size_t, c_void_p
from dataclasses import dataclass
from functools import cache
from typing import Any

from gateway.content.picture_headers import TIFF, claimed_size, is_of_a_format_drawn

_TESSERACT = ("libtesseract.so.5", "libtesseract.so.4", "libtesseract.so")
_LEPTONICA = ("liblept.so.5", "libleptonica.so.6", "liblept.so")
_LANGUAGE = b"eng"
_AUTOMATIC = 3  # PSM_AUTO: find the blocks of text
_TEXT_LINE = 2  # RIL_TEXTLINE
_SURE = 40.0  # of 100: less is what a photograph looks like to a reader of letters
LONGEST = 2400  # pixels of one side: A4 at 200 dots an inch
_PIXELS = 60_000_000  # of a picture that is unpacked at all
WORTH = 160_000  # pixels: what has fewer is a logo or an icon
_NARROW = 80  # pixels of one side: a line, a banner's edge
_WITH_ALPHA, _WHITE = 4, 0xFFFFFF00  # samples of a pixel; RGBA
_SILENT = 6  # L_SEVERITY_NONE


@dataclass(frozen=True, slots=True)
class Line:
    """One line of writing."""

    text: str
    middle: float  # how far down it stands: 0 at the top, 1 at the bottom


@dataclass(frozen=True, slots=True)
class Page:
    """What was read of one picture, or of one page of it."""

    lines: tuple[Line, ...] = ()
    is_whole: bool = True  # False: no time was left for it, or before its end; or it could not be drawn


NOT_READ = Page(is_whole=False)


def load() -> bool:
    """Load the libraries and their model, if they are installed. Afterwards no file is opened."""
    return _engine() is not None


def version() -> str:
    """What is installed; empty when nothing is."""
    engine = _engine()
    return "" if engine is None else engine.version


def is_drawn(octets: bytes) -> bool:
    """Whether this is a picture in a format that is unpacked here, broken or not."""
    engine = _engine()
    return engine is not None and (is_of_a_format_drawn(octets) or engine.size(octets) is not None)


def pages_of_picture(octets: bytes, left: Callable[[], float]) -> Iterator[Page]:
    """The pages of a picture, of which a TIFF may have several; none of one that is too small for words. `left` tells the seconds that are.

    Nothing is unpacked when none are left.
    """
    engine = _engine()
    if engine is not None:
        for picture in engine.open(octets, left):
            yield NOT_READ if picture is None else engine.read_picture(picture, left())


def page_of_pixels(pixels: Any, width: int, height: int, row: int, seconds: float) -> Page:
    """A picture given as grey pixels, an octet each, in rows of so many octets."""
    engine = _engine()
    return NOT_READ if engine is None else engine.read_pixels(pixels, width, height, row, seconds)


@cache
def _engine() -> _Engine | None:
    tesseract, leptonica = _library(_TESSERACT), _library(_LEPTONICA)
    if tesseract is None or leptonica is None:
        return None
    with suppress(AttributeError):  # a version without a function that we call
        engine = _Engine(tesseract, leptonica)
        return engine if engine.is_ready else None
    return None


def _library(names: tuple[str, ...]) -> ctypes.CDLL | None:
    for name in names:
        with suppress(OSError):
            return ctypes.CDLL(name)
    return None


class _Engine:
    """The two libraries at work: tesseract's capi.h, leptonica's allheaders.h."""

    __slots__ = ("_api", "_is_late", "_leptonica", "_monitor", "_tesseract", "_until", "is_ready", "version")

    def __init__(self, tesseract: ctypes.CDLL, leptonica: ctypes.CDLL) -> None:
        self._tesseract, self._leptonica = tesseract, leptonica
        for library, functions in ((tesseract, _TESSERACT_CALLS), (leptonica, _LEPTONICA_CALLS)):
            for name, (result, *arguments) in functions.items():
                function = getattr(library, name)
                function.restype, function.argtypes = result, arguments
        leptonica.setMsgSeverity(_SILENT)
        self.version = tesseract.TessVersion().decode("ascii", "replace")
        self._api = tesseract.TessBaseAPICreate()
        self._monitor = tesseract.TessMonitorCreate()
        # Tesseract's own deadline is one of the clock: on a busy machine it would leave pictures unread that there was time for.
        self._until = 0.0
        self._is_late = _CANCEL(lambda _this, _words: time.process_time() > self._until)
        tesseract.TessMonitorSetCancelFunc(self._monitor, self._is_late)
        self.is_ready = tesseract.TessBaseAPIInit3(self._api, None, _LANGUAGE) == 0
        tesseract.TessBaseAPISetPageSegMode(self._api, _AUTOMATIC)
        atexit.register(tesseract.TessBaseAPIDelete, self._api)  # else it complains about itself on standard error

    # --- pictures -------------------------------------------------------------------------------------------------------

    def open(self, octets: bytes, left: Callable[[], float]) -> Iterator[Any]:
        """Each page, unpacked; the caller reads it before it asks for the next. None for one that is not: too large, broken, too late."""
        if octets.startswith(TIFF):
            yield from self._pages(octets, left)
            return
        size = self.size(octets)
        claimed = size or claimed_size(octets)
        if claimed is not None and not _is_worth(*claimed):
            return
        if size is None or size[0] * size[1] > _PIXELS or left() <= 0:
            yield None
        else:
            yield from self._freed(self._leptonica.pixReadMem(octets, len(octets)))

    def _pages(self, octets: bytes, left: Callable[[], float]) -> Iterator[Any]:
        """Of a TIFF. Each says its own size: a stamp may stand before the page."""
        offset = c_size_t(0)
        while True:
            if left() <= 0:
                yield None
                return
            before = offset.value
            yield from self._freed(self._leptonica.pixReadMemFromMultipageTiff(octets, len(octets), ctypes.byref(offset)))
            if offset.value <= before:  # 0 after the last; one that leads back is a loop
                return

    def size(self, octets: bytes) -> tuple[int, int] | None:
        """Width and height as the header says, before anything is unpacked."""
        width, height = c_int(), c_int()
        said = self._leptonica.pixReadHeaderMem(octets, len(octets), None, ctypes.byref(width), ctypes.byref(height), None, None, None)
        return (width.value, height.value) if said == 0 and width.value > 0 and height.value > 0 else None

    def _freed(self, picture: Any) -> Iterator[Any]:
        """A picture on white paper, of a size that does not take too long; freed afterwards. None where there is none."""
        steps = [picture] if picture else []
        try:
            if not picture:
                yield None
            elif _is_worth(self._leptonica.pixGetWidth(picture), self._leptonica.pixGetHeight(picture)):
                if self._leptonica.pixGetSpp(picture) == _WITH_ALPHA:
                    steps.append(self._leptonica.pixAlphaBlendUniform(picture, _WHITE))
                longest = max(self._leptonica.pixGetWidth(picture), self._leptonica.pixGetHeight(picture))
                if longest > LONGEST and steps[-1]:
                    steps.append(self._leptonica.pixScale(steps[-1], LONGEST / longest, LONGEST / longest))
                yield steps[-1] or None
        finally:
            for step in filter(None, steps):
                self._leptonica.pixDestroy(ctypes.byref(c_void_p(step)))

    # --- words ----------------------------------------------------------------------------------------------------------

    def read_picture(self, picture: Any, seconds: float) -> Page:
        self._tesseract.TessBaseAPISetImage2(self._api, picture)
        return self._read(self._leptonica.pixGetHeight(picture), seconds)

    def read_pixels(self, pixels: Any, width: int, height: int, row: int, seconds: float) -> Page:
        self._tesseract.TessBaseAPISetImage(self._api, pixels, width, height, 1, row)
        return self._read(height, seconds)

    def _read(self, height: int, seconds: float) -> Page:
        tesseract = self._tesseract
        self._until = time.process_time() + seconds
        try:
            is_whole = tesseract.TessBaseAPIRecognize(self._api, self._monitor) == 0  # what was read before it was late is there
            results = tesseract.TessBaseAPIGetIterator(self._api)
            if not results:
                return Page(is_whole=is_whole)
            try:
                return Page(tuple(self._told(results, height)), is_whole)
            finally:
                tesseract.TessResultIteratorDelete(results)
        finally:
            tesseract.TessBaseAPIClear(self._api)

    def _told(self, results: Any, height: int) -> Iterator[Line]:
        tesseract = self._tesseract
        page = tesseract.TessResultIteratorGetPageIterator(results)
        left, top, right, bottom = c_int(), c_int(), c_int(), c_int()
        box = tuple(map(ctypes.byref, (left, top, right, bottom)))
        while True:
            said = tesseract.TessResultIteratorGetUTF8Text(results, _TEXT_LINE)
            if said:
                text = ctypes.string_at(said).decode("utf-8", "replace").strip()
                tesseract.TessDeleteText(said)
                is_placed = tesseract.TessPageIteratorBoundingBox(page, _TEXT_LINE, *box)
                if text and tesseract.TessResultIteratorConfidence(results, _TEXT_LINE) >= _SURE:
                    yield Line(text, (top.value + bottom.value) / 2 / max(height, 1) if is_placed else 0.5)
            if not tesseract.TessResultIteratorNext(results, _TEXT_LINE):
                return


def _is_worth(width: int, height: int) -> bool:
    """Whether it is large enough for words."""
    return width * height >= WORTH and min(width, height) >= _NARROW


_INT = POINTER(c_int)
_CANCEL = ctypes.CFUNCTYPE(c_bool, c_void_p, c_int)
_TESSERACT_CALLS: dict[str, tuple[Any, ...]] = {  # result, arguments
    "TessVersion": (c_char_p,),
    "TessBaseAPICreate": (c_void_p,),
    "TessBaseAPIDelete": (None, c_void_p),
    "TessBaseAPIInit3": (c_int, c_void_p, c_char_p, c_char_p),
    "TessBaseAPISetPageSegMode": (None, c_void_p, c_int),
    "TessBaseAPISetImage": (None, c_void_p, c_void_p, c_int, c_int, c_int, c_int),
    "TessBaseAPISetImage2": (None, c_void_p, c_void_p),
    "TessBaseAPIRecognize": (c_int, c_void_p, c_void_p),
    "TessBaseAPIGetIterator": (c_void_p, c_void_p),
    "TessBaseAPIClear": (None, c_void_p),
    "TessMonitorCreate": (c_void_p,),
    "TessMonitorSetCancelFunc": (None, c_void_p, _CANCEL),
    "TessDeleteText": (None, c_void_p),
    "TessPageIteratorBoundingBox": (c_int, c_void_p, c_int, _INT, _INT, _INT, _INT),
    "TessResultIteratorGetPageIterator": (c_void_p, c_void_p),
    "TessResultIteratorGetUTF8Text": (c_void_p, c_void_p, c_int),
    "TessResultIteratorConfidence": (c_float, c_void_p, c_int),
    "TessResultIteratorNext": (c_bool, c_void_p, c_int),
    "TessResultIteratorDelete": (None, c_void_p),
}
_LEPTONICA_CALLS: dict[str, tuple[Any, ...]] = {
    "setMsgSeverity": (c_int, c_int),
    "pixReadHeaderMem": (c_int, c_char_p, c_size_t, _INT, _INT, _INT, _INT, _INT, _INT),
    "pixReadMem": (c_void_p, c_char_p, c_size_t),
    "pixReadMemFromMultipageTiff": (c_void_p, c_char_p, c_size_t, POINTER(c_size_t)),
    "pixAlphaBlendUniform": (c_void_p, c_void_p, ctypes.c_uint32),
    "pixGetSpp": (c_int, c_void_p),
    "pixScale": (c_void_p, c_void_p, c_float, c_float),
    "pixGetWidth": (c_int, c_void_p),
    "pixGetHeight": (c_int, c_void_p),
    "pixDestroy": (None, POINTER(c_void_p)),
}
