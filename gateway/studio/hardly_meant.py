"""What a pack can say and hardly anybody means: a protection that nothing gives, a rule that stops everything. Pure; warnings."""

from __future__ import annotations

from collections.abc import Iterable

from gateway.errors import Problem
from gateway.policy.rules import Policy, Route

_STOPS = ("confirm", "hold", "refuse")


def hardly_meant(policy: Policy) -> Iterable[Problem]:
    """Each with its place."""
    yield from _protected_by_name(policy)
    yield from _stops_everything(policy)


def _protected_by_name(policy: Policy) -> Iterable[Problem]:
    """A relay that gives protections by the very hop by which another goes without them, and asks nothing of the mail."""
    bare = {route.next_hop: route.name for route in policy.routes if route.kind == "relay" and not route.provides}
    for route in policy.routes:
        if route.kind == "relay" and route.provides and not _asks(route) and route.next_hop in bare:
            says = (
                f"route `{route.name}` gives {', '.join(sorted(route.provides))} by next hop `{route.next_hop}`, by which "
                f"`{bare[route.next_hop]}` goes without; give it a hop of its own, or say what the mail must be (`sent_as`) or whose it is"
            )
            yield Problem(*policy.where[f"route:{route.name}"], says, "warning")


def _asks(route: Route) -> bool:
    return bool(route.for_ or route.senders or route.sender_domains or route.purpose or route.sent_as)


def _stops_everything(policy: Policy) -> Iterable[Problem]:
    """Only colleagues' mail to colleagues would show that a rule lost its `when:`."""
    for rule in policy.rules:
        stops = [act.effect for act in rule.acts if act.effect in _STOPS]
        if stops and not rule.when and not rule.unless:
            says = f"rule `{rule.id}` has no `when:`, so it asks for `{stops[0]}` for all mail, among colleagues too; say what it is about"
            yield Problem(*policy.where[f"rule:{rule.id}"], says, "warning")
