"""Markings of a pack to its ladder of classifications, and to the texts that are looked for; what lowers must be allowed to. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection

from gateway.mime.pspf import place_in_pack
from gateway.model.finding import Pattern, Place, Readable
from gateway.policy.classify import Given, Ladder
from gateway.policy.pack_model import MarkingPart, PackPart
from gateway.policy.pack_sheets import unknown_name
from gateway.policy.pack_twice import Seen
from gateway.policy.pack_yaml import Path, Sheet


class LadderMaker:
    """Makes the ladder; what is wrong becomes problems of the sheet."""

    def __init__(self, sheet: Sheet, pack: PackPart, detectors: Collection[str]) -> None:
        self._sheet = sheet
        self._pack = pack
        self._detectors = detectors
        self.markings: list[Pattern] = []  # filled by `ladder`

    def ladder(self) -> Ladder:
        """What each marking gives. Every kind of unreadable must be named."""
        pack = self._pack
        names = tuple(pack.classifications)
        if len(set(names)) < len(names):
            self._wrong(("classifications",), "names one classification twice")
        files = self.level(pack.unmarked.files, ("unmarked", "files"))
        words = self.level(pack.unmarked.words, ("unmarked", "words"))
        labels: dict[tuple[str, str], Given] = {}
        markings: dict[str, Given] = {}
        detectors: dict[str, tuple[Given, ...]] = {}
        unreadable: dict[str, tuple[Given, ...]] = {}
        seen = Seen(self._sheet)
        for index, part in enumerate(pack.markings):
            path: Path = ("markings", index)
            quoted = Place.QUOTED in (part.where or ())
            given = Given(self.level(part.is_, (*path, "is")), part.category, part.at_least or 1, bool(part.whole_line), quoted)
            self._check_marking(part, given, path, files)
            if part.label is not None:
                seen.once(part.label.id, [(part.label.tenant, part.label.id)], (*path, "label"))
                labels[part.label.tenant, part.label.id] = given
            elif part.pspf is not None:
                seen.once(part.pspf, [place_in_pack(part.pspf)], (*path, "pspf"))
                labels[place_in_pack(part.pspf)] = given
            elif part.text is not None:
                markings[self._pattern(part, frozenset(markings))] = given
            elif part.detector is not None:
                detectors[part.detector] = (*detectors.get(part.detector, ()), given)
            for kind in part.unreadable or ():
                unreadable[kind] = (*unreadable.get(kind, ()), given)
        left = sorted({kind.value for kind in Readable} - {"yes"} - set(unreadable))
        if left:
            self._wrong(
                ("markings",),
                f"do not say what a file is that is {', '.join(left)}; add {{unreadable: [{', '.join(left)}], is: ...}}",
                key=True,
            )
        people = frozenset(pack.people) | {"owner"}
        return Ladder(names, files, words, labels, markings, detectors, unreadable, people)

    def level(self, name: str, path: Path) -> int:
        """How sensitive a classification is: its place in the pack's list."""
        if name in self._pack.classifications:
            return self._pack.classifications.index(name)
        self._wrong(path, unknown_name("classification", name, self._pack.classifications))
        return 0

    def _check_marking(self, part: MarkingPart, given: Given, path: Path, unmarked: int) -> None:
        kinds = [name for name in ("label", "pspf", "text", "detector", "unreadable") if getattr(part, name) is not None]
        if len(kinds) != 1:
            self._wrong(path, "needs exactly one of `label`, `pspf`, `text`, `detector`, `unreadable`")
        if part.category is not None and part.category not in self._pack.categories:
            self._wrong((*path, "category"), unknown_name("category", part.category, self._pack.categories))
        if (part.text is None) != (part.where is None) or (part.text is None and (part.whole_line is not None or part.may_add)):
            self._wrong(path, "`text` needs a `where`, and only `text` has `where`, `whole_line` and `may_add`")
        if part.may_add and not part.whole_line:
            self._wrong((*path, "may_add"), "says what may stand beside it on a whole line: it goes with `whole_line: true`", key=True)
        if part.at_least is not None and part.detector is None:
            self._wrong((*path, "at_least"), "only a detector counts", key=True)
        if part.detector is not None and part.detector not in self._detectors:
            self._wrong((*path, "detector"), unknown_name("detector", part.detector, self._detectors))
        lowers_here = part.whole_line and set(part.where or ()) <= {Place.PAGE_HEADER.value, Place.PAGE_FOOTER.value}
        lowers = given.level < unmarked and part.is_ in self._pack.classifications
        if lowers and part.text is not None and not lowers_here:
            says = f"`{part.text}` would lower what nobody marked; only a whole line in a page header or footer may"
            self._wrong((*path, "text"), f"{says}: where: [page_header, page_footer], whole_line: true")
        if lowers and (part.detector is not None or part.unreadable is not None):
            self._wrong((*path, "is"), "a detector or an unreadable file never lowers; it says nothing here", severity="warning")

    def _pattern(self, part: MarkingPart, taken: frozenset[str]) -> str:
        """A marking is called by its text, so that records of it outlive a change of the pack's order."""
        text = part.text or ""
        base = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "marking"
        name = base if base not in taken else next(f"{base}-{n}" for n in range(2, 1000) if f"{base}-{n}" not in taken)
        self.markings.append(
            Pattern(name, text, frozenset(Place(where) for where in part.where or ()), bool(part.whole_line), tuple(part.may_add or ()))
        )
        return name

    def _wrong(self, path: Path, says: str, *, key: bool = False, severity: str = "error") -> None:
        self._sheet.problems.append(self._sheet.at(path, says, key=key, severity=severity))
