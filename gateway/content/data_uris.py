"""data: URIs (RFC 2397) in HTML, SVG, style sheets and text to members: files that stand in the text itself.

A picture is shown where it stands, as an inline picture is, and is no file; one that is more than a picture is. Pictures come last, the
small ones first. What is text is read so, with what stands in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import unquote_to_bytes

from gateway.content.legible import legible
from gateway.content.markup import read_html
from gateway.content.picture_headers import is_of_a_format_drawn
from gateway.content.pictures import read_shown
from gateway.content.reading import Item, Member, Source, Spent
from gateway.content.structure import find_appended
from gateway.content.text import read_text
from gateway.mime.groups import decode_groups

_MARK = re.compile(rb"data:", re.IGNORECASE)
_HEAD = re.compile(rb"data:([a-z0-9.+\-]{1,80}/[a-z0-9.+\-]{1,80})?((?:;[a-z0-9_.\-]{1,40}(?:=[^;,\"'<>\s]{0,200})?){0,8}),", re.IGNORECASE)
_END = {b'"': re.compile(rb'"'), b"'": re.compile(rb"'")}
_UNQUOTED_END = re.compile(rb"[\s\"'<>)]")
_WITHOUT_WORDS = (b"\0\0\1\0", b"wOFF", b"wOF2", b"OTTO", b"\0\1\0\0\0")  # icons and fonts
_LINE_END = re.compile(rb"\\[rnt]")  # as scripts and JSON write it
_SHOWN_OCTETS = 1_048_576


def read_data_uris(source: Source, spent: Spent) -> Iterator[Item]:
    """Everything that stands in the octets as they are; text in UTF-16 holds none that a mail program would show."""
    head = _HEAD.search(source.data)
    number = 0
    shown: list[tuple[int, bytes]] = []
    while head is not None:
        spent.parts(1)
        end = _end_of(source.data, head.start(), head.end())
        octets = _decoded(source.data[head.end() : end], b";base64" in head[2].lower())
        if octets:
            number += 1
            spent.unpacked(len(octets), len(octets), len(octets))
            if len(octets) <= _SHOWN_OCTETS and is_of_a_format_drawn(octets):
                shown.append((number, octets))
            else:
                yield from _found(octets, (head[1] or b"text/plain").decode().lower(), number, source, spent)
        head = _HEAD.search(source.data, end)
    for number, octets in sorted(shown, key=lambda picture: len(picture[1])):
        yield from read_shown(octets, f"data URI {number}", f"{source.where}, picture {number}", spent)


def has_data_uris(data: bytes) -> bool:
    """Whether to look at all. Quick."""
    return _MARK.search(data) is not None


def _end_of(data: bytes, at: int, start: int) -> int:
    """A quoted one goes on to its quote, over line ends; another to the first blank or sign that cannot be in it."""
    closing = _END.get(data[at - 1 : at], _UNQUOTED_END).search(data, start)
    return closing.start() if closing else len(data)


def _decoded(text: bytes, is_base64: bool) -> bytes:
    if not is_base64:
        return unquote_to_bytes(text)
    if b"\\" in text:
        text = _LINE_END.sub(b"", text)
    return decode_groups(unquote_to_bytes(text) if b"%" in text else text)[0]  # a browser forgives a missing padding


def _found(octets: bytes, declared: str, number: int, source: Source, spent: Spent) -> Iterator[Item]:
    if len(octets) <= _SHOWN_OCTETS and octets.startswith(_WITHOUT_WORDS) and not any(find_appended(octets, "image/")):
        yield from legible(octets, f"{source.where}, data URI {number}", spent)
        return
    spent.entries()
    inner = replace(source, data=octets, declared=declared, charset=None, where=f"{source.where}, data URI {number}", opened={})
    if declared in ("text/html", "image/svg+xml"):
        yield from read_html(inner, spent)
        yield from read_data_uris(inner, spent)
    elif declared.startswith("text/") and b"\0" not in octets:
        yield from read_text(inner, spent)
    else:
        yield Member(f"data URI {number}", octets, declared)
