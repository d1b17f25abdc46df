"""Rights-protected mail (message.rpmsg) and files (.pfile): what can be read of them without a licence.

Standards: [MS-OXORMMS] 2.2.3 (blocks of zlib, and in them a compound file with the encrypted content and its licence), RFC 1950.
Compression protects nothing: what comes out is a member like any other, but for the compound file that a real one is. Of that, whatever
is neither the content nor the licence is a member, and the rest is searched for what a person can read.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from typing import Any

from gateway.content.legible import legible
from gateway.content.ole_streams import streams_of
from gateway.content.reading import Item, Member, Source, Spent, Unreadable
from gateway.model.finding import Place, Readable

MAGIC = b"\x76\xe8\x04\x60\xc4\x11\xe3\x86"
_BLOCK = struct.Struct("<III")  # 0x00000FA0, octets after inflation, octets before
_CHECK = 0xFA0
_ZLIB = re.compile(rb"\x78[\x01\x5e\x9c\xda]")
_STREAMS = 16_384  # beginnings of zlib that are tried in one file: of 64 KiB of a cipher four look so
_STEP = 65536
_TEMPLATE = re.compile(r"LCID \d{1,5}:NAME [^<\d]{0,512}")  # its name is often that of a marking, and tells nothing of the content
_CONTENT, _LICENCE = "\x09drmcontent", "\x06"  # the stream, and how the storage of the licence begins


def read_rights(source: Source, spent: Spent) -> Iterator[Item]:
    """A file that says that it is protected; whatever is found, it stays so.

    Raises:
        Unreadable: always, in the end.
    """
    yield from legible(source.data, f"{source.where}, as it stands", spent)
    inflated, end = _inflate(source.data, spent)
    if inflated:
        yield from _compound(inflated, spent)
    yield from _packed(source.data[end:], spent)
    raise Unreadable(Readable.RIGHTS_PROTECTED)


def _inflate(data: bytes, spent: Spent) -> tuple[bytes, int]:
    """The blocks of a message together, and where they end. Their zlib is one stream, or one for each."""
    found: list[bytes] = []
    at, size = len(MAGIC), 0
    unpacker: Any = None
    while data.startswith(MAGIC) and at + _BLOCK.size <= len(data):
        check, _, packed = _BLOCK.unpack_from(data, at)
        if check != _CHECK:
            break
        block = data[at + _BLOCK.size : at + _BLOCK.size + packed]
        if unpacker is None or unpacker.eof:
            unpacker = zlib.decompressobj()
        while block:
            try:
                piece = unpacker.decompress(block, _STEP)
            except zlib.error:
                return b"".join(found), at  # what stands there is tried once more as zlib of its own
            size += len(piece)
            spent.unpacked(len(piece), size, at)
            found.append(piece)
            block = unpacker.unconsumed_tail
        at += _BLOCK.size + packed
    return b"".join(found), min(at, len(data)) if found else 0


def _compound(data: bytes, spent: Spent) -> Iterator[Item]:
    """What was packed: a real one is a compound file with encrypted content."""
    streams = streams_of(data, spent)
    if not any(path[0].lower() == _CONTENT for path in streams):
        yield Member("", data)
        return
    for path, octets in streams.items():
        if path[0].lower() == _CONTENT:
            yield from legible(octets, "protected content", spent)
            yield from _packed(octets, spent)
        elif path[0].startswith(_LICENCE):
            for item in legible(octets, "licence", spent):
                if isinstance(item, tuple):
                    yield Place.PROPERTIES, "licence", _TEMPLATE.sub("", item[2])
            yield from _packed(octets, spent)
        else:
            yield Member(path[-1], octets)


def _packed(data: bytes, spent: Spent) -> Iterator[Item]:
    """Whatever zlib packed and somebody put there: a member when it is whole, else what can be read of it. A cipher holds neither."""
    at = 0
    for _ in range(_STREAMS):
        begin = _ZLIB.search(data, at)
        if begin is None:
            return
        octets, end = _unpacked(data, begin.start(), spent)
        if end is None:
            yield from legible(octets, "packed", spent)
        elif octets:
            yield Member("", octets)
        at = end or begin.end()
    raise Unreadable(Readable.OVER_BUDGET)


def _unpacked(data: bytes, start: int, spent: Spent) -> tuple[bytes, int | None]:
    """What comes out of a stream that begins there, and where it ends; None when it breaks before."""
    unpacker = zlib.decompressobj()
    found: list[bytes] = []
    size = 0
    for at in range(start, len(data), _STEP):
        rest = data[at : at + _STEP]
        while rest:
            try:
                found.append(unpacker.decompress(rest, _STEP))
            except zlib.error:
                return b"".join(found), None
            size += len(found[-1])
            spent.unpacked(len(found[-1]), size, len(data))
            if unpacker.eof:
                return b"".join(found), min(at + _STEP, len(data)) - len(unpacker.unused_data)
            rest = unpacker.unconsumed_tail
    return b"".join(found), None
