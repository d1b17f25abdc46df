"""Whose a claimed row is, and when a waiting one is due, by the clock of who asks.

A lease that ends, or a pause that lasts, longer than any that is given was written before the clock was set back: such a row waits no
longer. Machines that share a database have clocks that agree to some seconds.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import ColumnElement, or_

from gateway.edges.tables import MICROSECOND

LONGEST_LEASE = timedelta(minutes=10)  # what people ask of a case is leased for five
LONGEST_PAUSE = timedelta(hours=2)  # the outbox pauses for one

_LEASE = LONGEST_LEASE // MICROSECOND
_PAUSE = LONGEST_PAUSE // MICROSECOND


def is_over(leased_until: ColumnElement[int], now: int) -> ColumnElement[bool]:
    """Whether nobody has the row any more."""
    return or_(leased_until <= now, leased_until > no_lease(now))


def no_lease(now: int) -> int:
    """After this no lease ends that is given now."""
    return now + _LEASE


def no_pause(now: int) -> int:
    """After this no pause ends that begins now."""
    return now + _PAUSE
