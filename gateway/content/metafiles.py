"""The words of a metafile: cells and charts that were pasted as a drawing keep their letters, a record for each run of them. Pure.

Standards: [MS-EMF] 2.3.5.7 and 2.3.5.8 (EMR_EXTTEXTOUTA and W), 2.3.5.32 and 2.3.5.33 (EMR_POLYTEXTOUTA and W), 2.3.5.37
(EMR_SMALLTEXTOUT), 2.3.3 (comments); [MS-EMFPLUS] 2.3.4.6 (DrawDriverString), 2.3.4.14 (DrawString); [MS-WMF] 2.3.3.5 (META_EXTTEXTOUT),
2.3.3.20 (META_TEXTOUT).
Where a run stands is only compared with the one before it: those at one height are a row. Transformations are not followed.
Limits: glyphs given by their number in a font say nothing, nor do pictures in a metafile; the letters of a WMF are read as Windows-1252.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from gateway.content.picture_headers import is_metafile
from gateway.content.reading import Item, Spent
from gateway.model.finding import Place

_EXT_A, _EXT_W, _POLY_A, _POLY_W, _SMALL, _COMMENT = 83, 84, 96, 97, 108, 70
_GLYPHS, _NO_RECT, _SMALL_CHARS = 0x10, 0x100, 0x200  # ExtTextOutOptions ([MS-EMF] 2.1.11)
_PLUS, _DRAW_STRING, _DRAW_DRIVER_STRING, _BY_CHARACTER = b"EMF+", 0x401C, 0x4036, 1
_PLACEABLE, _META_HEADER, _TEXT_OUT, _EXT_TEXT_OUT = b"\xd7\xcd\xc6\x9a", 18, 0x0521, 0x0A32
_WITH_RECTANGLE = 0x6  # ETO_OPAQUE, ETO_CLIPPED
_OFTEN = 1024  # records between looks at the clock


@dataclass(frozen=True, slots=True)
class _Run:
    """Letters that are drawn at once."""

    height: float
    text: str
    is_plus: bool = False  # of a metafile in both formats everything is drawn twice


def read_metafile(octets: bytes, where: str, spent: Spent) -> Iterator[Item]:
    """Each run as a line, rows with their cells, and rows run together, for a word may be drawn in several runs; nothing of others."""
    if not is_metafile(octets):
        return
    runs = [run for run in (_of_emf if octets[40:44] == b" EMF" else _of_wmf)(octets, spent) if run.text.strip("\0 ")]
    for plus, name in ((False, where), (True, f"{where} (EMF+)")):
        drawn = [run for run in runs if run.is_plus is plus]
        rows = [[run.text for run in row] for _, row in groupby(drawn, key=lambda run: run.height)]
        lines = "\n".join(run.text for run in drawn)
        if lines:
            yield Place.FIRST_LINE, name, lines
        if len(rows) < len(drawn):
            yield Place.TEXT, f"{name}, in rows", "\n".join(map("\t".join, rows))
            yield Place.TEXT, f"{name}, run together", "\n".join(map("".join, rows))


def _of_emf(octets: bytes, spent: Spent) -> Iterator[_Run]:
    at, number = 0, 0
    while at + 8 <= len(octets):
        kind, size = struct.unpack_from("<II", octets, at)
        if size < 8:
            return
        if kind in (_EXT_A, _EXT_W, _POLY_A, _POLY_W, _SMALL, _COMMENT):
            yield from _of_record(kind, octets[at : at + size])
        at, number = at + size, number + 1
        if number % _OFTEN == 0:
            spent.time()


def _of_record(kind: int, record: bytes) -> Iterator[_Run]:
    if kind in (_EXT_A, _EXT_W):
        yield from _emr_text(record, 36, is_wide=kind == _EXT_W)
    elif kind in (_POLY_A, _POLY_W):
        count = int.from_bytes(record[36:40], "little")
        for at in range(40, min(40 + 40 * count, len(record)), 40):
            yield from _emr_text(record, at, is_wide=kind == _POLY_W)
    elif kind == _SMALL and len(record) >= 36:
        y, count, options = struct.unpack_from("<iII", record, 12)
        if not options & _GLYPHS:
            yield _Run(y, _letters(record, 36 if options & _NO_RECT else 52, count, is_wide=not options & _SMALL_CHARS))
    elif kind == _COMMENT and record[12:16] == _PLUS:
        yield from _of_plus(record[16 : 12 + int.from_bytes(record[8:12], "little")])


def _emr_text(record: bytes, at: int, *, is_wide: bool) -> Iterator[_Run]:
    """An EmrText object ([MS-EMF] 2.2.5), whose offset counts from the begin of its record."""
    if at + 20 <= len(record):
        y, count, start, options = struct.unpack_from("<iIII", record, at + 4)
        if not options & _GLYPHS:
            yield _Run(y, _letters(record, start, count, is_wide=is_wide))


def _of_plus(records: bytes) -> Iterator[_Run]:
    """Records of EMF+ in a comment."""
    at = 0
    while at + 12 <= len(records):
        kind, _, size, length = struct.unpack_from("<HHII", records, at)
        data = records[at + 12 : at + 12 + length] if kind in (_DRAW_STRING, _DRAW_DRIVER_STRING) else b""
        if kind == _DRAW_STRING and len(data) >= 28:
            count, _, y = struct.unpack_from("<Iff", data, 8)
            yield _Run(y, _letters(data, 28, count, is_wide=True), is_plus=True)
        elif kind == _DRAW_DRIVER_STRING and len(data) >= 16:
            options, _, count = struct.unpack_from("<III", data, 4)
            place = data[20 + 2 * count : 24 + 2 * count]
            if options & _BY_CHARACTER:
                yield _Run(struct.unpack("<f", place)[0] if len(place) == 4 else 0, _letters(data, 16, count, is_wide=True), is_plus=True)
        at += max(size, 12)


def _of_wmf(octets: bytes, spent: Spent) -> Iterator[_Run]:
    at, number = (22 if octets.startswith(_PLACEABLE) else 0) + _META_HEADER, 0
    while at + 6 <= len(octets):
        words, function = struct.unpack_from("<IH", octets, at)
        record = octets[at : at + 2 * words] if function in (_TEXT_OUT, _EXT_TEXT_OUT) else b""
        if words < 3:
            return
        if function == _TEXT_OUT and len(record) >= 8:
            count = int.from_bytes(record[6:8], "little")
            yield _Run(_short(record, 8 + count + count % 2), _letters(record, 8, count, is_wide=False))
        elif function == _EXT_TEXT_OUT and len(record) >= 14:
            y, _, count, options = struct.unpack_from("<hhHH", record, 6)
            if not options & _GLYPHS:
                yield _Run(y, _letters(record, 22 if options & _WITH_RECTANGLE else 14, count, is_wide=False))
        at, number = at + 2 * words, number + 1
        if number % _OFTEN == 0:
            spent.time()


def _short(record: bytes, at: int) -> int:
    return int.from_bytes(record[at : at + 2], "little", signed=True)


def _letters(record: bytes, at: int, count: int, *, is_wide: bool) -> str:
    return record[at : at + count * (1 + is_wide)].decode("utf-16-le" if is_wide else "cp1252", "replace")
