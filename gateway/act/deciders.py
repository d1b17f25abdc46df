"""Who a hold goes to: a name in the pack's `people`, or a role that the pack's lists and registers fill. Pure.

A person who cannot be resolved is who comes `then`, else the postmaster: a case always has somebody (DESIGN section 6).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from gateway.model.envelope import Recipient
from gateway.policy.guidance import House
from gateway.policy.rules import Person, Policy

POSTMASTER = "postmaster"
OWNERS = frozenset({"list-owner", "agreement-owner"})  # roles that depend on the recipient
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HOURS = re.compile(r"([a-z]{3})(?:-([a-z]{3}))?\s+(\d\d):(\d\d)-(\d\d):(\d\d)(?:\s+(\S+))?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Decider:
    """Somebody to ask."""

    name: str  # as a person reads it
    mailbox: str
    phone: str = ""
    hours: str = ""  # when they are there; "" always


def resolve(
    held_for: str, policy: Policy, house: House, recipients: tuple[Recipient, ...], at: datetime, then: str | None = None
) -> Decider:
    """Who decides now about mail to these recipients: outside of their hours the one the pack names instead.

    `then`: who comes when `held_for` is nobody.
    """
    at = at.astimezone(house.timezone)  # hours that name no zone are those of the organisation
    found = _named(held_for, policy, recipients, at) or (_named(then, policy, recipients, at) if then else None)
    return found or Decider("The postmaster", house.postmaster)


def _named(held_for: str, policy: Policy, recipients: tuple[Recipient, ...], at: datetime) -> Decider | None:
    if held_for == "owner" and policy.owner:
        return Decider("The owner of the policy", policy.owner)
    if held_for == "list-owner" and (owner := _list_owner(policy, recipients)):
        return _known(owner, policy, at) or Decider("The owner of the list", owner)
    if held_for == "agreement-owner" and (owner := _agreement_owner(policy, recipients)):
        return _known(owner, policy, at) or Decider("The owner of the agreement", owner)
    return _known(held_for, policy, at)


def _list_owner(policy: Policy, recipients: tuple[Recipient, ...]) -> str | None:
    found = (policy.snapshot.list_of(recipient.address.key) for recipient in recipients)
    return next((known.owner for known in found if known is not None and known.owner), None)


def _agreement_owner(policy: Policy, recipients: tuple[Recipient, ...]) -> str | None:
    registers = [register for _, register in sorted(policy.snapshot.registers.items())]
    rows = (register.rows.find(one.address.key, one.address.domain) for one in recipients for register in registers)
    return next((row.owner for row in rows if row is not None and row.owner), None)


def _known(name: str, policy: Policy, at: datetime) -> Decider | None:
    seen: set[str] = set()
    person = policy.people.get(name)
    while person is not None and not is_on_duty(person, at) and person.otherwise and person.otherwise not in seen:
        seen.add(person.otherwise)
        person = policy.people.get(person.otherwise)
    if person is None:
        return None
    title, hours = person.title or person.name.replace("-", " ").title(), person.hours.strip()
    return Decider(title, person.mailbox, person.phone, "" if hours == "always" else hours)


def is_on_duty(person: Person, at: datetime) -> bool:
    """Whether `hours` ("Mon-Fri 08:30-17:00 Europe/London", "always") include this moment. What cannot be read is always."""
    match = _HOURS.fullmatch(person.hours.strip())
    if match is None or match[1].lower() not in _DAYS or (match[2] or match[1]).lower() not in _DAYS:
        return True
    try:
        local = at.astimezone(ZoneInfo(match[7])) if match[7] else at
    except (ZoneInfoNotFoundError, ValueError):
        local = at
    first, last = _DAYS.index(match[1].lower()), _DAYS.index((match[2] or match[1]).lower())
    days = range(first, last + 1) if first <= last else (*range(first, 7), *range(last + 1))
    minute = local.hour * 60 + local.minute
    return local.weekday() in days and int(match[3]) * 60 + int(match[4]) <= minute < int(match[5]) * 60 + int(match[6])
