"""Mail that Outgate originates or releases later: a small durable queue, claimed by row.

Rows are put by the journal and by the end of a hold, in one commit with what they follow from. A claim is a lease: what its owner does
not finish in time, because it died, is due again. So a copy may go twice when nobody knows how the first went; never not at all.

Each claim counts an attempt, and its number says whose the row is: who comes with an earlier one has lost it, and changes nothing but this:
a copy that a hop has taken has gone, whoever has the row by now.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, delete, literal, select, tuple_, update

from gateway.edges import audit, leases, shares
from gateway.edges.nouns import decode, encode, from_plain, to_plain
from gateway.edges.operations import Insert, Payload, operation
from gateway.edges.store import Store
from gateway.edges.tables import micros, moment, outbox
from gateway.model.envelope import Recipient
from gateway.model.kept import ToSend
from gateway.ports.next_hop import Handed

CODE = "code"  # the kind of mail that somebody waits for before a page


class Outbox:
    """ports.Outbox."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def claim(
        self, now: datetime, lease_seconds: float, limit: int = 20, each: int = 20, under_way: tuple[ToSend, ...] = ()
    ) -> tuple[ToSend, ...]:
        """Rows that are due, codes first, then the longest waiting; `attempts` counts this one. Raises TryLater.

        `under_way`: what this process has already, whatever the clock says of its leases. With these it gets no more than `limit`, nor than
        `each` by one next hop. Codes have as many places of their own by each next hop, and none of the others.
        """
        said = {"now": micros(now), "until": micros(now + timedelta(seconds=lease_seconds)), "limit": limit, "each": each}
        ours = [[row.id, row.next_hop, row.kind] for row in under_way]
        found = await self._store.run("outbox.claim", {**said, "under_way": ours})
        return tuple(_to_noun(row) for row in found["rows"])

    async def renew(self, row: ToSend, until: datetime) -> bool:
        """The attempt is still under way: its lease ends later. False: the row is gone, given back, or another's. Raises TryLater."""
        return bool((await self._store.run("outbox.renew", {**_ours(row), "until": micros(until)}))["is_ours"])

    async def done(self, row: ToSend, handed: tuple[Handed, ...], to_send: tuple[ToSend, ...] = ()) -> int:
        """These recipients have it, or never will: of a released copy the audit says which. How many are left. Raises TryLater.

        That somebody never will counts only from who has the row. The link that a copy carries is undone where it is certain that nobody
        was handed it. `to_send`: what follows from it.
        """
        said = [
            {"recipient": one.recipient.address.key, "code": one.reply.code, "status": one.reply.status, "certain": one.certain}
            for one in handed
        ]
        letters = [to_row(letter) for letter in to_send]
        payload = {**_ours(row), "handed": said, "at": micros(datetime.now(UTC)), "outbox": letters}
        return int((await self._store.run("outbox.done", payload))["left"])

    async def put(self, rows: tuple[ToSend, ...]) -> None:
        """More to send. Durable on return. Raises TryLater."""
        if rows:
            await self._store.run("outbox.put", {"rows": [to_row(row) for row in rows]})

    async def retry(self, row: ToSend, at: datetime, why: str, *, certain: bool, to_send: tuple[ToSend, ...] = ()) -> None:
        """For those still in the row, again then; nothing when it is another's. `certain`: they have nothing yet. Raises TryLater."""
        letters = [to_row(letter) for letter in to_send]
        await self._store.run("outbox.retry", {**_ours(row), "at": micros(at), "why": why, "certain": certain, "outbox": letters})

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


def _ours(row: ToSend) -> Payload:
    return {"id": row.id, "attempt": row.attempts}


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
    ids = _next(connection, payload)
    if not ids:
        return {"rows": []}
    is_fresh = and_(outbox.c.is_fresh, outbox.c.leased_until == 0)
    values = {"leased_until": payload["until"], "attempts": outbox.c.attempts + 1, "is_fresh": is_fresh}
    lease = update(outbox).where(outbox.c.id.in_(ids)).values(values)
    rows = connection.execute(lease.returning(*outbox.c)).mappings().all()
    return {"rows": [dict(row) for row in sorted(rows, key=lambda row: (row["kind"] != CODE, row["next_at"], row["id"]))]}


