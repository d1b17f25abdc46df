"""Accounts and addresses that are the same in every country. Pure."""

from __future__ import annotations

import re

from gateway.detectors.cards import is_no_card
from gateway.detectors.checks import IBAN_LENGTHS, is_card, is_iban, valid_cards
from gateway.detectors.detector import Detector, Found, plain
from gateway.detectors.named import SIGN, digits, spread

_SIGN = r"[ \-\n]"  # between groups of digits; lines are broken at blanks
_PRINTED = r"(?:[\-./_\t]|[ ]{1,2})"  # between the groups of four of an IBAN
_GROUPS = (
    rf"[0-9]{{4}}{_SIGN}[0-9]{{4}}{_SIGN}[0-9]{{4}}{_SIGN}[0-9]{{1,4}}(?:{_SIGN}[0-9]{{3}})?|[0-9]{{4}}{_SIGN}[0-9]{{6}}{_SIGN}[0-9]{{4,5}}"
)
_PHONE = (
    r"(?:\+|\b00 ?)[1-9][0-9]{0,2}[ .\-/]?(?:\(0?[0-9]{0,5}\)[ .\-]?)?[0-9](?:[ .\-/]{0,2}[0-9]){6,12}\b"  # E.164, as people write it
    r"|\(?\b0[0-9]{2,5}\)?[ .\-]{0,2}[0-9]{3,4}[ .\-]{0,2}[0-9]{3,4}\b"  # within the United Kingdom
    r"|(?:\b1[ .\-])?\(?\b[2-9][0-9]{2}(?:\) ?|[ .\-])[2-9][0-9]{2}[ .\-][0-9]{4}\b"  # within North America
)
_AT = r"(?:@|%40| ?[\[({] ?(?:at|AT|@) ?[\])}] ?)"  # as it is, in a link, and as people hide it from machines
_DOT = r"(?:\.| ?[\[({] ?(?:dot|DOT|\.) ?[\])}] ?)"
_HOST = rf"(?:[^\x00-,./:-@\[-`{{-\x7f]{{1,63}}{_DOT}){{1,8}}[A-Za-z]{{2,24}}\b"  # letters of any script, digits and -


def _card(text: str, length: int) -> Found | None:
    """Sure when it passes. Last groups that are no part of it (a house number, a year) are left off."""
    groups = re.findall("[0-9]+", text[:length])
    while groups:
        if is_card(number := "".join(groups)):
            return Found(number, sure=True)
        groups.pop()
    return None


def _iban(text: str, _: int) -> Found | None:
    """Sure when it passes: length, letters and two check digits leave one chance in thousands."""
    wanted = IBAN_LENGTHS.get(plain(text[:5])[:2].upper(), 0)
    signs = re.match(rf"(?:[A-Za-z0-9][^A-Za-z0-9]{{0,3}}){{{wanted - 1}}}[A-Za-z0-9](?![A-Za-z0-9])", text) if wanted else None
    value = plain(signs[0]).upper() if signs else ""
    return Found(value, sure=True) if value and is_iban(value) else None


def _phone(text: str, length: int) -> Found | None:
    """Sure with its blanks or its country; a plain run may be an old ISBN."""
    number = plain(text[:length])
    is_foreign = number.startswith("00")
    enough = 10 <= len(number) <= 11 if text[0] in "0(" and not is_foreign else 8 <= len(number) <= 15
    return Found(number, sure=len(number) < length) if enough and len(set(number)) > 2 else None


def _mailbox(text: str, length: int) -> Found | None:
    """As it is meant: its signs may be spelled in brackets."""
    return Found(re.sub(_DOT, ".", re.sub(_AT, "@", text[:length], count=1)).lower(), sure=True)


def _mailbox_mask(value: str) -> str:
    return f"•••@{value.rpartition('@')[2]}"


DETECTORS = (
    Detector(
        "card",
        "payment card number",
        rf"\b(?:{_GROUPS}|[0-9]{{13,19}})\b",
        _card,
        lambda value: f"•••• {value[-4:]}",
        written=rf"\b(?:{_GROUPS})\b",
        runs=(13, 14, 15, 16, 17, 18, 19),
        valid=valid_cards,
        called="cards?|debit|visa|master ?card|amex|american express|pan|cc",
        spelled=f"({spread(*digits(13))}(?:{SIGN}[0-9]){{0,6}})",
        otherwise=is_no_card,
    ),
    Detector(
        "iban",
        "IBAN",
        rf"(?i)\b[a-z]{{2}}[0-9]{{2}}(?:[ \n]?[a-z0-9]{{4}}[ \n]?[a-z0-9]{{4}}|{_PRINTED}[a-z0-9]{{4}}{_PRINTED}[a-z0-9]{{4}})",
        _iban,
        lambda value: f"{value[:2]}•• •••• {value[-4:]}",
        called="iban|international bank account",
        spelled=f"({spread('[a-z]', '[a-z]', *digits(2), *['[a-z0-9]'] * 11)}(?:{SIGN}[a-z0-9]){{0,19}})",
    ),
    Detector(
        "phone",
        "telephone number",
        _PHONE,
        _phone,
        lambda value: f"•••• {value[-3:]}",
        called="tel|telephone|phone|mob|mobile|cell|fax|call|ring|whatsapp",
        spelled=f"({spread('0', *digits(9))}(?:{SIGN}[0-9])?)|([2-9][0-9]{{2}}[2-9][0-9]{{6}})",
        near=r"\btel|phone|mobile|\bmob\b|\bfax|\bcall\b|\bring\b|whatsapp",
        heading=r"(?i)phone|mobile|\btel\b",
        heading_needs=3,
    ),
    Detector(
        "email-address",
        "e-mail address",
        rf"\b[A-Za-z0-9._%+\-]{{1,64}}{_AT}{_HOST}",
        _mailbox,
        _mailbox_mask,
        written=_AT + _HOST,
        behind=r"[A-Za-z0-9._%+\-]{1,64}$",
    ),
)
