"""Calendars and address cards to segments and members: their lines unfolded, their values decoded.

Standards: RFC 5545 (iCalendar), RFC 6350 and vCard 2.1 with its quoted-printable and charsets, RFC 2425.
Limits: a value is read as text whatever its type; dates and rules are not interpreted.
"""

from __future__ import annotations

import binascii
import quopri
import re
from collections.abc import Iterator

from gateway.content.markup import to_text
from gateway.content.pictures import read_shown
from gateway.content.reading import Item, Member, Spent
from gateway.detectors.called import Called
from gateway.mime.charsets import to_text as decoded
from gateway.mime.uuencode import may_hold_file
from gateway.model.finding import Place

_BEGIN = re.compile(r"\s*BEGIN\s*:\s*(?:VCALENDAR|VCARD|VEVENT|VTODO|VJOURNAL|VNOTE)\b", re.IGNORECASE)
_FOLD = re.compile(r"\r?\n[ \t]")
_QUOTED = re.compile(r"^[^\r\n:]*QUOTED-PRINTABLE[^\r\n]*(?:(?<==)\r?\n[^\r\n]*)+", re.IGNORECASE | re.MULTILINE)
_SOFT = re.compile(r"=\r?\n[ \t]?")
_LINE = re.compile(r"([A-Za-z0-9\-.]+)((?:;[^:;\"\r\n]*(?:\"[^\"\r\n]*\"[^:;\"\r\n]*)*)*):(.*)")
_ESCAPE = re.compile(r"\\([\\;,nN:\"])")
_PARAMETER = re.compile(
    r"""(?:FILENAME|X-FILENAME|X-ORACLE-FILENAME|X-APPLE-FILENAME|CN|ALTREP|LABEL|TITLE)=("[^"]*"|[^;:"]*)""", re.IGNORECASE
)
_FORMAT = re.compile(r"(?:FMTTYPE|MEDIATYPE|TYPE)=\"?([\w.+/\-]+)", re.IGNORECASE)
_CHARSET = re.compile(r"CHARSET=\"?([\w.:\-]+)", re.IGNORECASE)
_BASE64 = re.compile(r"(?:ENCODING=)?\"?(?:BASE64|B)\"?(?:;|$)", re.IGNORECASE)
_DATA = re.compile(r"data:([\w.+/\-]*)((?:;[\w.=\-]+)*?);base64,(.*)", re.IGNORECASE | re.DOTALL)
_SHOWN = frozenset({"PHOTO", "LOGO", "IMAGE"})  # pictures (RFC 6350 6.2.4 and 6.6.3, RFC 7986 5.10); whatever is attached is a file
_SUBJECTS = frozenset({"SUMMARY", "SUBJECT"})
_TITLES = frozenset({*_SUBJECTS, "FN", "TITLE"})
_KEYWORDS = frozenset({"CATEGORIES"})
_NO_WORDS = frozenset(
    {"BEGIN", "END", "VERSION", "PRODID", "UID", "DTSTAMP", "DTSTART", "DTEND", "CREATED", "LAST-MODIFIED", "REV", "TZID"}
)


def is_record(text: str) -> bool:
    """Whether a text is a calendar or an address card."""
    return _BEGIN.match(text) is not None


def read_records(text: str, where: str, spent: Spent) -> Iterator[Item]:
    """Titles, of an invitation also as the subject that it becomes in a mailbox, and categories; then all other values; files inside.

    What a person or a job is called is read so too, but for single words without brackets: "Secret - Agent Ltd" is a firm.
    """
    titles: list[tuple[Place, str, str]] = []
    values: list[str] = []
    for name, parameters, value in _lines(text):
        data, declared = _file(parameters, value)
        if data is not None:
            spent.entries()
            spent.unpacked(len(data), len(data), len(value))
            if name in _SHOWN:
                yield from read_shown(data, _called(parameters), f"{where}, {name.lower()}", spent, declared=declared)
            else:
                yield Member(_called(parameters), data, declared)
        elif name not in _NO_WORDS:
            said = _said(parameters, value)
            if name in _TITLES:
                titles.append((Place.SUBJECT, where if name in _SUBJECTS else Called(where), said))
                titles.append((Place.FIRST_LINE, where, said))
            else:
                values.append(said)
            if name in _KEYWORDS:
                yield Place.PROPERTIES, f"{where}, {name.lower()}", said
            if name.startswith("X-"):  # whose name tells what it is
                values.append(f"{name[2:].replace('-', ' ')}: {said}")
        values.extend(found.strip('"') for found in _PARAMETER.findall(parameters))
    yield from titles
    yield Place.FIRST_LINE, where, "\n".join(values)


def _lines(text: str) -> Iterator[tuple[str, str, str]]:
    """Name, parameters and value of each content line; what is none is a value without a name."""
    unfolded = _FOLD.sub("", _QUOTED.sub(lambda found: _SOFT.sub("", found[0]), text))
    for line in unfolded.splitlines():
        found = _LINE.fullmatch(line)
        if found is not None:
            yield found[1].rpartition(".")[2].upper(), found[2], found[3]
        elif line.strip():
            yield "", "", line


def _said(parameters: str, value: str) -> str:
    if "QUOTED-PRINTABLE" in parameters.upper():
        charset = _CHARSET.search(parameters)
        value = decoded(quopri.decodestring(value.encode("utf-8", "replace")), charset[1] if charset else None)
    value = _ESCAPE.sub(lambda found: "\n" if found[1] in "nN" else found[1], value)
    if "<" not in value:
        return value
    # What looks like tags may be characters of a file (mime/uuencode.py).
    return f"{to_text(value)}\n{value}" if may_hold_file(value) else to_text(value)


def _file(parameters: str, value: str) -> tuple[bytes | None, str]:
    """A file in a value: its octets and its media type."""
    uri = _DATA.match(value)
    if uri is not None:
        return _from_base64(uri[3]), uri[1].lower()
    if _BASE64.search(parameters):
        declared = _FORMAT.search(parameters)
        return _from_base64(value), declared[1].lower() if declared and "/" in declared[1] else ""
    return None, ""


def _called(parameters: str) -> str:
    found = re.search(r"(?:X-)?(?:\w+-)?FILENAME=\"?([^\";:]+)", parameters, re.IGNORECASE)
    return found[1] if found else ""


def _from_base64(text: str) -> bytes:
    kept = re.sub(r"[^A-Za-z0-9+/]", "", text)
    try:
        return binascii.a2b_base64(kept + "=" * (-len(kept) % 4))
    except binascii.Error:
        return text.encode("utf-8", "replace")
