"""Whether a whole message is already inside a protection: S/MIME, PGP/MIME, or Microsoft rights protection. Pure.

The declared type is not believed alone: the first octets must be those of an envelope (RFC 5652 section 6, RFC 9580 section 4.3,
[MS-OXORMMS] 2.2.3.1). Of a Microsoft message the covering text stays outside, so its words are read and judged as words.
"""

from __future__ import annotations

import pybase64

from gateway.mime.decode import head
from gateway.model.message import Buffer, Part, Role

# ContentInfo of CMS: envelopedData, authEnvelopedData.
_ENVELOPES = (bytes.fromhex("06092a864886f70d010703"), bytes.fromhex("060b2a864886f70d0109100117"))
_RIGHTS_PROTECTED = bytes.fromhex("76e80460c411e386")
_PGP_BEGIN = b"-----BEGIN PGP MESSAGE-----"
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


def _is_envelope(octets: bytes) -> bool:
    # SEQUENCE, its length in 1 to 5 octets (or indefinite), then the object identifier.
    return octets[:1] == b"\x30" and any(octets.find(oid, 2, 7 + len(oid)) > 0 for oid in _ENVELOPES)


def _is_pgp(buffer: Buffer, leaves: list[Part]) -> bool:
    """RFC 3156 section 4: a version part, then one part that is an armoured encrypted message and nothing else."""
    if [leaf.media_type for leaf in leaves] != ["application/pgp-encrypted", "application/octet-stream"]:
        return False
    version, armour = head(buffer, leaves[0], 256), head(buffer, leaves[1], 4096)
    if len(leaves[0].body) > 256 or not version.strip().lower().startswith(b"version"):
        return False
    begin, _, rest = armour.lstrip().replace(b"\r\n", b"\n").partition(b"\n\n")
    if begin.split(b"\n", 1)[0].rstrip() != _PGP_BEGIN:
        return False
    data = rest.lstrip()[:4]
    try:
        first = pybase64.b64decode(data, validate=True)[0] if len(data) == 4 else 0
    except ValueError:
        return False
    return bool(first & 0x80) and (first & 0x3F if first & 0x40 else first >> 2 & 0x0F) in _PGP_ENCRYPTED
