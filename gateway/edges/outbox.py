"""Mail that Outgate originates or releases later: a small durable queue, claimed by row.

Rows are put by the journal and by the end of a hold, in one commit with what they follow from. A claim is a lease: what its owner does
not finish in time, because it died, is due again. So a copy may go twice when nobody knows how the first went; never not at all.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, delete, select, update

from gateway.edges import audit, shares
from gateway.edges.nouns import decode, encode, from_plain, to_plain
from gateway.edges.operations import Insert, Payload, operation
from gateway.edges.store import Store
from gateway.edges.tables import micros, moment, outbox
from gateway.model.envelope import Recipient
from gateway.model.kept import ToSend
from gateway.model.outcome import Reply


class Outbox:
    """ports.Outbox."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def claim(
        self, now: datetime, lease_seconds: float, limit: int = 20, besides: frozenset[str] = frozenset()
    ) -> tuple[ToSend, ...]:
        """Rows that are due, the longest waiting first; `attempts` counts this one. Raises TryLater.

        `besides`: rows whose attempts go on here, whatever the clock says of their leases.
        """
        until = micros(now + timedelta(seconds=lease_seconds))
        found = await self._store.run("outbox.claim", {"now": micros(now), "until": until, "limit": limit, "besides": sorted(besides)})
        return tuple(_to_noun(row) for row in found["rows"])

    async def renew(self, row_id: str, until: datetime) -> None:
        """The attempt is still under way: its lease ends later. A row that was given back stays free. Raises TryLater."""
        await self._store.run("outbox.renew", {"id": row_id, "until": micros(until)})

    async def done(self, row_id: str, recipient: str, reply: Reply, *, certain: bool = True, to_send: tuple[ToSend, ...] = ()) -> None:
        """This recipient (Address.key) has it, or never will: of a released copy the audit says which. Raises TryLater.

        The link that a copy carries is undone where it is known for `certain` that nobody was handed it. `to_send`: what follows from it.
        """
        said = {"code": reply.code, "status": reply.status, "certain": certain, "at": micros(datetime.now(UTC))}
        said |= {"outbox": [to_row(row) for row in to_send]}
        await self._store.run("outbox.done", {"id": row_id, "recipient": recipient, **said})

    async def put(self, rows: tuple[ToSend, ...]) -> None:
        """More to send. Durable on return. Raises TryLater."""
        if rows:
            await self._store.run("outbox.put", {"rows": [to_row(row) for row in rows]})

    async def retry(self, row_id: str, at: datetime, why: str, *, certain: bool) -> None:
        """For those still in the row, again then. `certain`: it is known that they have nothing yet. Raises TryLater."""
        await self._store.run("outbox.retry", {"id": row_id, "at": micros(at), "why": why, "certain": certain})

    async def released(self, case: str | None = None) -> tuple[ToSend, ...]:
        """Copies of released mail, of this case or of all, that no next hop has taken yet. Raises TryLater."""
        return await self._store.read(_released, case)


# --- rows -------------------------------------------------------------------------------------------------------------


def to_row(mail: ToSend) -> Payload:
    """A noun as its row, JSON-able."""
    return {
        "id": mail.id,
        "object_id": mail.object_id,
        "reverse_path": mail.reverse_path,
        "recipients": encode(to_plain(mail.recipients)),
        "next_hop": mail.next_hop,
        "kind": mail.kind,
        "case_number": mail.case,
        "message_id": mail.message_id,
        "attempts": mail.attempts,
        "next_at": micros(mail.next_at) if mail.next_at else 0,
        "expires_at": micros(mail.expires_at) if mail.expires_at else None,
        "leased_until": 0,
        "smtputf8": mail.smtputf8,
        "ret": mail.ret,
        "envid": mail.envid,
        "why": "",
        "share_id": mail.share,
        "is_fresh": mail.is_fresh,
    }


def _to_noun(row: Payload) -> ToSend:
    return ToSend(
        id=row["id"],
        object_id=row["object_id"],
        reverse_path=row["reverse_path"],
        recipients=tuple(from_plain(Recipient, one) for one in decode(row["recipients"])),
        next_hop=row["next_hop"],
        kind=row["kind"],
        case=row["case_number"],
        message_id=row["message_id"],
        attempts=row["attempts"],
        next_at=moment(row["next_at"]),
        expires_at=None if row["expires_at"] is None else moment(row["expires_at"]),
        smtputf8=row["smtputf8"],
        ret=row["ret"],
        envid=row["envid"],
        why=row["why"],
        share=row["share_id"],
        is_fresh=row["is_fresh"],
    )


