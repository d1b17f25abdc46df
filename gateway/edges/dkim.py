"""Our DKIM signatures (RFC 6376, RFC 8463): a copy that we have changed or made, signed by the domain of its author.

relaxed/simple, without l= and i=, in a thread: the content is read through once, in chunks, and is never whole in memory. Which fields are
hashed, and in which order, is dkimpy's work; it is given the header section alone. The hash of the body, the private keys and the lines of
the field are ours: dkimpy takes the whole message, computes with the private key in plain Python, and folds a long domain in its middle.

Fields that matter are signed once more than they are there, so that nobody can add another (section 8.15). Not so Date and Message-ID where
they are missing: a mail server on the way may have to add them (RFC 6409 section 8). A signature of ours that the change breaks is taken
out; those of others stay, and so do Authentication-Results and ARC.
Why so: adr/0016. Limits: a header section of more than 256 KiB is not signed.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain

from gateway.edges.dkim_keys import Domain, SigningKey, SigningKeys
from gateway.edges.outgoing import written
from gateway.errors import TryLater
from gateway.mime.authors import a_label, author_domains
from gateway.mime.headers import Raw, Section, read_section
from gateway.model.outcome import Copy, Splice
from gateway.ports.clock import Clock

HEADER_OCTETS = 262_144

_ALWAYS = (
    "from", "reply-to", "to", "cc", "subject", "in-reply-to", "references",
    "mime-version", "content-type", "content-transfer-encoding",
)  # fmt: skip
_WHERE_THERE = ("date", "message-id")  # once more than they are there, but not where they are missing
_AS_OFTEN = (
    "sender", "content-id", "content-description", "content-disposition", "content-language", "auto-submitted",
    "resent-date", "resent-from", "resent-sender", "resent-to", "resent-cc", "resent-message-id",
    "list-id", "list-help", "list-unsubscribe", "list-unsubscribe-post", "list-subscribe", "list-post", "list-owner", "list-archive",
)  # fmt: skip
_NOT_OF_OURS = frozenset({"received", "dkim-signature"})  # of the fields of our head: trace (section 5.4.1)
_LINE = re.compile(rb"\r\n(?![ \t])")
_NAME = re.compile(rb"([!-9;-~]+)[ \t]*")
_BLANKS = re.compile(rb"[ \t]+")
_TAG = re.compile(rb"(?:\A|;)\s*([a-zA-Z][a-zA-Z0-9_]*)\s*=([^;]*)")
_WIDTH = 72

Headers = list[tuple[bytes, bytes]]  # names in lower case, values as "relaxed" has them


class Signer:
    """ports.Signer. One for each process; `unsigned` are names, lower-case, of fields that next hops take off again."""

    def __init__(self, keys: SigningKeys, clock: Clock, unsigned: frozenset[str] = frozenset()) -> None:
        self._clock = clock
        self._unsigned = unsigned | _NOT_OF_OURS
        self.use(keys)

    def use(self, keys: SigningKeys) -> None:
        """Sign with these from now on."""
        if keys.domains:
            import dkim  # noqa: F401, PLC0415 - with its resolver it is slow to load: not for the first message to wait for
        self._keys = keys

    async def sign(self, copy: Copy) -> Copy:
        """See ports.Signer."""
        if not self._keys.domains:
            return copy
        try:
            return await asyncio.to_thread(self._sign, copy)
        except OSError as error:
            raise TryLater(f"the content cannot be read back: {error}") from error

    def is_ours(self, signature: bytes) -> bool:
        """See ports.Signer."""
        domain = a_label(_tags(signature).get("d", ""))
        found = None if domain is None else self._keys.find(domain)
        return found is not None and bool(found.signing)

    # --- in a thread --------------------------------------------------------------------------------------------------

    def _sign(self, copy: Copy) -> Copy:
        cleaned = self._without_broken(copy)
        octets = written(cleaned)
        header, beginning = _header(octets)
        if header is None:
            return copy
        fields = _fields(header)
        domain = self._whose(fields, copy.reverse_path)
        if domain is None:
            return copy
        names = self._names(fields, cleaned.head)
        body, at = _body_hash(chain((beginning,), octets)), int(self._clock.now().timestamp())
        signatures = [_signature(key, domain.name, fields, names, body, at) for key in domain.signing]
        return replace(cleaned, head=b"".join((*signatures, cleaned.head)))

    def _whose(self, fields: Headers, reverse_path: str) -> Domain | None:
        """The first author whose domain we have a key for: receivers compare d= with From (DMARC). Else who is told when it fails."""
        authors = [domain for name, value in fields if name == b"from" for domain in author_domains(value)]
        sender = a_label(reverse_path.rpartition("@")[2])
        found = (self._keys.find(domain) for domain in (*authors, *([sender] if sender else [])))
        return next((domain for domain in found if domain is not None and domain.signing), None)

    def _names(self, fields: Headers, head: bytes) -> list[str]:
        """h=: each name as often as it is signed."""
        there = Counter(name.decode("ascii") for name, _ in fields)
        ours = dict.fromkeys(name.decode("ascii") for name, _ in _fields(head))
        always = (*_ALWAYS, *(name for name in ours if name not in self._unsigned and name not in _ALWAYS))
        names = [name for name in always for _ in range(there[name] + 1)]
        names += [name for name in _WHERE_THERE if there[name] for _ in range(there[name] + 1)]
        return names + [name for name in _AS_OFTEN if name not in ours for _ in range(there[name])]

    # --- our own broken signatures ------------------------------------------------------------------------------------

    def _without_broken(self, copy: Copy) -> Copy:
        """Of the head as well: what is signed again has been changed since."""
        head = b"".join(field for field in _whole_fields(copy.head) if _key(field) != b"dkim-signature")
        with copy.content.view() as buffer:
            section = read_section(buffer, 0, len(buffer))
        signatures = [raw for raw in section.fields if raw.key == "dkim-signature" and self.is_ours(raw.value)]
        if not signatures:
            return replace(copy, head=head)
        body_is_changed, touched = _changes(copy, section)
        broken = [raw for raw in signatures if body_is_changed or touched & _signed_names(raw.value)]
        left_out = [Splice(raw.start, raw.end) for raw in broken if not _is_out(raw, copy)]
        return replace(copy, head=head, splices=tuple(sorted((*copy.splices, *left_out))))


# --- what stands in a copy ----------------------------------------------------------------------------------------------


def _header(octets: Iterator[bytes]) -> tuple[bytes | None, bytes]:
    """The header section without the empty line, and what has been read of the body. None: it is too large."""
    found = b""
    for piece in octets:
        start = max(len(found) - 3, 0)
        found += piece
        if found.startswith(b"\r\n"):
            return b"", found[2:]
        end = found.find(b"\r\n\r\n", start)
        if end >= 0:
            return (found[: end + 2], found[end + 4 :]) if end < HEADER_OCTETS else (None, b"")
        if len(found) > HEADER_OCTETS:
            return None, b""
    return found, b""


def _fields(header: bytes) -> Headers:
    """In canonical form (section 3.4.2). Lines that are no field are passed over."""
    found = []
    for line in _LINE.split(header):
        name, colon, value = line.partition(b":")
        if colon and (match := _NAME.fullmatch(name)) is not None:
            # Blanks and tabs alone are taken off: dkimpy's own takes VT and FF too, and is alone in that.
            found.append((match[1].lower(), _BLANKS.sub(b" ", value.replace(b"\r\n", b"")).strip(b" ") + b"\r\n"))
    return found


def _whole_fields(header: bytes) -> Iterator[bytes]:
    return (line + b"\r\n" for line in _LINE.split(header) if line)


def _key(line: bytes) -> bytes:
    return line.partition(b":")[0].strip().lower()


def _body_hash(octets: Iterator[bytes]) -> bytes:
    """Of the body in "simple" form (section 3.4.3): empty lines at the end count as one line end, and so does no body at all."""
    hashed = hashlib.sha256()
    ended = hashed.copy()  # as it was behind the last octet that is no line end
    for piece in octets:
        kept = len(piece.rstrip(b"\r\n"))
        if kept:
            hashed.update(memoryview(piece)[:kept])
            ended = hashed.copy()
        hashed.update(memoryview(piece)[kept:])
    ended.update(b"\r\n")
    return ended.digest()


def _changes(copy: Copy, section: Section) -> tuple[bool, set[str]]:
    """Whether the body is another, and the names of fields that are new or gone."""
    body_is_changed = any(splice.end > section.body or splice.start >= section.body for splice in copy.splices)
    gone = {raw.key for raw in section.fields if any(splice.start < raw.end and raw.start < splice.end for splice in copy.splices)}
    put_in = (copy.head, *(splice.octets for splice in copy.splices if splice.start < section.body))
    new = {name.decode("ascii") for octets in put_in for name, _ in _fields(octets)}
    return body_is_changed, gone | new


def _is_out(raw: Raw, copy: Copy) -> bool:
    return any(splice.start <= raw.start and raw.end <= splice.end for splice in copy.splices)


# --- the field ----------------------------------------------------------------------------------------------------------


def _signature(key: SigningKey, domain: str, fields: Headers, names: list[str], body_hash: bytes, at: int) -> bytes:
    from dkim import hash_headers  # noqa: PLC0415 - see Signer.use
    from dkim.canonicalization import Relaxed  # noqa: PLC0415

    field = (
        f" v=1; a={key.algorithm}; c=relaxed/simple; t={at};\r\n\td={domain}; s={key.selector};\r\n\t"
        f"h={_colons(names)};\r\n\tbh={base64.b64encode(body_hash).decode('ascii')};\r\n\tb="
    ).encode("ascii")
    hashed = hashlib.sha256()
    hash_headers(hashed, Relaxed, fields, [name.encode("ascii") for name in names], (b"DKIM-Signature", field), {})
    signature = base64.b64encode(key.sign(hashed.digest()))
    pieces = (signature[at : at + _WIDTH] for at in range(0, len(signature), _WIDTH))
    return b"DKIM-Signature:" + field + b"\r\n\t".join(pieces) + b"\r\n"


def _colons(names: list[str]) -> str:
    """Names with colons between them, folded behind a colon."""
    lines = [""]
    for name in names:
        if len(lines[-1]) + len(name) > _WIDTH:
            lines.append("")
        lines[-1] += f"{name}:"
    return "\r\n\t".join(lines)[:-1]


def _tags(signature: bytes) -> dict[str, str]:
    """Of a DKIM-Signature; what is badly written is passed over."""
    return {match[1].decode("ascii").lower(): match[2].decode("utf-8", "replace").strip() for match in _TAG.finditer(signature)}


def _signed_names(signature: bytes) -> set[str]:
    return {name.strip().lower() for name in _tags(signature).get("h", "").split(":")}
