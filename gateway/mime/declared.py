"""What the header section of an entity says of its body, with every candidate where readers may differ (RFC 2045, RFC 2183). Pure.

The first candidate is the one the main reading uses. What differs about one leaf only (`encodings`, `charsets`) stands beside it; what
makes another tree of it (another media type) is another Declared in `others`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from gateway.mime.boundaries import all_boundaries
from gateway.mime.filenames import all_names
from gateway.mime.headers import Raw, unfold
from gateway.mime.parameters import CANDIDATES, Parameters, parse_parameters, without_comments
from gateway.mime.words import decode_words
from gateway.model.message import DefectName, Encoding

CONTENT_FIELDS = 64  # of one entity; more are not read
DUPLICATES = 4  # of one field that may stand once only; more are not read
VALUE_CHARACTERS = 8192  # of one field; more are not read

_MEDIA_TYPE = re.compile(r"[!-.0-~]++/[!-.0-~]++")
_LIKE_A_TYPE = re.compile(r"([!-.0-~]+)/([!-.0-~]+)|(multipart|message)(?![a-z0-9])/?")
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
_ENCODING_TOKEN = re.compile(r"[^\s;,\"']+")
_OFTEN_ALIKE = frozenset({"content-type", "content-transfer-encoding", "content-disposition", "content-language"})
_ELSEWHERE = {"message/partial": DefectName.MESSAGE_PARTIAL, "message/external-body": DefectName.EXTERNAL_BODY}


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
    encodings: tuple[Encoding, ...] = ()  # in which some read it instead; UNKNOWN in itself stands for several
    charsets: tuple[str, ...] = ()  # likewise
    others: tuple[Declared, ...] = ()  # the same header section to readers who take another media type from it

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
    written = _values(content, "content-type", defects)
    types = [parse_parameters(value) for value in written]
    dispositions = [parse_parameters(value) for value in _values(content, "content-disposition", defects)]
    defects.extend(DefectName.HEADER_TOO_LARGE for one in (*types, *dispositions) if not one.is_complete)
    encoding, encodings = _encoding(_values(content, "content-transfer-encoding", defects), defects)
    kinds = _media_types(written, types, defects) or (default,)
    first = types[0] if types else None
    boundaries: tuple[bytes, ...] = ()
    if any(kind.startswith("multipart/") for kind in kinds):
        boundaries = all_boundaries(content["content-type"] if types else (), types, defects)
    declared = Declared(
        media_type=kinds[0],
        charset=first.first("charset") if first else None,
        boundaries=boundaries,
        encoding=encoding,
        disposition=_disposition(dispositions) if dispositions else None,
        names=_names(types, dispositions, defects) if types or dispositions else (),
        content_id=_content_id(content),
        protocol=_lower(first.first("protocol")) if first else None,
        is_mime=bool(types),
        defects=tuple(defects),
        encodings=encodings,
        charsets=_charsets(types) if first and len(types) + len(first.values.get("charset", ())) > 2 else (),
    )
    if kinds[0] in _ELSEWHERE:
        declared = declared._replace(defects=(*defects, _ELSEWHERE[kinds[0]]))
    if len(kinds) == 1 and (not boundaries or all("boundary" in one.values for one in types)):
        return declared
    return declared._replace(others=tuple(_others(declared, kinds, types)))


def _others(declared: Declared, kinds: tuple[str, ...], types: list[Parameters]) -> Iterator[Declared]:
    """The same to readers who take another Content-Type of several, or another meaning of it."""
    yield from (declared._replace(media_type=kind) for kind in kinds[1:])
    if declared.boundaries and any(one.token.startswith("multipart/") and "boundary" not in one.values for one in types):
        yield declared._replace(boundaries=())


_remembered = lru_cache(maxsize=512)(_read)


def _values(content: dict[str, list[bytes]], key: str, defects: list[DefectName]) -> list[str]:
    """Every value of a field that may stand once only."""
    if key not in content:
        return []
    values = [unfold(value) for value in content[key]]
    if len(values) > 1:
        defects.append(DefectName.DUPLICATE_HEADER)
        if len(set(values)) > 1:
            defects.append(DefectName.CONFLICTING_HEADER)
    if len(values) > DUPLICATES or max(map(len, values)) > VALUE_CHARACTERS:
        defects.append(DefectName.HEADER_TOO_LARGE)
        return [value[:VALUE_CHARACTERS] for value in values[:DUPLICATES]]
    return values


def _content_id(content: dict[str, list[bytes]]) -> str | None:
    return unfold(content["content-id"][0]).strip("<> ") or None if "content-id" in content else None


def _media_types(written: list[str], types: list[Parameters], defects: list[DefectName]) -> tuple[str, ...]:
    """What readers take from it, the usual one first."""
    if len(types) == 1 and _MEDIA_TYPE.fullmatch(types[0].token) and "=?" not in written[0]:
        return (types[0].token,)
    # RFC 2045 5.2: what is no media type is plain text.
    usual = [one.token if _MEDIA_TYPE.fullmatch(one.token) else "text/plain" for one in types]
    guessed = [kind for text, one in zip(written, types, strict=True) for kind in _guessed(text, one)]
    if set(guessed) - set(usual):
        defects.append(DefectName.ODD_MEDIA_TYPE)
    return tuple(dict.fromkeys((*usual, *guessed)))


def _guessed(text: str, parsed: Parameters) -> Iterator[str]:
    """What some make of a badly written one: `multipart / mixed`, `multipart`, an encoded-word."""
    if _MEDIA_TYPE.fullmatch(parsed.token) and "=?" not in text:
        return
    plain = without_comments(decode_words(text)).partition(";")[0].lower()
    found = _LIKE_A_TYPE.search("".join(plain.replace('"', "").split()))
    if found is not None and found[3] is None:
        yield f"{found[1]}/{found[2]}"
    elif found is not None:
        yield "message/rfc822" if found[3] == "message" else "multipart/mixed"


def _disposition(dispositions: list[Parameters]) -> str | None:
    """Of two the stricter one: an attachment."""
    if len(dispositions) == 1:
        return dispositions[0].token or None
    tokens = [one.token for one in dispositions if one.token]
    return "attachment" if "attachment" in tokens else tokens[0] if tokens else None


def _charsets(types: list[Parameters]) -> tuple[str, ...]:
    """More than one charset."""
    found = dict.fromkeys(value.lower() for one in types for value in one.values.get("charset", ()))
    return tuple(found)[1:DUPLICATES]


def _encoding(values: list[str], defects: list[DefectName]) -> tuple[Encoding, tuple[Encoding, ...]]:
    """One encoding, or UNKNOWN when the fields disagree or no reader can be sure; and the others in which it is read as well."""
    if not values:
        return Encoding.IDENTITY, ()
    if len(values) == 1 and (known := _ENCODINGS.get(values[0].lower())) is not None:
        return known, ()
    read: set[Encoding] = set()
    is_odd = False
    for value in values:
        encoding = _ENCODINGS.get(value.lower())
        if encoding is None:
            is_odd = True
            token = _ENCODING_TOKEN.search(without_comments(decode_words(value.lower())))
            encoding = _ENCODINGS.get(token[0], Encoding.UNKNOWN) if token else Encoding.UNKNOWN
        read.add(encoding)
    if is_odd:
        defects.append(DefectName.ODD_ENCODING)
    encoding = read.pop() if len(read) == 1 else Encoding.UNKNOWN
    if encoding is Encoding.UNKNOWN:
        return encoding, (encoding,)
    # Whoever does not know a token takes the body as it stands (RFC 2045 section 6.4).
    return encoding, (Encoding.IDENTITY,) if is_odd and encoding is not Encoding.IDENTITY else ()


def _names(types: list[Parameters], dispositions: list[Parameters], defects: list[DefectName]) -> tuple[str, ...]:
    """File names from where clients take them, in their order of trust."""
    found = all_names(_all_names(types, dispositions), defects)
    if len(found) > CANDIDATES:
        defects.append(DefectName.TOO_MANY_READINGS)
        return found[:CANDIDATES]
    return found


def _all_names(types: list[Parameters], dispositions: list[Parameters]) -> Iterator[str]:
    for key, values in (("filename", dispositions), ("name", types), ("name", dispositions), ("filename", types)):
        for one in values:
            yield from one.values.get(key, ())


def _lower(value: str | None) -> str | None:
    return None if value is None else value.lower()
