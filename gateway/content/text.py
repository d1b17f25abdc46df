"""Plain text, and what is written in it: tables, source code, configuration, XML, links to elsewhere.

Out: the text under each plausible charset; what escapes and tags of JSON and XML make of it, and what programs show of sheets,
drawings, entries of directories and papers that are written as text. Calendars and cards are read by records.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from gateway.content import records
from gateway.content.charsets import guesses, texts
from gateway.content.dxf import read_dxf
from gateway.content.entities import declares_entities, resolved
from gateway.content.interchange import read_interchange
from gateway.content.ldif import read_ldif
from gateway.content.markup import to_text
from gateway.content.reading import Item, Source, Spent
from gateway.content.tex import read_tex
from gateway.mime.clearsigned import BEGIN, without_frame
from gateway.model.finding import Place

_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})|\\u\{([0-9a-fA-F]{1,6})\}")
_XML = re.compile(r"\s*(?:<\?xml\b|<!DOCTYPE\b|<[a-zA-Z][\w:.\-]*[\s>/])")
_GLYPHS = re.compile(r"""\sUnicodeString\s*=\s*["'](?:\{\})?([^"'<]*)["']""")
_STRINGS = re.compile(rb"(?:[\x20-\x7e]\x00){4,}|[\x20-\x7e]{4,}")
_BIG_STRINGS = re.compile(rb"(?:\x00[\x20-\x7e]){4,}")
_WRITTEN = (read_interchange, read_dxf, read_ldif, read_tex)  # each says nothing of what is not its own


def read_text(source: Source, spent: Spent) -> Iterator[Item]:
    """Text as it stands, under each plausible charset."""
    for text in texts(source.data, source.charset):
        if records.is_record(text):
            yield from records.read_records(text, source.where, spent)
        else:
            yield Place.FIRST_LINE, source.where, without_frame(text.replace("\r\n", "\n")) if BEGIN in text else text
            yield from _otherwise(text, source.where)
            for read in _WRITTEN:
                yield from read(text, source.where, spent)
    for codec, text in guesses(source.data):
        yield Place.FIRST_LINE, f"{source.where} read as {codec}", text


def read_strings(source: Source, _spent: Spent) -> Iterator[Item]:
    """Small binary files that only say where something is (.lnk of Windows, .webloc of a Mac): all that looks like text."""
    found = (*_STRINGS.findall(source.data), *(match.decode("utf-16-be").encode() for match in _BIG_STRINGS.findall(source.data)))
    yield Place.TEXT, "links and files", "\n".join(text.replace(b"\0", b"").decode("ascii") for text in found)


def _otherwise(text: str, where: str) -> Iterator[Item]:
    """What programs make of escapes and tags."""
    if "\\u" in text or "\\x" in text:
        yield Place.TEXT, f"{where}, escapes resolved", _ESCAPE.sub(_escaped, text)
    if "<" in text and _XML.match(text):
        yield Place.FIRST_LINE, f"{where}, without tags", to_text(text)
        if declares_entities(text):
            yield Place.FIRST_LINE, f"{where}, entities resolved", to_text(resolved(text))
        if "UnicodeString" in text:  # a page of XPS (ECMA-388 section 12.1)
            yield Place.TEXT, f"{where}, drawn", html.unescape("".join(_GLYPHS.findall(text)))


def _escaped(found: re.Match[str]) -> str:
    code = int(found[1] or found[2] or found[3], 16)
    return chr(code) if code < 0x110000 else found[0]
