"""Whether six and eight digits near the word "account" are a sort code and an account number, or a customer's number and a date. Pure.

Bills say "Account number: 10023456, bill date: 12/11/24", and councils "account 85012345, Council Tax 2024/25". A word for a sort code
before digits near by always makes it one. Without it each of the two parts must look like itself: nobody writes a sort code like an amount
or a year, and a day is none where a word before says so, or where other signs than hyphens part it.
"""

from __future__ import annotations

import re
from itertools import accumulate
from typing import NamedTuple

from gateway.detectors.checks import day_of
from gateway.detectors.otherwise import calls_otherwise, ends_with, words_before

_AROUND = 96  # octets before and behind, in which a word for a sort code stands
_WORDS = 32  # octets
_ON = r"(?:no\.|[^0-9.?!]|[.?!](?!\s)){0,40}[0-9]"  # to the digits, within the sentence
_SORT = re.compile(
    rf"(?:sort[ _\-]?(?:code|no|num)|(?:bank|branch)[ _\-]?code|s/c){_ON}|(?<![a-z])(?:sort|sc)[^0-9a-z]{{1,6}}[0-9]".encode()
)
_CALLED = (b"sort", b"sc", b"s/c", b"code")
_BEHIND = re.compile(rb"\s{0,2}(?:[(\[]|- |is )[^0-9.]{0,24}(?:sort|s/c)", re.IGNORECASE)
_ACCOUNT = re.compile(rb"(?:acc(?:oun)?t?|a/c)[ _.]?(?:no|num|number)?[^0-9a-z]*$")
_THEN = ("no", "num", "number", "is", "was", "on", "of", "from", "by", "for")
_FIGURES = """
    meter mpan mprn read reading readings usage units amount total balance vat ref reference customer member membership policy claim case
    contract quote pin passcode otp tel telephone phone call ring fax ext extension $ \u00a3 \u20ac
"""
_DATES = """
    date dates dated day due on until till since point period week month year quarter start starts starting begins beginning end ends ended
    ending expiry expires renewal statement bill billed invoiced issued printed paid sent received posted opened closed created updated
    signed raised delivered effective valid
"""
_is_figure = ends_with(_FIGURES.split(), _THEN, 2)  # what other plain digits are called
_is_dated = ends_with(_DATES.split(), _THEN, 2)
_PAYING = re.compile(rb"(?<![a-z])(?:bacs|direct[ _\-]debit|payer|payee|bank[ _\-]details)(?![a-z])[^.!?\n]*$")
_REFERENCE = re.compile(rb"(?<![a-z])ref(?:erence)?[^0-9a-z]*$")
_CODES = ((6,), (2, 2, 2), (1,) * 6)  # digits in the groups of a sort code, where nothing says that it is one
_DAYS = ((2, 2, 4), (4, 2, 2))
_PENCE = (6, 2)
_DIGITS = re.compile(rb"[0-9]+")
_LETTER = re.compile(rb"[A-Za-z]")
_PLAIN = re.compile(r"[0-9\s\-]+")


class _Part(NamedTuple):
    at: int
    shown: str
    sizes: tuple[int, ...]  # digits in each of its groups
    before: bytes  # the last words before it


def is_no_account(data: bytes, at: int, stop: int) -> bool:
    """Whether a sort code and an account number, in either order, are something else."""
    if _is_called_code(data, at, stop):
        return False
    first, second = _parts(data, at, stop)
    if sum(first.sizes) == 6 and _PAYING.search(words_before(data, at)):  # what is paid is called by the account that it comes from
        first, second = _unreferenced(first), _unreferenced(second)
    code, number = (first, second) if sum(first.sizes) == 6 else (second, first)
    if calls_otherwise(first.before) or calls_otherwise(second.before) or _is_no_number(number):
        return True
    return _is_no_code(code, is_beside=code is first and not _LETTER.search(data, at, number.at))


def _is_called_code(data: bytes, at: int, stop: int) -> bool:
    around = data[max(0, at - _AROUND) : stop + _AROUND].lower()
    if not any(map(around.__contains__, _CALLED)):  # a first look: most texts have no such word
        return False
    return _SORT.search(around) is not None or _BEHIND.match(data, stop) is not None


def _parts(data: bytes, at: int, stop: int) -> tuple[_Part, _Part]:
    groups = [group.span() for group in _DIGITS.finditer(data, at, stop)]
    ends = list(accumulate(last - first for first, last in groups))
    cut = ends.index(6 if 6 in ends else 8) + 1
    first, second = [_part(data, some) for some in (groups[:cut], groups[cut:])]
    return first, second


def _part(data: bytes, groups: list[tuple[int, int]]) -> _Part:
    at, stop = groups[0][0], groups[-1][1]
    sizes = tuple(last - first for first, last in groups)
    return _Part(at, data[at:stop].decode("ascii", "replace"), sizes, words_before(data, at)[-_WORDS:])


def _unreferenced(part: _Part) -> _Part:
    return part._replace(before=_REFERENCE.sub(b"", part.before).rstrip())


def _is_no_code(part: _Part, *, is_beside: bool) -> bool:
    """Whether six digits are none; right before an account number, plain digits and those with hyphens are no day."""
    if part.sizes not in _CODES or (part.sizes == (6,) and _is_figure(part.before)):
        return True
    return len(part.sizes) <= 3 and _may_be_day(part, is_beside=is_beside) and day_of(part.shown) != ""


def _may_be_day(part: _Part, *, is_beside: bool) -> bool:
    """Whether the signs of six digits and the words before them let them be a day."""
    if _PLAIN.fullmatch(part.shown):
        return not is_beside and _is_dated(part.before)
    return _is_dated(part.before) or _ACCOUNT.search(part.before) is None


def _is_no_number(part: _Part) -> bool:
    if part.sizes == (8,):
        return _is_figure(part.before) or (_is_dated(part.before) and day_of(part.shown) != "")
    return part.sizes == _PENCE or (part.sizes in _DAYS and day_of(part.shown) != "")
