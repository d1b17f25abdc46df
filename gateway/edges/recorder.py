"""The one process that writes to an SQLite database: it takes named writes from its socket and commits many at once, with full sync.

    python -I -m gateway.edges.recorder --url sqlite:////var/outgate/outgate.db --socket /var/outgate/recorder/socket --keys FOLDER

All that is waiting goes into one BEGIN IMMEDIATE ... COMMIT; answers leave after it. A tell waits at most TELL_SECONDS for company.
The socket lies in a folder of mode 0700: whoever may enter it is believed. A second recorder for the same socket waits a little and ends.
"""

from __future__ import annotations

import argparse
import asyncio
import fcntl
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

from sqlalchemy import Engine

from gateway.edges import audit, frames, holds, intents, journal, outbox, records, share_keeping, share_names, shares, visits
from gateway.edges.database import migrate, open_engine
from gateway.edges.operations import Answer, Request, carry_out
from gateway.edges.owner import denied, stranger
from gateway.edges.store import TELL_SECONDS
from gateway.errors import OutgateError, WillNotDo

log = logging.getLogger(__name__)

FAMILIES = (
    audit,
    holds,
    intents,
    journal,
    outbox,
    records,
    share_keeping,
    share_names,
    shares,
    visits,
)  # importing them registers their operations

LONGEST_SOCKET_PATH = 107  # octets: sun_path of unix(7)
LONGEST_QUEUE = 20_000  # requests; with more waiting the sockets are not read
PATIENCE_SECONDS = 10.0  # of the process, for the one before it to be gone
RETRY_SECONDS = 0.5  # after a commit that failed, before what was told is tried again


@dataclass(slots=True)
class _Entry:
    """A request in the queue, and who asked."""

    request: Request
    number: int
    client: _Client


@dataclass(slots=True)
class _News:
    """What one client is to hear after a batch."""

    upto: int = 0
    is_committed: bool = False
    answers: list[list[Any]] = field(default_factory=list)


class Recorder:
    """The server. `running` starts and stops it; `run` is the whole life of its process."""

    def __init__(self, engine: Engine, tell_seconds: float = TELL_SECONDS) -> None:
        self._engine = engine
        self._tell_seconds = tell_seconds
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="recorder")
        self._queue: list[_Entry] = []
        self._clients: set[_Client] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._wanted = asyncio.Event()
        self._is_stopping = False

    async def serve(self) -> None:
        """Commit what comes until `stop`, then what is left."""
        while not self._is_stopping:
            await self._wanted.wait()
            self._wanted.clear()
            await self._batch()
        await self._batch()
        for client in tuple(self._clients):
            client.close()
        await asyncio.get_running_loop().run_in_executor(self._thread, self._engine.dispose)
        self._thread.shutdown()

    def stop(self) -> None:
        self._is_stopping = True
        self._wanted.set()

    def receive(self, client: _Client, requests: list[list[Any]]) -> None:
        """Queue what a client wishes; only a run makes haste."""
        for number, is_tell, name, payload in requests:
            self._queue.append(_Entry(Request(name, payload, is_tell), number, client))
            if not is_tell:
                self._wanted.set()
        if self._timer is None and not self._wanted.is_set():
            self._timer = asyncio.get_running_loop().call_later(self._tell_seconds, self._wanted.set)
        if len(self._queue) > LONGEST_QUEUE:
            for each in self._clients:
                each.pause()

    def add(self, client: _Client) -> None:
        self._clients.add(client)

    def forget(self, client: _Client) -> None:
        self._clients.discard(client)

    async def _batch(self) -> None:
        """Everything that is waiting, in one commit."""
        entries, self._queue = self._queue, []
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not entries:
            return
        loop = asyncio.get_running_loop()
        answers = await loop.run_in_executor(self._thread, carry_out, self._engine, [entry.request for entry in entries])
        refused = self._tell_clients(entries, answers)
        if refused:
            self._queue[:0] = refused
            if self._timer is None:
                self._timer = loop.call_later(RETRY_SECONDS, self._wanted.set)
        elif len(self._queue) <= LONGEST_QUEUE:
            for each in self._clients:
                each.resume()

    def _tell_clients(self, entries: list[_Entry], answers: list[Answer]) -> list[_Entry]:
        """Send everyone one frame; give back the tells that the database did not take, and those after them: they stay in order."""
        news: dict[_Client, _News] = {}
        refused: list[_Entry] = []
        behind: set[_Client] = set()
        for entry, answer in zip(entries, answers, strict=True):
            mine = news.setdefault(entry.client, _News())
            mine.is_committed |= answer.error is None
            if not entry.request.is_tell:
                mine.answers.append([entry.number, answer.result, frames.error_out(answer.error)])
            elif answer.is_down or entry.client in behind:
                refused.append(replace(entry, request=entry.request.again()))
                behind.add(entry.client)
            else:
                mine.upto = entry.number
        for client, mine in news.items():
            client.send({"upto": mine.upto, "is_committed": mine.is_committed, "answers": mine.answers})
        return refused


