"""By which next hop mail of our own reaches somebody outside: a one-time code goes where plain mail to its reader goes. Pure."""

from __future__ import annotations

from datetime import datetime

from gateway.model.envelope import Address
from gateway.model.facts import MessageFacts, SenderFacts
from gateway.policy.evaluate import compile_policy
from gateway.policy.recipients import facts_of, whole_hour
from gateway.policy.rules import Policy


def next_hop_to(address: Address, policy: Policy, at: datetime) -> str | None:
    """The hop of the first relay in the pack's order that is for this recipient, whoever sends and whatever for; None: there is none."""
    nothing = MessageFacts(0, SenderFacts("", "", ours=True))
    compiled = compile_policy(policy)
    view = compiled.view(facts_of(address, nothing, policy.snapshot, whole_hour(at)))
    for way in compiled.ways:
        route = way.route
        is_plain = not (route.closed or route.senders or route.sent_as or route.purpose or route.sender_domains)
        if route.kind == "relay" and is_plain and way.is_for(view) is True:
            return route.next_hop
    return None
