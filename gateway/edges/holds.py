"""Kept mail: the rows of holds, confirms and refusals. The octets are in the vault.

Rows are put by the journal, in one commit with what else follows from the same work. Who ends a hold first has ended it; what is to be
sent because of that is committed with it. Everything that happens to a case goes into the audit chain in the same commit.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, and_, delete, not_, or_, select, update

from gateway.edges import audit, outbox
from gateway.edges.nouns import decode, encode, from_json, to_json, to_plain
from gateway.edges.operations import Payload, operation
from gateway.edges.store import Store
from gateway.edges.tables import hold, micros, moment
from gateway.edges.tables import outbox as outbox_table
from gateway.errors import TryLater
from gateway.model.decision import Decision
from gateway.model.envelope import Envelope
from gateway.model.facts import Declared
from gateway.model.kept import Because, Held, ToSend

_DECLARED = tuple[Declared, ...]


class Holds:
    """ports.Holds, and what the keeper needs besides."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def get(self, case: str) -> Held | None:
        """The row of a case, whatever its state."""
        return await self._store.read(_get, case)

    async def find(self, *, state: str | None = "open", limit: int = 1000, after: Held | None = None) -> tuple[Held, ...]:
        """Newest first; None: in any state. `after`: what follows that one, whatever has come of it."""
        return await self._store.read(_find, state, limit, after)

    async def every(self, *, state: str | None = "open", page: int = 1000) -> tuple[Held, ...]:
        """As `find`, however many there are."""
        found = last = await self.find(state=state, limit=page)
        while len(last) == page:
            last = await self.find(state=state, limit=page, after=last[-1])
            found += last
        return found

    async def due(self, now: datetime) -> tuple[Held, ...]:
        """Open holds whose answer_by or keep_until has passed, the longest waiting first."""
        return await self._store.read(_due, micros(now))

    async def pass_on(self, case: str, held_for: str, answer_by: datetime | None) -> None:
        """`within` has passed: from now on `held_for` decides."""
        await self._store.run("hold.pass_on", {"case": case, "held_for": held_for, "answer_by": _micros(answer_by), "at": _now()})

    async def reopen(self, case: str, held_for: str, now: datetime) -> None:
        """A refusal whose notice nobody took: a person must look at it, and has the whole `keep` for that from now on.

        An open case only changes hands.
        """
        await self._store.run("hold.reopen", {"case": case, "held_for": held_for, "now": micros(now), "at": _now()})

    async def redecided(self, before: Held, held: Held, because: Because, to_send: tuple[ToSend, ...] = ()) -> bool:
        """Decided again, and these recipients stay kept: the new row, and what goes out because of it.

        False when the case is not open any more, or not the one that was read: somebody else was first, and nothing goes out.
        """
        payload = {
            "row": to_row(held),
            "was": to_row(before),
            **_said(because),
            "at": _now(),
            "outbox": [outbox.to_row(row) for row in to_send],
        }
        return bool((await self._store.run("hold.redecided", payload))["was_open"])

    async def end(
        self, case: str, state: str, because: Because, to_send: tuple[ToSend, ...] = (), declared: _DECLARED | None = None
    ) -> bool:
        """Close an open hold, with what is to be sent because of it in the same commit. `declared`: what it was decided by, if it changed.

        False when it was not open, somebody else was first: then nothing is sent.
        """
        rows = [outbox.to_row(row) for row in to_send]
        payload = {"case": case, "state": state, **_said(because), "at": _now(), "outbox": rows}
        if declared is not None:
            payload["declared"] = to_json(declared)
        return bool((await self._store.run("hold.end", payload))["was_open"])

    async def in_use(self, object_ids: Iterable[str], now: datetime) -> frozenset[str]:
        """Which of these vault objects are still needed: by an open hold, the outbox, or a refusal within its keep or with a notice there.

        The rest may go.
        """
        return await self._store.read(_in_use, tuple(object_ids), micros(now))

    async def purge(self, before: datetime) -> int:
        """Forget cases that ended before; how many. The audit keeps its rows."""
        return int((await self._store.run("hold.purge", {"before": micros(before)}))["cases"])


# --- rows -------------------------------------------------------------------------------------------------------------


