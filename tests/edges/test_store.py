"""Named writes: committed when they return, in order, one failure harming nobody else."""

import asyncio
import logging
import socket
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager

import pytest
from sqlalchemy import Connection, make_url, select
from sqlalchemy.exc import DatabaseError

from gateway.edges import recorder
from gateway.edges.database import open_engine
from gateway.edges.operations import Insert, Operation, Payload, Request, _operations, carry_out, operation
from gateway.edges.state import State
from gateway.edges.store import TELL_SECONDS, Store
from gateway.edges.tables import setting
from gateway.errors import TryLater, WillNotDo
from tests.edges.durable import Place, living, opened, served

_set = Insert(setting, update=("value",))
_start = Insert(setting)


@operation("test.set", repeatable=True)
def set_value(connection: Connection, payload: Payload) -> Payload:
    _set(connection, [payload])
    if payload["value"] == "never":
        raise WillNotDo("it is never allowed", "5.7.1")
    if payload["value"] == "bug":
        raise KeyError("bug")
    if payload["value"] == "null":
        _set(connection, [{"name": "x", "value": None}])
    return {"was": payload["value"]}


@operation("test.append")
def append(connection: Connection, payload: Payload) -> Payload:
    """Not repeatable: it shows the order, and whether something was done twice."""
    _start(connection, [{"name": "list", "value": ""}])
    before = connection.execute(select(setting.c.value).where(setting.c.name == "list").with_for_update()).scalar()
    _set(connection, [{"name": "list", "value": f"{before}{payload['what']}"}])
    return {}


def value(connection: Connection, name: str) -> str | None:
    return connection.execute(select(setting.c.value).where(setting.c.name == name)).scalar()


def test_a_run_is_committed_when_it_returns(place: Place):
    async def story() -> None:
        async with living(place) as (state,):
            assert await state.store.run("test.set", {"name": "a", "value": "1"}) == {"was": "1"}
            assert await state.store.read(value, "a") == "1"

    asyncio.run(story())


def test_what_is_told_is_committed_soon_and_says_when(place: Place):
    assert TELL_SECONDS < 1

    async def story() -> None:
        async with living(place) as (state,):
            settled = asyncio.Event()
            ticket = state.store.tell("test.set", {"name": "a", "value": "1"}, soon=False)
            assert not state.store.is_settled(ticket)
            state.store.when_settled(ticket, settled.set)
            await asyncio.wait_for(settled.wait(), 60)
            assert state.store.is_settled(ticket)
            assert await state.store.read(value, "a") == "1"

    asyncio.run(story())


def test_the_order_given_is_kept(place: Place):
    async def story() -> None:
        async with living(place) as (state,):
            for letter in "abc":
                state.store.tell("test.append", {"what": letter}, soon=letter == "b")
            await state.store.run("test.append", {"what": "d"})
            state.store.tell("test.append", {"what": "e"}, soon=False)
            await state.store.flush()
            assert await state.store.read(value, "list") == "abcde"

    asyncio.run(story())


def test_a_failing_operation_is_undone_and_only_its_caller_hears(place: Place, caplog: pytest.LogCaptureFixture):
    async def one(store: Store, what: str) -> object:
        try:
            return await store.run("test.set", {"name": what, "value": what})
        except (TryLater, WillNotDo) as error:
            return error

    async def story(state: State) -> None:
        good, never, bug, null, unknown, fine = await asyncio.gather(
            *(one(state.store, what) for what in ("good", "never", "bug", "null")),
            asyncio.gather(state.store.run("store.check", {"ignored": 1}), return_exceptions=True),
            one(state.store, "fine"),
        )
        assert good == {"was": "good"}
        assert fine == {"was": "fine"}
        assert unknown == [{}]
        assert isinstance(never, WillNotDo)
        assert never.status == "5.7.1"
        assert isinstance(bug, TryLater)
        assert isinstance(null, TryLater)
        for name, expected in {"good": "good", "fine": "fine", "never": None, "bug": None, "null": None}.items():
            assert await state.store.read(value, name) == expected

    async def run() -> None:
        async with living(place) as (state,):
            await story(state)

    with caplog.at_level(logging.CRITICAL):
        asyncio.run(run())


def test_a_tell_that_fails_does_not_stop_the_others(place: Place, caplog: pytest.LogCaptureFixture):
    async def story() -> None:
        async with living(place) as (state,):
            tickets = [state.store.tell("test.set", {"name": what, "value": what}) for what in ("one", "bug", "two")]
            await state.store.flush()
            assert all(map(state.store.is_settled, tickets))
            assert [await state.store.read(value, what) for what in ("one", "bug", "two")] == ["one", None, "two"]

    asyncio.run(story())

    assert "test.set" in caplog.text


