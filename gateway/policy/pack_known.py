"""Registers, lists and limits of a pack to a Snapshot. Pure.

For now a pack's own files are all that is known of recipients; a directory will give the same nouns.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from gateway.errors import Problem
from gateway.model.facts import Entry
from gateway.policy.pack_files import EntryPart, LimitsFilePart, ListsPart, RegisterPart, WordsFilePart
from gateway.policy.pack_lists import ListMaker
from gateway.policy.pack_model import PackPart
from gateway.policy.pack_sheets import P, mended_part_of, missing_file, sheet_of, unknown_name
from gateway.policy.pack_twice import Seen
from gateway.policy.pack_yaml import Path, Sheet
from gateway.policy.places import Places, home, own, where_of
from gateway.policy.snapshot import KnownList, Liaison, Partner, Register, Snapshot

STALE = "stale"  # supposed of a file: what it says is too old to rely on


class Known:
    """The files that pack.yaml names, each read once."""

    def __init__(self, files: Mapping[str, bytes], own: tuple[str, ...], instead: Mapping[str, Sheet]) -> None:
        self._files = files
        self._own = own
        self.instead = instead  # by name, what is supposed of a file: it stands in the place of the pack's own
        self.sheets: dict[str, Sheet] = {}
        self.told: dict[str, tuple[Problem, ...]] = {}  # by file, what is wrong in it by itself
        self.registers: dict[str, Register] = {}
        self._limits: dict[str, Places[int]] = {}
        self._words: dict[str, tuple[str, ...]] = {}
        self._as_of: dict[str, date] = {}

    def register(self, name: str, main: Sheet, path: Path, levels: list[str]) -> None:
        """Read a register; the name of its file is the name of the register."""
        if name in self.sheets or (sheet := self._sheet(name, main, path)) is None:
            return
        part = self._part(RegisterPart, sheet)
        if part is None:
            return
        rows, partners = [], []
        seen = Seen(sheet, "keep one, with the agreement that counts; a second register can hold another")
        for index, entry in enumerate(part.entries):
            place = self._entry(sheet, index, entry, levels)
            if place is not None:
                seen.once(place, own([place], self._own), ("entries", index, "domain" if entry.address is None else "address"))
                row = Entry(entry.agreement, home(entry.owner, self._own) if entry.owner else None, entry.review_by, entry.highest)
                rows += [(one, row) for one in own([place], self._own)]
                if entry.folder is not None:
                    partners += [(one, _partner(one, entry.folder, entry)) for one in own([place], self._own)]
        self.registers[name] = Register(Places.of(rows), self._stale_from(sheet, part), Places.of(partners))

    def limits(self, name: str, main: Sheet, path: Path) -> Places[int] | None:
        """Read what recipients' servers accept."""
        if name not in self.sheets and (sheet := self._sheet(name, main, path)) is not None:
            part = self._part(LimitsFilePart, sheet)
            if part is not None:
                self._limits[name] = Places.of((one, most) for where, most in part.limits.items() for one in own([where], self._own))
                self._check_limits(sheet)
        return self._limits.get(name)

    def _check_limits(self, sheet: Sheet) -> None:
        """Two spellings of one domain: their limits have become one, and nobody could say which."""
        seen = Seen(sheet, keys=True)
        for written in sheet.value["limits"]:
            seen.once(written, own([where_of(written)], self._own), ("limits", written))

    def words(self, name: str, main: Sheet, path: Path) -> tuple[str, ...]:
        """Read the words of a dictionary."""
        if name not in self._words and (sheet := self._sheet(name, main, path)) is not None:
            part = self._part(WordsFilePart, sheet)
            self._words[name] = tuple(dict.fromkeys(part.words)) if part is not None else ()
        return self._words.get(name, ())

    def snapshot(self, pack: PackPart, main: Sheet, looked_for: frozenset[str]) -> Snapshot:
        """Everything together."""
        lists: dict[str, KnownList] = {}
        people: frozenset[str] = frozenset()
        stale = None
        if pack.lists is not None and (sheet := self._sheet(pack.lists, main, ("lists",))) is not None:
            part = self._part(ListsPart, sheet)
            if part is not None:
                lists = ListMaker(sheet, part, pack, self._own).lists()
                people, stale = frozenset(own(part.people, self._own)), self._stale_from(sheet, part)
        groups = {
            name: None if group.addresses is None else Places.of((one, True) for one in own(group.addresses, self._own))
            for name, group in pack.groups.items()
        }
        return Snapshot(frozenset(self._own), lists, people, stale, groups, self.registers, looked_for, self._as_of)

    def _sheet(self, name: str, main: Sheet, path: Path) -> Sheet | None:
        if name not in self._files:
            there = [file for file in self._files if file.endswith(".yaml") and "/" not in file and file != "pack.yaml"]
            main.problems.append(main.at(path, missing_file(name, there)))
            return None
        supposed = self.instead.get(name)
        sheet = self.sheets[name] = sheet_of(self._files, name) if supposed is None or supposed.value == STALE else supposed
        return sheet

    def _part(self, model: type[P], sheet: Sheet) -> P | None:
        part = mended_part_of(model, sheet)
        self.told[sheet.file] = tuple(sheet.problems)
        return part

    def _stale_from(self, sheet: Sheet, part: RegisterPart | ListsPart) -> date | None:
        if sheet.file in self.instead and self.instead[sheet.file].value == STALE:
            return date.min
        for key, other in (("as_of", "valid_for"), ("valid_for", "as_of")):
            if getattr(part, key) is not None and getattr(part, other) is None:
                says = f"`{key}:` does nothing without `{other}:`, so what stands here never gets too old; add it"
                sheet.problems.append(sheet.at((key,), says, key=True, severity="warning"))
        if part.as_of is None or part.valid_for is None:
            return None
        self._as_of[sheet.file] = part.as_of
        return part.as_of + min(part.valid_for, date.max - part.as_of)

    def _entry(self, sheet: Sheet, index: int, entry: EntryPart, levels: list[str]) -> str | None:
        path: Path = ("entries", index)
        if (entry.domain is None) == (entry.address is None):
            sheet.problems.append(sheet.at(path, "needs either a `domain:` or an `address:`"))
            return None
        if entry.highest is not None and entry.highest not in levels:
            sheet.problems.append(sheet.at((*path, "highest"), unknown_name("classification", entry.highest, levels)))
        if entry.agreement is not None and entry.highest is None:
            sheet.problems.append(sheet.at(path, "an agreement needs a `highest:`, the highest classification that it covers"))
        if entry.agreement is not None and entry.review_by is None:
            says = f"`{entry.agreement}` has no `review_by:`, so it is in force for ever; write the day by which somebody looks at it again"
            sheet.problems.append(sheet.at((*path, "agreement"), says, severity="warning"))
        if entry.folder is None and (entry.account is not None or entry.liaisons):
            sheet.problems.append(sheet.at(path, "`account:` and `liaisons:` are about a `folder:` on the file transfer service; name it"))
        return entry.address or entry.domain


def _partner(where: str, folder: str, entry: EntryPart) -> Partner:
    liaisons = tuple(Liaison(one.name, one.mailbox or "", one.phone or "") for one in entry.liaisons)
    return Partner(where, folder, entry.account or "", liaisons)
