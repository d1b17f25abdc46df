"""TNEF ([MS-OXTNEF]), known as winmail.dat: what Outlook packs into one part that nobody else shows. To words, labels and members.

Every attribute is checked: one that is longer than what there is, a checksum that does not fit, or octets behind the last attribute that
are no attribute make it damaged; so does a file without a single attribute. "No files" is only said when all was seen.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from gateway.content import mapi
from gateway.content.mapi import Properties
from gateway.content.reading import Item, Member, Source, Spent, Unreadable
from gateway.content.structure import TNEF, TNEF_SIGNATURE
from gateway.model.finding import Readable

_MESSAGE, _ATTACHMENT = 1, 2  # levels
_SUBJECT, _BODY, _MESSAGE_PROPERTIES, _CODE_PAGE = 0x8004, 0x800C, 0x9003, 0x9007
_TITLE, _TRANSPORT_NAME, _DATA, _BEGIN, _ATTACHMENT_PROPERTIES = 0x8010, 0x9001, 0x800F, 0x9002, 0x9005
_WIDTHS = {2: 4, 3: 4, 4: 4, 5: 8, 6: 8, 7: 8, 0x0A: 4, 0x0B: 4, 0x14: 8, 0x40: 8, 0x48: 16, 0: 0, 1: 0}  # octets, padded
_VARIABLE = frozenset({mapi.STRING, mapi.UNICODE, mapi.OBJECT, mapi.BINARY})


@dataclass(slots=True)
class _Item:
    """A message or one of its attachments, while its attributes come in."""

    properties: Properties = field(default_factory=Properties)
    data: list[bytes] = field(default_factory=list)
    names: list[str] = field(default_factory=list)


def read_tnef(source: Source, spent: Spent) -> Iterator[Item]:
    """The words first, then each attachment under all its names."""
    message, attachments, broken = _parse(source.data, spent)
    try:
        yield from mapi.words(message.properties, spent)
    except Unreadable as unreadable:
        broken = broken or unreadable.readable
    for item in attachments:
        yield from _members(item, spent)
    if broken is not None:
        raise Unreadable(broken)


def _parse(data: bytes, spent: Spent) -> tuple[_Item, list[_Item], Readable | None]:
    message, attachments = _Item(), list[_Item]()
    broken: Readable | None = None
    seen = 0
    at = 6  # signature and key
    while at + 11 <= len(data) and data[at] in (_MESSAGE, _ATTACHMENT):
        spent.parts(1)
        level, id_, _, octets = struct.unpack_from("<BHHI", data, at)
        body = data[at + 9 : at + 9 + octets]
        at += 9 + octets + 2
        if at > len(data):
            broken = Readable.DAMAGED
        elif sum(body) & 0xFFFF != int.from_bytes(data[at - 2 : at], "little"):
            broken = broken or Readable.DAMAGED
        seen += 1
        if level == _ATTACHMENT and (id_ == _BEGIN or not attachments):
            attachments.append(_Item(Properties(charset=message.properties.charset)))
        try:
            _attribute(message if level == _MESSAGE else attachments[-1], id_, body, spent)
        except (struct.error, IndexError, ValueError):
            broken = broken or Readable.DAMAGED
    if data[at:].strip(b"\0\r\n") or not seen:
        broken = broken or Readable.DAMAGED
    return message, attachments, broken


def _attribute(item: _Item, id_: int, body: bytes, spent: Spent) -> None:
    if id_ in (_MESSAGE_PROPERTIES, _ATTACHMENT_PROPERTIES):
        _list(item.properties, body, spent)
    elif id_ == _CODE_PAGE:
        item.properties.charset = f"cp{int.from_bytes(body[:4], 'little')}"
    elif id_ in (_SUBJECT, _BODY):
        item.properties.add(mapi.SUBJECT if id_ == _SUBJECT else mapi.BODY, mapi.STRING, body)
    elif id_ in (_TITLE, _TRANSPORT_NAME):
        item.names.append(item.properties.text(mapi.STRING, body).partition("\0")[0])
    elif id_ == _DATA:
        item.data.append(body)


def _list(properties: Properties, body: bytes, spent: Spent) -> None:
    """[MS-OXTNEF] 2.1.3.4: a number of properties, each with its values; everything begins at a multiple of four."""
    (count,) = struct.unpack_from("<I", body)
    at = 4
    for _ in range(count):
        spent.parts(1)
        kind, id_ = struct.unpack_from("<HH", body, at)
        at += 4
        of, name = b"", ""
        if id_ >= 0x8000:
            of = body[at : at + 16]
            name, at = _name(body, at)
        many, kind = bool(kind & mapi.MANY), kind & ~mapi.MANY
        values = 1
        if many or kind in _VARIABLE:
            (values,) = struct.unpack_from("<I", body, at)
            at += 4
        for _ in range(values):
            spent.parts(1)
            width = _WIDTHS.get(kind, -1)
            if kind in _VARIABLE:
                (width,) = struct.unpack_from("<I", body, at)
                at += 4
            if width < 0 or at + width > len(body):
                raise ValueError(kind)
            properties.add(id_, kind, body[at : at + width], name, of)
            at += -(-width // 4) * 4


def _name(body: bytes, at: int) -> tuple[str, int]:
    """Of a named property its name, or the number that stands for one."""
    kind, number = struct.unpack_from("<II", body, at + 16)
    at += 24
    if kind == 0:
        return f"#{number:x}", at
    octets = body[at : at + number]
    if len(octets) < number:
        raise ValueError(number)
    return octets.decode("utf-16-le", "replace").rstrip("\0"), at + -(-number // 4) * 4


def _members(item: _Item, spent: Spent) -> Iterator[Member]:
    """Of one attachment every content that it has: programs differ in which they take."""
    spent.entries()
    names = tuple(dict.fromkeys(filter(None, (*item.properties.names(), *item.names)))) or ("",)
    contents = [*item.data]
    for kind, octets in item.properties.known.get(mapi.DATA, ()):
        # An object begins with the identifier of its interface.
        contents.append(octets[16:] if kind == mapi.OBJECT else octets)
    for octets in dict.fromkeys(contents) or (b"",):
        spent.unpacked(len(octets), len(octets), len(octets))
        declared = TNEF if octets.startswith(TNEF_SIGNATURE) else ""
        yield Member(names[0], octets, declared, also=names[1:])
