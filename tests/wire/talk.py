"""A listener on a free port, what it delivered, and clients that talk to it as written dialogues.

In a dialogue `C: ` sends a line with CR LF, `S: ` reads a whole reply (all its lines) whose last line begins so.
"""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from gateway.config import Listener
from gateway.edges.clock import SystemClock
from gateway.edges.spool import Spool
from gateway.listen import listen
from gateway.listen.limits import Limits
from gateway.listen.server import Server
from gateway.log import Log
from gateway.model.message import Arrival
from gateway.model.outcome import Answer, Reply

KEY = b"a key of thirty-two octets, or so"
OK = Reply(250, "2.0.0", "accepted")


@dataclass
class Deliveries:
    """A deliver() that keeps what it was given and answers as told."""

    answer: Callable[[Arrival], Answer | Awaitable[Answer]] | None = None
    arrivals: list[Arrival] = field(default_factory=list)
    contents: list[bytes] = field(default_factory=list)
    heard: list[bool] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, arrival: Arrival) -> Answer:
        self.arrivals.append(arrival)
        self.contents.append(arrival.content.read(0, arrival.content.octets))
        self._tell()
        try:
            if self.answer is None:
                return self.say(*[OK] * (len(arrival.envelope.recipients) if "LMTP" in arrival.protocol else 1))
            answer = self.answer(arrival)
            return answer if isinstance(answer, Answer) else await answer
        finally:
            arrival.content.close()

    def say(self, *replies: Reply) -> Answer:
        return Answer(replies, self._confirm)

    def _confirm(self, heard: bool) -> None:
        self.heard.append(heard)
        self._tell()

    def _tell(self) -> None:
        self.changed.set()

    async def until(self, ready: Callable[[], object]) -> None:
        async with asyncio.timeout(60):
            while not ready():
                self.changed.clear()
                await self.changed.wait()


async def happens(what: Callable[[], object]) -> None:
    """Let the loop run until it is so."""
    async with asyncio.timeout(60):
        while not what():  # noqa: ASYNC110 - nobody tells of it but the loop itself
            await asyncio.sleep(0)


class Client:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def talk(self, dialogue: str) -> None:
        for line in filter(None, (line.strip() for line in dialogue.splitlines())):
            who, text = line[:2], line[3:]
            if who == "C:":
                self.send(text.encode() + b"\r\n")
            else:
                reply = await self.reply()
                assert reply[-1].startswith(text), f"expected {text!r}, heard {reply!r}"

    def send(self, octets: bytes) -> None:
        self.writer.write(octets)

    async def reply(self) -> list[str]:
        lines = []
        async with asyncio.timeout(60):
            while True:
                line = await self.reader.readline()
                assert line.endswith(b"\r\n"), f"{line!r} after {lines}"
                lines.append(line.decode("ascii").rstrip("\r\n"))
                if line[3:4] != b"-":
                    return lines

    async def is_closed(self) -> bool:
        async with asyncio.timeout(60):
            try:
                return await self.reader.read(1) == b""
            except ConnectionError:
                return True

    async def starttls(self, context: ssl.SSLContext) -> None:
        await self.talk("C: STARTTLS\nS: 220")
        await self.writer.start_tls(context, server_hostname="localhost")

    async def close(self) -> None:
        self.writer.close()
        try:
            await self.writer.wait_closed()
        except (OSError, ssl.SSLError):
            return

    def reset(self) -> None:
        """Leave without a word: RST instead of FIN."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.writer.transport.abort()


@dataclass
class Running:
    server: Server
    port: int
    deliveries: Deliveries
    log: StringIO
    clients: list[Client] = field(default_factory=list)

    async def connect(self, *, hello: str | None = None) -> Client:
        client = Client(*await asyncio.open_connection("127.0.0.1", self.port))
        self.clients.append(client)
        if hello is not None:
            await client.talk(f"S: 220\nC: {hello}\nS: 250")
        return client


@asynccontextmanager
async def serving(
    deliveries: Deliveries | None = None,
    *,
    context: ssl.SSLContext | None = None,
    clock: Any = None,
    limits: Limits | None = None,
    spool: Any = None,
    ids: Callable[[], str] | None = None,
    **settings: Any,
) -> AsyncIterator[Running]:
    deliveries = deliveries or Deliveries()
    sock = socket.create_server(("127.0.0.1", 0))
    sock.setblocking(False)
    log = StringIO()
    with TemporaryDirectory() as folder:
        server = await listen(
            Listener(address="127.0.0.1:0", **settings),
            "test",
            sock,
            hostname="gw.example",
            deliver=deliveries,
            spool=spool or Spool(Path(folder)),
            ids=ids or iter(f"id{number}" for number in range(100_000)).__next__,
            clock=clock or SystemClock(),
            tls=context,
            limits=limits or Limits(),
            log=Log(log),
            stamp_key=KEY,
        )
        running = Running(server, sock.getsockname()[1], deliveries, log)
        try:
            yield running
        finally:
            for client in running.clients:
                await client.close()
            assert await server.drain(10), "a session or a delivery did not end"
            assert not sock.fileno() > 0, "the socket is still open"


ENVELOPE = """
    C: MAIL FROM:<a@ours.example>
    S: 250 2.1.0
    C: RCPT TO:<b@theirs.example>
    S: 250 2.1.5
"""
MESSAGE = b"Subject: x\r\n\r\nhello\r\n"
