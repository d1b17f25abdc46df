"""How fast text is looked through for forty patterns: rows of `python -m tests.bench.reading`.

Each is the work of one process on one core, the best of a few runs, with its goal. Figures of another hour or machine do not compare.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from gateway.detectors import DETECTORS, scan
from gateway.model.finding import OwnDetector, Pattern, Patterns, Place

MB = 1_000_000
_RUNS = 5


@dataclass(frozen=True, slots=True)
class Measured:
    """One row."""

    figure: float
    unit: str
    goal: float
    more_is_better: bool = True
    note: str = ""

    def __str__(self) -> str:
        is_reached = self.figure >= self.goal if self.more_is_better else self.figure <= self.goal
        sign = ">=" if self.more_is_better else "<="
        return f"{self.figure:10.1f} {self.unit:10} {sign} {self.goal:g}{'' if is_reached else '  NOT REACHED'}  {self.note}".rstrip()


def best(work: Callable[[], object], runs: int = _RUNS) -> float:
    """Processor seconds of the fastest run."""
    taken = []
    for _ in range(runs):
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return min(taken)


# --- forty patterns ---------------------------------------------------------------------------------------------------

_PLACES = frozenset({Place.SUBJECT_START, Place.SUBJECT, Place.FIRST_LINE, Place.PAGE_HEADER, Place.PAGE_FOOTER, Place.TEXT})
_MARKINGS = (
    "OFFICIAL-SENSITIVE",
    "OFFICIAL-SENSITIVE PERSONAL",
    "OFFICIAL-SENSITIVE COMMERCIAL",
    "TOP SECRET",
    "UK EYES ONLY",
    "NOT PROTECTIVELY MARKED",
    "COMMERCIAL IN CONFIDENCE",
    "STRICTLY PRIVATE AND CONFIDENTIAL",
    "APPROVED FOR RELEASE",
    "RELEASE PENDING",
    "LEGALLY PRIVILEGED",
    "SH:CABINET",
)
_OWN = (
    OwnDetector("case-number", "case number", like=(r"CS-[0-9]{6}", r"CASE/[0-9]{4}/[0-9]{3}")),
    OwnDetector("tribunal", "tribunal reference", like=(r"[A-Z]{2}/[0-9]{5}/[0-9]{4}",)),
    OwnDetector("staff-number", "staff number", like=(r"[A-Z]{2}[0-9]{7}",), near=("staff", "employee", "payroll")),
    OwnDetector("blue-badge", "Blue Badge number", like=(r"[0-9A-Z]{6}[MF][0-9A-Z][0-9]{4}",)),
    OwnDetector("vehicle", "vehicle registration", like=(r"[A-Z]{2}[0-9]{2} [A-Z]{3}",)),
    OwnDetector("grant", "grant reference", like=(r"(?:EP|ES|MR)/[A-Z][0-9]{6}/[0-9]",)),
    OwnDetector("contract", "contract number", like=(r"prj_[0-9]{3,5}", r"con_[0-9]{3,5}")),
    OwnDetector("postbox", "PO box", like=(r"PO Box [0-9]{2,5}",)),
    OwnDetector("planning", "planning application", like=(r"[0-9]{2}/[0-9]{5}/(?:FUL|OUT|LBC)",)),
    OwnDetector("clinical", "clinical word", words=("tuberculosis", "hepatitis", "chemotherapy", "HIV status", "pregnancy", "overdose")),
    OwnDetector("safeguarding", "safeguarding word", words=("child protection", "section 47", "strategy meeting", "care order")),
)
FORTY = Patterns(tuple(Pattern(f"m{n}", text, _PLACES) for n, text in enumerate(_MARKINGS)), frozenset(DETECTORS), _OWN)
_WORDS = """
the of and to in a is that for it as was with be by on not he his but at are this have from or had an they which one you
were all her she there would their we him been has when who will no more if out so up said what its about than into them
can only other time new some could these two may first then do any like my now over such our man me even most made after
also did many must before back see through way where get much go well your know should down work year because come people
just say each those take day good how long little own make still world life never might under council meeting report
section public access community service office because development planning information
""".split()  # noqa: SIM905 - words as one reads them
_PLANTED = (
    "943 476 5919",
    "AB 12 34 56 C",
    "4111 1111 1111 1111",
    "GB82 WEST 1234 5698 7654 32",
    "OFFICIAL-SENSITIVE",
    "CS-204511",
    "jo.smith@example.org",
    "01332 496 0000",
    "born on 12 March 1984",
    "DE4 3AG",
    "hepatitis",
    "NOT PROTECTIVELY MARKED",
)


def english(size: int, hits: float = 0.005) -> str:
    """Running text; so many of its lines have a hit."""
    chance = random.Random(1)
    lines: list[str] = []
    written = 0
    while written < size:
        words = chance.choices(_WORDS, k=14)
        if chance.random() < hits:
            words.insert(chance.randrange(14), chance.choice(_PLANTED))
        lines.append(" ".join(words).capitalize() + ".")
        written += len(lines[-1]) + 1
    return "\n".join(lines)[:size]


def digits(size: int) -> str:
    """A table of numbers: every row has what looks like an NHS number, an SSN and a card, and is none but by chance."""
    chance = random.Random(1)
    lines = ["id,reference,amount,changed,barcode,stamp,telephone"]
    written = 0
    while written < size:
        day = f"20{chance.randrange(10, 26)}-{chance.randrange(1, 13):02}-{chance.randrange(1, 29):02}"
        numbers = (chance.randrange(10**9, 10**10), chance.randrange(10**8, 10**9), f"{chance.random() * 1000:.2f}", day)
        more = (chance.randrange(10**15, 10**16), chance.randrange(1_500_000_000, 1_700_000_000), chance.randrange(10**6, 10**7))
        lines.append(",".join(map(str, (*numbers, *more))))
        written += len(lines[-1]) + 1
    return "\n".join(lines)[:size]


def _throughput(text: str, goal: float) -> Measured:
    segments = [(Place.FIRST_LINE, "text", text)]
    scan(segments, FORTY)
    count = len(FORTY.markings) + len(FORTY.detectors) + len(FORTY.own)
    return Measured(len(text) / MB / best(lambda: scan(segments, FORTY)), "MB/s", goal, note=f"{count} patterns")


def patterns_english() -> Measured:
    return _throughput(english(10 * MB), 100)


def patterns_csv() -> Measured:
    return _throughput(digits(4 * MB), 20)


def small_mail() -> Measured:
    """A subject and 4 KB of words in which nothing is found: what nearly every mail costs the front process."""
    segments = [(Place.SUBJECT_START, "subject", "Re: lunch tomorrow"), (Place.FIRST_LINE, "body", english(4000, hits=0))]
    scan(segments, FORTY)
    return Measured(best(lambda: [scan(segments, FORTY) for _ in range(500)]) / 500 * 1e6, "µs", 40, more_is_better=False)


ROWS: dict[str, Callable[[], Measured]] = {
    "patterns-english": patterns_english,
    "patterns-csv": patterns_csv,
    "patterns-small-mail": small_mail,
}
