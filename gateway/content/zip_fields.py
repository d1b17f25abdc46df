"""The records and fields of ZIP (APPNOTE 6.3.10), as octets have them: signatures, heads, names, extra fields. Pure."""

from __future__ import annotations

import struct
from collections.abc import Iterator

END, CENTRAL, LOCAL = b"PK\x05\x06", b"PK\x01\x02", b"PK\x03\x04"
EXTRA_RECORD = b"PK\x06\x08"
END64, LOCATOR64 = b"PK\x06\x06", b"PK\x06\x07"
END_OCTETS = 22
END_REACH = 65_557  # octets at the end in which the end record stands
LOCAL_HEAD = struct.Struct("<4sHHHHHIIIHH")
CENTRAL_HEAD = struct.Struct("<4sHHHHHHIIIHHHHHII")
LOCAL_OCTETS, CENTRAL_OCTETS = LOCAL_HEAD.size, CENTRAL_HEAD.size  # without name, extra fields and comment
ENCRYPTED, STREAMED, STRONG, UTF8, MASKED = 1, 8, 0x40, 0x800, 0x2000  # flags
AES, ZIP64, UNICODE_PATH, STRONG_HEADER = 0x9901, 0x0001, 0x7075, 0x0017  # extra fields
_FULL = 0xFFFFFFFF


def extras(octets: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 4 <= len(octets):
        kind, size = struct.unpack_from("<HH", octets, at)
        yield kind, octets[at + 4 : at + 4 + size]
        at += 4 + size


def zip64(octets: bytes, size: int, packed: int, offset: int) -> tuple[int, int, int]:
    """APPNOTE 4.5.3: only what did not fit stands here, in this order."""
    values = [int.from_bytes(octets[at : at + 8], "little") for at in range(0, len(octets) - 7, 8)]
    found = [values.pop(0) if value == _FULL and values else value for value in (size, packed, offset)]
    return found[0], found[1], found[2]


def method_of(method: int, extras: dict[int, bytes]) -> int:
    """Behind method 99 (AE-x) the real one stands in an extra field."""
    said = extras.get(AES, b"")
    return int.from_bytes(said[5:7], "little") if method == 99 and len(said) >= 7 else method


def names_of(raw: bytes, flags: int, extras: dict[int, bytes]) -> tuple[str, ...]:
    """Every name that some program would show, the likeliest first (APPNOTE appendix D, 4.6.9).

    UTF-8 where the flag says so; without it code page 437 by the standard, and UTF-8 in practice of many. Programs in C end a name at NUL,
    others go on behind it.
    """
    if not extras and raw.isascii() and b"\0" not in raw:
        return (raw.decode("ascii"),)
    path = extras.get(UNICODE_PATH, b"")
    found = [path[5:]] if len(path) > 5 and path[0] == 1 else []
    readings = [*(octets.decode("utf-8", "replace") for octets in found), *_readings(raw, flags)]
    readings = [name for whole in readings for name in (whole.partition("\0")[0], whole.replace("\0", ""))]
    return tuple(dict.fromkeys(readings))


def _readings(raw: bytes, flags: int) -> tuple[str, ...]:
    if raw.isascii():
        return (raw.decode("ascii"),)
    try:
        name = raw.decode()
    except UnicodeDecodeError:
        old = raw.decode("cp437")
        return (raw.decode("utf-8", "replace"), old) if flags & UTF8 else (old,)
    return (name,) if flags & UTF8 else (name, raw.decode("cp437"))
