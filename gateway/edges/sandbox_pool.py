"""Children at hand: forked before they are needed, lent for one message at a time, replaced when their turn is over.

All waiting is the event loop's; no thread. When the zygote goes, its children go with it, and a new one is started.
"""

from __future__ import annotations

import asyncio
import itertools
import socket
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from gateway.edges.sandbox_child import Child, Killed
from gateway.edges.sandbox_zygote import Births, Zygote, refuse_missing
from gateway.errors import TryLater
from gateway.model.reading import Kind

_START_SECONDS = 60.0
_AGAIN_SECONDS = 1.0  # after which a zygote or child that would not live is tried again


@dataclass(slots=True)
class _Shelf:
    """The children of one kind."""

    room: int  # how many may live
    idle: list[Child] = field(default_factory=list)
    waiting: deque[asyncio.Future[Child]] = field(default_factory=deque)
    busy: int = 0
    unborn: int = 0


class Pool:
    """One zygote and its children, for one process of the gateway."""

    _loop: asyncio.AbstractEventLoop

    def __init__(self, births: Births, on_killed: Callable[[Killed], None]) -> None:
        self._on_killed = on_killed
        self._births = births
        self._workers = births.examine.workers
        self._zygote: Zygote | None = None
        self._ready = False
        self._attached = False
        self._closed = False
        self._patterns = b""
        self._numbers = itertools.count(1)
        self._unborn: dict[int, Child] = {}
        self._living: dict[int, Child] = {}
        # A spent child is replaced while the others work: a fork is never waited for unless all are spent at once.
        rooms = {Kind.REUSABLE: self._workers + 1, Kind.ONE_SHOT: 2 * self._workers}
        self._shelves = {kind: _Shelf(room) for kind, room in rooms.items()}

    @property
    def pids(self) -> tuple[int, ...]:
        """The zygote and its living children."""
        return (*([self._zygote.process.pid] if self._zygote else []), *(child.pid for child in self._living.values()))

    def start(self) -> None:
        """Start the zygote and wait until it is ready; before any thread and any event loop.

        Raises:
            BadConfig: a layer of the sandbox is missing here, and the configuration does not accept that.
            TryLater: it did not start.
        """
        zygote = Zygote(self._births)
        try:
            refuse_missing(zygote.wait_ready(_START_SECONDS), self._births.examine)
        except BaseException:
            zygote.end()
            raise
        self._zygote = zygote
        self._ready = True

    def prepare(self, patterns: bytes) -> None:
        """From now on fork children that have these patterns ready."""
        self._patterns = patterns
        if patterns and self._ready and self._zygote is not None:
            self._zygote.prepare(patterns)

    def attach(self) -> None:
        """Fork the first children and listen to them from the running event loop."""
        self._loop = asyncio.get_running_loop()
        self._attached = True
        if self._zygote is None:
            self._revive()
        else:
            self._listen(self._zygote)
            self._refill()

    async def lend(self, kind: Kind, deadline: float) -> Child:
        """A child of this kind, for one message; to be given back in a finally.

        Raises:
            TryLater: none became free in time.
        """
        if not self._attached:
            self.attach()
        shelf = self._shelves[kind]
        if shelf.idle and shelf.busy < self._workers:
            shelf.busy += 1
            return shelf.idle.pop()
        return await self._wait(shelf, deadline)

    def give_back(self, child: Child) -> None:
        """It serves others, or is replaced when its turn is over."""
        shelf = self._shelves[child.kind]
        shelf.busy -= 1
        if child.may_serve:
            shelf.idle.append(child)
        else:
            self._remove(child)
            child.close()
            self._living.pop(child.number, None)
        self._serve(shelf)
        self._refill()

    async def close(self) -> None:
        """End the zygote and all children."""
        self._closed = True
        if self._zygote is not None:
            if self._attached:
                self._loop.remove_reader(self._zygote.control.fileno())
            self._zygote.end()
            self._zygote = None
        self._lose_all()
        for shelf in self._shelves.values():
            for waiting in shelf.waiting:
                if not waiting.done():
                    waiting.set_exception(TryLater("the sandbox is closing"))

    # --- lending ------------------------------------------------------------------------------------------------------

    async def _wait(self, shelf: _Shelf, deadline: float) -> Child:
        waiting: asyncio.Future[Child] = self._loop.create_future()
        shelf.waiting.append(waiting)
        late = self._loop.call_at(deadline, _give_up, waiting)
        try:
            return await waiting
        except asyncio.CancelledError:
            if waiting.done() and not waiting.cancelled() and not waiting.exception():
                self.give_back(waiting.result())  # it came in the same moment
            raise
        finally:
            late.cancel()

    def _serve(self, shelf: _Shelf) -> None:
        """Idle children to those who wait."""
        while shelf.waiting and shelf.idle and shelf.busy < self._workers:
            waiting = shelf.waiting.popleft()
            if not waiting.done():
                shelf.busy += 1
                waiting.set_result(shelf.idle.pop())

    # --- births and deaths --------------------------------------------------------------------------------------------

    def _refill(self) -> None:
        if not self._ready or self._zygote is None:
            return
        for kind, shelf in self._shelves.items():
            while shelf.unborn + shelf.busy + len(shelf.idle) < shelf.room:
                ours, theirs = socket.socketpair()
                with theirs:
                    child = Child(next(self._numbers), kind, ours, self._on_killed, self._remove)
                    try:
                        self._zygote.fork(child.number, kind, theirs)
                    except OSError:  # gone or deaf; its own end of file is seen next
                        child.close()
                        return
                self._unborn[child.number] = child
                shelf.unborn += 1

    def _remove(self, child: Child) -> None:
        """Lend this child no more, and have it killed: one that was misused need not end by itself."""
        shelf = self._shelves[child.kind]
        if child in shelf.idle:
            shelf.idle.remove(child)
        if self._zygote is not None:
            self._zygote.kill(child.number)

    def _listen(self, zygote: Zygote) -> None:
        zygote.control.setblocking(False)
        self._loop.add_reader(zygote.control.fileno(), self._hear, zygote)

    def _hear(self, zygote: Zygote) -> None:
        try:
            while (report := zygote.report()) is not None:
                self._learn(report)
        except EOFError:
            self._lose(zygote)

    def _learn(self, report: dict[str, Any]) -> None:
        match report:
            case {"born": int(number), "pid": int(pid)}:
                self._be_born(self._unborn.pop(number), pid)
            case {"died": int(number), "status": int(status)} if number in self._living:
                self._living.pop(number).bury(status)
                # One that did not live to serve: whatever kills it would kill the next one at once.
                self._loop.call_later(_AGAIN_SECONDS, self._refill)
            case {"stillborn": int(number)}:
                child = self._unborn.pop(number)
                child.close()
                self._shelves[child.kind].unborn -= 1
                self._loop.call_later(_AGAIN_SECONDS, self._refill)
            case {"ready": int(), "missing": list(missing)}:
                self._ready = not missing or self._births.examine.sandbox == "reduced"
                self.prepare(self._patterns)
                self._refill()
            case _:
                pass

    def _be_born(self, child: Child, pid: int) -> None:
        child.pid = pid
        self._living[child.number] = child
        shelf = self._shelves[child.kind]
        shelf.unborn -= 1
        shelf.idle.append(child)
        self._serve(shelf)

    def _lose(self, zygote: Zygote) -> None:
        """The zygote is gone, and the kernel has killed its children. What they read is read again later by others."""
        self._loop.remove_reader(zygote.control.fileno())
        zygote.end()
        self._on_killed(Killed("zygote", None, zygote.process.pid, 0, max(0, -zygote.process.returncode)))
        self._ready = False
        self._zygote = None
        self._lose_all()
        self._loop.call_later(_AGAIN_SECONDS, self._revive)

    def _revive(self) -> None:
        if self._closed:
            return
        try:
            self._zygote = Zygote(self._births)
        except OSError:  # no room for one more process
            self._loop.call_later(_AGAIN_SECONDS, self._revive)
        else:
            self._listen(self._zygote)

    def _lose_all(self) -> None:
        for child in (*self._unborn.values(), *self._living.values()):
            child.lose()
        self._unborn.clear()
        self._living.clear()
        for shelf in self._shelves.values():
            shelf.idle.clear()
            shelf.unborn = 0


def _give_up(waiting: asyncio.Future[Child]) -> None:
    if not waiting.done():
        waiting.set_exception(TryLater("no child of the sandbox became free in time"))
