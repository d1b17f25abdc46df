"""Stretches of octets, and which patterns occur in them at all. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import re2

PIECE = 4096  # octets
_CHUNK = 65536
BACK, OVERLAP = 160, 320  # octets around a stretch; no candidate and no marking is longer, no telling word is farther


def options() -> Any:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 64 << 20
    return options


def occurring(sources: Sequence[str]) -> Callable[[bytes], Sequence[int] | None]:
    """A function that says which of the patterns occur in some octets."""
    if not sources:
        return lambda _: None
    together = re2.Set.SearchSet(options())
    for source in sources:
        together.Add(source)
    together.Compile()
    match: Callable[[bytes], Sequence[int] | None] = together.Match
    return match


def stretches(data: bytes) -> Iterator[tuple[int, int]]:
    """Chunks that end between words where they can."""
    start, end = 0, len(data)
    while end - start > _CHUNK:
        stop = start + _CHUNK
        cut = max(data.rfind(sign, stop - PIECE, stop) for sign in (b"\n", b" ", b",")) + 1
        stop = cut or stop
        yield start, stop
        start = stop
    if start < end:
        yield start, end


def around(data: bytes, start: int, end: int) -> bytes:
    """A stretch with what may belong to it on both sides."""
    if start == 0 and end == len(data):
        return data
    return data[whole(data, max(0, start - BACK)) : end + OVERLAP]


def whole(data: bytes, at: int) -> int:
    """Back to the first octet of a UTF-8 character."""
    while at and 0x80 <= data[at] < 0xC0:
        at -= 1
    return at
