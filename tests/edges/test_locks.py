"""Locks by recipient: exclusive between processes, and gone with them."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from gateway.edges.database import is_sqlite, open_engine
from gateway.edges.locks import FileLocks, Locks, PostgresqlLocks, number_of
from gateway.errors import TryLater
from tests.edges.durable import IDENTITY, Place

CUT_ALL_OTHERS = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


def make(place: Place) -> Locks:
    return FileLocks(place.folder / "locks") if is_sqlite(place.url) else PostgresqlLocks(place.url)


@asynccontextmanager
async def processes(place: Place) -> AsyncIterator[tuple[Locks, Locks]]:
    """Two of them share nothing but the folder or the database."""
    one, other = make(place), make(place)
    try:
        yield one, other
    finally:
        await one.close()
        await other.close()


def test_a_lock_has_one_owner_also_within_a_process(place: Place):
    async def story() -> None:
        async with processes(place) as (one, other):
            assert await one.take([1, 2, 2, 17]) == {1, 2, 17}
            assert await one.take([2, 3]) == {3}
            assert await other.take([1, 2, 3, 4, 33]) == {4, 33}
            one.give(frozenset({2, 3}))
            assert await one.take([2]) == {2}
            one.give(frozenset({2}))
            assert await one.take([99]) == {99}  # in order: what was given back is given back by now
            assert await other.take([1, 2, 3]) == {2, 3}
            assert await one.take([]) == frozenset()

    asyncio.run(story())


def test_locks_die_with_their_process(place: Place):
    code = (
        "import asyncio, sys\n"
        "from gateway.edges.locks import FileLocks, PostgresqlLocks\n"
        "from pathlib import Path\n"
        "async def hold():\n"
        "    locks = FileLocks(Path(sys.argv[2])) if sys.argv[1].startswith('sqlite') else PostgresqlLocks(sys.argv[1])\n"
        "    print(sorted(await locks.take([7, 8])), flush=True)\n"
        "    await asyncio.sleep(60)\n"
        "asyncio.run(hold())\n"
    )

    async def story(child: subprocess.Popen[bytes]) -> None:
        async with processes(place) as (one, _):
            assert child.stdout is not None
            assert child.stdout.readline() == b"[7, 8]\n"
            assert await one.take([7, 9]) == {9}
            child.kill()
            child.wait()
            async with asyncio.timeout(60):
                while not await one.take([7]):  # noqa: ASYNC110 - the server hears of the death a moment later, and does not tell us
                    await asyncio.sleep(0.01)

    with subprocess.Popen([sys.executable, "-c", code, place.url, str(place.folder / "locks")], stdout=subprocess.PIPE) as child:
        asyncio.run(story(child))


@pytest.mark.peer
@pytest.mark.parametrize("place", ["postgresql"], indirect=True)
def test_locks_are_taken_again_when_their_connection_was_lost(place: Place):
    async def story() -> None:
        async with processes(place) as (one, other):
            await one.take([1, 2])
            engine = open_engine(place.url)
            with engine.begin() as connection:
                connection.exec_driver_sql(CUT_ALL_OTHERS).all()
            engine.dispose()
            assert await one.take([3]) == {3}
            assert await other.take([1, 2, 3, 4]) == {4}
            one.give(frozenset({1, 2, 3}))
            assert await one.take([9]) == {9}  # in order: what was given back is given back by now
            assert await other.take([1, 2, 3]) == {1, 2, 3}

    asyncio.run(story())


@pytest.mark.peer
@pytest.mark.parametrize("place", ["postgresql"], indirect=True)
def test_what_a_server_took_that_nobody_waited_for_any_more_is_given_back(place: Place):
    """It hangs, and answers when we have given up: the lock would have been ours for ever, and its mail answered 451."""

    async def story() -> None:
        async with processes(place) as (one, other):
            assert isinstance(one, PostgresqlLocks)
            await one.take([1])
            pid = one._connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
            one.patience_seconds = 0.2
            os.kill(pid, signal.SIGSTOP)
            try:
                with pytest.raises(TryLater, match="did not answer"):
                    await one.take([2])
            finally:
                os.kill(pid, signal.SIGCONT)
            one.patience_seconds = 60.0
            assert await one.take([3]) == {3}
            assert await other.take([1, 2, 3]) == {2}

    asyncio.run(story())


def test_a_number_is_an_offset_of_a_file_and_differs_by_recipient():
    numbers = {number_of(IDENTITY, f"r{n}@example.org") for n in range(1000)}

    assert len(numbers) == 1000
    assert all(0 <= number < 2**62 for number in numbers)
