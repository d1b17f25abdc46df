"""ZIP archives with lies in them (APPNOTE 6.3): each header says what the test wants it to say. Pure and deterministic."""

import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Lie:
    """One entry. `local` and `central` override what that header says: name, method, flags, packed, size, crc, offset, extra."""

    name: str
    octets: bytes
    stored: bool = True
    local: dict[str, Any] = field(default_factory=dict)
    central: dict[str, Any] = field(default_factory=dict)
    is_listed: bool = True
    comment: bytes = b""


def lying_zip(
    entries: Iterable[Lie], *, before: bytes = b"", behind: bytes = b"", comment: bytes = b"", end: dict[str, int] | None = None
) -> bytes:
    """The entries in their order, then the directory of those that are listed."""
    body, directory, listed = before, b"", 0
    for entry in entries:
        packed = entry.octets if entry.stored else _deflated(entry.octets)
        truth = {
            "name": entry.name,
            "method": 0 if entry.stored else 8,
            "flags": 0,
            "packed": len(packed),
            "size": len(entry.octets),
            "crc": zlib.crc32(entry.octets),
            "offset": len(body) - len(before),
            "extra": b"",
        }
        if entry.is_listed:
            listed += 1
            directory += _central(truth | entry.central, entry.comment)
        body += _local(truth | entry.local) + packed
    said = {"disk": 0, "count": listed, "octets": len(directory), "offset": len(body) - len(before)} | (end or {})
    tail = struct.pack("<HHHHIIH", said["disk"], said["disk"], said["count"], said["count"], said["octets"], said["offset"], len(comment))
    return body + directory + b"PK\x05\x06" + tail + comment + behind


def _deflated(octets: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(octets) + packer.flush()


def _local(said: dict[str, Any]) -> bytes:
    name = said["name"].encode()
    head = struct.pack("<HHHHHIII", 20, said["flags"], said["method"], 0, 0x5C21, said["crc"], said["packed"], said["size"])
    return b"PK\x03\x04" + head + struct.pack("<HH", len(name), len(said["extra"])) + name + said["extra"]


def _central(said: dict[str, Any], comment: bytes) -> bytes:
    name = said["name"].encode()
    head = struct.pack("<HHHHHHIII", 20, 20, said["flags"], said["method"], 0, 0x5C21, said["crc"], said["packed"], said["size"])
    lengths = struct.pack("<HHHHHII", len(name), len(said["extra"]), len(comment), 0, 0, 0, said["offset"])
    return b"PK\x01\x02" + head + lengths + name + said["extra"] + comment
