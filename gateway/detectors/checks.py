"""Check digits, of one number and of many at a time. Pure.

Many at a time: all first digits, then all second digits, and so on, each turned by a table into its share of the sum, and the shares added
as one large integer with an octet for each number. So a column of a hundred thousand numbers costs a few nanoseconds a digit.

Standards: NHS Data Dictionary (NHS NUMBER, CHI), HMRC NIM39110 (NINO), SSA POMS RM 10201 (SSN), IRS (ITIN), ISO/IEC 7812 (card), ISO 13616
(IBAN), DfE Unique Pupil Numbers guide (UPN), HMRC (UTR), ICAO 9303 (passport), DVLA (driver number).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from operator import mul


def is_nhs_number(digits: str) -> bool:
    """Modulus 11 of the ten digits."""
    # With the check digit counted once, a valid number is a multiple of 11.
    return len(digits) == 10 and sum(map(mul, map(int, digits), _NHS_WEIGHTS)) % 11 == 0


def may_be_nhs_number(digits: str) -> bool:
    """England and test numbers begin with 4, 6, 7 or 9, Northern Ireland's with 32 to 39, a Scottish CHI with day and month of birth."""
    if digits[0] in "4679":
        return len(set(digits)) > 1
    return "32" <= digits[:2] <= "39" or ("01" <= digits[:2] <= "31" and "01" <= digits[2:4] <= "12")


def valid_nhs_numbers(runs: Sequence[bytes]) -> list[bytes]:
    """Those of many runs of ten digits that are NHS numbers which may have been given out."""
    return [run for run in _passing(runs, _NHS_TABLES, _BY_11) if may_be_nhs_number(run.decode())]


def is_nino(text: str) -> bool:
    """Two letters that HMRC gives out, six digits, A to D."""
    return re.fullmatch(r"[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z][0-9]{6}[A-D]", text) is not None and text[:2] not in _NO_NINO


def is_utr(digits: str) -> bool:
    """Ten digits, the first of which checks the other nine by modulus 11."""
    if len(digits) != 10:
        return False
    return digits[0] == "21987654321"[sum(map(mul, map(int, digits[1:]), _UTR_WEIGHTS)) % 11]


def is_us_ssn(digits: str) -> bool:
    """Nine digits that the SSA may have given out, and none of the numbers made famous by advertisements."""
    area, group, serial = digits[:3], digits[3:5], digits[5:]
    given = area not in ("000", "666") and area < "900" and group != "00" and serial != "0000"
    return len(digits) == 9 and given and digits not in _FAMOUS_SSN


def is_us_itin(digits: str) -> bool:
    """Nine digits from 9, with a group that the IRS gives out."""
    group = digits[3:5]
    return len(digits) == 9 and digits[0] == "9" and ("50" <= group <= "65" or "70" <= group <= "99") and group not in ("89", "93")


def is_card(digits: str) -> bool:
    """A known issuer's prefix and length, the Luhn check, and not one digit over and over."""
    return _is_issued(digits) and is_luhn(digits)


def valid_cards(runs: Sequence[bytes]) -> list[bytes]:
    """Those of many runs of one length that are card numbers."""
    return [run for run in _passing(runs, _LUHN_TABLES[len(runs[0]) % 2], _BY_10) if _is_issued(run.decode())]


