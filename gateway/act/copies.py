"""What is put before a copy, and what is left out of it. Pure.

An untouched copy has our one Received field before it and nothing left out (DESIGN section 1.5).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from gateway.model.message import Content, Message

PIECE = 262_144

Ranges = tuple[tuple[int, int], ...]


def fields(trigger_header: str, stamps: tuple[tuple[str, str], ...]) -> bytes:
    """The header fields that a route and the rules add."""
    rows = (*((trigger_header,) if trigger_header else ()), *(f"{name}: {value}" for name, value in stamps))
    return "".join(f"{row}\r\n" for row in rows).encode("utf-8")


def names_of(trigger_headers: Iterable[str]) -> frozenset[str]:
    """The names in `Name: value` texts, lower-case; "" has none."""
    return frozenset(text.partition(":")[0].strip().casefold() for text in trigger_headers if text)


def forbidden(message: Message | None, names: frozenset[str]) -> Ranges:
    """Fields that would make a next hop believe we asked for something: users may not set them. Sorted, disjoint."""
    if message is None or not names:
        return ()
    return tuple((field.span.start, field.span.end) for field in message.fields if field.name.casefold() in names)


def without(content: Content, ranges: Ranges, octets: Callable[[bytes], Content]) -> Content:
    """A new content that lacks these ranges. Only for a message that really has such fields: it is whole in memory for a moment."""
    pieces, at = [], 0
    for start, end in (*ranges, (content.octets, content.octets)):
        pieces += [content.read(place, min(place + PIECE, start)) for place in range(at, start, PIECE)]
        at = end
    return octets(b"".join(pieces))
