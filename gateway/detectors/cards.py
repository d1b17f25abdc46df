"""Whether digits one by one or in pairs beside the word "card" are no payment card's: the scores of eighteen holes of golf. Pure.

Of one row of scores in twelve the first sixteen pass the check of a card. So digits one by one are a card where its words stand and they
are all of it, or where what is left over looks like the month in which it ends ("12 29", "1 2 2 9") or like its security code. Where
digits one by one and in pairs are mixed, as few write them, a word for a payment must stand there, and all of them are the number.
"""

from __future__ import annotations

import re

from gateway.detectors.checks import is_card
from gateway.detectors.otherwise import is_otherwise

_BEFORE, _BEHIND = 48, 24  # octets in which its words stand
_PAYMENT = "debit|credit|visa|master ?card|amex|american express|payment"
_GAME = re.compile(rf"(?:score|golf|bingo|race|report)[ _\-]?cards?(?:(?!{_PAYMENT})[^0-9]){{0,24}}$".encode())
_CARD = re.compile(rf"cards?(?![a-z])|{_PAYMENT}|(?<![a-z])(?:pan|cc)(?![a-z])".encode())
_SURE = re.compile(rf"{_PAYMENT}|(?<![a-z])pan(?![a-z])|cards?[ _\-]?(?:no|num|number|#)".encode())  # not only the word
_USUAL = (15, 16)  # digits
_CODE = 3  # digits of the security code
_SINGLE = re.compile(rb"(?:[\s.,;:\-/_~|]{1,3}[0-9](?![0-9])){0,8}")  # that follow one by one
_END = re.compile(r"(?:0[1-9]|1[0-2])[2-4][0-9](?:[0-9]{3})?")  # month and year, perhaps the security code


def is_no_card(data: bytes, at: int, stop: int) -> bool:
    """Whether a number that passes as a card's is something else."""
    if is_otherwise(data, at):
        return True
    groups = re.findall("[0-9]+", data[at:stop].decode("ascii", "replace"))
    sizes = list(map(len, groups))
    if max(sizes, default=0) > 2:
        return False
    before = data[max(0, at - _BEFORE) : at].lower()
    if _GAME.search(before):
        return True
    are_single = sizes.count(1) * 2 > len(sizes)
    if not are_single:
        return False
    words = before + b" " + data[stop : stop + _BEHIND].lower()
    return not (_are_of_card(groups, words) or _ends_one_by_one(groups, data, stop, words))


def _are_of_card(groups: list[str], words: bytes) -> bool:
    count = next((count for count in range(len(groups), 0, -1) if is_card("".join(groups[:count]))), 0)
    left = groups[count:]
    is_sure = _SURE.search(words) is not None
    if is_sure and not left and len("".join(groups)) in _USUAL:
        return True
    is_written_so = max(map(len, groups[:count]), default=0) == 1 and (count in _USUAL or is_sure)
    ends_so = all(len(group) == 2 for group in left) or (is_sure and len(left) == _CODE and count == _USUAL[-1])
    return is_written_so and ends_so and _CARD.search(words) is not None


def _ends_one_by_one(groups: list[str], data: bytes, stop: int, words: bytes) -> bool:
    """Whether a number, its month and perhaps its security code are digits one by one to the last: no round of golf has twenty holes."""
    following = _SINGLE.match(data, stop)
    digits = "".join(groups) + "".join(re.findall("[0-9]", following[0].decode("ascii", "replace") if following else ""))
    is_single = max(map(len, groups)) == 1
    number, end = digits[: _USUAL[-1]], digits[_USUAL[-1] :]
    return is_single and _END.fullmatch(end) is not None and is_card(number) and _CARD.search(words) is not None
