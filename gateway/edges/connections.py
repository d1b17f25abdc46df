"""Connections to one next hop: opened, greeted, encrypted as the settings demand, kept for the next message, closed when idle.

Standards: RFC 5321 section 4.1.1.1 (EHLO), RFC 2033 (LHLO), RFC 3207 (STARTTLS), RFC 7435 (opportunistic security).
What goes wrong before MAIL is about the session and not about a message: it is always temporary, and the mail waits upstream.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque

from gateway.config import Hop
from gateway.edges.dialogue import Broken, Dialogue, plain
from gateway.edges.outgoing import Refused
from gateway.errors import BadConfig, Problem
from gateway.model.outcome import Reply

IDLE_SECONDS = 30.0  # an unused connection is closed after this
GOODBYE_SECONDS = 1.0  # for the end of TLS, when the service stops
MAX_USES = 1000  # messages on one connection


class Connections:
    """The pool of one [next_hop.NAME] in this process. How many there may be at once is relay.py's business."""

    def __init__(self, name: str, settings: Hop, hostname: str, *, idle_seconds: float = IDLE_SECONDS) -> None:
        self._idle_seconds = idle_seconds
        self._name = name
        self._settings = settings
        self._hostname = hostname
        self._tls = _context(name, settings)
        self._idle: deque[Dialogue] = deque()  # the longest unused at the left
        self._sweeper: asyncio.TimerHandle | None = None
        self._closed = False

    def take(self) -> Dialogue | None:
        """The connection used last, if it still seems to live."""
        while self._idle:
            dialogue = self._idle.pop()
            if dialogue.usable:
                return dialogue
            dialogue.quit()
        return None

    def give_back(self, dialogue: Dialogue) -> None:
        """After a transaction: for the next one, or closed."""
        dialogue.used += 1
        if self._closed or not dialogue.usable or dialogue.used >= MAX_USES:
            dialogue.quit()
            return
        loop = asyncio.get_running_loop()
        dialogue.idle_since = loop.time()
        self._idle.append(dialogue)
        if self._sweeper is None:
            self._sweeper = loop.call_later(self._idle_seconds, self._sweep)

    async def close(self) -> None:
        """Say QUIT on idle connections; those in use follow when they come back."""
        self._closed = True
        if self._sweeper is not None:
            self._sweeper.cancel()
            self._sweeper = None
        leaving, self._idle = self._idle, deque()
        for dialogue in leaving:
            dialogue.quit()
        if leaving:
            await asyncio.wait([dialogue.gone for dialogue in leaving], timeout=GOODBYE_SECONDS)
        for dialogue in leaving:
            if not dialogue.gone.done():
                dialogue.cut()

    async def open(self, deadline: float, *, clear: bool = False) -> Dialogue:
        """A greeted connection.

        Raises:
            Refused: there is none to be had; Broken: it was lost while being greeted. Nothing was said of any message.
        """
        settings, loop = self._settings, asyncio.get_running_loop()
        try:
            async with asyncio.timeout_at(min(deadline, loop.time() + settings.connect_timeout)):
                _, dialogue = await loop.create_connection(Dialogue, settings.host, settings.port)
        except (OSError, UnicodeError) as error:  # TimeoutError too; UnicodeError: a host name no resolver takes
            raise Refused(self._later("4.4.1", f"cannot connect ({_why(error)})")) from error
        dialogue.limit(deadline, settings.reply_timeout)
        try:
            await self._greet(dialogue, deadline, clear=clear)
        except _NoTls as failure:
            dialogue.abort("TLS failed")
            if settings.tls == "opportunistic" and not clear:
                return await self.open(deadline, clear=True)  # RFC 7435: some protection where possible, mail where not
            raise Refused(self._later("4.7.5", f"no verified TLS ({failure})"), unusable=True) from failure
        except BaseException:
            dialogue.abort("no greeting")
            raise
        return dialogue

    # --- private ------------------------------------------------------------------------------------------------------

    async def _greet(self, dialogue: Dialogue, deadline: float, *, clear: bool) -> None:
        (banner,) = await dialogue.replies(1)
        self._expect(banner, 220)
        await self._say_hello(dialogue)
        if self._tls is None or clear:
            return
        if "STARTTLS" in dialogue.extensions:
            await self._encrypt(dialogue, self._tls, deadline)
        elif self._settings.tls == "verified":
            raise _NoTls("STARTTLS is not offered")

    async def _say_hello(self, dialogue: Dialogue) -> None:
        verb = "LHLO" if self._settings.protocol == "lmtp" else "EHLO"
        reply = await dialogue.greet(verb, self._hostname)
        if verb == "EHLO" and reply.is_permanent:
            reply = await dialogue.command(f"HELO {self._hostname}")  # RFC 5321 section 3.2: a server of before 1995
        self._expect(reply, 250)

    async def _encrypt(self, dialogue: Dialogue, context: ssl.SSLContext, deadline: float) -> None:
        try:
            await self._start_tls(dialogue, context, deadline)
            await self._say_hello(dialogue)  # RFC 3207 section 4.2: what was announced in clear is forgotten
        except Broken as broken:
            if self._settings.tls == "opportunistic" and not broken.late:
                # Also here: under TLS 1.3 a server that refuses our certificate says so only after the handshake.
                raise _NoTls(broken.why) from broken
            raise

    async def _start_tls(self, dialogue: Dialogue, context: ssl.SSLContext, deadline: float) -> None:
        settings = self._settings
        reply = await dialogue.command("STARTTLS")
        if reply.code != 220:
            raise _NoTls(f"STARTTLS was answered {reply.code}")
        left = min(deadline - asyncio.get_running_loop().time(), settings.connect_timeout)
        try:
            await dialogue.start_tls(context, settings.tls_name or settings.host, left)
        except Broken as broken:
            raise _NoTls(broken.why) from broken

    def _expect(self, reply: Reply, code: int) -> None:
        if reply.code != code:
            raise Refused(self._later("4.4.2", f"it answered {reply}"))

    def _later(self, status: str, why: str) -> Reply:
        return Reply(451, status, plain(f"next hop {self._name}: {why}"))

    def _sweep(self) -> None:
        """Close what nobody has used for a while."""
        loop = asyncio.get_running_loop()
        self._sweeper = None
        while self._idle and loop.time() - self._idle[0].idle_since >= self._idle_seconds - 0.01:
            self._idle.popleft().quit()
        if self._idle:
            self._sweeper = loop.call_at(self._idle[0].idle_since + self._idle_seconds, self._sweep)


class _NoTls(Exception):
    """No encryption, or none that can be trusted."""


def _context(name: str, settings: Hop) -> ssl.SSLContext | None:
    if settings.tls == "none":
        return None
    try:
        context = ssl.create_default_context(cafile=str(settings.ca) if settings.ca else None)
        if settings.cert is not None:
            context.load_cert_chain(settings.cert, settings.key)
    except OSError as error:  # ssl.SSLError too
        says = f"next_hop.{name}: `ca`, `cert` or `key` cannot be used: {_why(error)}; each must be a PEM file this service may read"
        raise BadConfig((Problem("outgate.toml", 0, 0, says),)) from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if settings.tls == "opportunistic":
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _why(error: BaseException) -> str:
    return "no answer in time" if isinstance(error, TimeoutError) else getattr(error, "strerror", None) or type(error).__name__
