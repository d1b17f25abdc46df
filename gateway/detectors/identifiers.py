"""Numbers that name a person or an account: how they look, when they are valid, and what makes us believe it. Pure.

A number that merely looks right is not yet a finding: one in eleven random ten-digit numbers passes the check of an NHS number. So a
form is either *sure* (nobody writes anything else like that) or it needs support, in one of three ways: a telling word near it, a
telling heading anywhere in the same file or words, or company (several of them where chance would give few).

Standards: NHS Data Dictionary (NHS NUMBER, CHI), HMRC NIM39110 (NINO), SSA POMS RM 10201 (SSN), ISO/IEC 7812 (card), ISO 13616 (IBAN),
DfE Unique Pupil Numbers guide (UPN).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from operator import mul
from typing import NamedTuple


class Found(NamedTuple):
    """A valid value, as it is compared: no blanks, upper-case."""

    value: str
    sure: bool  # its form alone is enough


@dataclass(frozen=True, slots=True)
class Detector:
    """One kind of identifier."""

    id: str
    candidate: str  # both re2 and re; linear: no nested repetition
    judge: Callable[[str, int], Found | None]  # the text from the candidate's first character, and the candidate's length
    mask: Callable[[str], str]  # of a value
    near: str = ""  # words that support a value within 100 characters before it or 40 after it
    heading: str = ""  # words that support every value in the same scan
    heading_needs: int = 1  # ... when at least so many distinct values stand there
    company: bool = False  # three or more distinct values, more than half of all that look alike, support one another


def is_nhs_number(digits: str) -> bool:
    """Modulus 11 of the ten digits."""
    # With the check digit counted once, a valid number is a multiple of 11.
    return len(digits) == 10 and sum(map(mul, map(int, digits), _NHS_WEIGHTS)) % 11 == 0


def is_nino(text: str) -> bool:
    """Two letters that HMRC gives out, six digits, A to D."""
    return re.fullmatch(r"[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z][0-9]{6}[A-D]", text) is not None and text[:2] not in _NO_NINO


def is_us_ssn(digits: str) -> bool:
    """Nine digits that the SSA may have given out, and none of the numbers made famous by advertisements."""
    area, group, serial = digits[:3], digits[3:5], digits[5:]
    given = area not in ("000", "666") and area < "900" and group != "00" and serial != "0000"
    return len(digits) == 9 and given and digits not in _FAMOUS_SSN


def is_card(digits: str) -> bool:
    """A known issuer's prefix and length, the Luhn check, and not one digit over and over."""
    known = any(len(digits) in lengths and low <= digits[: len(low)] <= high for low, high, lengths in _ISSUERS)
    return known and len(set(digits)) > 1 and is_luhn(digits)


