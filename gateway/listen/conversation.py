"""The line protocol: commands in, replies out, silence and departures noticed. No verb is known here.

This is the one adapter to aiosmtpd 1.4.6, whose SMTP class is our base. It gives the session, the reset points, the names of the verbs and
the task that talks to the client. Our own, because a gateway cannot live with the original: the constructor (it inspects all members for
every connection), the input (a StreamReader of 1001 octets), the command loop (replies without enhanced codes; a bug is 500 with the
exception's text), the timer (re-armed by commands alone), the end of input and a lost connection (they cancel a delivery in the middle).

Standards: RFC 5321 sections 2.3.8 (CRLF only), 4.2 (replies), 4.5.3.2.7 (timeout); RFC 2034; RFC 2920 (replies to a group go out together).
"""

from __future__ import annotations

import asyncio
import logging
from abc import abstractmethod
from collections.abc import Awaitable, Callable
from typing import Any, Protocol, cast

from aiosmtpd.smtp import SMTP

from gateway.listen.parameters import Refused
from gateway.listen.terms import Terms
from gateway.listen.wire import MOST_COMMAND_OCTETS, one_line, parse_command, said
from gateway.model.outcome import Reply

MOST_JUNK = 100  # points: an error costs five, a command that carries no mail one; an accepted message clears them
LINGER_SECONDS = 5.0  # how long we wait for the client to close after our last word

_HIGH = 262_144  # octets of input from which reading pauses
_ERROR_COST = 5

logging.getLogger("mail.log").setLevel(logging.WARNING)  # aiosmtpd logs every command and every line of content


class Receiver(Protocol):
    """Takes the input as it is, instead of the command loop."""

    def feed(self, data: bytes) -> bytes | None:
        """None: more is wanted; else what came after the end."""
        ...


