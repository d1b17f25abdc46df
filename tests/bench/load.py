"""The load generator: SMTP sessions that send one message after another over a connection each, and time every one of them.

A message is timed from its MAIL to the reply to its final dot. Commands are pipelined where the server offers it (RFC 2920); content
goes out in chunks, only as fast as it is taken.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter
from typing import cast

from tests.bench.workloads import RECIPIENT, SENDER, Workload

_CHUNK = 262_144
_ENVELOPE = (f"MAIL FROM:<{SENDER}>\r\n".encode(), f"RCPT TO:<{RECIPIENT}>\r\n".encode(), b"DATA\r\n")


@dataclass(slots=True)
class Tally:
    """What one round gave."""

    latencies: list[float] = field(default_factory=list)  # seconds, of the accepted ones
    refused: dict[str, int] = field(default_factory=dict)  # reply to how often
    seconds: float = 0.0  # from the start to the last reply

    @property
    def messages(self) -> int:
        return len(self.latencies)


async def load(port: int, work: Workload, sessions: int, seconds: float, *, limit: int | None = None, grace: float = 120.0) -> Tally:
    """Send for some seconds, or until each session has sent `limit` messages; what is under way at the end is awaited.

    Args:
        grace: seconds after which a message still under way is given up.
    """
    tally, loop = Tally(), asyncio.get_running_loop()
    clients = [Client(work, tally, limit) for _ in range(sessions)]
    for client in clients:
        await loop.create_connection(client.as_protocol, "127.0.0.1", port)
    await asyncio.wait_for(asyncio.gather(*(client.ready for client in clients)), 30)
    start = perf_counter()
    for client in clients:
        client.begin(start + seconds)
    done, late = await asyncio.wait([client.closed for client in clients], timeout=seconds + grace)
    last = max((client.ended for client in clients), default=0.0)
    tally.seconds = (perf_counter() if late or last < start else last) - start
    for client in clients:
        client.abort()
    for error in filter(None, (closed.exception() for closed in done)):
        tally.refused[str(error)] = tally.refused.get(str(error), 0) + 1
    return tally


class Client(asyncio.Protocol):
    """One session."""

    def __init__(self, work: Workload, tally: Tally, limit: int | None) -> None:
        loop = asyncio.get_running_loop()
        self.ready: asyncio.Future[None] = loop.create_future()  # greeted and EHLO answered
        self.closed: asyncio.Future[None] = loop.create_future()
        self.ended = 0.0
        self._work, self._tally, self._limit = work, tally, limit
        self._transport: asyncio.Transport
        self._tail = b""
        self._next: Callable[[bytes], None] = self._greeted
        self._pipelining = False
        self._deadline = 0.0
        self._started = 0.0
        self._sent = 0
        self._replies = 0  # to the commands of this envelope
        self._rest = memoryview(b"")
        self._at = 0
        self._paused = False

    def as_protocol(self) -> "Client":
        return self

    def begin(self, deadline: float) -> None:
        self._deadline = deadline
        self._send_envelope()

    def abort(self) -> None:
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one, but does not say so
        self._transport.set_write_buffer_limits(high=2 * _CHUNK)

    def connection_lost(self, exc: Exception | None) -> None:
        error = exc or ConnectionError("the server closed the connection")
        for future in (self.ready, self.closed):
            if not future.done():
                future.set_exception(error)

    def data_received(self, data: bytes) -> None:
        lines = (self._tail + data).split(b"\r\n")
        self._tail = lines.pop()
        for line in lines:
            self._next(line)

    def pause_writing(self) -> None:
        self._paused = True

    def resume_writing(self) -> None:
        self._paused = False
        self._pump()

    def _greeted(self, line: bytes) -> None:
        if line[3:4] != b"-":
            self._next = self._introduced
            self._transport.write(b"EHLO load.example\r\n")

    def _introduced(self, line: bytes) -> None:
        if line[4:].upper() == b"PIPELINING":
            self._pipelining = True
        if line[3:4] != b"-":
            self._next = self._answered
            self.ready.set_result(None)

    def _send_envelope(self) -> None:
        self._replies = 0
        self._started = perf_counter()
        if self._pipelining:
            self._transport.write(b"".join(_ENVELOPE))
        else:
            self._transport.write(_ENVELOPE[0])

    def _answered(self, line: bytes) -> None:
        """A reply to MAIL, RCPT or DATA."""
        if line[3:4] == b"-":
            return
        self._replies += 1
        if self._replies == len(_ENVELOPE):
            self._content() if line.startswith(b"354") else self._refused(line)
        elif line[:1] != b"2" and not self._pipelining:
            self._refused(line)
        elif not self._pipelining:
            self._transport.write(_ENVELOPE[self._replies])

    def _content(self) -> None:
        head, self._rest = self._work.parts()
        self._at = 0
        self._next = self._delivered
        if len(self._rest) <= _CHUNK:
            self._at = len(self._rest)
            self._transport.write(head + self._rest)
        else:
            self._transport.write(head)
            self._pump()

    def _pump(self) -> None:
        while self._at < len(self._rest) and not self._paused:
            chunk = self._rest[self._at : self._at + _CHUNK]
            self._at += len(chunk)
            self._transport.write(chunk)

    def _delivered(self, line: bytes) -> None:
        """A reply to the final dot."""
        if line[3:4] == b"-":
            return
        if line[:1] == b"2":
            self._tally.latencies.append(perf_counter() - self._started)
            self._next = self._answered
            self._go_on()
        else:
            self._refused(line)

    def _refused(self, line: bytes) -> None:
        words = line.decode("ascii", "replace")
        self._tally.refused[words] = self._tally.refused.get(words, 0) + 1
        self._next = self._reset
        self._transport.write(b"RSET\r\n")

    def _reset(self, line: bytes) -> None:
        if line[3:4] != b"-":
            self._next = self._answered
            self._go_on()

    def _go_on(self) -> None:
        self._sent += 1
        now = perf_counter()
        if now < self._deadline and self._sent != self._limit:
            self._send_envelope()
        elif not self.closed.done():
            self.ended = now
            self._next = _ignore
            self._transport.write(b"QUIT\r\n")
            self.closed.set_result(None)


def _ignore(line: bytes) -> None:
    """The reply to QUIT."""
