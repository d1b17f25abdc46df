"""Numbers that name a person or an account in the United Kingdom. Pure."""

from __future__ import annotations

import re
from functools import partial
from itertools import accumulate

from gateway.detectors.accounts import is_no_account
from gateway.detectors.checks import (
    day_of,
    is_mrz_of_passport,
    is_nhs_number,
    is_nino,
    is_uk_driver_number,
    is_upn,
    is_utr,
    may_be_nhs_number,
    valid_nhs_numbers,
)
from gateway.detectors.detector import Detector, Found, ending, plain
from gateway.detectors.named import SIGN, digits, spread

_SIGN = r"[ .\-\n]"  # between groups of digits; lines are broken at blanks
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}"
_NTH = "[0-9]{1,2}(?:st|nd|rd|th)?"
_APOSTROPHE = "['\u2018\u2019]"
_BY = r"(?: ?[/.\-|~] ?| )"
_DAY = (
    rf"\b(?:[0-9]{{1,2}}{_BY}[0-9]{{1,2}}{_BY}(?:[0-9]{{4}}|{_APOSTROPHE}?[0-9]{{2}})|[0-9]{{4}}{_BY}[0-9]{{1,2}}{_BY}[0-9]{{1,2}}(?:t[0-9:]{{4,8}})?"
    rf"|{_NTH}(?:[ .,\-/~]{{0,2}}|(?: day)? of ){_MONTH}[ .,\-/~]{{0,2}}(?:[0-9]{{4}}|{_APOSTROPHE}?[0-9]{{2}})"
    rf"|{_MONTH}[ .\-/]{{1,2}}{_NTH}[ ,\-/]{{1,2}}(?:[0-9]{{4}}|{_APOSTROPHE}[0-9]{{2}})|[0-9]{{4}}[ \-/.]{_MONTH}[ \-/.]{_NTH})\b"
)
_SORT_CODE = r"\b[0-9]{2}[ \-]?[0-9]{2}[ \-]?[0-9]{2}\b"
_PAIR = rf"{_SORT_CODE}[^0-9]{{1,40}}\b[0-9]{{8}}\b|\b[0-9]{{8}}\b[^0-9]{{1,40}}{_SORT_CODE}"
_MRZ = r"\b[0-9A-Z<]{9}[0-9]GB[RDNOPS][0-9]{7}[MFX<][0-9]{7}[0-9A-Z<]{14}[0-9<][0-9]"
# Postcode areas (Royal Mail PAF); BX is of banks, GIR of one, and they are no addresses.
_AREAS = frozenset(
    """
    AB AL B BA BB BD BH BL BN BR BS BT CA CB CF CH CM CO CR CT CV CW DA DD DE DG DH DL DN DT DY E EC EH EN EX FK FY
    G GL GU GY HA HD HG HP HR HS HU HX IG IM IP IV JE KA KT KW KY L LA LD LE LL LN LS LU M ME MK ML N NE NG NN NP
    NR NW OL OX PA PE PH PL PO PR RG RH RM S SA SE SG SK SL SM SN SO SP SR SS ST SW SY TA TD TF TN TQ TR TS TW UB W
    WA WC WD WF WN WR WS WV YO ZE
    """.split()  # noqa: SIM905 - a list of 124 would be a page
)


def _digits(text: str) -> str:
    return re.sub("[^0-9]", "", text)


def _nhs(text: str, length: int) -> Found | None:
    """Sure only as 3-3-4 with blanks: with dashes it may be a North American telephone number, unparted it may be anything."""
    written = text[:length].replace("\n", " ")
    digits = _digits(written)
    if not is_nhs_number(digits) or not may_be_nhs_number(digits):
        return None
    return Found(digits, sure=length == 12 and written[3] == written[7] == " ")


def _nino(text: str, length: int) -> Found | None:
    """Sure in capitals and with its last letter; small letters, or no last letter, could be any code."""
    written = re.sub("[^A-Za-z0-9]", "", text[:length])
    value = written.upper()
    if len(value) == 8:
        return Found(value, sure=False) if is_nino(value + "A") else None
    return Found(value, sure=written == value) if is_nino(value) else None


def _utr(text: str, length: int) -> Found | None:
    digits = _digits(text[:length])
    return Found(digits, sure=False) if is_utr(digits) else None


def _upn(text: str, length: int) -> Found | None:
    """Sure in capitals."""
    written = plain(text[:length])
    value = written.upper()
    return Found(value, sure=value == written) if is_upn(value) else None


