"""Serving HTTP: uvicorn over the socket that we are given, with limits on who is slow or comes in great numbers.

A request must be there within REQUEST_SECONDS, its fields within LARGEST_HEAD octets; who takes nothing of an answer for STALL_SECONDS is
cut off. Above the most connections, of all or of one network, a new one hears 503 and is closed. Nothing is logged by uvicorn: its
lines hold paths.
Standards: RFC 9112 by h11, HTTP/1.1 alone. Limits: HTTP/2 comes with a reverse proxy.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from gateway.config import Portal
from gateway.web.portal.headers import LARGEST_HEAD
from gateway.web.portal.networks import Proxies, network

REQUEST_SECONDS = 20.0
STALL_SECONDS = 120.0  # for half a megabyte at most: who reads 5 KB a second is served
KEEP_ALIVE_SECONDS = 15
_FULL = b"HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\nretry-after: 30\r\ncontent-length: 0\r\ncache-control: no-store\r\n\r\n"


class Door:
    """Counts who is in."""

    def __init__(self, settings: Portal) -> None:
        self._most, self._most_of_one = settings.max_connections, settings.max_connections_per_peer
        self._proxies = Proxies(settings.proxies)
        self._of_peer: Counter[str] = Counter()

    def enter(self, peer: str) -> str | None:
        """The name to leave by; None: there is no room."""
        name = "" if self._proxies.trust(peer) else network(peer)
        if self._of_peer.total() >= self._most or (name and self._of_peer[name] >= self._most_of_one):
            return None
        self._of_peer[name] += 1
        return name

    def leave(self, name: str) -> None:
        self._of_peer[name] -= 1
        if not self._of_peer[name]:
            del self._of_peer[name]


class Connection(H11Protocol):
    """One connection. `door` is set by the server before the first."""

    door: Door
    _name: str | None = None
    _late: asyncio.TimerHandle | None = None  # the request
    _stalled: asyncio.TimerHandle | None = None  # the answer

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._name = self.door.enter(self.client[0] if self.client else "")
        if self._name is None:
            transport.write(_FULL)
            transport.close()
        else:
            self._watch()

    def data_received(self, data: bytes) -> None:
        if self._name is not None and not self.transport.is_closing():
            super().data_received(data)
            self._watch()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._watch()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._await_reader()

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._stalled is not None and not self.transport.is_closing():
            self._stalled.cancel()
            self._stalled = None

    def timeout_keep_alive_handler(self) -> None:
        super().timeout_keep_alive_handler()
        self._await_reader()

    def connection_lost(self, exc: Exception | None) -> None:
        self._unwatch()
        if self._stalled is not None:
            self._stalled.cancel()
        if self._name is not None:
            self.door.leave(self._name)
            self._name = None
        super().connection_lost(exc)

    def _watch(self) -> None:
        """As long as something of a request is wanting, its time runs: it is not begun anew by each octet."""
        cycle: RequestResponseCycle | None = self.cycle
        is_between = cycle is not None and cycle.response_complete
        is_idle = is_between and self.timeout_keep_alive_task is not None  # uvicorn's own timer runs
        is_wanting = cycle is None or is_between or cycle.more_body
        if is_idle or not is_wanting:
            self._unwatch()
        elif self._late is None:
            self._late = self.loop.call_later(REQUEST_SECONDS, self._too_late)

    def _unwatch(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _await_reader(self) -> None:
        """A connection that is being closed waits for its reader as well: to the end of this time, and no longer."""
        if self._stalled is None:
            self._stalled = self.loop.call_later(STALL_SECONDS, self.transport.abort)

    def _too_late(self) -> None:
        self._late = None
        if not self.transport.is_closing():
            self.transport.abort()


class Server(uvicorn.Server):
    """`app` on one socket, until `stop`."""

    def __init__(self, app: ASGIApp, settings: Portal, tls: ssl.SSLContext | None, drain_seconds: float) -> None:
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL + 1)
        config = uvicorn.Config(
            app,
            http=type("Connection", (Connection,), {"door": Door(settings)}),
            ws="none",
            lifespan="off",
            loop="none",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            h11_max_incomplete_event_size=LARGEST_HEAD,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=int(drain_seconds),
        )
        config.load()
        config.ssl = tls
        super().__init__(config)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """The process has handlers of its own."""
        yield

    async def run_on(self, sock: socket.socket) -> None:
        """Until stopped; then running downloads have `drain_seconds` to end."""
        await self.serve(sockets=[sock])

    def stop(self) -> None:
        self.should_exit = True


def server_context(settings: Portal) -> ssl.SSLContext | None:
    """TLS of our own, when it is configured. Raises OSError when a file cannot be used."""
    if settings.cert is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
    context.set_alpn_protocols(["http/1.1"])
    context.load_cert_chain(settings.cert, settings.key)
    return context
