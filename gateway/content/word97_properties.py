"""Properties of runs and sections of Word 97 ([MS-DOC] sections 2.2.5 and 2.9.244): modifiers one after the other. Pure."""

from __future__ import annotations

import struct
from collections.abc import Iterator

_OPERANDS = (1, 1, 2, 4, 2, 2, -1, 3)  # octets by the topmost bits of a sprm (section 2.2.5.1)


def properties_in(octets: bytes) -> Iterator[tuple[int, int]]:
    """The number of each, and the first octet of what it says."""
    at = 0
    while at + 3 <= len(octets):
        (code,) = struct.unpack_from("<H", octets, at)
        size = _OPERANDS[code >> 13]
        yield code, octets[at + 2]
        at += 2 + (1 + octets[at + 2] if size < 0 else size)
