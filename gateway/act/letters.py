"""What the sender and the person who decides get: words of the pack, as a DSN or a notice, in the vault and the outbox.

A refusal is a DSN (RFC 3464, headers only); mail that is kept is told by a notice. Both have the null reverse-path, so that nothing answers
them; neither is written where nobody may be told (Work.may_tell). What is made here becomes durable with the step it tells of.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from gateway.act.deciders import Decider, resolve
from gateway.errors import WillNotDo
from gateway.mime.identity import message_id_of
from gateway.mime.report import About as Heading
from gateway.mime.report import RecipientStatus, Report, delivery_report, notice
from gateway.model.decision import Decision, Verdict
from gateway.model.envelope import Address, Envelope, Recipient
from gateway.model.facts import Facts
from gateway.model.finding import Findings
from gateway.model.message import Content
from gateway.model.outcome import Outcome, Reply, Step
from gateway.policy.guidance import About, House, Letter, ended, smtp_reply, texts_of, to_decider, to_sender, undelivered
from gateway.policy.rules import Policy
from gateway.ports import Handed, Held, ToSend, World

LIFETIME = timedelta(days=5)  # how long our outbox tries (RFC 5321 section 4.5.4.1)
_HEADER_OCTETS = 65_536
_NEVER = frozenset({"NEVER"})


@dataclass(frozen=True, slots=True)
class Post:
    """The writing desk of one policy."""

    world: World
    policy: Policy
    house: House

    # --- of a case ----------------------------------------------------------------------------------------------------

    async def of_step(
        self, step: Step, held: Held, content: Content, findings: Findings | None, facts: Facts | None, others: int
    ) -> tuple[ToSend, ...]:
        """To the sender, and to the person who decides; for a step that has just been kept under the case of `held`."""
        letters: list[ToSend] = []
        decider = resolve(held.held_for, self.policy, self.house, facts, held.kept_at)
        about = self._about(held, findings, decider, others)
        if self.may_tell(held.envelope):
            letter = to_sender(about, texts_of(self.policy))
            if step.verdict is Verdict.REFUSE:
                statuses = [
                    self._refused(recipient, decision, held.case)
                    for recipient, decision in zip(step.recipients, step.decisions, strict=True)
                ]
                letters.append(await self._report(letter, held, content, statuses))
            else:
                letters.append(await self._notice(letter, held.envelope.reverse_path.wire, held.case, held.message_id, content))
        if step.verdict is Verdict.HOLD:
            letters += await self._ask(about, held, decider)
        return tuple(letters)

    async def last_word(self, held: Held, how: str, why: str = "") -> tuple[ToSend, ...]:
        """The final DSN of a case that ends without its mail going: `how` is expired | refused."""
        if not self.may_tell(held.envelope):
            return ()
        letter = ended(self._about(held, None, resolve(held.held_for, self.policy, self.house, None, held.kept_at), 0), how, why)
        code = Reply(550, "5.7.1", letter.subject)
        statuses = [
            RecipientStatus(recipient.address.wire, "failed", code.status, str(code), recipient.orcpt, held.case)
            for recipient in _tellable(held.envelope.recipients)
        ]
        try:
            content = await self.world.vault.get(held.object_id)
        except WillNotDo:  # damaged: the sender is told all the same, without the header
            content = self.world.octets(b"")
        try:
            return (await self._report(letter, held, content, statuses),)
        finally:
            content.close()

    async def to_next_decider(self, held: Held, heir: str) -> tuple[ToSend, ...]:
        """`within` has passed: the next one is asked."""
        decider = resolve(heir, self.policy, self.house, None, self.world.clock.now())
        return await self._ask(self._about(held, None, decider, 0), held, decider)

    # --- of a delivery ------------------------------------------------------------------------------------------------

    async def bounce(
        self, envelope: Envelope, message_id: str, content: Content, failed: tuple[Outcome, ...], others: int
    ) -> tuple[ToSend, ...]:
        """The DSN about recipients whose own server refused, while others have the message."""
        told = tuple(outcome for outcome in failed if outcome.recipient.notify != _NEVER)
        if not told:
            return ()
        pairs = tuple((outcome.recipient, outcome.reply) for outcome in told)
        return (await self._bounce(envelope, message_id, content, pairs, others, None),)

    async def bounce_row(self, row: ToSend, content: Content, failed: tuple[Handed, ...], others: int) -> tuple[ToSend, ...]:
        """The same for mail out of our own outbox."""
        reverse_path = _address(row.reverse_path)
        envelope = Envelope(reverse_path, row.recipients, smtputf8=row.smtputf8, ret=row.ret, envid=row.envid)
        told = tuple((one.recipient, one.reply) for one in failed if one.recipient.notify != _NEVER)
        if not told or reverse_path.is_null or not self.house.is_ours(reverse_path):
            return ()
        return (await self._bounce(envelope, row.message_id, content, told, others, row.case),)

    def may_tell(self, envelope: Envelope) -> bool:
        """A notice to a null or foreign sender would be backscatter; NOTIFY=NEVER forbids it (RFC 3461 section 4.1)."""
        return self.house.is_ours(envelope.reverse_path) and bool(_tellable(envelope.recipients))

    # --- how it is written --------------------------------------------------------------------------------------------

    def _about(self, held: Held, findings: Findings | None, decider: Decider, others: int) -> About:
        return About(
            house=self.house,
            decision=held.decision,
            refused=tuple(recipient.address.wire for recipient in held.envelope.recipients),
            others=others,
            findings=findings,
            case=held.case,
            sent_at=held.kept_at,
            keep_until=held.keep_until,
            answer_by=held.answer_by,
            decider=decider.name,
            source=self.policy.source,
            names={pattern.id: pattern.text for pattern in self.policy.patterns.markings},
        )

    def _refused(self, recipient: Recipient, decision: Decision, case: str) -> RecipientStatus:
        reply = smtp_reply(decision, texts_of(self.policy), case)
        return RecipientStatus(recipient.address.wire, "failed", reply.status, str(reply), recipient.orcpt, case)

    async def _ask(self, about: About, held: Held, decider: Decider) -> tuple[ToSend, ...]:
        """To the person who decides."""
        letter = to_decider(about, held.envelope.reverse_path.wire or "nobody (a bounce)", texts_of(self.policy))
        return (await self._notice(letter, decider.mailbox, held.case, held.message_id, None, auto_submitted="auto-generated"),)

    async def _notice(
        self, letter: Letter, to: str, case: str, message_id: str, original: Content | None, *, auto_submitted: str = "auto-replied"
    ) -> ToSend:
        octets = notice(self._heading(letter, to, original), auto_submitted=auto_submitted)
        return await self._row(octets, to, case, message_id)

    async def _report(self, letter: Letter, held: Held, content: Content, statuses: Iterable[RecipientStatus]) -> ToSend:
        to = held.envelope.reverse_path.wire
        octets = delivery_report(
            Report(
                about=self._heading(letter, to, content),
                reporting_mta=self.house.hostname,
                recipients=tuple(statuses),
                original_header=_header(content),
                envid=held.envelope.envid,
                arrived_at=held.kept_at,
                smtputf8=held.envelope.smtputf8,
            )
        )
        return await self._row(octets, to, held.case, held.message_id, smtputf8=held.envelope.smtputf8)

    async def _bounce(
        self,
        envelope: Envelope,
        message_id: str,
        content: Content,
        failed: tuple[tuple[Recipient, Reply], ...],
        others: int,
        case: str | None,
    ) -> ToSend:
        now = self.world.clock.now()
        letter = undelivered(self.house, tuple((recipient.address.wire, reply) for recipient, reply in failed), others, now)
        statuses = tuple(
            RecipientStatus(recipient.address.wire, "failed", reply.status, str(reply), recipient.orcpt, last_attempt_at=now)
            for recipient, reply in failed
        )
        to = envelope.reverse_path.wire
        octets = delivery_report(
            Report(
                about=self._heading(letter, to, content),
                reporting_mta=self.house.hostname,
                recipients=statuses,
                original_header=_header(content),
                envid=envelope.envid,
                smtputf8=envelope.smtputf8,
            )
        )
        return await self._row(octets, to, case, message_id, smtputf8=envelope.smtputf8)

    def _heading(self, letter: Letter, to: str, original: Content | None) -> Heading:
        domain = self.house.hostname
        return Heading(
            sender=self.house.sender or self.house.postmaster,
            sender_name=self.house.name,
            to=to,
            subject=letter.subject,
            text=letter.text,
            message_id=f"<{self.world.new_id()}@{domain}>",
            at=self.world.clock.now(),
            original_message_id=message_id_of(_header(original).partition(b"\r\n\r\n")[0]) if original is not None else None,
        )

    async def _row(self, octets: bytes, to: str, case: str | None, message_id: str, *, smtputf8: bool = False) -> ToSend:
        now = self.world.clock.now()
        content = self.world.octets(octets)
        try:
            object_id = await self.world.vault.put("notices", content)
        finally:
            content.close()
        return ToSend(
            id=self.world.new_id(),
            object_id=object_id,
            reverse_path="",
            recipients=(Recipient(_address(to)),),
            next_hop=self.house.notices_hop,
            kind="notice",
            case=case,
            message_id=message_id,
            next_at=now,
            expires_at=now + LIFETIME,
            smtputf8=smtputf8 or not to.isascii(),
        )


def _tellable(recipients: tuple[Recipient, ...]) -> tuple[Recipient, ...]:
    return tuple(recipient for recipient in recipients if recipient.notify != _NEVER)


def _header(content: Content) -> bytes:
    return content.read(0, min(content.octets, _HEADER_OCTETS))


def _address(wire: str) -> Address:
    """Of somebody we write to: their address came through our own grammar or configuration."""
    local_part, _, domain = wire.rpartition("@")
    return Address(wire, local_part, domain.lower())
