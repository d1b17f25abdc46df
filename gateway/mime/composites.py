"""Composites under an encoding, which RFC 2045 section 6.4 forbids and some readers decode all the same. Pure.

Limits: of a multipart that stands there in clear the first megabyte is looked at in other encodings than quoted-printable.
"""

from __future__ import annotations

from collections.abc import Iterable

from gateway.mime.decode import READINGS, decode
from gateway.model.message import Buffer, Encoding, Span

_LOOK_OCTETS = 1024 * 1024  # base64 full of padding takes half a second for each megabyte


def hides_delimiters(buffer: Buffer, body: Span, encoding: Encoding, boundaries: Iterable[bytes], clear: int) -> bool:
    """Whether a multipart that is split as it stands into `clear` members shows more delimiter lines once it is decoded."""
    needles = [b"--" + boundary for boundary in boundaries]
    return any(
        _count(buffer, body, reading, needle) > max(clear + 1, 1) - (clear == 0)
        for reading in READINGS[encoding]
        if reading is not Encoding.IDENTITY
        for needle in needles
    )


def _count(buffer: Buffer, body: Span, encoding: Encoding, needle: bytes) -> int:
    """How many lines begin with the needle."""
    if encoding is not Encoding.QUOTED_PRINTABLE:
        body = Span(body.start, min(body.end, body.start + _LOOK_OCTETS))
    found, rest = 0, b"\n"
    for piece in decode(buffer, body, encoding):
        text = rest + piece
        found += text.count(b"\n" + needle)
        rest = text[-len(needle) :]
    return found
