"""Word 97 to 2003 ([MS-DOC]) to segments: every story of a document by its piece table, in every view of it.

The main text, footnotes, page headers and footers, comments, endnotes and text boxes stand one after the other in one row of characters.
What is hidden or deleted is known from the runs of character properties (sections 2.9.33, 2.6.1). Text before Word 97 is read as one piece.
Limits: what a style hides is read as shown.
"""

from __future__ import annotations

import re
import struct
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from gateway.content.office_art import words_in
from gateway.content.reading import Spent, Unreadable
from gateway.content.word97_pages import NOTES, shown_stories
from gateway.content.word97_properties import properties_in
from gateway.detectors import Segment
from gateway.detectors.unseen import name_of
from gateway.model.finding import Place, Readable

_MAGIC, _MAGIC_6 = 0xA5EC, 0xA5DC
_ENCRYPTED, _TABLE_1 = 0x0100, 0x0200
_WORD_97 = 101  # nFib from which there is a piece table in a stream of its own
# Offsets into the FIB (section 2.5): lengths of the stories, then pairs of place and length in the table stream.
_STORIES = 76
_PLCF_HEADERS, _PLCF_RUNS, _CLX, _DRAWINGS = 242, 250, 418, 554
_PIECES = 1_000_000
_NAMES = ("text", "footnotes", "header", "macros", "comments", "endnotes", "text boxes", "text boxes of the header")
_VANISH, _DELETED, _INSERTED = 0x083C, 0x0800, 0x0801  # sprmCFVanish, sprmCFRMarkDel, sprmCFRMarkIns
_CELLS = str.maketrans({"\r": "\n", "\x07": "\n", "\x0b": "\n", "\x0c": "\n", "\x0e": "\n", "\x1e": "-", "\x1f": None, "\xa0": " "})
_CELLS |= dict.fromkeys((0, 1, 2, 3, 4, 5, 6, 8, *range(0x0F, 0x13), *range(0x16, 0x1E)))
_FIELD = re.compile("[\x13\x14\x15]")


@dataclass(frozen=True, slots=True)
class _Piece:
    """Characters that stand together in the document stream."""

    begin: int  # first character of the document that it holds
    end: int
    at: int  # in octets
    width: int  # octets of a character


@dataclass(frozen=True, slots=True)
class _Runs:
    """Where runs that not everyone sees begin, and of which kind each is."""

    starts: list[int]  # in octets of the stream, ascending
    kinds: list[frozenset[int]]


def read_word(document: bytes, tables: dict[str, bytes], where: str, spent: Spent) -> Iterator[Segment]:
    """`tables` are the streams 0Table and 1Table, as far as there are."""
    if len(document) < 68:
        raise Unreadable(Readable.DAMAGED)
    magic, version, flags = *struct.unpack_from("<HH", document), struct.unpack_from("<H", document, 10)[0]
    if flags & _ENCRYPTED:
        raise Unreadable(Readable.ENCRYPTED)
    if magic not in (_MAGIC, _MAGIC_6):
        raise Unreadable(Readable.DAMAGED)
    if version < _WORD_97:
        begin, end = struct.unpack_from("<II", document, 24)
        yield Place.FIRST_LINE, where, document[begin:end].decode("cp1252", "replace").translate(_CELLS)
        return
    table = tables.get("1table" if flags & _TABLE_1 else "0table", b"")
    try:
        pieces = list(_pieces(document, table))
        runs = _runs(document, table)
        lengths = struct.unpack_from("<8I", document, _STORIES)
        headers = _places(document, table, _PLCF_HEADERS)
    except (struct.error, IndexError, ValueError):
        raise Unreadable(Readable.DAMAGED) from None
    spent.unpacked(sum(piece.end - piece.begin for piece in pieces), 0, len(document))
    text = _Text(document, pieces, runs)
    begin = 0
    for name, length in zip(_NAMES, lengths, strict=True):
        end = min(begin + length, pieces[-1].end if pieces else 0)
        if name == "header":
            yield from _edges(text, begin, end, headers, shown_stories(document, table, headers))
        elif length:
            yield from text.segments(begin, end, Place.FIRST_LINE if name == "text" else Place.TEXT, where if name == "text" else name)
        begin += length
    at, length = struct.unpack_from("<II", document, _DRAWINGS) if len(document) > _DRAWINGS + 8 else (0, 0)
    if drawn := "\n".join(dict.fromkeys(words_in(table[at : at + length]))):
        yield Place.TEXT, "drawings", drawn


