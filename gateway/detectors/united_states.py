"""Numbers that name a person in the United States, and those of hospitals and schools anywhere. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gateway.detectors.checks import is_us_itin, is_us_ssn
from gateway.detectors.detector import Detector, Found, ending

_CODE = r"\b[A-Z]{0,3}\-?[0-9]{5,10}\b"
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
    digits = re.sub("[ -]", "", text[:length])
    return Found(digits, sure=length == 11 and text[3] == text[6] == "-") if is_us_ssn(digits) else None


def _itin(text: str, length: int) -> Found | None:
    digits = re.sub("[ -]", "", text[:length])
    return Found(digits, sure=length == 11 and text[3] == text[6] == "-") if is_us_itin(digits) else None


def _code(text: str, length: int) -> Found | None:
    """No hospital's or school's numbers have a check of their own; one digit over and over fills a form."""
    value = text[:length].replace("-", "")
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
        near=r"\bssns?\b|social sec|soc\.? ?sec|taxpayer id",
        heading=r"(?i)\bssn|social[ _\-]*security",
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
        near=_MRN_NEAR,
        heading=r"(?i)\bmrn\b|(?:medical[ _\-]*record|hospital|patient)[ _\-]*(?:no\b|num|id\b)",
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
        near=r"(?:student|pupil|learner) (?:id|no\b|num(?:ber)?\b|ref)|\bsasid\b|\buln\b|(?:candidate|admission) (?:no\b|num(?:ber)?\b)",
        heading=r"(?i)(?:student|pupil|learner)[ _\-]*(?:id|no\b|num|ref)|\bsasid\b|\buln\b|candidate[ _\-]*(?:no\b|num)",
        heading_needs=3,
    ),
)
