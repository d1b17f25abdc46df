"""What in a PDF would exhaust the libraries that read its pages: found before they look at it.

In: the streams of a file, one after the other. Out: nothing, or Unreadable. qpdf stops at a limit, pdfium ends the process; so whatever
pdfium might unpack or draw is unpacked or counted here first.
Limits: fonts, and letters in pictures, are left to the limits of the process.
"""

from __future__ import annotations

import re
from typing import Any, TypeAlias

import pikepdf
from pikepdf import settings

from gateway.content.reading import Unreadable
from gateway.model.finding import Readable

_STREAM = 64 * 1_048_576  # octets of one stream, unpacked
_RATIO = 1100  # unpacked to packed: no packer of PDF gives more in one go
_DRAWN = 1_000_000  # drawings of forms within forms
_REFERENCE = re.compile(rb" ([0-9]{1,10}) ([0-9]{1,5}) R")
_PACKERS = re.compile(rb"/(?:FlateDecode|LZWDecode|RunLengthDecode|Fl|LZW|RL)\b")
_DRAWS = re.compile(rb"\bDo\b")

Id: TypeAlias = tuple[int, int]  # number and generation of an object

# For the whole process: beyond these, a stream is an error instead of memory.
settings.set_qpdf_limits(
    doc_max_warnings=1000,
    parser_max_nesting=100,
    flate_max_memory=_STREAM,
    run_length_max_memory=_STREAM,
    png_max_memory=_STREAM,
    tiff_max_memory=_STREAM,
    dct_max_memory=_STREAM,
)


def unpacked(stream: Any) -> bytes:
    """What a stream holds.

    Raises:
        Unreadable: it is broken, packed in a way nobody knows, or larger than is reasonable.
    """
    try:
        return bytes(stream.read_bytes())
    except pikepdf.PikepdfError as error:
        large = "memory" in str(error) or "limit" in str(error)
        raise Unreadable(Readable.OVER_BUDGET if large else Readable.DAMAGED) from None


class Guard:
    """One file."""

    __slots__ = ("_forms", "_known")

    def __init__(self) -> None:
        self._forms: dict[Id, tuple[tuple[Id, ...], int]] = {}  # what a form may draw, and how often it draws
        self._known: dict[Id, int] = {}  # drawings that one drawing of a form comes to

    def look(self, stream: Any, written: bytes) -> None:
        """At a stream, whose dictionary is written so. What is broken is the business of who needs it.

        Raises:
            Unreadable: it is larger than is reasonable.
        """
        if b"/Subtype /Image" in written:  # who reads words does not unpack it
            return
        nests = b"/Subtype /Form" in written and b"/XObject" in written
        packers = len(_PACKERS.findall(written))
        if not nests and packers < 2 and (not packers or int(stream.stream_dict.get("/Length", 0)) * _RATIO <= _STREAM):
            return
        try:
            octets = unpacked(stream)
        except Unreadable as unreadable:
            if unreadable.readable is Readable.OVER_BUDGET:
                raise
            return
        if nests:
            refers = written[written.index(b"/XObject") :]
            ids = tuple((int(number), int(generation)) for number, generation in _REFERENCE.findall(refers))
            self._forms[stream.objgen] = ids, len(_DRAWS.findall(octets))

    def finish(self) -> None:
        """When all streams were seen.

        Raises:
            Unreadable: forms draw one another so often that nobody sees the end.
        """
        if any(self._drawings(form, 0) > _DRAWN for form in self._forms):
            raise Unreadable(Readable.OVER_BUDGET)

    def _drawings(self, form: Id, depth: int) -> int:
        """How many drawings one drawing of this form is; of one that draws itself, readers draw the first alone."""
        if form in self._known or depth > 100:
            return self._known.get(form, _DRAWN + 1)
        self._known[form] = 1
        inner, times = self._forms.get(form, ((), 0))
        self._known[form] = found = min(1 + times * max((self._drawings(each, depth + 1) for each in inner), default=0), _DRAWN + 1)
        return found