def to_row(held: Held) -> Payload:
    """A noun as its row, JSON-able."""
    return {
        "case_number": held.case,
        "object_id": held.object_id,
        "message_id": held.message_id,
        "listener": held.listener,
        "envelope": to_json(held.envelope),
        "decision": to_json(held.decision),
        "state": held.state,
        "kept_at": micros(held.kept_at),
        "answer_by": _micros(held.answer_by),
        "keep_until": micros(held.keep_until),
        "held_for": held.held_for,
        "pack": held.pack,
        "pack_version": held.pack_version,
        "protocol": held.protocol,
        "client": held.client,
        "lifted": encode(list(held.lifted)),
        "certificate": held.certificate,
        "defects": encode(list(held.defects)),
        "declared": to_json(held.declared),
    }


def _said(because: Because) -> Payload:
    """Who, and what they said: parts of a row of the audit; what was not said leaves none."""
    said = {"declared": to_plain(because.declared), "answers": dict(because.answers)}
    return {"by": because.by, "why": because.why, "said": {name: value for name, value in said.items() if value}}


def _to_noun(row: Any) -> Held:
    return Held(
        case=row["case_number"],
        object_id=row["object_id"],
        message_id=row["message_id"],
        listener=row["listener"],
        envelope=from_json(Envelope, row["envelope"]),
        decision=from_json(Decision, row["decision"]),
        state=row["state"],
        kept_at=moment(row["kept_at"]),
        answer_by=None if row["answer_by"] is None else moment(row["answer_by"]),
        keep_until=moment(row["keep_until"]),
        held_for=row["held_for"],
        pack=row["pack"],
        pack_version=row["pack_version"],
        protocol=row["protocol"],
        client=row["client"],
        lifted=tuple(decode(row["lifted"])),
        certificate=row["certificate"],
        defects=tuple(decode(row["defects"])),
        declared=from_json(_DECLARED, row["declared"]),
        ended_at=None if row["ended_at"] is None else moment(row["ended_at"]),
        ended_by=row["ended_by"] or "",
        ended_why=row["ended_why"] or "",
    )


def _read(row: Any) -> tuple[object, ...]:
    """What a case is decided again by: whoever has changed it since was first."""
    return from_json(Envelope, row["envelope"]), decode(row["lifted"]), from_json(_DECLARED, row["declared"])


def _micros(value: datetime | None) -> int | None:
    return None if value is None else micros(value)


def _now() -> int:
    return micros(datetime.now(UTC))  # only for the audit: when it was really done


# --- questions --------------------------------------------------------------------------------------------------------


def _get(connection: Connection, case: str) -> Held | None:
    row = connection.execute(select(hold).where(hold.c.case_number == case)).mappings().first()
    return _to_noun(row) if row else None


def _find(connection: Connection, state: str | None, limit: int, after: Held | None) -> tuple[Held, ...]:
    query = select(hold).order_by(hold.c.kept_at.desc(), hold.c.case_number).limit(limit)
    if state is not None:
        query = query.where(hold.c.state == state)
    if after is not None:
        kept_at = micros(after.kept_at)
        query = query.where(or_(hold.c.kept_at < kept_at, and_(hold.c.kept_at == kept_at, hold.c.case_number > after.case)))
    return tuple(_to_noun(row) for row in connection.execute(query).mappings())


def _due(connection: Connection, now: int) -> tuple[Held, ...]:
    is_due = and_(hold.c.state == "open", or_(hold.c.answer_by <= now, hold.c.keep_until <= now))
    return tuple(_to_noun(row) for row in connection.execute(select(hold).where(is_due).order_by(hold.c.kept_at)).mappings())


def is_kept(now: int) -> Any:
    """The condition of a row whose object is still needed: of a refusal also while it is not known whether its sender hears of it."""
    refused = and_(hold.c.state == "refused", hold.c.ended_at.is_(None))
    return or_(hold.c.state == "open", and_(refused, or_(hold.c.keep_until > now, _is_being_told())))


def _is_being_told() -> Any:
    notices = select(outbox_table.c.case_number).where(outbox_table.c.kind == "notice", outbox_table.c.case_number.is_not(None))
    return hold.c.case_number.in_(notices)


def _in_use(connection: Connection, object_ids: tuple[str, ...], now: int) -> frozenset[str]:
    used: set[str] = set()
    for start in range(0, len(object_ids), 500):
        some = object_ids[start : start + 500]
        used |= set(connection.execute(select(hold.c.object_id).where(hold.c.object_id.in_(some), is_kept(now))).scalars())
        used |= set(connection.execute(select(outbox_table.c.object_id).where(outbox_table.c.object_id.in_(some))).scalars())
    return frozenset(used)


