"""Several files as one ZIP while they are read: no temporary file, its length known before the first octet. Pure.

Standards: APPNOTE.TXT 6.3.10 (data descriptors, UTF-8 names, ZIP64 where a size or a place needs it and nowhere else), RFC 1951. The
files are not compressed, most are so already; but they stand in blocks of deflate, because a reader that goes through the stream finds the
end of those, and not of "stored" ones with a descriptor.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

_BLOCK = 65_535  # the most that one stored block of deflate holds
_LAST = b"\x01\x00\x00\xff\xff"  # an empty block that is the last one
_LARGE = 0xFFFFFFFF
_MANY = 0xFFFF
_FLAGS = 0x0808  # sizes and CRC follow the data; the name is UTF-8
_DEFLATED = 8
_PLAIN, _WITH_ZIP64 = 20, 45  # versions needed to extract
_UNIX = 3 << 8  # made by
_FILE = 0o100644 << 16  # its mode
_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END64 = struct.Struct("<4sQ2H2I4Q")
_LOCATOR = struct.Struct("<4sIQI")
_END = struct.Struct("<4s4H2IH")


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of the archive. `read` is asked once, for all of it in its order."""

    name: str  # harmless, and distinct from the others
    octets: int
    read: Callable[[], AsyncIterator[bytes]]

    @property
    def packed(self) -> int:
        """With the heads of its blocks."""
        return self.octets + 5 * -(-self.octets // _BLOCK) + len(_LAST)

    @property
    def is_large(self) -> bool:
        return self.packed >= _LARGE


def length(entries: Sequence[Entry]) -> int:
    """Octets of the whole archive."""
    epoch = datetime(1980, 1, 1)  # noqa: DTZ001 - any, for its length
    at, central = 0, b""
    for entry in entries:
        central += _central(entry, epoch, 0, at)
        at += len(_local(entry, epoch)) + entry.packed + len(_descriptor(entry, 0))
    return at + len(central) + len(_end(len(entries), len(central), at))


async def zipped(entries: Sequence[Entry], made_at: datetime) -> AsyncIterator[bytes]:
    """The archive. Raises what reading an entry raises, and RuntimeError when one has other octets than it said."""
    at, central = 0, b""
    for entry in entries:
        head = _local(entry, made_at)
        yield head
        crc = read = 0
        carried = b""
        async for piece in entry.read():
            crc, read = zlib.crc32(piece, crc), read + len(piece)
            blocks, carried = _blocks(carried + piece if carried else piece)
            if blocks:
                yield blocks
        if read != entry.octets:
            msg = "a file has other octets than it said"
            raise RuntimeError(msg)
        descriptor = _descriptor(entry, crc)
        yield (_head(len(carried)) + carried if carried else b"") + _LAST + descriptor
        central += _central(entry, made_at, crc, at)
        at += len(head) + entry.packed + len(descriptor)
    yield central + _end(len(entries), len(central), at)


def _blocks(octets: bytes) -> tuple[bytes, bytes]:
    """Whole blocks, and what is left for the next one: `length` has promised blocks of this size and no others."""
    whole = len(octets) // _BLOCK * _BLOCK
    view, head = memoryview(octets), _head(_BLOCK)
    return b"".join([each for at in range(0, whole, _BLOCK) for each in (head, view[at : at + _BLOCK])]), octets[whole:]


def _head(octets: int) -> bytes:
    return struct.pack("<BHH", 0, octets, octets ^ 0xFFFF)


def _local(entry: Entry, made_at: datetime) -> bytes:
    """Its sizes stand behind the data; an empty ZIP64 field says that they have eight octets there."""
    name, (day, time) = entry.name.encode(), _dos(made_at)
    extra = struct.pack("<2H2Q", 1, 16, 0, 0) if entry.is_large else b""
    version, size = (_WITH_ZIP64, _LARGE) if entry.is_large else (_PLAIN, 0)
    return _LOCAL.pack(b"PK\x03\x04", version, _FLAGS, _DEFLATED, time, day, 0, size, size, len(name), len(extra)) + name + extra


def _descriptor(entry: Entry, crc: int) -> bytes:
    return struct.pack("<4sI2Q" if entry.is_large else "<4s3I", b"PK\x07\x08", crc, entry.packed, entry.octets)


def _central(entry: Entry, made_at: datetime, crc: int, at: int) -> bytes:
    name, (day, time) = entry.name.encode(), _dos(made_at)
    numbers = [*((entry.octets, entry.packed) if entry.is_large else ()), *((at,) if at >= _LARGE else ())]
    extra = struct.pack(f"<2H{len(numbers)}Q", 1, 8 * len(numbers), *numbers) if numbers else b""
    version = _WITH_ZIP64 if numbers else _PLAIN
    packed, octets = (_LARGE, _LARGE) if entry.is_large else (entry.packed, entry.octets)
    rest = (crc, packed, octets, len(name), len(extra), 0, 0, 0, _FILE, min(at, _LARGE))
    return _CENTRAL.pack(b"PK\x01\x02", _UNIX | version, version, _FLAGS, _DEFLATED, time, day, *rest) + name + extra


def _end(entries: int, octets: int, at: int) -> bytes:
    """The end of the central directory; before it that of ZIP64 and its locator, where a number does not fit."""
    old = _END.pack(b"PK\x05\x06", 0, 0, min(entries, _MANY), min(entries, _MANY), min(octets, _LARGE), min(at, _LARGE), 0)
    if entries < _MANY and octets < _LARGE and at < _LARGE:
        return old
    end64 = _END64.pack(b"PK\x06\x06", 44, _UNIX | _WITH_ZIP64, _WITH_ZIP64, 0, 0, entries, entries, octets, at)
    return end64 + _LOCATOR.pack(b"PK\x06\x07", 0, at + octets, 1) + old


def _dos(moment: datetime) -> tuple[int, int]:
    year = min(max(moment.year, 1980), 2107)
    return (year - 1980) << 9 | moment.month << 5 | moment.day, moment.hour << 11 | moment.minute << 5 | moment.second // 2
