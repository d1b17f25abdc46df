"""What is known beside the message when a policy decides: lists, groups, registers, and from which day they are too old."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from gateway.model.facts import Entry, Missing
from gateway.policy.places import Places

_ZONES = timedelta(days=1)  # the farthest that two clocks which are right are apart


@dataclass(frozen=True, slots=True)
class KnownList:
    """A distribution list as it was when the snapshot was taken."""

    address: str
    owner: str | None
    members: int | Missing
    external: int | Missing
    uncleared: tuple[tuple[str, int | Missing], ...]  # sorted
    allowed: Places[bool] | None = None  # who may send to it; None: everybody
    allowed_groups: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Liaison:
    """Somebody at a partner who looks after file transfer."""

    name: str
    mailbox: str = ""
    phone: str = ""

    def __str__(self) -> str:
        ways = ", ".join(filter(None, (self.mailbox, self.phone)))
        return f"{self.name} ({ways})" if ways else self.name


@dataclass(frozen=True, slots=True)
class Partner:
    """Who has a folder on a file transfer service."""

    where: str  # the address or domain in the register
    folder: str
    account: str = ""  # as which they sign in there
    liaisons: tuple[Liaison, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Register:
    """Who is enrolled, agreed with, cleared."""

    rows: Places[Entry] = field(default_factory=Places)
    stale_from: date | None = None  # from this day on nobody can rely on it
    partners: Places[Partner] = field(default_factory=Places)  # those that have a folder
    known_from: date | None = None  # nor before this day

    def is_known(self, day: date) -> bool:
        """Whether it can be relied on that day."""
        return _is_known(self.known_from, self.stale_from, day)


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """Lists, groups and registers as they are known, with the day from which they are too old."""

    own_domains: frozenset[str] = frozenset()
    lists: Mapping[str, KnownList] = field(default_factory=dict)  # by Address.key
    people: frozenset[str] = frozenset()  # Address.keys known to be no list
    lists_stale_from: date | None = None
    groups: Mapping[str, Places[bool] | None] = field(default_factory=dict)  # None: kept in a directory, which is not known
    registers: Mapping[str, Register] = field(default_factory=dict)
    looked_for: frozenset[str] = frozenset()
    as_of: Mapping[str, date] = field(default_factory=dict)  # by file, the day of an export that gets too old
    lists_known_from: date | None = None  # as of a Register

    def to_come(self, today: date) -> Mapping[str, date]:
        """By file, days of exports that are still to come; of the next one, a clock in another zone may speak already."""
        return {name: day for name, day in self.as_of.items() if day - today > _ZONES}

    def relied_on(self) -> Snapshot:
        """As it is served: nobody knows how old an export is that is of a day still to come; until then it counts as too old."""
        days = {name: day - _ZONES for name, day in self.as_of.items()}
        registers = {name: replace(one, known_from=days.get(name)) for name, one in self.registers.items()}
        lists = max((day for name, day in days.items() if name not in registers), default=None)
        return replace(self, registers=registers, lists_known_from=lists)

    def are_lists_known(self, day: date) -> bool:
        """Whether the lists can be relied on that day."""
        return _is_known(self.lists_known_from, self.lists_stale_from, day)

    def list_of(self, key: str) -> KnownList | None:
        """The list that mail to this Address.key goes to. Where servers know subaddresses (RFC 5233), `list+anything` is the list too."""
        found = self.lists.get(key)
        if found is None and self.lists and "+" in key:
            local, _, domain = key.rpartition("@")
            found = self.lists.get(f"{local.partition('+')[0]}@{domain}")
        return found


def _is_known(first: date | None, end: date | None, day: date) -> bool:
    return (first is None or day >= first) and (end is None or day < end)
