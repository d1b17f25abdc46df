"""Pieces of a message that we write ourselves: fields that nothing can be injected into, parts that pass any relay. Pure.

Standards: RFC 5322, RFC 2045 to 2047. Everything is ASCII in lines of at most 998 octets, ended by CRLF; the only exception is an
address that cannot be written in ASCII (RFC 6532), and mail to it needs SMTPUTF8 anyway.
"""

from __future__ import annotations

import hashlib
import re
from binascii import b2a_qp
from collections.abc import Iterable
from datetime import UTC, datetime

import idna

from gateway.mime.words import encode_words

LINE_OCTETS = 998

_ADDRESS_CHARACTERS = 320  # 64 + 1 + 255: RFC 5321 section 4.5.3.1
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_CONTROLS = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_TEXT_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_LINE_END = re.compile(rb"\r\n|\r|\n")
_ATEXT = r"[^\s\x00-\x20\x7f-\x9f\"(),.:;<>@\[\]\\]"
_DOT_ATOM = rf"{_ATEXT}++(?:\.{_ATEXT}++)*+"
_QUOTED = r'"(?:[^"\\\x00-\x1f\x7f-\x9f]|\\[ -~])*+"'
_MAILBOX = re.compile(rf"(?P<local>{_DOT_ATOM}|{_QUOTED})@(?P<domain>{_DOT_ATOM}|\[[!-Z^-~]++\])")
_MESSAGE_ID = re.compile(r"[!-;=?-~]{1,900}")


def clean(text: str) -> str:
    """One line: control characters and runs of blanks become one blank."""
    return _CONTROLS.sub(" ", text).strip()


def ascii_only(text: str) -> str:
    """One line of ASCII; what is not becomes `?`."""
    return clean(text).encode("ascii", "replace").decode("ascii")


def field(name: str, value: str) -> str:
    """A field, folded at blanks to 78 characters where that is possible; a longer word is cut at what a line can hold."""
    lines, line = [], f"{name}:"
    for word in (word[: LINE_OCTETS // 4] for word in value.split(" ") if word):
        if len(line) + 1 + len(word) > 78 and line.strip() != f"{name}:":
            lines.append(line)
            line = ""
        line += f" {word}"
    return "\r\n".join((*lines, line)) + "\r\n"


def subject_field(text: str) -> str:
    """A Subject; encoded-words where it is not ASCII."""
    words = encode_words(clean(text))
    return field("Subject", words) if words.isascii() and "\r\n" not in words else f"Subject: {words}\r\n"


def mailbox(address: str, name: str = "") -> str:
    """`name <address>`; an address that is none becomes an empty group, which is well formed and names nobody."""
    found = _MAILBOX.fullmatch(address)
    if found is None or len(address) > _ADDRESS_CHARACTERS:
        return "undisclosed-recipients:;"
    domain = found["domain"]
    if not domain.isascii():
        try:
            domain = idna.encode(domain, uts46=True).decode("ascii")
        except (idna.IDNAError, UnicodeError):
            return "undisclosed-recipients:;"
    angle = f"<{found['local']}@{domain}>"
    return f"{_phrase(clean(name))} {angle}" if clean(name) else angle


def _phrase(name: str) -> str:
    if not name.isascii() or "=?" in name:
        return encode_words(name)
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def message_id(value: str | None) -> str | None:
    """`<id>` of an identifier with or without brackets; None when it may not stand in a field."""
    if value is None:
        return None
    bare = value.strip().removeprefix("<").removesuffix(">")
    return f"<{bare}>" if _MESSAGE_ID.fullmatch(bare) else None


def date(at: datetime) -> str:
    """RFC 5322 section 3.3. A time without zone is taken as UTC."""
    aware = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    day = f"{_DAYS[aware.weekday()]}, {aware.day:02} {_MONTHS[aware.month - 1]} {aware.year:04}"
    return f"{day} {aware:%H:%M:%S} {aware.strftime('%z')[:5]}"


def text_octets(text: str) -> bytes:
    """A text for people, its line ends made CRLF, control characters left out."""
    return lines_octets(_TEXT_CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).encode("utf-8"))


def lines_octets(octets: bytes) -> bytes:
    """Lines, each ended by CRLF, without NUL."""
    lines = _LINE_END.sub(b"\r\n", octets.replace(b"\0", b""))
    return lines if lines.endswith(b"\r\n") or not lines else lines + b"\r\n"


def entity(content_type: str, octets: bytes) -> bytes:
    """A part: as it is where that passes any relay, else quoted-printable."""
    plain = octets.isascii() and max(map(len, octets.split(b"\r\n"))) <= LINE_OCTETS
    body = octets if plain else b2a_qp(octets, istext=True)
    encoding = "7bit" if plain else "quoted-printable"
    return f"Content-Type: {content_type}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n".encode("ascii") + body


def multipart(content_type: str, parts: Iterable[bytes]) -> bytes:
    """A multipart whose boundary follows from its parts, so that it cannot stand in them."""
    entities = tuple(parts)
    boundary = "=_" + hashlib.sha256(b"".join(entities)).hexdigest()[:32]
    head = f'Content-Type: {content_type};\r\n boundary="{boundary}"\r\n\r\n'
    delimiter = f"\r\n--{boundary}\r\n".encode("ascii")
    return head.encode("ascii") + b"".join(delimiter + part for part in entities)[2:] + f"\r\n--{boundary}--\r\n".encode("ascii")
