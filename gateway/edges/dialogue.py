"""One client connection to a next hop: octets out, replies in, counted rather than awaited one by one (RFC 5321, RFC 2920).

An asyncio Protocol and no streams: a whole pipelined group costs one wake-up. Everything a hop can say becomes a Reply or a Broken.
Not here: which commands to send (relay.py), how a connection is opened (connections.py).
"""

from __future__ import annotations

import asyncio
import math
import re
import ssl
from collections import deque
from functools import lru_cache
from typing import cast

from gateway.model.outcome import Reply

MAX_REPLY_OCTETS = 65_536  # of one reply, all its lines; more is no SMTP server
MAX_UNASKED = 16  # replies that nobody waits for, kept to be reported; more is no SMTP server
MAX_TEXT = 400  # octets of a reply that we pass on (model.outcome.Reply)
_LINE = re.compile(rb"([2-5]\d\d)(?:([ -])(.*))?", re.DOTALL)
_STATUS = re.compile(r"([245])\.\d{1,3}\.\d{1,3}(?:[ \t]+|$)")
_UNPRINTABLE = re.compile(r"[^ -~]")
_CLOSED = "the next hop closed the connection"


class Broken(Exception):
    """The dialogue cannot go on: closed, timed out, or not SMTP."""

    def __init__(
        self, why: str, got: tuple[Reply, ...] = (), early: Reply | None = None, *, hung: bool = False, late: bool = False
    ) -> None:
        super().__init__(why)
        self.why = why
        self.got = got  # of the replies that were awaited, those that came before the end, in order
        self.early = early  # a reply that came when it was our turn to speak
        self.hung = hung  # the hop is still there, but silent
        self.late = late  # our own deadline has passed


def plain(text: str) -> str:
    """What may stand in a reply of ours: printable ASCII on one line, not too long."""
    return _UNPRINTABLE.sub("?", text[:MAX_TEXT])


