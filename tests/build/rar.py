"""RAR archives by hand, stored: RAR 4 (technote.txt) and RAR 5 (the RAR 5.0 archive format). There is no free program that writes them."""

import struct
import zlib
from collections.abc import Mapping


def rar4(
    files: Mapping[str, bytes],
    *,
    encrypted: bool = False,
    hidden: bool = False,
    volume: bool = False,
    comment: bytes = b"",
    method: int = 0x30,
) -> bytes:
    """`encrypted`: each file; `hidden`: the headers too; `volume`: one of several; `method` of the comment: how it claims to be packed."""
    flags = (0x80 if hidden else 0) | (0x101 if volume else 0)
    data = b"Rar!\x1a\x07\0" + _block4(0x73, flags, bytes(6))
    if comment:
        attributes = 0x01 if b"\0" in comment else 0  # UTF-16
        head = struct.pack("<IIBIIBBHI", len(comment), len(comment), 2, zlib.crc32(comment), 0, 29, method, 3, attributes)
        data += _block4(0x7A, 0x8000 | (0x04 if encrypted else 0), head + b"CMT") + comment
    for name, octets in files.items():
        path = name.encode()
        body = struct.pack("<IIBIIBBHI", len(octets), len(octets), 3, zlib.crc32(octets), 0x5C210000, 29, 0x30, len(path), 0o100644)
        body += path + (b"saltsalt" if encrypted else b"")
        data += _block4(0x74, 0x8000 | (0x404 if encrypted else 0) | (0x02 if volume else 0), body) + octets
    return data + _block4(0x7B, 0x4000, b"")


def _block4(kind: int, flags: int, body: bytes) -> bytes:
    head = struct.pack("<BHH", kind, flags, len(body) + 7) + body
    return struct.pack("<H", zlib.crc32(head) & 0xFFFF) + head


def rar5(files: Mapping[str, bytes], *, encrypted: bool = False, hidden: bool = False, comment: bytes = b"", method: int = 0) -> bytes:
    data = b"Rar!\x1a\x07\x01\0"
    if hidden:
        return data + _block5(4, 0, _number(0) + _number(0) + b"\x0f" + bytes(16)) + bytes(96)
    data += _block5(1, 0, _number(0))
    if comment:
        body = _number(4) + _number(len(comment)) + _number(0) + struct.pack("<I", zlib.crc32(comment)) + _number(method << 7) + _number(0)
        extra = _record(1, _number(0) + _number(0) + b"\x0f" + bytes(32)) if encrypted else b""
        data += _block5(3, 2 | (1 if extra else 0), body + _number(3) + b"CMT", extra=extra, follows=comment)
    for name, octets in files.items():
        path = name.encode()
        extra = _record(1, _number(0) + _number(0) + b"\x0f" + bytes(32)) if encrypted else b""
        body = _number(4) + _number(len(octets)) + _number(0o100644) + struct.pack("<I", zlib.crc32(octets)) + _number(0) + _number(1)
        data += _block5(2, 2 | (1 if extra else 0), body + _number(len(path)) + path, extra=extra, follows=octets)
    return data + _block5(5, 0, _number(0))


def _block5(kind: int, flags: int, body: bytes, *, extra: bytes = b"", follows: bytes = b"") -> bytes:
    head = _number(kind) + _number(flags) + (_number(len(extra)) if flags & 1 else b"") + (_number(len(follows)) if flags & 2 else b"")
    head += body + extra
    sized = _number(len(head)) + head
    return struct.pack("<I", zlib.crc32(sized)) + sized + follows


def _record(kind: int, body: bytes) -> bytes:
    return _number(len(body) + 1) + _number(kind) + body


def _number(value: int) -> bytes:
    """Seven bits in each octet, the lowest first."""
    octets = bytearray()
    while value > 127:
        octets.append(value & 127 | 128)
        value >>= 7
    return bytes((*octets, value))
