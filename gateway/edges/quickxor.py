"""quickXorHash: what OneDrive for Business and SharePoint say of a file's content. Pure.

Each octet is XORed into a ring of 160 bits, 11 bits further than the one before; in the end the length is XORed into the last 64 bits.
11 and 160 have no common divisor, so that octets 160 apart meet at the same place: they are XORed first, which is quick, and placed once.
It detects damage, not forgery. Reference: Microsoft, "Code snippets: QuickXorHash algorithm".
"""

from __future__ import annotations

import base64

from gateway.model.message import Content

_RING = 160  # bits; also the octets after which places repeat
_STEP = 11
_PIECE = _RING * 2048


def quick_xor(content: Content) -> str:
    """As Graph writes it: base64 of 20 octets."""
    folded = 0
    for at in range(0, content.octets, _PIECE):
        folded ^= _fold(content.read(at, min(at + _PIECE, content.octets)))
    ring = 0
    for place, octet in enumerate(folded.to_bytes(_RING, "little")):
        shift = place * _STEP % _RING
        ring ^= octet << shift
    ring = (ring ^ ring >> _RING) & ((1 << _RING) - 1)
    ring ^= content.octets << (_RING - 64)
    return base64.b64encode(ring.to_bytes(_RING // 8, "little")).decode("ascii")


def _fold(octets: bytes) -> int:
    """Octets that are 160 apart, XORed: halves upon each other until one is left."""
    blocks = -(-len(octets) // _RING)
    number = int.from_bytes(octets, "little")
    while blocks > 1:
        half = (blocks + 1) // 2
        number = number >> (half * _RING * 8) ^ number & ((1 << half * _RING * 8) - 1)
        blocks = half
    return number
