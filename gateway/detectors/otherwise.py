"""Whether the words around a value say that it is something else: an order, an invoice, an ISBN. Pure.

The word right before a value is stronger than any that stands farther away. A detector whose values are easily taken for something else
has a function of its own beside this one (accounts.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

_WINDOW = 64  # octets before a value in which the word that calls it stands
_SIGNS = b" .:#_-\t\n"  # between a word and its value
_NOUNS = ("no", "num", "number", "id", "ref", "reference", "code")
_THINGS = (
    *"order orders invoice invoices inv po p.o isbn issn job parcel tracking booking ticket part item serial model".split(),  # noqa: SIM905
    *(f"{whose} code" for whose in ("account", "cost", "budget", "ledger", "nominal")),
)


def ends_with(words: Sequence[str], behind: Sequence[str], most: int = 1) -> Callable[[bytes], bool]:
    """A function that says whether text ends with one of these words, and perhaps with a few smaller ones behind it."""
    last = tuple(word.encode() for word in (*words, *behind))  # a first look, that nearly all values pass
    whole = re.compile(rf"(?<![a-z])(?:{_any(words)})(?:[ :_\-]{{1,2}}(?:{_any(behind)})){{0,{most}}}$".encode())
    return lambda text: text.endswith(last) and whole.search(text) is not None


def is_otherwise(data: bytes, at: int, _stop: int = 0) -> bool:
    """Whether the word right before a value says that it is something else: no word farther away makes it a person's."""
    return calls_otherwise(words_before(data, at))


def words_before(data: bytes, at: int) -> bytes:
    """What stands right before a value, in small letters, without the signs between."""
    return data[max(0, at - _WINDOW) : at].rstrip(_SIGNS).lower()


def _any(words: Sequence[str]) -> str:
    return "|".join(map(re.escape, words))


calls_otherwise = ends_with(_THINGS, _NOUNS)
