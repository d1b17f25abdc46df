"""CMS (RFC 5652, RFC 8551): what is only signed or compressed is unwrapped, what is enveloped says so.

An opaque-signed message (application/pkcs7-mime; smime-type=signed-data) or signed file (.p7m) is a container of one member. A signature
without what it signs has no words. Signatures are not verified: that is for who receives them.
"""

from __future__ import annotations

import binascii
import re
import zlib
from collections.abc import Iterator

import pybase64

from gateway.content.ber import OBJECT_ID, OCTETS, SEQUENCE, Ber, Element
from gateway.content.entity import begin_of
from gateway.content.legible import legible
from gateway.content.reading import Bounded, Item, Member, Source, Spent, Unreadable
from gateway.model.finding import Readable

MEDIA_TYPE = "application/pkcs7-mime"
_PKCS7 = bytes.fromhex("2a864886f70d0107")
_SIGNED, _ENVELOPED, _DIGESTED, _ENCRYPTED = (_PKCS7 + bytes((number,)) for number in (2, 3, 5, 6))
_SMIME = bytes.fromhex("2a864886f70d01091001")
_COMPRESSED, _AUTH_ENVELOPED = _SMIME + b"\x09", _SMIME + b"\x17"
_KINDS = {_ENVELOPED: Readable.ENVELOPED, _AUTH_ENVELOPED: Readable.ENVELOPED, _ENCRYPTED: Readable.ENCRYPTED}
_PLACES = {_SIGNED: 2, _DIGESTED: 2, _COMPRESSED: 2}  # of EncapsulatedContentInfo, behind the version and one or the other algorithm
_HEAD = 18  # octets: SEQUENCE, its length, the type
_DEPTH = 8  # signed by one and signed again by another
_ARMOUR = re.compile(rb"\s*+(?:-----BEGIN (?:PKCS7|CMS|PKCS #7 SIGNED DATA)-----)?+([A-Za-z0-9+/=\s]++)(?:-----END [^-]{1,40}-----\s*+)?")


def read_cms(source: Source, spent: Spent) -> Iterator[Item]:
    """What was signed, compressed, or both."""
    data = source.data if source.data[:1] == b"\x30" else unarmoured(source.data)
    sealed = next((readable for kind, readable in _KINDS.items() if bytes((OBJECT_ID, len(kind))) + kind in data[:_HEAD]), None)
    if sealed is not None:
        yield from legible(data, f"{source.where}, as it stands", spent)
        raise Unreadable(sealed)
    ber = Ber(data, spent)
    try:
        content = _open(ber, spent)
    except Unreadable:
        yield from legible(data, f"{source.where}, as it stands", spent)
        raise
    yield from legible(data[ber.root().next :] if content else data, f"{source.where}, as it stands", spent)
    if content:
        spent.unpacked(len(content), len(content), len(content))
        declared = "message/rfc822" if begin_of(content) >= 0 else ""
        yield Member(_inner_name(source.names[0] if source.names else ""), content, declared)


def unarmoured(data: bytes) -> bytes:
    """DER or BER from PEM (RFC 7468), or from base64 alone; empty where it is neither."""
    found = _ARMOUR.fullmatch(data)
    if found is None:
        return b""
    try:
        return pybase64.b64decode(found[1])
    except (binascii.Error, ValueError):
        return b""


def _open(ber: Ber, spent: Spent) -> bytes:
    """RFC 5652 section 3: down through all layers to what is inside; empty for a signature that stands alone."""
    for _ in range(_DEPTH):
        kind, content = _content_info(ber, ber.root())
        if kind not in _PLACES:
            raise Unreadable(_KINDS.get(kind, Readable.UNSUPPORTED))
        layer = next(ber.members(content), None) if content is not None else None
        inside = [member for _, member in zip(range(_PLACES[kind] + 1), ber.members(layer), strict=False)] if layer is not None else []
        if len(inside) <= _PLACES[kind] or inside[-1].tag != SEQUENCE:
            raise Unreadable(Readable.DAMAGED)
        inner_kind, explicit = _content_info(ber, inside[-1])
        if explicit is None:
            return b""
        octets = _octets(ber, explicit)
        if kind == _COMPRESSED:
            octets = Bounded(_Inflated(octets), len(octets), spent).all()
        # PKCS #7 has the next layer as it is, CMS as octets.
        if inner_kind not in _PLACES and inner_kind not in _KINDS:
            return octets
        ber = Ber(octets, spent)
        if inner_kind != _kind_of(ber):
            return octets
    raise Unreadable(Readable.OVER_BUDGET)


def _content_info(ber: Ber, info: Element) -> tuple[bytes, Element | None]:
    """A type, and the explicitly tagged content if it is there."""
    found = list(ber.members(info)) if info.tag == SEQUENCE else []
    if not found or found[0].tag != OBJECT_ID:
        raise Unreadable(Readable.DAMAGED)
    return ber.octets(found[0]), found[1] if len(found) > 1 else None


def _kind_of(ber: Ber) -> bytes:
    try:
        return _content_info(ber, ber.root())[0]
    except Unreadable as unreadable:
        if unreadable.readable is Readable.OVER_BUDGET:
            raise
        return b""


def _octets(ber: Ber, explicit: Element) -> bytes:
    inner = next(ber.members(explicit), None)
    if inner is None:
        return b""
    return ber.octet_string(inner) if inner.tag & 0x1F == OCTETS else ber.octets(explicit)


def _inner_name(name: str) -> str:
    """`report.pdf.p7m` was report.pdf; `smime.p7m` has no name of its own."""
    stem, _, ending = name.rpartition(".")
    return stem if ending.lower() in ("p7m", "p7s", "p7z") and "." in stem else ""


class _Inflated:
    """RFC 3274: zlib."""

    __slots__ = ("_decoder", "_rest")

    def __init__(self, data: bytes) -> None:
        self._decoder = zlib.decompressobj()
        self._rest = data

    def read(self, size: int, /) -> bytes:
        octets = self._decoder.decompress(self._rest, size)
        self._rest = self._decoder.unconsumed_tail
        if not octets and not self._decoder.eof:
            raise EOFError
        return octets
