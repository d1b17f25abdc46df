"""Registers, lists and limits of a pack to a Snapshot. Pure.

For now a pack's own files are all that is known of recipients; a directory will give the same nouns.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from gateway.errors import Problem
from gateway.model.facts import Entry
from gateway.policy.pack_files import EntryPart, LimitsFilePart, ListPart, ListsPart, RegisterPart, WordsFilePart
from gateway.policy.pack_model import PackPart
from gateway.policy.pack_sheets import P, mended_part_of, missing_file, sheet_of, unknown_name
from gateway.policy.pack_yaml import Path, Sheet
from gateway.policy.places import Places
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

    def register(self, name: str, main: Sheet, path: Path, levels: list[str]) -> None:
        """Read a register; the name of its file is the name of the register."""
        if name in self.sheets or (sheet := self._sheet(name, main, path)) is None:
            return
        part = self._part(RegisterPart, sheet)
        if part is None:
            return
        rows, partners = [], []
        for index, entry in enumerate(part.entries):
            place = self._entry(sheet, index, entry, levels)
            if place is not None:
                row = Entry(entry.agreement, home(entry.owner, self._own) if entry.owner else None, entry.review_by, entry.highest)
                rows += [(one, row) for one in own([place], self._own)]
                if entry.folder is not None:
                    partners += [(one, _partner(one, entry.folder, entry)) for one in own([place], self._own)]
        self.registers[name] = Register(Places.of(rows), self._stale_from(name, part), Places.of(partners))

    def limits(self, name: str, main: Sheet, path: Path) -> Places[int] | None:
        """Read what recipients' servers accept."""
        if name not in self.sheets and (sheet := self._sheet(name, main, path)) is not None:
            part = self._part(LimitsFilePart, sheet)
            if part is not None:
                self._limits[name] = Places.of(list(part.limits.items()))
        return self._limits.get(name)

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
                lists = self._lists(sheet, part, pack)
                people, stale = frozenset(own(part.people, self._own)), self._stale_from(pack.lists, part)
        groups = {
            name: None if group.addresses is None else Places.of((one, True) for one in own(group.addresses, self._own))
            for name, group in pack.groups.items()
        }
        return Snapshot(frozenset(self._own), lists, people, stale, groups, self.registers, looked_for)

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

    def _stale_from(self, name: str, part: RegisterPart | ListsPart) -> date | None:
        if name in self.instead and self.instead[name].value == STALE:
            return date.min
        return part.as_of + part.valid_for if part.as_of is not None and part.valid_for is not None else None

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

    def _lists(self, sheet: Sheet, part: ListsPart, pack: PackPart) -> dict[str, KnownList]:
        found: dict[str, KnownList] = {}
        members = {one.address: [home(member, self._own) for member in one.members] for one in part.lists if isinstance(one.members, list)}
        for index, one in enumerate(part.lists):
            path: Path = ("lists", index)
            if one.address in found:
                sheet.problems.append(sheet.at((*path, "address"), f"`{one.address}` stands twice; keep one"))
            for name in one.cleared:
                if name not in pack.classifications:
                    sheet.problems.append(
                        sheet.at((*path, "cleared", name), unknown_name("classification", name, pack.classifications), key=True)
                    )
            for name in one.allowed_groups or ():
                if name not in pack.groups:
                    sheet.problems.append(sheet.at((*path, "allowed_groups"), unknown_name("group", name, pack.groups)))
            for address in own([one.address], self._own):
                found[address] = self._list(one, address, members)
        return found

    def _list(self, one: ListPart, address: str, members: dict[str, list[str]]) -> KnownList:
        everyone = _expanded(one.address, members) if isinstance(one.members, list) else frozenset()
        count = one.members if isinstance(one.members, int) else len(everyone)
        inside = {*self._own, address.rpartition("@")[2]}
        external = (
            sum(member.rpartition("@")[2] not in inside for member in everyone) if one.external_members is None else one.external_members
        )
        uncleared = []
        for name, cleared in sorted(one.cleared.items()):
            if isinstance(cleared, list):
                left = len(everyone.difference(home(person, self._own) for person in cleared)) if everyone else count - len(set(cleared))
            else:
                left = 0 if cleared == "all" else count - int(cleared)
            uncleared.append((name, max(0, left)))
        owner = home(one.owner, self._own) if one.owner is not None else None
        allowed = None if one.allowed_senders is None else Places.of((where, True) for where in own(one.allowed_senders, self._own))
        return KnownList(address, owner, count, external, tuple(uncleared), allowed, frozenset(one.allowed_groups or ()))


def _partner(where: str, folder: str, entry: EntryPart) -> Partner:
    liaisons = tuple(Liaison(one.name, one.mailbox or "", one.phone or "") for one in entry.liaisons)
    return Partner(where, folder, entry.account or "", liaisons)


def own(wheres: Iterable[str], own_domains: tuple[str, ...]) -> list[str]:
    """`own` stands for the organisation's domains, `someone@own` for that mailbox in each of them."""
    found = []
    for where in wheres:
        local, at, domain = where.rpartition("@")
        found += [f"{local}{at}{one}" for one in own_domains] if domain == "own" and own_domains else [where]
    return found


def home(address: str, own_domains: tuple[str, ...]) -> str:
    """`someone@own` at the first of the organisation's domains."""
    return own([address], own_domains[:1])[0]


def _expanded(address: str, members: dict[str, list[str]]) -> frozenset[str]:
    """Who is on a list in the end: a list within a list stands for its members."""
    seen: set[str] = set()
    people: set[str] = set()
    left = [address]
    while left:
        one = left.pop()
        if one in seen:
            continue
        seen.add(one)
        if one in members:
            left.extend(members[one])
        else:
            people.add(one)
    return frozenset(people)
