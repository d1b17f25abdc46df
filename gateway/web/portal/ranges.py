"""Which octets of a file a request asks for. Pure.

Standards: RFC 9110 sections 13.1 and 14.2. One range is served; a header that asks for several, or that nobody can read, is passed over and
the whole file is sent, as section 14.2 allows: what costs many times the file to answer is never begun. The validator is strong (a hash).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_ONE = re.compile(r"bytes=[ \t]*(?:(\d{1,19})-(\d{0,19})|-(\d{1,19}))[ \t]*", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Slice:
    """Octets from `start` up to, not including, `end`."""

    start: int
    end: int
    is_whole: bool  # no range was asked for, or none that counts: 200, not 206

    @property
    def octets(self) -> int:
        return self.end - self.start


def slice_of(octets: int, asked: str | None, if_range: str | None, etag: str) -> Slice | None:
    """What to send of a file of so many octets; None: nothing of what was asked for is there (416)."""
    whole = Slice(0, octets, is_whole=True)
    if asked is None or (if_range is not None and if_range.strip() != etag):
        return whole
    match = _ONE.fullmatch(asked.strip())
    if match is None:
        return whole
    first, last, tail = match.groups()
    if tail is not None:
        return Slice(max(octets - int(tail), 0), octets, is_whole=False) if int(tail) and octets else None
    start, end = int(first), int(last) + 1 if last else octets
    if last and end <= start:
        return whole  # "5-3" is no range: RFC 9110 section 14.1.1
    return Slice(start, min(end, octets), is_whole=False) if start < octets else None


def names(listed: str | None, etag: str) -> bool:
    """Whether If-Match or If-None-Match speaks of this file."""
    return listed is not None and (listed.strip() == "*" or etag in (item.strip().removeprefix("W/") for item in listed.split(",")))
