"""The central directory of a ZIP archive (APPNOTE 6.3.10, 4.3.12 to 4.3.16, 4.4, 4.5): its end records and its headers. Pure.

The one walk: zips.py goes it as office programs do and takes nothing that is odd, zip_index.py as every program might. Nothing that a
header claims is believed here beyond the octets that there are.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from gateway.content.zip_fields import (
    CENTRAL,
    CENTRAL_HEAD,
    CENTRAL_OCTETS,
    ENCRYPTED,
    END,
    END64,
    END_OCTETS,
    END_REACH,
    LOCATOR64,
    MASKED,
    STRONG,
    STRONG_HEADER,
    ZIP64,
    extras,
    method_of,
    names_of,
    zip64,
)

_ENDS = 8  # that are looked at: more than one is odd enough
_SEALED = ENCRYPTED | STRONG | MASKED
_FULL, _FULL16 = 0xFFFFFFFF, 0xFFFF


class End(NamedTuple):
    """What one end record says of the directory before it."""

    number: int  # of files
    stop: int  # where the directory ends
    octets: int
    offset: int  # where it claims to begin
    disk: int
    comment: int  # where the comment begins ...
    reach: int  # ... and ends
    is_wide: bool | None  # whether the record of a large archive was read; None: there should be one


class Listed(NamedTuple):
    """One file as the directory describes it."""

    names: tuple[str, ...]  # under every reading, the likeliest first
    octets: bytes  # of the name, as they stand
    flags: int
    method: int
    crc: int
    packed: int  # octets in the archive, as claimed
    size: int  # octets unpacked, as claimed
    at: int  # where its local header begins
    disk: int
    is_encrypted: bool
    comment: bytes
    next: int  # where the header after this one begins

    @property
    def name(self) -> str:
        return self.names[0]

    @property
    def is_folder(self) -> bool:
        return self.names[0].endswith("/")


def find_ends(data: bytes) -> Iterator[End]:
    """The end records, the last one first. One that needs no record of a large archive, but has it, is read without it and with it."""
    at = len(data)
    for _ in range(_ENDS):
        at = data.rfind(END, max(0, len(data) - END_REACH), at)
        if at < 0 or at + END_OCTETS > len(data):
            return
        disk, _, _, count, octets, offset, comment = struct.unpack_from("<HHHHIIH", data, at + 4)
        end = End(count, at, octets, offset, disk, at + END_OCTETS, at + END_OCTETS + comment, False)
        if not data.startswith(LOCATOR64, max(at - 20, 0)):
            yield end
            continue
        wide = _end64(data, at)
        if wide is None:
            yield end._replace(is_wide=None)
            continue
        if not (_FULL in (octets, offset) or count == _FULL16):
            yield end
        yield end._replace(stop=wide[0], number=wide[1], octets=wide[2], offset=wide[3], is_wide=True)


def read_listed(data: bytes, at: int, shift: int) -> Listed | None:
    """The header that stands there, or None; `shift`: what must be added to its offset."""
    if data[at : at + 4] != CENTRAL or at + CENTRAL_OCTETS > len(data):
        return None
    _, _, _, flags, method, _, _, crc, packed, size, name, extra, comment, disk, _, _, start = CENTRAL_HEAD.unpack_from(data, at)
    at += CENTRAL_OCTETS
    raw = data[at : at + name]
    at += name
    is_encrypted = flags & _SEALED != 0
    fields: dict[int, bytes] = {}
    if extra:
        fields = dict(extras(data[at : at + extra]))
        size, packed, start = zip64(fields.get(ZIP64, b""), size, packed, start)
        method = method_of(method, fields)
        is_encrypted = is_encrypted or STRONG_HEADER in fields
    at += extra
    said = data[at : at + comment] if comment else b""
    names = names_of(raw, flags, fields)
    return Listed(names, raw, flags, method, crc, packed, size, start + shift, disk, is_encrypted, said, at + comment)


def _end64(data: bytes, end: int) -> tuple[int, int, int, int] | None:
    """Where the record of a large archive stands, its number of entries, the size and the offset of the directory."""
    (claimed,) = struct.unpack_from("<Q", data, end - 12)
    at = claimed if data.startswith(END64, claimed) else data.rfind(END64, max(0, end - 4096), end)
    if at < 0 or at + 56 > len(data):
        return None
    return (at, *struct.unpack_from("<QQQ", data, at + 32))
