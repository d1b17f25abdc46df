"""What a detector is: how a value looks, when it is valid, and what makes us believe it. Pure.

A number that merely looks right is not yet a finding: one in eleven random ten-digit numbers passes the check of an NHS number. So a
form is either *sure* (nobody writes anything else like that) or it needs support, in one of four ways: a telling word near it, a telling
heading anywhere in the same file or words, the column of a table that is headed so or holds little else, or company (several of them where
chance would give few).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from gateway.detectors.otherwise import is_otherwise

BEFORE, AFTER = 100, 40  # octets in which a telling word supports a value: so far before it, so far after it
LOOSE_BEFORE, LOOSE_AFTER = 24, 60  # octets around a telling word in which loose forms are looked for
_SIGNS = re.compile("[^0-9A-Za-z]+")


class Found(NamedTuple):
    """A valid value, as it is compared: no blanks, upper-case."""

    value: str
    sure: bool  # its form alone is enough


@dataclass(frozen=True, slots=True)
class Detector:
    """One kind of identifier. Patterns are both re2 and re, and linear: no nested repetition."""

    id: str
    name: str  # for a person, in the singular: "NHS number"
    candidate: str  # every form it is written in
    judge: Callable[[str, int], Found | None]  # the text from the candidate's first character, and the candidate's length
    mask: Callable[[str], str]  # of a value
    written: str | None = None  # the forms that are looked for everywhere; None: all
    behind: str = ""  # what else belongs to the form, before `written` begins
    runs: tuple[int, ...] = ()  # a plain run of so many digits may be one: those are judged many at a time
    valid: Callable[[Sequence[bytes]], Sequence[bytes]] | None = None  # of runs of one length, those that pass the check
    loose: str = ""  # forms that could be anything: looked for beside a telling word, and everywhere under a heading
    called: str = ""  # words that name a value, right before it
    spelled: str = ""  # whatever people make of its form there, as a group or two (named.py): looked for there alone, and believed
    near: str = ""  # words that support a value within 100 characters before it or 40 after it
    heading: str = ""  # words that support every value in the same scan
    heading_needs: int = 1  # ... when at least so many distinct values stand there
    company: bool = False  # three or more distinct values, more than half of all that look alike, support one another
    otherwise: Callable[[bytes, int, int], bool] = (
        is_otherwise  # of text, from where to where a value stands: the words say that it is none
    )
    own: bool = False  # a pack's own: re2 alone, its value as group 1; or a word list, without a group


def plain(text: str) -> str:
    """Its letters and digits alone."""
    return _SIGNS.sub("", text)


def ending(value: str, shown: int = 4, dots: str = "•••• ") -> str:
    """A mask that shows the last characters alone, and never more than a third."""
    return f"{dots}{value[len(value) - min(shown, len(value) // 3) :]}".rstrip()
