"""What the gateway and its sandboxed children say to each other, as JSON values. Pure.

In: nouns, or values that a child sent. Out: JSON-able values, or nouns. What a child says is taken only when its shape is exactly right:
anything else is a ValueError, and the child has crashed. Nothing is ever pickled.
A frame is its length (four octets, network order) and then that many octets of JSON (RFC 8259).
"""

from __future__ import annotations

import json
import re
import struct
from enum import StrEnum
from typing import Any

from gateway.model.finding import Evidence, EvidenceKind, FileFinding, OwnDetector, Pattern, Patterns, Place, Readable

LENGTH = struct.Struct("!I")
REPLY_LIMIT = 1_048_576  # octets of one frame from a child: all that it found in one file
TEXT_LIMIT = 4096  # characters of one text from a child

_SHA256 = re.compile(r"[0-9a-f]{64}|")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_KINDS = {kind.value: kind for kind in EvidenceKind}
_PLACES = {place.value: place for place in Place}
_READABLE = {readable.value: readable for readable in Readable}


class Kind(StrEnum):
    """The two kinds of child (DESIGN section 8)."""

    REUSABLE = "reusable"  # OOXML, ODF, text, images: serves many messages
    ONE_SHOT = "one-shot"  # PDF, archives, old binary formats, anything not recognised: serves one message and ends


MESSAGES = {Kind.REUSABLE: 32, Kind.ONE_SHOT: 1}  # that one child serves


# --- which child ------------------------------------------------------------------------------------------------------

HEAD = 1024  # octets that are enough to choose; readers of PDF accept that much before %PDF-

