"""What the header section of an entity says of its body, with every candidate where readers may differ (RFC 2045, RFC 2183). Pure.

The first candidate is the one the index uses. Whoever reads a message in all ways takes the others in turn.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from gateway.mime.headers import Raw, unfold
from gateway.mime.parameters import CANDIDATES, Parameters, parse_parameters
from gateway.model.message import DefectName, Encoding

CONTENT_FIELDS = 64  # of one entity; more are not read
DUPLICATES = 4  # of one field that may stand once only; more are not read
VALUE_CHARACTERS = 8192  # of one field; more are not read

_MEDIA_TYPE = re.compile(r"[!-.0-~]++/[!-.0-~]++")
_ENCODINGS = {
    "7bit": Encoding.IDENTITY,
    "8bit": Encoding.IDENTITY,
    "binary": Encoding.IDENTITY,
    "base64": Encoding.BASE64,
    "quoted-printable": Encoding.QUOTED_PRINTABLE,
    "x-uuencode": Encoding.UUENCODE,
    "uuencode": Encoding.UUENCODE,
    "x-uue": Encoding.UUENCODE,
    "uue": Encoding.UUENCODE,
}
_COMMENT = re.compile(r"\([^()]*+\)")
_OFTEN_ALIKE = frozenset({"content-type", "content-transfer-encoding", "content-disposition", "content-language"})


class Declared(NamedTuple):
    """The content fields of one entity."""

    media_type: str
    charset: str | None
    boundaries: tuple[bytes, ...]  # candidates, best first
    encoding: Encoding
    disposition: str | None
    names: tuple[str, ...]
    content_id: str | None
    protocol: str | None
    is_mime: bool  # there was a Content-Type
    defects: tuple[DefectName, ...]

    @property
    def is_multipart(self) -> bool:
        """Whether the body is a list of entities."""
        return self.media_type.startswith("multipart/")

    @property
    def is_message(self) -> bool:
        """Whether the body is a message with a header section of its own (RFC 2046 5.2.1, RFC 6532)."""
        return self.media_type in {"message/rfc822", "message/global", "message/news"}


def read_declared(fields: Iterable[Raw], default: str = "text/plain") -> Declared:
    """Read the content fields. `default` is the media type where none is said (RFC 2046 section 5.1.5)."""
    content = [(raw.key, raw.value) for raw in fields if raw.key.startswith("content-")]
    # The few lines that come with every message are remembered; never a file name, a boundary or an identifier.
    if len(content) <= 3 and all(key in _OFTEN_ALIKE and len(value) < 60 and b"ame" not in value for key, value in content):
        return _remembered(tuple(content), default)
    return _read(content, default)


def _read(fields: Sequence[tuple[str, bytes]], default: str) -> Declared:
    content: dict[str, list[bytes]] = {}
    defects: list[DefectName] = []
    for key, value in fields[:CONTENT_FIELDS]:
        content.setdefault(key, []).append(value)
    if len(fields) > CONTENT_FIELDS:
        defects.append(DefectName.HEADER_TOO_LARGE)
    types = [parse_parameters(value) for value in _values(content, "content-type", defects)]
    dispositions = [parse_parameters(value) for value in _values(content, "content-disposition", defects)]
    defects.extend(DefectName.HEADER_TOO_LARGE for one in (*types, *dispositions) if not one.is_complete)
    encoding = _encoding(_values(content, "content-transfer-encoding", defects), defects)
    media_type, first = _media_type(types, default)
    return Declared(
        media_type=media_type,
        charset=first.first("charset") if first else None,
        boundaries=_boundaries(types) if media_type.startswith("multipart/") else (),
        encoding=encoding,
        disposition=(dispositions[0].token or None) if dispositions else None,
        names=_names(types, dispositions, defects) if types or dispositions else (),
        content_id=_content_id(content),
        protocol=_lower(first.first("protocol")) if first else None,
        is_mime=bool(types),
        defects=tuple(defects),
    )


_remembered = lru_cache(maxsize=512)(_read)


def _values(content: dict[str, list[bytes]], key: str, defects: list[DefectName]) -> list[str]:
    """Every value of a field that may stand once only."""
    if key not in content:
        return []
    values = [unfold(value) for value in content[key]]
    if len(values) > 1:
        defects.append(DefectName.DUPLICATE_HEADER)
        if len(set(values)) > 1:
            defects.append(DefectName.READINGS_DISAGREE)
    if len(values) > DUPLICATES or max(map(len, values)) > VALUE_CHARACTERS:
        defects.append(DefectName.HEADER_TOO_LARGE)
        return [value[:VALUE_CHARACTERS] for value in values[:DUPLICATES]]
    return values


def _content_id(content: dict[str, list[bytes]]) -> str | None:
    return unfold(content["content-id"][0]).strip("<> ") or None if "content-id" in content else None


def _media_type(types: list[Parameters], default: str) -> tuple[str, Parameters | None]:
    if not types:
        return default, None
    # RFC 2045 5.2: what is no media type is plain text.
    return types[0].token if _MEDIA_TYPE.fullmatch(types[0].token) else "text/plain", types[0]


def _encoding(values: list[str], defects: list[DefectName]) -> Encoding:
    """One encoding, or UNKNOWN when the fields disagree or no reader can be sure."""
    read = set()
    for value in values:
        lowered = value.lower()
        encoding = _ENCODINGS.get(lowered)
        if encoding is None:
            defects.append(DefectName.ODD_ENCODING)
            encoding = _ENCODINGS.get(_COMMENT.sub(" ", lowered).strip(" \t;,\"'"), Encoding.UNKNOWN)
        read.add(encoding)
    if not read:
        return Encoding.IDENTITY
    return read.pop() if len(read) == 1 else Encoding.UNKNOWN


def _boundaries(types: list[Parameters]) -> tuple[bytes, ...]:
    values = [value.rstrip() for one in types for value in one.values.get("boundary", ())]
    return tuple(dict.fromkeys(value.encode("utf-8", "replace") for value in values if value))


def _names(types: list[Parameters], dispositions: list[Parameters], defects: list[DefectName]) -> tuple[str, ...]:
    """File names from where clients take them, in their order of trust."""
    found = tuple(dict.fromkeys([name for name in _all_names(types, dispositions) if name.strip()]))
    if len(found) > CANDIDATES:
        defects.append(DefectName.TOO_MANY_READINGS)
    return found[:CANDIDATES]


def _all_names(types: list[Parameters], dispositions: list[Parameters]) -> Iterator[str]:
    for key, values in (("filename", dispositions), ("name", types), ("name", dispositions), ("filename", types)):
        for one in values:
            yield from one.values.get(key, ())


def _lower(value: str | None) -> str | None:
    return None if value is None else value.lower()