def test_what_is_no_json_is_a_bug_of_its_sender_alone(place: Place, caplog: pytest.LogCaptureFixture):
    async def story() -> None:
        async with living(place) as (state,):
            state.store.tell("test.set", {"name": "x", "value": object()})
            state.store.tell("test.set", {"name": "y", "value": "fine"})
            with pytest.raises(TryLater):
                await state.store.run("test.set", {"name": "z", "value": object()})
            await state.store.flush()
            assert await state.store.read(value, "y") == "fine"

    with caplog.at_level(logging.CRITICAL):
        asyncio.run(story())


def test_many_processes_write_at_the_same_time(place: Place):
    async def story() -> None:
        async with living(place, processes=3) as states:
            await asyncio.gather(*(state.store.run("test.append", {"what": "x"}) for state in states for _ in range(10)))
            assert await states[0].store.read(value, "list") == "x" * 30

    asyncio.run(story())


def test_the_check_passes_when_commits_work(place: Place):
    async def story() -> None:
        async with living(place) as (state,):
            await state.store.check()
            assert await state.store.read(value, "check") in ("committed", None)

    asyncio.run(story())


def test_a_dead_recorder_fails_the_check_and_its_successor_hears_what_was_told(sqlite_place: Place):
    async def story() -> None:
        async with living_recorder_then_none(sqlite_place) as state:
            state.store.tell("test.set", {"name": "a", "value": "told"})
            with pytest.raises(TryLater):
                await state.store.run("test.append", {"what": "not repeatable"})
            with pytest.raises(TryLater):
                await state.store.run("store.check", {}, timeout_seconds=0.05)
            waiting = asyncio.ensure_future(state.store.run("test.set", {"name": "b", "value": "repeatable"}))
            async with served(sqlite_place):
                assert await waiting == {"was": "repeatable"}
                assert await state.store.read(value, "a") == "told"
                await state.store.check()

    asyncio.run(story())


@asynccontextmanager
async def living_recorder_then_none(place: Place) -> AsyncIterator[State]:
    """A state that was opened while a recorder served, and has none now."""
    async with AsyncExitStack() as stack:
        async with served(place):
            state = await stack.enter_async_context(opened(place))
        yield state


def test_a_full_disk_is_a_temporary_failure_and_what_was_told_is_tried_again(sqlite_place: Place):
    async def story() -> None:
        async with recorder.running(sqlite_place.url, sqlite_place.socket, sqlite_place.keys) as server:
            with server._engine.connect() as connection:
                pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
                connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
            async with opened(sqlite_place) as state:
                ticket = state.store.tell("test.set", {"name": "told", "value": "x" * 100_000})
                state.store.tell("test.set", {"name": "order", "value": "x" * 100_000})
                state.store.tell("test.set", {"name": "order", "value": "last"})
                with pytest.raises(TryLater) as late:
                    await state.store.run("test.set", {"name": "a", "value": "x" * 100_000})
                assert late.value.status == "4.3.1"
                assert not state.store.is_settled(ticket)
                with server._engine.connect() as connection:
                    connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
                await state.store.flush()
                assert state.store.is_settled(ticket)
                assert await state.store.read(value, "told") == "x" * 100_000
                assert await state.store.read(value, "order") == "last"  # what came after a failure comes after it again

    asyncio.run(story())


@pytest.mark.peer
@pytest.mark.parametrize("place", ["postgresql"], indirect=True)
def test_lost_connections_to_postgresql_are_made_anew(place: Place):
    async def story() -> None:
        async with living(place, processes=2) as (state, other):
            await state.store.run("test.append", {"what": "a"})
            await other.store.read(cut_all_others)
            await state.store.run("test.append", {"what": "b"})
            await other.store.read(cut_all_others)
            state.store.tell("test.append", {"what": "c"})
            await state.store.flush()
            assert await state.store.read(value, "list") == "abc"

    asyncio.run(story())


@pytest.mark.peer
@pytest.mark.parametrize("place", ["postgresql"], indirect=True)
def test_a_postgresql_that_does_not_answer_is_not_waited_for_for_ever(place: Place):
    """Found: a look-up waited as long as the machine of the database was gone, and every message with it."""

    async def story() -> None:
        async with living(place) as (state,):
            store = state.store
            await store.run("test.set", {"name": "a", "value": "1"})
            store.read_seconds = store.fetch_seconds = 0.2
            with held_by_another(place):
                for asked in (store.read(value, "a"), store.fetch("SELECT value FROM setting WHERE name = ?", ("a",))):
                    with pytest.raises(TryLater, match=r"did not answer in 0\.2 s"):
                        await asked
            store.read_seconds = store.fetch_seconds = 60.0
            assert await store.read(value, "a") == "1"
            assert await store.fetch("SELECT value FROM setting WHERE name = ?", ("a",)) == [("1",)]

    asyncio.run(story())


