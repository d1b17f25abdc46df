"""Macros of an office document: whatever a person can read in them, and files that hide among them.

Standards: [MS-OVBA] 2.2 (the compound file), 2.3.4.2 (its directory: where the source of each module begins), 2.4.1 (compression).
Limits: a source that the directory does not know is found by its usual first word; passwords and p-code are not looked at.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

from gateway.content.legible import legible
from gateway.content.ole_streams import streams_of
from gateway.content.reading import Item, Member, Oddity, Spent
from gateway.content.structure import OLE, find_appended
from gateway.model.finding import Place

_WHERE = "macros"
_SOURCE = re.compile(rb"\x01..(?=\x00Attribut)", re.DOTALL)  # eight characters as they are, after the octet that says so
_OFFSET = re.compile(rb"\x31\x00\x04\x00\x00\x00(....)", re.DOTALL)  # MODULEOFFSET
_CHUNK, _SIGNATURE, _RAW = 4096, 0b011, 4096


def read_macros(name: str, data: bytes, spent: Spent) -> Iterator[Item]:
    """The part of a package that holds its macros. What is no compound file is something else under this name: a member."""
    yield Oddity("macros")
    streams = streams_of(data, spent)
    if not streams:
        yield Member(name, data)
        return
    offsets = {0}
    for path, octets in streams.items():
        if path[-1].lower() == "dir":
            offsets |= {int.from_bytes(found, "little") for found in _OFFSET.findall(decompressed(octets, 0, spent))}
    for path, octets in streams.items():
        if any(find_appended(octets, OLE)):
            yield Member(path[-1], octets)
        yield from legible(octets, _WHERE, spent)
        for at in sorted(offsets | {found.start() for found in _SOURCE.finditer(octets)}):
            if source := decompressed(octets, at, spent):
                yield Place.TEXT, _WHERE, source.decode("cp1252", "replace")


def decompressed(data: bytes, at: int, spent: Spent) -> bytes:
    """The container that begins there, as far as it goes; nothing when there is none."""
    found = bytearray()
    if data[at : at + 1] != b"\x01":
        return b""
    at += 1
    while at + 2 <= len(data):
        (header,) = struct.unpack_from("<H", data, at)
        if header >> 12 & 7 != _SIGNATURE:
            break
        stop = min(at + (header & 0x0FFF) + 3, len(data))
        piece = _chunk(data[at + 2 : stop]) if header >> 15 else data[at + 2 : at + 2 + _RAW]
        spent.unpacked(len(piece), len(found), len(data))
        found += piece
        at = stop
    return bytes(found)


def _chunk(packed: bytes) -> bytes:
    """2.4.1.3: of eight tokens each, whether it is a character or a copy of what came before."""
    found = bytearray()
    at = 0
    while at < len(packed) and len(found) < _CHUNK:
        flags, at = packed[at], at + 1
        for bit in range(8):
            if at >= len(packed):
                break
            if not flags >> bit & 1:
                found.append(packed[at])
                at += 1
                continue
            if at + 2 > len(packed):
                return bytes(found)
            token, at = int.from_bytes(packed[at : at + 2], "little"), at + 2
            bits = max((len(found) - 1).bit_length(), 4)
            back, length = (token >> 16 - bits) + 1, (token & 0xFFFF >> bits) + 3
            if back > len(found):
                return bytes(found)
            for _ in range(length):
                found.append(found[-back])
    return bytes(found)
