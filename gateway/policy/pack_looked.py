"""What a pack looks for besides markings: its own patterns and word lists, links to file sharing, tables. Pure.

Findings that rest on something a pack defines are named in records with a fingerprint of the definition (`case-number~1f2e3d4c`): what was
looked for under another definition was not looked for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import replace

from gateway.detectors import NAMES
from gateway.detectors.own import why_not
from gateway.model.finding import OwnDetector, Patterns
from gateway.policy.pack_asks import AsksPart
from gateway.policy.pack_known import Known
from gateway.policy.pack_model import PackPart
from gateway.policy.pack_yaml import Path, Sheet
from gateway.policy.places import own


class Looked:
    """The detectors that a pack may name."""

    def __init__(self, sheet: Sheet, pack: PackPart, known: Known, own_domains: tuple[str, ...]) -> None:
        self._sheet = sheet
        self._own_domains = own_domains
        self._pack = pack
        self._own = {one.id: one for one in (*self._patterns(), *self._dictionaries(known))}
        self.names = (*NAMES, *pack.patterns, *pack.dictionaries)

    def patterns(self, wanted: Iterable[str]) -> Patterns:
        """What examine must look for, so that these detectors can speak. Markings are added by the caller."""
        ids = {*wanted, *(name for asks in self._asks() if asks.found is not None for name in (asks.found.detector,))}
        self._point_at_unused(ids)
        sharing = self._pack.sharing
        return Patterns(
            (),
            frozenset(ids & NAMES.keys()),
            tuple(one for name, one in self._own.items() if name in ids),
            frozenset(own(sharing.services or (), self._own_domains)),
            frozenset(own(sharing.approved or (), self._own_domains)),
            self._pack.tables.small_below,
        )

    def _patterns(self) -> Iterator[OwnDetector]:
        for name, part in self._pack.patterns.items():
            path: Path = ("patterns", name)
            self._check_name(name, path)
            for index, like in enumerate(part.like):
                if wrong := why_not(like):
                    place = (*path, "like", index) if (*path, "like", index) in self._sheet.values else (*path, "like")
                    self._sheet.problems.append(self._sheet.at(place, f"`{like}` {wrong}"))
            yield OwnDetector(name, part.says, tuple(part.like), (), tuple(part.near or ()), part.shows)

    def _dictionaries(self, known: Known) -> Iterator[OwnDetector]:
        for name, part in self._pack.dictionaries.items():
            path: Path = ("dictionaries", name)
            self._check_name(name, path)
            words = known.words(part.words, self._sheet, (*path, "words"))
            yield OwnDetector(name, part.says, (), words, tuple(part.near or ()), part.shows)

    def _point_at_unused(self, ids: set[str]) -> None:
        for key, names in (("patterns", self._pack.patterns), ("dictionaries", self._pack.dictionaries)):
            for name in names:
                if name not in ids:
                    says = f"nothing asks for `{name}`, so it is not looked for; name it in `markings` or by `found` in a rule"
                    self._sheet.problems.append(self._sheet.at((key, name), says, key=True, severity="warning"))

    def _check_name(self, name: str, path: Path) -> None:
        if name in NAMES or (path[0] == "dictionaries" and name in self._pack.patterns):
            says = f"`{name}` is the name of another detector; each needs a name of its own"
            self._sheet.problems.append(self._sheet.at(path, says, key=True))

    def _asks(self) -> Iterator[AsksPart]:
        for rule in self._pack.rules:
            yield from (asks for asks in (rule.when, rule.unless) if asks is not None)
        yield from (never.facts for never in self._pack.never)


def looks_for(patterns: Patterns) -> frozenset[str]:
    """The names under which records say what was looked for."""
    own = (f"{one.id}~{_fingerprint(replace(one, says='', shows=''))}" for one in patterns.own)
    return frozenset(
        (*(marking.id for marking in patterns.markings), *own, *(_house(detector, patterns) for detector in patterns.detectors))
    )


def _house(detector: str, patterns: Patterns) -> str:
    if detector.startswith("link-out"):
        return f"{detector}~{_fingerprint((sorted(patterns.services), sorted(patterns.approved)))}"
    return f"{detector}~{patterns.small_below}" if detector == "small-cells" else detector


def _fingerprint(what: object) -> str:
    return hashlib.sha256(repr(what).encode()).hexdigest()[:8]
