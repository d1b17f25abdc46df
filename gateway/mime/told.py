"""What a header section tells besides its subject: what a mail program shows of it, and fields that may carry a marking. Pure.

The same for the mail that is relayed and for one that is attached to it, whether as .eml, as .msg or in a winmail.dat.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TypeAlias

from gateway.model.finding import Place
from gateway.model.message import Field

Told: TypeAlias = tuple[Place, str, str]  # a segment, as detectors have it

_REMARKS = frozenset({"comments", "keywords", "thread-topic", "organization"})  # RFC 5322 section 3.6.5, and what is shown likewise
_ADDRESSED = frozenset({"from", "sender", "reply-to", "to", "cc"})  # of which the names are words
_MARKED = frozenset({"sensitivity", "keywords", "comments", "classification"})  # besides X-...
_ADDRESS = re.compile(r"<[^<>]*+>|(?<![^\s<>\"'])[^\s<>\"'@]++@[^\s<>\"']++")
_DIGITS = re.compile(r"[0-9]{2}")


def shown(fields: Iterable[Field]) -> Iterator[Told]:
    """What a mail program shows of them, where it could be a number of somebody."""
    for field in fields:
        name = field.name.lower()
        if (name in _REMARKS or name in _ADDRESSED) and _DIGITS.search(field.value):
            text = without_addresses(field.value) if name in _ADDRESSED else field.value
            if _DIGITS.search(text):
                yield Place.TEXT, f"header field {field.name}", text


def marked(fields: Iterable[Field]) -> Iterator[Told]:
    """Those that may carry a marking, as `name: value`: for packs that look for one there."""
    for field in fields:
        if field.name.lower() in _MARKED or field.name[:2] in ("X-", "x-"):
            yield Place.HEADER_FIELD, f"header field {field.name}", f"{field.name}: {field.value}"


def without_addresses(text: str) -> str:
    """The names in a list of mailboxes."""
    return _ADDRESS.sub(" ", text)
