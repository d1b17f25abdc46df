"""Pictures that move, to the single pictures that they show one after the other. Pure but for the budget.

Standards: GIF89a, PNG (third edition, 11.3.4, animation), WebP (RFC 9649).
Limits: frames are not laid over one another. One through which the one before can be seen, or beside it, says so. A last one that breaks
off is given as far as it goes: whoever draws it finds that it is broken.
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from gateway.content.picture_headers import GIF_EXTENSION, GIF_IMAGE, after_blocks, after_colours
from gateway.content.reading import Spent

_PNG, _GIF = b"\x89PNG\r\n\x1a\n", (b"GIF87a", b"GIF89a")
_CONTROL, _TRAILER = b"\xf9", b"\x3b"
_ALPHA = 0x10  # of VP8X, and in the fifth octet of a lossless picture
_COLOURS, _CLEAR = b"PLTE", b"tRNS"
_INSTEAD = 2  # of ANMF: not laid over the one before
_HAS_ALPHA = b"ALPH"


class Frame(NamedTuple):
    """One picture."""

    octets: bytes  # a file of its own
    piece_of: int = 0  # pixels of the whole, of one that leaves some of it to what it is laid over


def frames_of(octets: bytes, spent: Spent) -> Iterator[Frame]:
    """The pictures in their order; of what does not move, or is broken at its first, the file as it is.

    Raises:
        Unreadable: it has more blocks or chunks than a file may have parts, or there is no time for them.
    """
    frames = _frames(octets, spent)
    first = next(frames, None)
    second = next(frames, None)
    if first is None or second is None:
        yield Frame(octets)
        return
    yield from (first, second)
    yield from frames


def _frames(octets: bytes, spent: Spent) -> Iterator[Frame]:
    if octets.startswith(_GIF):
        yield from _of_gif(octets, spent)
    elif octets.startswith(_PNG):
        yield from _of_png(octets, spent)
    elif octets[:4] == b"RIFF" and octets[8:12] == b"WEBP" and b"ANMF" in octets:
        yield from _of_webp(octets, spent)


def _area(size: bytes, layout: str) -> int:
    """Pixels of a picture whose width and height stand here."""
    return math.prod(struct.unpack(layout, size)) if len(size) == struct.calcsize(layout) else 0


# --- GIF --------------------------------------------------------------------------------------------------------------


def _of_gif(data: bytes, spent: Spent) -> Iterator[Frame]:
    screen, start = data[6:10], after_colours(13, data[10:11])
    head, control, at, is_first = data[10:start], b"", start, True
    while (kind := data[at : at + 1]) in (GIF_IMAGE, GIF_EXTENSION):
        spent.parts(1)
        if kind == GIF_EXTENSION:
            end = after_blocks(data, at + 2)
            control = data[at:end] if data[at + 1 : at + 2] == _CONTROL else control
        else:
            end = after_blocks(data, after_colours(at + 11, data[at + 9 : at + 10]))
            size = data[at + 5 : at + 9]
            octets = b"".join((b"GIF89a", size, head, control, kind, bytes(4), data[at + 5 : end], _TRAILER))
            is_piece = size != screen or (not is_first and _is_clear(control))
            yield Frame(octets, _area(screen, "<HH") if is_piece else 0)
            control, is_first = b"", False
        at = end


def _is_clear(control: bytes) -> bool:
    """Whether one of the colours lets the picture before through."""
    return len(control) > 3 and bool(control[3] & 1)


# --- PNG --------------------------------------------------------------------------------------------------------------


def _of_png(data: bytes, spent: Spent) -> Iterator[Frame]:
    """The picture that old programs show, then those of the animation that are others; none where acTL does not stand before the pixels."""
    header, control, moves = b"", b"", False
    shared: list[bytes] = []
    pixels: list[bytes] = []
    for kind, body in _png_chunks(data, spent):
        if kind == b"IHDR":
            header = body
        elif kind == b"acTL":
            moves = True
        elif kind in (_COLOURS, _CLEAR) and not pixels:
            shared.append(_chunk(kind, body))
        elif kind in (b"IDAT", b"fdAT"):
            if not moves:
                return
            pixels.append(body[4:] if kind == b"fdAT" else body)
        elif kind == b"fcTL":
            yield from _png_frame(header, shared, control, pixels)
            pixels, control = [], body
    yield from _png_frame(header, shared, control, pixels)  # also where it breaks off before it says that it is at its end


def _png_frame(header: bytes, shared: list[bytes], control: bytes, pixels: list[bytes]) -> Iterator[Frame]:
    if not pixels:
        return
    size = control[4:12] or header[:8]
    has_alpha = header[9:10] in (b"\4", b"\6") or any(chunk[4:8] == _CLEAR for chunk in shared)
    is_piece = size != header[:8] or (has_alpha and control[25:26] == b"\1")
    octets = b"".join((_PNG, _chunk(b"IHDR", size + header[8:]), *shared, _chunk(b"IDAT", b"".join(pixels)), _chunk(b"IEND", b"")))
    yield Frame(octets, _area(header[:8], ">II") if is_piece else 0)


def _png_chunks(data: bytes, spent: Spent) -> Iterator[tuple[bytes, bytes]]:
    """Until the last, IEND."""
    at, kind = len(_PNG), b""
    while at + 12 <= len(data) and kind != b"IEND":
        spent.parts(1)
        size, kind = int.from_bytes(data[at : at + 4]), data[at + 4 : at + 8]
        yield kind, data[at + 8 : at + 8 + size]
        at += 12 + size


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


# --- WebP -------------------------------------------------------------------------------------------------------------


def _of_webp(data: bytes, spent: Spent) -> Iterator[Frame]:
    screen, is_first = b"", True
    for kind, body in _riff_chunks(data, 12, spent):
        if kind == b"VP8X":
            screen = body[4:10]
        elif kind == b"ANMF" and len(body) > 16:
            size, pixels = body[6:12], body[16:]
            extended = _riff_chunk(b"VP8X", bytes((_ALPHA, 0, 0, 0)) + size) if pixels.startswith(_HAS_ALPHA) else b""
            file = b"WEBP" + extended + pixels
            whole = (int.from_bytes(screen[:3], "little") + 1) * (int.from_bytes(screen[3:], "little") + 1)
            has_alpha = bool(extended) or (pixels[:4] == b"VP8L" and bool(pixels[12:13]) and bool(pixels[12] & _ALPHA))
            is_over = not is_first and has_alpha and not body[15] & _INSTEAD
            yield Frame(b"RIFF" + struct.pack("<I", len(file)) + file, whole if is_over or size != screen else 0)
            is_first = False


def _riff_chunks(data: bytes, at: int, spent: Spent) -> Iterator[tuple[bytes, bytes]]:
    while at + 8 <= len(data):
        spent.parts(1)
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        yield data[at : at + 4], data[at + 8 : at + 8 + size]
        at += 8 + size + size % 2


def _riff_chunk(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("<I", len(body)) + body
