"""PowerPoint 97 to 2003 ([MS-PPT]) to segments: slides, notes, masters, comments, page edges. Pure.

A presentation is a tree of records; text stands in atoms, and what holds them says what they are. Earlier versions of a slide, which
saving quickly leaves in the file, are read with the others.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from gateway.content.office_art import words_in
from gateway.content.reading import Unreadable
from gateway.detectors import Segment
from gateway.detectors.unseen import name_of
from gateway.model.finding import Place, Readable

_DEPTH = 64
_DOCUMENT, _SLIDE, _NOTES, _MASTER, _LIST, _EDGES, _COMMENT = 1000, 1006, 1008, 1016, 4080, 4057, 12000
_CHARS, _BYTES, _STRING = 4000, 4008, 4026  # TextCharsAtom, TextBytesAtom, CString
_FLAGS, _OF_NOTES, _HAS_FOOTER = 4058, 4, 0x20  # HeadersFootersAtom; the instance of the edges of notes; one of the flags
_SHOWING, _HIDDEN = 1017, 4  # SlideShowSlideInfoAtom, one of its flags
_SHAPE = 0xF00B  # OfficeArtFOPT: the properties of a shape
_CALLED = {_SLIDE: "slide", _NOTES: "notes", _MASTER: "master", _LIST: "slide", _COMMENT: "comments", _DOCUMENT: "presentation"}
_SIGNS = str.maketrans({"\r": "\n", "\x0b": "\n"})


class _Atom(NamedTuple):
    """A record without others in it; kind None where the records are broken."""

    kind: int | None
    instance: int = 0
    held_in: tuple[int, ...] = ()  # the kinds of the containers around, the outermost first
    outermost: int = 0  # where that begins ...
    innermost: int = 0  # ... and the last of them
    data: bytes = b""


def read_presentation(stream: bytes) -> Iterator[Segment]:
    """The stream "PowerPoint Document"."""
    lines: dict[str, list[str]] = {}
    edges: list[tuple[int | None, Place, str]] = []  # the first is where that begins which shows it
    with_footer: set[int] = set()  # where the edges begin that have one
    hidden: set[int] = set()  # where hidden slides begin
    is_whole = True
    for kind, instance, held_in, outermost, innermost, data in _atoms(stream):
        if kind is None:
            is_whole = False
        elif kind == _FLAGS:  # before the texts that it is about
            with_footer.update((innermost,) if len(data) >= 4 and data[2] & _HAS_FOOTER else ())
        elif kind == _SHOWING:
            hidden.update((outermost,) if len(data) > 10 and data[10] & _HIDDEN else ())
        elif kind == _SHAPE:
            lines.setdefault("drawings", []).extend(words_in(data))
        else:
            text = data.decode("latin-1" if kind == _BYTES else "utf-16-le", "replace").translate(_SIGNS)
            if _EDGES in held_in and kind == _STRING and instance in (1, 2):
                # A slide has no page header: those of notes and hand-outs are not what is opened.
                is_shown = instance == 2 and innermost in with_footer and held_in[0] in (_DOCUMENT, _SLIDE) and _NOTES not in held_in
                edges.append((outermost if is_shown else None, Place.PAGE_HEADER if instance == 1 else Place.PAGE_FOOTER, text))
            else:
                lines.setdefault(_where(held_in), []).append(text)
    place = Place.FIRST_LINE
    for where in sorted(lines, key=lambda name: (not name.startswith("slide"), name)):
        yield place, where, "\n".join(lines[where])
        place = Place.TEXT
    for holder, place, text in edges:
        yield place, name_of(place.value.replace("_", " "), is_shown=holder is not None and holder not in hidden), text
    if not is_whole:
        raise Unreadable(Readable.DAMAGED)


def _where(held_in: tuple[int, ...]) -> str:
    """What a person calls the place: the innermost container with a name."""
    return next((_CALLED[kind] for kind in reversed(held_in) if kind in _CALLED), "presentation")


def _atoms(stream: bytes) -> Iterator[_Atom]:
    """Those that are read here."""
    ends: list[tuple[int, int, int]] = []  # of the containers around: where each ends, its kind, where it begins
    at, has_document = 0, False
    while at + 8 <= len(stream):
        head, kind, size = struct.unpack_from("<HHI", stream, at)
        while ends and at >= ends[-1][0]:
            ends.pop()
        end = at + 8 + size
        if end > (ends[-1][0] if ends else len(stream)):
            yield _Atom(None)
            end = ends[-1][0] if ends else len(stream)
        has_document = has_document or kind == _DOCUMENT
        if head & 0xF == 0xF and len(ends) < _DEPTH:
            of_notes = kind == _EDGES and head >> 4 == _OF_NOTES
            ends.extend(((end, _NOTES, at), (end, kind, at)) if of_notes else ((end, kind, at),))
            at += 8
            continue
        if kind in (_CHARS, _BYTES, _STRING, _SHAPE, _FLAGS, _SHOWING):
            outermost, innermost = (ends[0][2], ends[-1][2]) if ends else (-1, -1)
            yield _Atom(kind, head >> 4, tuple(outer for _, outer, _ in ends), outermost, innermost, stream[at + 8 : end])
        at = max(end, at + 8)
    if not has_document:
        yield _Atom(None)
