"""The header section of a message or part: where it ends, and what fields it has (RFC 5322 section 2.2). Pure.

Fields are found by splitting at line ends that no blank follows, in one step; a line that is no field is skipped and noted.
Limits: 64 KiB and 1000 fields of one section are read; where its body begins is always found.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from gateway.mime.charsets import to_text
from gateway.mime.words import decode_words
from gateway.model.message import Buffer, DefectName, Field, Span

HEADER_OCTETS = 64 * 1024
HEADER_FIELDS = 1000
WINDOW_OCTETS = 256 * 1024

_PEEK_OCTETS = 8 * 1024
_NAME_OCTETS = 256  # a longer field name is none
_LINE = re.compile(rb"\r\n(?![ \t])")
_NAME = re.compile(rb"([!-9;-~]++)[ \t]*+")


class Raw(NamedTuple):
    """One field as it stands."""

    name: str  # as written
    key: str  # the same in lower case
    value: bytes  # everything after the colon, still folded
    start: int
    end: int  # with its line end


class Section(NamedTuple):
    """A header section and where the body begins."""

    span: Span
    body: int
    fields: tuple[Raw, ...]
    defects: tuple[DefectName, ...] = ()


def read_section(buffer: Buffer, start: int, end: int) -> Section:
    """The header section of the entity that stands in [start, end)."""
    header_end, body = _find_end(buffer, start, end)
    defects: list[DefectName] = []
    limit = min(header_end, start + HEADER_OCTETS)
    if limit < header_end:
        defects.append(DefectName.HEADER_TOO_LARGE)
    fields: list[Raw] = []
    at = start
    for line in _LINE.split(buffer[start:limit], HEADER_FIELDS):
        stop = at + len(line) + 2
        name, colon, value = line.partition(b":")
        names = _names(name) if colon and len(name) <= _NAME_OCTETS else None
        if names is not None:
            fields.append(Raw(*names, value, at, stop))
        elif line:
            if at == start and not line.startswith((b"From ", b" ", b"\t")):
                # No field at all, so this is already the body. Only a mailbox file's From line and a stray continuation are passed over.
                return Section(Span(start, start), start, (), (DefectName.NO_HEADER,))
            defects.append(DefectName.ODD_HEADER)
            if body == end and limit == header_end:  # no empty line follows: readers take this one as the beginning of the body
                return Section(Span(start, at), at, tuple(fields), tuple(dict.fromkeys(defects)))
        at = stop
    if fields and fields[-1].end > header_end:  # the last line has no line end
        fields[-1] = fields[-1]._replace(end=header_end)
    if len(fields) > HEADER_FIELDS:
        del fields[HEADER_FIELDS:]
        defects.append(DefectName.HEADER_TOO_LARGE)
    return Section(Span(start, header_end), body, tuple(fields), tuple(dict.fromkeys(defects)))


def odd_lines(buffer: Buffer, span: Span) -> bytes:
    """What stands in a header section and is no field, of the octets that are read."""
    lines = _LINE.split(buffer[span.start : min(span.end, span.start + HEADER_OCTETS)], HEADER_FIELDS)
    return b"\r\n".join([line for line in lines if not _is_field(line)])


def _is_field(line: bytes) -> bool:
    name, colon, _ = line.partition(b":")
    return bool(colon) and len(name) <= _NAME_OCTETS and _names(name) is not None


def read_fields(section: Section) -> tuple[Field, ...]:
    """The fields as a person reads them."""
    return tuple(
        [
            # Nearly every value stands on one line, in ASCII: no detours for those.
            Field(
                name,
                value.decode("ascii").strip(" \t") if value.isascii() and b"\r" not in value and b"=?" not in value else read_value(value),
                Span(start, end),
            )
            for name, _, value, start, end in section.fields
        ]
    )


def unfold(value: bytes) -> str:
    """A field's value in one line, undecoded; octets beyond ASCII as UTF-8 (RFC 6532) or what they seem to be."""
    if b"\r\n" in value:
        value = value.replace(b"\r\n", b"")
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError:
        text = to_text(value)
    return text.strip(" \t\r\n")


def read_value(value: bytes) -> str:
    """A field's value in one line, encoded-words decoded."""
    return decode_words(unfold(value))


@lru_cache(maxsize=1024)
def _names(name: bytes) -> tuple[str, str] | None:
    """A field's name as written and in lower case; None when it is none. The same few names come with every message."""
    found = _NAME.fullmatch(name)
    return None if found is None else (found[1].decode("ascii"), found[1].decode("ascii").lower())


def _find_end(buffer: Buffer, start: int, end: int) -> tuple[int, int]:
    """Where the header section ends, the line end of its last field included, and where the body begins."""
    if buffer[start : min(start + 2, end)] == b"\r\n":
        return start, start + 2
    size = _PEEK_OCTETS
    at = start
    while at < end:
        found = buffer[at : min(at + size, end)].find(b"\r\n\r\n")
        if found >= 0:
            return at + found + 2, at + found + 4
        at += size - 3
        size = WINDOW_OCTETS
    return end, end
