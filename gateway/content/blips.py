"""Pictures of old Office documents ([MS-ODRAW] 2.2.23 and following, OfficeArtBlip) to what they say: each in a record of its own.

They stand in the stream Data or WordDocument of Word, in Pictures of PowerPoint, in the group of drawings of Excel ([MS-XLS] 2.4.171) and
the continuations of it. Nothing leads to them but offsets that programs forgive: every record is taken, wherever it stands.
Limits: a picture that is behind a sheet ([MS-XLS] 2.4.19, BkHim) and those in page headers of Excel are not looked for.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from functools import partial

from gateway.content.compressed import Streams
from gateway.content.legible import legible
from gateway.content.ole_streams import streams_of
from gateway.content.picture_headers import is_metafile, is_of_a_format_drawn
from gateway.content.pictures import read_shown
from gateway.content.reading import Bounded, Item, Source, Spent
from gateway.content.structure import find_appended

_EMF, _WMF, _PICT, _JPEG, _PNG, _DIB, _TIFF, _JPEG_CMYK = 0xF01A, 0xF01B, 0xF01C, 0xF01D, 0xF01E, 0xF01F, 0xF029, 0xF02A
# The instances of each kind of record; those with an odd number have two digests before the picture, the others one.
_INSTANCES = {
    _EMF: (0x3D4, 0x3D5),
    _WMF: (0x216, 0x217),
    _PICT: (0x542, 0x543),
    _JPEG: (0x46A, 0x46B, 0x6E2, 0x6E3),
    _PNG: (0x6E0, 0x6E1),
    _DIB: (0x7A8, 0x7A9),
    _TIFF: (0x6E4, 0x6E5),
    _JPEG_CMYK: (0x46A, 0x46B, 0x6E2, 0x6E3),
}
_METAFILES = (_EMF, _WMF, _PICT)
_HEADS = tuple(struct.pack("<HH", instance << 4, kind) for kind, instances in _INSTANCES.items() for instance in instances)
_HEAD = re.compile(b"|".join(map(re.escape, _HEADS)), re.DOTALL)
_DIGEST, _METAFILE_HEADER = 16, 34  # octets
_DEFLATE = 0
_PLACES = frozenset({"data", "worddocument", "pictures", "workbook", "book"})
_BOOKS = frozenset({"workbook", "book"})
_GROUP, _CONTINUE = 0xEB, 0x3C


def read_blips(source: Source, spent: Spent) -> Iterator[Item]:
    """Every picture once, the small ones first."""
    found: dict[bytes, int] = {}  # each with the kind of its record
    for path, stream in streams_of(source.data, spent).items():
        name = path[-1].lower()
        if len(path) == 1 and name in _PLACES:
            found.update(_blips(_drawings(stream) if name in _BOOKS else stream, spent))
    for number, octets in enumerate(sorted(found, key=lambda octets: (len(octets), octets)), 1):
        where = f"picture {number}"
        if found[octets] in _METAFILES and not is_metafile(octets) and not any(find_appended(octets, "image/*")):
            yield from legible(octets, where, spent)  # of a Mac, or without the usual header
        else:
            yield from read_shown(octets, where, where, spent)


def _drawings(stream: bytes) -> bytes:
    """The group of drawings of a workbook as one row of octets."""
    pieces: list[bytes] = []
    at, is_group = 0, False
    while at + 4 <= len(stream):
        kind, size = struct.unpack_from("<HH", stream, at)
        is_group = kind == _GROUP or (is_group and kind == _CONTINUE)
        if is_group:
            pieces.append(stream[at + 4 : at + 4 + size])
        at += 4 + size
    return b"".join(pieces)


def _blips(stream: bytes, spent: Spent) -> Iterator[tuple[bytes, int]]:
    """Pictures, each with the kind of its record."""
    for head in _HEAD.finditer(stream):
        spent.parts(1)
        instance, kind, size = struct.unpack_from("<HHI", stream.ljust(head.start() + 8, b"\0"), head.start())
        body = stream[head.end() + 4 : head.end() + 4 + size][_DIGEST * (1 + (instance >> 4 & 1)) :]
        octets = _metafile(body, spent) if kind in _METAFILES else _bitmap(body[1:]) if kind == _DIB else body[1:]
        is_whole = head.end() + 4 + size <= len(stream)
        if octets and (is_whole or is_of_a_format_drawn(octets)):  # four octets come by chance in many megabytes
            spent.unpacked(len(octets), 0, len(octets))
            yield octets, kind


def _metafile(body: bytes, spent: Spent) -> bytes:
    """Section 2.2.31: a header that says whether it is packed."""
    octets = body[_METAFILE_HEADER:]
    if len(body) <= _METAFILE_HEADER or body[_METAFILE_HEADER - 2] != _DEFLATE:
        return octets
    unpacked, _ = Bounded(Streams(partial(zlib.decompressobj, 15), octets), len(octets), spent).salvage()
    return unpacked


def _bitmap(dib: bytes) -> bytes:
    """With the header of a file, which a bitmap in memory has not ([MS-WMF] 2.2.2.9)."""
    if len(dib) < 40:
        return dib
    size, bits, packing, colours = struct.unpack_from("<I10xHI12xI", dib)
    table = 4 * (colours or (1 << bits if bits <= 8 else 0)) + (12 if packing == 3 and size == 40 else 0)
    return struct.pack("<2sIII", b"BM", 14 + len(dib), 0, min(14 + size + table, 0xFFFFFFFF)) + dib