def is_luhn(digits: str) -> bool:
    """ISO/IEC 7812-1 annex B."""
    doubled = sum(sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (doubled + sum(map(int, digits[::-2]))) % 10 == 0


def is_iban(text: str) -> bool:
    """The country's length, and 1 modulo 97."""
    return len(text) == _IBAN_LENGTHS.get(text[:2]) and int("".join(str(int(sign, 36)) for sign in text[4:] + text[:4])) % 97 == 1


def is_upn(text: str) -> bool:
    """A check letter before twelve digits, the last of which may be a letter (temporary number)."""
    if re.fullmatch(r"[A-HJ-NP-RT-Z][0-9]{11}[0-9A-HJ-NP-RT-Z]", text) is None:
        return False
    total = sum((int(sign) if sign.isdigit() else _UPN_LETTERS.index(sign)) * weight for weight, sign in enumerate(text[1:], start=2))
    return _UPN_LETTERS[total % 23] == text[0]


_NHS_WEIGHTS = (10, 9, 8, 7, 6, 5, 4, 3, 2, 1)
_NO_NINO = frozenset({"BG", "GB", "KN", "NK", "NT", "TN", "ZZ"})
_FAMOUS_SSN = frozenset({"078051120", "219099999", "457555462"})
_UPN_LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"
_ISSUERS: tuple[tuple[str, str, tuple[int, ...]], ...] = (
    ("4", "4", (13, 16, 19)),  # Visa
    ("51", "55", (16,)),  # Mastercard
    ("2221", "2720", (16,)),
    ("34", "34", (15,)),  # American Express
    ("37", "37", (15,)),
    ("6011", "6011", (16, 19)),  # Discover
    ("644", "659", (16, 19)),
    ("3528", "3589", (16, 19)),  # JCB
    ("300", "305", (14,)),  # Diners Club
    ("36", "36", (14,)),
    ("38", "39", (14, 16)),
    ("62", "62", (16, 17, 18, 19)),  # UnionPay
    ("5018", "5020", (16, 18, 19)),  # Maestro
    ("6304", "6304", (16, 18, 19)),
    ("6759", "6763", (16, 18, 19)),
)
# ISO 13616 registry, release 99: length and the countries that have it.
_IBAN_LENGTHS = {
    country: length
    for length, countries in {
        15: "NO",
        16: "BE",
        18: "DK FI FK FO GL NL SD",
        19: "MK SI",
        20: "AT BA EE KZ LT LU MN XK",
        21: "CH HR LI LV",
        22: "BG BH CR DE GB GE IE ME RS VA",
        23: "AE GI IL IQ OM SO TL",
        24: "AD CZ ES MD PK RO SA SE SK TN VG",
        25: "LY PT ST",
        26: "IS TR",
        27: "BI DJ FR GR IT MC MR SM",
        28: "AL AZ BY CY DO GT HN HU LB NI PL SV",
        29: "BR EG PS QA UA",
        30: "JO KW MU YE",
        31: "MT SC",
        32: "LC",
        33: "RU",
    }.items()
    for country in countries.split()
}


def _nhs(text: str, length: int) -> Found | None:
    """Sure only as 3-3-4 with blanks: with dashes it may be a North American telephone number, unparted it may be anything."""
    written = text[:length]
    digits = re.sub("[ -]", "", written)
    if not is_nhs_number(digits) or not _may_be_nhs(digits):
        return None
    return Found(digits, sure=length == 12 and written[3] == written[7] == " ")


def _may_be_nhs(digits: str) -> bool:
    """England and test numbers begin with 4, 6, 7 or 9, Northern Ireland's with 32 to 39, a Scottish CHI with day and month of birth."""
    if digits[0] in "4679":
        return len(set(digits)) > 1
    return "32" <= digits[:2] <= "39" or ("01" <= digits[:2] <= "31" and "01" <= digits[2:4] <= "12")


def _nino(text: str, length: int) -> Found | None:
    """Sure in capitals and with its last letter; small letters, or no last letter, could be any code."""
    written = re.sub("[ -]", "", text[:length])
    value = written.upper()
    if len(value) == 8:
        return Found(value, sure=False) if is_nino(value + "A") else None
    return Found(value, sure=written == value) if is_nino(value) else None


def _us_ssn(text: str, length: int) -> Found | None:
    """Sure only with both dashes."""
    digits = re.sub("[ -]", "", text[:length])
    return Found(digits, sure=length == 11 and text[3] == text[6] == "-") if is_us_ssn(digits) else None


def _card(text: str, length: int) -> Found | None:
    """Sure when it passes. A last group that is no part of it (a house number, a year) is left off."""
    written = text[:length]
    for shown in (written, re.sub("[ -][0-9]+$", "", written)):
        digits = re.sub("[ -]", "", shown)
        if is_card(digits):
            return Found(digits, sure=True)
    return None


def _iban(text: str, _: int) -> Found | None:
    """Sure when it passes: length, letters and two check digits leave one chance in thousands."""
    wanted = _IBAN_LENGTHS.get(text[:2].upper(), 0)
    signs = re.match(rf"(?:[A-Za-z0-9] ?){{{wanted - 1}}}[A-Za-z0-9](?![A-Za-z0-9])", text) if wanted else None
    value = signs[0].replace(" ", "").upper() if signs else ""
    return Found(value, sure=True) if value and is_iban(value) else None


def _upn(text: str, length: int) -> Found | None:
    return Found(text[:length], sure=True) if is_upn(text[:length]) else None


DETECTORS: dict[str, Detector] = {
    detector.id: detector
    for detector in (
        Detector(
            "nhs-number",
            r"\b[0-9]{3}[ \-]?[0-9]{3}[ \-]?[0-9]{4}\b",
            _nhs,
            lambda value: f"••• ••• {value[-4:]}",
            near=r"nhs|patient|\bchi\b|h&c|health and care|hospital n",
            heading=r"(?i)nhs[ _\-]*(?:no|num|nbr|#|id\b)|\bchi[ _\-]*(?:no|num)",
            company=True,
        ),
        Detector(
            "nino",
            r"(?i)\b[a-z]{2}[ \-]?[0-9]{2}[ \-]?[0-9]{2}[ \-]?[0-9]{2}(?:[ \-]?[a-d])?\b",
            _nino,
            lambda value: f"•• •• •• {value[6:8]} {value[8:]}".strip(),
            near=r"national ins|\bni (?:no|num|#)|\bnino\b|\bnin\b",
            heading=r"(?i)\bnino\b|national[ _\-]*insurance[ _\-]*(?:no|num|#)|\bni[ _\-]*(?:no|num)",
        ),
        Detector(
            "us-ssn",
            r"\b[0-9]{3}[ \-]?[0-9]{2}[ \-]?[0-9]{4}\b",
            _us_ssn,
            lambda value: f"•••-••-{value[-4:]}",
            near=r"\bssns?\b|social sec|soc\.? ?sec|taxpayer id",
            heading=r"(?i)\bssn|social[ _\-]*security",
            heading_needs=3,
        ),
        Detector(
            "card",
            r"\b(?:[0-9]{4}[ \-][0-9]{4}[ \-][0-9]{4}[ \-][0-9]{1,4}(?:[ \-][0-9]{3})?"
            r"|[0-9]{4}[ \-][0-9]{6}[ \-][0-9]{4,5}|[0-9]{13,19})\b",
            _card,
            lambda value: f"•••• {value[-4:]}",
        ),
        Detector("iban", r"(?i)\b[a-z]{2}[0-9]{2} ?[a-z0-9]{4} ?[a-z0-9]{4}", _iban, lambda value: f"{value[:2]}•• •••• {value[-4:]}"),
        Detector("upn", r"\b[A-HJ-NP-RT-Z][0-9]{11}[0-9A-HJ-NP-RT-Z]\b", _upn, lambda value: f"••••••••• {value[-4:]}"),
    )
}
