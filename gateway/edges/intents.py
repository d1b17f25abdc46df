"""What people ask for: rows that commands and pages put, and the keeper carries out, each by one keeper at a time.

A claim is a lease. A keeper that dies leaves its intent running; when the lease has passed another carries it out. That it takes effect
once is the hold's doing: who ends it first has ended it, in one commit with what is sent because of it.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, delete, insert, or_, select, update

from gateway.edges import leases
from gateway.edges.nouns import decode, from_json, to_json
from gateway.edges.operations import Payload, operation
from gateway.edges.store import Store
from gateway.edges.tables import intent, micros, moment
from gateway.model.facts import Declared
from gateway.model.kept import Because, Intent

_DECLARED = tuple[Declared, ...]
_ANSWERS = tuple[tuple[str, str], ...]


class Intents:
    """ports.Intents."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def put(self, kind: str, case: str, because: Because, lifts: tuple[str, ...] = ()) -> str:
        """Durable on return; the intent's id. Raises TryLater."""
        row = {"id": secrets.token_hex(8), "kind": kind, "case_number": case, "asked_by": because.by, "why": because.why}
        said = {"lifts": to_json(lifts), "declared": to_json(because.declared), "answers": to_json(because.answers)}
        await self._store.run("intent.put", {**row, **said, "at": micros(datetime.now(UTC))})
        return row["id"]

    async def claim(self, now: datetime, lease_seconds: float, limit: int = 20) -> tuple[Intent, ...]:
        """What is to be done now, the oldest first; nobody else gets it until the lease ends. Raises TryLater."""
        until = micros(now + timedelta(seconds=lease_seconds))
        found = await self._store.run("intent.claim", {"now": micros(now), "until": until, "limit": limit})
        return tuple(_to_noun(row) for row in found["rows"])

    async def finish(self, intent_id: str, state: str, result: str = "") -> None:
        """It is done or failed, and what to tell who asked. What was done does not fail any more. Raises TryLater."""
        await self._store.run("intent.finish", {"id": intent_id, "state": state, "result": result})

    async def get(self, intent_id: str) -> Intent | None:
        """How far it is. Raises TryLater."""
        return await self._store.read(_get, intent_id)

    async def of_case(self, case: str) -> tuple[Intent, ...]:
        """What was asked for of one case, the oldest first. Raises TryLater."""
        return await self._store.read(_of_case, case)

    async def purge(self, before: datetime) -> None:
        """Forget what was asked before and is done or failed. Raises TryLater."""
        await self._store.run("intent.purge", {"before": micros(before)})


def _to_noun(row: Any) -> Intent:
    return Intent(
        id=row["id"],
        kind=row["kind"],
        case=row["case_number"],
        by=row["asked_by"],
        why=row["why"],
        lifts=tuple(decode(row["lifts"])),
        at=moment(row["at"]),
        state=row["state"],
        result=row["result"],
        declared=from_json(_DECLARED, row["declared"]),
        answers=from_json(_ANSWERS, row["answers"]),
    )


def _get(connection: Connection, intent_id: str) -> Intent | None:
    row = connection.execute(select(intent).where(intent.c.id == intent_id)).mappings().first()
    return _to_noun(row) if row else None


def _of_case(connection: Connection, case: str) -> tuple[Intent, ...]:
    query = select(intent).where(intent.c.case_number == case).order_by(intent.c.at, intent.c.id)
    return tuple(_to_noun(row) for row in connection.execute(query).mappings())


@operation("intent.put", repeatable=True)
def put(connection: Connection, payload: Payload) -> Payload:
    if connection.execute(select(intent.c.id).where(intent.c.id == payload["id"])).first() is None:
        connection.execute(insert(intent), {**payload, "state": "new", "leased_until": 0, "result": ""})
    return {}


@operation("intent.claim")
def claim(connection: Connection, payload: Payload) -> Payload:
    """On SQLite the recorder is the only writer; on PostgreSQL rows that another is just claiming are passed over."""
    is_free = or_(intent.c.state == "new", and_(intent.c.state == "running", leases.is_over(intent.c.leased_until, payload["now"])))
    wanted = select(intent.c.id).where(is_free).order_by(intent.c.at, intent.c.id).limit(payload["limit"]).with_for_update(skip_locked=True)
    ids = connection.execute(wanted).scalars().all()
    if not ids:
        return {"rows": []}
    lease = update(intent).where(intent.c.id.in_(ids)).values(state="running", leased_until=payload["until"]).returning(*intent.c)
    rows = connection.execute(lease).mappings().all()
    return {"rows": [dict(row) for row in sorted(rows, key=lambda row: (row["at"], row["id"]))]}


@operation("intent.finish", repeatable=True)
def finish(connection: Connection, payload: Payload) -> Payload:
    """Two may have carried it out, when the first stood still: that it was done stands, and no other finds a case that is still open."""
    over = ("running", "failed") if payload["state"] == "done" else ("running",)
    mine = and_(intent.c.id == payload["id"], intent.c.state.in_(over))
    connection.execute(update(intent).where(mine).values(state=payload["state"], result=payload["result"], leased_until=0))
    return {}


@operation("intent.purge", repeatable=True)
def purge(connection: Connection, payload: Payload) -> Payload:
    connection.execute(delete(intent).where(intent.c.at < payload["before"], intent.c.state.in_(("done", "failed"))))
    return {}
