"""Which objects of the vault the database names, and for what: what must be there."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select

from gateway.edges.holds import is_kept
from gateway.edges.store import Store
from gateway.edges.tables import hold, micros, outbox, share, share_file


async def needed(store: Store, now: datetime) -> dict[str, str]:
    """By their ids: the case, the share or the letter that needs them. Raises TryLater."""
    return await store.read(_needed, micros(now))


def _needed(connection: Connection, now: int) -> dict[str, str]:
    cases = select(hold.c.object_id, hold.c.case_number).where(is_kept(now))
    letters = select(outbox.c.object_id, outbox.c.case_number)
    shared = select(share_file.c.object_id, share.c.id).join(share, share.c.id == share_file.c.share_id)
    files = shared.where(share.c.withdrawn_at.is_(None))
    found: dict[str, str] = {}
    for query, what in ((cases, "case"), (letters, "a letter about case"), (files, "share")):
        for object_id, number in connection.execute(query):
            if object_id:  # "": the place keeps its files by itself
                found.setdefault(object_id, f"{what} {number}" if number else "a letter")
    return found
