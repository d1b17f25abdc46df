"""Whether some message can be what a rule asks for. Pure.

Asked over all that there can be of each fact: recipients, classifications, sizes. Facts are taken as independent, and as known; what is
impossible then is impossible, and nothing is said of what may only be unlikely. What is hardly ever known is not looked at at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from gateway.policy.places import Places
from gateway.policy.rules import Ask, Policy
from gateway.studio.recipients import Someone, recipients

_GROUPS = {"audience": "recipient", "recipient_domain": "recipient", "agreement": "recipient", "classification": "classification"}
_SIZES = ("attachments", "message")
_SELDOM_KNOWN = ("purpose", "sender_group", "sender", "list.")  # nobody has said, no directory: then both they and their opposite hold
_Levels = tuple[int | None, int]  # of the files (None: there are none), of the words


@dataclass(frozen=True, slots=True)
class Worlds:
    """All that there can be, of one policy."""

    recipients: tuple[Someone, ...]
    levels: tuple[_Levels, ...]

    @classmethod
    def of(cls, policy: Policy, own_is_known: bool) -> Worlds:
        count = range(len(policy.ladder.names))
        return cls(recipients(policy, own_is_known), tuple(product((None, *count), count)))

    def clash(self, when: Sequence[Ask]) -> tuple[Ask, ...]:
        """Those that exclude one another, as few as will do; none when some message can be all of it."""
        left = list(when)
        if self._can_be(left):
            return ()
        for ask in tuple(left):
            if not self._can_be(rest := [one for one in left if one is not ask]):
                left = rest
        return tuple(left)

    def always(self, unless: Sequence[Ask], when: Sequence[Ask]) -> bool:
        """Whether whatever is `when` is also all of `unless`, so that nothing is left."""
        return bool(unless) and all(self._follows(ask, when) for ask in unless)

    def whom(self, asks: Iterable[Ask]) -> tuple[Someone, ...]:
        """The recipients whom a rule can be about."""
        about = [ask for ask in asks if _GROUPS.get(ask.fact) == "recipient"]
        return tuple(one for one in self.recipients if all(_may(ask, one)[0] for ask in about))

    def _can_be(self, asks: Sequence[Ask]) -> bool:
        return all(any(all(_may(ask, world)[0] for ask in group) for world in worlds) for group, worlds in self._grouped(asks))

    def _follows(self, ask: Ask, when: Sequence[Ask]) -> bool:
        if ask.fact.startswith(_SELDOM_KNOWN):
            return False
        if any(_implies(one, ask) for one in when):
            return True
        for group, worlds in self._grouped((*when, ask)):
            if ask in group:
                return not any(_may(ask, world)[1] and all(_may(one, world)[0] for one in group if one is not ask) for world in worlds)
        return False

    def _grouped(self, asks: Sequence[Ask]) -> Iterator[tuple[list[Ask], Sequence[Any]]]:
        """The asks about each thing that can be gone through, with all that it can be."""
        if self.recipients and (group := [ask for ask in asks if _GROUPS.get(ask.fact) == "recipient"]):
            yield group, self.recipients
        if group := [ask for ask in asks if ask.fact == "classification"]:
            yield group, self.levels
        for fact in _SIZES:
            if group := [ask for ask in asks if ask.fact == fact]:
                yield group, sorted({0, *(octets for ask in group if isinstance(ask.value, int) for octets in (ask.value, ask.value + 1))})


def _implies(one: Ask, other: Ask) -> bool:
    """Whether what is this is surely that."""
    if one.fact != other.fact or one.how != other.how:
        return False
    if isinstance(one.value, frozenset) and isinstance(other.value, frozenset) and one.how == "any":
        return one.value <= other.value
    return one.value == other.value


def _may(ask: Ask, world: Any) -> tuple[bool, bool]:
    """Whether it can hold in this world, and whether it can fail."""
    value: Any = ask.value
    match ask.fact:
        case "audience":
            holds = value.isdisjoint(world.audiences) is (ask.how == "none")
        case "recipient_domain":
            holds = _is_at(value, world)
        case "agreement":
            holds = world.agreement in value
        case "classification":
            return _level(ask.how, value, world)
        case _:
            holds = world > value if ask.how == "above" else world <= value
    return holds, not holds


def _is_at(places: Places[bool], someone: Someone) -> bool:
    return any(places.find("", domain) is not None for _, domain in someone.places)


def _level(how: str, value: tuple[str, int, frozenset[str] | None], levels: _Levels) -> tuple[bool, bool]:
    of, least, because = value
    files, words = levels
    top = files if of == "files" else words if of == "words" else max(words, words if files is None else files)
    if how == "above_agreement":
        return True, True
    if top is None:
        return False, True
    holds = top >= least if how == "at_least" else top < least
    return holds, not holds or because is not None
