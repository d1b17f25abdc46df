"""What a picture's first octets say: whether it is in a format that is drawn here, and how large it claims to be. Pure.

Standards: PNG (third edition, 5.2), JPEG (ITU-T T.81 B.1.1.3), GIF89a, TIFF 6.0 and BigTIFF, WebP (RFC 9649); Windows and OS/2 bitmaps.
It is asked where leptonica finds no header: what has the signature of such a format and cannot be drawn is broken, not of another format.
Limits: JPEG, TIFF and WebP do not say their size where a few octets would be enough.
"""

from __future__ import annotations

import struct

TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_PNG, _GIF = b"\x89PNG\r\n\x1a\n", (b"GIF87a", b"GIF89a")
GIF_IMAGE, GIF_EXTENSION = b"\x2c", b"\x21"
_SIGNATURES = (_PNG, b"\xff\xd8\xff", *_GIF, *TIFF)
_METAFILES = (b"\xd7\xcd\xc6\x9a", b"\1\0\x09\0\0\1", b"\1\0\x09\0\0\3", b"VCLMTF")
_BITMAP = b"BM"
_CORE, _LONGEST = 12, 124  # octets of a bitmap's second header: OS/2's, with short numbers, and the last of Windows
_FIRST_CHUNKS = 4  # Apple's programs put one of their own before IHDR
_NEAR = 65_536  # octets of a GIF among which its first picture begins


def is_of_a_format_drawn(octets: bytes) -> bool:
    """Whether it begins as PNG, JPEG, GIF, BMP, WebP or TIFF does."""
    is_webp = octets[:4] == b"RIFF" and octets[8:12] == b"WEBP"
    return octets.startswith(_SIGNATURES) or is_webp or (octets.startswith(_BITMAP) and _CORE <= _header(octets) <= _LONGEST)


def is_metafile(octets: bytes) -> bool:
    """Whether it begins as EMF ([MS-EMF] 2.3.4.2), WMF ([MS-WMF] 2.3.2.2 and 2.3.2.3) or the metafile of StarOffice does."""
    return (octets[:4] == b"\1\0\0\0" and octets[40:44] == b" EMF") or octets.startswith(_METAFILES)


def claimed_size(octets: bytes) -> tuple[int, int] | None:
    """Width and height as a PNG, GIF or bitmap says them, whatever else is wrong with it; None where it says none.

    Of a GIF that of its first picture or its screen, whichever is larger: programs do not agree on which to show.
    """
    if octets.startswith(_PNG):
        return _size_of_png(octets)
    if octets.startswith(_GIF):
        return _size_of_gif(octets)
    if octets.startswith(_BITMAP):
        return _numbers("<HH" if _header(octets) == _CORE else "<ii", octets, 18)
    return None


def _size_of_png(octets: bytes) -> tuple[int, int] | None:
    at = len(_PNG)
    for _ in range(_FIRST_CHUNKS):
        if octets[at + 4 : at + 8] == b"IHDR":
            return _numbers(">II", octets, at + 8)
        at += 12 + int.from_bytes(octets[at : at + 4], "big")
    return None


def _size_of_gif(octets: bytes) -> tuple[int, int] | None:
    screen, at = _numbers("<HH", octets, 6), after_colours(13, octets[10:11])
    while octets[at : at + 1] == GIF_EXTENSION and at < _NEAR:
        at = after_blocks(octets[:_NEAR], at + 2)
    first = _numbers("<HH", octets, at + 5) if octets[at : at + 1] == GIF_IMAGE else None
    return (max(screen[0], first[0]), max(screen[1], first[1])) if screen is not None and first is not None else None


def after_colours(at: int, flags: bytes) -> int:
    """Where a table of colours ends that these flags announce here."""
    return at + (3 << (flags[0] & 7) + 1 if flags and flags[0] & 0x80 else 0)


def after_blocks(octets: bytes, at: int) -> int:
    """Where the sub-blocks of a GIF end that begin here."""
    while size := int.from_bytes(octets[at : at + 1]):
        at += 1 + size
    return at + 1


def _header(bitmap: bytes) -> int:
    return int.from_bytes(bitmap[14:18], "little")


def _numbers(layout: str, octets: bytes, at: int) -> tuple[int, int] | None:
    if at + struct.calcsize(layout) > len(octets):
        return None
    width, height = struct.unpack_from(layout, octets, at)
    return abs(width), abs(height)  # a bitmap whose height is negative stands on its head
