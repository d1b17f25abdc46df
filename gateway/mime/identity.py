"""What makes two deliveries attempts at the same transaction (DESIGN section 6). Pure over the content.

The digest leaves out what a relaying server writes anew at each attempt, so that a retry has the identity of the first attempt.
With neither an IDENT of XFORWARD nor a Message-ID there is no identity, and nothing is ever skipped.
"""

from __future__ import annotations

import hashlib
import re
import struct
from collections.abc import Iterator

from gateway.mime.headers import HEADER_OCTETS, WINDOW_OCTETS, read_value
from gateway.model.message import Buffer

_TRACE = (b"received", b"return-path", b"delivered-to")  # our own stamp stands in a Received field
_COLON = re.compile(rb"[ \t]*+:")
_VALUE = re.compile(rb"[ \t]*+:((?:[^\n]++|\n[ \t])*+)")
_FIELD_END = re.compile(rb"\r\n(?![ \t])")


def identity(
    listener: str, authority: str, reverse_path: str, ident: str | None, message_id: str | None, body_digest: bytes
) -> bytes | None:
    """32 octets that are equal for attempts at one transaction and differ for all others; None when nothing tells them apart.

    Args:
        listener: the name of the listener.
        authority: the certificate or tenant that the client showed, or "".
        reverse_path: wire text.
        ident: the IDENT that XFORWARD gave.
        message_id: value of the Message-ID field.
        body_digest: what `digest_without_trace` gave.
    """
    name = f"ident {ident}" if ident else f"message-id {message_id}" if message_id else None
    if name is None:
        return None
    texts = [text.encode("utf-8", "surrogatepass") for text in (listener, authority, reverse_path, name)]
    lengths = struct.pack(">4I", *map(len, texts))  # so no two lists run together alike
    return hashlib.sha256(b"".join((lengths, *texts, body_digest))).digest()


def message_id_of(header: bytes) -> str | None:
    """The value of the first Message-ID field of a header section, without blanks; None when there is none. Needs no parse."""
    return message_id_octets(header).decode("ascii", "backslashreplace") or None


def subject_of(header: bytes) -> str:
    """The first Subject of a header section, decoded; "" when there is none. Needs no parse."""
    return read_value(_first(header, b"subject"))


def message_id_octets(header: bytes) -> bytes:
    """The same as it stands; empty when there is none."""
    return b"".join(_first(header, b"message-id").split())


def _first(header: bytes, name: bytes) -> bytes:
    """The value of the first field of this name, as it stands."""
    for start in _starts(header.lower(), name):
        match = _VALUE.match(header, start + len(name))
        if match is not None:
            return match[1]
    return b""


def digest_without_trace(buffer: Buffer) -> bytes:
    """SHA-256 of the message without its trace fields, in one pass; the interpreter lock is free while it hashes.

    Only the first 64 KiB are searched for trace fields: a longer header section is hashed as it stands behind that.
    """
    sha256 = hashlib.sha256()
    beginning = buffer[0:HEADER_OCTETS]
    end = 0 if beginning.startswith(b"\r\n") else beginning.find(b"\r\n\r\n")
    searched = end + 2 if end > 0 else len(beginning) if end < 0 else 0
    start = 0
    for first, after in _trace_fields(beginning[:searched]):
        sha256.update(beginning[start:first])
        start = after
    sha256.update(beginning[start:searched])
    for at in range(searched, len(buffer), WINDOW_OCTETS):
        sha256.update(buffer[at : min(at + WINDOW_OCTETS, len(buffer))])
    return sha256.digest()


def _trace_fields(header: bytes) -> list[tuple[int, int]]:
    """Where each trace field starts and ends, in order."""
    lower = header.lower()
    found = []
    for name in _TRACE:
        for start in _starts(lower, name):
            if _COLON.match(header, start + len(name)):
                end = _FIELD_END.search(header, start)
                found.append((start, end.end() if end else len(header)))
    return sorted(found)


def _starts(lower: bytes, name: bytes) -> Iterator[int]:
    """Where lines begin with this name. A search for octets is far quicker than a pattern that ignores case."""
    if lower.startswith(name):
        yield 0
    at = lower.find(b"\r\n" + name)
    while at >= 0:
        yield at + 2
        at = lower.find(b"\r\n" + name, at + 2)
