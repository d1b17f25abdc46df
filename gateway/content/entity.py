"""Octets that begin with the header section of a MIME entity (RFC 2045 section 2.4), as a saved mail or web page does. Pure."""

from __future__ import annotations

import re

# What may stand before it: a byte order mark, empty lines, the number of octets that Apple Mail puts there.
_BEFORE = re.compile(rb"(?:\xef\xbb\xbf)?\s{0,16}(?:[0-9]{1,12}[ \t]{0,8}\r?\n)?")
_FIELD = rb"(?:[!-9;-~]{1,80}:[^\n]{0,998}\n(?:[ \t][^\n]{0,998}\n)*+)"
_ENTITY = re.compile(_FIELD + rb"{0,60}?(?:content-type|mime-version)[ \t]*:", re.IGNORECASE)


def begin_of(data: bytes) -> int:
    """Where the header section begins; -1 where there is none that says what it is the header of."""
    before = _BEFORE.match(data)
    at = before.end() if before is not None else 0
    return at if _ENTITY.match(data, at) else -1