class Conversation(SMTP):
    """One connection."""

    _over_ssl: bool  # of asyncio's StreamReaderProtocol
    _paused: bool  # the same: the transport's buffer is too full
    _connection_lost: bool
    _drain_helper: Callable[[], Awaitable[None]]  # the same: waits while the transport's buffer is too full

    def __init__(self, terms: Terms, loop: asyncio.AbstractEventLoop) -> None:
        asyncio.StreamReaderProtocol.__init__(self, cast(Any, None), None, loop)
        self._set_base(terms, loop)
        self.terms = terms
        self._input = bytearray()
        self._replies: list[bytes] = []
        self._receiver: Receiver | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._is_reading = True
        self._is_eof = False  # the client closed its side, in order
        self._is_lost = False  # the connection is gone
        self._is_over = False  # our last word was said
        self._is_busy = False  # a delivery runs: silence is not the client's
        self._is_stopping = False
        self._unheard: list[Callable[[bool], None]] = []  # whom to tell whether the client heard our answers
        self._heard = loop.time()
        self._junk = 0

    def _set_base(self, terms: Terms, loop: asyncio.AbstractEventLoop) -> None:
        """What aiosmtpd's constructor would set. A test compares the two."""
        self.loop = loop
        self.event_handler: Any = None
        self.data_size_limit = terms.settings.max_message
        self.enable_SMTPUTF8 = True
        self._decode_data = False
        self.hostname = terms.hostname
        self.tls_context = None
        self.require_starttls = None
        self._timeout_duration = terms.settings.idle
        self._timeout_handle = None
        self._tls_handshake_okay = True
        self._tls_protocol = None
        self._original_transport = None
        self.session = None
        self.envelope = None
        self.transport = None
        self._handler_coroutine = None
        self._auth_require_tls = True
        self._proxy_timeout = None
        self._authenticator = None
        self._auth_callback = None
        self._auth_required = False
        self._auth_methods: dict[str, Any] = {}
        self._handle_hooks: dict[str, Any] = {}
        self._ehlo_hook_ver = None
        self._smtp_methods: dict[str, Any] = {}
        self._enforce_call_limit = False

    # --- to be given by the verbs -------------------------------------------------------------------------------------

    @abstractmethod
    def greeting(self) -> str:
        """The first line."""

    @abstractmethod
    async def obey(self, verb: bytes, argument: str) -> None:
        """Carry out one command. May raise Refused."""

    @abstractmethod
    def is_between_messages(self) -> bool:
        """Whether nothing has been begun that should be finished."""

    @abstractmethod
    def bug(self, error: Exception) -> None:
        """Tell the operator."""

    # --- events of the transport --------------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        """From the wire."""
        if self._unheard and self._is_written():
            self.settle(heard=True)
        self._take(data)

    def _take(self, data: bytes) -> None:
        rest: bytes | None = data
        if self._receiver is not None:
            self._heard = self.loop.time()
            rest = self._receiver.feed(data)
            if rest is None:
                return
            self._receiver = None
        if rest and not self._is_over:
            self._input += rest
            if len(self._input) > _HIGH and self._is_reading:
                self._is_reading = False
                self._wire.pause_reading()
        self._wake()

    def eof_received(self) -> bool:
        """The client closed its side. In clear the other side stays open: the reply to what it sent may still be wanted."""
        self._is_eof = True
        if self._unheard and self._is_written():
            self.settle(heard=True)
        self._wake()
        return not self._over_ssl

    def connection_lost(self, error: Exception | None) -> None:
        """Nothing is cancelled: a delivery goes on without its client."""
        if self._is_lost:
            return
        self._is_lost = True
        if self._timeout_handle is not None:
            self._timeout_handle.cancel()
        self.settle(heard=False)
        asyncio.StreamReaderProtocol.connection_lost(self, error)
        self.transport = None
        self._wake()

    def stop(self) -> None:
        """Say 421 as soon as nothing is under way."""
        self._is_stopping = True
        self._wake()

    def give_up(self) -> None:
        """Say 421 now."""
        self.last_word(421, "4.3.2", "This server is being stopped; try again later")
        self._wake()

    @property
    def _wire(self) -> asyncio.Transport:
        return cast(asyncio.Transport, self.transport)

    def _is_written(self) -> bool:
        return not self._replies and self.transport is not None and not self._wire.get_write_buffer_size()

    # --- time ---------------------------------------------------------------------------------------------------------

    def _reset_timeout(self, duration: float | None = None) -> None:
        """One timer a connection, which looks at the clock when it fires; re-arming for each chunk is an assignment."""
        self._heard = self.loop.time()
        if self._timeout_handle is not None:
            self._timeout_handle.cancel()
        self._timeout_handle = self.loop.call_later(self._timeout_duration if duration is None else duration, self._timeout_cb)

    def _timeout_cb(self) -> None:
        if self._is_over:
            self._wire.abort()
            return
        left = self._timeout_duration if self._is_busy else self._heard + self._timeout_duration - self.loop.time()
        if left > 0:
            self._timeout_handle = self.loop.call_later(left, self._timeout_cb)
            return
        self.last_word(421, "4.4.2", "Nothing was heard for too long; closing")
        self._wake()

    # --- the loop -----------------------------------------------------------------------------------------------------

    async def _handle_client(self) -> None:
        try:
            self.write(self.greeting())
            while (line := self._said_already() or await self._line()) is not None:
                await self._command(line)
        except ConnectionError:
            pass  # told by connection_lost
        except Exception as error:  # noqa: BLE001 - a bug ends this session, not the process
            self.bug(error)
            self.last_word(421, "4.3.0", "This server has a problem; try again later")
        await self._leave()

    async def _command(self, line: bytes) -> None:
        try:
            await self.obey(*parse_command(line))
        except Refused as refused:
            self.reply(refused.reply)
            if refused.reply.is_permanent and refused.reply.code not in {552, 553}:  # a bad address is the author's, not the client's
                self.junk(_ERROR_COST)

    def _said_already(self) -> bytes | None:
        """The next command line if it is here."""
        end = -1 if self._is_over or self._must_leave() else self._input.find(b"\n")
        if end < 0:
            return None
        line = bytes(self._input[: end + 1])
        del self._input[: end + 1]
        self._heard = self.loop.time()
        if not self._is_reading:
            self._read_on()
        return line

    async def _line(self) -> bytes | None:
        """The next command line; None when the conversation is over."""
        while not self._is_over:
            line = self._said_already()
            if line is not None:
                return line
            if len(self._input) > MOST_COMMAND_OCTETS:
                # Keep enough to be too long, drop the rest: the end of the line will come or the timer will.
                del self._input[MOST_COMMAND_OCTETS + 1 :]
            if self._is_eof or self._is_lost:
                return None
            if self._must_leave():
                self.last_word(421, "4.3.2", "This server is being stopped; try again later")
                return None
            if self._replies:
                await self.flush()  # and look again, for it may have waited
            else:
                await self._wait()
        return None

    def _must_leave(self) -> bool:
        """Whether no new message may begin, also of a client that has not waited for the answer to the last."""
        return self._is_stopping and self.is_between_messages()

    async def receive(self, receiver: Receiver) -> bool:
        """Hand the input over until the receiver has what it wants. False: the client is gone or fell silent."""
        await self.flush()
        self._receiver = receiver
        waiting = bytes(self._input)
        self._input.clear()
        if waiting:
            self._take(waiting)
        self._read_on()
        while self._wants_more() and not (self._is_eof or self._is_lost or self._is_over):
            await self._wait()
        is_whole = not self._wants_more()
        self._receiver = None
        return is_whole

    def _wants_more(self) -> bool:
        return self._receiver is not None

    async def _wait(self) -> None:
        """Until something happens. Whoever waits looks again at what he waits for."""
        if not self._is_lost:
            self._waiter = self.loop.create_future()
            await self._waiter

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _read_on(self) -> None:
        if not self._is_reading and len(self._input) <= _HIGH // 2 and self.transport is not None:
            self._is_reading = True
            self._wire.resume_reading()

    async def _leave(self) -> None:
        """Close. A client that has not shown that it heard our last reply gets a moment to do so by closing first."""
        self._is_over = True
        if not self._is_lost:
            self._write_out()
            if self._unheard:
                self._reset_timeout(LINGER_SECONDS)
                while not (self._is_eof or self._is_lost):
                    await self._wait()
        if not self._is_lost:
            self._reset_timeout(LINGER_SECONDS)  # for a client that does not read what we still have to send
            self._wire.close()

    # --- whether the client heard us ----------------------------------------------------------------------------------

    def await_hearing(self, confirm: Callable[[bool], None]) -> None:
        """An answer was just written: tell `confirm` once whether the client then sent something or closed in order."""
        self._unheard.append(confirm)
        if self._is_eof or self._is_lost or self._is_over:
            self.settle(heard=False)  # it closed before the answer: whether it read on nobody knows

    def settle(self, *, heard: bool) -> None:
        """Tell it, if there is anything to tell."""
        waiting, self._unheard = self._unheard, []
        for confirm in waiting:
            try:
                confirm(heard)
            except Exception as error:  # noqa: BLE001 - it is not this session's fault
                self.bug(error)

    # --- replies ------------------------------------------------------------------------------------------------------

    def say(self, code: int, status: str, text: str) -> None:
        """One reply of one line."""
        if not self._is_over:
            self._replies.append(said(code, status, text))

    def reply(self, reply: Reply) -> None:
        """One reply of one line, whatever its text is."""
        if not self._is_over:
            self._replies.append(one_line(reply))

    def write(self, text: str) -> None:
        """Whole lines as they are, without the last line end: the greeting, EHLO, 354."""
        if not self._is_over:
            self._replies.append(text.encode("ascii") + b"\r\n")

    def last_word(self, code: int, status: str, text: str) -> None:
        """Say it and end the conversation."""
        if not self._is_over:
            self.say(code, status, text)
            self._is_over = True
            if not self._is_lost:
                self._write_out()
                self._reset_timeout(LINGER_SECONDS)

    def junk(self, points: int = 1) -> None:
        """Note a command that brings no mail nearer."""
        self._junk += points
        if self._junk > MOST_JUNK:
            self.last_word(421, "4.7.0", "Too many errors; closing")

    def clear_junk(self) -> None:
        """A message was accepted."""
        self._junk = 0

    async def flush(self) -> None:
        """Write what has been said; wait while the client does not read. Raises ConnectionError."""
        if self._replies:
            self._write_out()
        if self._paused or self._connection_lost:
            await self._drain_helper()

    def _write_out(self) -> None:
        if self._replies and self.transport is not None:
            self._wire.write(b"".join(self._replies))
            self._replies.clear()
