"""A next hop reached by SMTP or LMTP: pooled, pipelined, streaming, each recipient's reply kept.

Standards: RFC 5321, RFC 2920 (PIPELINING), RFC 1870 (SIZE), RFC 6152 (8BITMIME), RFC 6531 (SMTPUTF8), RFC 3461 (DSN), RFC 3207 (STARTTLS),
RFC 2033 (LMTP). The decided recipient and the sent recipient are the same octets: addresses are never parsed again here.
Not here: retries (the upstream's queue has them), conversion of 8-bit content (such a copy is refused with 5.6.3).
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from gateway.config import Hop
from gateway.edges.dialogue import Broken, Dialogue
from gateway.model.envelope import Recipient
from gateway.model.outcome import Copy, Reply
from gateway.ports import Handed

CHUNK = 256 * 1024
IDLE_SECONDS = 30.0  # an unused connection is closed after this
MAX_USES = 1000  # messages on one connection
_METHOD_CANNOT = frozenset({"5.2.3", "5.3.4", "5.7.10", "5.7.11", "5.7.30"})  # size and security: another route may serve
_OPENING = Reply(451, "4.4.1", "the next hop cannot be reached")


@dataclass(frozen=True, slots=True)
class _Idle:
    dialogue: Dialogue
    since: float


class _Refused(Exception):
    """The whole copy is answered by one reply before any recipient was asked."""

    def __init__(self, reply: Reply, *, unusable: bool = False) -> None:
        super().__init__(str(reply))
        self.reply = reply
        self.unusable = unusable


class Relay:
    """ports.NextHop over SMTP or LMTP. One for each [next_hop.NAME] with a host, in each process."""

    def __init__(self, name: str, settings: Hop, hostname: str) -> None:
        self._name = name
        self._settings = settings
        self._hostname = hostname
        self._idle: deque[_Idle] = deque()
        self._slots = asyncio.Semaphore(settings.connections)
        self._tls = _context(settings)

    async def hand_over(self, copy: Copy, deadline: float) -> tuple[Handed, ...]:
        """See ports.NextHop."""
        loop = asyncio.get_running_loop()
        try:
            async with self._slot(deadline):
                return await self._with_connection(copy, deadline)
        except _Refused as refused:
            return _all(copy, refused.reply, unusable=refused.unusable)
        except TimeoutError:
            return _all(copy, _OPENING)
        except Broken as broken:
            return _all(copy, Reply(451, "4.4.1" if loop.time() >= deadline else "4.4.2", f"next hop {self._name}: {broken.why}"))

    async def close(self) -> None:
        """Say QUIT on idle connections."""
        while self._idle:
            self._idle.pop().dialogue.quit()

    # --- connections --------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def _slot(self, deadline: float) -> AsyncIterator[None]:
        if self._slots.locked():
            async with asyncio.timeout_at(deadline):
                await self._slots.acquire()
        else:
            await self._slots.acquire()
        try:
            yield
        finally:
            self._slots.release()

    async def _with_connection(self, copy: Copy, deadline: float) -> tuple[Handed, ...]:
        dialogue = self._take_idle()
        if dialogue is not None:
            try:
                return await self._send(dialogue, copy, deadline)
            except _Stale:
                pass  # closed while it waited in the pool: nothing was said yet, so a new connection may say it
        try:
            return await self._send(await self._connect(deadline), copy, deadline)
        except _Stale as stale:
            raise Broken(stale.why) from stale

    def _take_idle(self) -> Dialogue | None:
        now = asyncio.get_running_loop().time()
        while self._idle:
            idle = self._idle.pop()
            if idle.dialogue.usable and now - idle.since < IDLE_SECONDS:
                return idle.dialogue
            idle.dialogue.quit()
        return None

    def _give_back(self, dialogue: Dialogue) -> None:
        dialogue.used += 1
        dialogue.idle()
        now = asyncio.get_running_loop().time()
        while self._idle and now - self._idle[0].since >= IDLE_SECONDS:
            self._idle.popleft().dialogue.quit()
        if dialogue.usable and dialogue.used < MAX_USES:
            self._idle.append(_Idle(dialogue, now))
        else:
            dialogue.quit()

    async def _connect(self, deadline: float, *, clear: bool = False) -> Dialogue:
        """A greeted connection, encrypted as the settings demand."""
        loop = asyncio.get_running_loop()
        settings = self._settings
        try:
            async with asyncio.timeout_at(min(deadline, loop.time() + settings.connect_timeout)):
                _, dialogue = await loop.create_connection(Dialogue, settings.host, settings.port)
        except (OSError, TimeoutError) as error:
            raise _Refused(Reply(451, "4.4.1", f"next hop {self._name}: cannot connect ({_why(error)})")) from error
        try:
            await self._greet(dialogue, deadline, clear=clear)
        except _NoTls as failure:
            dialogue.abort("TLS failed")
            if settings.tls == "opportunistic" and not clear:
                return await self._connect(deadline, clear=True)  # RFC 7435: some protection where possible, mail where not
            raise _Refused(Reply(451, "4.7.5", f"next hop {self._name}: no verified TLS ({failure.why})"), unusable=True) from failure
        except BaseException:
            dialogue.abort("no greeting")
            raise
        return dialogue

    async def _greet(self, dialogue: Dialogue, deadline: float, *, clear: bool) -> None:
        settings = self._settings
        self._watch(dialogue, deadline)
        (banner,) = await dialogue.replies(1)
        _expect(banner, 220, self._name)
        verb = "LHLO" if settings.protocol == "lmtp" else "EHLO"
        reply = await dialogue.greet(verb, self._hostname)
        if not reply.is_success and settings.protocol == "smtp" and reply.code in (500, 501, 502, 504):
            _expect(await dialogue.command(f"HELO {self._hostname}"), 250, self._name)
        else:
            _expect(reply, 250, self._name)
        if settings.tls == "none" or clear:
            return
        if "STARTTLS" not in dialogue.extensions:
            if settings.tls == "verified":
                raise _NoTls("STARTTLS is not offered")
            return
        await self._encrypt(dialogue, deadline)
        _expect(await dialogue.greet(verb, self._hostname), 250, self._name)

    async def _encrypt(self, dialogue: Dialogue, deadline: float) -> None:
        settings = self._settings
        assert self._tls is not None  # noqa: S101 - tls is not "none" here
        reply = await dialogue.command("STARTTLS")
        if reply.code != 220:
            raise _NoTls(f"STARTTLS was answered {reply.code}")
        left = min(deadline - asyncio.get_running_loop().time(), settings.connect_timeout)
        try:
            await dialogue.start_tls(self._tls, settings.tls_name or settings.host, left)
        except Broken as broken:
            raise _NoTls(broken.why) from broken

    def _watch(self, dialogue: Dialogue, deadline: float) -> None:
        dialogue.watch(min(deadline, asyncio.get_running_loop().time() + self._settings.reply_timeout))

    # --- one message --------------------------------------------------------------------------------------------------

    async def _send(self, dialogue: Dialogue, copy: Copy, deadline: float) -> tuple[Handed, ...]:
        """The whole transaction on one connection, which goes back into the pool or is closed."""
        try:
            handed = await self._transaction(dialogue, copy, deadline)
        except _Refused:
            self._give_back(dialogue)  # refused by what EHLO announced: nothing was said
            raise
        except BaseException:
            dialogue.abort("the transaction was broken off")
            raise
        self._give_back(dialogue)
        return handed

    async def _transaction(self, dialogue: Dialogue, copy: Copy, deadline: float) -> tuple[Handed, ...]:
        mail = _mail_command(copy, dialogue.extensions)
        rcpts = [_rcpt_command(recipient, dialogue.extensions) for recipient in copy.recipients]
        self._watch(dialogue, deadline)
        try:
            first, answers, go = await self._envelope(dialogue, mail, rcpts)
        except Broken as broken:
            if dialogue.used and broken.early is None:
                raise _Stale(broken.why) from broken
            raise
        if first.code == 421 and dialogue.used:
            raise _Stale("421 on a pooled connection")
        if not first.is_success:
            await self._reset(dialogue, go)
            return _all(copy, _temporary_unless(first), unusable=_cannot(first))
        accepted = [answer.is_success for answer in answers]
        if not any(accepted) or go.code != 354:
            await self._reset(dialogue, go)
            refused = go if any(accepted) else None
            return tuple(
                _handed(recipient, refused if answer.is_success and refused else answer)
                for recipient, answer in zip(copy.recipients, answers, strict=True)
            )
        finals = await self._content(dialogue, copy, sum(accepted), deadline)
        replies = iter(finals)
        return tuple(
            next(replies)(recipient) if answer.is_success else _handed(recipient, answer)
            for recipient, answer in zip(copy.recipients, answers, strict=True)
        )

    async def _envelope(self, dialogue: Dialogue, mail: bytes, rcpts: list[bytes]) -> tuple[Reply, list[Reply], Reply]:
        """MAIL, RCPT and DATA; the replies to each. Pipelined where the hop says so (RFC 2920), else one by one."""
        if "PIPELINING" in dialogue.extensions:
            dialogue.write(b"".join((mail, *rcpts, b"DATA\r\n")))
            first, *answers, go = await dialogue.replies(len(rcpts) + 2)
            return first, answers, go
        dialogue.write(mail)
        (first,) = await dialogue.replies(1)
        if not first.is_success:
            return first, [first] * len(rcpts), first
        answers = []
        for rcpt in rcpts:
            dialogue.write(rcpt)
            answers += await dialogue.replies(1)
        if not any(answer.is_success for answer in answers):
            return first, answers, answers[0]
        dialogue.write(b"DATA\r\n")
        (go,) = await dialogue.replies(1)
        return first, answers, go

    async def _reset(self, dialogue: Dialogue, go: Reply) -> None:
        """Leave the connection clean. A hop that said 354 without a recipient gets an empty message, which it must refuse (RFC 2920 3.1)."""
        if go.code == 354:
            dialogue.write(b".\r\n")
            await dialogue.replies(1)
        if dialogue.usable:
            await dialogue.command("RSET")

    async def _content(self, dialogue: Dialogue, copy: Copy, accepted: int, deadline: float) -> list[_Final]:
        """Content and final dot; one maker of a Handed for each accepted recipient."""
        lmtp = self._settings.protocol == "lmtp"
        try:
            await _stream(dialogue, copy)
        except Broken as broken:
            reply = (
                broken.early
                if broken.early is not None and not broken.early.is_success
                else Reply(451, "4.4.2", f"next hop {self._name}: {broken.why}")
            )
            dialogue.abort("the content was interrupted")
            return [_Final(reply)] * accepted
        # From here on the hop may have the message: waiting out the answer is worth more than the deadline.
        dialogue.watch(max(deadline, asyncio.get_running_loop().time() + self._settings.data_timeout))
        finals: list[_Final] = []
        try:
            for _ in range(accepted if lmtp else 1):
                finals += [_Final(reply) for reply in await dialogue.replies(1)]
        except Broken as broken:
            lost = _Final(Reply(451, "4.4.2", f"next hop {self._name}: {broken.why} after the message was sent"), certain=False)
            finals += [lost] * ((accepted if lmtp else 1) - len(finals))
        return finals if lmtp else finals * accepted


@dataclass(frozen=True, slots=True)
class _Final:
    reply: Reply
    certain: bool = True

    def __call__(self, recipient: Recipient) -> Handed:
        return _handed(recipient, self.reply, certain=self.certain)


class _Stale(Exception):
    """A pooled connection was already dead."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class _NoTls(Exception):
    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


