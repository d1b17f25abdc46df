"""Outlook's own file of a message, .msg ([MS-OXMSG]), to words, labels and members.

Attachments by value are members; a message inside a message is one too, and so is an embedded object: each as a compound file of its own.
A file that is only referred to has a name and nothing else. Of recipients the names are words, as in a header section.
"""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, TypeAlias

import olefile

from gateway.content import mapi, storage
from gateway.content.mapi import Properties
from gateway.content.reading import Item, Member, Source, Spent, Unreadable
from gateway.mime import told
from gateway.model.finding import Readable
from gateway.model.message import Field, Span

MEDIA_TYPE = "application/vnd.ms-outlook"
_STREAM = re.compile(r"__substg1\.0_([0-9A-F]{4})([0-9A-F]{4})(-[0-9A-F]{8})?", re.IGNORECASE)
_ATTACHMENT = re.compile(r"__attach_version1\.0_#[0-9A-F]{8}", re.IGNORECASE)
_RECIPIENT = re.compile(r"__recip_version1\.0_#[0-9A-F]{8}", re.IGNORECASE)
_FIXED, _NAMES = "__properties_version1.0", "__nameid_version1.0"
_PUBLIC = b"\0"  # a set of names that is not that of header fields
Tree: TypeAlias = dict[tuple[str, ...], list[list[str]]]
Names: TypeAlias = dict[int, tuple[str, bytes]]  # of properties above 0x8000: name, and the set that it belongs to
_TYPES = frozenset({mapi.STRING, mapi.UNICODE, mapi.BINARY})


def read_msg(source: Source, spent: Spent) -> Iterator[Item]:
    """The words first, then the attachments."""
    with olefile.OleFileIO(io.BytesIO(source.data)) as file:
        tree = _tree(file, spent)
        names = _named(file)
        message = _properties(file, [], tree, names, spent)
        broken = None if message.known or message.named or len(tree) > 1 else Readable.DAMAGED  # no message has nothing at all
        try:
            yield from mapi.words(message, spent)
        except Unreadable as unreadable:
            if unreadable.readable is Readable.OVER_BUDGET:
                raise
            broken = unreadable.readable
        yield from _recipients(file, tree, spent)
        for entry in tree.get((), ()):
            if _ATTACHMENT.fullmatch(entry[0]):
                spent.entries()
                yield from _attachment(file, entry, tree, names, spent)
    if broken is not None:
        raise Unreadable(broken)


def _tree(file: Any, spent: Spent) -> Tree:
    """The streams and storages in each storage."""
    found: Tree = {}
    entries: list[list[str]] = file.listdir(streams=True, storages=True)
    spent.parts(len(entries))
    for entry in entries:
        found.setdefault(tuple(entry[:-1]), []).append(entry)
    return found


def _properties(file: Any, path: list[str], tree: Tree, names: Names, spent: Spent) -> Properties:
    """The properties of one item: those of fixed length stand together, each other has a stream."""
    found = Properties()
    for id_, kind, value in _fixed(_stream(file, [*path, _FIXED]), is_attachment=bool(path)):
        found.add(id_, kind, value, *names.get(id_, ()))
    for entry in tree.get(tuple(path), ()):
        tag = _tag(entry[-1])
        if tag is not None and file.get_type(entry) == olefile.STGTY_STREAM:
            octets = bytes(file.openstream(entry).read())
            spent.unpacked(len(octets), len(octets), len(octets))
            found.add(*tag, octets, *names.get(tag[0], ()))
    return found


def _stream(file: Any, path: list[str]) -> bytes:
    """One that need not be there."""
    with suppress(OSError):
        return bytes(file.openstream(path).read())
    return b""


def _tag(stream: str) -> tuple[int, int] | None:
    """Identifier and type of the value in a stream. Of a property with many each has one, and one without a number tells their sizes."""
    said = _STREAM.fullmatch(stream)
    if said is None:
        return None
    kind = int(said[2], 16)
    single = kind & ~mapi.MANY
    return (int(said[1], 16), single) if single in _TYPES and (kind == single) == (said[3] is None) else None


def _fixed(octets: bytes, *, is_attachment: bool) -> Iterator[tuple[int, int, bytes]]:
    """[MS-OXMSG] 2.4: sixteen octets for each, behind a head that is shorter in a message inside a message: that shows in the length."""
    head = 8 if is_attachment else 32 if len(octets) % 16 == 0 else 24
    for at in range(head, len(octets) - 15, 16):
        kind, id_ = struct.unpack_from("<HH", octets, at)
        if kind < mapi.STRING and kind != mapi.OBJECT:
            yield id_, kind, octets[at + 8 : at + 16]


def _named(file: Any) -> Names:
    """[MS-OXMSG] 2.2.3: for each property above 0x8000 its name, or the number that is one as TNEF has it."""
    found: Names = {}
    sets, entries, strings = (_stream(file, [_NAMES, f"__substg1.0_000{number}0102"]) for number in (2, 3, 4))
    for at in range(0, len(entries) - 7, 8):
        offset, kind, number = struct.unpack_from("<IHH", entries, at)
        nth = (kind >> 1) - 3  # 1 and 2 are PS_MAPI and PS_PUBLIC_STRINGS
        of = sets[nth * 16 : nth * 16 + 16] if nth >= 0 else _PUBLIC
        if not kind & 1:
            found[0x8000 + number] = f"#{offset:x}", of
        elif offset + 4 <= len(strings):
            size = int.from_bytes(strings[offset : offset + 4], "little")
            found[0x8000 + number] = strings[offset + 4 : offset + 4 + size].decode("utf-16-le", "replace"), of
    return found


def _recipients(file: Any, tree: Tree, spent: Spent) -> Iterator[Item]:
    """Their names, where one could be a number of somebody."""
    shown = Properties()
    for entry in tree.get((), ()):
        for stream in tree.get(tuple(entry), ()) if _RECIPIENT.fullmatch(entry[0]) else ():
            tag = _tag(stream[-1])
            if tag is not None and tag[0] == mapi.DISPLAY_NAME and tag[1] != mapi.BINARY:
                octets = bytes(file.openstream(stream).read())
                spent.unpacked(len(octets), len(octets), len(octets))
                shown.add(*tag, octets)
    yield from told.shown([Field("To", "\n".join(shown.texts(mapi.DISPLAY_NAME)), Span(0, 0))])


def _attachment(file: Any, path: list[str], tree: Tree, names: Names, spent: Spent) -> Iterator[Member]:
    item = _properties(file, path, tree, names, spent)
    called = item.names() or ("",)
    contents = list(item.octets(mapi.DATA))
    inner = next((entry for entry in tree.get(tuple(path), ()) if entry[-1].upper() == "__SUBSTG1.0_3701000D"), None)
    if inner is not None:
        streams = storage.read_streams(file, inner, spent)
        if not storage.is_small_enough(streams):
            yield Member(called[0], b"", readable=Readable.OVER_BUDGET, also=called[1:])
            raise Unreadable(Readable.OVER_BUDGET)
        if item.number(mapi.METHOD) == mapi.EMBEDDED_MESSAGE:
            # The names of its properties stand in the outermost message alone.
            streams |= {(_NAMES, *key): octets for key, octets in storage.read_streams(file, [_NAMES], spent).items()}
        contents.append(storage.build(streams))
    for octets in contents or [b""]:
        yield Member(called[0], octets, next(item.texts(mapi.MIME_TAG), ""), also=called[1:])
