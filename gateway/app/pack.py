"""The pack of the settings, read and held against them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from gateway.act.copies import names_of
from gateway.config import Settings
from gateway.edges.clock import SystemClock
from gateway.edges.packs import read_pack
from gateway.errors import BadPack, Problem
from gateway.policy.pack_yaml import Sheet
from gateway.policy.parse_pack import load_pack
from gateway.policy.rules import Policy


def load_policy(source: Path, settings: Settings, instead: Mapping[str, Sheet] | None = None, *, is_today: bool = True) -> Policy:
    """The pack in force, bound to the next hops and places there are. `instead`: what is supposed of files in it.

    An export of a day still to come is not relied on until that day (`to_come` says which), but where another day than today is supposed.

    Raises:
        BadPack: with a Problem for everything that is wrong, a route to a next hop or place that is not configured included.
    """
    policy = read_policy(source, settings, instead)
    next_hops, places = frozenset(settings.next_hop), frozenset(settings.place)
    if unknown := (*policy.unknown_next_hops(next_hops), *policy.unknown_places(places)):
        raise _in_folder(source, unknown)
    if triggering := tuple(_stamps_that_trigger(policy, trigger_headers(settings))):
        raise _in_folder(source, triggering)
    bound = policy.bind(next_hops, places)
    return replace(bound, snapshot=bound.snapshot.relied_on()) if is_today else bound


def to_come(policy: Policy) -> Iterator[str]:
    """Exports that a policy in force does not rely on."""
    today = SystemClock().now().date()
    for name, day in policy.snapshot.to_come(today).items():
        yield (
            f"{name} says that it is of {day}, and by the clock of this machine it is {today}: until then what stands there counts as "
            "unknown; write the day of the export and reload, or set the clock"
        )


def _stamps_that_trigger(policy: Policy, triggers: frozenset[str]) -> Iterator[Problem]:
    """Rules that would set off, by any route, what the settings mean for the copies to one next hop."""
    for rule in policy.rules:
        for name in [name for act in rule.acts for name, _ in act.stamps if name.casefold() in triggers]:
            says = f"rule `{rule.id}` stamps `{name}`, which is the trigger_header of a next hop; choose another name"
            yield Problem(*policy.where.get(f"rule:{rule.id}", ("rules.yaml", 0, 0)), says)


def read_policy(source: Path, settings: Settings, instead: Mapping[str, Sheet] | None = None) -> Policy:
    """The pack as it is written, not yet bound. Raises BadPack."""
    files = read_pack(source)
    try:
        return load_pack(files, settings.organisation.domains, instead)
    except BadPack as bad:
        supposed = {sheet.file for sheet in (instead or {}).values()}
        here = tuple(problem for problem in bad.problems if problem.file not in supposed)
        there = tuple(problem for problem in bad.problems if problem.file in supposed)
        raise BadPack((*_in_folder(source, here).problems, *there)) from bad


def _in_folder(source: Path, problems: tuple[Problem, ...]) -> BadPack:
    return BadPack(tuple(replace(problem, file=f"{os.path.normpath(source)}/{problem.file}") for problem in problems))


def trigger_headers(settings: Settings) -> frozenset[str]:
    """Names of the fields that make a hop do something: users may not set them."""
    return names_of(hop.trigger_header for hop in settings.next_hop.values())
