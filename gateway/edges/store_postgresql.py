"""The store over PostgreSQL: a few threads carry out writes and reads; what was told is committed together, a little later.

Every machine and process has a store of its own; the database keeps them apart. A run that failed before its COMMIT is tried again.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

from gateway.edges.database import open_engine, translated
from gateway.edges.operations import Answer, Payload, Request, carry_out, is_repeatable
from gateway.edges.store import LARGEST_BACKLOG, TELL_SECONDS, Store
from gateway.errors import TryLater

log = logging.getLogger(__name__)

RETRY_SECONDS = 0.5  # after a commit that failed, before what was told is tried again
ATTEMPTS = 3  # of a run that a lost connection or a deadlock undid


class PostgresqlStore(Store):
    """Carries out writes itself. `writer` names this machine's chain in the audit; `options` are those of records.writing_options."""

    def __init__(self, url: str, *, writer: str, options: dict[str, Any] | None = None, threads: int = 4) -> None:
        # One connection more than threads of runs and reads: what was told never waits for them.
        super().__init__(open_engine(url, writer=writer, threads=threads + 1, options=options), threads)
        self._number = 0
        self._told: deque[tuple[int, Request, float]] = deque()  # not committed, oldest first, with the moment
        self._overdue: set[asyncio.Future[list[Answer]]] = set()
        self._settled = 0
        self._callbacks: dict[int, Callable[[], None]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._pumping: asyncio.Task[None] | None = None
        self._committed_at = float("-inf")

    async def open(self, patience_seconds: float = 10.0) -> None:
        self._loop = asyncio.get_running_loop()
        await self.run("store.nothing", {}, timeout_seconds=patience_seconds)

    async def run(self, name: str, payload: Payload, timeout_seconds: float = 10.0) -> Payload:
        job: Future[list[Answer]] | None = None
        try:
            async with asyncio.timeout(timeout_seconds):
                if self._told:
                    await self._pumped()  # the order given is kept
                job = self._threads.submit(self._persist, [Request(name, payload)])
                (answer,) = await asyncio.wrap_future(job)
        except TimeoutError as error:
            raise TryLater(f"{name}: the database did not answer in {timeout_seconds:g} s") from error
        finally:
            if not (job is None or job.done() or job.cancel()):
                self._outlive(job)
        if answer.error is not None:
            raise answer.error
        self._committed_at = self._loop.time()
        return answer.result or {}

    def tell(self, name: str, payload: Payload, *, soon: bool = True) -> int:
        if len(self._told) >= LARGEST_BACKLOG:
            log.error("%s is lost: the database has been away too long", name)
            return 0
        self._number += 1
        self._told.append((self._number, Request(name, payload, is_tell=True), self._loop.time()))
        self._pump_later(TELL_SECONDS / 4 if soon else TELL_SECONDS)
        return self._number

    def is_settled(self, ticket: int) -> bool:
        return ticket <= self._settled

    def when_settled(self, ticket: int, callback: Callable[[], None]) -> None:
        self._callbacks[ticket] = callback

    async def fetch(self, statement: str, parameters: tuple[object, ...]) -> list[tuple[Any, ...]]:
        statement = statement.replace("?", "%s")

        def ask() -> list[tuple[Any, ...]]:
            with translated("look up"), self._engine.connect() as connection:
                return [tuple(row) for row in connection.exec_driver_sql(statement, parameters)]

        try:
            async with asyncio.timeout(self.fetch_seconds):
                return await self._loop.run_in_executor(self._threads, ask)
        except TimeoutError as error:
            raise TryLater(f"look up: the database did not answer in {self.fetch_seconds:g} s") from error

    async def close(self) -> None:
        with suppress(TryLater):
            await self._pumped()
        if self._timer is not None:
            self._timer.cancel()
        if self._pumping is not None:
            await asyncio.gather(self._pumping, return_exceptions=True)
        await super().close()

    def _last_commit_age(self) -> float:
        return self._loop.time() - self._committed_at

    def _oldest_tell_age(self) -> float:
        return self._loop.time() - self._told[0][2] if self._told else 0.0

    # --- in threads ---------------------------------------------------------------------------------------------------

    def _persist(self, requests: list[Request]) -> list[Answer]:
        """What a lost connection or a deadlock undid is tried again, unless it may have been committed and must not be repeated."""
        answers = carry_out(self._engine, requests)
        for _ in range(ATTEMPTS - 1):
            first = answers[0]
            if not first.is_down or not (first.is_certain or all(is_repeatable(request.name) for request in requests)):
                break
            requests = [request.again() if request.is_tell else request for request in requests]
            answers = carry_out(self._engine, requests)
        return answers

    def _outlive(self, job: Future[list[Answer]]) -> None:
        """Nobody waits for it any more, but it may still be committed: what is told from now on comes after it."""
        overdue = asyncio.wrap_future(job)
        self._overdue.add(overdue)
        overdue.add_done_callback(self._overdue.discard)

    # --- what was told ------------------------------------------------------------------------------------------------

    def _pump_later(self, seconds: float) -> None:
        if self._timer is None and (self._pumping is None or self._pumping.done()):
            self._timer = self._loop.call_later(seconds, self._pump)

    def _pump(self) -> asyncio.Task[None]:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._pumping is None or self._pumping.done():
            self._pumping = self._loop.create_task(self._commit_told())
        return self._pumping

    async def _pumped(self) -> None:
        """All that was told until now is settled. Raises TryLater."""
        last = self._number
        while self._told and self._told[0][0] <= last:
            before = self._settled
            await asyncio.shield(self._pump())
            if self._settled == before:
                raise TryLater("the database does not take what it was told")

    async def _commit_told(self) -> None:
        if self._overdue:
            await asyncio.wait(tuple(self._overdue))
        batch = [request for _, request, _ in self._told]
        answers = await self._loop.run_in_executor(None, self._persist, batch) if batch else []
        for answer in answers:
            if answer.is_down:  # this and all after it are tried again, in order
                break
            self._settle_oldest()
            batch.pop()
        for place in range(len(batch)):
            number, request, moment = self._told[place]
            self._told[place] = (number, request.again(), moment)
        if self._told:
            self._timer = self._loop.call_later(RETRY_SECONDS if answers and answers[0].is_down else TELL_SECONDS / 4, self._pump)

    def _settle_oldest(self) -> None:
        number, _, _ = self._told.popleft()
        self._settled = number
        self._committed_at = self._loop.time()
        callback = self._callbacks.pop(number, None)
        if callback is not None:
            callback()
