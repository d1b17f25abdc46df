"""A piece of the way to a server that fails when a test says so: it cuts, refuses, or answers in the server's place."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

PIECE = 65_536


@dataclass
class Wire:
    """All faults may be changed while it runs; each connection looks at them anew."""

    port: int
    target: int
    cut_after: int | None = None  # octets from the server, on one connection: then both ends are reset
    cut_upload_after: int | None = None  # octets from the client, likewise
    instead: bytes = b""  # what each request hears instead of the server's answer
    is_down: bool = False
    is_mute: bool = False  # it takes everything, and nothing comes back
    connections: int = 0
    carried: int = 0  # octets from the server
    sockets: set[socket.socket] = field(default_factory=set)

    def break_down(self) -> None:
        """All connections end, and there is no new one."""
        self.is_down = True
        for one in tuple(self.sockets):
            _reset(one)

    def serve(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            if self.is_down:
                client.close()
                continue
            self.connections += 1
            threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        with suppress(OSError), client, socket.create_connection(("127.0.0.1", self.target)) as server:
            self.sockets |= {client, server}
            up = threading.Thread(target=self._up, args=(client, server), daemon=True)
            up.start()
            self._down(client, server)
            up.join()

    def _up(self, client: socket.socket, server: socket.socket) -> None:
        sent = 0
        with suppress(OSError):
            while data := client.recv(PIECE):
                sent += len(data)
                if self.is_down or (self.cut_upload_after is not None and sent > self.cut_upload_after):
                    _reset(client)
                    _reset(server)
                    return
                if self.instead:
                    client.sendall(self.instead)
                    _reset(server)
                    client.shutdown(socket.SHUT_WR)
                    return
                server.sendall(data)
            server.shutdown(socket.SHUT_WR)

    def _down(self, client: socket.socket, server: socket.socket) -> None:
        received = 0
        with suppress(OSError):
            while data := server.recv(PIECE):
                received += len(data)
                self.carried += len(data)
                if self.is_mute:
                    continue
                if self.is_down or (self.cut_after is not None and received > self.cut_after):
                    _reset(client)
                    _reset(server)
                    return
                client.sendall(data)
            client.shutdown(socket.SHUT_WR)


@contextmanager
def wire(target: int) -> Iterator[Wire]:
    """In front of a port of this machine."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        way = Wire(listener.getsockname()[1], target)
        thread = threading.Thread(target=way.serve, args=(listener,), daemon=True)
        thread.start()
        try:
            yield way
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            way.break_down()
            thread.join(60)


def _reset(one: socket.socket) -> None:
    with suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