@pytest.mark.peer
def test_a_machine_that_vanishes_is_noticed_on_both_sides(postgresql_url: str):
    """By the kernel: these are what it was told of the connection, and what the server tells its own."""
    ours = {"TCP_KEEPIDLE": 10, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 20_000}
    theirs = {"tcp_keepalives_idle": "10", "tcp_keepalives_interval": "5", "tcp_keepalives_count": "3", "lock_timeout": "20s"}

    assert kept_alive(postgresql_url) == (ours, theirs)


@pytest.mark.peer
def test_what_the_operator_says_of_a_connection_stays(postgresql_url: str):
    options = "-c lock_timeout=5s -c tcp_keepalives_idle=99"
    address = make_url(postgresql_url).update_query_dict({"keepalives_idle": "77", "options": options})
    ours, theirs = kept_alive(address.render_as_string(hide_password=False))

    assert (ours["TCP_KEEPIDLE"], ours["TCP_KEEPINTVL"]) == (77, 5)
    assert (theirs["tcp_keepalives_idle"], theirs["lock_timeout"], theirs["tcp_keepalives_count"]) == ("99", "5s", "3")


def kept_alive(url: str) -> tuple[dict[str, int], dict[str, str]]:
    engine = open_engine(url)
    with engine.begin() as connection:
        raw = connection.connection.dbapi_connection
        assert raw is not None
        with socket.fromfd(raw.fileno(), socket.AF_INET, socket.SOCK_STREAM) as wire:
            ours = {
                name: wire.getsockopt(socket.IPPROTO_TCP, getattr(socket, name))
                for name in ("TCP_KEEPIDLE", "TCP_KEEPINTVL", "TCP_KEEPCNT", "TCP_USER_TIMEOUT")
            }
        names = ("tcp_keepalives_idle", "tcp_keepalives_interval", "tcp_keepalives_count", "lock_timeout")
        theirs = {name: connection.exec_driver_sql(f"SHOW {name}").scalar_one() for name in names}
    engine.dispose()
    return ours, theirs


@contextmanager
def held_by_another(place: Place) -> Iterator[None]:
    """Somebody has the table for themselves."""
    engine = open_engine(place.url)
    with engine.begin() as connection:
        connection.exec_driver_sql("LOCK TABLE setting IN ACCESS EXCLUSIVE MODE")
        yield
    engine.dispose()


@pytest.mark.peer
@pytest.mark.parametrize("place", ["postgresql"], indirect=True)
def test_a_read_only_postgresql_settles_nothing_and_fails_the_check(place: Place):
    """Found: its error is no OperationalError, so what was told counted as refused for good, and the check as passed."""

    async def story() -> None:
        async with living(place) as (state,):
            await state.store.run("test.append", {"what": "a"})
            set_read_only(place, "on")
            ticket = state.store.tell("test.append", {"what": "b"})
            with pytest.raises(TryLater):
                await state.store.flush()
            assert not state.store.is_settled(ticket)
            with pytest.raises(TryLater):
                await state.store.run("store.check", {})
            state.store._committed_at = float("-inf")
            with pytest.raises(TryLater):
                await state.store.check()
            set_read_only(place, "off")
            await state.store.flush()
            assert state.store.is_settled(ticket)
            await state.store.check()
            assert await state.store.read(value, "list") == "ab"

    try:
        asyncio.run(story())
    finally:
        set_read_only(place, "off")


def test_a_damaged_sqlite_file_settles_nothing(sqlite_place: Place):
    """As above: SQLITE_CORRUPT is DatabaseError itself."""

    def damage(connection: Connection, _payload: Payload) -> Payload:
        raise DatabaseError("INSERT", None, sqlite3.DatabaseError("database disk image is malformed"))

    engine = open_engine(sqlite_place.url)
    _operations["test.damage"] = Operation("test.damage", damage, repeatable=True)
    try:
        answers = carry_out(engine, [Request("test.damage", {}, is_tell=True)])
    finally:
        del _operations["test.damage"]
        engine.dispose()

    assert [answer.is_down for answer in answers] == [True]


def set_read_only(place: Place, word: str) -> None:
    """As an operator does it to a database whose disk is nearly full: from the next connection on."""
    engine = open_engine(place.url)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("SET default_transaction_read_only = off")
        connection.exec_driver_sql(f'ALTER DATABASE "{engine.url.database}" SET default_transaction_read_only = {word}')
        cut_all_others(connection)
    engine.dispose()


def cut_all_others(connection: Connection) -> None:
    cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    connection.exec_driver_sql(cut).all()