def _passport(text: str, length: int) -> Found | None:
    """Sure in the machine-readable zone, whose three check digits fit; nine digits could be anything."""
    written = text[:length]
    if length == 44:
        return Found(written[:9], sure=True) if is_mrz_of_passport(written) else None
    value = plain(written)
    return Found(value, sure=False) if len(set(value)) > 2 else None


def _driver(text: str, length: int) -> Found | None:
    """Sure in capitals. The number of its issue, behind it, is left off."""
    written = plain(text[:length])[:16]
    value = written.upper()
    return Found(value, sure=value == written) if is_uk_driver_number(value) else None


def _account(text: str, length: int) -> Found | None:
    """Sort code and account number, in this order, whichever was written first."""
    groups = re.findall("[0-9]+", text[:length])
    together = "".join(groups)
    code, account = (together[:6], together[6:]) if 6 in accumulate(map(len, groups)) else (together[8:], together[:8])
    return Found(code + account, sure=False) if len(together) == 14 and len(set(account)) > 1 else None


def _postcode(text: str, length: int) -> Found | None:
    """Sure with its blank; run together it could be a part number."""
    written = text[:length]
    value = plain(written).upper()
    area = re.match("[A-Z]+", value)
    if area is None or area[0] not in _AREAS or written.endswith(("st", "nd", "rd", "th")):
        return None
    return Found(f"{value[:-3]} {value[-3:]}", sure=" " in written and written.isupper())


def _birth(text: str, length: int) -> Found | None:
    day = day_of(text[:length])
    return Found(day, sure=False) if day else None