async def _stream(dialogue: Dialogue, copy: Copy) -> None:
    """Head, content without the omitted ranges, final dot; dots doubled at line starts (RFC 5321 section 4.5.2).

    The last chunk waits for the final dot: a small message leaves in one write.
    """
    waiting, at_line_start = b"", True
    for chunk in _chunks(copy):
        if waiting:
            dialogue.write(waiting)
            await dialogue.drain()
            if dialogue.interrupted:
                raise Broken("the next hop broke the content off", dialogue.early())
        waiting = chunk
        # base64 has no dots: one memchr saves the search in almost every chunk of an attachment
        if b"." in chunk:
            waiting = chunk.replace(b"\n.", b"\n..")  # the content has no bare line ends: listen has seen to it
            if at_line_start and chunk[:1] == b".":
                waiting = b"." + waiting
        at_line_start = chunk[-1:] == b"\n"
    dialogue.write(waiting + (b".\r\n" if at_line_start else b"\r\n.\r\n"))


def _chunks(copy: Copy) -> Iterator[bytes]:
    head = copy.head
    for start, end in _kept(copy):
        for position in range(start, end, CHUNK):
            yield head + copy.content.read(position, min(position + CHUNK, end))
            head = b""
    if head:
        yield head


def _kept(copy: Copy) -> list[tuple[int, int]]:
    """The ranges of the content that are sent."""
    kept, at = [], 0
    for start, end in copy.omit:
        if start > at:
            kept.append((at, start))
        at = end
    if at < copy.content.octets:
        kept.append((at, copy.content.octets))
    return kept


