"""Accounts and addresses that are the same in every country. Pure."""

from __future__ import annotations

import re

from gateway.detectors.checks import IBAN_LENGTHS, is_card, is_iban, valid_cards
from gateway.detectors.detector import LABELLED, SIGNS, Detector, Found

_SIGN = r"[ \-\n]"  # between groups of digits; lines are broken at blanks
_GROUPS = (
    rf"[0-9]{{4}}{_SIGN}[0-9]{{4}}{_SIGN}[0-9]{{4}}{_SIGN}[0-9]{{1,4}}(?:{_SIGN}[0-9]{{3}})?|[0-9]{{4}}{_SIGN}[0-9]{{6}}{_SIGN}[0-9]{{4,5}}"
)
_PHONE = (
    r"\+[1-9][0-9]{0,2}[ .\-]?(?:\(0?[0-9]{0,5}\)[ .\-]?)?[0-9](?:[ .\-]?[0-9]){6,12}\b"  # E.164, as people write it
    r"|\(?\b0[0-9]{2,5}\)?[ .\-]?[0-9]{3,4}[ .\-]?[0-9]{3,4}\b"  # within the United Kingdom
    r"|\(?\b[2-9][0-9]{2}(?:\) ?|[ .\-])[2-9][0-9]{2}[ .\-][0-9]{4}\b"  # within North America
)


def _card(text: str, length: int) -> Found | None:
    """Sure when it passes. A last group that is no part of it (a house number, a year) is left off."""
    written = text[:length].replace("\n", " ")
    for shown in (written, re.sub("[ -][0-9]+$", "", written)):
        digits = re.sub("[^0-9]", "", shown)
        if is_card(digits):
            return Found(digits, sure=True)
    return None


def _iban(text: str, _: int) -> Found | None:
    """Sure when it passes: length, letters and two check digits leave one chance in thousands."""
    wanted = IBAN_LENGTHS.get(text[:2].upper(), 0)
    signs = re.match(rf"(?:[A-Za-z0-9][ \n]?){{{wanted - 1}}}[A-Za-z0-9](?![A-Za-z0-9])", text) if wanted else None
    value = "".join(signs[0].split()).upper() if signs else ""
    return Found(value, sure=True) if value and is_iban(value) else None


def _phone(text: str, length: int) -> Found | None:
    """Sure with its blanks or its country; a plain run may be an old ISBN."""
    digits = re.sub("[^0-9]", "", text[:length])
    enough = 10 <= len(digits) <= 11 if text[0] in "0(" else 8 <= len(digits) <= 15
    return Found(digits, sure=len(digits) < length) if enough and len(set(digits)) > 2 else None


def _mailbox(text: str, length: int) -> Found | None:
    return Found(text[:length].lower(), sure=True)


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
        freely=rf"{LABELLED}([0-9]{{4}}{SIGNS}[0-9]{{4}}{SIGNS}[0-9]{{4}}{SIGNS}[0-9]{{4}})(?:\b|_)",
        beside=r"card|visa|amex",
    ),
    Detector(
        "iban", "IBAN", r"(?i)\b[a-z]{2}[0-9]{2}[ \n]?[a-z0-9]{4}[ \n]?[a-z0-9]{4}", _iban, lambda value: f"{value[:2]}•• •••• {value[-4:]}"
    ),
    Detector(
        "phone",
        "telephone number",
        _PHONE,
        _phone,
        lambda value: f"•••• {value[-3:]}",
        near=r"\btel|phone|mobile|\bmob\b|\bfax|\bcall\b|\bring\b|whatsapp",
        heading=r"(?i)phone|mobile|\btel\b",
        heading_needs=3,
    ),
    Detector(
        "email-address",
        "e-mail address",
        r"\b[A-Za-z0-9._%+\-]{1,64}@(?:[A-Za-z0-9\-]{1,63}\.){1,8}[A-Za-z]{2,24}\b",
        _mailbox,
        _mailbox_mask,
        written=r"@(?:[A-Za-z0-9\-]{1,63}\.){1,8}[A-Za-z]{2,24}\b",
        behind=r"[A-Za-z0-9._%+\-]{1,64}$",
    ),
)
