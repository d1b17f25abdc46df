"""The store over SQLite: writes go to the recorder process by its socket, reads to the file itself.

What was told and is not known to be committed is kept and sent again to a recorder that was started anew; so is a run that may be repeated.
Of any other run the caller hears TryLater when its recorder died: nobody knows whether it was committed.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias, cast

from gateway.edges import frames
from gateway.edges.database import connect_sqlite, open_engine, sqlite_path, to_try_later
from gateway.edges.operations import Payload, is_repeatable, told_again
from gateway.edges.store import LARGEST_BACKLOG, Store
from gateway.errors import TryLater

log = logging.getLogger(__name__)

LAZY_SECONDS = 0.02  # how long a tell that is not `soon` waits in this process
RECONNECT_SECONDS = 0.05


_Request: TypeAlias = tuple[int, bool, str, Payload]  # as frames.py has it: number, is_tell, name, payload


@dataclass(slots=True)
class _Waiting:
    """A run that has no answer yet."""

    request: _Request
    answer: asyncio.Future[Payload]
    is_repeatable: bool


class SqliteStore(Store):
    """A client of the recorder. `socket` is the path of its Unix socket."""

    def __init__(self, url: str, socket: Path, threads: int = 2) -> None:
        super().__init__(open_engine(url, read_only=True, threads=threads), threads)
        self._path = sqlite_path(url)
        self._socket = socket
        self._reader: sqlite3.Connection | None = None
        self._transport: asyncio.Transport | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._number = 0
        self._outgoing: list[_Request] = []  # since the last frame
        self._timer: asyncio.Handle | None = None
        self._timer_is_lazy = False
        self._told: deque[tuple[_Request, float]] = deque()  # not known to be committed, oldest first, with the moment
        self._settled = 0  # every tell up to here is
        self._callbacks: dict[int, Callable[[], None]] = {}
        self._running: dict[int, _Waiting] = {}
        self._committed_at = float("-inf")
        self._is_closed = False

    # --- the interface ------------------------------------------------------------------------------------------------

    async def open(self, patience_seconds: float = 10.0) -> None:
        self._loop = asyncio.get_running_loop()
        self._connect()
        try:
            await self.run("store.nothing", {}, timeout_seconds=patience_seconds)
        except TryLater as late:
            raise TryLater(f"no recorder answers at {self._socket}") from late

    async def run(self, name: str, payload: Payload, timeout_seconds: float = 10.0) -> Payload:
        number = self._next()
        waiting = _Waiting((number, False, name, payload), self._loop.create_future(), is_repeatable(name))
        if self._transport is None and not waiting.is_repeatable:
            self._connect()
            raise TryLater(f"{name}: the recorder is away")
        self._running[number] = waiting
        self._send(waiting.request, lazy=False)
        try:
            async with asyncio.timeout(timeout_seconds):
                return await waiting.answer
        except TimeoutError as error:
            raise TryLater(f"{name}: no answer from the recorder in {timeout_seconds:g} s") from error
        finally:
            self._running.pop(number, None)

    def tell(self, name: str, payload: Payload, *, soon: bool = True) -> int:
        if len(self._told) >= LARGEST_BACKLOG:
            log.error("%s is lost: the recorder has been away too long", name)
            return 0
        number = self._next()
        request = (number, True, name, payload)
        self._told.append((request, self._loop.time()))
        self._send(request, lazy=not soon)
        return number

    def is_settled(self, ticket: int) -> bool:
        return ticket <= self._settled

    def when_settled(self, ticket: int, callback: Callable[[], None]) -> None:
        self._callbacks[ticket] = callback

    async def fetch(self, statement: str, parameters: tuple[object, ...]) -> list[tuple[Any, ...]]:
        # In the event loop: some microseconds of page cache, far less than the way to a thread.
        try:
            if self._reader is None:
                self._reader = connect_sqlite(self._path)
            return self._reader.execute(statement, parameters).fetchall()
        except sqlite3.Error as error:
            raise to_try_later(error, "look up") from error

    async def close(self) -> None:
        with suppress(TryLater):
            if self._transport is not None or self._told:
                await self.run("store.nothing", {}, timeout_seconds=5)
        self._is_closed = True
        if self._connecting is not None:
            self._connecting.cancel()
            await asyncio.gather(self._connecting, return_exceptions=True)
        if self._timer is not None:
            self._timer.cancel()
        if self._transport is not None:
            self._transport.abort()
        if self._reader is not None:
            self._reader.close()
        await super().close()

    def _last_commit_age(self) -> float:
        return self._loop.time() - self._committed_at if self._transport is not None else float("inf")

    def _oldest_tell_age(self) -> float:
        return self._loop.time() - self._told[0][1] if self._told else 0.0

    # --- sending ------------------------------------------------------------------------------------------------------

    def _next(self) -> int:
        self._number += 1
        return self._number

    def _send(self, request: _Request, *, lazy: bool) -> None:
        """One frame for all that this turn of the event loop wants sent; what is lazy waits for the next frame, or a little."""
        self._outgoing.append(request)
        if self._timer is None or (self._timer_is_lazy and not lazy):
            if self._timer is not None:
                self._timer.cancel()
            self._timer_is_lazy = lazy
            self._timer = self._loop.call_later(LAZY_SECONDS, self._flush_out) if lazy else self._loop.call_soon(self._flush_out)

    def _flush_out(self) -> None:
        self._timer = None
        if self._transport is None:
            self._outgoing.clear()  # all of it stands in _told and _running, and goes out after the next connect
            self._connect()
            return
        self._write(self._transport, self._outgoing)
        self._outgoing.clear()

    def _write(self, transport: asyncio.Transport, requests: list[_Request]) -> None:
        try:
            transport.write(frames.frame(requests))
        except (TypeError, ValueError):
            good = [request for request in requests if self._is_good(request)]
            transport.write(frames.frame(good))

    def _is_good(self, request: _Request) -> bool:
        """What is no JSON is a bug: it is logged and given up, and does not stop the rest."""
        number, is_tell, name, _ = request
        try:
            frames.frame(request)
        except (TypeError, ValueError):
            log.exception("%s was asked with what is no JSON", name)
            if is_tell:
                self._told = deque(each for each in self._told if each[0][0] != number)
                self._call_back(number)
            elif (waiting := self._running.get(number)) is not None and not waiting.answer.done():
                waiting.answer.set_exception(TryLater(f"{name}: this is no JSON"))
            return False
        return True

    # --- the connection -----------------------------------------------------------------------------------------------

    def _connect(self) -> None:
        if self._transport is None and not self._is_closed and (self._connecting is None or self._connecting.done()):
            self._connecting = self._loop.create_task(self._keep_trying())

    async def _keep_trying(self) -> None:
        while True:
            with suppress(OSError):
                await self._loop.create_unix_connection(lambda: _Link(self), str(self._socket))
                return
            await asyncio.sleep(RECONNECT_SECONDS)

    def connected(self, transport: asyncio.Transport) -> None:
        """Say again what may not have been heard, in the old order."""
        self._transport = transport
        again = [(number, is_tell, name, told_again(payload)) for (number, is_tell, name, payload), _ in self._told]
        again += [waiting.request for waiting in self._running.values()]
        self._outgoing.clear()
        if again:
            self._write(transport, sorted(again, key=lambda request: request[0]))

    def disconnected(self) -> None:
        """Runs that may not be repeated end here."""
        self._transport = None
        self._outgoing.clear()
        for waiting in self._running.values():
            if not waiting.is_repeatable and not waiting.answer.done():
                waiting.answer.set_exception(TryLater("the recorder went away before it answered"))
        self._running = {number: waiting for number, waiting in self._running.items() if waiting.is_repeatable}
        self._connect()

    def heard(self, news: dict[str, Any]) -> None:
        """What is committed, and the answers."""
        if news["is_committed"]:
            self._committed_at = self._loop.time()
        self._settle(news["upto"])
        for number, result, error in news["answers"]:
            waiting = self._running.get(number)
            if waiting is None or waiting.answer.done():
                continue
            if error is None:
                waiting.answer.set_result(result)
            else:
                waiting.answer.set_exception(frames.error_in(error))

    def _settle(self, upto: int) -> None:
        while self._told and (number := self._told[0][0][0]) <= upto:
            self._told.popleft()
            self._settled = number
            self._call_back(number)

    def _call_back(self, number: int) -> None:
        callback = self._callbacks.pop(number, None)
        if callback is not None:
            callback()


class _Link(asyncio.Protocol):
    """One connection to the recorder."""

    def __init__(self, store: SqliteStore) -> None:
        self._store = store
        self._frames = frames.Frames()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._store.connected(self._transport)

    def data_received(self, data: bytes) -> None:
        try:
            for news in self._frames.feed(data):
                self._store.heard(news)
        except (ValueError, KeyError):
            log.exception("the recorder says what nobody understands")
            self._transport.abort()

    def connection_lost(self, _exc: Exception | None) -> None:
        self._store.disconnected()
