"""Checks a pack: everything that is wrong with it, and what somebody should look at. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from gateway.errors import BadPack, Problem
from gateway.policy.parse_pack import load_pack
from gateway.policy.rules import Policy, Route
from gateway.studio.answers import unanswerable
from gateway.studio.check_known import exported_tomorrow, fits_nobody, forgotten_colleagues, open_to_strangers, without_lists
from gateway.studio.far_away import far_away
from gateway.studio.hardly_meant import hardly_meant
from gateway.studio.idle import idle
from gateway.studio.possible import Worlds
from gateway.studio.test import check_tests


def check(
    files: Mapping[str, bytes],
    own_domains: Iterable[str] = (),
    today: date | None = None,
    next_hops: frozenset[str] | None = None,
    places: frozenset[str] | None = None,
) -> tuple[Problem, ...]:
    """Every error and warning, errors first. No error: the pack can be used.

    `today` warns of what is out of date. `next_hops`, `places`: those that are configured; None: they are not looked at, and which
    domains are the organisation's is not known either.
    """
    try:
        policy = load_pack(files, own_domains, next_hops=next_hops)
    except BadPack as error:
        return (*error.problems, *check_tests(files))
    broken = (*check_tests(files, policy), *(exported_tomorrow(policy, today) if today is not None else ()))
    lost = policy.unknown_places(places) if places is not None else ()
    return (
        *broken,
        *lost,
        *policy.warnings,
        *idle(policy, Worlds.of(policy, own_is_known=next_hops is not None)),
        *unanswerable(policy),
        *_alone(policy),
        *_without_mail(policy),
        *without_lists(policy),
        *fits_nobody(policy),
        *open_to_strangers(policy),
        *(forgotten_colleagues(policy) if next_hops is not None else ()),
        *hardly_meant(policy),
        *((*_overdue(policy, today), *far_away(policy, today)) if today is not None else ()),
    )


def _without_mail(policy: Policy) -> Iterable[Problem]:
    """Shares without a route for the covering mail: what is left when the files are out has to go as well, to the same people."""
    for route in policy.routes:
        if route.kind == "share" and not route.closed and not any(_could_carry(other, route) for other in policy.routes):
            says = f"route `{route.name}` takes files out of mail, and no other route carries the rest of it to the same people"
            yield Problem(*policy.where[f"route:{route.name}"], f"{says}: it is never used", "warning")


def _could_carry(route: Route, share: Route) -> bool:
    """Whether somebody could get the files by one and the rest by the other."""
    apart = bool(share.for_ and share.for_ <= route.not_for) or bool(route.for_ and route.for_ <= share.not_for)
    return route.kind != "share" and not route.closed and not route.sent_as and not apart


def _alone(policy: Policy) -> Iterable[Problem]:
    """What rests on somebody whom nobody knows, or who is never told."""
    for name, known in policy.snapshot.groups.items():
        if known is None:
            says = f"group `{name}` is of a directory, and none is connected yet: of nobody is it known whether they are in it"
            yield Problem(*policy.where[f"group:{name}"], says, "warning")
    for system in policy.systems:
        if system.notices_to is None:
            says = f"system `{system.name}` has no `notices_to`, so nobody is told of its mail that is kept or refused"
            yield Problem(*policy.where[f"system:{system.name}"], says, "warning")


def _overdue(policy: Policy, today: date) -> Iterable[Problem]:
    if policy.review_by is not None and policy.review_by < today:
        yield Problem(*policy.where["review_by"], f"was to be reviewed by {policy.review_by}; its owner is {policy.owner}", "warning")
    for index, one in enumerate(policy.exceptions):
        if one.until < today:
            yield Problem(
                *policy.where[f"exception:{index}"], f"the exception from `{one.rule}` ended on {one.until}; take it out", "warning"
            )
    for rule in policy.rules:
        if rule.until is not None and rule.until < today:
            yield Problem(*policy.where[f"rule:{rule.id}"], f"rule `{rule.id}` ended on {rule.until}; take it out", "warning")
