"""Numbers that name a person in the United States, and those of hospitals and schools anywhere. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.detectors.checks import is_us_itin, is_us_ssn
from gateway.detectors.detector import Detector, Found, ending, plain
from gateway.detectors.named import digits, spread

_CODE = r"\b[A-Z]{0,3}\-?[0-9]{5,10}\b"
# In groups of three or four, and one by one; a shorter group may be something else that follows.
_GROUPED = r"(?:[0-9]{5,10}|[0-9]{3,4}(?:[ .\-/][0-9]{3,4}){1,2}|[0-9](?:[ .\-/_][0-9]){4,9}|[0-9]{2}(?:[\-.][0-9]{2,4}){2})"
_SPELLED = rf"({_GROUPED}|(?:\b|[_~])[a-z]{{1,3}}[ \-]?{_GROUPED})"
_HEADING = r"(?:no|num|number|id)s?(?:[ .]{0,3}(?:[:=,;|#()\t\r\n]|$)|_|  | (?:no|num))"  # words that end a line, a cell or the like
_NUMBER = r"(?:no|num(?:ber)?|id)\b"
_OF = r"(?:\.? (?:of|for) [^0-9.;\n]{1,30})?"  # whose it is
# Words that stand in plain prose too ("the hospital now treats 25000") tell of a number only where it is theirs: nothing but signs between.
_MRN_NEAR = (
    r"\bmrns?\b"
    rf"|(?:(?:\bhosp(?:ital|\.)?|\bpatient|\bmedical records?) {_NUMBER}{_OF}|\bmedical record)[\s:#=.|(]{{0,6}}(?:is:? )?"
    r"[a-z]{0,3}\-?[0-9]{5}"
    rf"|\b(?:unit|chart) {_NUMBER}\.? ?[:#=]\s{{0,3}}[a-z]{{0,3}}\-?[0-9]{{5}}"
    rf"|[0-9] ?\((?:hosp(?:ital|\.)?|patient|medical record|unit|chart) {_NUMBER}"
)


def _ssn(text: str, length: int) -> Found | None:
    """Sure only with both dashes."""
    number = plain(text[:length])
    return Found(number, sure=length == 11 and text[3] == text[6] == "-") if is_us_ssn(number) else None


def _itin(text: str, length: int) -> Found | None:
    number = plain(text[:length])
    return Found(number, sure=length == 11 and text[3] == text[6] == "-") if is_us_itin(number) else None


def _code(text: str, length: int) -> Found | None:
    """No hospital's or school's numbers have a check of their own; one digit over and over fills a form."""
    value = plain(text[:length]).upper()
    return Found(value, sure=False) if len(set(value)) > 2 else None


def _ssn_mask(value: str) -> str:
    return f"•••-••-{value[-4:]}"


def _valid_ssns(runs: Sequence[bytes]) -> list[bytes]:
    return [run for run in runs if is_us_ssn(run.decode())]


DETECTORS = (
    Detector(
        "us-ssn",
        "US Social Security number",
        r"\b[0-9]{3}[ \-]?[0-9]{2}[ \-]?[0-9]{4}\b",
        _ssn,
        _ssn_mask,
        written=r"\b[0-9]{3}(?:[ \-][0-9]{2}[ \-]?|[0-9]{2}[ \-])[0-9]{4}\b",
        runs=(9,),
        valid=_valid_ssns,
        called=r"ssn|s\.s\.n\.?|ss(?: no| num(?:ber)?|#| #)|social[ _\-]?sec(?:urity)?",
        spelled=f"({spread(*digits(9))})",
        near=r"\bssns?\b|social sec|soc\.? ?sec|taxpayer id",
        heading=r"(?i)\bssn|soc(?:ial)?[ _\-]*sec",
        heading_needs=3,
    ),
    Detector(
        "us-itin",
        "US Individual Taxpayer Identification Number",
        r"\b9[0-9]{2}[ \-]?[0-9]{2}[ \-]?[0-9]{4}\b",
        _itin,
        _ssn_mask,
        written=r"\b9[0-9]{2}\-[0-9]{2}\-[0-9]{4}\b",
        loose=r"\b9[0-9]{2}[ \-]?[0-9]{2}[ \-]?[0-9]{4}\b",
        called=r"itin|i\.t\.i\.n\.?|taxpayer identification",
        spelled=f"({spread('9', *digits(8))})",
        near=r"\bitins?\b|taxpayer id",
        heading=r"(?i)\bitin\b",
    ),
    Detector(
        "medical-record-number",
        "medical record number",
        _CODE,
        _code,
        ending,
        written="",
        loose=_CODE,
        called=(
            r"mrn|m\.r\.n\.?|(?:hospital|patient)(?:[ _\-]?(?:no|num|number|id|identifier)|\.no)"
            r"|med(?:ical|\.)?[ _\-]?rec(?:ord|\.)?|chart #"
        ),
        spelled=_SPELLED,
        near=_MRN_NEAR,
        heading=rf"(?i)\bmrn\b|(?:medical[ _\-]*record|hospital|patient)[ _\-]*{_HEADING}",
        heading_needs=3,
    ),
    Detector(
        "student-number",
        "student number",
        _CODE,
        _code,
        ending,
        written="",
        loose=_CODE,
        called=(r"(?:student|pupil|learner|candidate|admission)(?:[ _\-]?(?:id|no|num|number|ref)|[ .]{0,2}#)|sasid|uln"),
        spelled=_SPELLED,
        near=r"(?:student|pupil|learner) (?:id|no\b|num(?:ber)?\b|ref)|\bsasid\b|\buln\b|(?:candidate|admission) (?:no\b|num(?:ber)?\b)",
        heading=rf"(?i)(?:student|pupil|learner|candidate)[ _\-]*{_HEADING}|(?:student|pupil|learner)[ _\-]*ref|\bsasid\b|\buln\b",
        heading_needs=3,
    ),
)
