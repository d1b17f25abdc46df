"""Compressed RTF ([MS-OXRTFCP]), as Outlook keeps bodies: octets to octets. Bounded; sizes are claims.

A checksum that does not fit, or an end before the end mark, is damage; what came out before counts.
"""

from __future__ import annotations

import struct
import zlib

from gateway.content.reading import Spent
from gateway.model.finding import Readable

_COMPRESSED, _PLAIN = 0x75465A4C, 0x414C454D  # "LZFu", "MELA"
_WINDOW = 4096
_START = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor MS Sans SerifSymbol"
    b"ArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)  # section 2.1.2.1: what the dictionary begins with


def decompress(data: bytes, spent: Spent) -> tuple[bytes, Readable | None]:
    """The RTF, and what is wrong with it.

    Raises:
        Unreadable: over budget.
    """
    if len(data) < 16:
        return b"", Readable.DAMAGED
    claimed, size, kind, check = struct.unpack_from("<IIII", data)
    body = data[16 : claimed + 4]
    if kind == _PLAIN:
        spent.unpacked(len(body), len(body), len(data))
        return body[:size], None if len(body) >= size else Readable.DAMAGED
    if kind != _COMPRESSED:
        return b"", Readable.DAMAGED
    octets, ended = _expand(body, spent)
    sound = ended and claimed + 4 <= len(data) and zlib.crc32(body, 0xFFFFFFFF) ^ 0xFFFFFFFF == check
    return octets, None if sound else Readable.DAMAGED


def _expand(body: bytes, spent: Spent) -> tuple[bytes, bool]:
    """Section 2.2: runs of eight tokens, each run after an octet that says which are references into the window."""
    window = bytearray(_START.ljust(_WINDOW, b"\0"))
    write = len(_START)
    out = bytearray()
    at = counted = 0
    while at < len(body):
        if len(out) - counted >= _WINDOW:
            spent.unpacked(len(out) - counted, len(out), len(body))
            counted = len(out)
        control = body[at]
        at += 1
        for bit in range(8):
            if control >> bit & 1:
                if at + 2 > len(body):
                    return bytes(out), False
                token = body[at] << 8 | body[at + 1]
                at += 2
                offset = token >> 4
                if offset == write:
                    return bytes(out), True
                for _ in range((token & 15) + 2):
                    octet = window[offset]
                    out.append(octet)
                    window[write] = octet
                    write, offset = (write + 1) % _WINDOW, (offset + 1) % _WINDOW
            else:
                if at >= len(body):
                    return bytes(out), False
                out.append(body[at])
                window[write] = body[at]
                at, write = at + 1, (write + 1) % _WINDOW
    return bytes(out), False
