"""A pack's own detectors: its patterns and its word lists, made to detectors. Pure.

A pattern is RE2 syntax, so that no pattern can cost more than its text is long. It is matched as a whole word, and upper and lower case do
not matter. A word list counts the different words of it that occur.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

import re2

from gateway.detectors.detector import Detector, Found, ending
from gateway.detectors.normalise import normalise
from gateway.model.finding import OwnDetector

_ORDINARY = ("a", "I", "the", "and", "meeting", "Dear all", "12", "2026", " ", "-")
_ADVICE = {
    "invalid perl operator": "look-around is not possible; put telling words in `near`",
    "invalid escape sequence": "back-references and this escape are not possible; a full stop is written \\.",
    "missing )": "a bracket is opened and not closed; one that stands for itself is written \\(",
    "unexpected )": "a bracket is closed and not opened; one that stands for itself is written \\)",
    "missing ]": "a square bracket is opened and not closed",
    "invalid character class range": "a range goes from the smaller to the larger: [a-z]",
    "invalid repetition size": "at most 1000 times",
    "bad repetition operator": "two signs of repetition stand together",
    "no argument for repetition operator": "a sign of repetition has nothing before it; one that stands for itself is written \\*",
}


def why_not(like: str) -> str:
    """What is wrong with a pattern, and a way out; "" when it can be used."""
    if normalise(like) != like:
        strange = next(sign for sign in like if normalise(sign) != sign)
        return f"`{strange}` is never met: text is read in plain letters before it is compared; write `{normalise(strange) or 'nothing'}`"
    try:
        found = re2.compile(like, _options())
    except re2.error as error:
        says = error.args[0].decode("utf-8", "replace") if isinstance(error.args[0], bytes) else str(error)
        way = next((text for start, text in _ADVICE.items() if says.startswith(start)), "see RE2 syntax")
        return f"is no pattern ({says}): {way}"
    if found.fullmatch("") is not None:
        return "would match nothing at all; make a part of it necessary"
    ordinary = next((text for text in _ORDINARY if text.strip() and found.fullmatch(text) is not None), None)
    return f"would match ordinary words such as `{ordinary}`; say more of what makes it special" if ordinary else ""


@lru_cache(maxsize=256)
def prepare(own: OwnDetector) -> Detector:
    """The detector that looks for it."""
    forms = "|".join(own.like) if own.like else "|".join(map(_word, own.words))
    group = "(" if own.like else "(?:"  # of words there may be thousands: see acts.py
    return Detector(
        own.id,
        own.says or own.id.replace("-", " "),
        rf"(?i)(?:^|[^\pL\pN_]){group}{forms})(?:[^\pL\pN_]|$)",
        lambda text, length: Found(" ".join(text[:length].upper().split()), sure=not own.near),
        _MASKS[own.shows],
        near=rf"(?:\b(?:{'|'.join(map(_word, own.near))})\b)" if own.near else "",
        own=True,
    )


def _word(text: str) -> str:
    """A word or phrase: any blanks between its words."""
    return r"\s+".join(re.escape(word) for word in normalise(text).split())


def _options() -> re2.Options:
    options = re2.Options()
    options.log_errors = False
    return options


_MASKS: dict[str, Callable[[str], str]] = {"end": ending, "all": str, "nothing": lambda _: "•••"}