class _Client(asyncio.Protocol):
    """One connected process."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._frames = frames.Frames()
        self._is_paused = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._recorder.add(self)

    def data_received(self, data: bytes) -> None:
        try:
            for requests in self._frames.feed(data):
                self._recorder.receive(self, requests)
        except (ValueError, TypeError):
            log.exception("a client says what nobody understands")
            self._transport.abort()

    def connection_lost(self, _exc: Exception | None) -> None:
        self._recorder.forget(self)

    def send(self, news: dict[str, Any]) -> None:
        if not self._transport.is_closing():
            self._transport.write(frames.frame(news))

    def pause(self) -> None:
        if not self._is_paused:
            self._is_paused = True
            self._transport.pause_reading()

    def resume(self) -> None:
        if self._is_paused and not self._transport.is_closing():
            self._is_paused = False
            self._transport.resume_reading()

    def close(self) -> None:
        self._transport.close()


@asynccontextmanager
async def running(
    url: str,
    socket: Path,
    keys: Path | None = None,
    *,
    tell_seconds: float = TELL_SECONDS,
    patience_seconds: float = 0.0,
    on_end: Callable[[], None] = lambda: None,
) -> AsyncIterator[Recorder]:
    """A recorder in this event loop, for as long as the block lasts: what its process does, and a command while nothing serves.

    `on_end` is called when it commits no more, by a bug too: whoever lives on would only seem to serve. The block's end raises it.

    Raises:
        TryLater: the database does not open.
        WillNotDo: another recorder has this socket and does not leave it within the patience, or it cannot be where it is wanted.
    """
    lock = _lock_file(socket)
    try:
        await _only_one(lock, socket, patience_seconds)
        await asyncio.to_thread(migrate, url)
        recorder = Recorder(open_engine(url, writer="recorder", threads=1, options=records.writing_options(keys)), tell_seconds)
        serving = asyncio.ensure_future(recorder.serve())
        serving.add_done_callback(lambda _: on_end())
        _remove(socket)  # of one that was killed: its lock is ours now
        server = await asyncio.get_running_loop().create_unix_server(lambda: _Client(recorder), str(socket))
        try:
            yield recorder
        finally:
            server.close()
            _remove(socket)
            recorder.stop()
            await serving
            await server.wait_closed()
    finally:
        os.close(lock)


def _lock_file(socket: Path) -> int:
    """Make the folder private; the descriptor of the file whose lock dies with this process."""
    if len(os.fsencode(socket)) > LONGEST_SOCKET_PATH:
        raise WillNotDo(f"{socket}: the path of a socket may have {LONGEST_SOCKET_PATH} octets; set [processes] state to a shorter folder")
    try:
        socket.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = socket.parent.stat()
        if status.st_uid != os.geteuid() or status.st_mode & 0o077:
            raise WillNotDo(stranger(socket.parent) or f"{socket.parent} must be closed to all others: chmod 700 {socket.parent}")
        return os.open(socket.with_name(socket.name + ".lock"), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise WillNotDo(denied(error, socket)) from error


async def _only_one(lock: int, socket: Path, patience_seconds: float) -> None:
    """A recorder that was killed may need a moment to be gone."""
    end = asyncio.get_running_loop().time() + patience_seconds
    while True:
        with suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        if asyncio.get_running_loop().time() >= end:
            raise WillNotDo(f"{socket}: another recorder serves here")
        await asyncio.sleep(0.02)


def _remove(socket: Path) -> None:
    with suppress(FileNotFoundError):
        socket.unlink()


async def _life(url: str, socket: Path, keys: Path | None) -> None:
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    async with running(url, socket, keys, patience_seconds=PATIENCE_SECONDS):
        await ended.wait()


def run(url: str, socket: Path, keys: Path | None = None) -> int:
    """Serve until SIGTERM; then commit what is left. The exit status of the process."""
    os.umask(0o077)
    try:
        asyncio.run(_life(url, socket, keys))
    except OutgateError as error:
        print(f"recorder: {error}", file=sys.stderr)  # noqa: T201 - a process that cannot start says so to whoever started it
        return 1
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="recorder", description="The one writer of an SQLite database.")
    parser.add_argument("--url", required=True)
    parser.add_argument("--socket", required=True, type=Path)
    parser.add_argument("--keys", type=Path, help="folder of keys; without it no decision record is taken")
    options = parser.parse_args(arguments)
    return run(options.url, options.socket, options.keys)


if __name__ == "__main__":
    sys.exit(main())
