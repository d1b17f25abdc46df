"""OLE compound files ([MS-CFB] version 3) and old workbooks ([MS-XLS]) made by hand."""

import struct
from collections.abc import Mapping, Sequence
from itertools import pairwise

_SECTOR = 512
_FREE, _END, _FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD


def compound(streams: Mapping[str, bytes]) -> bytes:
    """Streams by path ("storage/stream"); each is padded with NUL to 4096 octets, so that there is no mini stream."""
    entries: list[tuple[str, int, bytes]] = [("Root Entry", 5, b"")]  # name, type, data
    children: dict[int, list[int]] = {0: []}
    for path, data in streams.items():
        parent = 0
        *folders, name = path.split("/")
        for folder in folders:
            known = next((at for at in children[parent] if entries[at][0] == folder), None)
            if known is None:
                known = len(entries)
                entries.append((folder, 1, b""))
                children[parent].append(known)
                children[known] = []
            parent = known
        children[parent].append(len(entries))
        entries.append((name, 2, data.ljust(4096, b"\0")))
    body, fat, starts = b"", [], {}
    for at, (_, _, data) in enumerate(entries):
        if data:
            starts[at] = len(fat)
            body, count = body + data.ljust(-(-len(data) // _SECTOR) * _SECTOR, b"\0"), -(-len(data) // _SECTOR)
            fat += [*range(len(fat) + 1, len(fat) + count), _END]
    directory = _directory(entries, children, starts)
    first_directory, count = len(fat), len(directory) // _SECTOR
    fat += [*range(len(fat) + 1, len(fat) + count), _END]
    tables = 1
    while (len(fat) + tables) * 4 > tables * _SECTOR:
        tables += 1
    first_table = len(fat)
    fat += [_FAT] * tables
    table = struct.pack(f"<{len(fat)}I", *fat).ljust(tables * _SECTOR, b"\xff")
    header = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<IIIIIIIIII", 0, tables, first_directory, 0, 4096, _END, 0, _END, 0, first_table)
    header += b"".join(struct.pack("<I", first_table + at if at < tables else _FREE) for at in range(1, 109))
    return header + body + directory + table


def _directory(entries: Sequence[tuple[str, int, bytes]], children: Mapping[int, list[int]], starts: Mapping[int, int]) -> bytes:
    siblings: dict[int, int] = {}
    for group in children.values():
        # A right-leaning chain in the order of [MS-CFB] 2.6.4: shorter names first.
        group.sort(key=lambda at: (len(entries[at][0]), entries[at][0].upper()))
        siblings |= dict(pairwise(group))
    packed = b""
    for at, (name, kind, data) in enumerate(entries):
        child = children.get(at) or [_FREE]
        encoded = (name + "\0").encode("utf-16-le")
        packed += encoded.ljust(64, b"\0") + struct.pack("<HBBIII", len(encoded), kind, 1, _FREE, siblings.get(at, _FREE), child[0])
        packed += bytes(36) + struct.pack("<IQ", starts.get(at, _END if kind == 2 else 0), len(data))
    while len(packed) % _SECTOR:
        packed += bytes(68) + struct.pack("<III", _FREE, _FREE, _FREE) + bytes(48)
    return packed


def workbook(
    rows: Sequence[Sequence[str | float]],
    name: str = "Sheet1",
    *,
    locked: bool = False,
    before: bytes = b"",
    beside: bytes = b"",
    state: int = 0,
    streams: Mapping[str, bytes] | None = None,
) -> bytes:
    """A .xls of one sheet (BIFF8), whose cells have the second style: `before` are records before the sheets, `beside` behind the cells.

    `state` is that of the sheet: 0 visible, 1 hidden, 2 very hidden.
    """
    sheet = begin(0x10)
    for row, cells in enumerate(rows):
        for column, cell in enumerate(cells):
            if isinstance(cell, str):
                sheet += record(0x204, struct.pack("<HHH", row, column, 1) + string(cell))
            else:
                sheet += record(0x203, struct.pack("<HHHd", row, column, 1, cell))
    sheet += beside + record(0x0A)
    globe = begin(5) + before
    if locked:
        globe += record(0x2F, struct.pack("<HH", 1, 1) + bytes(50))
    offset = len(globe) + 4 + 8 + len(name) + 4
    globe += record(0x85, struct.pack("<IBBBB", offset, state, 0, len(name), 0) + name.encode("latin-1")) + record(0x0A)
    return compound({"Workbook": globe + sheet, **(streams or {})})


def begin(kind: int) -> bytes:
    """The record that begins a substream: of the workbook (5), a sheet (0x10), a chart (0x20)."""
    return record(0x809, struct.pack("<HHHHII", 0x600, kind, 0, 0, 0, 0))


def record(kind: int, data: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def string(text: str, *, size: str = "<H", wide: bool = False) -> bytes:
    """A string with its length and how it is written ([MS-XLS] sections 2.5.240 and 2.5.294)."""
    return struct.pack(size, len(text)) + bytes((wide,)) + text.encode("utf-16-le" if wide else "latin-1")


def with_format(code: str) -> bytes:
    """Records before the sheets that give their cells a number format."""
    styles = b"".join(record(0xE0, struct.pack("<HH", 0, number) + bytes(16)) for number in (0, 170))
    return record(0x41E, struct.pack("<H", 170) + string(code)) + styles
