"""The content of a message, and what becomes of it: DATA or BDAT to an Arrival, its delivery to replies.

A delivery runs in a task of its own. Neither the client's going away nor the deadline ends it; past the deadline the client hears 451 and
the delivery goes on alone. Whoever delivers owns the content from the moment of the call.

Standards: RFC 5321 section 4.1.1.4 (DATA), RFC 3030 (BDAT), RFC 2033 section 4.2 (one reply for each recipient), RFC 3848 and 6531 (with).
"""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

from gateway.errors import TryLater, WillNotDo
from gateway.listen.intake import Counted, Dotted, Intake
from gateway.listen.parameters import Refused
from gateway.listen.stamp import header_section, is_looping
from gateway.listen.terms import Terms
from gateway.listen.verbs import Verbs
from gateway.listen.xforward import upstream_id
from gateway.model.message import Arrival, Content
from gateway.model.outcome import Answer, Reply
from gateway.waiting import wait_at_most

if TYPE_CHECKING:
    from gateway.listen.server import Server

GRACE_SECONDS = 5.0  # past the deadline, or a twentieth of it if that is less: the pipeline itself answers in time
_CHUNK = re.compile(r"(\d{1,20})(?: +(LAST))?", re.IGNORECASE | re.ASCII)
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}", re.ASCII)  # RFC 3463 section 2
_CONTENT_VERBS = frozenset({b"BDAT", b"RSET", b"NOOP", b"QUIT", b"VRFY", b"EXPN", b"HELP"})  # what may stand between two chunks


