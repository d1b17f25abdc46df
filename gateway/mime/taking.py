"""Which files can be taken out of a message, and why the others cannot. Pure.

A file is taken out as a whole, with its part: one inside another, or inside an attached message, goes with what it is in. Nothing is taken
out of what is signed (RFC 1847, RFC 8551, RFC 3156; a DKIM signature is made again), encrypted, or in a container that we do not write;
nor of a message that two readers see differently (adr/0009).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gateway.mime.outside import is_indexed_whole
from gateway.model.message import Encoding, Fixed, Message, Part, Role

_AROUND = {"multipart/signed": Fixed.SIGNED, "multipart/encrypted": Fixed.ENCRYPTED}
_FOREIGN = frozenset({"application/ms-tnef", "application/vnd.ms-tnef", "application/pkcs7-mime", "application/x-pkcs7-mime"})
_RIGHTS_PROTECTED = "application/x-microsoft-rpmsg-message"
_PIECES = frozenset({"message/partial", "message/external-body"})


def find_fixed(message: Message, files: Iterable[str]) -> dict[str, Fixed]:
    """Of these outermost files, by id, those that cannot be taken out, and why."""
    whole = _of_all(message)
    if whole is not None:
        return dict.fromkeys(files, whole)
    parts = dict(_each(message.parts))
    return {name: why for name in files if (why := parts.get(name, Fixed.IN_WORDS)) is not None}


def _of_all(message: Message) -> Fixed | None:
    if message.sent_as is not None:
        return Fixed.ENCRYPTED
    if message.otherwise or not is_indexed_whole(message):
        return Fixed.READINGS
    return None


def _each(parts: Iterable[Part]) -> Iterator[tuple[str, Fixed | None]]:
    """Each file and why it is fixed. What stands around it was seen before it."""
    inside: dict[str, Fixed | None] = {}
    for part in parts:
        around = inside.get(part.parent) if part.parent is not None else None
        inside[part.id] = around or _AROUND.get(part.media_type)
        if part.role is Role.FILE:
            yield part.id, around or _by_itself(part)


def _by_itself(part: Part) -> Fixed | None:
    if part.media_type in _FOREIGN:
        return Fixed.FOREIGN
    if part.media_type == _RIGHTS_PROTECTED:
        return Fixed.ENCRYPTED
    if part.media_type in _PIECES:
        return Fixed.PIECE
    return Fixed.ENCODING if part.encoding is Encoding.UNKNOWN else None
