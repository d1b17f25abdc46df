"""Whether a message is already inside a protection: S/MIME, PGP/MIME, or Microsoft rights protection. Pure.

The declared type is not believed alone: the first octets must be those of an envelope (RFC 5652 section 6, RFC 9580 section 4.3,
[MS-OXORMMS] 2.2.3.1). The subject of all, and of a Microsoft message the covering text, stay outside: they are read and judged as words,
and where they need protection such a message is not protected (policy/view.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pybase64

from gateway.mime.decode import decode, head
from gateway.model.message import Buffer, Part, Role

# ContentInfo of CMS: envelopedData, authEnvelopedData.
_ENVELOPES = (bytes.fromhex("06092a864886f70d010703"), bytes.fromhex("060b2a864886f70d0109100117"))
_SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")
_DATA = bytes.fromhex("06092a864886f70d010701")  # the type of what is signed
SIGNATURE_OCTETS = 1024  # at the start of a signature, that tell whether it is a detached one
_RIGHTS_PROTECTED = bytes.fromhex("76e80460c411e386")
_PGP_BEGIN = b"-----BEGIN PGP MESSAGE-----"
_PGP_END = b"-----END PGP MESSAGE-----"
_PGP_VERSION = re.compile(rb"\s*version\s*:\s*1\s*", re.IGNORECASE)
_PGP_HEAD = re.compile(rb"\s*+" + _PGP_BEGIN + rb"[ \t]*+\r?\n(?:[^\r\n]++\r?\n)*+\r?\n")
_ARMOUR = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/= \t\r\n"
# Packets that an encrypted message may begin with: encrypted session keys, encrypted data, marker.
_PGP_ENCRYPTED = frozenset({1, 3, 9, 10, 18, 20})


def find_protection(buffer: Buffer, parts: tuple[Part, ...]) -> str | None:
    """`smime`, `pgp` or `microsoft-365` when all words and files are inside it, else None."""
    root = parts[0]
    if root.media_type in {"application/pkcs7-mime", "application/x-pkcs7-mime"} and len(parts) == 1:
        return "smime" if _is_envelope(head(buffer, root, 64)) else None
    leaves = [part for part in parts if part.role is not Role.CONTAINER]
    if root.media_type == "multipart/encrypted" and root.protocol in {None, "application/pgp-encrypted"}:
        return "pgp" if _is_pgp(buffer, leaves) else None
    files = [part for part in leaves if part.role is not Role.BODY and part.role is not Role.INLINE]
    if len(files) == 1 and files[0].media_type == "application/x-microsoft-rpmsg-message":
        return "microsoft-365" if head(buffer, files[0], 8) == _RIGHTS_PROTECTED else None
    return None


def is_detached_signature(octets: bytes) -> bool:
    """Whether they begin a SignedData of CMS without the content that it signs (RFC 5652 section 5.2): certificates, but no words."""
    if octets[:1] != b"\x30" or octets.find(_SIGNED_DATA, 2, 7 + len(_SIGNED_DATA)) < 0:
        return False
    content = octets.find(_DATA)
    before, after = octets[content - 2 : content], octets[content + len(_DATA) :]
    return content > 0 and (before == b"\x30\x0b" or (before == b"\x30\x80" and after.startswith(b"\0\0")))


def _is_envelope(octets: bytes) -> bool:
    # SEQUENCE, its length in 1 to 5 octets (or indefinite), then the object identifier.
    return octets[:1] == b"\x30" and any(octets.find(oid, 2, 7 + len(oid)) > 0 for oid in _ENVELOPES)


def _is_pgp(buffer: Buffer, leaves: list[Part]) -> bool:
    """RFC 3156 section 4: a version part, then one part that is an armoured encrypted message and nothing else."""
    if [leaf.media_type for leaf in leaves] != ["application/pgp-encrypted", "application/octet-stream"]:
        return False
    if len(leaves[0].body) > 256 or not _PGP_VERSION.fullmatch(head(buffer, leaves[0], 256)):
        return False
    armour = head(buffer, leaves[1], 4096)
    opening = _PGP_HEAD.match(armour)
    if opening is None:
        return False
    data = armour[opening.end() :].lstrip()[:4]
    try:
        first = pybase64.b64decode(data, validate=True)[0] if len(data) == 4 else 0
    except ValueError:
        return False
    is_encrypted = bool(first & 0x80) and (first & 0x3F if first & 0x40 else first >> 2 & 0x0F) in _PGP_ENCRYPTED
    return is_encrypted and _ends_with_armour(decode(buffer, leaves[1].body, leaves[1].encoding), opening.end())


def _ends_with_armour(pieces: Iterator[bytes], skip: int) -> bool:
    """Whether from `skip` on there is base64, then the end of the armour, and nothing behind it that somebody could read."""
    tail = b""
    for piece in pieces:
        text = piece[skip:]
        skip = max(skip - len(piece), 0)
        base64, hyphen, rest = (b"", b"", text) if tail else text.partition(b"-")  # base64 has no hyphen
        tail += hyphen + rest
        if base64.translate(None, _ARMOUR) or len(tail) > 1024:
            return False
    return tail.strip() == _PGP_END