class Session(Verbs):
    """One client's session with the gateway."""

    def __init__(self, terms: Terms, server: Server, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(terms, loop)
        self._server = server
        self._intake: Intake | None = None  # between the first BDAT and the last
        self._is_counted = False

    # --- coming and going ---------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Say 554 or 421 and nothing else to who may not come in."""
        self.greet_peer(transport)
        refusal = self._refusal()
        super().connection_made(transport)
        self._server.entered(self)
        if refusal is not None:
            why, reply = refusal
            self.terms.log.event("session.refused", listener=self.terms.name, peer=self.address, why=why)
            self.last_word(reply.code, reply.status, reply.text)

    def _refusal(self) -> tuple[str, Reply] | None:
        if not self.is_allowed and not self.terms.may_show_certificate:
            return "not-allowed", Reply(554, "5.7.1", "You may not relay here")
        self._is_counted = self.terms.limits.enter(self.terms.name, self.address, self.terms.settings)
        if not self._is_counted:
            return "too-many-sessions", Reply(421, "4.7.0", "Too many sessions; try again later")
        return None

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        if self._is_counted:
            self.terms.limits.leave(self.terms.name, self.address)
        if self._intake is not None:
            self._intake.discard()
        self._server.left(self)

    def bug(self, error: Exception) -> None:
        self.terms.log.bug("alarm", error, what="listen")

    def check_turn(self, verb: bytes) -> None:
        if self._intake is not None and verb not in _CONTENT_VERBS:
            raise Refused(503, "5.5.1", "BDAT has begun: BDAT or RSET comes next")

    def _set_rset_state(self) -> None:
        super()._set_rset_state()
        if self._intake is not None:
            self._intake.discard()
            self._intake = None

    @property
    def is_delivering(self) -> bool:
        """Whether the client waits for what becomes of a message."""
        return self._is_busy

    # --- content ------------------------------------------------------------------------------------------------------

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802 - aiosmtpd names them so
        if arg:
            raise Refused(501, "5.5.4", "DATA takes no argument")
        self._check_envelope()
        self._intake = intake = self._new_intake()
        self.write("354 End with CR LF . CR LF")
        if await self.receive(Dotted(intake)):
            await self._finish(intake)

    async def smtp_BDAT(self, arg: str) -> None:  # noqa: N802
        """RFC 3030 section 2: the octets follow whatever the reply is, so they are taken whatever the reply will be."""
        match = _CHUNK.fullmatch(arg)
        if match is None:
            self.last_word(521, "5.5.4", "BDAT is followed by a number of octets and perhaps LAST")  # where commands go on nobody knows
            return
        octets, is_last = int(match[1]), match[2] is not None
        refused: Refused | None = None
        try:
            self._check_envelope()
            self._intake = self._intake or self._new_intake()
        except Refused as error:
            refused = error
        intake = self._intake
        if octets and not await self.receive(Counted(intake, octets)):
            return
        if refused is not None or intake is None:
            raise refused or Refused(503, "5.5.1", "MAIL comes first")
        if is_last:
            await self._finish(intake)
        else:
            self.reply(intake.fault or Reply(250, "2.0.0", f"{octets} octets"))

    def _check_envelope(self) -> None:
        if self.draft.reverse_path is None:
            raise Refused(503, "5.5.1", "MAIL comes first")
        if not self.draft.recipients:
            raise Refused(503, "5.5.1", "There is no recipient")

    def _new_intake(self) -> Intake:
        settings = self.terms.settings
        return Intake(self.terms.spool(), most_octets=settings.max_message, strict=settings.position == "before-queue")

    async def _finish(self, intake: Intake) -> None:
        """The content is complete: deliver it, or say why not."""
        self._intake = None
        recipients = len(self.draft.recipients)
        content = intake.finish()
        if content is not None:
            self._look_at(content, intake)
        if content is None or intake.fault is not None:
            self._refuse_content(intake, recipients)
            return
        arrival = self._arrival(intake, content)
        self._set_rset_state()
        await self._answer(arrival)

    def _look_at(self, content: Content, intake: Intake) -> None:
        """Refuse what goes in circles, and what the spool does not give back; then the content is closed."""
        try:
            if is_looping(header_section(content), self.terms.stamp_key):
                intake.refuse(Reply(554, "5.4.6", "The message goes in circles"))
        except TryLater as late:
            intake.no_room(late)
        if intake.fault is not None:
            content.close()

    def _refuse_content(self, intake: Intake, recipients: int) -> None:
        fault = intake.fault or Reply(451, "4.3.0", "This server has a problem; try again later")
        self.terms.log.event(
            "message.answered", id=self.terms.ids(), listener=self.terms.name, code=fault.code, status=fault.status, seconds=0.0
        )
        if intake.detail:
            self.terms.log.event("alarm", what=intake.detail)
        self._set_rset_state()
        for _ in range(recipients if self.terms.is_lmtp else 1):
            self.reply(fault)

    def _arrival(self, intake: Intake, content: Content) -> Arrival:
        clock = self.terms.clock
        arrival = Arrival(
            id=self.terms.ids(),
            listener=self.terms.name,
            protocol=self._with_protocol(),
            peer=self.peer(),
            envelope=self.draft.envelope(),
            content=content,
            received_at=clock.now(),
            deadline=clock.monotonic() + self.terms.settings.deadline_seconds,
            defects=intake.defects,
        )
        self.terms.log.event(
            "message.received",
            id=arrival.id,
            listener=arrival.listener,
            octets=content.octets,
            recipients=len(arrival.envelope.recipients),
            peer=self.address,
            protocol=arrival.protocol,
            upstream=upstream_id(arrival.peer.forwarded("IDENT")),
            defects=[defect.name.value for defect in arrival.defects] or None,
        )
        return arrival

    def _with_protocol(self) -> str:
        """RFC 3848; RFC 6531 section 4.3 for the UTF8 ones."""
        if not self.is_extended:
            return "SMTP"
        if self.draft.parameters.smtputf8:
            name = "UTF8LMTP" if self.terms.is_lmtp else "UTF8SMTP"
        else:
            name = "LMTP" if self.terms.is_lmtp else "ESMTP"
        return name + ("S" if self.tls else "")

    # --- delivery -----------------------------------------------------------------------------------------------------

    async def _answer(self, arrival: Arrival) -> None:
        recipients = len(arrival.envelope.recipients)
        count = recipients if self.terms.is_lmtp else 1
        started = self.loop.time()
        task = self._server.begin(_delivered(arrival, self.terms, count))
        self._is_busy = True
        self._write_out()
        patience = arrival.deadline - self.terms.clock.monotonic() + min(GRACE_SECONDS, self.terms.settings.deadline_seconds / 20)
        await wait_at_most(task, patience)
        self._is_busy = False
        self._heard = self.loop.time()
        if task.done():
            answer = task.result()
        else:
            answer = _put_off("4.4.7", count)
            task.add_done_callback(_never_heard)
        for reply in answer.replies:
            self.reply(reply)
        self._log_answer(arrival, answer, self.loop.time() - started)
        if any(reply.is_success for reply in answer.replies):
            self.clear_junk()
        self._tell(answer)

    def _tell(self, answer: Answer) -> None:
        """Write the replies; from then on it is open whether the client heard them."""
        self._write_out()
        confirm = answer.confirm
        if confirm is not None:
            self.await_hearing(confirm)
            if not any(reply.is_success or reply.is_permanent for reply in answer.replies):
                self.settle(heard=False)  # DESIGN section 6: a 451 leaves everything open

    def _log_answer(self, arrival: Arrival, answer: Answer, seconds: float) -> None:
        first = answer.replies[0]
        self.terms.log.event(
            "message.answered",
            id=arrival.id,
            listener=arrival.listener,
            code=first.code,
            status=first.status,
            codes=[reply.code for reply in answer.replies] if len(answer.replies) > 1 else None,
            seconds=round(seconds, 4),
            **answer.details,
        )


async def _delivered(arrival: Arrival, terms: Terms, count: int) -> Answer:
    """What the delivery answers, whatever it does."""
    try:
        answer = await terms.deliver(arrival)
        if len(answer.replies) != count:
            raise RuntimeError(f"{len(answer.replies)} replies for {count}")  # noqa: TRY301 - a bug like any other
    except TryLater as error:
        terms.log.event("message.failed", id=arrival.id, listener=arrival.listener, error=error.detail)
        return _put_off(error.status, count)
    except WillNotDo as error:
        terms.log.event("message.failed", id=arrival.id, listener=arrival.listener, error=error.detail)
        return Answer((Reply(554, error.status, "The message cannot be taken"),) * count)
    except Exception as error:  # noqa: BLE001 - whatever it is, the client waits for a reply
        terms.log.bug("message.failed", error, id=arrival.id, listener=arrival.listener)
        return _put_off("4.3.0", count)
    return Answer(tuple(map(_proper, answer.replies)), answer.confirm, answer.details)


def _put_off(status: str, count: int) -> Answer:
    code = 452 if status == "4.3.1" else 451  # RFC 5321 section 4.2.3: insufficient system storage
    return Answer((Reply(code, status, "try again later"),) * count)


def _proper(reply: Reply) -> Reply:
    """A reply that may end DATA: a next hop's 421 would end our own conversation, a code of another class would confuse it."""
    if reply.code == 421 or not (reply.is_success or 400 <= reply.code < 600):
        reply = Reply(451, "4.3.0", reply.text)
    if not (_STATUS.fullmatch(reply.status) and reply.status[0] == str(reply.code)[0]):
        reply = Reply(reply.code, f"{reply.code // 100}.0.0", reply.text)
    return reply


def _never_heard(task: asyncio.Task[Answer]) -> None:
    """A delivery ended after its client was put off."""
    confirm = None if task.cancelled() else task.result().confirm
    if confirm is not None:
        confirm(False)
