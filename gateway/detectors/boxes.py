"""Identifiers with one character in each box: of a printed form, of a row of cells, of a table in a document. Pure.

Out: the words before the boxes, and what the boxes say together, to be looked through like any other text. Single characters side by side
are often something else (the answers of a survey), and one in eleven rows of ten digits passes the check of an NHS number: so boxes count
right behind a word that a number follows ("NHS number", "account no."), and then what is found there must be sure.
"""

from __future__ import annotations

import string
from collections.abc import Iterator
from typing import NamedTuple

import re2

from gateway.detectors.stretches import OVERLAP, options, whole

_LABEL = (
    r"(?:no|num|numbers?|id|ref|reference|insurance|nino|nin|upn|utr|ssn|itin|iban|mrn|licen[cs]e|passport|card|account|code)"
    r"(?:[ ]?\([^()\n]{1,24}\))?[\s:|.,;()#\[\]_\-]{1,12}"  # (if known)
)
_GAP = r"[ \t|,;:\-/._\n]{1,10}"  # a cell of HTML begins and ends with a tab, a paragraph in it with a line
BOXES = rf"(?i)\b{_LABEL}((?:[0-9a-z]{_GAP}){{7,27}}[0-9a-z])\b"  # re2
_LETTERS = string.ascii_letters.encode()
_GAPS = b" \t|,;:-/._\n"
_BEFORE = 48  # octets before the label, in which more words tell of the number
_DIGITS = 5  # every identifier has so many
_COUNTED = b"01234567890123456789"  # the heads of columns
_finder = re2.compile(BOXES.encode(), options())


class Boxes(NamedTuple):
    """Boxes side by side."""

    at: int  # octets: from where to where they stand
    stop: int
    words: bytes  # before them
    value: bytes  # what they say together


def joined(data: bytes, start: int, end: int) -> Iterator[Boxes]:
    """The boxes that begin in a stretch; where they go on in the next line, also without that."""
    done = start
    for found in _finder.finditer(data, start, min(len(data), end + OVERLAP)):
        if found.start() >= end:
            return
        at, stop = found.span(1)
        before = data[whole(data, max(done, found.start() - _BEFORE)) : at]
        for boxes in dict.fromkeys((data[at:stop], data[at:stop].partition(b"\n")[0])):
            value = boxes.translate(None, _GAPS)
            if len(value.translate(None, _LETTERS)) >= _DIGITS and value not in _COUNTED:
                yield Boxes(at, at + len(boxes), before, value)
        done = stop
