"""OpenPGP messages (RFC 9580): what is only signed or compressed is unwrapped, what is encrypted is enveloped.

In: octets, armoured or not. Signatures are not verified. Cleartext signatures are text and read as such.
Limits: packets of sessions, signatures and keys are passed over; an unknown packet makes it unsupported.
"""

from __future__ import annotations

import binascii
import bz2
import re
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import pybase64

from gateway.content.legible import legible
from gateway.content.reading import Bounded, Item, Member, Source, Spent, Unreadable
from gateway.content.zip_methods import Decoded
from gateway.model.finding import Place, Readable

MEDIA_TYPE = "application/pgp-encrypted"
_ONE_PASS, _COMPRESSED, _LITERAL = 4, 8, 11
_ENCRYPTED = frozenset({1, 3, 9, 18, 20})
_PASSED_OVER = frozenset({2, 4, 5, 6, 7, 10, 12, 13, 14, 17, 19, 21})  # signatures, keys, markers, padding
_DEPTH = 8
_BEGIN = b"-----BEGIN PGP "
_SPACE, _CHECKSUM = re.compile(rb"\s+"), re.compile(rb"=[A-Za-z0-9+/]{4}\Z")
_ARMOUR = re.compile(
    rb"-----BEGIN PGP (MESSAGE|PUBLIC KEY BLOCK|SIGNATURE)[^-\r\n]*-----[ \t]*\r?\n(?:[A-Za-z]+: [^\r\n]*\r?\n)*\s*([A-Za-z0-9+/=\s]*)"
)


def read_pgp(source: Source, spent: Spent) -> Iterator[Item]:
    """Every literal packet is a member; text around the armour is the text reader's."""
    if _BEGIN not in source.data:
        yield from _packets(source.data, source, spent, 0)
        return
    around = _ARMOUR.sub(b"", source.data)
    if around.strip(b"-=\r\n ") and source.data.startswith(_BEGIN):
        yield Place.TEXT, "around the message", around.decode("utf-8", "replace")
    for data in _armoured(source.data):
        yield from _packets(data, source, spent, 0)


def _armoured(data: bytes) -> Iterator[bytes]:
    for block in _ARMOUR.finditer(data):
        text = _CHECKSUM.sub(b"", _SPACE.sub(b"", block[2]))
        try:
            yield pybase64.b64decode(text)
        except (binascii.Error, ValueError):
            raise Unreadable(Readable.ENVELOPED if block[1] == b"MESSAGE" else Readable.DAMAGED) from None


def _packets(data: bytes, source: Source, spent: Spent, depth: int) -> Iterator[Item]:
    if depth > _DEPTH:
        raise Unreadable(Readable.OVER_BUDGET)
    at = 0
    announced = found = False  # a signature in one pass stands before what it signs
    while at < len(data):
        spent.parts(1)
        kind, body, at = _packet(data, at, spent)
        announced, found = announced or kind == _ONE_PASS, found or kind in (_COMPRESSED, _LITERAL)
        if kind in _ENCRYPTED:
            yield from legible(data, f"{source.where}, as it stands", spent)
            raise Unreadable(Readable.ENVELOPED)
        if kind == _COMPRESSED:
            yield from _packets(_decompressed(body, spent), source, spent, depth + 1)
        elif kind == _LITERAL:
            yield _literal(body, source)
        elif kind not in _PASSED_OVER:
            raise Unreadable(Readable.UNSUPPORTED)
    if not data or (announced and not found):
        raise Unreadable(Readable.DAMAGED)


def _packet(data: bytes, at: int, spent: Spent) -> tuple[int, bytes, int]:
    """RFC 9580 section 4.2: kind, octets, and where the next begins."""
    first = data[at]
    if not first & 0x80:
        raise Unreadable(Readable.DAMAGED)
    if not first & 0x40:
        width = (1, 2, 4, 0)[first & 3]
        size = int.from_bytes(data[at + 1 : at + 1 + width]) if width else len(data) - at - 1
        start = at + 1 + width
        return _whole(first >> 2 & 15, data, start, size)
    body = bytearray()
    at += 1
    while True:
        spent.parts(1)
        size, at, is_last = _length(data, at)
        if at + size > len(data):
            raise Unreadable(Readable.DAMAGED)
        if is_last and not body:
            return _whole(first & 63, data, at, size)
        body += data[at : at + size]
        at += size
        if is_last:
            return first & 63, bytes(body), at


def _whole(kind: int, data: bytes, start: int, size: int) -> tuple[int, bytes, int]:
    if kind not in _ENCRYPTED and start + size > len(data):
        raise Unreadable(Readable.DAMAGED)
    return kind, data[start : start + size], start + size


def _length(data: bytes, at: int) -> tuple[int, int, bool]:
    """Section 4.2.1: one, two or five octets, or a power of two with more to come."""
    said = data[at] if at < len(data) else 0
    if said < 192:
        return said, at + 1, True
    if said < 224:
        return (said - 192 << 8) + (data[at + 1] if at + 1 < len(data) else 0) + 192, at + 2, True
    if said == 255:
        return int.from_bytes(data[at + 1 : at + 5]), at + 5, True
    return 1 << (said & 31), at + 1, False


_DECODERS: dict[int, Callable[[], Any]] = {1: lambda: zlib.decompressobj(-15), 2: zlib.decompressobj, 3: bz2.BZ2Decompressor}


def _decompressed(body: bytes, spent: Spent) -> bytes:
    """Section 5.6."""
    if body[:1] == b"\0":
        return body[1:]
    make = _DECODERS.get(body[0] if body else -1)
    if make is None:
        raise Unreadable(Readable.UNSUPPORTED)
    return Bounded(Decoded(make(), body, 1), len(body), spent).all()


def _literal(body: bytes, source: Source) -> Member:
    """Section 5.9: format, file name, date, then the octets."""
    length = body[1] if len(body) > 1 else 0
    if len(body) < 6 + length:
        raise Unreadable(Readable.DAMAGED)
    name = body[2 : 2 + length].decode("utf-8", "replace")
    outer = source.names[0] if source.names else ""
    stem, _, ending = outer.rpartition(".")
    inner = stem if ending.lower() in ("gpg", "pgp", "asc", "sig") else ""
    names = tuple(dict.fromkeys(filter(None, (name if name != "_CONSOLE" else "", inner)))) or ("",)
    return Member(names[0], body[6 + length :], also=names[1:])