def _pieces(document: bytes, table: bytes) -> Iterator[_Piece]:
    """Section 2.9.38: after the properties of paragraphs comes the piece table."""
    at, length = struct.unpack_from("<II", document, _CLX)
    end = min(at + length, len(table))
    while at < end and table[at] == 1:
        at += 3 + struct.unpack_from("<H", table, at + 1)[0]
    if at >= end or table[at] != 2:
        raise ValueError("no piece table")
    (size,) = struct.unpack_from("<I", table, at + 1)
    count = min((size - 4) // 12, _PIECES)
    ends = struct.unpack_from(f"<{count + 1}I", table, at + 5)
    for number in range(count):
        (where,) = struct.unpack_from("<I", table, at + 5 + 4 * (count + 1) + 8 * number + 2)
        is_narrow = where & 0x40000000
        place = where & 0x3FFFFFFF
        if ends[number] < ends[number + 1] <= 0x7FFFFFFF:
            yield _Piece(ends[number], ends[number + 1], place // 2 if is_narrow else place, 1 if is_narrow else 2)


def _places(document: bytes, table: bytes, field: int) -> tuple[int, ...]:
    """A list of characters, as it stands in the table stream."""
    at, length = struct.unpack_from("<II", document, field)
    length = min(length, max(len(table) - at, 0))
    return struct.unpack_from(f"<{length // 4}I", table, at)


def _runs(document: bytes, table: bytes) -> _Runs:
    """Sections 2.8.5 and 2.9.32: pages of 512 octets, each with runs and the properties of each."""
    at, length = struct.unpack_from("<II", document, _PLCF_RUNS)
    count = max((min(length, len(table) - at) - 4) // 8, 0)
    runs = _Runs([], [])
    for (page,) in struct.iter_unpack("<I", table[at + 4 * (count + 1) : at + 4 * (count + 1) + 4 * count]):
        start = (page & 0x3FFFFF) * 512
        held = document[start : start + 512]
        if len(held) < 512:
            continue
        number = min(held[511], 101)
        for run in range(number):
            begin = struct.unpack_from("<I", held, 4 * run)[0]
            offset = held[4 * (number + 1) + run] * 2
            runs.starts.append(begin)
            runs.kinds.append(_kinds(held[offset + 1 : offset + 1 + held[offset]]) if offset else frozenset())
        if number:
            runs.starts.append(struct.unpack_from("<I", held, 4 * number)[0])
            runs.kinds.append(frozenset())
    order = sorted(range(len(runs.starts)), key=runs.starts.__getitem__)
    return _Runs([runs.starts[at] for at in order], [runs.kinds[at] for at in order])


def _kinds(properties: bytes) -> frozenset[int]:
    """Which of hidden, deleted, inserted a run is."""
    if not properties:
        return frozenset()
    return frozenset(code for code, value in properties_in(properties) if code in (_VANISH, _DELETED, _INSERTED) and value & 1)


class _Text:
    """The characters of a document by their number."""

    __slots__ = ("_document", "_pieces", "_runs")

    def __init__(self, document: bytes, pieces: list[_Piece], runs: _Runs) -> None:
        self._document = document
        self._pieces = pieces
        self._runs = runs

    def segments(self, begin: int, end: int, place: Place, where: str) -> Iterator[Segment]:
        """A stretch as everyone sees it, and then the lines of other views."""
        cut = list(self._cut(begin, end))
        shown, codes = _without_codes("".join(text for text, kinds in cut if not kinds & {_VANISH, _DELETED}))
        yield place, where, shown
        unseen = [codes]
        if any(kinds for _, kinds in cut):
            before = "".join(text for text, kinds in cut if _INSERTED not in kinds and _VANISH not in kinds)
            everything = "".join(text for text, _ in cut)
            shown_lines = set(shown.split("\n"))
            for view in (before, everything):
                text, _ = _without_codes(view)
                unseen.extend(line for line in text.split("\n") if line not in shown_lines)
        if any(unseen):
            yield Place.TEXT, f"{where}, not shown", "\n".join(filter(None, unseen))

    def _cut(self, begin: int, end: int) -> Iterator[tuple[str, frozenset[int]]]:
        """Text with what it is, in the order of the document."""
        for piece in self._pieces[max(0, bisect_right([piece.begin for piece in self._pieces], begin) - 1) :]:
            first, last = max(begin, piece.begin), min(end, piece.end)
            if piece.begin >= end:
                return
            if first < last:
                at = piece.at + (first - piece.begin) * piece.width
                yield from self._by_run(at, at + (last - first) * piece.width, piece.width)

    def _by_run(self, at: int, end: int, width: int) -> Iterator[tuple[str, frozenset[int]]]:
        starts, kinds = self._runs.starts, self._runs.kinds
        run = bisect_right(starts, at) - 1
        while at < end:
            now = kinds[run] if run >= 0 else frozenset()
            run += 1
            while run < len(starts) and (kinds[run] == now or starts[run] <= at):
                now = kinds[run] if starts[run] <= at else now
                run += 1
            until = min(end, starts[run]) if run < len(starts) else end
            octets = self._document[at:until]
            yield octets.decode("cp1252" if width == 1 else "utf-16-le", "replace"), now
            at = until


def _edges(text: _Text, begin: int, end: int, places: tuple[int, ...], shown: frozenset[int]) -> Iterator[Segment]:
    """Section 2.8.21: six separators of notes, then for each section six page headers and footers."""
    for number in range(len(places) - 2):
        first, last = begin + places[number], min(begin + places[number + 1], end)
        if first < last:
            place = Place.TEXT if number < NOTES else Place.PAGE_FOOTER if number % 6 in (2, 3, 5) else Place.PAGE_HEADER
            called = name_of(place.value.replace("_", " "), is_shown=number in shown) if number >= NOTES else "separators"
            for where, name, words in text.segments(first, last, place, called):
                yield where, name, words.replace("\t", "\n")
    if len(places) < 3 and begin < end:
        yield from text.segments(begin, end, Place.PAGE_HEADER, name_of("page header", is_shown=False))


def _without_codes(text: str) -> tuple[str, str]:
    """Fields (section 2.8.25) by their results, and their codes apart: 0x13 code 0x14 result 0x15."""
    shown: list[str] = []
    codes: list[str] = []
    depth: list[bool] = []  # of each field around: whether this is its code
    at = 0
    for mark in _FIELD.finditer(text):
        (codes if any(depth) else shown).append(text[at : mark.start()])
        at = mark.end()
        if mark[0] == "\x13":
            depth.append(True)
        elif depth and mark[0] == "\x14":
            depth[-1] = False
        elif depth:
            depth.pop()
            codes.append("\n" if not any(depth) else "")
    (codes if any(depth) else shown).append(text[at:])
    return "".join(shown).translate(_CELLS), "".join(codes).translate(_CELLS).strip()
