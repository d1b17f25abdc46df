"""A message in seven bits, for a hop without 8BITMIME (RFC 6152 section 3): parts with octets over 127 encoded, all else untouched. Pure.

In: a message and the octets it stands in. Out: what stands instead of which octets, or None where the message would be broken by it: inside
a signature or an envelope (RFC 1847, RFC 6376), in header sections and between parts, where readers may see different parts, and where it
is more than we change. Only bodies and their Content-Transfer-Encoding fields change; nothing is serialised anew.
Standards: RFC 2045 sections 6.4, 6.7 and 6.8.
"""

from __future__ import annotations

import re
from binascii import b2a_qp
from collections.abc import Callable, Iterator

import pybase64

from gateway.mime.headers import read_section
from gateway.model.message import Buffer, DefectName, Encoding, Message, Part, Span
from gateway.model.outcome import Splice

MOST_OCTETS = 8 * 1_048_576  # of all parts that are encoded: they are in memory for a while
_MOST_QUOTED = 262_144  # a larger part is base64, which is made at the speed of memory
_LINE_OCTETS = 76  # RFC 2045 section 6.7 (5)
_WINDOW = 262_144

_ENCODING = "content-transfer-encoding"
_SIGNED_BY = ("dkim-signature", "domainkey-signature", "arc-message-signature")
_CLOSED = ("multipart/signed", "multipart/encrypted")
# What does not make it doubtful where parts begin and end, and how they are read.
_HARMLESS = {DefectName.BARE_LINE_END, DefectName.NUL, DefectName.LONG_LINE, DefectName.BAD_BASE64, DefectName.BOUNDARY_UNCLOSED}
_DASHES = re.compile(rb"^--", re.MULTILINE)


def to_seven_bit(buffer: Buffer, message: Message, is_ours: Callable[[bytes], bool] = lambda _: False) -> tuple[Splice, ...] | None:
    """What is to be put in place of what, sorted and disjoint; None: it cannot be done.

    `is_ours`: whether the message's own DKIM-Signature of this value may be broken, for it will be made again.
    """
    if any(defect.name not in _HARMLESS for defect in message.defects) or message.field("mime-version") is None:
        return None
    parts = {part.id: part for part in message.parts}
    holders = {part.parent for part in message.parts}
    leaves = [part for part in message.parts if part.id not in holders and not _is_ascii(buffer, part.body)]
    if sum(len(leaf.body) for leaf in leaves) > MOST_OCTETS or not all(_may_change(buffer, leaf, parts, is_ours) for leaf in leaves):
        return None
    around = dict.fromkeys(holder.id for leaf in leaves for holder in _around(leaf, parts))
    splices = [splice for leaf in leaves for splice in _encoded(buffer, leaf)]
    splices += [splice for name in around for splice in _relabelled(buffer, parts[name], "7bit")]
    splices.sort()
    return tuple(splices) if _is_ascii_between(buffer, splices) else None


def _may_change(buffer: Buffer, leaf: Part, parts: dict[str, Part], is_ours: Callable[[bytes], bool]) -> bool:
    """Whether it stands in no signature, is of a kind that may be encoded (RFC 2046 section 5.2), and can be labelled."""
    if leaf.encoding is not Encoding.IDENTITY or leaf.media_type.startswith(("multipart/", "message/")):
        return False
    chain = (leaf, *_around(leaf, parts))
    if any(part.media_type in _CLOSED for part in chain) or leaf.header.end + 2 != leaf.body.start:
        return False
    return not any(
        raw.key in _SIGNED_BY and not (part.header.start == 0 and raw.key == "dkim-signature" and is_ours(raw.value))
        for part in chain
        for raw in read_section(buffer, part.header.start, part.body.end).fields
    )


def _around(part: Part, parts: dict[str, Part]) -> Iterator[Part]:
    """What it stands in, from the inside out."""
    while part.parent is not None:
        part = parts[part.parent]
        yield part


def _encoded(buffer: Buffer, leaf: Part) -> Iterator[Splice]:
    body = buffer[leaf.body.start : leaf.body.end]
    quoted = _quoted_printable(body) if leaf.media_type.startswith("text/") else None
    yield from _relabelled(buffer, leaf, "base64" if quoted is None else "quoted-printable", insert=True)
    yield Splice(leaf.body.start, leaf.body.end, _base64(body) if quoted is None else quoted)


def _relabelled(buffer: Buffer, part: Part, encoding: str, *, insert: bool = False) -> Iterator[Splice]:
    """Its Content-Transfer-Encoding says what it is now. What holds others is labelled only where it was."""
    field = f"Content-Transfer-Encoding: {encoding}\r\n".encode("ascii")
    section = read_section(buffer, part.header.start, part.body.end)
    there = [raw for raw in section.fields if raw.key == _ENCODING]
    if there:
        yield Splice(there[0].start, there[0].end, field)
    elif insert:
        yield Splice(part.header.end, part.header.end, field)


def _quoted_printable(body: bytes) -> bytes | None:
    """None: base64 is shorter, or quicker, or the only one whose lines cannot be taken for a delimiter."""
    high = len(body.translate(None, bytes(range(128))))
    if len(body) > _MOST_QUOTED or high * 6 > len(body):
        return None
    encoded = b2a_qp(body, istext=True).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")  # its soft breaks may end in LF alone
    encoded = _DASHES.sub(b"=2D-", encoded)  # a line may be broken just before what is then a delimiter
    return encoded if max(map(len, encoded.split(b"\r\n"))) <= _LINE_OCTETS else None


def _base64(body: bytes) -> bytes:
    return pybase64.encodebytes(body).replace(b"\n", b"\r\n")


def _is_ascii_between(buffer: Buffer, splices: list[Splice]) -> bool:
    """Whether all that stays has seven bits."""
    at = 0
    for splice in (*splices, Splice(len(buffer), len(buffer))):
        if not _is_ascii(buffer, Span(at, splice.start)):
            return False
        at = splice.end
    return True


def _is_ascii(buffer: Buffer, span: Span) -> bool:
    return all(buffer[at : min(at + _WINDOW, span.end)].isascii() for at in range(span.start, span.end, _WINDOW))
