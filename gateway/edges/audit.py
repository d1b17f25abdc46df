"""What happened to kept mail, shares, the policy and the master keys, in chains that show when a row was changed or taken out.

Each writer has a chain of its own: rows numbered from 1, each hash made over the row and the hash before it. Whoever may write to the
database could make a whole chain anew, or cut off its end: note `tips` elsewhere (the log, a printed page) and give them to `verify`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, insert, select, text

from gateway.edges.nouns import decode, encode
from gateway.edges.operations import Insert, Payload, operation
from gateway.edges.store import Store
from gateway.edges.tables import audit, micros, moment, policy_version

KEYS_CHANGED = "keys.changed"

_FIRST = bytes(32)  # before row 1


@dataclass(frozen=True, slots=True)
class Tip:
    """The end of one writer's chain."""

    writer: str
    number: int
    hash: str  # hex


@dataclass(frozen=True, slots=True)
class Event:
    """One row."""

    writer: str
    number: int
    at: datetime
    event: str  # hold.kept | hold.released | ... | policy.loaded
    details: dict[str, Any]
    hash: str  # hex, over this row and the hash before it


class Audit:
    """What the other parts may say and ask."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def policy_loaded(self, pack: str, version: str, at: datetime) -> None:
        """A version of the policy is in force: in the chain within a second. Never raises."""
        self._store.tell("audit.policy_loaded", {"pack": pack, "version": version, "at": micros(at)})

    async def keys_are(self, ids: Iterable[str], at: datetime) -> None:
        """These master keys are there, by their ids: the chain says which came and which went. Durable on return. Raises TryLater."""
        await self._store.run("audit.keys", {"keys": sorted(ids), "at": micros(at)})

    async def verify(self, tips: Iterable[Tip] = ()) -> tuple[str, ...]:
        """Everything that is wrong with the chains, in sentences; nothing when they are whole. Raises TryLater."""
        return await self._store.read_all(verify, tuple(tips))

    async def tips(self) -> tuple[Tip, ...]:
        """To be noted elsewhere. Raises TryLater."""
        return await self._store.read(tips)

    async def events(self, case: str | None = None) -> tuple[Event, ...]:
        """Everything, or what happened to one case, in the order of time. Raises TryLater."""
        return await self._store.read_all(events, case)

    async def events_of_share(self, share_id: str) -> tuple[Event, ...]:
        """What happened to one share, in the order of time. Raises TryLater."""
        return await self._store.read_all(events, share_id, "share")

    async def looked(self, case: str, by: str, why: str) -> None:
        """Somebody is about to get the kept message to read. Durable on return. Raises TryLater."""
        await self._store.run("audit.looked", {"case": case, "by": by, "why": why, "at": micros(datetime.now(UTC))})


def append(connection: Connection, event: str, at: int, details: Mapping[str, Any]) -> None:
    """One more row of this writer's chain, within the transaction that does what it tells of."""
    writer = str(connection.get_execution_options()["writer"])
    one_at_a_time(connection, f"audit {writer}")
    last = connection.execute(_last, {"writer": writer}).first()
    number, before = (last.number + 1, last.hash) if last else (1, _FIRST)
    row = {"writer": writer, "number": number, "at": at, "event": event, "details": encode(dict(details))}
    connection.execute(_append, {**row, "hash": _hash(before, row)})


def verify(connection: Connection, tips: tuple[Tip, ...] = ()) -> tuple[str, ...]:
    """Walk every chain."""
    wrong: list[str] = []
    noted = {(tip.writer, tip.number): tip.hash for tip in tips}
    writer, number, before = "", 0, _FIRST
    for row in connection.execute(select(audit).order_by(audit.c.writer, audit.c.number)).mappings():
        if row["writer"] != writer:
            writer, number, before = row["writer"], 0, _FIRST
        number += 1
        if row["number"] != number:
            wrong.append(f"{writer}: rows {number} to {row['number'] - 1} are missing")
            number = row["number"]
        elif _hash(before, row) != row["hash"]:
            wrong.append(f"{writer}: row {number} or the one before it was changed")
        before = row["hash"]
        if noted.pop((writer, number), before.hex()) != before.hex():
            wrong.append(f"{writer}: row {number} is not the one that was noted")
    return (*wrong, *(f"{writer}: row {number} was noted and is not there" for writer, number in noted))