def _mail_command(copy: Copy, extensions: dict[str, str]) -> bytes:
    size = len(copy.head) + copy.content.octets
    words = [f"MAIL FROM:<{copy.reverse_path}>"]
    if "SIZE" in extensions:
        limit = extensions["SIZE"]
        if limit.isdigit() and 0 < int(limit) < size:
            raise _Refused(Reply(552, "5.3.4", f"the next hop takes {limit} octets, the message has {size}"), unusable=True)
        words.append(f"SIZE={size}")
    if copy.eight_bit:
        if "8BITMIME" not in extensions:
            raise _Refused(Reply(554, "5.6.3", "the next hop does not take 8-bit content"))
        words.append("BODY=8BITMIME")
    if copy.smtputf8:
        if "SMTPUTF8" not in extensions:
            raise _Refused(Reply(550, "5.6.7", "the next hop does not take internationalised addresses"))
        words.append("SMTPUTF8")
    if "DSN" in extensions:
        words += [f"RET={copy.ret}"] if copy.ret else []
        words += [f"ENVID={copy.envid}"] if copy.envid else []
    return " ".join(words).encode("utf-8") + b"\r\n"


def _rcpt_command(recipient: Recipient, extensions: dict[str, str]) -> bytes:
    words = [f"RCPT TO:<{recipient.address.wire}>"]
    if "DSN" in extensions:
        words += [f"NOTIFY={','.join(sorted(recipient.notify))}"] if recipient.notify else []
        words += [f"ORCPT={recipient.orcpt}"] if recipient.orcpt else []
    return " ".join(words).encode("utf-8") + b"\r\n"


