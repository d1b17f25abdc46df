"""Text as a person sees it: one spelling for what looks alike. Pure.

Compatibility forms (NFKC, UAX #15) become plain, letters of other scripts that look like Latin ones become those (lookalikes.py), strokes
through letters go, and so does what cannot be seen; all dashes are one dash and all digits ASCII digits. Line ends stay line ends, so that
the number of a line is the same before and after.

ASCII text is returned as it is. In other text only what is not ASCII is looked at, with the character before it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from gateway.detectors.lookalikes import LOOKALIKES

_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2043\u207b\u208b\u2212\ufe58\ufe63\uff0d\u2e3a\u2e3b"
_UNSEEN = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u3164\uffa0\ufeff"  # soft hyphen, joiners, fillers, byte order mark
    + "".join(map(chr, (*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070))))  # zero width, direction
    + "".join(map(chr, (*range(0xFFF9, 0xFFFC), *range(0x1BCA0, 0x1BCA4), *range(0x1D173, 0x1D17B))))  # of annotations, shorthand, music
    + "".join(map(chr, (*range(0xFE00, 0xFE10), *range(0xE0000, 0xE0080), *range(0xE0100, 0xE01F0))))  # variation selectors, tags
)
_MARKS = "".join(
    map(chr, (*range(0x300, 0x370), *range(0x483, 0x48A), *range(0x1AB0, 0x1B00), *range(0x1DC0, 0x1E00), *range(0x20D0, 0x2100)))
) + "".join(map(chr, range(0xFE20, 0xFE30)))
_BLANKS = "\u1680\u2800"  # that NFKC leaves: of Ogham, which is a line in some fonts, and of Braille
_PIECE = 1024  # characters: NFKC sorts a run of combining marks in quadratic time
_SHORT = 32  # characters: what is longer is hardly met twice
_LINE_ENDS = "\x85\u2028\u2029"
# In circles and brackets, with a full stop behind them, white on black: all that are digits by themselves.
_DIGITS = {code: str(digit) for code in range(128, 0x1FC00) if (digit := unicodedata.digit(chr(code), None)) is not None}
_NOUGHTS, _TENS = "\U0001f10b\U0001f10c", "\u277f\u2789\u2793"  # in circles; others are digits, or NFKC knows them
_TABLE: dict[int, str | None] = {
    **dict.fromkeys(map(ord, _DASHES), "-"),
    **dict.fromkeys(map(ord, _LINE_ENDS), "\n"),
    **dict.fromkeys(map(ord, _BLANKS), " "),
    **dict.fromkeys(map(ord, _NOUGHTS), "0"),
    **dict.fromkeys(map(ord, _TENS), "10"),
    **_DIGITS,
    **LOOKALIKES,
    **dict.fromkeys(map(ord, _UNSEEN)),
}
_UNMARKED: dict[int, None] = dict.fromkeys(map(ord, _MARKS))
_CHANGED = frozenset(map(chr, (*_TABLE, *_UNMARKED)))
_FOREIGN = re.compile(r"[^\x00-\x7f]+")


def normalise(text: str) -> str:
    """The same words in plain spelling."""
    return text if text.isascii() else "".join(_pieces(text))


def octets(text: str) -> bytes:
    """UTF-8 for re2; half a surrogate pair, which no UTF-8 can say, becomes a question mark."""
    return text.encode("utf-8", "replace")


def _pieces(text: str) -> Iterator[str]:
    done = 0
    for run in _FOREIGN.finditer(text):
        start = run.start()
        # The mark over a letter of ASCII is composed with it.
        before = start - (start > done)
        yield text[done:before]
        done = run.end()
        yield _spelled(text[before:done])
    yield text[done:]


def _spelled(run: str) -> str:
    if len(run) <= _SHORT:
        return _known(run)
    return "".join([_plain(run[start : start + _PIECE]) for start in range(0, len(run), _PIECE)])


def _plain(run: str) -> str:
    """Until nothing changes: a look-alike may be composed with the mark after it, and what NFKC gives may look like something else."""
    *_, last = _spellings(run)
    return last


def _spellings(run: str) -> Iterator[str]:
    yield run
    while not _is_plain(run):
        # Before NFKC: a zero-width character between a letter and its mark would hinder it. After it: marks that belong to no letter.
        plainer = unicodedata.normalize("NFKC", run.translate(_TABLE)).translate(_TABLE).translate(_UNMARKED)
        if plainer == run:
            return
        yield (run := plainer)


def _is_plain(run: str) -> bool:
    """Whether nothing here could change; quicker than to try."""
    return unicodedata.is_normalized("NFKC", run) and _CHANGED.isdisjoint(run)


_known = lru_cache(maxsize=4096)(_plain)
