"""Whom a route admits, and what fits through it. Which one carries is choice.py's business. Pure. Unknown is not usable."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gateway.mime.sizes import human_pair
from gateway.model.facts import UNKNOWN, Missing
from gateway.policy.rules import Policy, Route
from gateway.policy.view import State, View, any_of, both, negated

_Check = tuple[Callable[[View], State], str]


@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """A route with its checks made ready: whom it admits."""

    route: Route
    checks: tuple[_Check, ...]

    def admits(self, view: View, *, hopeful: bool = False) -> str:
        """Empty when it does, else why not. `hopeful` takes what is unknown for the best."""
        for check, why_not in self.checks:
            state = check(view)
            if state is not True and not (hopeful and state is UNKNOWN):
                return f"not known whether {why_not}" if state is UNKNOWN else f"not {why_not}"
        return ""

    def is_for(self, view: View) -> State:
        """Whether the route is for this recipient, whoever sends and whatever for."""
        route = self.route
        inside = any_of([view.audiences[name] for name in sorted(route.for_)]) if route.for_ else True
        outside = negated(any_of([view.audiences[name] for name in sorted(route.not_for)])) if route.not_for else True
        return both(inside, outside)

    def fits(self, view: View) -> str:
        """Empty when the message fits its limits, else what is too large."""
        attachments, most = view.mail.attachments_octets, self.route.attachments_limit
        if most is not None and attachments > most:
            size, limit = human_pair(attachments, most)
            return f"files of {size} together; it takes {limit}"
        octets, (wire_most, whose) = view.facts.message.wire_octets, self.message_limit(view)
        if wire_most is not None and octets > wire_most:
            size, limit = human_pair(octets, wire_most)
            return f"{size} as mail; {whose} {limit}"
        return ""

    def has_room(self, view: View, attachments_octets: int, wire_octets: int) -> bool:
        """Whether a message of this weight would fit, to this recipient."""
        most, wire_most = self.route.attachments_limit, self.message_limit(view)[0]
        return (most is None or attachments_octets <= most) and (wire_most is None or wire_octets <= wire_most)

    def message_limit(self, view: View) -> tuple[int | None, str]:
        """The octets on the wire that the route and the recipient take, and whose limit it is."""
        route = self.route
        theirs = route.recipient_limits.find(view.facts.address, view.facts.domain) if route.recipient_limits is not None else None
        whose = f"{view.facts.domain} takes"
        if theirs is None:
            theirs, whose = route.unknown_recipient_limit, f"we do not know what {view.facts.domain} takes, and assume"
        if theirs is None or (route.message_limit is not None and route.message_limit <= theirs):
            return route.message_limit, "it takes"
        return theirs, whose


def ways_of(policy: Policy) -> tuple[Way, ...]:
    """Every route of the policy, ready."""
    return tuple(Way(route, tuple(_checks(route))) for route in policy.routes)


def _checks(route: Route) -> list[_Check]:
    checks: list[_Check] = []
    if route.for_:
        names = tuple(sorted(route.for_))
        checks.append((lambda view: any_of([view.audiences[name] for name in names]), f"in {' or '.join(names)}"))
    if route.not_for:
        others = tuple(sorted(route.not_for))
        checks.append((lambda view: negated(any_of([view.audiences[name] for name in others])), f"outside {' and '.join(others)}"))
    if route.senders:
        checks.append((lambda view: view.mail.in_group(route.senders), f"a sender of {' or '.join(sorted(route.senders))}"))
    if route.sender_domains is not None:
        domains = route.sender_domains
        checks.append((lambda view: domains.find("", view.facts.message.sender.domain) is not None, "sent from a domain that may use it"))
    if route.purpose is not None:
        purpose = route.purpose
        checks.append((lambda view: view.purpose(purpose), f"for the purpose {purpose}"))
    if route.sent_as:
        checks.append((lambda view: _is_sent_as(view, route.sent_as), f"protected as a whole by {' or '.join(sorted(route.sent_as))}"))
    return checks


def _is_sent_as(view: View, names: frozenset[str]) -> State:
    found = view.mail.sent_as
    return found if isinstance(found, Missing) else found in names
