"""The frame of a server that speaks JSON over https: a certificate of its own, a thread for each client, and troubles that a test scripts.

    peer.trouble("range", Reply(429, retry_after="2"), Do.DROP)    # what happens at the next two requests of this stage

Who uses it says which request is which stage, and what it answers when all is well.
"""

import contextlib
import json
import ssl
import sys
import threading
from collections import Counter, defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import trustme

from tests.peers import free_port


class Do(Enum):
    DROP = "close the connection without an answer, having done nothing"
    DO_AND_DROP = "do it, and close without an answer"
    LOSE = "range: keep it, and forget all that was sent before"
    FORGET = "range or status: the session has ended"
    HALF = "range: read half of it, then close"
    WAIT = "range: take it only after peer.go.set()"


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    code: str = "generalException"
    retry_after: str = ""

    @property
    def headers(self) -> dict[str, str]:
        return {"Retry-After": self.retry_after} if self.retry_after else {}


class Peer:
    """What the test sees."""

    def __init__(self, directory: Path, port: int | None) -> None:
        self.directory, self.port = directory, port or free_port()
        self.url = f"https://localhost:{self.port}"
        self.seen: Counter[str] = Counter()  # requests, by stage
        self.faults: list[AssertionError] = []  # what a client may never ask
        self.lock = threading.RLock()
        self._script: dict[str, deque] = defaultdict(deque)

    def trouble(self, stage: str, *what: Reply | Do) -> None:
        """What happens at the next requests of this stage, one after the other; then all is well again."""
        self._script[stage].extend(what)

    def next(self, stage: str) -> Reply | Do | None:
        with self.lock:
            self.seen[stage] += 1
            return self._script[stage].popleft() if self._script[stage] else None


@contextmanager
def served(peer: Peer, handler: "type[Handler]") -> Iterator[None]:
    """On its port, while inside; its authority stands in ca.pem of its folder."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(peer.directory / "ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    server = _Server(("127.0.0.1", peer.port), type("Bound", (handler,), {"peer": peer}))
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request, client_address) -> None:
        """A client that goes away is what some tests are about; one that asks what it should not is a fault."""
        if isinstance(error := sys.exception(), AssertionError):
            self.RequestHandlerClass.peer.faults.append(error)


class Dropped(Exception):
    """The connection is to be closed without an answer."""


class Handler(BaseHTTPRequestHandler):
    """Who serves defines `route`, and answers by `say`."""

    peer: Peer
    protocol_version = "HTTP/1.1"
    timeout = 30
    wbufsize = 65_536  # one segment for head and body: two would wait for each other (Nagle)

    def log_message(self, *_) -> None: ...

    def do_GET(self) -> None:
        self._serve("GET")

    def do_POST(self) -> None:
        self._serve("POST")

    def do_PUT(self) -> None:
        self._serve("PUT")

    def do_PATCH(self) -> None:
        self._serve("PATCH")

    def do_DELETE(self) -> None:
        self._serve("DELETE")

    def _serve(self, method: str) -> None:
        try:
            self.route(method)
        except Dropped:
            self.close_connection = True
            with contextlib.suppress(OSError):
                self.connection.close()

    def route(self, method: str) -> None:
        raise NotImplementedError

    def body(self, octets: int) -> bytes:
        """Raises Dropped: the client has gone in the middle of it, so nothing was asked."""
        body = self.rfile.read(octets)
        if len(body) < octets:
            raise Dropped
        return body

    def say(self, status: int, data: object, extra: dict[str, str] | None = None) -> None:
        octets = b"" if data is None else json.dumps(data).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(octets)), **(extra or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(octets)
            self.wfile.flush()
