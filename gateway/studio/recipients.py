"""Every kind of recipient that a policy can tell apart, so that it can be asked whether some recipient is in this and in that. Pure.

A policy compares addresses and domains with those that it names, and registers change: so one recipient for each place that is named, one
below each, and one elsewhere, each in and out of every register, are all there can be. What one of them cannot be, nobody can be.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product

from gateway.policy.places import Places
from gateway.policy.rules import Audience, Policy, Route

_MOST = 50_000  # kinds of recipients; beyond that nothing is said
_NEW = "outgate-asks"  # a label that nobody has


@dataclass(frozen=True, slots=True)
class Someone:
    """A recipient as rules see one."""

    places: tuple[tuple[str, str], ...]  # address and domain; more than one where it may be any of them
    audiences: frozenset[str]
    agreement: str | None  # current, lapsed or none; None: does not apply

    def is_in(self, places: Places[bool]) -> bool:
        """Whether the address or the domain is one of these."""
        return any(places.find(address, domain) is not None for address, domain in self.places)

    def may_use(self, route: Route) -> bool:
        """Whether the route is for this recipient, whoever sends."""
        return (not route.for_ or bool(route.for_ & self.audiences)) and not route.not_for & self.audiences


def recipients(policy: Policy, own_is_known: bool) -> tuple[Someone, ...]:
    """All that there can be; none when they are too many, or nobody knows who is one of ours.

    `own_is_known`: `own` stands for the organisation's domains. Where it does not, any domain that is named may be one of them.
    """
    own = policy.snapshot.own_domains
    registers = sorted(policy.snapshot.registers)
    places: list[tuple[tuple[str, str], ...]] = [(place,) for place in dict.fromkeys(_places(policy))]
    if not own_is_known:
        places += [(*place, ("", domain)) for place in tuple(places) for domain in sorted(own)[:1]]
    if not own or len(places) << len(registers) > _MOST:
        return ()
    found: dict[Someone, None] = {}
    for them, inside in product(places, product((False, True), repeat=len(registers))):
        enrolled = frozenset(name for name, there in zip(registers, inside, strict=True) if there)
        ours = any(domain in own for _, domain in them)
        for agreement in (None,) if ours else ("none", "current", "lapsed") if enrolled else ("none",):
            found[Someone(them, _audiences(policy.audiences, them, enrolled), agreement)] = None
    return tuple(found)


def _places(policy: Policy) -> Iterator[tuple[str, str]]:
    for named in _named(policy):
        yield from ((address, address.rpartition("@")[2]) for address in named.addresses)
        yield from (("", domain) for domain in named.domains)
        yield from (("", f"{_NEW}.{above}") for above in named.below)
    yield from (("", domain) for domain in policy.snapshot.own_domains)
    yield "", f"{_NEW}.invalid"


def _named(policy: Policy) -> Iterator[Places[bool]]:
    """Everything that recipients are compared with."""
    yield from (audience.domains for audience in policy.audiences if audience.domains is not None)
    yield from (one.recipients for one in policy.exceptions)
    for asks in ((*rule.when, *rule.unless) for rule in policy.rules):
        yield from (ask.value for ask in asks if ask.fact == "recipient_domain" and isinstance(ask.value, Places))
    for never in policy.nevers:
        yield from (ask.value for ask in never.when if ask.fact == "recipient_domain" and isinstance(ask.value, Places))


def _audiences(audiences: Iterable[Audience], places: tuple[tuple[str, str], ...], enrolled: frozenset[str]) -> frozenset[str]:
    """As view.py has it; those that others name come before them."""
    found: set[str] = set()
    for audience in audiences:
        inside = audience.domains is None and audience.register is None
        inside |= audience.register in enrolled
        inside |= audience.domains is not None and any(audience.domains.find(*place) is not None for place in places)
        if inside and audience.except_register not in enrolled and found.isdisjoint(audience.not_in):
            found.add(audience.name)
    return frozenset(found)
