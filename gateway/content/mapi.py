"""Properties of an Outlook item, whichever wrapping they came in (TNEF, .msg), to segments and labels.

Standards: [MS-OXPROPS], [MS-OXCMSG]; named properties [MS-OXCDATA] 2.6. In: a Properties that a reader has filled. A label stands in the
named property `msip_labels` or among the transport headers, as in a header section (FACTS 3.1); the fields of both are read as those of a
mail. Categories, places and whatever else a form shows are properties (mapi_strings.py).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from gateway.content import lzfu
from gateway.content.labels import property_lines
from gateway.content.mapi_strings import named_words, words_in
from gateway.content.reading import Item, Source, Spent, Unreadable
from gateway.content.rtf import read_rtf
from gateway.content.words import read_words
from gateway.mime import told
from gateway.mime.labels import header_labels
from gateway.mime.pspf import protective_markings
from gateway.model.finding import Place, Readable
from gateway.model.message import Field, Span
from gateway.parse import parse_buffer

SUBJECT, BODY, HTML, RTF, HEADERS, SENSITIVITY, CODE_PAGE = 0x0037, 0x1000, 0x1013, 0x1009, 0x007D, 0x0036, 0x3FDE
DATA, SHORT_NAME, METHOD, LONG_NAME, DISPLAY_NAME, MIME_TAG = 0x3701, 0x3704, 0x3705, 0x3707, 0x3001, 0x370E
PATH, LONG_PATH = 0x3708, 0x370D  # of a file that is only referred to
UNICODE, STRING, OBJECT, BINARY, DOUBLE, MANY = 0x1F, 0x1E, 0x0D, 0x102, 5, 0x1000
HEADER_FIELDS = bytes.fromhex("8603020000000000c000000000000046")  # PS_INTERNET_HEADERS: names in this set are those of fields
EMBEDDED_MESSAGE = 5  # value of METHOD
_SENSITIVE = {1: "Personal", 2: "Private", 3: "Company-Confidential"}


@dataclass(slots=True)
class Properties:
    """What one item, or one attachment, has: for each property its type and octets. Several of one name are all kept."""

    known: dict[int, list[tuple[int, bytes]]] = field(default_factory=dict)
    named: dict[str, list[tuple[int, bytes]]] = field(default_factory=dict)  # by name, lower-case; "#8208" by a number that is one
    fields: dict[str, list[tuple[int, bytes]]] = field(default_factory=dict)  # likewise: of a header section
    charset: str = "cp1252"  # of 8-bit strings

    def add(self, id_: int, kind: int, octets: bytes, name: str = "", of: bytes = b"") -> None:
        """One value; `of` is the set that the name belongs to."""
        if name:
            (self.fields if of == HEADER_FIELDS else self.named).setdefault(name.lower(), []).append((kind, octets))
        else:
            self.known.setdefault(id_, []).append((kind, octets))
            if id_ == CODE_PAGE and kind == 3:
                self.charset = f"cp{int.from_bytes(octets[:4], 'little')}"

    def texts(self, id_: int) -> Iterator[str]:
        yield from (self.text(kind, octets) for kind, octets in self.known.get(id_, ()))

    def octets(self, id_: int) -> Iterator[bytes]:
        yield from (octets for _, octets in self.known.get(id_, ()))

    def number(self, id_: int) -> int:
        return next((int.from_bytes(octets[:4], "little") for octets in self.octets(id_)), 0)

    def text(self, kind: int, octets: bytes) -> str:
        """A string property; those of 8 bits in the item's code page."""
        try:
            text = octets.decode("utf-16-le" if kind == UNICODE else self.charset, "replace")
        except LookupError:
            text = octets.decode("cp1252", "replace")
        return text.rstrip("\0")

    def names(self) -> tuple[str, ...]:
        """Of an attachment: everything that a program may call it."""
        found = [text for id_ in (LONG_NAME, SHORT_NAME, DISPLAY_NAME, LONG_PATH, PATH) for text in self.texts(id_)]
        return tuple(dict.fromkeys(name for text in found if (name := text.strip())))


def words(item: Properties, spent: Spent) -> Iterator[Item]:
    """Labels, subject, header fields, properties, and the body in each of its forms.

    Raises:
        Unreadable: one of the bodies is broken, or was more than we may read; the others were read.
    """
    subjects, fields = tuple(item.texts(SUBJECT)), _fields(item)
    yield from header_labels(fields)
    yield from protective_markings(fields, subjects)
    yield from ((Place.SUBJECT_START, "subject", text) for text in subjects)
    yield from told.shown(fields)
    yield from told.marked(fields)
    yield Place.PROPERTIES, "properties", property_lines(_strings(item))
    broken: Readable | None = None
    body = Source(b"", (), "text/plain", is_words=True, where="body")
    for text in item.texts(BODY):
        yield from read_words(replace(body, data=text.encode(), charset="utf-8"), spent)
    for kind, octets in item.known.get(HTML, ()):
        is_wide = kind == UNICODE
        html = item.text(kind, octets).encode() if is_wide else octets
        charset = "utf-8" if is_wide else None
        yield from read_words(replace(body, data=html, declared="text/html", charset=charset, where="HTML body"), spent)
    for packed in item.octets(RTF):
        rtf, damage = lzfu.decompress(packed, spent)
        broken = broken or damage
        try:
            yield from read_rtf(replace(body, data=rtf, declared="application/rtf", is_words=False), spent)
        except Unreadable as unreadable:
            broken = broken or unreadable.readable
    if broken is not None:
        raise Unreadable(broken)


def _fields(item: Properties) -> tuple[Field, ...]:
    """As a header section would have them."""
    named = [(name, item.text(*value)) for kept in (item.fields, item.named) for name, values in kept.items() for value in values]
    named += [("Sensitivity", _SENSITIVE[item.number(SENSITIVITY)])] if item.number(SENSITIVITY) in _SENSITIVE else []
    headers = "\n".join(item.texts(HEADERS)).replace("\r\n", "\n").replace("\n", "\r\n").strip()
    transported = parse_buffer(f"{headers}\r\n\r\n".encode()).fields if headers else ()
    return (*(Field(name, value, Span(0, 0)) for name, value in named), *transported)


def _strings(item: Properties) -> Iterator[tuple[str, str]]:
    """Names and values of what a person is told."""
    for id_, values in item.known.items():
        yield from (("", words_in(id_, item.text(kind, octets))) for kind, octets in values if kind in (STRING, UNICODE))
    for name, values in item.named.items():
        shown = "" if name.startswith("#") else name
        for kind, octets in values:
            if kind in (STRING, UNICODE):
                yield shown, named_words(name, item.text(kind, octets))
            elif kind == DOUBLE and shown and len(octets) == 8:
                yield shown, f"{struct.unpack('<d', octets)[0]:.15g}"
