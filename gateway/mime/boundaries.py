"""Every boundary that a reader may take from a Content-Type (RFC 2046 section 5.1.1). Pure.

Nearly always there is one. Readers differ about duplicates, comments, quotes, folds, encodings (RFC 2231, RFC 2047), a missing semicolon,
and more than 70 characters: then all that some reader may see are candidates, and whether they split the body decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from gateway.mime.headers import unfold
from gateway.mime.parameters import Parameters, parse_parameters
from gateway.model.message import DefectName

BOUNDARIES = 8  # candidates that are tried; more are too many readings

_OCTETS = 8192  # of one field; more are not read
_CHARACTERS = 70  # of a boundary (RFC 2046 section 5.1.1); some readers cut it there
_PLAIN = re.compile(r"[^\s'\"()*\\\x00-\x1f\x7f-\U0010ffff][^'\"()*\\\x00-\x1f\x7f-\U0010ffff]{0,69}")
_ANYWHERE = re.compile(r'boundary[\s*0-9]*=\s*+(?:"((?:[^"\\]|\\.)*+)"?|([^;\s]*+))', re.IGNORECASE | re.DOTALL)
_FOLD = re.compile(rb"\r\n[ \t]++")


def all_boundaries(written: Sequence[bytes], types: Sequence[Parameters], defects: list[DefectName]) -> tuple[bytes, ...]:
    """The candidates, best first; of one empty boundary an empty one."""
    if len(written) == 1:
        found = types[0].values.get("boundary", ())
        if len(found) == 1 and _is_plain(found[0], written[0]):
            return (found[0].rstrip().encode("ascii"),)
    texts = dict.fromkeys(text.rstrip() for text in _texts(written, types))
    if not texts:
        return ()
    candidates = tuple(dict.fromkeys(text.encode("utf-8", "replace") for text in texts if text)) or (b"",)
    if candidates[1:] or candidates == (b"",) or not any("boundary" in one.values for one in types):
        defects.append(DefectName.ODD_BOUNDARY)
    if len(candidates) > BOUNDARIES:
        defects.append(DefectName.TOO_MANY_READINGS)
    return candidates[:BOUNDARIES]


def _is_plain(boundary: str, written: bytes) -> bool:
    """Whether every reader sees this one."""
    if _PLAIN.fullmatch(boundary) is None or b"(" in written or b"*" in written or written.lower().count(b"boundary") != 1:
        return False
    return boundary.encode("ascii") in written


def _texts(written: Sequence[bytes], types: Sequence[Parameters]) -> Iterator[str]:
    for one in types:
        yield from one.values.get("boundary", ())
    for octets in [value[:_OCTETS] for value in written[:BOUNDARIES]]:
        for value in (octets, _FOLD.sub(b" ", octets), _FOLD.sub(b"", octets)):
            text = unfold(value)
            yield from parse_parameters(text).values.get("boundary", ())
            for found in _ANYWHERE.finditer(text):
                yield from (found[1], found[1].replace("\\", "")) if found[1] is not None else (found[2].strip("\"'"), found[2])
    for one in types:
        yield from (value[:_CHARACTERS] for value in one.values.get("boundary", ()))
