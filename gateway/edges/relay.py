"""A next hop reached by SMTP or LMTP: pooled, pipelined, streaming, each recipient's reply kept.

Standards: RFC 5321, RFC 2920 (PIPELINING), RFC 2033 (LMTP).
INVARIANT: every recipient has exactly one Handed; `certain` is False exactly when the final dot may have left and no answer came.
Not here: retries (the upstream's queue has them), but for a pooled connection that was already dead when it was taken.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from gateway.config import Hop
from gateway.edges.connections import Connections
from gateway.edges.dialogue import Broken, Dialogue, plain
from gateway.edges.outgoing import NO_INTERNATIONAL, Refused, can_be_named, for_hop, mail_command, pieces, rcpt_command
from gateway.errors import TryLater
from gateway.model.envelope import Recipient
from gateway.model.outcome import Copy, Reply
from gateway.ports.next_hop import Handed
from gateway.ports.signer import Signer

_METHOD_CANNOT = frozenset({"5.2.3", "5.3.4", "5.7.10", "5.7.11", "5.7.30"})  # size and security: another route may serve
# Bad sequence, TLS or authentication missing (RFC 5321, 3207, 4954): the hop and we disagree, and no message is to blame.
_BETWEEN_US = frozenset({503, 530, 534, 535, 538})
_OUT_OF_TURN = Reply(451, "4.5.0", "the next hop answered out of turn")
_NOT_ASKED = Reply(451, "4.4.2", "the next hop was not asked")
_UNREADABLE = Reply(451, "4.3.0", "the message could not be read again")
_STOPPED = "the gateway is being stopped"
_DATA = b"DATA\r\n"


class Relay:
    """ports.NextHop over SMTP or LMTP. One for each [next_hop.NAME] with a host, in each process."""

    def __init__(self, name: str, settings: Hop, hostname: str, signer: Signer | None = None) -> None:
        self.trigger_header = settings.trigger_header
        self._signer = signer
        self._name = name
        self._settings = settings
        self._connections = Connections(name, settings, hostname)
        self._slots = asyncio.Semaphore(settings.connections)
        self._begun: set[asyncio.Timeout] = set()  # waiting for a connection
        self._unsent: set[Dialogue] = set()  # in a transaction whose final dot has not left
        self._owing: set[Dialogue] = set()  # the final dot has left, and not every answer to it has come
        self._stopped = False

    @property
    def awaited(self) -> int:
        """Messages that the hop may have, and of which it has not said so."""
        return len(self._owing)

    def stop(self) -> None:
        """Begin nothing more, and break off what the hop cannot have. What it may have is awaited, by one end for all its answers."""
        self._stopped = True
        for wait in self._begun:
            if not wait.expired():
                wait.reschedule(asyncio.get_running_loop().time())
        for dialogue in tuple(self._unsent):
            dialogue.hush(_STOPPED)
        for dialogue in self._owing:
            self._wait_for_answers(dialogue)

    async def hand_over(self, copy: Copy, deadline: float) -> tuple[Handed, ...]:
        """See ports.NextHop."""
        try:
            await self._take_slot(deadline)
        except Broken as broken:
            return _all(copy, self._lost(broken))
        try:
            return await self._with_connection(copy, deadline)
        except Refused as refused:
            return _all(copy, refused.reply, unusable=refused.unusable)
        except Broken as broken:
            return _all(copy, self._lost(broken))
        except (OSError, TryLater):  # the envelope may depend on what the content is: nothing of it was sent
            return _all(copy, _UNREADABLE)
        finally:
            self._slots.release()

    async def close(self) -> None:
        """Say QUIT on idle connections."""
        await self._connections.close()

    # --- a connection -------------------------------------------------------------------------------------------------

    async def _take_slot(self, deadline: float) -> None:
        if self._slots.locked():
            async with self._until_stopped(deadline):
                await self._slots.acquire()
        else:
            await self._slots.acquire()

    @asynccontextmanager
    async def _until_stopped(self, deadline: float) -> AsyncIterator[None]:
        """For what comes before anything is said of a message: `stop` ends it at once.

        Raises:
            Broken: it is stopped, or the deadline came.
        """
        self._go_on()
        wait = asyncio.timeout_at(deadline if deadline < math.inf else None)
        try:
            async with wait:
                self._begun.add(wait)
                yield
        except TimeoutError as error:
            self._go_on()
            raise Broken("no connection became free in time", late=True) from error
        finally:
            self._begun.discard(wait)

    def _go_on(self) -> None:
        if self._stopped:
            raise Broken(_STOPPED)

    async def _with_connection(self, copy: Copy, deadline: float) -> tuple[Handed, ...]:
        if asyncio.get_running_loop().time() >= deadline:
            raise Broken("no time is left", late=True)
        self._go_on()
        # A pooled connection may have died unseen. As long as no content was sent, another one may say it all again.
        while (pooled := self._connections.take()) is not None:
            try:
                return await self._send(pooled, copy, deadline)
            except _Stale:
                continue
        async with self._until_stopped(math.inf):  # `open` minds the deadline
            opened = await self._connections.open(deadline)
        return await self._send(opened, copy, deadline)

    async def _send(self, dialogue: Dialogue, copy: Copy, deadline: float) -> tuple[Handed, ...]:
        """The whole transaction on one connection, which goes back into the pool or is closed."""
        if self._stopped:
            dialogue.quit()
            raise Broken(_STOPPED)
        dialogue.limit(deadline, self._settings.reply_timeout)
        self._unsent.add(dialogue)
        try:
            handed = await self._transaction(dialogue, copy)
        except Refused:
            self._connections.give_back(dialogue)  # refused by what EHLO announced: nothing was said
            raise
        except BaseException:
            dialogue.abort("the transaction was broken off")
            raise
        finally:
            self._unsent.discard(dialogue)
        self._connections.give_back(dialogue)
        return handed

    # --- a transaction ------------------------------------------------------------------------------------------------

    async def _transaction(self, dialogue: Dialogue, copy: Copy) -> tuple[Handed, ...]:
        extensions = dialogue.extensions
        if "SMTPUTF8" not in extensions and not all(can_be_named(recipient, extensions) for recipient in copy.recipients):
            return await self._for_some(dialogue, copy)
        copy = await self._fitting(copy, extensions)
        mail = mail_command(copy, extensions)
        rcpts = [rcpt_command(recipient, extensions) for recipient in copy.recipients]
        if dialogue.unclean:
            await self._reset(dialogue)
        dialogue.unclean = True
        answers, go = await self._ask(dialogue, mail, rcpts)
        count = sum(answer.is_success for answer in answers)
        if count and go.code == 354:
            finals = iter(await self._content(dialogue, copy, count))
        else:
            if go.code < 400 or any(answer.code == 354 for answer in answers):
                # It waits for content that nobody will get, or we are out of step: the next command must not become a message.
                dialogue.abort("the next hop answered out of turn")
            # A 2yz to DATA is no promise: no content was sent.
            finals = iter([_Final(go if go.code >= 400 else _OUT_OF_TURN)] * count)
        dsn = "DSN" in extensions
        return tuple(
            self._handed(recipient, next(finals) if answer.is_success else _Final(_not_too_many(answer)), dsn=dsn)
            for recipient, answer in zip(copy.recipients, answers, strict=True)
        )

    async def _fitting(self, copy: Copy, extensions: Mapping[str, str]) -> Copy:
        """As this hop can take it; what is converted for it is signed then, and only then (RFC 6376 section 5.3)."""
        if self._signer is None:
            return for_hop(copy, extensions)
        fitting = for_hop(copy, extensions, self._signer.is_ours)
        return fitting if fitting is copy else await self._signer.sign(fitting)

    async def _for_some(self, dialogue: Dialogue, copy: Copy) -> tuple[Handed, ...]:
        """The hop cannot be told some of the addresses: that is no reason to refuse the others."""
        extensions = dialogue.extensions
        nameable = tuple(recipient for recipient in copy.recipients if can_be_named(recipient, extensions))
        if not nameable:
            raise Refused(NO_INTERNATIONAL)
        handed = iter(await self._transaction(dialogue, replace(copy, recipients=nameable)))
        return tuple(next(handed) if can_be_named(one, extensions) else Handed(one, NO_INTERNATIONAL) for one in copy.recipients)

    async def _reset(self, dialogue: Dialogue) -> None:
        """End a transaction that was given up. Only done when the connection is used again: nobody waits for it."""
        try:
            reply = await dialogue.command("RSET")
        except Broken as broken:
            if broken.late:
                raise
            raise _Stale from broken
        if not reply.is_success:
            dialogue.abort("RSET was refused")
            raise _Stale

    async def _ask(self, dialogue: Dialogue, mail: bytes, rcpts: list[bytes]) -> tuple[list[Reply], Reply]:
        """MAIL, RCPT and DATA: the answer for each recipient, and the one to DATA. What the hop said before it left still counts.

        Raises:
            _Stale: a pooled connection was already dead.
        """
        lost = None
        try:
            got = await self._say_envelope(dialogue, mail, rcpts)
        except Broken as broken:
            lost, got = broken, list(broken.got)
            dialogue.abort(broken.why)
        if dialogue.used and (got[0].code == 421 if got else lost is not None and not lost.hung and not lost.late):
            raise _Stale
        missing = self._lost(lost) if lost else _NOT_ASKED
        if not got or not got[0].is_success:
            refused = got[0] if got else missing
            return [refused] * len(rcpts), got[-1] if len(got) == len(rcpts) + 2 else refused
        got += [missing] * (len(rcpts) + 2 - len(got))
        return got[1:-1], got[-1]

    async def _say_envelope(self, dialogue: Dialogue, mail: bytes, rcpts: list[bytes]) -> list[Reply]:
        """Pipelined where the hop says so (RFC 2920), else one by one and no further than makes sense."""
        if "PIPELINING" in dialogue.extensions:
            dialogue.say(b"".join((mail, *rcpts, _DATA)))
            return await dialogue.replies(len(rcpts) + 2)
        got: list[Reply] = []
        try:
            for line in (mail, *rcpts, _DATA):
                if (got and not got[0].is_success) or (line is _DATA and not any(reply.is_success for reply in got[1:])):
                    break
                dialogue.say(line)
                got += await dialogue.replies(1)
        except Broken as broken:
            raise Broken(broken.why, (*got, *broken.got), hung=broken.hung, late=broken.late) from broken
        return got

    async def _content(self, dialogue: Dialogue, copy: Copy, accepted: int) -> list[_Final]:
        """Content and final dot: how it ended for each accepted recipient, in order."""
        try:
            await _stream(dialogue, copy)
        except Broken as broken:
            dialogue.abort(broken.why)
            said_no = broken.early is not None and broken.early.code >= 400
            return [_Final(broken.early if broken.early and said_no else self._lost(broken))] * accepted
        except (OSError, TryLater):
            dialogue.abort("the content cannot be read")
            return [_Final(_UNREADABLE)] * accepted
        # From here on the hop may have the message: waiting out the answer is worth more than the deadline.
        self._unsent.discard(dialogue)
        self._owing.add(dialogue)
        self._wait_for_answers(dialogue)
        try:
            return await self._finals(dialogue, accepted)
        finally:
            self._owing.discard(dialogue)

    def _wait_for_answers(self, dialogue: Dialogue) -> None:
        """Over LMTP a hop may take its time with each recipient, and has done what it has not told; a stop cannot wait so many times."""
        if self._stopped:
            dialogue.limit(asyncio.get_running_loop().time() + self._settings.data_timeout, math.inf)
        else:
            dialogue.limit(math.inf, self._settings.data_timeout)

    async def _finals(self, dialogue: Dialogue, accepted: int) -> list[_Final]:
        """After the final dot."""
        each = self._settings.protocol == "lmtp"
        finals: list[_Final] = []
        try:
            for _ in range(accepted if each else 1):
                (reply,) = await dialogue.replies(1)
                finals.append(_Final(reply, certain=reply.code // 100 != 3))
        except Broken as broken:
            lost = self._lost(Broken(f"{broken.why} after the message was sent"))
            finals += [_Final(lost, certain=False)] * ((accepted if each else 1) - len(finals))
        if all(final.certain for final in finals):
            dialogue.unclean = False
        else:
            dialogue.abort("the final dot was not answered")
        return finals if each else finals * accepted

    # --- replies ------------------------------------------------------------------------------------------------------

    def _handed(self, recipient: Recipient, final: _Final, *, dsn: bool) -> Handed:
        reply = final.reply
        if reply.is_success:
            return Handed(recipient, reply, dsn=dsn)
        if reply.code < 400:
            reply = _OUT_OF_TURN
        elif reply.code in _BETWEEN_US:
            reply = Reply(451, "4.3.5", plain(f"next hop {self._name} answered {reply}"))
        elif reply.code == 421:
            reply = Reply(451, reply.status, reply.text)  # from us it would announce that we leave
        return Handed(recipient, reply, final.certain, unusable=_cannot(reply), dsn=dsn)

    def _lost(self, broken: Broken) -> Reply:
        return Reply(451, "4.4.1" if broken.late else "4.4.2", plain(f"next hop {self._name}: {broken.why}"))


@dataclass(frozen=True, slots=True)
class _Final:
    """The last word about one recipient."""

    reply: Reply
    certain: bool = True


class _Stale(Exception):
    """A pooled connection was already dead; nothing of the message was sent."""


async def _stream(dialogue: Dialogue, copy: Copy) -> None:
    """On return all has left, and the final dot with it.

    Raises:
        Broken: it has not all left; OSError: the content cannot be read.
    """
    for number, piece in enumerate(pieces(copy)):
        if number:
            await asyncio.sleep(0)  # a fast hop must not keep others waiting, and an early reply is to be seen
        dialogue.say(piece)
        await dialogue.drain()


def _not_too_many(reply: Reply) -> Reply:
    """RFC 5321 section 4.5.3.1.10: 552 for too many recipients is an old way to say 452."""
    if reply.code == 552 and (reply.status == "5.5.3" or "too many" in reply.text.lower()):
        return Reply(452, "4.5.3", reply.text)
    return reply


def _cannot(reply: Reply) -> bool:
    # 552 5.2.2 is a full mailbox: no other way leads into it.
    return reply.status in _METHOD_CANNOT or (reply.code in (523, 552) and reply.status != "5.2.2")


def _all(copy: Copy, reply: Reply, *, unusable: bool = False) -> tuple[Handed, ...]:
    return tuple(Handed(recipient, reply, unusable=unusable) for recipient in copy.recipients)