def _released(connection: Connection, case: str | None) -> tuple[ToSend, ...]:
    query = select(outbox).where(outbox.c.kind == "release").order_by(outbox.c.next_at, outbox.c.id)
    if case is not None:
        query = query.where(outbox.c.case_number == case)
    return tuple(_to_noun(dict(row)) for row in connection.execute(query).mappings())


# --- writes -----------------------------------------------------------------------------------------------------------

_insert = Insert(outbox)


def insert(connection: Connection, rows: list[Payload]) -> None:
    """New rows; one that is there already is the same write, repeated."""
    _insert(connection, rows)


def withdraw(connection: Connection, ids: list[str]) -> list[str]:
    """Rows whose place others have taken; those that are there no more. What somebody has begun to send stays."""
    if not ids:
        return []
    connection.execute(delete(outbox).where(outbox.c.id.in_(ids), outbox.c.attempts == 0))
    left = set(connection.execute(select(outbox.c.id).where(outbox.c.id.in_(ids))).scalars())
    return [row_id for row_id in ids if row_id not in left]


@operation("outbox.put", repeatable=True)
def put(connection: Connection, payload: Payload) -> Payload:
    insert(connection, payload["rows"])
    return {}


@operation("outbox.claim")
def claim(connection: Connection, payload: Payload) -> Payload:
    """On SQLite the recorder is the only writer; on PostgreSQL rows that another is just claiming are passed over.

    A lease that has run out is an attempt that ended without a word: whoever it was for may have been handed the copy.
    """
    is_due = and_(outbox.c.next_at <= payload["now"], outbox.c.leased_until <= payload["now"])
    due = select(outbox.c.id).where(is_due, outbox.c.id.not_in(payload["besides"]))
    ids = (
        connection.execute(due.order_by(outbox.c.next_at, outbox.c.id).limit(payload["limit"]).with_for_update(skip_locked=True))
        .scalars()
        .all()
    )
    if not ids:
        return {"rows": []}
    is_fresh = and_(outbox.c.is_fresh, outbox.c.leased_until == 0)
    values = {"leased_until": payload["until"], "attempts": outbox.c.attempts + 1, "is_fresh": is_fresh}
    lease = update(outbox).where(outbox.c.id.in_(ids)).values(values)
    rows = connection.execute(lease.returning(*outbox.c)).mappings().all()
    return {"rows": [dict(row) for row in sorted(rows, key=lambda row: (row["next_at"], row["id"]))]}


@operation("outbox.renew", repeatable=True)
def renew(connection: Connection, payload: Payload) -> Payload:
    still_ours = (outbox.c.id == payload["id"], outbox.c.leased_until > 0)
    connection.execute(update(outbox).where(*still_ours).values(leased_until=payload["until"]))
    return {}


@operation("outbox.done", repeatable=True)
def done(connection: Connection, payload: Payload) -> Payload:
    """The row goes with its last recipient. That a released copy was taken, or refused for good, is in the audit in the same commit."""
    mine = outbox.c.id == payload["id"]
    row = connection.execute(select(outbox).where(mine).with_for_update()).mappings().first()
    there = decode(row["recipients"]) if row else []
    left = [one for one in there if not _is(one, payload["recipient"])]
    if row and row["kind"] == "release" and len(left) < len(there):
        event = "hold.handed_over" if 200 <= payload["code"] < 300 else "hold.not_taken"
        said = {name: payload[name] for name in ("code", "status")}
        audit.append(connection, event, payload["at"], {"case": row["case_number"], "next_hop": row["next_hop"], **said})
    if row and row["share_id"] is not None and row["is_fresh"] and payload["code"] >= 300 and payload["certain"]:
        shares.undo(connection, {"share": row["share_id"], "keys": [payload["recipient"]], "at": payload["at"]})
    if row:
        insert(connection, payload["outbox"])
    if left:
        connection.execute(update(outbox).where(mine).values(recipients=encode(left)))
    else:
        connection.execute(delete(outbox).where(mine))
    return {"left": len(left)}


@operation("outbox.retry", repeatable=True)
def retry(connection: Connection, payload: Payload) -> Payload:
    values = {"next_at": payload["at"], "leased_until": 0, "why": payload["why"]}
    values |= {} if payload["certain"] else {"is_fresh": False}  # its link may be out there: it stays, whatever comes
    connection.execute(update(outbox).where(outbox.c.id == payload["id"]).values(values))
    return {}


def _is(one: Any, recipient: str) -> bool:
    return from_plain(Recipient, one).address.key == recipient
