"""Whether digits one by one or in pairs beside the word "card" are no payment card's: the scores of eighteen holes of golf. Pure.

Of one row of scores in twelve the first sixteen pass the check of a card. So digits one by one are a card where its words stand and they
are all of it, or where what is left over looks like the month in which it ends ("12 29") or like its security code.
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
    return are_single and not _are_of_card(groups, before + b" " + data[stop : stop + _BEHIND].lower())


def _are_of_card(groups: list[str], words: bytes) -> bool:
    count = next((count for count in range(len(groups), 0, -1) if is_card("".join(groups[:count]))), 0)
    left = groups[count:]
    is_sure = _SURE.search(words) is not None
    is_written_so = max(map(len, groups[:count]), default=0) == 1 and (count in _USUAL or is_sure)
    ends_so = all(len(group) == 2 for group in left) or (is_sure and len(left) == _CODE and count == _USUAL[-1])
    return is_written_so and ends_so and _CARD.search(words) is not None
