"""Which string properties of an Outlook item are words for people ([MS-OXPROPS]). Pure.

All are, and a form shows nearly all, but for these: what is read elsewhere (subject, bodies, transport headers); addresses and their kinds;
identifiers, classes and settings of accounts. They hold long numbers that say nothing about anybody. Of people the names count, without
the addresses that often stand in their place.
"""

from __future__ import annotations

import re

from gateway.mime.told import without_addresses

_READ = frozenset({0x0037, 0x007D, 0x1000, 0x1008, 0x1009, 0x1013})  # 0x1008: the letters of the body once more
_ADDRESSES = frozenset(
    {0x0064, 0x0065, 0x0066, 0x0067, 0x0068, 0x0069, 0x0075, 0x0076, 0x0077, 0x0078, 0x0079, 0x007A}  # of sender, receiver, author
    | {0x0C1E, 0x0C1F, 0x3002, 0x3003, 0x39FE, 0x4022, 0x4023, 0x4024, 0x4025}
    | set(range(0x5D00, 0x5E00))
)
_IDENTIFIERS = frozenset(
    {0x001A, 0x004B, 0x3613}  # classes: IPM.Note
    | {0x1014, 0x1015, 0x1035, 0x1039, 0x1042, 0x1043, 0x1044, 0x1045, 0x1046, 0x10F3, 0x6707, 0x6806}  # of messages, lists and calls
    | {0x0E28, 0x0E29}  # accounts
)
_MACHINES = _READ | _ADDRESSES | _IDENTIFIERS
_PEOPLE = frozenset(
    {0x0040, 0x0042, 0x0044, 0x004D, 0x0050, 0x005A, 0x005D, 0x0072, 0x0073, 0x0074}
    | {0x0C1A, 0x0E02, 0x0E03, 0x0E04, 0x3FF8, 0x3FFA, 0x5FF6}
    | set(range(0x4030, 0x403A))
)
_ACCOUNTS = frozenset({"#8580", "#8581"})  # PidLidInternetAccountName, PidLidInternetAccountStamp
_DIRECTORY = re.compile(r"\s*/o=", re.IGNORECASE)  # a name in Exchange's directory, with an identifier at its end


def words_in(id_: int, text: str) -> str:
    """What a person is told by a property with a number; empty where nothing."""
    if id_ in _MACHINES or _DIRECTORY.match(text):
        return ""
    return without_addresses(text).strip() if id_ in _PEOPLE else text


def named_words(name: str, text: str) -> str:
    """The same of one with a name: fields of header sections are told apart, however they came in."""
    return "" if name in _ACCOUNTS or name.startswith(("x-", "msip_label")) or _DIRECTORY.match(text) else text
