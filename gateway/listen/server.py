"""A listening socket and its sessions: begin, reload, stop in order."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

from gateway.config import Listener
from gateway.listen.limits import Limits
from gateway.listen.session import Session
from gateway.listen.terms import Deliver, Terms
from gateway.log import Log
from gateway.model.outcome import Answer
from gateway.ports.clock import Clock
from gateway.ports.spool import SpoolWriter

_BACKLOG = 1024


class Server:
    """One [listen.NAME] in this process."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._sessions: set[Session] = set()
        self._deliveries: set[asyncio.Task[Answer]] = set()
        self._accepting: asyncio.Server | None = None
        self._has_stopped = False
        self._quiet = asyncio.Event()  # set when neither session nor delivery is left
        self._quiet.set()

    async def start(self, sock: socket.socket) -> None:
        """Accept on a bound socket, which may be shared with other processes."""
        loop = asyncio.get_running_loop()
        self._accepting = await loop.create_server(lambda: Session(self._terms, self, loop), sock=sock, backlog=_BACKLOG)

    @property
    def sessions(self) -> int:
        """Open connections."""
        return len(self._sessions)

    @property
    def deliveries(self) -> int:
        """Messages being carried, those whose client has left included."""
        return len(self._deliveries)

    def reload(self, settings: Listener, tls: ssl.SSLContext | None = None) -> None:
        """For new sessions; open ones keep the terms they began with. Without `tls` the context in use stays, if there is to be any."""
        kept = self._terms.tls if settings.tls != "none" else None
        self._terms = replace(self._terms, settings=settings, tls=tls or kept)

    def stop_accepting(self) -> None:
        """Take no new connections."""
        if self._accepting is not None:
            self._accepting.close()
            self._accepting = None
        self._has_stopped = True

    async def drain(self, seconds: float) -> bool:
        """Say 421 to idle sessions, let the others finish their message first. False: something still ran at the end.

        What runs on after `seconds` are deliveries, and the sessions that wait for one; the others are closed.
        """
        self.stop_accepting()
        for session in tuple(self._sessions):
            session.stop()
        try:
            await asyncio.wait_for(self._quiet.wait(), seconds)
        except TimeoutError:
            for session in tuple(self._sessions):
                if not session.is_delivering:
                    session.give_up()
            return False
        return True

    async def ended(self) -> None:
        """Neither session nor delivery is left."""
        await self._quiet.wait()

    # --- told by sessions ---------------------------------------------------------------------------------------------

    def entered(self, session: Session) -> None:
        """A connection was made."""
        self._sessions.add(session)
        self._look()
        if self._has_stopped:  # accepted just before, and made in the turn after
            session.stop()

    def left(self, session: Session) -> None:
        """A connection is gone."""
        self._sessions.discard(session)
        self._look()

    def begin(self, delivery: Coroutine[Any, Any, Answer]) -> asyncio.Task[Answer]:
        """Run a delivery; it belongs to the server, not to the session."""
        task = asyncio.get_running_loop().create_task(delivery)
        self._deliveries.add(task)
        task.add_done_callback(self._ended)
        self._look()
        return task

    def _ended(self, task: asyncio.Task[Answer]) -> None:
        self._deliveries.discard(task)
        self._look()

    def _look(self) -> None:
        if self._sessions or self._deliveries:
            self._quiet.clear()
        else:
            self._quiet.set()


async def listen(
    settings: Listener,
    name: str,
    sock: socket.socket,
    *,
    hostname: str,
    deliver: Deliver,
    spool: Callable[[], SpoolWriter],
    ids: Callable[[], str],
    clock: Clock,
    tls: ssl.SSLContext | None,
    limits: Limits,
    log: Log,
    stamp_key: bytes,
) -> Server:
    """Octets to arrivals: serve SMTP or LMTP on a bound socket until the server is stopped.

    `deliver` owns the content of its arrival and answers by `arrival.deadline`. What it raises becomes 451; WillNotDo becomes 554.
    """
    server = Server(Terms(name, settings, hostname, deliver, spool, ids, clock, tls, limits, log, stamp_key))
    await server.start(sock)
    return server
