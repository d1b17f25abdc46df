"""What a person can read in octets that should say nothing: signatures, encrypted content, what stands behind the end of a structure. Pure.

Out: every run of printable characters, as one text. A run of twelve comes by chance once in a hundred thousand octets of a cipher, and
says nothing; a marking or an identifier that is found here was written there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import re2

from gateway.content.reading import Item, Source, Spent
from gateway.model.finding import Place


def read_legible(source: Source, spent: Spent) -> Iterator[Item]:
    """All of a file."""
    yield from legible(source.data, f"{source.where}, as it stands", spent)


def legible(data: bytes, where: str, spent: Spent) -> Iterator[Item]:
    """The runs in some octets, in ASCII, and in UTF-16 of either order."""
    if len(data) < _LEAST:
        return
    spent.time()
    for runs, codec in ((_NARROW, "ascii"), (_LITTLE, "utf-16-le"), (_BIG, "utf-16-be")):
        found = runs.findall(data)
        if found:
            yield Place.FIRST_LINE, where, "\n".join([run.decode(codec) for run in found])


_LEAST = 12  # octets


def _options() -> Any:
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.log_errors = False
    return options


_NARROW = re2.compile(rb"[\t\r\n\x20-\x7e]{12,}", _options())
_LITTLE = re2.compile(rb"(?:[\t\r\n\x20-\x7e]\x00){12,}", _options())
_BIG = re2.compile(rb"(?:\x00[\t\r\n\x20-\x7e]){12,}", _options())
