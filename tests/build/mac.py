"""What a Mac writes: BinHex 4.0 (RFC 1741), AppleSingle and AppleDouble (RFC 1740). Pure and deterministic."""

import base64
import binascii
import re
import struct

_LETTERS = b"!\"#$%&'()*+,-012345689@ABCDEFGHIJKLMNPQRSTUVXYZ[`abcdefhijklmpqr"
_SIXTY_FOUR = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def binhex(name: str, data: bytes, resource: bytes = b"", version: int = 0) -> bytes:
    """A text with one file in it; what is the same octet more than thrice is said by its number. With a version the checksums are wrong."""
    head = bytes((len(name), *name.encode("mac_roman"), version)) + b"TEXTttxt" + struct.pack(">HII", 0, len(data), len(resource))
    whole = b"".join(piece + struct.pack(">H", binascii.crc_hqx(piece, 0) ^ version) for piece in (head, data, resource))
    packed = re.sub(rb"\x90|([^\x90])\1{3,254}", _said, whole, flags=re.DOTALL)
    letters = base64.b64encode(packed + bytes(-len(packed) % 3)).translate(bytes.maketrans(_SIXTY_FOUR, _LETTERS))
    lines = b":" + letters + b":"
    return (
        b"(This file must be converted with BinHex 4.0)\r\n\r\n"
        + b"\r\n".join(lines[at : at + 64] for at in range(0, len(lines), 64))
        + b"\r\n"
    )


def _said(run: re.Match[bytes]) -> bytes:
    return run[1] + b"\x90" + bytes((len(run[0]),)) if run[1] else b"\x90\0"


def apple(entries: dict[int, bytes], *, single: bool = False) -> bytes:
    """By the number of each entry: 1 is the data fork, 2 the resource fork, 3 the real name, 4 a comment."""
    at = 26 + 12 * len(entries)
    head = struct.pack(">II16xH", 0x00051600 if single else 0x00051607, 0x00020000, len(entries))
    for kind, octets in entries.items():
        head += struct.pack(">III", kind, at, len(octets))
        at += len(octets)
    return head + b"".join(entries.values())
