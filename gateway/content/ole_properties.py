"""Property set streams ([MS-OLEPS]) to names and values: the document summary of old Office files, and the user's own properties. Pure.

Of the values only what a person wrote or chose is given: texts, truth values and numbers. Bounded; what is broken ends its section.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from gateway.mime.charsets import find_codec

SUMMARY, DOCUMENT_SUMMARY = "\x05SummaryInformation", "\x05DocumentSummaryInformation"

_SECTIONS = 4
_PROPERTIES = 4096
_DICTIONARY, _CODE_PAGE = 0, 1
_UNICODE = 1200
_VT_I2, _VT_I4, _VT_R8, _VT_BOOL, _VT_LPSTR, _VT_LPWSTR = 2, 3, 5, 11, 30, 31
_VECTOR, _VARIANT = 0x1000, 12


def properties_in(stream: bytes) -> Iterator[tuple[str, str]]:
    """Name (empty: one of the format's own) and value."""
    try:
        (count,) = struct.unpack_from("<I", stream, 24)
        for at in range(min(count, _SECTIONS)):
            (offset,) = struct.unpack_from("<I", stream, 28 + 20 * at + 16)
            yield from _section(stream, offset)
    except struct.error:
        return


def _section(stream: bytes, start: int) -> Iterator[tuple[str, str]]:
    _, count = struct.unpack_from("<II", stream, start)
    places = dict(struct.unpack_from("<II", stream, start + 8 + 8 * at) for at in range(min(count, _PROPERTIES)))
    page = struct.unpack_from("<H", stream, start + places[_CODE_PAGE] + 4)[0] if _CODE_PAGE in places else 1252
    names = dict(_dictionary(stream, start + places[_DICTIONARY], page)) if _DICTIONARY in places else {}
    for id_, offset in places.items():
        if id_ > _CODE_PAGE:
            for value in _values(stream, start + offset, page):
                yield names.get(id_, ""), value


def _dictionary(stream: bytes, at: int, page: int) -> Iterator[tuple[int, str]]:
    (count,) = struct.unpack_from("<I", stream, at)
    at += 4
    for _ in range(min(count, _PROPERTIES)):
        id_, size = struct.unpack_from("<II", stream, at)
        octets = size * 2 if page == _UNICODE else size
        yield id_, _decoded(stream[at + 8 : at + 8 + octets], page)
        at += 8 + (octets + 3 & ~3 if page == _UNICODE else octets)


def _values(stream: bytes, at: int, page: int) -> Iterator[str]:
    (kind,) = struct.unpack_from("<I", stream, at)
    if not kind & _VECTOR:
        yield from _value(stream, kind, at + 4, page)[0]
        return
    (count,) = struct.unpack_from("<I", stream, at + 4)
    at += 8
    for _ in range(min(count, _PROPERTIES)):
        inner = kind & 0xFFF
        if inner == _VARIANT:
            (inner,) = struct.unpack_from("<I", stream, at)
            at += 4
        found, at = _value(stream, inner, at, page)
        yield from found


def _value(stream: bytes, kind: int, at: int, page: int) -> tuple[tuple[str, ...], int]:
    """What a value says, and where the next one is."""
    if kind in (_VT_LPSTR, _VT_LPWSTR):
        (size,) = struct.unpack_from("<I", stream, at)
        octets = size * 2 if kind == _VT_LPWSTR else size
        text = _decoded(stream[at + 4 : at + 4 + octets], _UNICODE if kind == _VT_LPWSTR else page)
        return (text,) if text else (), at + 4 + (octets + 3 & ~3)
    if kind == _VT_BOOL:
        return ("true" if struct.unpack_from("<H", stream, at)[0] else "false",), at + 4
    if kind in (_VT_I2, _VT_I4):
        return (str(struct.unpack_from("<i" if kind == _VT_I4 else "<h", stream, at)[0]),), at + 4
    if kind == _VT_R8:
        return (repr(struct.unpack_from("<d", stream, at)[0]),), at + 8
    return (), at + 8


def _decoded(octets: bytes, page: int) -> str:
    if page == _UNICODE:
        return octets.decode("utf-16-le", "replace").partition("\0")[0]
    codec = "utf-8" if page == 65001 else find_codec(f"cp{page}") or "cp1252"
    return octets.partition(b"\0")[0].decode(codec, "replace")