def is_luhn(digits: str) -> bool:
    """ISO/IEC 7812-1 annex B."""
    doubled = sum(sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (doubled + sum(map(int, digits[::-2]))) % 10 == 0


def is_iban(text: str) -> bool:
    """The country's length, and 1 modulo 97."""
    return len(text) == IBAN_LENGTHS.get(text[:2]) and int("".join(str(int(sign, 36)) for sign in text[4:] + text[:4])) % 97 == 1


def is_upn(text: str) -> bool:
    """A check letter before twelve digits, the last of which may be a letter (temporary number)."""
    if re.fullmatch(r"[A-HJ-NP-RT-Z][0-9]{11}[0-9A-HJ-NP-RT-Z]", text) is None:
        return False
    total = sum((int(sign) if sign.isdigit() else _UPN_LETTERS.index(sign)) * weight for weight, sign in enumerate(text[1:], start=2))
    return _UPN_LETTERS[total % 23] == text[0]


def is_uk_driver_number(text: str) -> bool:
    """DVLA: five of the surname filled up with 9, decade, month (plus 50: female), day, year, two initials, a digit, two check letters."""
    found = re.fullmatch(r"([A-Z]{1,5})9{0,4}[0-9]([0156][0-9])([0-3][0-9])[0-9][A-Z][A-Z9][0-9][A-Z]{2}", text)
    return found is not None and len(text) == 16 and 1 <= int(found[2]) % 50 <= 12 and 1 <= int(found[3]) <= 31


def is_mrz_of_passport(line: str) -> bool:
    """The second line of the machine-readable zone: number, birth and expiry, each with its check digit (ICAO 9303-4, 4.2.2)."""
    return len(line) == 44 and all(_mrz_check(line[at : at + size]) == line[at + size] for at, size in ((0, 9), (13, 6), (21, 6)))


def day_of(text: str) -> str:
    """The day that day, month and year in any usual order are, if somebody alive may be born on it: "12/03/80"; else ""."""
    parts = re.findall("[0-9]+", text)[:3]
    if month := _MONTH.search(text):
        parts.insert(1, str(_MONTHS.index(month[0].lower()) + 1))
    if len(parts) == 1:
        parts = _parted(parts[0])
    if len(parts) < 3:
        return ""
    first, second, third = map(int, parts[:3])
    year, day, other = (first, third, second) if first > 31 else (third, first, second)
    small, large = sorted((day, other))
    fits = (1900 <= year <= 2100 or year < 100) and 1 <= small <= 12 and 1 <= large <= 31
    return f"{day:02}/{other:02}/{year % 100:02}" if fits else ""


def _parted(run: str) -> list[str]:
    """Day, month and year without a sign: 12031980, 120380, 19800312."""
    if len(run) == 8 and "1900" <= run[:4] <= "2100" and "01" <= run[4:6] <= "12":
        return [run[:4], run[4:6], run[6:]]
    return [run[:2], run[2:4], run[4:]] if len(run) in (6, 8) else []


def _passing(runs: Sequence[bytes], tables: Sequence[bytes], last: bytes) -> list[bytes]:
    """The runs of one length whose digits' shares come to a multiple of the modulus."""
    count, size = len(runs), len(runs[0])
    joined = b"".join(runs)
    # INVARIANT: no sum is above 255: at most 19 digits with shares of at most 10.
    total = sum(int.from_bytes(joined[at::size].translate(tables[at % len(tables)]), "little") for at in range(size))
    left = total.to_bytes(count, "little").translate(last)
    found, at = [], left.find(0)
    while at >= 0:
        found.append(runs[at])
        at = left.find(0, at + 1)
    return found


def _shares(weight: int, modulus: int) -> bytes:
    return bytes((octet - 48) * weight % modulus if 48 <= octet < 58 else 0 for octet in range(256))


def _is_issued(digits: str) -> bool:
    for low, high, lengths in _BY_FIRST.get(digits[:1], ()):
        if low <= digits[: len(low)] <= high and len(digits) in lengths:
            return len(set(digits)) > 1
    return False


def _mrz_check(text: str) -> str:
    values = (0 if sign == "<" else int(sign, 36) for sign in text)
    return str(sum(value * (7, 3, 1)[at % 3] for at, value in enumerate(values)) % 10)


_NHS_WEIGHTS = (10, 9, 8, 7, 6, 5, 4, 3, 2, 1)
_NHS_TABLES = tuple(_shares(weight, 11) for weight in _NHS_WEIGHTS)
_UTR_WEIGHTS = (6, 7, 8, 9, 10, 5, 4, 3, 2)
_BY_11, _BY_10 = (bytes(octet % modulus for octet in range(256)) for modulus in (11, 10))
_ONCE, _TWICE = _shares(1, 10), bytes(sum(divmod(2 * (octet - 48), 10)) if 48 <= octet < 58 else 0 for octet in range(256))
_LUHN_TABLES = ((_TWICE, _ONCE), (_ONCE, _TWICE))  # by whether the length is odd: the last digit counts once
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = re.compile("|".join(_MONTHS), re.IGNORECASE)
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
_BY_FIRST = {digit: tuple(issuer for issuer in _ISSUERS if issuer[0][0] == digit) for digit in "23456"}
# ISO 13616 registry, release 99: length and the countries that have it.
IBAN_LENGTHS = {
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