class Dialogue(asyncio.Protocol):
    """One connection. Every wait is bounded by `limit`."""

    def __init__(self) -> None:
        self.extensions: dict[str, str] = {}  # EHLO keywords, upper-case, with their parameters
        self.encrypted = False
        self.used = 0  # messages carried
        self.unclean = False  # a transaction is open: RSET before the next
        self.idle_since = 0.0  # loop time
        self._loop = asyncio.get_running_loop()
        self.gone = self._loop.create_future()  # done when nothing of the connection is left
        self._transport: asyncio.Transport | None = None
        self._input = b""  # the start of a line that has not ended
        self._lines: list[bytes] = []  # of a reply that has not ended
        self._last_lines: list[bytes] = []  # of the latest reply: EHLO keywords stand one on a line
        self._reply_octets = 0  # of a reply that has not ended
        self._replies: deque[Reply] = deque()
        self._wanted = 0
        self._waiter: asyncio.Future[None] | None = None
        self._drained: asyncio.Future[None] | None = None
        self._paused = False
        self._leaving = False  # it said 421
        self._hushed = ""  # why nothing more is said
        self._deadline = math.inf
        self._each_seconds = math.inf
        self._until = math.inf  # when the wait that goes on now ends
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = math.inf
        self._broken: Broken | None = None

    # --- asyncio.Protocol ---------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one, but does not say so
        # What has been drained is in the kernel's hands: one chunk in memory, and we know whether the final dot has left.
        # Not 0: for asyncio's TLS an empty buffer would then count as full.
        self._transport.set_write_buffer_limits(high=1, low=0)

    def data_received(self, data: bytes) -> None:
        if self._broken is not None:
            return
        *lines, self._input = (self._input + data).split(b"\n")
        for line in lines:
            if not self._take(line):
                return
        if self._reply_octets + len(self._input) > MAX_REPLY_OCTETS or len(self._replies) > self._wanted + MAX_UNASKED:
            self._replies.clear()  # nothing of it can be trusted
            self.abort("the next hop talks without end")
        elif self._waiter is not None:
            if len(self._replies) >= self._wanted and not self._waiter.done():
                self._waiter.set_result(None)
        elif self._replies and self._drained is not None and not self._drained.done():
            self._drained.set_result(None)  # it has spoken before the content was whole: stop waiting for it to read on

    def eof_received(self) -> bool:
        # A half-closed hop can still read, but it can never answer: for us it is gone.
        self.abort(_CLOSED)
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self.abort(f"the connection was lost ({type(exc).__name__})" if exc else _CLOSED)
        if not self.gone.done():
            self.gone.set_result(None)

    def pause_writing(self) -> None:
        self._paused = True
        self._drained = self._loop.create_future()

    def resume_writing(self) -> None:
        self._paused = False
        if self._drained is not None and not self._drained.done():
            self._drained.set_result(None)

    # --- saying and hearing -------------------------------------------------------------------------------------------

    @property
    def usable(self) -> bool:
        """Whether a new transaction may begin: open, staying, and nothing said out of turn."""
        return not (self._broken or self._leaving or self._replies or self._input or self._lines or self._transport is None)

    def limit(self, deadline: float, each_seconds: float) -> None:
        """From now on each wait ends after `each_seconds`, and all of them at `deadline` (loop time), past which nothing is said."""
        self._deadline = deadline
        self._each_seconds = each_seconds

    def say(self, data: bytes) -> None:
        """Write.

        Raises:
            Broken: the connection is gone, the deadline has passed, it was hushed, or the hop has spoken when it was our turn.
        """
        if self._broken is None and self._replies:
            self.abort("the next hop spoke out of turn")
        if self._broken is None and self._hushed:
            self.abort(self._hushed)
        if self._broken is None and self._loop.time() >= self._deadline:
            self._break(Broken("no time is left", late=True))
        if self._broken is not None or self._transport is None:
            raise self._failure(early=True)
        self._transport.write(data)

    async def drain(self) -> None:
        """Wait until all that was said has left; at once when it has.

        Raises:
            Broken: the end or a reply came first; some of it has never left.
        """
        if self._paused and self._drained is not None and self._broken is None and not self._replies:
            self._arm()
            await self._drained
        if self._paused:
            self.abort("the next hop spoke out of turn")
            raise self._failure(early=True)

    async def replies(self, count: int) -> list[Reply]:
        """The next `count` replies, in order.

        Raises:
            Broken: fewer came before the end or the time; it has them.
        """
        if len(self._replies) < count and self._broken is None:
            self._wanted = count
            self._waiter = self._loop.create_future()
            self._arm()
            try:
                await self._waiter
            finally:
                self._waiter = None
                self._wanted = 0
        if len(self._replies) < count:
            raise self._failure()
        return [self._replies.popleft() for _ in range(count)]

    async def command(self, line: str) -> Reply:
        self.say(line.encode("utf-8") + b"\r\n")
        return (await self.replies(1))[0]

    # --- the session --------------------------------------------------------------------------------------------------

    async def greet(self, verb: str, hostname: str) -> Reply:
        """EHLO or LHLO; fills `extensions`."""
        self.extensions = {}
        reply = await self.command(f"{verb} {hostname}")
        if reply.is_success:
            rows = (row.decode("ascii", "replace").split(None, 1) for row in self._last_lines[1:])
            self.extensions = {row[0].upper(): row[1].strip() if len(row) > 1 else "" for row in rows if row}
        return reply

    async def start_tls(self, context: ssl.SSLContext, name: str, timeout_seconds: float) -> None:
        """After the 220 to STARTTLS.

        Raises:
            Broken: octets came behind the 220 in clear (response injection), or the handshake failed.
        """
        transport = self._transport
        if not self.usable or transport is None:
            self.abort("the next hop spoke between STARTTLS and TLS")
            raise self._failure()
        try:
            secured = await self._loop.start_tls(
                transport, self, context, server_hostname=name, ssl_handshake_timeout=max(timeout_seconds, 0.01)
            )
        except OSError as error:  # ssl.SSLError and TimeoutError too
            self.abort("TLS failed")
            why = getattr(error, "verify_message", None) or getattr(error, "reason", None) or type(error).__name__
            raise Broken(f"TLS failed: {why}") from error
        if secured is None or self._broken is not None:
            self.abort("TLS failed: the connection was lost")
            raise self._failure()
        self.connection_made(secured)
        self.encrypted = True

    def hush(self, why: str) -> None:
        """Say nothing more. What has not all left never will; what has left may still be answered."""
        if self._paused or self._waiter is not None:
            self.abort(why)
        else:
            self._hushed = why  # whoever speaks next is told

    def abort(self, why: str) -> None:
        """Close at once, without a word; what has not left is thrown away."""
        self._break(Broken(why))

    def quit(self) -> None:
        """Close in order: QUIT without waiting for its answer (RFC 5321 section 4.1.1.10 lets the server answer; we need not hear it)."""
        if self.usable and self._transport is not None and not self._paused:
            self._transport.write(b"QUIT\r\n")
            self._transport.close()
        self.abort("closed")

    def cut(self) -> None:
        """End a `quit` that the hop does not take notice of."""
        if self._transport is not None:
            self._transport.abort()

    # --- private ------------------------------------------------------------------------------------------------------

    def _take(self, line: bytes) -> bool:
        """One line of a reply; False when the dialogue is over."""
        if line[3:4] == b" " and len(line) < MAX_TEXT and not self._lines and (whole := _one_line(line)) is not None:
            self._last_lines = []  # nobody asks for those of a reply with one line only
            self._leaving = self._leaving or whole.code == 421
            self._replies.append(whole)
            return True
        match = _LINE.fullmatch(line[:-1] if line[-1:] == b"\r" else line)
        self._reply_octets += len(line)
        if match is None or self._reply_octets > MAX_REPLY_OCTETS:
            self.abort("the next hop does not speak SMTP")
            return False
        code, separator, text = match.groups()
        self._lines.append(text or b"")
        if separator == b"-":
            return True
        self._last_lines, self._lines, self._reply_octets = self._lines, [], 0
        self._leaving = self._leaving or code == b"421"
        self._replies.append(_reply(int(code), b"\n".join(self._last_lines)[: 2 * MAX_TEXT]))
        return True

    def _arm(self) -> None:
        """A wait begins. The timer is moved only when it would come too late: in steady traffic it is never touched."""
        self._until = min(self._deadline, self._loop.time() + self._each_seconds)
        if self._timer is None or self._until < self._timer_at:
            self._start_timer()

    def _start_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at = self._until
        self._timer = self._loop.call_at(self._until, self._ring)

    def _ring(self) -> None:
        self._timer = None
        if self._waiter is None and (self._drained is None or self._drained.done()):
            return  # nothing is waited for: at rest in the pool
        if self._until > self._timer_at:
            self._start_timer()
        else:
            self._break(Broken("no answer in time", hung=True, late=self._until == self._deadline))

    def _failure(self, *, early: bool = False) -> Broken:
        """Why it cannot go on, with the replies nobody has seen: awaited ones, or `early` ones."""
        broken = self._broken or Broken("not connected")
        unseen = tuple(self._replies)
        self._replies.clear()
        first = unseen[0] if early and unseen else None
        return Broken(broken.why, () if early else unseen, first, hung=broken.hung, late=broken.late)

    def _break(self, broken: Broken) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._broken is None:
            self._broken = broken
        for future in (self._waiter, self._drained):
            if future is not None and not future.done():
                future.set_result(None)
        if self._transport is not None and not self._transport.is_closing():
            self._transport.abort()


@lru_cache(maxsize=256)  # most replies of a hop are the same few
def _one_line(line: bytes) -> Reply | None:
    """A reply that is one line; None when it is none."""
    match = _LINE.fullmatch(line[:-1] if line[-1:] == b"\r" else line)
    return _reply(int(match[1]), match[3] or b"") if match is not None else None


def _reply(code: int, octets: bytes) -> Reply:
    """A status of another class than the code is text: a client of ours would not know which of the two to believe."""
    lines = octets.decode("latin-1").split("\n")
    match = _STATUS.match(lines[0])
    if match is None or match[1] != str(code)[0]:
        return Reply(code, f"{code // 100}.0.0", plain(" ".join(lines)))
    status = match[0].rstrip()
    return Reply(code, status, plain(" ".join(f"{line} ".removeprefix(f"{status} ").strip() for line in lines)))
