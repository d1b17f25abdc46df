"""What the columns of a table are: by their headings, and by what nearly all their cells hold. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from gateway.detectors.detector import Detector

_NAMES = re.compile(
    r"^(?:full |legal |preferred )?names?$|surname|forename|(?:first|last|middle|given|family|maiden|christian)[ _]?names?"
    r"|(?:pupil|student|patient|client|employee|staff|child|person|member|tenant|applicant|claimant|carer|parent|resident|witness|victim)"
    r"s?'?s? names?",
    re.IGNORECASE,
)
_OTHERS = (  # kind of column, and its heading; the first that fits
    ("email-address", re.compile(r"\be[ \-]?mail", re.IGNORECASE)),
    ("phone", re.compile(r"phone|\bmobile\b|\btel\b|\bcell(?: no| num|$)", re.IGNORECASE)),
    ("date-of-birth", re.compile(r"\bd ?o ?b\b|date of birth|birth ?da?te?\b|birthday|^born", re.IGNORECASE)),
    ("address", re.compile(r"^(?:home |postal |street )?address|^street(?: name)?$|house (?:no|num|name)", re.IGNORECASE)),
)
_ALONE = frozenset(  # one value, one person
    {
        "nhs-number",
        "nino",
        "upn",
        "utr",
        "uk-passport",
        "uk-driving-licence",
        "us-ssn",
        "us-itin",
        "medical-record-number",
        "student-number",
    }
    | {"email-address"}
)
_PERSONAL = _ALONE | {"phone", "card", "iban"}
_OFFICE = re.compile(  # mailboxes and telephones are also of offices
    r"(?:info|office|contact|admin|enquir|inquir|reception|sales|support|help|team|mail|hello|post|secretar|council|service|no-?reply|press)",
    re.IGNORECASE,
)
_PEOPLE = (
    "pupils|students|learners|patients|people|persons|individuals|residents|clients|cases|deaths|births|households|children|adults|males?"
    "|females?|boys|girls|staff|employees|claimants|applicants|offenders|victims|referrals|admissions|carers|families|veterans"
)
_COUNTED = re.compile(
    rf"^n$|\bcount\b|head ?count|\benrol?l(?:ed|ments?)\b|^(?:(?:total|all|number of|no\.? of) )?(?:{_PEOPLE})$", re.IGNORECASE
)
_TITLE = re.compile(rf"(?:number|numbers|no\.?|counts?) of (?:\w+ ){{0,3}}(?:{_PEOPLE})\b", re.IGNORECASE)
_NO_COUNT = re.compile(r"%|per ?cent|rate|average|mean|median|year|grade|age|week|month|quarter|code|\bid\b|rank|score", re.IGNORECASE)
_SUPPRESSED = re.compile(r"\*{1,3}|[<\u2264] ?=? ?\d{1,2}|\[[cxz]\]|suppressed|redacted", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z]")


@dataclass(slots=True)
class Column:
    """A column that names people, or counts them."""

    at: int
    heading: str
    kind: str  # a detector, "name", "address"; "count"
    values: dict[str, None] = field(default_factory=dict)  # distinct cells, in order

    @property
    def people(self) -> int:
        """How many people it names by itself: different cells but for its heading, empty ones and the mailboxes of offices."""
        if self.kind not in _ALONE:
            return 0
        cells = self.values.keys() - {"", self.heading}
        return len(cells) if self.kind != "email-address" else sum(_OFFICE.match(cell) is None for cell in cells)

    @property
    def is_personal(self) -> bool:
        """Whether a table with this column is about people: telephones alone may be those of offices."""
        return self.kind not in ("count", "phone", "email-address") or self.people > 0


def column_of(at: int, heading: str, cells: Sequence[str], detectors: Sequence[Detector]) -> Column | None:
    """The column, if it names or counts people; `cells`: the first ones that are not empty."""
    kind = _by_heading(heading, detectors) if heading else ""
    if not kind and cells:
        kind = next((one.id for one in detectors if one.id in _PERSONAL and _holds(one, cells)), "")
    if not kind and may_count(heading, cells):
        counts = _COUNTED.search(heading.strip()) is not None or any(map(_SUPPRESSED.fullmatch, cells))
        kind = "count" if counts else ""
    return Column(at, heading.strip(), kind) if kind else None


def is_heading(row: Sequence[str]) -> bool:
    """Whether a row names columns: words, each once, and no numbers."""
    cells = [cell.strip() for cell in row]
    words = sum(_WORD.search(cell) is not None for cell in cells)
    return words * 2 > len(cells) and not any(re.fullmatch(r"[\d.,/\- :]{3,}", cell) or "@" in cell for cell in cells)


def _by_heading(heading: str, detectors: Sequence[Detector]) -> str:
    plain = re.sub(r"[_\-.]+", " ", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", heading)).strip()
    if _NAMES.search(plain):
        return "name"
    by_detector = next((one.id for one in detectors if one.id in _PERSONAL and one.heading and re.search(one.heading, plain)), "")
    return by_detector or next((kind for kind, pattern in _OTHERS if pattern.search(plain)), "")


def _holds(detector: Detector, cells: Sequence[str]) -> bool:
    """Whether nearly all cells are valid; for a number that chance can make, that at least three in five different ones are."""
    if len(cells) < 3:
        return False
    judged = [_judge(detector, cell) for cell in cells]
    if detector.company:
        return len(set(cells)) >= 3 and sum(found is not None for found in judged) * 5 >= len(cells) * 3
    return sum(sure is True for sure in judged) * 5 >= len(cells) * 4


def _judge(detector: Detector, cell: str) -> bool | None:
    """None: no value; else whether its form alone is enough."""
    if re.fullmatch(detector.candidate, cell) is None and detector.id != "iban":
        return None
    found = detector.judge(cell, len(cell))
    return found.sure if found is not None else None


def _is_count(cell: str) -> bool:
    return cell.replace(",", "").isdecimal() or _SUPPRESSED.fullmatch(cell) is not None or cell in ("-", "..", ":", "x", "c", "n/a")


def may_count(heading: str, cells: Sequence[str]) -> bool:
    """Whether a column may count people, in a table that says it does."""
    return bool(cells) and all(map(_is_count, cells)) and not _NO_COUNT.search(heading)


def counts_people(title: str) -> bool:
    """Whether the words above a table say that it counts people."""
    return _TITLE.search(title) is not None


def valid_values(detector: Detector, cells: Iterable[str]) -> Iterator[str]:
    """The cells of a column that hold a valid value, as values are compared: written in its form, or in whatever people make of it."""
    runs: dict[int, list[bytes]] = {}
    is_form = re.compile(f"{detector.candidate}|(?i:{detector.spelled})" if detector.spelled else detector.candidate).fullmatch
    for cell in cells:
        if detector.valid is not None and cell.isascii() and cell.isdecimal():
            if len(cell) in detector.runs:
                runs.setdefault(len(cell), []).append(cell.encode())
        elif detector.id == "iban" or is_form(cell):
            found = detector.judge(cell, len(cell))
            if found is not None:
                yield found.value
    for same in runs.values():
        yield from (run.decode() for run in detector.valid(same)) if detector.valid is not None else ()
