"""What is said of a delivery: the DSNs about its recipients, and what rules and receipts tell of mail that has gone.

Not here: who may be told (readers.py; the caller has asked), the words (policy/news.py, policy/receipt.py), how they become mail (pen.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from gateway.act.pen import Pen, Subject, address_of, header_of, subject_in
from gateway.act.readers import NEVER, NOBODY, As, Reader, addresses
from gateway.mime.report import RecipientStatus
from gateway.model.decision import Decision, Verdict
from gateway.model.envelope import Envelope, Recipient
from gateway.model.finding import Findings
from gateway.model.kept import ToSend
from gateway.model.message import Content
from gateway.model.outcome import Outcome, Reply
from gateway.policy.guidance import House, texts_of
from gateway.policy.news import advised, delayed, link_over, relayed, to_told, undelivered
from gateway.policy.receipt import Sent, receipt
from gateway.policy.rules import Policy
from gateway.policy.wording import About, Letter, Told
from gateway.ports.next_hop import Handed
from gateway.ports.world import World

_Failed = tuple[tuple[Recipient, Reply], ...]


@dataclass(frozen=True, slots=True)
class Reports:
    """The same writing desk (letters.py), for mail that was handed over."""

    world: World
    policy: Policy
    house: House

    async def bounce(
        self, envelope: Envelope, message_id: str, content: Content, failed: tuple[Outcome, ...], delivered: int, sent_at: datetime
    ) -> tuple[ToSend, ...]:
        """The DSN about recipients whose own server refused, while others have the message. The caller has seen who may be told."""
        pairs = tuple((outcome.recipient, outcome.reply) for outcome in failed)
        letter = undelivered(self.house, _replies(pairs), delivered, sent_at, subject=subject_in(content))
        return (await self._bounce(envelope, Subject(None, message_id), content, letter, pairs),)

    async def bounce_row(
        self, row: ToSend, content: Content, failed: tuple[Handed, ...], delivered: int, *, gave_up: bool
    ) -> tuple[ToSend, ...]:
        """The same for mail out of our own outbox. What the sender may not be told of, the postmaster is."""

        def words(some: _Failed, subject: str) -> Letter:
            return undelivered(self.house, _replies(some), delivered, None, row.case or "", subject=subject, gave_up=gave_up)

        return await self._failed(row, content, tuple((one.recipient, one.reply) for one in failed), words)

    async def link_over(self, row: ToSend, content: Content, reply: Reply, *, taken_back: bool) -> tuple[ToSend, ...]:
        """The DSN about a copy in our outbox that is not sent, because its link is over; to the sender or the postmaster, as above."""

        def words(some: _Failed, subject: str) -> Letter:
            recipients = addresses(tuple(recipient for recipient, _ in some))
            return link_over(self.house, recipients, row.case or "", subject, taken_back=taken_back)

        return await self._failed(row, content, tuple((recipient, reply) for recipient in row.recipients), words)

    async def _failed(self, row: ToSend, content: Content, pairs: _Failed, words: Callable[[_Failed, str], Letter]) -> tuple[ToSend, ...]:
        """`words`: of these, in a mail with this subject."""
        envelope, about = envelope_of(row), Subject(row.case, row.message_id)
        told = tuple(pair for pair in pairs if pair[0].notify != NEVER) if self.house.is_ours(envelope.reverse_path) else ()
        silent = tuple(pair for pair in pairs if pair not in told)
        letters: list[ToSend] = []
        if told:
            letters.append(await self._bounce(envelope, about, content, words(told, subject_in(content)), told))
        if silent:
            letters.append(await self._bounce(envelope, about, content, words(silent, ""), silent, to=self.house.postmaster))
        return tuple(letters)

    async def delayed(self, row: ToSend, content: Content, waiting: tuple[Handed, ...]) -> tuple[ToSend, ...]:
        """The DSN about mail in our outbox that still waits, to a sender who may hear of delay (RFC 3461 section 4.1)."""
        pairs = tuple((one.recipient, one.reply) for one in waiting if "DELAY" in (one.recipient.notify or ("DELAY",)))
        envelope = envelope_of(row)
        if not pairs or row.expires_at is None or not self.house.is_ours(envelope.reverse_path):
            return ()
        letter = delayed(self.house, _replies(pairs), row.expires_at, row.case or "", subject_in(content))
        return (await self._bounce(envelope, Subject(row.case, row.message_id), content, letter, pairs, action="delayed"),)

    async def relayed(
        self, envelope: Envelope, message_id: str, content: Content, taken: tuple[Handed, ...], sent_at: datetime | None = None
    ) -> tuple[ToSend, ...]:
        """The DSN about recipients of whose success the hop will not tell, though the sender asked (RFC 3461 section 5.2.2)."""
        owed = tuple((one.recipient, one.reply) for one in taken if owes_success(one))
        if not owed or not self.house.is_ours(envelope.reverse_path):
            return ()
        letter = relayed(self.house, addresses(tuple(recipient for recipient, _ in owed)), sent_at, subject_in(content))
        return (await self._bounce(envelope, Subject(None, message_id), content, letter, owed, action="relayed"),)

    async def told(
        self, envelope: Envelope, message_id: str, content: Content, told: Told, findings: Findings | None, sent_at: datetime, to: Reader
    ) -> ToSend:
        """What rules say of mail that has gone. The caller has seen who may be told."""
        about = replace(self._of_delivery(envelope, content, told, sent_at, to), findings=None if to.is_ is As.RECIPIENT else findings)
        if to.is_ is not As.PERSON:
            return await self._pen.notice(advised(about, told, texts_of(self.policy)), to.mailbox, Subject(None, message_id), content)
        letter = to_told(about, told, envelope.reverse_path.wire or NOBODY, texts_of(self.policy))
        return await self._pen.notice(letter, to.mailbox, Subject(None, message_id), auto_submitted="auto-generated")

    async def receipt(
        self, envelope: Envelope, message_id: str, content: Content, told: Told, sent: tuple[Sent, ...], sent_at: datetime, to: Reader
    ) -> ToSend:
        """The same for mail whose files went by link. Of the case nothing is kept: the letter alone names it."""
        about = replace(self._of_delivery(envelope, content, told, sent_at, to), case=sent[0].case)
        letter = receipt(about, told, sent, self.policy, texts_of(self.policy))
        return await self._pen.notice(letter, to.mailbox, Subject(None, message_id), content)

    def _of_delivery(self, envelope: Envelope, content: Content, told: Told, sent_at: datetime, to: Reader) -> About:
        return About(
            house=self.house,
            decision=Decision("", (), Verdict.RELEASE, None),
            recipients=told.recipients,
            author="" if to.is_ is As.SENDER else envelope.reverse_path.wire,
            subject=subject_in(content) if to.is_ is As.SENDER else "",
            case="",
            sent_at=sent_at,
            keep_until=sent_at,
            source=self.policy.source,
            names=self.policy.patterns.names,
        )

    async def _bounce(
        self,
        envelope: Envelope,
        about: Subject,
        content: Content,
        letter: Letter,
        failed: _Failed,
        *,
        to: str = "",
        action: str = "failed",
    ) -> ToSend:
        now = self.world.clock.now()
        statuses = tuple(
            RecipientStatus(recipient.address.wire, action, reply.status, str(reply), recipient.orcpt, about.case, last_attempt_at=now)
            for recipient, reply in failed
        )
        return await self._pen.report(letter, to or envelope.reverse_path.wire, about, envelope, header_of(content), statuses)

    @property
    def _pen(self) -> Pen:
        return Pen(self.world, self.house)


def owes_success(handed: Handed) -> bool:
    """Whether a word of success is ours to send: it was asked for, and the hop has not taken that over (RFC 3461 section 5.2.2)."""
    return handed.reply.is_success and not handed.dsn and "SUCCESS" in (handed.recipient.notify or ())


def envelope_of(row: ToSend) -> Envelope:
    """Of mail in our outbox."""
    return Envelope(address_of(row.reverse_path), row.recipients, smtputf8=row.smtputf8, ret=row.ret, envid=row.envid)


def _replies(failed: _Failed) -> tuple[tuple[str, Reply], ...]:
    return tuple((recipient.address.wire, reply) for recipient, reply in failed)