DETECTORS = (
    Detector(
        "nhs-number",
        "NHS number",
        rf"\b[0-9]{{3}}{_SIGN}?[0-9]{{3}}{_SIGN}?[0-9]{{4}}\b",
        _nhs,
        lambda value: f"••• ••• {value[-4:]}",
        written=rf"\b[0-9]{{3}}(?:{_SIGN}[0-9]{{3}}{_SIGN}?|[0-9]{{3}}{_SIGN})[0-9]{{4}}\b",
        runs=(10,),
        valid=valid_nhs_numbers,
        called=r"n\.?h\.?s\.?(?: numbers| nos)?|n h s|chi|h&c|health and care|patient",
        spelled=f"({spread(*digits(10))})",
        near=r"nhs|patient|\bchi\b|h&c|health and care|hospital n",
        heading=r"(?i)nhs[ _\-]*(?:no|num|nbr|#|id\b)|\bchi[ _\-]*(?:no|num)",
        company=True,
    ),
    Detector(
        "nino",
        "National Insurance number",
        r"(?i)\b[a-z]{2}[ \-\n]{0,2}[0-9]{2}[ \-\n]{0,2}[0-9]{2}[ \-\n]{0,2}[0-9]{2}(?:[ \-\n]{0,2}[a-d])?\b",
        _nino,
        lambda value: f"•• •• •• {value[6:8]} {value[8:]}".strip(),
        called=r"nino|nin|n\.? ?i\.?|nat(?:ional|\.)?[ _\-]?ins(?:urance|\.)?|insurance number",
        spelled=f"({spread('[a-z]', '[a-z]', *digits(6), '[a-d]')})",
        near=r"national ins|\bni (?:no|num|#)|\bnino\b|\bnin\b",
        heading=r"(?i)\bnino\b|national[ _\-]*insurance[ _\-]*(?:no|num|#)|\bni[ _\-]*(?:no|num)",
    ),
    Detector(
        "utr",
        "Unique Taxpayer Reference",
        r"\b[0-9]{5} ?[0-9]{5}K?\b",
        _utr,
        ending,
        written="",
        loose=r"\b[0-9]{5} ?[0-9]{5}K?\b",
        called=r"utr|u\.t\.r\.?|unique[ _]tax(?:payer'?s?)?|tax(?:payer)?(?:'s)?[ _]ref(?:erence)?|self[ _\-]?assess(?:ment)?",
        spelled=f"({spread(*digits(10))})k?",
        near=r"\butrs?\b|unique tax|tax(?:payer)?(?:'s)? ref|self[ \-]?assess",
        heading=r"(?i)\butr\b|unique[ _\-]*tax",
    ),
    Detector(
        "upn",
        "Unique Pupil Number",
        r"(?i)\b[a-hj-np-rt-z][0-9]{11}[0-9a-hj-np-rt-z]\b",
        _upn,
        lambda value: f"••••••••• {value[-4:]}",
        called=r"upn|u\.p\.n\.?|(?:unique )?pupil",
        spelled=f"({spread('[a-hj-np-rt-z]', *digits(11), '[0-9a-hj-np-rt-z]')})",
        near=r"\bupns?\b|pupil n(?:o|um)",
        heading=r"(?i)\bupn\b|unique[ _\-]*pupil",
    ),
    Detector(
        "uk-passport",
        "UK passport number",
        rf"{_MRZ}|\b[0-9]{{9}}\b",
        _passport,
        partial(ending, shown=3),
        written=_MRZ,
        loose=r"\b[0-9]{9}\b",
        called="passport|ppt",
        spelled=f"({spread(*digits(9))})",
        near=r"passport(?:[^ ]|$| (?:[^p]|$|p(?:[^h]|$)))",  # not of passport photos
        heading=r"(?i)passport[ _\-]*(?:no|num|#)",
        heading_needs=3,
    ),
    Detector(
        "uk-driving-licence",
        "UK driving licence number",
        r"(?i)\b[a-z9]{5}[ .\-/_]?[0-9]{6}[ .\-/_]?[a-z][a-z9][0-9][a-z]{2}(?:[0-9]{2})?\b",
        _driver,
        ending,
        called=r"driv(?:ing|er'?s?)(?:[ _\-]?licen[cs]e)?|licen[cs]e|dvla|dl",
        spelled=f"({spread(*['[a-z9]'] * 5, *digits(6), '[a-z]', '[a-z9]', '[0-9]', '[a-z]', '[a-z]')})(?:{SIGN}[0-9]{{2}})?",
        near=r"\bdriv|licen[cs]e|dvla",
    ),
    Detector(
        "uk-bank-account",
        "UK bank account",
        _PAIR,
        _account,
        partial(ending, shown=3),
        written="",
        loose=_PAIR,
        called=r"sort[ _\-]?codes?|s/?c[:=]|sort:|acc(?:oun)?t?[ _]?(?:no|num|number)|a/c",
        spelled=f"({spread(*digits(6))})[^0-9]{{1,80}}({spread(*digits(8))})|({spread(*digits(8))})[^0-9]{{1,80}}({spread(*digits(6))})",
        near=r"sort[ \-]?code|\bs/c\b|account (?:no|num)|\bacc(?:oun)?t\b|\ba/c\b|\bbacs\b|bank details",
        heading=r"(?i)sort[ _\-]*code",
        heading_needs=3,
        otherwise=is_no_account,
    ),
    Detector(
        "uk-postcode",
        "UK postcode",
        r"(?i)\b[a-z]{1,2}[0-9][a-z0-9]?[ \t]{0,2}[0-9][abd-hjlnp-uw-z]{2}\b",
        _postcode,
        lambda value: f"{value[:-3].strip()} •••",
        called=r"post[ _\-]?code",
        spelled=f"({spread('[a-z]', '[a-z]?', '[0-9]', '[a-z0-9]?', '[0-9]', '[abd-hjlnp-uw-z]', '[abd-hjlnp-uw-z]')})",
        near=r"post[ _\-]?code|address",
        heading=r"(?i)\bpost[ _\-]*code",
    ),
    Detector(
        "date-of-birth",
        "date of birth",
        rf"(?i){_DAY}",
        _birth,
        lambda value: f"••/••/{value[-2:]}",
        written="",
        loose=rf"(?i){_DAY}",
        called=r"dob|d\.o\.b\.?|d o b|date[ _\-]?of[ _\-]?birth|birth[ _]?da(?:te|y)|birth[:=]|bday(?:;value=date)?",
        spelled=(
            f"([0-9]{{4}}{SIGN}(?:[0-9]{{1,2}}|{_MONTH}){SIGN}[0-9]{{1,2}}"
            f"|[0-9]{{1,2}}{SIGN}(?:[0-9]{{1,2}}|{_MONTH}){SIGN}(?:[0-9]{{4}}|[0-9]{{2}}))"
        ),
        near=(
            r"\bd\.?o\.?b(?:\b|_)|date[ _\-]?of[ _\-]?birth|birth[ _]?dat|birthday"
            r"|\bborn(?:$|[^ ~\-]|[ ~\-](?:$|[^d]|d(?:$|[^i])))"  # not what was born digital
        ),
        heading=r"(?i)\bd\.?o\.?b\b|date[ _\-]*of[ _\-]*birth|birth[ _\-]*date",
        heading_needs=3,
    ),
)
