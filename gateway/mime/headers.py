"""The header section of a message or part: where it ends, and what fields it has (RFC 5322 section 2.2). Pure.

Fields are found by splitting at line ends that no blank follows, in one step; a line that is no field is skipped and noted.
Where readers differ about the fields or about where the body begins, the other sections stand beside the first (`others`).
Limits: 64 KiB and 1000 fields of one section are read; where its body begins is always found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import IntEnum
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
_BLANK_LINE = re.compile(rb"(?:\A|(?<=\r\n))[ \t]++\r\n")
_NO_NAME = bytes(octet for octet in range(256) if not 33 <= octet <= 126 or octet == 58)  # what no field name holds
_CONTENT_TYPE = re.compile(rb"(?:\A|\n)content-(?:type|disposition|transfer-encoding)[ \t]*:", re.IGNORECASE)
_MAILBOX_LINES = (b"From ", b">From ")  # of a mailbox file: every reader passes them over


class Raw(NamedTuple):
    """One field as it stands."""

    name: str  # as written
    key: str  # the same in lower case
    value: bytes  # everything after the colon, still folded
    start: int
    end: int  # with its line end


_raw = tuple.__new__  # a third of the time of calling it, and there are twenty fields in every message


class Habit(IntEnum):
    """What some readers do, and most do not; each of them everywhere."""

    BLANKS_END = 1  # a line of blanks ends the section
    PLAIN_NAMES = 2  # a field with blanks or control characters in or behind its name is none
    STRICT = 3  # the first line that is no field ends the section
    LENIENT = 4  # control characters and blanks in a name do not matter, nor do empty lines at the beginning


class Section(NamedTuple):
    """A header section and where the body begins."""

    span: Span
    body: int
    fields: tuple[Raw, ...]
    defects: tuple[DefectName, ...] = ()
    others: tuple[tuple[Habit, Section], ...] = ()  # as readers with other habits have it; empty nearly always


def read_section(buffer: Buffer, start: int, end: int) -> Section:
    """The header section of the entity that stands in [start, end)."""
    header_end, body = _find_end(buffer, start, end)
    if header_end == start:
        return _empty(buffer, start, body, end)
    octets = buffer[start : min(header_end, start + HEADER_OCTETS)]
    defects: list[DefectName] = []
    fields: list[Raw] = []
    at = start
    for line in _LINE.split(octets, HEADER_FIELDS):
        stop = at + len(line) + 2
        name, colon, value = line.partition(b":")
        names = _names(name) if colon and len(name) <= _NAME_OCTETS else None
        if names is not None:
            fields.append(_raw(Raw, (*names, value, at, stop)))
        elif line:
            if at == start and not line.startswith((b"From ", b" ", b"\t")):
                # No field at all, so this is already the body. Only a mailbox file's From line and a stray continuation are passed over.
                section = Section(Span(start, start), start, (), (DefectName.NO_HEADER,))
                return _with_others(section, octets, (header_end, body))
            defects.append(DefectName.ODD_HEADER)
            if body == end and start + len(octets) == header_end:
                # No empty line follows: readers take this one as the beginning of the body.
                section = Section(Span(start, at), at, tuple(fields), tuple(dict.fromkeys(defects)))
                return _with_others(section, octets, (header_end, body))
        at = stop
    if fields and fields[-1].end > header_end:  # the last line has no line end
        fields[-1] = fields[-1]._replace(end=header_end)
    if len(fields) > HEADER_FIELDS or start + len(octets) < header_end:
        del fields[HEADER_FIELDS:]
        defects.append(DefectName.HEADER_TOO_LARGE)
    section = Section(Span(start, header_end), body, tuple(fields), tuple(dict.fromkeys(defects)) if defects else ())
    # What readers differ about, beside lines that are no fields, are blanks before a line end or a colon.
    if defects or b" \r" in octets or b" :" in octets or (b"\t" in octets and (b"\t\r" in octets or b"\t:" in octets)):
        return _with_others(section, octets, (header_end, body))
    return section


def _empty(buffer: Buffer, start: int, body: int, end: int) -> Section:
    """A section without fields. Some pass over empty lines at the beginning, and find fields behind them."""
    section = Section(Span(start, start), body, ())
    beginning = buffer[body : min(body + _PEEK_OCTETS, end)].lstrip(b"\r\n")
    if _CONTENT_TYPE.search(beginning.partition(b"\r\n\r\n")[0]) is None:
        return section
    other = read_section(buffer, min(body + _PEEK_OCTETS, end) - len(beginning), end)
    return section._replace(defects=(DefectName.ODD_HEADER_END,), others=_differing(section, [(Habit.LENIENT, other)]))


# --- as other readers have it -----------------------------------------------------------------------------------------


def _with_others(section: Section, octets: bytes, ends: tuple[int, int]) -> Section:
    """The section with those beside it in which a reader finds other content fields, or another beginning of the body.

    `ends` are where it ends, and where the body begins, at the first empty line.
    """
    start = section.span.start
    defects = list(section.defects)
    others: list[tuple[Habit, Section]] = []
    if (blank := _BLANK_LINE.search(octets)) is not None:
        # RFC 5322 section 4.2 has it as a continuation.
        defects.append(DefectName.ODD_HEADER_END)
        others.append((Habit.BLANKS_END, _cut(section, start + blank.start(), start + blank.end())))
    lenient = _lenient(octets, section, ends)
    odd = [raw.start for raw in (*section.fields, *lenient.fields) if raw.key.startswith("content-") and not _is_plain(raw)]
    if odd:
        defects.append(DefectName.ODD_FIELD_NAME)
        others.append((Habit.PLAIN_NAMES, section._replace(fields=tuple(raw for raw in section.fields if _is_plain(raw)))))
    if section.defects:
        others.append((Habit.LENIENT, lenient))
    if DefectName.ODD_HEADER in section.defects:
        odd.extend(_first_odd_line(octets, start))
    if odd and min(odd) > start and DefectName.NO_HEADER not in section.defects:
        others.append((Habit.STRICT, _cut(section, min(odd), min(odd))))
    return section._replace(defects=tuple(dict.fromkeys(defects)), others=_differing(section, others))


def _cut(section: Section, end: int, body: int) -> Section:
    """The same, ended earlier."""
    return Section(Span(section.span.start, end), body, tuple(raw for raw in section.fields if raw.start < end))


def _lenient(octets: bytes, section: Section, ends: tuple[int, int]) -> Section:
    """As whoever takes every line with a colon that names a content field, whatever else stands in the name."""
    found = {raw.start: raw for raw in section.fields}
    at = start = section.span.start
    for line in _LINE.split(octets, HEADER_FIELDS):
        name, colon, value = line.partition(b":")
        clean = name[:_NAME_OCTETS].translate(None, _NO_NAME).lower()
        if colon and at not in found and clean.startswith(b"content-"):
            found[at] = Raw(clean.decode("ascii"), clean.decode("ascii"), value, at, at + len(line) + 2)
        at += len(line) + 2
    if len(found) == len(section.fields):
        return section
    return Section(Span(start, ends[0]), ends[1], tuple(found[at] for at in sorted(found)))


def _first_odd_line(octets: bytes, start: int) -> Iterator[int]:
    """Where the first line stands that is no field, but for one at the very beginning."""
    at = 0
    for line in _LINE.split(octets, HEADER_FIELDS):
        if at and line and not _is_field(line) and not line.startswith(_MAILBOX_LINES):
            yield start + at
            return
        at += len(line) + 2


def _is_plain(raw: Raw) -> bool:
    """Whether the colon stands right behind a name of ordinary characters."""
    return raw.end - raw.start - len(raw.name) - len(raw.value) in (1, 3)


def _differing(section: Section, others: list[tuple[Habit, Section]]) -> tuple[tuple[Habit, Section], ...]:
    """Those that say something else about the body."""
    return tuple((habit, other._replace(defects=())) for habit, other in others if _meaning(other) != _meaning(section))


def _meaning(section: Section) -> tuple[object, ...]:
    return section.body, tuple((raw.key, raw.value) for raw in section.fields if raw.key.startswith("content-"))


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