def _next(connection: Connection, payload: Payload) -> list[str]:
    """Codes first. Else the next hop with the least under way, then the longest waiting: those that hang take no other's place."""
    now, ours = payload["now"], payload["under_way"]
    taken = Counter((next_hop, kind == CODE) for _, next_hop, kind in ours)
    room = payload["limit"] - sum(kind != CODE for *_, kind in ours)
    found: dict[tuple[str, bool], list[tuple[int, str]]] = {}  # by next hop, the longest waiting first
    for next_hop, kind in _lanes(connection):
        hop = (next_hop, kind == CODE)
        places = payload["each"] - taken[hop]
        places = places if kind == CODE else min(places, room)
        rows = _due(connection, and_(outbox.c.next_hop == next_hop, outbox.c.kind == kind), now, [one[0] for one in ours], places)
        found[hop] = sorted([*found.get(hop, ()), *rows])[: max(places, 0)]
    codes = [row_id for (_, is_code), rows in found.items() if is_code for _, row_id in rows]
    others = sorted((place, row) for hop, rows in found.items() if hop[1] is False for place, row in enumerate(rows, taken[hop]))
    return [*codes, *(row_id for _, (_, row_id) in others[: max(room, 0)])]


def _lanes(connection: Connection) -> Iterator[tuple[str, str]]:
    """Each next hop and kind that mail waits by: from one to the next in the index, however many rows there are."""
    by, lane = (outbox.c.next_hop, outbox.c.kind), ("", "")
    while True:
        beyond = connection.execute(select(*by).where(tuple_(*by) > tuple_(*map(literal, lane))).order_by(*by).limit(1)).first()
        if beyond is None:
            return
        lane = (beyond[0], beyond[1])
        yield lane


def _due(connection: Connection, of_lane: ColumnElement[bool], now: int, besides: list[str], places: int) -> list[tuple[int, str]]:
    """Those whose time has come, and then those whose time was told by a clock that has been set back since."""
    is_free = and_(of_lane, leases.is_over(outbox.c.leased_until, now), outbox.c.id.not_in(besides))
    rows: list[tuple[int, str]] = []
    for is_time in (outbox.c.next_at <= now, outbox.c.next_at > leases.no_pause(now)):
        if len(rows) < places:
            due = select(outbox.c.next_at, outbox.c.id).where(is_free, is_time).order_by(outbox.c.next_at, outbox.c.id)
            locked = due.limit(places - len(rows)).with_for_update(skip_locked=True)
            rows += [(row[0], row[1]) for row in connection.execute(locked)]
    return rows


@operation("outbox.renew", repeatable=True)
def renew(connection: Connection, payload: Payload) -> Payload:
    still_ours = and_(_is_ours(payload), outbox.c.leased_until > 0)
    return {"is_ours": bool(connection.execute(update(outbox).where(still_ours).values(leased_until=payload["until"])).rowcount)}


@operation("outbox.done", repeatable=True)
def done(connection: Connection, payload: Payload) -> Payload:
    """The row goes with its last recipient. That a released copy was taken, or refused for good, is in the audit in the same commit."""
    mine = outbox.c.id == payload["id"]
    row = connection.execute(select(outbox).where(mine).with_for_update()).mappings().first()
    if row is None:
        return {"left": 0}
    is_ours = row["attempts"] == payload["attempt"]
    there = decode(row["recipients"])
    left = there
    for one in payload["handed"]:
        if is_ours or one["code"] < 300:
            before, left = left, [each for each in left if from_plain(Recipient, each).address.key != one["recipient"]]
            if len(left) < len(before):
                _note(connection, row, one, payload["at"])
    if len(left) < len(there):
        insert(connection, payload["outbox"])
    if left:
        connection.execute(update(outbox).where(mine).values(recipients=encode(left)))
    else:
        connection.execute(delete(outbox).where(mine))
    return {"left": len(left)}


def _note(connection: Connection, row: RowMapping, one: Payload, at: int) -> None:
    """What else it means that this recipient has the copy, or never will."""
    if row["kind"] == "release":
        event = "hold.handed_over" if one["code"] < 300 else "hold.not_taken"
        said = {name: one[name] for name in ("code", "status")}
        audit.append(connection, event, at, {"case": row["case_number"], "next_hop": row["next_hop"], **said})
    if row["share_id"] is not None and row["is_fresh"] and one["code"] >= 300 and one["certain"]:
        shares.undo(connection, {"share": row["share_id"], "keys": [one["recipient"]], "at": at})


@operation("outbox.retry", repeatable=True)
def retry(connection: Connection, payload: Payload) -> Payload:
    values = {"next_at": payload["at"], "leased_until": 0, "why": payload["why"]}
    values |= {} if payload["certain"] else {"is_fresh": False}  # its link may be out there: it stays, whatever comes
    if connection.execute(update(outbox).where(_is_ours(payload)).values(values)).rowcount:
        insert(connection, payload["outbox"])
    return {}


def _is_ours(payload: Payload) -> ColumnElement[bool]:
    return and_(outbox.c.id == payload["id"], outbox.c.attempts == payload["attempt"])
