"""A storage inside a compound file to a compound file of its own ([MS-CFB] version 3): how an embedded message or object becomes a file.

In: an open olefile and the path of a storage. Out: octets that every reader of compound files reads. Bounded; nothing but streams and
storages is carried over.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from gateway.content.reading import Spent

_SECTOR, _MINI, _CUTOFF = 512, 64, 4096
_FREE, _END, _FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
_STORAGE, _STREAM, _ROOT = 1, 2, 5
_TABLES = 109  # sectors of the table that the header has room for: 7 MB ...
_LIMIT = _TABLES * _SECTOR // 4 * _SECTOR - 65536  # ... of octets


@dataclass(slots=True)
class _Entry:
    name: str
    kind: int
    data: bytes = b""
    start: int = _END
    children: tuple[int, ...] = ()


def read_streams(file: Any, path: list[str], spent: Spent) -> dict[tuple[str, ...], bytes]:
    """Every stream below a storage, by its path from there."""
    found: dict[tuple[str, ...], bytes] = {}
    for entry in file.listdir(streams=True, storages=False):
        if entry[: len(path)] == path and len(entry) > len(path):
            spent.entries()
            octets = bytes(file.openstream(entry).read())
            spent.unpacked(len(octets), len(octets), len(octets))
            found[tuple(entry[len(path) :])] = octets
    return found


def build(streams: Mapping[tuple[str, ...], bytes]) -> bytes:
    """The streams as a compound file; one that is larger than such a file may simply be is given with what fits."""
    entries = _tree(streams)
    mini = bytearray()
    mini_table: list[int] = []
    body = bytearray()
    table: list[int] = []
    for entry in entries[1:]:
        if entry.kind == _STREAM and entry.data:
            small = len(entry.data) < _CUTOFF
            entry.start = _put(mini, mini_table, entry.data, _MINI) if small else _put(body, table, entry.data, _SECTOR)
    entries[0].data = bytes(mini)
    entries[0].start = _put(body, table, bytes(mini), _SECTOR) if mini else _END
    packed_table = struct.pack(f"<{len(mini_table)}I", *mini_table)
    first_mini = _put(body, table, packed_table, _SECTOR, fill=b"\xff") if mini_table else _END
    first_directory = _put(body, table, b"".join(_packed(entries)), _SECTOR)
    tables = next(count for count in range(1, len(table) + 2) if (len(table) + count) * 4 <= count * _SECTOR)
    first_table = len(table)
    table += [_FAT] * tables
    header = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    minis = -(-len(packed_table) // _SECTOR)
    header += struct.pack("<IIIIIIIIII", 0, tables, first_directory, 0, _CUTOFF, first_mini, minis, _END, 0, first_table)
    header += b"".join(struct.pack("<I", first_table + at if at < tables else _FREE) for at in range(1, _TABLES))
    return header + bytes(body) + struct.pack(f"<{len(table)}I", *table).ljust(tables * _SECTOR, b"\xff")


def is_small_enough(streams: Mapping[tuple[str, ...], bytes]) -> bool:
    """Whether all of it fits into a file of this simple kind."""
    return sum(-(-len(octets) // _SECTOR) * _SECTOR + 128 for octets in streams.values()) < _LIMIT


def _put(space: bytearray, table: list[int], data: bytes, sector: int, fill: bytes = b"\0") -> int:
    """Append a chain of sectors; where it begins."""
    start, count = len(table), -(-len(data) // sector)
    space += data.ljust(count * sector, fill)
    table.extend([*range(start + 1, start + count), _END])
    return start


def _tree(streams: Mapping[tuple[str, ...], bytes]) -> list[_Entry]:
    entries = [_Entry("Root Entry", _ROOT)]
    places: dict[tuple[str, ...], int] = {(): 0}
    for path, octets in streams.items():
        for depth in range(1, len(path) + 1):
            if path[:depth] not in places:
                places[path[:depth]] = len(entries)
                is_stream = depth == len(path)
                entries.append(_Entry(path[depth - 1][:31], _STREAM if is_stream else _STORAGE, octets if is_stream else b""))
                parent = entries[places[path[: depth - 1]]]
                parent.children = (*parent.children, places[path[:depth]])
    return entries


def _packed(entries: list[_Entry]) -> Iterator[bytes]:
    siblings: dict[int, int] = {}
    for entry in entries:
        # A chain that leans to the right, in the order of [MS-CFB] 2.6.4: shorter names first.
        entry.children = tuple(sorted(entry.children, key=lambda at: (len(entries[at].name), entries[at].name.upper())))
        siblings |= dict(pairwise(entry.children))
    for at, entry in enumerate(entries):
        name = (entry.name + "\0").encode("utf-16-le", "replace")[:64]
        child = entry.children[0] if entry.children else _FREE
        links = struct.pack("<III", _FREE, siblings.get(at, _FREE), child)
        yield name.ljust(64, b"\0") + struct.pack("<HBB", len(name), entry.kind, 1) + links + bytes(36)
        yield struct.pack("<IQ", entry.start if entry.kind != _STORAGE else 0, len(entry.data))
    for _ in range(-len(entries) % 4):
        yield bytes(68) + struct.pack("<III", _FREE, _FREE, _FREE) + bytes(48)
