"""A body that is not encoded as it should be, decoded as other readers decode it (RFC 2045 sections 6.7 and 6.8). Pure.

The usual decoding (mime/decode.py) passes over junk and goes on behind a padding. Some readers stop at the one or the other, some leave the
padding out and go on in the middle of a group, some know the alphabet of URLs, and some show what they cannot decode as it stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pybase64

from gateway.mime.decode import READINGS, decode
from gateway.model.message import Buffer, DefectName, Encoding, Part, Span

_BLANKS = b"\r\n \t"
_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_NOT_BASE64 = bytes(octet for octet in range(256) if octet not in _ALPHABET)
_JUNK = re.compile(rb"[^A-Za-z0-9+/=]")
_URL = bytes.maketrans(b"-_", b"+/")
_NO_ESCAPE = re.compile(rb"=(?![0-9A-Fa-f]{2}|[ \t]*+(?:\r?\n|\Z))")


def all_octets(buffer: Buffer, part: Part, defects: set[DefectName]) -> Iterator[bytes]:
    """What the part holds to each reader, each once; what was odd about its encoding is added to `defects`."""
    seen: set[bytes] = set()
    for encoding in READINGS[part.encoding]:
        odd: set[DefectName] = set()
        whole = b"".join(decode(buffer, part.body, encoding, defects=odd))
        if part.encoding is not Encoding.UNKNOWN:
            defects |= odd
        for octets in (whole, *(other for _, other in other_octets(buffer, part.body, encoding, whole))) if odd else (whole,):
            if octets not in seen:
                seen.add(octets)
                yield octets


def other_octets(buffer: Buffer, span: Span, encoding: Encoding, whole: bytes) -> Iterator[tuple[str, bytes]]:
    """What other readers make of an odd body, under names; what they see is never what `whole` is."""
    seen = {whole, b""}
    for name, octets in _others(buffer[span.start : span.end], encoding):
        if octets not in seen:
            seen.add(octets)
            yield name, octets


def _others(text: bytes, encoding: Encoding) -> Iterator[tuple[str, bytes]]:
    if encoding is Encoding.BASE64:
        letters = text.translate(None, _BLANKS)
        junk = _JUNK.search(letters)
        yield "up-to-padding", _decoded(letters.partition(b"=")[0])
        if junk is not None:
            yield "up-to-junk", _decoded(letters[: junk.start()])
            if junk[0] in b"-_":
                yield "url-base64", _decoded(letters.translate(_URL))
        yield "joined", _decoded(letters)
        yield "it-stands", text
    elif encoding is Encoding.QUOTED_PRINTABLE:
        yield "loose", b"".join(decode(loose := _NO_ESCAPE.sub(b"", text), Span(0, len(loose)), encoding))
        yield "it-stands", text


def _decoded(letters: bytes) -> bytes:
    """One run of characters, whatever else stands between them left out."""
    clean = letters.translate(None, _NOT_BASE64)
    clean = clean[: len(clean) - (len(clean) % 4 == 1)]
    return pybase64.b64decode(clean + b"=" * (-len(clean) % 4))
