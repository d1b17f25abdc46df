"""Who has finished what, so that a retry does only the rest (DESIGN section 6).

An entry stands for one recipient of one transaction. It is written when something final happened and deleted when the client is known to
have heard of it: then the same mail sent again is new mail. Most live for some milliseconds and never reach the disk.

INVARIANT: a lock is given back only when what was told under it is committed, so that the next to hold it sees all that happened.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any

from sqlalchemy import Connection, and_, bindparam, delete, exists

from gateway.edges import holds, outbox, shares, tables
from gateway.edges.locks import Locks, number_of
from gateway.edges.operations import Insert, Payload, many, operation
from gateway.edges.store import Store
from gateway.edges.tables import micros, moment
from gateway.errors import TryLater
from gateway.model.kept import Bundle, Done
from gateway.model.outcome import Ending, Outcome, Reply
from gateway.ports.clock import Clock

# One question for every message; nearly always the answer is nothing.
LOOK_UP = (
    'SELECT t.first_at, s.recipient, s.ending, s.code, s.status, s.text, s.case_number FROM "transaction" t'
    " LEFT JOIN step s ON s.identity = t.identity WHERE t.identity = ?"
)
BUSY_PAUSES = (0.0, 0.01, 0.04, 0.1, 0.2)  # seconds before asking again for a lock whose owner may only be waiting for its commit


class Journal:
    """ports.Journal."""

    def __init__(self, store: Store, locks: Locks, clock: Clock) -> None:
        self._store = store
        self._locks = locks
        self._clock = clock
        self._attempts = count()
        self._process = secrets.token_hex(4)  # attempts of two processes never share a name
        self._late: set[asyncio.Task[None]] = set()

    async def begin(self, identity: bytes | None, recipients: tuple[str, ...]) -> Attempt:
        """Take the locks that are free and look up what is done. Raises TryLater."""
        now = self._clock.now()
        if identity is None:
            return Attempt(self, self._store, "", None, {}, {}, frozenset(), now, now, is_known=False)
        numbers = {key: number_of(identity, key) for key in recipients}
        taken = await self._take(frozenset(numbers.values()))
        try:
            rows = await self._look_up(identity)
        except BaseException:
            self._locks.give(taken)
            raise
        ours = {key: number for key, number in numbers.items() if number in taken}
        first_at = moment(rows[0][0]) if rows else now
        done = {row[1]: _done(row) for row in rows if row[1] in ours}
        name = f"{self._process}{next(self._attempts):x}"
        busy = frozenset(numbers.keys() - ours.keys())
        return Attempt(self, self._store, name, identity, ours, done, busy, first_at, now, is_known=bool(rows))

    async def purge(self, before: datetime) -> int:
        """Forget entries made before: nobody retries any more. How many. Raises TryLater."""
        return int((await self._store.run("journal.purge", {"before": micros(before)}))["steps"])

    async def drain(self) -> None:
        """Wait for what goes on behind (a late answer being journalled)."""
        while self._late:
            await asyncio.wait(self._late)

    async def _take(self, numbers: frozenset[int]) -> frozenset[int]:
        """Whose owner has finished and only waits for its commit is given a moment: a commit of ours takes theirs along."""
        taken = await self._locks.take(numbers)
        try:
            for pause in BUSY_PAUSES if taken != numbers else ():
                await asyncio.sleep(pause)
                await self._store.flush()
                taken |= await self._locks.take(numbers - taken)
                if taken == numbers:
                    break
        except BaseException:
            self._locks.give(taken)
            raise
        return taken

    async def _look_up(self, identity: bytes) -> list[tuple[Any, ...]]:
        rows = await self._store.fetch(LOOK_UP, (identity,))
        if rows:
            # Something was left open. Perhaps it is being closed right now: what was told before us shall be seen.
            await self._store.flush()
            rows = await self._store.fetch(LOOK_UP, (identity,))
        return rows

    def when_settled(self, ticket: int, numbers: frozenset[int]) -> None:
        """Give the locks back when what was told is committed."""
        if self._store.is_settled(ticket):
            self._locks.give(numbers)
        else:
            self._store.when_settled(ticket, lambda: self._locks.give(numbers))

    def answer_late(self, close: Callable[[], int], numbers: frozenset[int]) -> None:
        """The locks were given back long ago, and only now is the client known to have heard: close under locks again, if they are free."""

        async def again() -> None:
            taken: frozenset[int] = frozenset()
            with suppress(TryLater):
                taken = await self._locks.take(numbers)
            self.when_settled(close(), taken)

        task = asyncio.ensure_future(again())
        self._late.add(task)
        task.add_done_callback(self._late.discard)


class Attempt:
    """ports.Transaction."""

    def __init__(
        self,
        journal: Journal,
        store: Store,
        name: str,
        identity: bytes | None,
        locks: Mapping[str, int],
        done: Mapping[str, Done],
        busy: frozenset[str],
        first_at: datetime,
        at: datetime,
        *,
        is_known: bool,
    ) -> None:
        self.done = done
        self.busy = busy
        self.first_at = first_at
        self._at = at
        self._journal = journal
        self._store = store
        self._name = name
        self._identity = identity
        self._locks = locks
        self._is_known = is_known  # the database had rows of this transaction, or has them by now
        self._finished: dict[str, tuple[object, ...]] = {}  # what was journalled, by recipient
        self._tells = 0
        self._ticket = 0
        self._is_released = False

    async def finish(self, bundle: Bundle, *, durable: bool) -> frozenset[str]:
        """Journal it, with all that follows from it, in one commit; what of `withdrawn` nobody sends any more. Raises TryLater."""
        steps = [] if self._identity is None else self._steps(bundle.outcomes, durable=durable)
        gone = frozenset[str]()
        if not (steps or bundle.has_more):
            return gone
        payload: Payload = {"attempt": self._name, "identity": (self._identity or b"").hex(), "steps": steps}
        finished = {step[0]: tuple(step[1:]) for step in steps}
        payload["first_at"], payload["at"] = micros(self.first_at), micros(self._at)
        if durable or bundle.has_more:
            payload["holds"] = [holds.to_row(held) for held in bundle.holds]
            payload["outbox"] = [outbox.to_row(row) for row in bundle.to_send]
            payload["withdrawn"] = sorted(bundle.withdrawn)
            payload["told"] = [*((*one, True) for one in sorted(bundle.told)), *((*one, False) for one in sorted(bundle.untold))]
            self._is_known = True
            try:
                gone = frozenset((await self._store.run("journal.finish", payload))["withdrawn"])
            except BaseException:
                # It may still be committed: it is closed like the others, and the locks are given back after it.
                self._finished |= dict.fromkeys(finished, ())
                self._ticket = self._store.tell("store.nothing", {})
                raise
        else:
            self._tells += 1
            self._ticket = self._store.tell("journal.finish", payload)
        self._finished |= finished
        return gone

    def answered(self, keys: frozenset[str]) -> None:
        """Close the entries: from now on they suppress nothing."""
        closing = [key for key in keys if key in self._finished or key in self.done]
        if self._identity is None or not closing:
            return
        told = 0 if self._is_known else self._tells
        payload = {"attempt": self._name, "identity": self._identity.hex(), "recipients": closing, "told": told}
        for key in closing:
            self._finished.pop(key, None)
        if self._is_released:
            self._journal.answer_late(lambda: self._store.tell("journal.close", payload), frozenset(self._locks[key] for key in closing))
        else:
            self._ticket = self._store.tell("journal.close", payload, soon=False)

    def release(self) -> None:
        """Give the locks back, once what was told under them is committed."""
        if not self._is_released:
            self._is_released = True
            self._journal.when_settled(self._ticket, frozenset(self._locks.values()))

    def _steps(self, outcomes: Iterable[Outcome], *, durable: bool) -> list[list[Any]]:
        """What is final, once; what was told before only when it must be durable now."""
        steps: list[list[Any]] = []
        for outcome in outcomes:
            key, reply = outcome.recipient.address.key, outcome.reply
            step = (outcome.ending.value, reply.code, reply.status, reply.text, outcome.case)
            if outcome.ending.is_final and key in self._locks and (durable or self._finished.get(key) != step):
                steps.append([key, *step])
        return steps


def _done(row: tuple[Any, ...]) -> Done:
    first_at, recipient, ending, code, status, text, case = row
    return Done(recipient, Ending(ending), Reply(code, status, text), case, moment(first_at))


# --- the writes -------------------------------------------------------------------------------------------------------

_insert_transaction = Insert(tables.transaction)
_insert_step = Insert(tables.step, update=("ending", "code", "status", "text", "case_number", "at"))
_delete_step = delete(tables.step).where(tables.step.c.identity == bindparam("i"), tables.step.c.recipient == bindparam("r"))
_is_open = exists().where(tables.step.c.identity == tables.transaction.c.identity)
_delete_transaction = delete(tables.transaction).where(tables.transaction.c.identity == bindparam("i"), ~_is_open)


@operation("journal.finish", repeatable=True)
def finish(connection: Connection, payload: Payload) -> Payload:
    """What is done, what is kept and what is to be sent: all or nothing."""
    settle(connection, [("journal.finish", payload)])
    holds.insert(connection, payload.get("holds", []))
    gone = outbox.withdraw(connection, payload.get("withdrawn", []))
    outbox.insert(connection, payload.get("outbox", []))
    shares.tell(connection, payload.get("told", []))
    return {"withdrawn": gone}


@operation("journal.close", repeatable=True)
def close(connection: Connection, payload: Payload) -> Payload:
    settle(connection, [("journal.close", payload)])
    return {}


@operation("journal.purge", repeatable=True)
def purge(connection: Connection, payload: Payload) -> Payload:
    """Forget what nobody has asked for again: {"before": micros}."""
    gone = connection.execute(delete(tables.step).where(tables.step.c.at < payload["before"])).rowcount
    connection.execute(delete(tables.transaction).where(and_(tables.transaction.c.first_at < payload["before"], ~_is_open)))
    return {"steps": gone}


@dataclass(slots=True)
class _Told:
    """What a series of tells comes to for one attempt."""

    first_at: int
    at: int
    finishes: int = 0
    is_again: bool = False  # one of them may have been written before
    steps: dict[str, list[Any]] = field(default_factory=dict)
    closed: list[str] = field(default_factory=list)  # to be deleted from the database


@many("journal")
def settle(connection: Connection, told: list[tuple[str, Payload]]) -> None:
    """A series of finishes and closes. What is finished and closed within it is never written."""
    attempts = cancel_out(told)
    for (identity, _), one in attempts.items():
        if one.steps:
            _insert_transaction(connection, [{"identity": identity, "first_at": one.first_at}])
    rows = [_row(identity, one.at, step) for (identity, _), one in attempts.items() for step in one.steps.values()]
    _insert_step(connection, rows)
    closed = [{"i": identity, "r": key} for (identity, _), one in attempts.items() for key in one.closed]
    if closed:
        connection.execute(_delete_step, closed)
        connection.execute(_delete_transaction, [{"i": identity} for identity in dict.fromkeys(row["i"] for row in closed)])


def cancel_out(told: Iterable[tuple[str, Payload]]) -> dict[tuple[bytes, str], _Told]:
    """What is left to be written, by identity and attempt. Pure.

    A close says how many finishes were told by its attempt, when the database can know of it by nothing else: if all of them are in this
    series, each told for the first time, what they say and what is closed simply vanish.
    """
    attempts: dict[tuple[bytes, str], _Told] = {}
    for name, payload in told:
        key = (bytes.fromhex(payload["identity"]), payload["attempt"])
        one = attempts.get(key)
        if name == "journal.finish":
            if one is None:
                one = attempts[key] = _Told(payload["first_at"], payload["at"])
            one.finishes += 1
            one.is_again |= payload.get("again", False)
            for step in payload["steps"]:
                one.steps[step[0]] = step
            continue
        if one is not None and payload["told"] and one.finishes == payload["told"] and not one.is_again:
            for recipient in payload["recipients"]:
                one.steps.pop(recipient, None)
            if not one.steps and not one.closed:
                del attempts[key]
            continue
        if one is None:
            one = attempts[key] = _Told(0, 0)
        for recipient in payload["recipients"]:
            one.steps.pop(recipient, None)
        one.closed += payload["recipients"]
    return attempts


def _row(identity: bytes, at: int, step: list[Any]) -> Payload:
    names = ("recipient", "ending", "code", "status", "text", "case_number")
    return {"identity": identity, "at": at, **dict(zip(names, step, strict=True))}
