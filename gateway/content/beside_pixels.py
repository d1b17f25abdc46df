"""What a picture file holds beside its pixels: comments, what cameras and programs note, whatever stands behind its end. Pure.

Standards: PNG (third edition, 5 and 11.3.3), JPEG (ITU-T T.81 annex B), GIF89a. Of other formats all octets count: a metafile has words.
Limits: pixels that are themselves chosen to say something are pixels.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from gateway.content.reading import Spent

_PNG, _JPEG, _GIF = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", (b"GIF87a", b"GIF89a")
_PACKED = (b"zTXt", b"iTXt")
_MOST = 1_048_576  # octets of one packed comment
_SCAN, _END = 0xDA, b"\xff\xd9"
_IMAGE, _EXTENSION = 0x2C, 0x21


def beside_pixels(data: bytes, spent: Spent) -> Iterator[bytes]:
    """The pieces, in their order. Of a broken picture everything from the break on."""
    if data.startswith(_PNG):
        yield from _of_png(data, spent)
    elif data.startswith(_JPEG):
        yield from _of_jpeg(data, spent)
    elif data.startswith(_GIF):
        yield from _of_gif(data, spent)
    else:
        yield data


def _of_png(data: bytes, spent: Spent) -> Iterator[bytes]:
    at, kind = len(_PNG), b""
    while kind != b"IEND":
        spent.parts(1)
        size, kind = int.from_bytes(data[at : at + 4]), data[at + 4 : at + 8]
        if at + 12 + size > len(data):
            break
        body, at = data[at + 8 : at + 8 + size], at + 12 + size
        if kind not in (b"IDAT", b"fdAT"):
            yield body
        if kind in _PACKED:
            yield _unpacked(body)
    yield data[at:]


def _unpacked(body: bytes) -> bytes:
    """A keyword and a little more, then zlib; nothing where it is not packed or broken."""
    start = body.find(b"\x78", body.find(b"\0") + 1)
    try:
        return zlib.decompressobj().decompress(body[start:], _MOST) if start > 0 else b""
    except zlib.error:
        return b""


def _of_jpeg(data: bytes, spent: Spent) -> Iterator[bytes]:
    at = 2
    while data[at : at + 1] == b"\xff" and at + 4 <= len(data):
        spent.parts(1)
        size = int.from_bytes(data[at + 2 : at + 4])
        if data[at + 1] == _SCAN:
            end = data.find(_END, at + 2 + size)  # T.81 B.1.1.5: among the pixels 0xFF stands before 0 or the marker of a restart
            at = end + 2 if end >= 0 else len(data)
            break
        yield data[at + 4 : at + 2 + size]
        at += 2 + max(size, 2)
    yield data[at:]


def _of_gif(data: bytes, spent: Spent) -> Iterator[bytes]:
    at = 13 + _colours(data[10:11])
    while (kind := data[at : at + 1]) and kind[0] in (_IMAGE, _EXTENSION):
        spent.parts(1)
        is_image = kind[0] == _IMAGE
        body, at = _blocks(data, at + 11 + _colours(data[at + 9 : at + 10]) if is_image else at + 2)
        if not is_image:
            yield body
    yield data[at:]


def _colours(flags: bytes) -> int:
    """Octets of a table of colours."""
    return 3 << (flags[0] & 7) + 1 if flags and flags[0] & 0x80 else 0


def _blocks(data: bytes, at: int) -> tuple[bytes, int]:
    """Sub-blocks put together, and where the next block begins."""
    found = []
    while size := int.from_bytes(data[at : at + 1]):
        found.append(data[at + 1 : at + 1 + size])
        at += 1 + size
    return b"".join(found), at + 1
