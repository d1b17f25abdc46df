"""What stands in a pack and can never do anything: rules that match nothing, routes for nobody, exceptions from what does not apply. Pure.

Each is a warning, and each is certain: possible.py says nothing of what may only be unlikely.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gateway.errors import Problem
from gateway.model.decision import Verdict
from gateway.policy.parse_pack import MAIN
from gateway.policy.places import Places
from gateway.policy.rules import Ask, Policy, Route, Rule
from gateway.studio.asked import asked
from gateway.studio.possible import Worlds


def idle(policy: Policy, worlds: Worlds) -> Iterator[Problem]:
    """A warning for everything that can never do anything, at its place."""
    if not policy.rules:
        yield Problem(MAIN, 1, 1, "has no rules: everything is released by the first route that serves", "warning")
    for place, says in (*_unmatched(policy, worlds), *_unmet(policy, worlds), *_unused(policy, worlds), *_lifting_nothing(policy, worlds)):
        yield Problem(*policy.where.get(place, (MAIN, 1, 1)), says, "warning")


_Said = Iterator[tuple[str, str]]  # a key of Policy.where, and what is wrong there


def _unmatched(policy: Policy, worlds: Worlds) -> _Said:
    for rule in policy.rules:
        place, who = f"rule:{rule.id}", f"rule `{rule.id}`"
        if clash := worlds.clash(rule.when):
            yield place, f"{who} can never match: no mail is {asked(clash, policy)}"
        elif worlds.always(rule.unless, rule.when):
            yield place, f"{who} can never match: whatever `when` says is taken out by its `unless`, {asked(rule.unless, policy)}"
        if rule.from_ is not None and rule.becomes and rule.becomes[0][0] <= rule.from_:
            day, mode = rule.becomes[0]
            yield place, f"{who} is never in `{rule.mode}`: it begins on {rule.from_}, and is in `{mode}` from {day} on"
    for never in policy.nevers:
        if clash := worlds.clash(never.when):
            yield f"never:{never.id}", f"never `{never.id}` is about nothing: no mail is {asked(clash, policy)}"


def _unmet(policy: Policy, worlds: Worlds) -> _Said:
    """Protections that nothing gives to those for whom they are asked; a `never` that wants the same as a rule is not named beside it."""
    asked_for = frozenset[str]()
    for rule in policy.rules:
        if rule.is_ever_enforced:
            needs = frozenset[str]().union(*[act.needs for act in rule.acts])
            asked_for |= needs
            yield from _not_given((f"rule:{rule.id}", f"rule `{rule.id}` requires"), needs, rule.when, policy, worlds)
    for never in policy.nevers:
        wants = never.without - asked_for
        yield from _not_given((f"never:{never.id}", f"never `{never.id}` wants"), wants, never.when, policy, worlds)


def _not_given(who: tuple[str, str], needs: frozenset[str], when: tuple[Ask, ...], policy: Policy, worlds: Worlds) -> _Said:
    (place, says), whom = who, worlds.whom(when)
    routes = [route for route in policy.routes if not whom or any(one.may_use(route) for one in whom)]
    usable = [route for route in routes if not route.closed]
    if missing := sorted(needs - _given(usable)):
        closed = [f"`{route.name}`: {route.closed}" for route in routes if route.closed and route.provides & set(missing)]
        why = f" ({'; '.join(closed)})" if closed else ""
        to = "" if set(missing) - _given(policy.routes) or closed else " to these recipients"
        yield place, f"{says} {', '.join(missing)}, which no route that can be used gives{to}{why}: it always ends in no_route"
    elif any(ask.fact == "sent_as" for ask in when):
        return  # it is about such mail alone
    elif missing := sorted(needs - _given([route for route in usable if not route.sent_as])):
        names = ", ".join(f"`{route.name}`" for route in usable if route.provides & set(missing))
        says += f" {', '.join(missing)}, which only {names} gives, to mail that its sender has protected: all other ends in no_route"
        yield place, says


def _given(routes: Iterable[Route]) -> frozenset[str]:
    return frozenset[str]().union(*[route.provides for route in routes])


def _unused(policy: Policy, worlds: Worlds) -> _Said:
    kept_out = frozenset[str]().union(*[never.routes for never in policy.nevers])
    for index, route in enumerate(policy.routes):
        place = f"route:{route.name}"
        if worlds.recipients and not any(one.may_use(route) for one in worlds.recipients):
            yield place, f"route `{route.name}` is for nobody: whoever is in its `for` is in its `not_for` too"
        elif (key := _no_room(route)) is not None:
            yield place, f"route `{route.name}` carries nothing: `{key}: 0` leaves no room; write how much it takes, or leave it out"
        elif (first := next((one for one in policy.routes[:index] if _does_all_of(one, route, kept_out)), None)) is not None:
            yield (
                place,
                f"route `{route.name}` comes after `{first.name}`, which carries all that it does: it is only asked when that fails",
            )


def _no_room(route: Route) -> str | None:
    """A limit that nothing keeps. A relay without room for files still carries words."""
    if route.message_limit == 0:
        return "message"
    if route.kind == "share":
        return "file" if route.file_limit == 0 else "attachments" if route.attachments_limit == 0 else None
    return None


def _does_all_of(first: Route, other: Route, kept_out: frozenset[str]) -> bool:
    """Whether `first`, which is asked before, serves whatever `other` would. `kept_out`: routes that some `never` forbids."""
    if first.kind != other.kind or first.kind == "share" or first.closed or other.closed or first.name in kept_out:
        return False
    narrow = first.senders or first.sender_domains is not None or first.purpose or first.sent_as or first.recipient_limits is not None
    limited = (first.attachments_limit, first.message_limit, first.unknown_recipient_limit) != (None, None, None)
    for_all = (not first.for_ or (other.for_ and other.for_ <= first.for_)) and first.not_for <= other.not_for
    return not narrow and not limited and bool(for_all) and other.provides <= first.provides


def _lifting_nothing(policy: Policy, worlds: Worlds) -> _Said:
    rules = {rule.id: rule for rule in policy.rules}
    for override in policy.overrides:
        for name in sorted(override.lifts & rules.keys()):
            if all(act.verdict is Verdict.RELEASE for act in rules[name].acts):
                says = f"override `{override.id}` lifts nothing of rule `{name}`, which keeps no mail; what a rule requires is never lifted"
                yield f"override:{override.id}", says
    for index, one in enumerate(policy.exceptions):
        rule = rules.get(one.rule)
        if rule is not None and one.recipients and _is_about_none(one.recipients, rule, worlds):
            yield f"exception:{index}", f"the exception from `{one.rule}` changes nothing: the rule is never about those whom `to` names"


def _is_about_none(places: Places[bool], rule: Rule, worlds: Worlds) -> bool:
    return bool(worlds.recipients) and not any(one.is_in(places) for one in worlds.whom(rule.when))