def _context(settings: Hop) -> ssl.SSLContext | None:
    if settings.tls == "none":
        return None
    context = ssl.create_default_context(cafile=str(settings.ca) if settings.ca else None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if settings.tls == "opportunistic":
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if settings.cert is not None:
        context.load_cert_chain(settings.cert, settings.key)
    return context


def _expect(reply: Reply, code: int, name: str) -> None:
    if reply.code != code:
        raise _Refused(_temporary_unless(reply) if reply.is_permanent else Reply(451, "4.4.2", f"next hop {name} answered {reply.code}"))


def _temporary_unless(reply: Reply) -> Reply:
    """A reply about the whole session or sender, as the recipients hear it. 3yz and other nonsense become temporary."""
    return reply if reply.code >= 400 else Reply(451, "4.5.0", "the next hop answered out of turn")


def _handed(recipient: Recipient, reply: Reply, *, certain: bool = True) -> Handed:
    return Handed(recipient, reply if reply.is_success else _temporary_unless(reply), certain, unusable=_cannot(reply))


def _cannot(reply: Reply) -> bool:
    return reply.is_permanent and (reply.status in _METHOD_CANNOT or reply.code in (523, 552))


def _all(copy: Copy, reply: Reply, *, unusable: bool = False) -> tuple[Handed, ...]:
    return tuple(Handed(recipient, reply, unusable=unusable) for recipient in copy.recipients)


def _why(error: BaseException) -> str:
    return "no answer in time" if isinstance(error, TimeoutError) else getattr(error, "strerror", None) or type(error).__name__