def tips(connection: Connection) -> tuple[Tip, ...]:
    """The last row of every chain."""
    writers = connection.execute(select(audit.c.writer).distinct().order_by(audit.c.writer)).scalars().all()
    found = [(writer, connection.execute(_last, {"writer": writer}).one()) for writer in writers]
    return tuple(Tip(writer, last.number, last.hash.hex()) for writer, last in found)


def events(connection: Connection, case: str | None = None, key: str = "case") -> tuple[Event, ...]:
    """The rows, the oldest first; of one case, or of one share (`key`)."""
    query = select(audit).order_by(audit.c.at, audit.c.writer, audit.c.number)
    if case is not None:
        query = query.where(audit.c.details.contains(encode(case), autoescape=True))  # the fewest, before they are read
    rows = ((row, decode(row["details"])) for row in connection.execute(query).mappings())
    return tuple(
        Event(row["writer"], row["number"], moment(row["at"]), row["event"], details, row["hash"].hex())
        for row, details in rows
        if case is None or details.get(key) == case
    )


@operation("audit.looked")
def looked(connection: Connection, payload: Payload) -> Payload:
    """{"case", "by", "why", "at"}: into the chain."""
    append(connection, "hold.looked_at", payload["at"], {name: payload[name] for name in ("case", "by", "why")})
    return {}


@operation("audit.keys", repeatable=True)
def keys_are(connection: Connection, payload: Payload) -> Payload:
    """{"keys", "at"}: into this writer's chain where they are others than it said last."""
    writer = str(connection.get_execution_options()["writer"])
    one_at_a_time(connection, f"keys {writer}")
    said = select(audit.c.details).where(audit.c.writer == writer, audit.c.event == KEYS_CHANGED).order_by(audit.c.number.desc()).limit(1)
    last = connection.execute(said).scalar()
    there, before = set(payload["keys"]), set(decode(last)["keys"]) if last is not None else set()
    if there != before:
        details = {"keys": sorted(there), "new": sorted(there - before), "gone": sorted(before - there)}
        append(connection, KEYS_CHANGED, payload["at"], details)
    return {}


@operation("audit.policy_loaded", repeatable=True)
def policy_loaded(connection: Connection, payload: Payload) -> Payload:
    """{"pack", "version", "at"}: into the chain when it is another than the one before."""
    at = payload["at"]
    one_at_a_time(connection, "policy")
    last = connection.execute(select(policy_version.c.version).order_by(policy_version.c.last_at.desc()).limit(1)).scalar()
    _version(connection, [{"version": payload["version"], "pack": payload["pack"], "first_at": at, "last_at": at}])
    if last != payload["version"]:
        append(connection, "policy.loaded", at, {"pack": payload["pack"], "version": payload["version"]})
    return {}


_last = select(audit.c.number, audit.c.hash).where(audit.c.writer == text(":writer")).order_by(audit.c.number.desc()).limit(1)
_append = insert(audit)
_version = Insert(policy_version, update=("pack", "last_at"))


def one_at_a_time(connection: Connection, what: str) -> None:
    """Until this transaction ends. On SQLite there is one writer anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:what, 7))"), {"what": what})


def _hash(before: bytes, row: Mapping[Any, Any]) -> bytes:
    """Over a text that reads in one way only: a JSON list."""
    said = encode([before.hex(), row["writer"], row["number"], row["at"], row["event"], row["details"]])
    return hashlib.sha256(said.encode("ascii")).digest()
