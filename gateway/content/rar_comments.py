"""The comment of a RAR archive, which its programs show when they open it: to text. libarchive passes it over.

In: an archive from its first octet. What is packed is unpacked as if it were a file of an archive of its own, as other programs do.
Standards: technote.txt of RAR 4 (NEWSUB_HEAD, and the old COMM_HEAD), the RAR 5.0 archive format (service header). Limits: a comment that
RAR 2 has packed is unsupported.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from gateway.content import libarchive
from gateway.content.charsets import texts
from gateway.content.reading import Item, Spent, Unread, Unreadable
from gateway.model.finding import Place, Readable

RAR4, RAR5 = b"Rar!\x1a\x07\0", b"Rar!\x1a\x07\x01\0"
_NAME = b"CMT"
_MAIN, _FILE, _OLD, _SERVICE = 0x73, 0x74, 0x75, 0x7A  # types of blocks in RAR 4
_HAS_OLD, _HIDDEN = 2, 0x80  # flags of the first block: a comment in it, headers that are encrypted
_ENCRYPTED, _DICTIONARY, _HAS_SIZE = 0x04, 0xE0, 0x8000  # flags of the others
_STORED, _STORED_4 = 0, 0x30
_WIDE = 1  # among the attributes of a comment


class Comment(NamedTuple):
    """One comment, still packed."""

    packed: bytes
    is_stored: bool
    is_encrypted: bool
    alone: bytes  # an archive in which it is the only file
    is_wide: bool = False  # UTF-16


def read_comments(comments: Iterable[Comment], spent: Spent) -> Iterator[Item]:
    """The text of each; or why there is none."""
    for comment in comments:
        if comment.is_encrypted:
            yield Unread(Readable.ENCRYPTED)
            continue
        data = comment.packed if comment.is_stored else _unpacked(comment.alone, spent)
        if data is None:
            yield Unread(Readable.UNSUPPORTED)
            continue
        found = (data.decode("utf-16-le", "replace"),) if comment.is_wide else texts(data.rstrip(b"\0"), None)
        yield from ((Place.TEXT, "archive comment", text.rstrip("\0")) for text in found)


def _unpacked(archive: bytes, spent: Spent) -> bytes | None:
    """The only file of an archive; None where it does not come out whole."""
    try:
        member = next(libarchive.entries(archive, "rar rar5", spent))
    except (Unreadable, StopIteration):
        return None
    return member.data if member.readable is None else None


def of_rar5(name: bytes, head: bytes, packed: bytes, method: int, *, is_encrypted: bool) -> Iterator[Comment]:
    """`head`: a service header without its checksum, size and type. That of a file is the same with another type."""
    if name == _NAME:
        alone = RAR5 + _block5(b"\1\0\0") + _block5(b"\2" + head) + packed + _block5(b"\5\0\0")
        yield Comment(packed, method == _STORED, is_encrypted, alone)


def of_rar4(data: bytes, spent: Spent) -> Iterator[Comment]:
    """Every comment, from the blocks of the archive."""
    at = len(RAR4)
    while at + 7 <= len(data):
        spent.parts(1)
        kind, flags, size = struct.unpack_from("<BHH", data, at + 2)
        follows = int.from_bytes(data[at + 7 : at + 11], "little") if flags & _HAS_SIZE else 0
        if (kind == _MAIN and flags & _HIDDEN) or size < 7:
            return
        if kind == _MAIN and flags & _HAS_OLD and data[at + 15 : at + 16] == bytes((_OLD,)):
            yield _old(data[at + 13 : at + size])
        elif kind == _SERVICE and data[at + 32 : at + size].startswith(_NAME) and size >= 32:
            yield _service(data[at : at + size], flags, data[at + size : at + size + follows])
        at += size + follows


def _service(head: bytes, flags: int, packed: bytes) -> Comment:
    fields = (
        struct.pack("<BHH", _FILE, flags & _DICTIONARY | _HAS_SIZE, 32 + len(_NAME)) + head[7:26] + struct.pack("<HI", len(_NAME), 0x20)
    )
    alone = RAR4 + _block4(struct.pack("<BHH", _MAIN, 0, 13) + bytes(6)) + _block4(fields + _NAME) + packed
    is_wide = bool(int.from_bytes(head[28:32], "little") & _WIDE)
    return Comment(packed, head[25] == _STORED_4, bool(flags & _ENCRYPTED), alone + _block4(b"\x7b\0\x40\7\0"), is_wide)


def _old(block: bytes) -> Comment:
    """RAR 2: thirteen octets of header, the method among them, and the text."""
    return Comment(block[13:], block[10:11] == bytes((_STORED_4,)), is_encrypted=False, alone=b"")


def _block4(body: bytes) -> bytes:
    return struct.pack("<H", zlib.crc32(body) & 0xFFFF) + body


def _block5(body: bytes) -> bytes:
    size, left = bytearray(), len(body)
    while left > 127:
        size.append(left & 127 | 128)
        left >>= 7
    head = bytes((*size, left)) + body
    return struct.pack("<I", zlib.crc32(head)) + head
