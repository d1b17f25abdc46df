"""How a named write is carried out and how the database is asked: the same interface over SQLite and PostgreSQL.

SQLite: store_sqlite.py hands writes to the one recorder process. PostgreSQL: store_postgresql.py does them in threads of this process.
A `run` returns after the commit. A `tell` returns at once; its ticket says when it was committed. Both keep the order given.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection, Engine

from gateway.edges.database import translated
from gateway.edges.operations import Insert, Payload, operation
from gateway.edges.tables import setting
from gateway.errors import TryLater

TELL_SECONDS = 0.2  # how long a tell may wait for company before it is committed
FRESH_SECONDS = 1.0  # a commit this young proves that commits work
STALE_SECONDS = 5.0  # a tell waiting this long proves that they do not
LARGEST_BACKLOG = 50_000  # tells kept for a database that does not take them; new mail is refused long before

P = ParamSpec("P")
T = TypeVar("T")

_stamp = Insert(setting, update=("value",))


class Store(ABC):
    """The database as the other edges see it. Belongs to one event loop; made after the process has forked for the last time."""

    read_seconds = 60.0  # the patience of one read
    fetch_seconds = 10.0

    def __init__(self, engine: Engine, threads: int) -> None:
        self._engine = engine
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="store")
        self._checking: asyncio.Task[Payload] | None = None

    @abstractmethod
    async def open(self, patience_seconds: float = 10.0) -> None:
        """Be ready. Raises TryLater when that is not so within the patience."""

    @abstractmethod
    async def run(self, name: str, payload: Payload, timeout_seconds: float = 10.0) -> Payload:
        """Carry out an operation; on return it is on the disk.

        Raises:
            TryLater: the database did not take it, or not in time (then it may still do so).
            WillNotDo: what the operation says.
        """

    @abstractmethod
    def tell(self, name: str, payload: Payload, *, soon: bool = True) -> int:
        """Carry it out within a second; the payload must not be changed afterwards. Never blocks, never raises.

        The operation must be one that may be repeated: when nobody knows whether it was committed it is told again.

        `soon`: it leaves this process at the end of this turn of the event loop; else it may wait some milliseconds for company.
        """

    @abstractmethod
    def is_settled(self, ticket: int) -> bool:
        """Whether that tell was committed (or refused for good)."""

    @abstractmethod
    def when_settled(self, ticket: int, callback: Callable[[], None]) -> None:
        """Call back then, in the event loop; one callback for a ticket. Only for tickets that are not settled."""

    @abstractmethod
    async def fetch(self, statement: str, parameters: tuple[object, ...]) -> list[tuple[Any, ...]]:
        """The rows of one quick SELECT, `?` for parameters. Raises TryLater."""

    @abstractmethod
    def _last_commit_age(self) -> float:
        """Seconds since this process last saw a commit of its own succeed."""

    @abstractmethod
    def _oldest_tell_age(self) -> float:
        """Seconds that the oldest tell has been waiting; 0 when none is."""

    async def flush(self) -> None:
        """On return every tell so far is settled. Raises TryLater."""
        await self.run("store.nothing", {})

    async def check(self) -> None:
        """Raise TryLater when nothing could be committed now. Cheap under load: the last commit is proof enough."""
        if self._last_commit_age() < FRESH_SECONDS and self._oldest_tell_age() < STALE_SECONDS:
            return
        if self._checking is None or self._checking.done():
            self._checking = asyncio.ensure_future(self.run("store.check", {}, timeout_seconds=STALE_SECONDS))
        await asyncio.shield(self._checking)

    async def read(self, query: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Ask the database with a function over a connection, in a thread. Raises TryLater."""
        try:
            async with asyncio.timeout(self.read_seconds):
                return await self.read_all(query, *args, **kwargs)
        except TimeoutError as error:
            raise TryLater(f"{query.__name__}: the database did not answer in {self.read_seconds:g} s") from error

    async def read_all(self, query: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """As `read`, for what goes through a whole table and may take minutes. Raises TryLater."""

        def ask() -> T:
            with translated(query.__name__), self._engine.begin() as connection:
                return query(connection, *args, **kwargs)

        return await asyncio.get_running_loop().run_in_executor(self._threads, ask)

    async def close(self) -> None:
        """Wait for what was told, as far as that goes, and let go."""
        self._threads.shutdown(wait=True)
        self._engine.dispose()


@operation("store.nothing", repeatable=True)
def _nothing(_connection: Connection, _payload: Payload) -> Payload:
    return {}


@operation("store.check", repeatable=True)
def _check(connection: Connection, _payload: Payload) -> Payload:
    """Write a row: a full disk or a read-only database shows itself here."""
    _stamp(connection, [{"name": "check", "value": "committed"}])
    return {}
