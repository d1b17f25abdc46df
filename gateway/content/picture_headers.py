"""What a picture's first octets say: whether it is in a format that is drawn here, and how large it claims to be. Pure.

Standards: PNG (third edition, 5.2), JPEG (ITU-T T.81 B.1.1.3), GIF89a, TIFF 6.0 and BigTIFF, WebP (RFC 9649); Windows and OS/2 bitmaps.
It is asked where leptonica finds no header: what has the signature of such a format and cannot be drawn is broken, not of another format.
Limits: JPEG, TIFF and WebP do not say their size where a few octets would be enough.
"""

from __future__ import annotations

import struct

TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_PNG, _GIF = b"\x89PNG\r\n\x1a\n", (b"GIF87a", b"GIF89a")
_SIGNATURES = (_PNG, b"\xff\xd8\xff", *_GIF, *TIFF)
_BITMAP = b"BM"
_CORE, _LONGEST = 12, 124  # octets of a bitmap's second header: OS/2's, with short numbers, and the last of Windows
_NEAR = 64  # octets: Apple's programs put a chunk of their own before IHDR


def is_of_a_format_drawn(octets: bytes) -> bool:
    """Whether it begins as PNG, JPEG, GIF, BMP, WebP or TIFF does."""
    is_webp = octets[:4] == b"RIFF" and octets[8:12] == b"WEBP"
    return octets.startswith(_SIGNATURES) or is_webp or (octets.startswith(_BITMAP) and _CORE <= _header(octets) <= _LONGEST)


def claimed_size(octets: bytes) -> tuple[int, int] | None:
    """Width and height as a PNG, GIF or bitmap says them, whatever else is wrong with it; None where it says none."""
    if octets.startswith(_PNG):
        at = octets.find(b"IHDR", len(_PNG), _NEAR)
        return _numbers(">II", octets, at + 4) if at >= 0 else None
    if octets.startswith(_GIF):
        return _numbers("<HH", octets, 6)
    if octets.startswith(_BITMAP):
        return _numbers("<HH" if _header(octets) == _CORE else "<ii", octets, 18)
    return None


def _header(bitmap: bytes) -> int:
    return int.from_bytes(bitmap[14:18], "little")


def _numbers(layout: str, octets: bytes, at: int) -> tuple[int, int] | None:
    if at + struct.calcsize(layout) > len(octets):
        return None
    width, height = struct.unpack_from(layout, octets, at)
    return abs(width), abs(height)  # a bitmap whose height is negative stands on its head
