"""A pack's patterns made ready for scans: one re2.Set of all that is looked for in running text, and what to do about each. Pure."""

from __future__ import annotations

from gateway.detectors import marking, own
from gateway.detectors.acts import Act, RunsAct, count_runs, identify, link, loosen, mark, name
from gateway.detectors.boxes import BOXES
from gateway.detectors.identifiers import DETECTORS
from gateway.detectors.links import LINKS, link_pattern
from gateway.detectors.normalise import normalise
from gateway.detectors.stretches import occurring
from gateway.detectors.tables import OF_TABLES
from gateway.model.finding import Patterns, Place


class Prepared:
    """Made once for each policy."""

    __slots__ = (
        "acts",
        "asked",
        "at",
        "boxes",
        "columns",
        "detectors",
        "digits",
        "earlier",
        "heads",
        "loose",
        "markings",
        "near",
        "number",
        "occurring",
        "runs",
        "small_below",
    )

    def __init__(self, patterns: Patterns) -> None:
        house = (detector for id_, detector in DETECTORS.items() if id_ in patterns.detectors)
        self.detectors = (*house, *map(own.prepare, patterns.own))
        self.number = {detector.id: number for number, detector in enumerate(self.detectors)}
        tiers = frozenset(marking.key_of(normalise(pattern.text)) for pattern in patterns.markings if pattern.whole_line)
        self.markings = tuple(marking.prepare(pattern, tiers) for pattern in patterns.markings)
        self.at = {place: tuple(made for made in self.markings if place in made.pattern.where) for place in Place}
        self.asked = patterns.detectors
        self.small_below = patterns.small_below
        # What may head or fill the column of a table: all that names people when tables are asked about, else what is looked for.
        self.columns = tuple(DETECTORS.values()) if self.asked & OF_TABLES else self.detectors
        self.loose: dict[int, Act] = {}  # by number of the detector
        self.runs: dict[int, RunsAct] = {}
        # What each pattern of the set is: a heading or the telling words of a detector, by its number; or something to act upon.
        self.heads: dict[int, int] = {}
        self.near: dict[int, int] = {}
        self.acts: dict[int, Act] = {}
        sources: list[str] = []
        self._add_detectors(sources)
        self._add_markings(sources)
        if self.asked & set(LINKS.values()):
            pattern = link_pattern(patterns.services)
            self.acts[_added(sources, pattern)] = link(pattern, patterns.approved)
        lengths = [length for number in self.runs for length in self.detectors[number].runs]
        self.digits = _added(sources, rf"[0-9]{{{min(lengths)}}}") if lengths else -1
        self.boxes = _added(sources, BOXES) if self.detectors else -1
        self.earlier = _added(sources, marking.MAY_BE_EARLIER) if sources else -1
        self.occurring = occurring(sources)

    def _add_detectors(self, sources: list[str]) -> None:
        for number, detector in enumerate(self.detectors):
            if detector.heading:
                self.heads[_added(sources, detector.heading)] = number
            if detector.near and (detector.loose or detector.runs):
                self.near[_added(sources, f"(?i){detector.near}")] = number
            if detector.written != "":
                self.acts[_added(sources, detector.written or detector.candidate)] = identify(number, detector)
            if detector.loose:
                self.loose[number] = loosen(number, detector)
            if detector.called:
                self.acts[_added(sources, f"(?i)(?:^|[^a-z0-9])(?:{detector.called})")] = name(number, detector)
            if detector.runs:
                self.runs[number] = count_runs(number, detector)

    def _add_markings(self, sources: list[str]) -> None:
        for made in self.markings:
            if not made.pattern.where.isdisjoint((Place.TEXT, Place.SUBJECT, Place.QUOTED)):
                self.acts[_added(sources, made.running)] = mark(made)


def prepare(patterns: Patterns) -> Prepared:
    """The last few are kept: a pack's patterns are one object for as long as it is in force."""
    for known, prepared in _ready:
        if known is patterns:
            return prepared
    prepared = next((made for known, made in _ready if known == patterns), None) or Prepared(patterns)
    _ready[:] = [(patterns, prepared), *_ready[:15]]
    return prepared


_ready: list[tuple[Patterns, Prepared]] = []


def _added(sources: list[str], source: str) -> int:
    sources.append(source)
    return len(sources) - 1
