"""Who has finished what: a retry does only the rest, and the same mail sent again is new mail (DESIGN section 6)."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, closing, contextmanager
from datetime import timedelta
from functools import partial
from itertools import pairwise

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, select

from gateway.edges import operations, recorder, tables
from gateway.edges.database import is_sqlite, sqlite_path
from gateway.edges.journal import cancel_out
from gateway.edges.locks import number_of
from gateway.edges.state import State
from gateway.errors import TryLater
from gateway.model.kept import Bundle
from gateway.model.outcome import Ending
from tests.edges.durable import IDENTITY, NOON, Place, TurnedClock, held, living, mail, opened, outcome, served

A, B, C = "a@example.org", "b@example.org", "c@example.org"


def rows(connection: Connection) -> dict[str, list[str]]:
    names = ("step", "transaction", "hold", "outbox")
    return {name: [row[-1] for row in connection.execute(select(*list(tables.metadata.tables[name].primary_key)))] for name in names}


async def attempt(state: State, *outcomes, answered: bool, durable: bool = False, lock_only: tuple[str, ...] = ()) -> frozenset[str]:
    """One whole delivery. What was already done."""
    keys = tuple(one.recipient.address.key for one in outcomes) + lock_only
    transaction = await state.journal.begin(IDENTITY, keys)
    try:
        assert not transaction.busy
        await transaction.finish(Bundle(outcomes), durable=durable)
        if answered:
            transaction.answered(frozenset(keys))
        return frozenset(transaction.done)
    finally:
        transaction.release()


# --- the contract -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("durable", [True, False])
def test_identical_mail_sent_twice_arrives_twice(place: Place, durable: bool):
    async def story() -> None:
        async with living(place, processes=2) as (one, other):
            for state in (one, one, other, other, one):
                assert await attempt(state, outcome(A), answered=True, durable=durable) == frozenset()
            await one.store.flush()
            assert await one.store.read(rows) == {"step": [], "transaction": [], "hold": [], "outbox": []}

    asyncio.run(story())


@pytest.mark.parametrize("durable", [True, False])
def test_a_retry_after_a_lost_answer_is_answered_with_the_same_outcome(place: Place, durable: bool):
    async def story() -> None:
        async with living(place, processes=2) as (one, other):
            await attempt(one, outcome(A, Ending.KEPT, "7KQ-402"), answered=False, durable=durable)
            for state in (one, other):
                transaction = await state.journal.begin(IDENTITY, (A, B))
                done = transaction.done[A]
                assert (done.ending, str(done.reply), done.case) == (Ending.KEPT, "250 2.1.5 queued as 1", "7KQ-402")
                assert set(transaction.done) == {A}
                transaction.release()
            transaction = await other.journal.begin(IDENTITY, (A,))
            transaction.answered(frozenset({A}))
            transaction.release()
            assert await attempt(one, outcome(A), answered=True) == frozenset()

    asyncio.run(story())


def test_only_final_endings_are_done(place: Place):
    async def story() -> None:
        async with living(place) as (state,):
            everything = [outcome(f"{ending.value}@example.org", ending) for ending in Ending]
            await attempt(state, *everything, answered=False)
            done = await attempt(state, *everything, answered=False)
            assert done == {f"{ending.value}@example.org" for ending in Ending if ending.is_final}

    asyncio.run(story())


def test_partial_patience_counts_from_the_first_attempt_that_finished_something(place: Place):
    async def story() -> None:
        clock = TurnedClock()
        async with living(place, clock=clock) as (state,):
            await attempt(state, outcome(A), outcome(B, Ending.DEFERRED), answered=False)
            clock.turn(hours=3)
            await attempt(state, outcome(C), lock_only=(A, B), answered=False)
            clock.turn(hours=2)
            transaction = await state.journal.begin(IDENTITY, (A, B, C))
            assert transaction.first_at == NOON
            assert {key: done.first_at for key, done in transaction.done.items()} == {A: NOON, C: NOON}
            transaction.answered(frozenset({A, B, C}))
            transaction.release()
            transaction = await state.journal.begin(IDENTITY, (A, B, C))
            assert (transaction.first_at, dict(transaction.done)) == (NOON + timedelta(hours=5), {})
            transaction.release()

    asyncio.run(story())


def test_without_an_identity_nothing_is_skipped_and_holds_are_kept_all_the_same(place: Place):
    async def story() -> None:
        async with living(place) as (state,):
            first = await state.journal.begin(None, (A,))
            second = await state.journal.begin(None, (A,))
            assert not second.busy
            await first.finish(Bundle((outcome(A),), (held(),), (mail(),)), durable=True)
            await second.finish(Bundle((outcome(A),)), durable=False)
            for transaction in (first, second):
                transaction.answered(frozenset({A}))
                transaction.release()
            await state.store.flush()
            assert await state.store.read(rows) == {"step": [], "transaction": [], "hold": ["7KQ-402"], "outbox": ["n1"]}

    asyncio.run(story())


def test_outcome_hold_and_notice_are_one_commit(place: Place):
    async def story() -> None:
        async with living(place) as (state,):
            transaction = await state.journal.begin(IDENTITY, (A,))
            bundle = Bundle((outcome(A, Ending.KEPT, "7KQ-402"),), (held(),), (mail("n1"), mail("n2")))
            await transaction.finish(bundle, durable=False)  # holds make it durable
            assert await state.store.read(rows) == {"step": [A], "transaction": [IDENTITY], "hold": ["7KQ-402"], "outbox": ["n1", "n2"]}
            await transaction.finish(bundle, durable=True)  # again, as after a lost connection
            transaction.release()
            clashing = await state.journal.begin(bytes(32), (B,))
            with pytest.raises(TryLater, match="7KQ-402"):
                await clashing.finish(Bundle((outcome(B, Ending.KEPT),), (held(object_id="holds-other"),), (mail("n3"),)), durable=True)
            clashing.release()
            assert await state.store.read(rows) == {"step": [A], "transaction": [IDENTITY], "hold": ["7KQ-402"], "outbox": ["n1", "n2"]}

    asyncio.run(story())


# --- locks ------------------------------------------------------------------------------------------------------------


def test_only_recipients_that_overlap_are_busy(place: Place):
    async def story() -> None:
        async with living(place, processes=2) as (one, other):
            first = await one.journal.begin(IDENTITY, (A, B))
            for state in (one, other):
                second = await state.journal.begin(IDENTITY, (B, C))
                assert second.busy == {B}
                second.release()
            elsewhere = await other.journal.begin(bytes(32), (A, B))
            assert not elsewhere.busy
            elsewhere.release()
            first.release()
            third = await other.journal.begin(IDENTITY, (A, B, C))
            assert not third.busy
            third.release()

    asyncio.run(story())


def test_an_unanswered_finish_is_seen_by_the_next_to_hold_the_lock(place: Place):
    """INVARIANT of journal.py: a retry finds the lock or the entry, never nothing."""

    async def story() -> None:
        async with living(place, processes=2) as (one, other):
            for _ in range(20):
                transaction = await one.journal.begin(IDENTITY, (A,))
                await transaction.finish(Bundle((outcome(A),)), durable=False)
                transaction.release()
                retry = await other.journal.begin(IDENTITY, (A,))
                assert retry.busy == {A} or A in retry.done
                retry.answered(frozenset({A}))
                retry.release()
                await other.store.flush()
                await one.store.flush()
                again = await one.journal.begin(IDENTITY, (A,))
                again.answered(frozenset({A}))
                again.release()

    asyncio.run(story())


def test_an_answer_after_the_locks_were_given_back_closes_all_the_same(place: Place):
    async def story() -> None:
        async with living(place, processes=2) as (one, other):
            transaction = await one.journal.begin(IDENTITY, (A,))
            await transaction.finish(Bundle((outcome(A),)), durable=False)
            transaction.release()
            await one.store.flush()
            transaction.answered(frozenset({A}))
            transaction.release()
            assert await attempt(one, outcome(A), answered=True) == frozenset()
            assert await attempt(other, outcome(A), answered=True) == frozenset()

    asyncio.run(story())


def test_a_late_answer_is_under_its_lock_until_it_is_committed(sqlite_place: Place):
    """Else another process could see the entry for a moment longer, and skip mail that is new."""

    async def story() -> None:
        async with living(sqlite_place, processes=2) as (one, other):
            await attempt(one, outcome(A), answered=False, durable=True)
            late = await one.journal.begin(IDENTITY, (A,))
            late.release()
            late.answered(frozenset({A}))
            await asyncio.sleep(0)
            assert await other.locks.take([number_of(IDENTITY, A)]) == frozenset()
            await one.journal.drain()
            await one.store.flush()
            assert await other.locks.take([number_of(IDENTITY, A)]) == {number_of(IDENTITY, A)}

    asyncio.run(story())


def test_fifty_and_ten_at_once_do_not_wait_for_one_another(place: Place):
    async def story() -> None:
        mailboxes = [f"r{n}@example.org" for n in range(60)]
        async with living(place, processes=2) as (one, other):
            done = await asyncio.gather(
                attempt(one, *map(outcome, mailboxes[:50]), answered=True),
                attempt(other, *map(outcome, mailboxes[50:]), answered=True),
            )
            assert done == [frozenset(), frozenset()]

    asyncio.run(story())


# --- trouble ----------------------------------------------------------------------------------------------------------


def test_entries_survive_a_recorder_that_is_started_anew(sqlite_place: Place):
    async def story() -> None:
        async with AsyncExitStack() as stack:
            async with served(sqlite_place):
                state = await stack.enter_async_context(opened(sqlite_place))
                transaction = await state.journal.begin(IDENTITY, (A, B))
            await transaction.finish(Bundle((outcome(A),)), durable=False)  # the hop has accepted: 250 although nobody records
            transaction.release()
            async with served(sqlite_place):
                assert await attempt(state, outcome(B), lock_only=(A,), answered=False) == {A}
                await state.store.flush()

    asyncio.run(story())


def test_a_database_that_cannot_be_asked_is_a_temporary_failure(place: Place):
    async def story() -> None:
        async with living(place) as (state,):
            await state.store.run("test.drop", {})
            with pytest.raises(TryLater):
                await state.journal.begin(IDENTITY, (A,))
            await state.store.run("test.restore", {})
            transaction = await state.journal.begin(IDENTITY, (A,))
            assert not transaction.busy
            transaction.release()

    asyncio.run(story())


def _register(name: str, statement: str) -> None:
    from gateway.edges.operations import operation

    @operation(name)
    def run(connection: Connection, _payload: dict[str, object]) -> dict[str, object]:
        connection.exec_driver_sql(statement)
        return {}


_register("test.drop", 'ALTER TABLE "transaction" RENAME TO gone')
_register("test.restore", 'ALTER TABLE gone RENAME TO "transaction"')


def test_what_nobody_asked_for_again_is_forgotten_after_six_days(place: Place):
    async def story() -> None:
        clock = TurnedClock()
        async with living(place, clock=clock) as (state,):
            await attempt(state, outcome(A), answered=False, durable=True)
            clock.turn(days=5)
            await attempt(state, outcome(B), lock_only=(A,), answered=False, durable=True)
            clock.turn(days=1, seconds=1)
            await state.journal.purge(clock.now() - timedelta(days=6))
            assert (await state.store.read(rows))["step"] == [B]
            clock.turn(days=5)
            await state.journal.purge(clock.now() - timedelta(days=6))
            assert await state.store.read(rows) == {"step": [], "transaction": [], "hold": [], "outbox": []}

    asyncio.run(story())


@contextmanager
def no_commits(place: Place) -> Iterator[None]:
    """Inside, what writes to the journal waits: another has the database, or its table."""
    if is_sqlite(place.url):
        with closing(sqlite3.connect(sqlite_path(place.url), isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
    else:
        with psycopg.connect(place.url.replace("+psycopg", "")) as other:
            other.execute("LOCK TABLE step IN SHARE MODE")
            yield


@pytest.mark.parametrize("answered", [True, False])
def test_what_is_committed_after_nobody_waits_for_it_any_more_is_closed_too(place: Place, answered: bool, monkeypatch: pytest.MonkeyPatch):
    """Else the same mail, sent again later, would be answered with the old outcome and reach nobody."""

    async def story() -> None:
        async with living(place) as (state,):
            transaction = await state.journal.begin(IDENTITY, (A,))
            monkeypatch.setattr(state.store, "run", partial(state.store.run, timeout_seconds=0.1))
            with no_commits(place):
                with pytest.raises(TryLater):
                    await transaction.finish(Bundle((outcome(A),)), durable=True)
                if answered:
                    transaction.answered(frozenset({A}))
                transaction.release()
                with pytest.raises(TryLater):  # the lock waits for it as well
                    await state.journal.begin(IDENTITY, (A,))
            monkeypatch.undo()
            await state.store.flush()
            assert await attempt(state, outcome(A), answered=True) == (frozenset() if answered else {A})

    asyncio.run(story())


def test_an_entry_whose_commit_nobody_heard_of_is_closed_by_what_is_told_again(sqlite_place: Place, monkeypatch: pytest.MonkeyPatch):
    """The recorder dies between its commit and its word: finish and close come once more, in one batch."""

    async def story() -> None:
        async with living(sqlite_place) as (state,):
            transaction = await state.journal.begin(IDENTITY, (A,))
            with monkeypatch.context() as patch:
                committed = asyncio.Event()
                patch.setattr(recorder._Client, "send", lambda *_: committed.set())
                await transaction.finish(Bundle((outcome(A),)), durable=False)
                await committed.wait()
                assert (await state.store.read(rows))["step"] == [A]
                transaction.answered(frozenset({A}))
                transaction.release()
            state.store._transport.abort()
            await state.store.flush()
            assert await state.store.read(rows) == {"step": [], "transaction": [], "hold": [], "outbox": []}

    asyncio.run(story())


# --- what is never written --------------------------------------------------------------------------------------------


def told_finish(name: str, *keys: str) -> tuple[str, dict[str, object]]:
    steps = [[key, "delivered", 250, "2.0.0", "ok", None] for key in keys]
    return ("journal.finish", {"identity": "00", "attempt": name, "steps": steps, "first_at": 1, "at": 1})


def told_close(name: str, told: int, *keys: str) -> tuple[str, dict[str, object]]:
    return ("journal.close", {"identity": "00", "attempt": name, "recipients": list(keys), "told": told})


def told_again(told: tuple[str, dict[str, object]]) -> tuple[str, dict[str, object]]:
    name, payload = told
    return name, operations.told_again(payload)


def test_what_is_finished_and_closed_within_a_batch_is_never_written():
    assert cancel_out([told_finish("1", A, B), told_close("1", 1, A, B)]) == {}


@pytest.mark.parametrize(
    ("told", "left", "deleted"),
    [
        ([told_finish("1", A, B), told_close("1", 1, A)], {B}, set()),
        ([told_finish("1", A), told_finish("1", B), told_close("1", 2, A, B)], set(), set()),
        ([told_finish("1", B), told_close("1", 2, A, B)], set(), {A, B}),  # the first finish came in an earlier batch
        ([told_finish("1", A), told_close("1", 0, A)], set(), {A}),  # the database knows of it by other ways
        ([told_close("1", 1, A)], set(), {A}),
        ([told_again(told_finish("1", A)), told_close("1", 1, A)], set(), {A}),  # it may have been written, and nobody heard of it
        ([told_close("1", 0, A), told_close("1", 0, B)], set(), {A, B}),
    ],
)
def test_what_an_earlier_batch_may_have_written_is_deleted(told: list, left: set[str], deleted: set[str]):
    attempts = cancel_out(told)

    assert {key for one in attempts.values() for key in one.steps} == left
    assert {key for one in attempts.values() for key in one.closed} == deleted


@given(st.data())
def test_cancelling_out_changes_nothing_that_can_be_seen(data: st.DataObject):
    """However a series is cut into batches, the table ends the same."""
    series: list = []
    for name in ("1", "2"):
        keys = [f"{name}{letter}" for letter in "ab"]  # attempts never share a recipient: they are under locks
        finishes = data.draw(st.lists(st.lists(st.sampled_from(keys), min_size=1, unique=True), max_size=3))
        series += [told_finish(name, *some) for some in finishes]
        closed = data.draw(st.lists(st.sampled_from(keys), unique=True))
        series += [told_close(name, len(finishes), *closed)] if closed else []
    cuts = sorted(data.draw(st.sets(st.integers(0, len(series)))))

    assert _applied(_batches(series, cuts)) == _applied([[one] for one in series])


@given(st.data())
def test_what_is_told_again_changes_nothing(data: st.DataObject):
    """The recorder died: what it committed since an earlier moment is told once more, in other batches."""
    series: list = []
    for name in ("1", "2"):
        keys = [f"{name}{letter}" for letter in "ab"]
        finishes = data.draw(st.lists(st.lists(st.sampled_from(keys), min_size=1, unique=True), max_size=3))
        series += [told_finish(name, *some) for some in finishes]
        closed = data.draw(st.lists(st.sampled_from(keys), unique=True))
        series += [told_close(name, len(finishes), *closed)] if closed else []
    committed = data.draw(st.integers(0, len(series)))
    heard = data.draw(st.integers(0, committed))
    rest = [told_again(one) for one in series[heard:]]
    cuts = sorted(data.draw(st.sets(st.integers(0, committed)))), sorted(data.draw(st.sets(st.integers(0, len(rest)))))

    batches = _batches(series[:committed], cuts[0]) + _batches(rest, cuts[1])

    assert _applied(batches) == _applied([[one] for one in series])


def _batches(series: list, cuts: list[int]) -> list[list]:
    edges = [0, *cuts, len(series)]
    return [series[start:end] for start, end in pairwise(edges)]


def _applied(batches: list[list], cancel: Callable = cancel_out) -> set[str]:
    table: set[str] = set()
    for batch in batches:
        for one in cancel(batch).values():
            table |= set(one.steps)
            table -= set(one.closed) - set(one.steps)
    return table
