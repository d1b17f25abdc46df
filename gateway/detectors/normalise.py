"""Text as a person sees it: one spelling for what looks alike. Pure.

Compatibility forms (NFKC, UAX #15) become plain, what cannot be seen goes, all dashes are one dash and all digits ASCII digits.
Limits: look-alike letters of other scripts (UTS #39) stay what they are.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2043\u207b\u208b\u2212\ufe58\ufe63\uff0d\u2e3a\u2e3b"
_UNSEEN = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u3164\uffa0\ufeff"  # soft hyphen, joiners, fillers, byte order mark
    + "".join(map(chr, (*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070))))  # zero width, direction
    + "".join(map(chr, (*range(0xFE00, 0xFE10), *range(0xE0000, 0xE0080), *range(0xE0100, 0xE01F0))))  # variation selectors, tags
)
_PIECE = 1024  # characters: NFKC sorts a run of combining marks in quadratic time
_LINE_ENDS = "\x85\u2028\u2029"
_DIGITS = {code: str(unicodedata.digit(chr(code))) for code in range(128, 0x1FC00) if unicodedata.category(chr(code)) == "Nd"}
_TABLE: dict[int, str | None] = {
    **dict.fromkeys(map(ord, _DASHES), "-"),
    **dict.fromkeys(map(ord, _LINE_ENDS), "\n"),
    **_DIGITS,
    **dict.fromkeys(map(ord, _UNSEEN)),
}


def normalise(text: str) -> str:
    """The same words in plain spelling. ASCII text is returned as it is."""
    if text.isascii():
        return text
    # Twice the table: NFKC makes some dashes, and a zero-width character between a letter and its mark would hinder NFKC.
    seen = text.translate(_TABLE)
    return "".join([unicodedata.normalize("NFKC", piece) for piece in _pieces(seen)]).translate(_TABLE)


def _pieces(text: str) -> Iterator[str]:
    """The text cut where it can be: before an ASCII character, with which nothing before it is composed."""
    start = 0
    while len(text) - start > _PIECE:
        cut = next((at for at in range(start + _PIECE, start, -1) if text[at].isascii()), start + _PIECE)
        yield text[start:cut]
        start = cut
    yield text[start:]


def octets(text: str) -> bytes:
    """UTF-8 for re2; half a surrogate pair, which no UTF-8 can say, becomes a question mark."""
    return text.encode("utf-8", "replace")