_OFFICE_NAME = re.compile(r"(?i)\.(?:doc|dot|xls|xlt|ppt|pot|pps|vsd)[xm]|\.(?:od[tspgfm]|ot[tspg])")
_OFFICE_TYPES = ("application/vnd.openxmlformats-officedocument.", "application/vnd.oasis.opendocument.")
_OFFICE_MACRO = re.compile(r"application/vnd\.ms-(?:word|excel|powerpoint)\..*macroenabled.*")
_IMAGES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a")
_LIKE_TEXT = (b"{\\rt", b"\x78\x9f\x3e\x22", b"BZh")  # RTF, TNEF, bzip2 begin so and are none
_BYTE_ORDER_MARKS = (b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")
_NOT_TEXT = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")  # RFC 2046 section 4.1.2 leaves TAB, line ends, form feed; ESC is ISO 2022
_ALARMING = (Readable.DAMAGED, Readable.OVER_BUDGET, Readable.CRASHED, Readable.PICTURES_UNREAD)
_CALM_TYPES = ("text/", "image/", *_OFFICE_TYPES, "application/json", "application/xml", "message/rfc822")


def is_office(names: tuple[str, ...], declared_type: str) -> bool:
    """Whether a ZIP is said to be an OOXML or ODF document."""
    kind = declared_type.lower()
    named = any(_OFFICE_NAME.fullmatch(name[name.rfind(".") :]) for name in names if "." in name)
    return named or kind.startswith(_OFFICE_TYPES) or _OFFICE_MACRO.fullmatch(kind) is not None


def is_office_inside(data: bytes) -> bool:
    """Whether a ZIP really holds what OPC (ECMA-376 part 2) or ODF (OASIS ODF 1.3 part 2) demand. The readers judge the rest."""
    return b"[Content_Types].xml" in data or b"mimetypeapplication/vnd.oasis.opendocument" in data[:HEAD]


def kind_of(head: bytes, *, office: bool) -> Kind:
    """The child for a file that begins so; `office` says whether a ZIP would be OOXML or ODF. No format is parsed for this."""
    if head.startswith(b"PK\x03\x04"):
        return Kind.REUSABLE if office else Kind.ONE_SHOT
    if head.startswith(_IMAGES) or not head:
        return Kind.REUSABLE
    if b"%PDF-" in head or head.startswith(_LIKE_TEXT):
        return Kind.ONE_SHOT
    return Kind.REUSABLE if head.startswith(_BYTE_ORDER_MARKS) or not _NOT_TEXT.search(head) else Kind.ONE_SHOT


def is_calm(found: tuple[FileFinding, ...]) -> bool:
    """Whether the child that found this may serve again: nothing odd, nothing broken, and only formats of its kind inside."""
    return all(
        file.readable not in _ALARMING and not file.oddities and (file.inside is None or file.detected_type.startswith(_CALM_TYPES))
        for file in found
    )


# --- to the child -----------------------------------------------------------------------------------------------------


def write_patterns(patterns: Patterns) -> bytes:
    """JSON that is the same for equal patterns."""
    markings = [[mark.id, mark.text, sorted(mark.where), mark.whole_line, mark.may_add] for mark in patterns.markings]
    own = [[one.id, one.says, one.like, one.words, one.near, one.shows] for one in patterns.own]
    domains = [sorted(patterns.services), sorted(patterns.approved)]
    said = {"markings": markings, "detectors": sorted(patterns.detectors), "own": own, "sharing": domains, "small": patterns.small_below}
    return json.dumps(said, separators=(",", ":")).encode()


def read_patterns(value: Any) -> Patterns:
    markings = tuple(
        Pattern(name, text, frozenset(map(Place, where)), whole, tuple(adds)) for name, text, where, whole, adds in value["markings"]
    )
    own = tuple(
        OwnDetector(name, says, tuple(like), tuple(words), tuple(near), shows) for name, says, like, words, near, shows in value["own"]
    )
    services, approved = map(frozenset, value["sharing"])
    return Patterns(markings, frozenset(value["detectors"]), own, services, approved, value["small"])


# --- from the child ---------------------------------------------------------------------------------------------------


def write_finding(finding: FileFinding) -> list[object]:
    """One finding as the child sends it: texts cut to what the gateway accepts."""
    return [
        finding.id,
        finding.inside,
        [_clean(name) for name in finding.names[:16]],
        _clean(finding.declared_type),
        _clean(finding.detected_type),
        finding.octets,
        finding.sha256,
        finding.readable.value,
        [_write_evidence(evidence) for evidence in finding.evidence],
        [_clean(oddity) for oddity in finding.oddities],
    ]


def _write_evidence(evidence: Evidence) -> list[object]:
    place = evidence.place.value if evidence.place else None
    texts = [_clean(evidence.id), evidence.count, _clean(evidence.where), _clean(evidence.sample)]
    return [evidence.kind.value, *texts, evidence.tenant, place]


def _clean(text: str) -> str:
    """What can be sent on as UTF-8, of bounded length."""
    return _SURROGATE.sub("\ufffd", text[:TEXT_LIMIT])


def read_findings(value: Any, part: str) -> tuple[FileFinding, ...]:
    """What a child says it found in the part with this id.

    Raises:
        ValueError: it is not exactly of the shape that write_finding gives, or speaks of another part.
    """
    if type(value) is not list or not value:
        raise ValueError("no list of findings")
    found = tuple(_read_finding(item) for item in value)
    if found[0].id != part or found[0].inside is not None:
        raise ValueError("the first finding is not the file itself")
    known: set[str] = {part}
    for member in found[1:]:
        # A member names an outer file that came before it, and is called after it: "1.2/1" in "1.2".
        if member.inside not in known or member.id in known or not member.id.startswith(f"{member.inside}/"):
            raise ValueError("a member without its outer file")
        known.add(member.id)
    return found


def _read_finding(value: Any) -> FileFinding:
    if type(value) is not list or len(value) != 10:
        raise ValueError("no finding")
    id_, inside, names, declared, detected, octets, sha256, readable, evidence, oddities = value
    if not _SHA256.fullmatch(_text(sha256)) or type(names) is not list or type(evidence) is not list or type(oddities) is not list:
        raise ValueError("no finding")
    return FileFinding(
        id=_text(id_),
        inside=_maybe(inside),
        names=tuple(_text(name) for name in names),
        declared_type=_text(declared),
        detected_type=_text(detected),
        octets=_number(octets),
        sha256=sha256,
        readable=_READABLE[_member(readable, _READABLE)],
        evidence=tuple(_read_evidence(item) for item in evidence),
        oddities=tuple(_text(oddity) for oddity in oddities),
    )


def _read_evidence(value: Any) -> Evidence:
    if type(value) is not list or len(value) != 7:
        raise ValueError("no evidence")
    kind, id_, count, where, sample, tenant, place = value
    return Evidence(
        kind=_KINDS[_member(kind, _KINDS)],
        id=_text(id_),
        count=_number(count),
        where=_text(where),
        sample=_text(sample),
        tenant=_maybe(tenant),
        place=None if place is None else _PLACES[_member(place, _PLACES)],
    )


def _text(value: Any) -> str:
    if type(value) is not str or len(value) > TEXT_LIMIT or (not value.isascii() and _SURROGATE.search(value)):
        raise ValueError("no text")
    return value


def _maybe(value: Any) -> str | None:
    return None if value is None else _text(value)


def _number(value: Any) -> int:
    if type(value) is not int or not 0 <= value < 1 << 53:
        raise ValueError("no number")
    return value


def _member(value: Any, known: dict[str, Any]) -> str:
    if type(value) is not str or value not in known:
        raise ValueError("an unknown word")
    return value
