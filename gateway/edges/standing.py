"""What stands waiting right now, for the operator's numbers: open cases, those that nobody has answered in time, mail to be sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from gateway.edges.store import Store
from gateway.edges.tables import hold, micros, outbox


@dataclass(frozen=True, slots=True)
class Standing:
    """How many of each."""

    cases_open: int  # a person or the sender is asked
    cases_overdue: int  # of these, whose answer was wanted before now
    outbox_waiting: int  # notices and released copies that no next hop has taken yet


async def standing(store: Store, now: datetime) -> Standing:
    """Counted by the database. Raises TryLater."""
    return await store.read(_counted, micros(now))


def _counted(connection: Connection, now: int) -> Standing:
    is_open = hold.c.state == "open"
    questions = (
        select(func.count()).select_from(hold).where(is_open),
        select(func.count()).select_from(hold).where(is_open, hold.c.answer_by <= now),
        select(func.count()).select_from(outbox),
    )
    return Standing(*(int(connection.execute(question).scalar_one()) for question in questions))
