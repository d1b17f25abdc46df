"""May a recipient still have what was shared with them? Asked anew at each page and each download. Pure.

The pack may have changed since, and so may what registers and lists say of the recipient. What was in force when it was shared was decided
by the whole message, which is gone; what must still be true is that the route is there and takes them, that they are in every audience
they were in, and that an agreement with them has not lapsed. Unknown is not enough: where a register is too old, nobody gets anything.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from gateway.model.envelope import Address
from gateway.model.facts import UNKNOWN, MessageFacts, SenderFacts
from gateway.model.share import Grant, Share
from gateway.policy.evaluate import compile_policy
from gateway.policy.recipients import facts_of, whole_hour
from gateway.policy.rules import Policy
from gateway.policy.view import View

SENDER = "sender"  # Grant.role of who sent it


class Loss(StrEnum):
    """Why somebody may not have it any more. For records and for the sender; the recipient hears only that it is no longer there."""

    ROUTE_GONE = "route-gone"  # the pack has no such share, or keeps its files in another place
    ROUTE_CLOSED = "route-closed"  # it is there and cannot be used: nobody has signed what it rests on, its place is not configured
    NOT_ADMITTED = "not-admitted"  # the route is not for them any more
    LEFT_AUDIENCE = "left-audience"  # they are not in an audience they were in: a row of a register is gone, or a domain
    AGREEMENT_LAPSED = "agreement-lapsed"  # or is overdue for review
    UNKNOWN = "unknown"  # it cannot be told


def find_loss(share: Share, grant: Grant, policy: Policy, at: datetime) -> Loss | None:
    """Why this person may not have files of the share now; None: they may. `policy` is the one in force, bound to what is configured."""
    lost = _of_route(share, policy)
    if lost is not None or grant.role == SENDER:
        return lost
    view = _view(grant, policy, at)
    return _of_audiences(grant, view) or _of_admission(share, view) or _of_agreement(view)


def _of_route(share: Share, policy: Policy) -> Loss | None:
    route = next((route for route in policy.routes if route.name == share.route), None)
    if route is None or route.kind != "share" or route.place != share.place:
        return Loss.ROUTE_GONE
    return Loss.ROUTE_CLOSED if route.closed else None


def _view(grant: Grant, policy: Policy, at: datetime) -> View:
    """The recipient as the pack sees them now. Of the message nothing is known any more, and nothing is asked."""
    local_part, _, domain = grant.key.rpartition("@")
    nothing = MessageFacts(0, SenderFacts("", "", ours=True))
    return compile_policy(policy).view(facts_of(Address(grant.address, local_part, domain), nothing, policy.snapshot, whole_hour(at)))


def _of_audiences(grant: Grant, view: View) -> Loss | None:
    # An audience that the pack has no more says nothing of anybody.
    states = [view.audiences.get(name, UNKNOWN) for name in grant.audiences]
    if False in states:
        return Loss.LEFT_AUDIENCE
    return None if all(state is True for state in states) else Loss.UNKNOWN


def _of_admission(share: Share, view: View) -> Loss | None:
    """Only what is about the recipient: who sent it and what for was asked when it was sent."""
    way = next(way for way in compile_policy(view.policy).ways if way.route.name == share.route)
    state = way.is_for(view)
    return None if state is True else Loss.UNKNOWN if state is UNKNOWN else Loss.NOT_ADMITTED


def _of_agreement(view: View) -> Loss | None:
    agreement = view.agreement
    if agreement is UNKNOWN:
        return Loss.UNKNOWN
    return Loss.AGREEMENT_LAPSED if agreement == "lapsed" else None
