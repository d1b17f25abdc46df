"""Distribution lists of a pack to what is known of each: how many get its mail, who of them is outside, who is not cleared. Pure.

A list within a list stands for its members. What the file leaves open is unknown, never none: who is on a list without members, and who of
a number of members is outside. Where two ways to count differ, the larger number counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gateway.model.facts import UNKNOWN, Missing
from gateway.policy.pack_asks import AsksPart
from gateway.policy.pack_files import ListPart, ListsPart
from gateway.policy.pack_model import PackPart
from gateway.policy.pack_sheets import unknown_name
from gateway.policy.pack_twice import Seen
from gateway.policy.pack_yaml import Path, Sheet
from gateway.policy.places import Places, home, own
from gateway.policy.snapshot import KnownList

Number = int | Missing
Cleared = list[str] | int | str


@dataclass(frozen=True, slots=True)
class _Reach:
    """Who gets the mail of a list in the end."""

    people: frozenset[str]
    within: tuple[ListPart, ...]  # the lists within it
    named: bool  # everybody is in `people`
    members: Number


class ListMaker:
    """Makes the lists; what is wrong becomes problems of their sheet."""

    def __init__(self, sheet: Sheet, part: ListsPart, pack: PackPart, own_domains: tuple[str, ...]) -> None:
        self._sheet = sheet
        self._part = part
        self._pack = pack
        self._own = own_domains
        self._written: dict[str, ListPart] = {}  # by each address that it has
        self._outsiders_matter = any(ask.list_ is not None and ask.list_.external_members is not None for ask in _asks(pack))

    def lists(self) -> dict[str, KnownList]:
        """By address, each once."""
        seen = Seen(self._sheet)
        for index, one in enumerate(self._part.lists):
            addresses = own([one.address], self._own)
            seen.once(one.address, addresses, ("lists", index, "address"))
            self._written |= dict.fromkeys(addresses, one)
        found: dict[str, KnownList] = {}
        for index, one in enumerate(self._part.lists):
            self._check_names(one, ("lists", index))
            reach = self._reach(one)
            self._check_numbers(one, reach, ("lists", index))
            found |= {address: self._list(one, address, reach) for address in own([one.address], self._own)}
        return found

    # --- what is known ------------------------------------------------------------------------------------------------

    def _reach(self, one: ListPart) -> _Reach:
        people: set[str] = set()
        seen: dict[int, ListPart] = {}
        left = [one]
        while left:
            each = left.pop()
            if id(each) in seen:
                continue
            seen[id(each)] = each
            for address in self._homes(each.members) if isinstance(each.members, list) else ():
                if (inner := self._written.get(address)) is not None:
                    left.append(inner)
                else:
                    people.add(address)
        counts = [each.members for each in seen.values() if isinstance(each.members, int)]
        open_ = any(not each.members for each in seen.values())
        members = UNKNOWN if open_ else len(people) + sum(counts)
        return _Reach(frozenset(people), tuple(seen.values())[1:], not counts and not open_, members)

    def _list(self, one: ListPart, address: str, reach: _Reach) -> KnownList:
        external = one.external_members if one.external_members is not None else self._external(one, address, reach)
        uncleared = tuple((name, self._uncleared(cleared, reach)) for name, cleared in sorted(one.cleared.items()))
        owner = home(one.owner, self._own) if one.owner is not None else None
        allowed = None if one.allowed_senders is None else Places.of((where, True) for where in own(one.allowed_senders, self._own))
        return KnownList(address, owner, reach.members, external, uncleared, allowed, frozenset(one.allowed_groups or ()))

    def _external(self, one: ListPart, address: str, reach: _Reach) -> Number:
        """Members outside the organisation, and outside the list's own domain. Those of lists within it are as these lists say."""
        inside = {*self._own, address.rpartition("@")[2]}
        found = sum(member.rpartition("@")[2] not in inside for member in reach.people)
        for each in (one, *reach.within):
            if each.external_members is not None:
                found += each.external_members
            elif isinstance(each.members, int) or not each.members:
                return UNKNOWN
        return found

    def _uncleared(self, cleared: Cleared, reach: _Reach) -> Number:
        """How many members are not cleared: who is cleared and no member does not count."""
        if isinstance(cleared, list):
            return len(reach.people.difference(self._homes(cleared))) if reach.named else UNKNOWN
        if isinstance(cleared, str):  # all
            return 0
        return reach.members if isinstance(reach.members, Missing) else max(0, reach.members - cleared)

    # --- what is wrong with it ----------------------------------------------------------------------------------------

    def _check_names(self, one: ListPart, path: Path) -> None:
        for name in one.cleared:
            if name not in self._pack.classifications:
                self._wrong((*path, "cleared", name), unknown_name("classification", name, self._pack.classifications), key=True)
        for name in one.allowed_groups or ():
            if name not in self._pack.groups:
                self._wrong((*path, "allowed_groups"), unknown_name("group", name, self._pack.groups))

    def _check_numbers(self, one: ListPart, reach: _Reach, path: Path) -> None:
        if not one.members:
            says = f"`{one.address}` has no members here, so nobody knows who gets its mail, and it counts as unknown"
            self._wrong((*path, "members"), f"{says}: write who they are or how many, or take the list out", severity="warning")
        elif isinstance(one.members, int) and one.external_members is None and self._outsiders_matter:
            says = "says how many get the mail, not how many of them are outsiders, and a rule asks: it counts as unknown"
            self._wrong((*path, "members"), f"{says}. Add `external_members:`, 0 if there are none", severity="warning")
        if isinstance(one.members, int) and one.members and (one.external_members or 0) > one.members:
            self._wrong(
                (*path, "external_members"), f"says that {one.external_members} of {one.members} members are outsiders: more than there are"
            )
        for name, cleared in one.cleared.items():
            self._check_cleared(cleared, reach, (*path, "cleared", name))

    def _check_cleared(self, cleared: Cleared, reach: _Reach, path: Path) -> None:
        if isinstance(cleared, int) and isinstance(reach.members, int) and cleared > reach.members:
            self._wrong(path, f"clears {cleared} of {reach.members} members: more than there are; write how many of them are cleared")
        elif isinstance(cleared, list) and not reach.named:
            says = "names people, but nobody knows whether they are on the list, whose members are not all written as addresses: unknown"
            self._wrong(path, f"{says}. Write how many members are cleared, or `all`", severity="warning")
        elif isinstance(cleared, list) and (strangers := [who for who in cleared if home(who, self._own) not in reach.people]):
            says = f"clears {len(strangers)} who are no members of the list, the first is `{strangers[0]}`"
            self._wrong(path, f"{says}; they clear nobody. Write the addresses as `members` has them", severity="warning")

    def _homes(self, addresses: Iterable[str]) -> list[str]:
        return [home(address, self._own) for address in addresses]

    def _wrong(self, path: Path, says: str, *, key: bool = False, severity: str = "error") -> None:
        self._sheet.problems.append(self._sheet.at(path, says, key=key, severity=severity))


def _asks(pack: PackPart) -> Iterator[AsksPart]:
    for rule in pack.rules:
        yield from (part for part in (rule.when, rule.unless) if part is not None)
    for never in pack.never:
        yield never.facts