# --- writes -----------------------------------------------------------------------------------------------------------


def insert(connection: Connection, rows: list[Payload]) -> None:
    """New cases; one that is there already with the same object is the same write, repeated.

    Raises:
        TryLater: the number belongs to another case; the next attempt draws another.
    """
    for row in rows:
        there = connection.execute(select(hold.c.object_id).where(hold.c.case_number == row["case_number"])).scalar()
        if there is None:
            connection.execute(_insert, row)
            details = {key: row[key] for key in ("held_for", "message_id", "pack_version", "state")}
            audit.append(connection, "hold.kept", row["kept_at"], {"case": row["case_number"], **details})
        elif there != row["object_id"]:
            raise TryLater(f"the case number {row['case_number']} was drawn twice")


@operation("hold.pass_on", repeatable=True)
def pass_on(connection: Connection, payload: Payload) -> Payload:
    values = {"held_for": payload["held_for"], "answer_by": payload["answer_by"]}
    if connection.execute(update(hold).where(_open(payload["case"])).values(values)).rowcount:
        audit.append(connection, "hold.passed_on", payload["at"], {"case": payload["case"], "held_for": payload["held_for"]})
    return {}


@operation("hold.reopen", repeatable=True)
def reopen(connection: Connection, payload: Payload) -> Payload:
    mine = and_(hold.c.case_number == payload["case"], hold.c.state.in_(("open", "refused")), hold.c.ended_at.is_(None))
    whole = payload["now"] + hold.c.keep_until - hold.c.kept_at
    shorter = and_(mine, hold.c.state == "refused", hold.c.keep_until < whole)
    connection.execute(update(hold).where(shorter).values(keep_until=whole))
    values = {"state": "open", "held_for": payload["held_for"], "answer_by": None}
    if connection.execute(update(hold).where(mine).values(values)).rowcount:
        audit.append(connection, "hold.passed_on", payload["at"], {"case": payload["case"], "held_for": payload["held_for"]})
    return {}


@operation("hold.redecided")
def redecided(connection: Connection, payload: Payload) -> Payload:
    row = payload["row"]
    names = ("envelope", "decision", "answer_by", "keep_until", "held_for", "pack", "pack_version", "lifted", "declared")
    mine = _open(row["case_number"])
    there = connection.execute(select(hold).where(mine).with_for_update()).mappings().first()
    # As nouns, not as text: an older version may have written the same otherwise.
    was_open = there is not None and _read(there) == _read(payload["was"])
    if was_open:
        connection.execute(update(hold).where(mine).values({name: row[name] for name in names}))
        outbox.insert(connection, payload["outbox"])
        details = {name: row[name] for name in ("held_for", "pack_version", "lifted")} | _ways(payload)
        audit.append(connection, "hold.redecided", payload["at"], {"case": row["case_number"], **_who(payload), **details})
    return {"was_open": was_open}


@operation("hold.end")
def end(connection: Connection, payload: Payload) -> Payload:
    """Who is first ends it."""
    values = {"state": payload["state"], "ended_at": payload["at"], "ended_by": payload["by"], "ended_why": payload["why"]}
    values |= {name: payload[name] for name in ("declared",) if name in payload}
    if not connection.execute(update(hold).where(_open(payload["case"])).values(values)).rowcount:
        return {"was_open": False}
    outbox.insert(connection, payload["outbox"])
    audit.append(connection, f"hold.{payload['state']}", payload["at"], {"case": payload["case"], **_who(payload), **_ways(payload)})
    return {"was_open": True}


@operation("hold.purge", repeatable=True)
def purge(connection: Connection, payload: Payload) -> Payload:
    before = payload["before"]
    is_old = or_(hold.c.ended_at < before, and_(hold.c.ended_at.is_(None), hold.c.keep_until < before))
    ended = and_(hold.c.state != "open", is_old, not_(_is_being_told()))
    return {"cases": connection.execute(delete(hold).where(ended)).rowcount}


_insert = hold.insert()


def _who(payload: Payload) -> Payload:
    return {"by": payload["by"], "why": payload["why"], **payload["said"]}


def _ways(payload: Payload) -> Payload:
    """By which next hops copies leave because of it."""
    hops = dict.fromkeys(row["next_hop"] for row in payload["outbox"] if row["kind"] == "release")
    return {"next_hops": list(hops)} if hops else {}


def _open(case: str) -> Any:
    return and_(hold.c.case_number == case, hold.c.state == "open")
