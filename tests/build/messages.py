"""An Internet message as it stands on the wire (RFC 5322, MIME): CRLF line ends, base64 lines of 76 octets."""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Sequence
from email.header import Header
from urllib.parse import quote

File = tuple[str, bytes, str]  # name, octets, media type
Inline = tuple[str, str, bytes, str]  # Content-ID without brackets, name, octets, media type

DATE = "Mon, 05 Jan 2026 09:00:00 +0000"


def message(
    sender: str,
    recipients: str | Sequence[str],
    subject: str,
    text: str,
    html: str | None = None,
    attachments: Iterable[File] = (),
    inline: Iterable[Inline] = (),
    message_id: str | None = None,
    date: str = DATE,
    *,
    headers: Iterable[tuple[str, str]] = (),
) -> bytes:
    """A message from `sender` to the addresses of `recipients` (the To field; leave out who is Bcc).

    Args:
        inline: pictures that the HTML names by `cid:`; they make a multipart/related.
        message_id: without brackets; else one that follows from the other arguments.
        headers: more fields, put as they are above the standard ones.
    """
    to = (recipients,) if isinstance(recipients, str) else tuple(recipients)
    files, pictures = tuple(attachments), tuple(inline)
    body = _body(text, html, pictures)
    if files:
        body = _multipart("mixed", (body, *(_attachment(*file) for file in files)))
    if message_id is None:
        digest = hashlib.sha256("\0".join((sender, *to, subject, date)).encode() + body).hexdigest()[:24]
        message_id = f"{digest}@{sender.rpartition('@')[2] or 'localhost'}"
    fields = (
        *headers,
        ("Date", date),
        ("From", sender),
        ("To", ",\r\n ".join(to)),
        ("Subject", _unstructured(subject)),
        ("Message-ID", f"<{message_id}>"),
        ("MIME-Version", "1.0"),
    )
    return "".join(f"{name}: {value}\r\n" for name, value in fields if value).encode() + body


def _body(text: str, html: str | None, pictures: tuple[Inline, ...]) -> bytes:
    body = _text("plain", text)
    if html is None:
        return body
    other = _text("html", html)
    if pictures:
        other = _multipart("related", (other, *(_inline(*picture) for picture in pictures)))
    return _multipart("alternative", (body, other))


def _text(kind: str, text: str) -> bytes:
    lines = re.sub(r"\r\n|\r|\n", "\r\n", text).removesuffix("\r\n") + "\r\n"
    octets = lines.encode()
    plain = lines.isascii() and max(map(len, octets.split(b"\r\n"))) <= 78
    encoding = "7bit" if plain else "quoted-printable"
    if not plain:
        octets = b"\r\n".join(binascii.b2a_qp(line, istext=True).replace(b"=\n", b"=\r\n") for line in octets.split(b"\r\n"))
    return _entity([("Content-Type", f"text/{kind}; charset=utf-8"), ("Content-Transfer-Encoding", encoding)], octets)


def _attachment(name: str, octets: bytes, media_type: str) -> bytes:
    disposition = "attachment; " + _parameter("filename", name)
    return _encoded([("Content-Type", f"{media_type}; " + _parameter("name", name)), ("Content-Disposition", disposition)], octets)


def _inline(content_id: str, name: str, octets: bytes, media_type: str) -> bytes:
    fields = [
        ("Content-Type", media_type),
        ("Content-ID", f"<{content_id}>"),
        ("Content-Disposition", "inline; " + _parameter("filename", name)),
    ]
    return _encoded(fields, octets)


def _encoded(fields: Sequence[tuple[str, str]], octets: bytes) -> bytes:
    return _entity([*fields, ("Content-Transfer-Encoding", "base64")], base64.encodebytes(octets).replace(b"\n", b"\r\n"))


def _entity(fields: Iterable[tuple[str, str]], body: bytes) -> bytes:
    return "".join(f"{name}: {value}\r\n" for name, value in fields).encode() + b"\r\n" + body


def _multipart(kind: str, parts: Sequence[bytes]) -> bytes:
    digest = hashlib.sha256(kind.encode())
    for part in parts:
        digest.update(part)
    # "=_" never occurs in base64 or quoted-printable (RFC 2045 6.7).
    boundary = "=_" + digest.hexdigest()[:24]
    opened = b"--" + boundary.encode() + b"\r\n"
    body = b"".join(opened + part + b"\r\n" for part in parts) + b"--" + boundary.encode() + b"--\r\n"
    return _entity([("Content-Type", f'multipart/{kind};\r\n boundary="{boundary}"')], body)


def _parameter(key: str, value: str) -> str:
    """RFC 2231 for what is not ASCII, a quoted-string for the rest."""
    if value.isascii():
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'{key}="{escaped}"'
    return f"{key}*=utf-8''{quote(value, safe='')}"


def _unstructured(text: str) -> str:
    """RFC 2047 encoded-words where needed, folded."""
    return text if text.isascii() and len(text) <= 900 else Header(text, "utf-8", maxlinelen=76).encode(linesep="\r\n")
