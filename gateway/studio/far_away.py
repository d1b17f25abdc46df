"""Days of a pack that are hardly meant: so far away that nobody will look, or signed before they have come. Pure; warnings."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, timedelta

from gateway.errors import Problem
from gateway.policy.rules import Policy

_FAR = timedelta(days=3653)  # ten years: whoever meant 2027 and wrote 2072 hears of it
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


def far_away(policy: Policy, today: date) -> Iterable[Problem]:
    """Each with its place."""
    far = today + _FAR
    if policy.review_by is not None and policy.review_by > far:
        yield Problem(*policy.where["review_by"], f"is to be reviewed by {policy.review_by}, which is more than ten years away", "warning")
    for index, one in enumerate(policy.exceptions):
        if one.until > far:
            says = f"the exception from `{one.rule}` is until {one.until}, more than ten years away; write a day on which it is looked at"
            yield Problem(*policy.where[f"exception:{index}"], says, "warning")
    for known in policy.interpretations:
        if any(date.fromisoformat(day) > today for day in _DAY.findall(known.signed or "")[-1:]):
            yield Problem(*policy.where[f"interpretation:{known.name}"], f"`{known.name}` is signed on a day that has not come", "warning")
