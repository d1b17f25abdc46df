"""What is put before a copy, and what is left out of it. Pure.

An untouched copy has our one Received field before it and nothing left out (DESIGN section 1.5).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from gateway.model.message import Message
from gateway.model.outcome import Splice
from gateway.policy.rules import Policy

Splices = tuple[Splice, ...]


def fields(trigger_header: str, stamps: tuple[tuple[str, str], ...]) -> bytes:
    """The header fields that a route and the rules add."""
    rows = (*((trigger_header,) if trigger_header else ()), *(f"{name}: {value}" for name, value in stamps))
    return "".join(f"{row}\r\n" for row in rows).encode("utf-8")


def names_of(trigger_headers: Iterable[str]) -> frozenset[str]:
    """The names in `Name: value` texts, lower-case; "" has none."""
    return frozenset(text.partition(":")[0].strip().casefold() for text in trigger_headers if text)


@lru_cache(maxsize=16)
def stamps_of(policy: Policy) -> frozenset[str]:
    """The names, lower-case, of the fields that its rules may add: nobody else may say so, whatever they do with this message."""
    return frozenset([name.casefold() for rule in policy.rules for act in rule.acts for name, _ in act.stamps])


def forbidden(message: Message | None, names: frozenset[str]) -> Splices:
    """Fields that would make somebody believe we asked for something, or said it: users may not set them. Sorted, disjoint."""
    if message is None or not names:
        return ()
    return tuple([Splice(field.span.start, field.span.end) for field in message.fields if field.name.casefold() in names])
