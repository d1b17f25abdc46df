"""What stands twice in a pack and would mean two things: each is a mistake, and both of its lines are named. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Hashable, Iterable, Sequence
from itertools import combinations

from gateway.errors import Problem
from gateway.policy.pack_yaml import Path, Sheet
from gateway.policy.rules import System


class Seen:
    """What has stood in a sheet already, and where."""

    def __init__(self, sheet: Sheet, keep: str = "keep one", *, keys: bool = False) -> None:
        """`keep`: what to do about it. `keys`: what stands twice are keys, not values."""
        self._sheet = sheet
        self._keep = keep
        self._keys = keys
        self._places: dict[Hashable, Path] = {}

    def once(self, called: str, ways: Iterable[Hashable], path: Path) -> None:
        """Something of these names, any of which stands for it; a Problem where one has stood before."""
        for one in ways:
            before = self._places.setdefault(one, path)
            if before != path:
                line = self._sheet.at(before, "", key=self._keys).line
                says = f"`{called}` stands twice: also in line {line}; {self._keep}"
                self._sheet.problems.append(self._sheet.at(path, says, key=self._keys))
                return


def check_systems(systems: Sequence[System], sheet: Sheet) -> None:
    """Mail can be of one system only."""
    for one, other in combinations(systems, 2):
        senders = sorted(one.senders & other.senders)
        if senders and (_same_certificate(one, other) or _overlap(one, other)):
            says = f"system `{other.name}` has the sender `{senders[0]}` and a network or certificate in common with `{one.name}`"
            sheet.problems.append(_at(sheet, other, f"{says}: nobody could tell whose mail it is; keep each in one of them"))


def _same_certificate(one: System, other: System) -> bool:
    return one.certificate is not None and other.certificate is not None and one.certificate.casefold() == other.certificate.casefold()


def _overlap(one: System, other: System) -> bool:
    ours, theirs = (list(map(ipaddress.ip_network, each.networks)) for each in (one, other))
    return any(a.version == b.version and a.overlaps(b) for a in ours for b in theirs)


def _at(sheet: Sheet, system: System, says: str) -> Problem:
    return sheet.at(("systems", system.name), says, key=True)
