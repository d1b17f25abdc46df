"""Who works on which recipient of which transaction. Per recipient: two attempts meet only where their recipients overlap.

On one machine: byte-range locks of open file descriptions (F_OFD_SETLK, fcntl(2)), which the kernel drops with the process.
On several: advisory locks of one PostgreSQL session, which the server drops with the connection.
In front of both a set of this process's own, because neither stops a process from taking its own lock twice.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import logging
import os
import struct
from abc import ABC, abstractmethod
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from gateway.edges.database import open_engine, translated
from gateway.edges.owner import denied
from gateway.errors import TryLater

log = logging.getLogger(__name__)

FILES = 16  # the kernel walks a file's locks one after another: sixteen short lists instead of a long one
_FLOCK = struct.Struct("hhqqi4x")  # struct flock on 64-bit Linux: type, whence, start, length, pid (0 for OFD locks)
_TRY_LOCK = text("SELECT n, pg_try_advisory_lock(n) FROM unnest(CAST(:numbers AS bigint[])) AS n")
_UNLOCK = text("SELECT pg_advisory_unlock(n) FROM unnest(CAST(:numbers AS bigint[])) AS n")


def number_of(identity: bytes, recipient: str) -> int:
    """62 bits of SHA-256: an offset of a byte, or an advisory key. Two that fall together only wait for one another."""
    digest = hashlib.sha256(identity + recipient.encode("utf-8", "surrogateescape")).digest()
    return int.from_bytes(digest[:8], "big") >> 2


class Locks(ABC):
    """Locks by number. Belongs to one event loop; made after the process has forked for the last time: a child would keep them alive."""

    def __init__(self) -> None:
        self._held: set[int] = set()

    async def take(self, numbers: Iterable[int]) -> frozenset[int]:
        """Those of `numbers` that were free and are ours now. Never waits for another holder.

        Raises:
            TryLater: whoever keeps the locks cannot be asked; none was taken.
        """
        wanted = [number for number in dict.fromkeys(numbers) if number not in self._held]
        self._held.update(wanted)
        try:
            taken = await self._take(wanted)
        except BaseException:
            self._held.difference_update(wanted)
            raise
        self._held.difference_update(number for number in wanted if number not in taken)
        return taken

    def give(self, numbers: frozenset[int]) -> None:
        """Give back what was taken. Never raises."""
        if numbers:
            self._give(numbers)
            self._held -= numbers

    @abstractmethod
    async def _take(self, numbers: list[int]) -> frozenset[int]: ...

    @abstractmethod
    def _give(self, numbers: frozenset[int]) -> None: ...

    @abstractmethod
    async def close(self) -> None:
        """Drop everything."""


class FileLocks(Locks):
    """Locks in files of a folder that all processes of this machine share."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._files = [os.open(folder / f"{n:x}", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600) for n in range(FILES)]
        except OSError as error:
            raise TryLater(f"locks: {denied(error, folder)}", "4.3.1") from error

    async def _take(self, numbers: list[int]) -> frozenset[int]:
        taken: list[int] = []
        try:
            taken.extend(number for number in numbers if self._set(number, fcntl.F_WRLCK))
        except OSError as error:
            self._give(frozenset(taken))
            raise TryLater(f"locks: {error}") from error
        return frozenset(taken)

    def _give(self, numbers: frozenset[int]) -> None:
        with suppress(OSError):  # a lock that cannot be given back dies with us
            for number in numbers:
                self._set(number, fcntl.F_UNLCK)

    def _set(self, number: int, kind: int) -> bool:
        try:
            fcntl.fcntl(self._files[number % FILES], fcntl.F_OFD_SETLK, _FLOCK.pack(kind, os.SEEK_SET, number, 1, 0))
        except (BlockingIOError, PermissionError):  # EAGAIN or EACCES: fcntl(2) allows both
            return False
        return True

    async def close(self) -> None:
        for descriptor in self._files:
            os.close(descriptor)
        self._files = []


class PostgresqlLocks(Locks):
    """Advisory locks of one session. When the connection is lost its locks are taken again, as far as they are still free."""

    patience_seconds = 10.0  # for the server's answer

    def __init__(self, url: str) -> None:
        super().__init__()
        self._engine = open_engine(url, threads=1)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="locks")  # one: in the order asked
        self._connection: Connection | None = None
        self._mine: set[int] = set()  # what this session has; touched in the thread alone

    async def _take(self, numbers: list[int]) -> frozenset[int]:
        if not numbers:
            return frozenset()
        job = self._thread.submit(self._ask, numbers)
        try:
            async with asyncio.timeout(self.patience_seconds):
                return await asyncio.wrap_future(job)
        except TimeoutError as error:
            self._thread.submit(self._forsake, job)
            raise TryLater(f"locks: the database did not answer in {self.patience_seconds:g} s") from error
        except asyncio.CancelledError:
            self._thread.submit(self._forsake, job)
            raise

    def _give(self, numbers: frozenset[int]) -> None:
        self._thread.submit(self._unlock, numbers)

    async def close(self) -> None:
        def end() -> None:
            self._drop()
            self._engine.dispose()

        await asyncio.get_running_loop().run_in_executor(self._thread, end)
        self._thread.shutdown()

    # --- in the thread ------------------------------------------------------------------------------------------------

    def _ask(self, numbers: list[int]) -> frozenset[int]:
        with translated("locks"):
            try:
                taken = self._try_lock(self._session(), numbers)
            except SQLAlchemyError:
                self._drop()
                taken = self._try_lock(self._session(), numbers)
        self._mine |= taken
        return taken

    def _session(self) -> Connection:
        if self._connection is None:
            # A machine that vanishes does not keep its locks for hours: open_engine has told the server.
            self._connection = connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            again = self._try_lock(connection, sorted(self._mine)) if self._mine else frozenset()
            if len(again) < len(self._mine):
                log.warning("the connection of the locks was lost, and %d of them with it", len(self._mine) - len(again))
            self._mine = set(again)
        return self._connection

    @staticmethod
    def _try_lock(connection: Connection, numbers: list[int]) -> frozenset[int]:
        return frozenset(number for number, is_ours in connection.execute(_TRY_LOCK, {"numbers": numbers}) if is_ours)

    def _forsake(self, job: Future[frozenset[int]]) -> None:
        """Nobody has waited for it: what it took all the same is given back. After it, for the thread keeps the order."""
        if not job.cancelled() and job.exception() is None:
            self._unlock(job.result())

    def _unlock(self, numbers: frozenset[int]) -> None:
        ours = sorted(numbers & self._mine)
        self._mine.difference_update(ours)
        if self._connection is None or not ours:
            return  # they went with their session
        try:
            self._connection.execute(_UNLOCK, {"numbers": ours})
        except SQLAlchemyError:
            self._drop()

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                connection.invalidate()
                connection.close()
            except SQLAlchemyError:
                log.exception("a connection does not close")
