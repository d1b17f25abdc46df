"""A value right behind the words that name it, however it is written: run together with them, in any groups, by any sign. Pure.

What is written like that could be anything elsewhere: a version, an amount, a date. So it is looked for in one place alone, and there the
same sign stands between all groups. In pairs it needs more than a blank before it: "NHS no: 48 57 77 34 57".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import re2

from gateway.detectors.stretches import BACK, OVERLAP, options, whole

SIGN = r"[\s.,;:\-/_~|+*=\"'()]{0,3}"  # ~ is _ in a file name
_NAMING = r"(?:[\s._~\-]{0,3}(?:no|num|number|nbr|nr|id|ref|reference|code|details|value|which|is|was)){0,3}"
_WHOSE = rf"(?: (?:of|for) [^0-9.;\n]{{1,30}}?(?: is| was|:| -|=)| ?\([^()\n]{{1,30}}\){_NAMING})?"
_BETWEEN = (
    r"[\s:;=#.,_~*|/\\()\[\]{}<>\"'`\x{2018}-\x{201f}\-]{0,12}(?:[0-9]{1,2}[.)]\s{1,2})?"  # and the number of the first line of a list
)
_AFTER = r"\s{0,2}(?:[(\[]|- |is (?:my|his|her|our|their|the|your) )"  # between a value and its words
_END = r"(?:[^0-9A-Za-z]|$)"
_BETWEEN_GROUPS = re.compile(rb"(?<=[0-9A-Za-z])[^0-9A-Za-z]+(?=[0-9A-Za-z])")
_DAY = re.compile(rb"(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])[0-3][0-9](?![0-9])")  # as in the names of pictures
_GROUP = re.compile(rb"[0-9A-Za-z]+")
_LONG = 13  # characters: so many pairs are no dates, scores or lists of numbers
_CELLS = (b",", b";", b"\t", b"|")
_IN_PATHS = b"/\\."


def spread(*signs: str) -> str:
    """Characters of these classes, one by one, with up to three signs between two."""
    return SIGN.join(signs)


def digits(count: int) -> tuple[str, ...]:
    """So many of them, for `spread`."""
    return ("[0-9]",) * count


def named_values(called: str, spelled: str) -> Callable[[bytes, int, int], Iterator[tuple[int, int]]]:
    """A function that says where such values stand, of those that begin in a stretch.

    Args:
        called: the words that name one, without a group.
        spelled: its characters, as a group; two groups where it has two parts.
    """
    behind = rf"(?:^|[^A-Za-z0-9])({called}){_NAMING}{_WHOSE}{_BETWEEN}(?:{spelled}){_END}"
    before = rf"(?:^|[^0-9A-Za-z])(?:{spelled}){_AFTER}\s?(?:{called})"
    forms = re2.compile(f"(?i)(?:{behind}|{before})".encode(), options())
    groups = range(1, forms.groups + 1)

    def values(data: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
        for match in forms.finditer(data, whole(data, max(0, start - BACK)), min(len(data), end + OVERLAP)):
            word, *spans = map(match.span, groups)
            parts = [span for span in spans if span[0] >= 0]
            at, stop = parts[0][0], parts[-1][1]
            if start <= at < end and _is_written_so(data, word, parts):
                yield at, stop

    return values


def _is_written_so(data: bytes, word: tuple[int, int], parts: list[tuple[int, int]]) -> bool:
    """Whether a person would write a value like that, and it is no part of an address or a path."""
    at = parts[0][0]
    if word[0] > 0 and data[at - 1] in _IN_PATHS and data[word[0] - 1] in _IN_PATHS:
        return False
    if data[word[0] - 1 : word[0]] in _CELLS and b"\n" in data[word[1] : at]:
        return False  # the last heading of a table, and the first cell below
    is_bare = word[0] >= 0 and at - word[1] < 2
    return all(_is_regular(data[first:last], is_bare=is_bare and len(parts) == 1) for first, last in parts)


def _is_regular(shown: bytes, *, is_bare: bool) -> bool:
    """One sign between all groups; no thousands, no day with a number behind it, and no few pairs behind a bare word."""
    signs = {sign.strip() for sign in _BETWEEN_GROUPS.findall(shown.replace(b"(", b"").replace(b")", b""))}
    first, *sizes = [len(group) for group in _GROUP.findall(shown)]
    if not sizes:
        return True
    is_amount = set(sizes) == {3} and (signs == {b","} or (is_bare and signs == {b"."}))
    are_few_pairs = is_bare and max(first, *sizes) == 2 and first + sum(sizes) < _LONG
    return len(signs) == 1 and not is_amount and not are_few_pairs and not _DAY.match(shown)
