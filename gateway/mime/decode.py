"""The octets of a part, decoded piece by piece. Pure; never an exception; at most two pieces in memory.

In: a buffer, the span of an encoded body and its encoding. Out: octets, or their digest. Standards: RFC 2045 sections 6.7 and 6.8;
uuencode as POSIX has it. Encoding.UNKNOWN is given as it stands: who judges it decodes under each of READINGS.
"""

from __future__ import annotations

import binascii
import hashlib
import re
from collections.abc import Iterator

import pybase64

from gateway.mime.groups import Groups
from gateway.mime.uuencode import unpack_line
from gateway.model.message import Buffer, DefectName, Digest, Encoding, Part, Span

CHUNK_OCTETS = 320 * 1024
READINGS = {
    **{encoding: (encoding,) for encoding in Encoding},
    Encoding.UUENCODE: (Encoding.UUENCODE, Encoding.IDENTITY),  # words may stand around it, and not every reader knows it
    Encoding.UNKNOWN: (Encoding.IDENTITY, Encoding.BASE64, Encoding.QUOTED_PRINTABLE, Encoding.UUENCODE),
}  # under which encodings a part must be read

_BEGIN = re.compile(rb"(?:^|\n)begin [0-7]{3,4}[^\r\n]*\r?\n")
_BEGIN_OCTETS = 1024  # a longer begin line is none
_PADDED_SOFT_BREAK = re.compile(rb"=[ \t]++\r\n")


def decode(
    buffer: Buffer, span: Span, encoding: Encoding, chunk: int = CHUNK_OCTETS, defects: set[DefectName] | None = None
) -> Iterator[bytes]:
    """The decoded body in pieces of about `chunk` octets or less; what was odd is added to `defects`."""
    found = defects if defects is not None else set()
    match encoding:
        case Encoding.BASE64:
            return _base64(buffer, span, chunk, found)
        case Encoding.QUOTED_PRINTABLE:
            return _quoted_printable(buffer, span, chunk, defects)
        case Encoding.UUENCODE:
            return _uuencode(buffer, span, chunk, found)
        case Encoding.IDENTITY | Encoding.UNKNOWN:
            return _identity(buffer, span, chunk)


def digest(buffer: Buffer, part: Part) -> Digest:
    """Size and SHA-256 of what the part holds, in one pass; most of the work is done without the interpreter lock."""
    sha256 = hashlib.sha256()
    octets = 0
    defects: set[DefectName] = set()
    for piece in decode(buffer, part.body, part.encoding, defects=defects):
        sha256.update(piece)
        octets += len(piece)
    return Digest(part.id, octets, sha256.hexdigest(), tuple(sorted(defects)))


def head(buffer: Buffer, part: Part, octets: int) -> bytes:
    """The first decoded octets of a part: at most `octets`."""
    encoded = Span(part.body.start, min(part.body.end, part.body.start + 4 * octets + 1024))
    return b"".join(decode(buffer, encoded, part.encoding))[:octets]


def _identity(buffer: Buffer, span: Span, chunk: int) -> Iterator[bytes]:
    for at in range(span.start, span.end, chunk):
        yield buffer[at : min(at + chunk, span.end)]


def _base64(buffer: Buffer, span: Span, chunk: int, defects: set[DefectName]) -> Iterator[bytes]:
    """Whole lines of one length go to the decoder as they are; anything else is cleaned first."""
    groups = Groups()
    line = max(buffer[span.start : min(span.start + 1024, span.end)].find(b"\r\n"), 0)
    period = line + 2 if line and line % 4 == 0 else 4
    step = max(chunk // period, 1) * period
    for at in range(span.start, span.end, step):
        piece = buffer[at : min(at + step, span.end)]
        if not groups.pending:
            whole = len(piece) // period * period
            octets = _lines(piece[:whole], line) if period > 4 else _one_line(piece[:whole])
            if octets is not None:
                yield octets
                piece = piece[whole:]
        if piece:
            yield groups.feed(piece)
    yield groups.finish()
    if groups.is_odd:
        defects.add(DefectName.BAD_BASE64)


def _lines(piece: bytes, line: int) -> bytes | None:
    """Lines that are all `line` characters long and without padding; None when they are not."""
    period = line + 2
    count = len(piece) // period
    if piece[line::period] != b"\r" * count or piece[line + 1 :: period] != b"\n" * count:
        return None
    # Without its line ends base64 is decoded five times as quickly; to delete two columns costs a tenth of what that saves.
    letters = bytearray(piece)
    del letters[line + 1 :: period]
    del letters[line :: line + 1]
    try:
        octets = pybase64.b64decode(letters, validate=True)
    except binascii.Error:  # junk, or padding in the middle
        return None
    return octets if len(octets) == count * line // 4 * 3 else None


def _one_line(piece: bytes) -> bytes | None:
    if b"=" in piece:
        return None
    try:
        return pybase64.b64decode(piece, validate=True)
    except binascii.Error:
        return None


def _quoted_printable(buffer: Buffer, span: Span, chunk: int, defects: set[DefectName] | None) -> Iterator[bytes]:
    rest = b""
    for piece in _identity(buffer, span, chunk):
        text = rest + piece
        cut = text.rfind(b"\n") + 1
        if not cut:  # one long line: only an escape must not be cut
            cut = _before_escape(text)
        rest = text[cut:]
        yield _unescaped(text[:cut], defects)
    yield _unescaped(rest, defects)


def _before_escape(text: bytes) -> int:
    """Up to where no escape is cut in two. A doubled `=` is one whole escape."""
    escape = text.rfind(b"=", max(len(text) - 2, 0))
    run = escape + 1 - len(text[: escape + 1].rstrip(b"="))
    return escape if run % 2 else len(text)


def _unescaped(text: bytes, defects: set[DefectName] | None) -> bytes:
    # RFC 2045 6.7 (3): blanks that a relay added after a soft line break go.
    octets = binascii.a2b_qp(_PADDED_SOFT_BREAK.sub(b"=\r\n", text) if b"= " in text or b"=\t" in text else text)
    # What is no escape stays as it is: an `=` more than there are escapes of one. Of a doubled one the half stays.
    if defects is not None and (b"==" in text or octets.count(b"=") != text.count(b"=3D") + text.count(b"=3d")):
        defects.add(DefectName.BAD_QUOTED_PRINTABLE)
    return octets


def _uuencode(buffer: Buffer, span: Span, chunk: int, defects: set[DefectName]) -> Iterator[bytes]:
    start = _find_begin(buffer, span, chunk)
    if start is None:
        defects.add(DefectName.ODD_ENCODING)
        yield from _identity(buffer, span, chunk)
        return
    rest = b""
    for piece in _identity(buffer, Span(start, span.end), chunk):
        lines = (rest + piece).split(b"\n")
        rest = lines.pop()
        done: list[bytes] = []
        for line in lines:
            if line.rstrip() == b"end":
                yield b"".join(done)
                return
            done.append(_unpack(line.rstrip(b"\r"), defects))
        yield b"".join(done)
    yield _unpack(rest, defects)


def _find_begin(buffer: Buffer, span: Span, chunk: int) -> int | None:
    for at in range(span.start, span.end, chunk):
        found = _BEGIN.search(buffer[at : min(at + chunk + _BEGIN_OCTETS, span.end)])
        if found:
            return at + found.end()
    return None


def _unpack(line: bytes, defects: set[DefectName]) -> bytes:
    octets = unpack_line(line)
    if octets is None:
        defects.add(DefectName.ODD_ENCODING)
        return b""
    return octets
