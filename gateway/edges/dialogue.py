"""One client connection to a next hop: commands out, replies in, pipelined (RFC 5321, RFC 2920). No policy and no pool here.

An asyncio Protocol rather than streams: replies are counted, not awaited one by one, so that a whole pipelined group costs one wake-up.
Not here: which commands to send (relay.py).
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections import deque

from gateway.model.outcome import Reply

_LINE = re.compile(rb"([2-5]\d\d)([ -]|$)(.*)", re.DOTALL)
_STATUS = re.compile(r"([245]\.\d{1,3}\.\d{1,3})(?:\s+|$)")
_DEFAULT_STATUS = {2: "2.0.0", 3: "3.0.0", 4: "4.0.0", 5: "5.0.0"}
MAX_REPLY_OCTETS = 65_536  # of one reply, all its lines; more is no SMTP server
HIGH_WATER = 512 * 1024  # octets buffered before writing waits


class Broken(Exception):
    """The dialogue cannot go on: closed, timed out, or not SMTP. `early` is a reply that came when none was due."""

    def __init__(self, why: str, early: Reply | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.early = early


class Dialogue(asyncio.Protocol):
    """One connection. All waiting is bounded by `watch`."""

    def __init__(self) -> None:
        self.extensions: dict[str, str] = {}  # EHLO keywords, upper-case, with their parameters
        self.encrypted = False
        self.used = 0  # messages carried
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._input = b""
        self._lines: list[bytes] = []
        self._last_lines: list[bytes] = []  # of the latest reply: EHLO keywords stand one on a line
        self._reply_octets = 0
        self._replies: deque[Reply] = deque()
        self._wanted = 0
        self._waiter: asyncio.Future[None] | None = None
        self._drained: asyncio.Future[None] | None = None
        self._paused = False
        self._timer: asyncio.TimerHandle | None = None
        self._broken: str | None = None

    # --- asyncio.Protocol ---------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - TCP only
        self._transport = transport
        transport.set_write_buffer_limits(high=HIGH_WATER)

    def data_received(self, data: bytes) -> None:
        *lines, self._input = (self._input + data).split(b"\n")
        self._reply_octets += len(data)
        if self._reply_octets > MAX_REPLY_OCTETS:
            self.abort("the reply has no end")
            return
        for line in lines:
            self._take(line.rstrip(b"\r"))
        if self._waiter is not None and len(self._replies) >= self._wanted and not self._waiter.done():
            self._waiter.set_result(None)

    def eof_received(self) -> bool:
        # A half-closed hop can still read, but it can never answer: for us it is gone.
        self._break("the next hop closed the connection")
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._break(f"the connection was lost ({type(exc).__name__})" if exc else "the next hop closed the connection")

    def pause_writing(self) -> None:
        self._paused = True
        self._drained = self._loop.create_future()

    def resume_writing(self) -> None:
        self._paused = False
        if self._drained is not None and not self._drained.done():
            self._drained.set_result(None)

    # --- what relay.py uses -------------------------------------------------------------------------------------------

    @property
    def usable(self) -> bool:
        """Whether a new command may be written: open, and nothing said out of turn."""
        return self._broken is None and not self._replies and self._transport is not None and not self._transport.is_closing()

    @property
    def interrupted(self) -> bool:
        """While sending content: the hop has spoken or gone."""
        return self._broken is not None or bool(self._replies)

    def watch(self, at: float) -> None:
        """From now on, waiting ends at `at` (loop time)."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(at, self._break, "no answer in time")

    def write(self, data: bytes) -> None:
        if self._transport is None or self._broken is not None:
            raise Broken(self._broken or "not connected")
        self._transport.write(data)

    async def drain(self) -> None:
        """Wait until the buffer has room; at once when it has."""
        if self._paused and self._drained is not None and self._broken is None:
            await self._drained

    async def replies(self, count: int) -> list[Reply]:
        """The next `count` replies, in order.

        Raises:
            Broken: fewer came before the end or the time.
        """
        if len(self._replies) < count:
            if self._broken is not None:
                raise Broken(self._broken, self.early())
            self._wanted = count
            self._waiter = self._loop.create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        if len(self._replies) < count:
            raise Broken(self._broken or "the next hop closed the connection", self.early())
        self._reply_octets = 0
        return [self._replies.popleft() for _ in range(count)]

    def early(self) -> Reply | None:
        """A reply that came when none was due."""
        return self._replies.popleft() if self._replies else None

    async def command(self, line: str) -> Reply:
        self.write(line.encode("utf-8") + b"\r\n")
        return (await self.replies(1))[0]

    async def greet(self, verb: str, hostname: str) -> Reply:
        """EHLO or LHLO; fills `extensions`."""
        self.extensions = {}
        reply = await self.command(f"{verb} {hostname}")
        if reply.is_success:
            rows = (row.decode("ascii", "replace").split(None, 1) for row in self._last_lines[1:])
            self.extensions = {row[0].upper(): row[1] if len(row) > 1 else "" for row in rows if row}
        return reply

    async def start_tls(self, context: ssl.SSLContext, name: str, timeout_seconds: float) -> None:
        """After the 220 to STARTTLS.

        Raises:
            Broken: octets came behind the 220 in clear (response injection), or the handshake failed.
        """
        if self._input or self._replies or self._transport is None:
            self.abort("the next hop spoke between STARTTLS and TLS")
            raise Broken("the next hop spoke between STARTTLS and TLS")
        try:
            transport = await self._loop.start_tls(
                self._transport, self, context, server_hostname=name, ssl_handshake_timeout=max(timeout_seconds, 0.01)
            )
        except (OSError, ssl.SSLError, TimeoutError) as error:
            self.abort("TLS failed")
            raise Broken(
                f"TLS failed: {getattr(error, 'verify_message', None) or getattr(error, 'reason', None) or type(error).__name__}"
            ) from error
        if transport is None:
            raise Broken("TLS failed: the connection was lost")
        self.connection_made(transport)
        self.encrypted = True

    def idle(self) -> None:
        """Into the pool: nothing is waited for."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._reply_octets = 0

    def abort(self, why: str) -> None:
        """Close at once, without a word; unsent octets are thrown away."""
        self._break(why)

    def quit(self) -> None:
        """Close in order: QUIT without waiting for its answer (RFC 5321 section 4.1.1.10 lets the server answer; we need not hear it)."""
        if self.usable and self._transport is not None:
            self._transport.write(b"QUIT\r\n")
            self._transport.close()
        self._break("closed")

    # --- private ------------------------------------------------------------------------------------------------------

    def _take(self, line: bytes) -> None:
        match = _LINE.fullmatch(line)
        if match is None:
            self.abort("the next hop does not speak SMTP")
            return
        self._lines.append(match[3])
        if match[2] == b"-":
            return
        code = int(match[1])
        text = b" ".join(self._lines).decode("ascii", "replace").replace("\ufffd", "?")
        self._last_lines, self._lines = self._lines, []
        status = _STATUS.match(text)
        self._replies.append(Reply(code, status[1] if status else _DEFAULT_STATUS[code // 100], text[status.end() :] if status else text))

    def _break(self, why: str) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._broken is None:
            self._broken = why
        for future in (self._waiter, self._drained):
            if future is not None and not future.done():
                future.set_result(None)
        if self._transport is not None and not self._transport.is_closing():
            self._transport.abort()
