"""What a pack says of recipients, as far as somebody should look at it: lists, registers, limits, domains. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from gateway.errors import Problem
from gateway.policy.rules import Policy


def without_lists(policy: Policy) -> Iterator[Problem]:
    """Rules about distribution lists, where no list is known."""
    for rule in policy.rules:
        if not policy.snapshot.lists and any(ask.fact.startswith("list.") for ask in rule.when):
            says = f"rule `{rule.id}` asks about distribution lists, and none is known: it never matches"
            yield Problem(*policy.where[f"rule:{rule.id}"], f"{says}. Write them into the file that `lists:` names", "warning")


def exported_tomorrow(policy: Policy, today: date) -> Iterator[Problem]:
    """Exports of a day that is still to come; of the next one, a clock in another zone may speak already."""
    for name, day in policy.snapshot.as_of.items():
        if day > today + timedelta(days=1):
            says = f"{day} is still to come: what is known would never be too old; write the day of the export"
            yield Problem(*policy.where[f"as_of:{name}"], says)
