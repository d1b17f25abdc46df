"""Numbers that name a person or an account in the United Kingdom. Pure."""

from __future__ import annotations

import re
from functools import partial

from gateway.detectors.checks import (
    is_day,
    is_mrz_of_passport,
    is_nhs_number,
    is_nino,
    is_uk_driver_number,
    is_upn,
    is_utr,
    may_be_nhs_number,
    valid_nhs_numbers,
)
from gateway.detectors.detector import LABELLED, SIGNS, Detector, Found, ending

_SIGN = r"[ .\-\n]"  # between groups of digits; lines are broken at blanks
_LABEL = r"[ .:#_~]{0,3}"  # between a telling word and its value
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}"
_DAY = (
    r"\b(?:[0-9]{1,2}[/.\- ][0-9]{1,2}[/.\- ](?:[0-9]{4}|[0-9]{2})|[0-9]{4}[/.\-][0-9]{1,2}[/.\-][0-9]{1,2}"
    rf"|[0-9]{{1,2}}(?:st|nd|rd|th)?[ \-/]{_MONTH},?[ \-/][0-9]{{2,4}}|{_MONTH} [0-9]{{1,2}}(?:st|nd|rd|th)?,? [0-9]{{4}})\b"
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
    written = text[:length].replace(" ", "")
    value = written.upper()
    return Found(value, sure=value == written) if is_upn(value) else None


def _passport(text: str, length: int) -> Found | None:
    """Sure in the machine-readable zone, whose three check digits fit; nine digits could be anything."""
    written = text[:length]
    if length == 44:
        return Found(written[:9], sure=True) if is_mrz_of_passport(written) else None
    value = written.replace(" ", "")
    return Found(value, sure=False) if len(set(value)) > 2 else None


def _driver(text: str, length: int) -> Found | None:
    value = text[:length].replace(" ", "")
    return Found(value, sure=True) if is_uk_driver_number(value) else None


def _account(text: str, length: int) -> Found | None:
    """Sort code and account number, in this order."""
    account = re.search(r"\b[0-9]{8}\b", text[:length])
    code = _digits(text[:length].replace(account[0], "", 1)) if account else ""
    return Found(code + account[0], sure=False) if account and len(code) == 6 and len(set(account[0])) > 1 else None


def _postcode(text: str, length: int) -> Found | None:
    """Sure with its blank; run together it could be a part number."""
    written = text[:length]
    value = written.replace(" ", "")
    area = re.match("[A-Z]+", value)
    return Found(f"{value[:-3]} {value[-3:]}", sure=" " in written) if area is not None and area[0] in _AREAS else None


def _birth(text: str, length: int) -> Found | None:
    return Found(text[:length].upper(), sure=False) if is_day(text[:length]) else None


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
        freely=(
            rf"{LABELLED}([0-9]{{3}}{SIGNS}[0-9]{{3}}{SIGNS}[0-9]{{4}}|[0-9]{{4}}{SIGNS}[0-9]{{3}}{SIGNS}[0-9]{{3}}"
            r"|[0-9](?:[ \t|][0-9]){9})(?:\b|_)"
        ),
        beside=r"nhs|\bchi[ _~]?(?:no|num)",
        near=r"nhs|patient|\bchi\b|h&c|health and care|hospital n",
        heading=r"(?i)nhs[ _\-]*(?:no|num|nbr|#|id\b)|\bchi[ _\-]*(?:no|num)",
        company=True,
    ),
    Detector(
        "nino",
        "National Insurance number",
        r"(?i)\b[a-z]{2}[ \-\n]?[0-9]{2}[ \-\n]?[0-9]{2}[ \-\n]?[0-9]{2}(?:[ \-\n]?[a-d])?\b",
        _nino,
        lambda value: f"•• •• •• {value[6:8]} {value[8:]}".strip(),
        freely=rf"{LABELLED}([A-Z]{{2}}{SIGNS}(?:[0-9]{SIGNS}){{6}}[A-D])(?:\b|_)",
        beside=r"national ins|\bni[ _~\-](?:no|num|#|[a-z]{2}[0-9])|\bnino|\bnin\b",
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
        freely=rf"(?i:\butr|no|number){_LABEL}([0-9]{{10}}|[0-9]{{3}} [0-9]{{3}} [0-9]{{4}})\b",
        beside=r"\butr|unique tax",
        near=r"\butrs?\b|unique tax|tax(?:payer)?(?:'s)? ref|self[ \-]?assess",
        heading=r"(?i)\butr\b|unique[ _\-]*tax",
    ),
    Detector(
        "upn",
        "Unique Pupil Number",
        r"(?i)\b[a-hj-np-rt-z][0-9]{11}[0-9a-hj-np-rt-z]\b",
        _upn,
        lambda value: f"••••••••• {value[-4:]}",
        freely=rf"(?i:\bupn|no|number){_LABEL}([A-HJ-NP-RT-Z] ?[0-9]{{12}})\b",
        beside=r"\bupn|pupil n(?:o|um)",
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
        freely=rf"(?i:passport(?: ?(?:no|num|number))?){_LABEL}([0-9]{{9}}|[0-9]{{3}} [0-9]{{3}} [0-9]{{3}})\b",
        beside="passport",
        near=r"passport(?:[^ ]|$| (?:[^p]|$|p(?:[^h]|$)))",  # not of passport photos
        heading=r"(?i)passport[ _\-]*(?:no|num|#)",
        heading_needs=3,
    ),
    Detector(
        "uk-driving-licence",
        "UK driving licence number",
        r"\b[A-Z9]{5} ?[0-9]{6} ?[A-Z][A-Z9][0-9][A-Z]{2}\b",
        _driver,
        ending,
    ),
    Detector(
        "uk-bank-account",
        "UK bank account",
        _PAIR,
        _account,
        partial(ending, shown=3),
        written="",
        loose=_PAIR,
        near=r"sort[ \-]?code|\bs/c\b|account (?:no|num)|\bacc(?:oun)?t\b|\ba/c\b|\bbacs\b|bank details",
        heading=r"(?i)sort[ _\-]*code",
        heading_needs=3,
    ),
    Detector(
        "uk-postcode",
        "UK postcode",
        r"\b[A-Z]{1,2}[0-9][A-Z0-9]? ?[0-9][ABD-HJLNP-UW-Z]{2}\b",
        _postcode,
        lambda value: f"{value[:-3].strip()} •••",
        near=r"post ?code|address",
        heading=r"(?i)\bpost[ _\-]*code",
    ),
    Detector(
        "date-of-birth",
        "date of birth",
        rf"(?i){_DAY}",
        _birth,
        lambda value: "••/••/" + _digits(value)[-2:],
        written="",
        loose=rf"(?i){_DAY}",
        near=r"\bd\.?o\.?b\b|date[ _\-]of[ _\-]birth|birth ?dat|\bborn\b|birthday",
        heading=r"(?i)\bd\.?o\.?b\b|date[ _\-]*of[ _\-]*birth|birth[ _\-]*date",
        heading_needs=3,
    ),
)
