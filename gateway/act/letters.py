"""Who gets which letter: the sender or who reads for a system, the person who decides, whom a rule or an override names.

A refusal is a DSN; mail that is kept is told by a notice. Neither is written where nobody may be told (readers.py).
Not here: the words (policy/letters.py, policy/news.py), how a letter becomes mail (pen.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from gateway.act.deciders import POSTMASTER, Decider, resolve
from gateway.act.pen import Pen, Subject, address_of, header_of
from gateway.act.readers import NEVER, As, Origin, Reader, grouped, reader_of
from gateway.errors import WillNotDo
from gateway.mime.identity import subject_of
from gateway.mime.report import RecipientStatus
from gateway.model.decision import Decision, Reason, Verdict
from gateway.model.envelope import Envelope, Recipient
from gateway.model.facts import MessageFacts
from gateway.model.finding import Findings
from gateway.model.kept import Because, Held, ToSend
from gateway.model.message import Content
from gateway.model.outcome import Outcome, Reply, Step
from gateway.policy.guidance import House, smtp_reply, texts_of
from gateway.policy.letters import ended, let_go, overridden, to_decider, to_sender
from gateway.policy.news import advised, delayed, relayed, to_told, undelivered
from gateway.policy.receipt import Sent, link_words, receipt
from gateway.policy.rules import Override, Policy
from gateway.policy.view import Mail
from gateway.policy.wording import NO_OTHERS, About, Letter, Others, Told, values_of
from gateway.ports.next_hop import Handed
from gateway.ports.world import World

_NOBODY = "nobody (a bounce)"

_Failed = tuple[tuple[Recipient, Reply], ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of a message when a letter about it is written."""

    findings: Findings | None = None
    facts: MessageFacts | None = None


UNSEEN = Seen()


@dataclass(frozen=True, slots=True)
class Post:
    """The writing desk of one policy."""

    world: World
    policy: Policy
    house: House

    # --- of a case ----------------------------------------------------------------------------------------------------

    async def of_step(
        self, step: Step, held: Held, content: Content, seen: Seen, *, others: Others = NO_OTHERS, total: int
    ) -> tuple[ToSend, ...]:
        """To the sender, and to the person who decides; for a step that has just been kept under the case of `held`.

        `others`: what becomes of the other copies. `total`: how many people the sender wrote to.
        """
        letters: list[ToSend] = []
        decider = self._decider(held.held_for, held)
        about = self._about(held, seen, decider)
        whole = replace(about, others=others, total=total, subject=_subject(content))
        for reader, recipients in self.readers(held).items():
            letter = to_sender(_for(reader, whole, recipients, held), texts_of(self.policy))
            if step.verdict is Verdict.REFUSE:
                letters.append(await self._report(letter, reader, held, content, self._refused(step, recipients, held, about)))
            else:
                letters.append(await self._pen.notice(letter, reader.mailbox, _of(held), content))
        if step.verdict is Verdict.HOLD:
            letters += await self._ask(about, held, decider)
        return (*letters, *await self._named(about, held, asked=decider.mailbox if step.verdict is Verdict.HOLD else ""))

    async def _named(self, about: About, held: Held, *, asked: str) -> tuple[ToSend, ...]:
        """To those whom a `notify` names: who decides is asked instead, and the sender has the notice."""
        named: dict[str, dict[Reason, list[str]]] = {}
        for reason in held.decision.reasons:
            for one in held.envelope.recipients if reason.effect == "notify" and reason.held_for != "sender" else ():
                # By recipient: the owner of one list does not learn of another (it may be a Bcc).
                to = resolve(reason.held_for or POSTMASTER, self.policy, self.house, (one,), self.world.clock.now()).mailbox
                named.setdefault(to, {}).setdefault(replace(reason, text=""), []).append(one.address.wire)
        sender = held.envelope.reverse_path.wire or _NOBODY
        letters: list[ToSend] = []
        for to, words in named.items():
            told = Told(
                recipients=tuple(dict.fromkeys(wire for some in words.values() for wire in some)),
                words=tuple((reason, tuple(some)) for reason, some in words.items()),
                kept=True,
            )
            if to != asked:
                letter = to_told(about, told, sender, texts_of(self.policy))
                letters.append(await self._pen.notice(letter, to, _of(held), auto_submitted="auto-generated"))
        return tuple(letters)

    async def last_word(self, held: Held, how: str, why: str = "") -> tuple[ToSend, ...]:
        """The final DSN of a case that ends without its mail going: `how` is expired | refused | not-allowed."""
        readers = self.readers(held)
        if not readers:
            return ()
        about = self._about(held, UNSEEN, self._decider(held.held_for, held))
        letters: list[ToSend] = []
        try:
            content = await self.world.vault.get(held.object_id)
        except WillNotDo:  # damaged: the sender is told all the same, without the header
            content = self.world.octets(b"")
        try:
            about = replace(about, subject=_subject(content))
            for reader, recipients in readers.items():
                letter = ended(_for(reader, about, recipients, held), how, why)
                code = Reply(550, "5.7.1", letter.subject)
                statuses = [RecipientStatus(one.address.wire, "failed", code.status, str(code), one.orcpt, held.case) for one in recipients]
                letters.append(await self._report(letter, reader, held, content, statuses))
        finally:
            content.close()
        return tuple(letters)

    async def ask(self, held: Held, seen: Seen = UNSEEN, content: Content | None = None) -> tuple[ToSend, ...]:
        """Somebody else decides from now on: they are asked."""
        if held.decision.verdict is Verdict.CONFIRM and held.held_for == "sender":
            return await self._ask_sender(held, seen, content)
        decider = self._decider(held.held_for, held)
        return await self._ask(self._about(held, seen, decider), held, decider)

    async def _ask_sender(self, held: Held, seen: Seen, content: Content | None) -> tuple[ToSend, ...]:
        about = self._about(held, seen, self._decider(held.held_for, held))
        about = replace(about, subject=_subject(content) if content is not None else "")
        letters = [
            (reader, to_sender(_for(reader, about, recipients, held), texts_of(self.policy)))
            for reader, recipients in self.readers(held).items()
        ]
        return tuple([await self._pen.notice(letter, reader.mailbox, _of(held)) for reader, letter in letters])

    async def gone(
        self, held: Held, content: Content, seen: Seen, told: Mapping[Reader, Told], linked: Mapping[Reader, tuple[Sent, ...]]
    ) -> tuple[ToSend, ...]:
        """What was kept has been let go, to the recipients of `held`: its sender hears of it and its links, and whom rules have `told`."""
        about = replace(self._about(held, seen, self._decider(held.held_for, held)), subject=_subject(content))
        texts, letters = texts_of(self.policy), []
        for reader, recipients in self.readers(held).items():
            links = link_words(linked.get(reader, ()), self.policy, self.house)
            letter = let_go(_for(reader, about, recipients, held), told.get(reader), texts, links)
            letters.append(await self._pen.notice(letter, reader.mailbox, _of(held), content))
        for reader, words in told.items():
            if reader.is_ is As.PERSON:
                letter = to_told(replace(about, subject=""), words, held.envelope.reverse_path.wire or _NOBODY, texts)
                letters.append(await self._pen.notice(letter, reader.mailbox, _of(held), auto_submitted="auto-generated"))
        return tuple(letters)

    async def overridden(self, held: Held, override: Override, because: Because, going: tuple[str, ...], seen: Seen) -> tuple[ToSend, ...]:
        """To whom a pack names in `told`: this override was used. Each owner hears of their own recipients (another may be a Bcc)."""
        if override.told is None:
            return ()
        told, sender = self._named_in(override.told, held), held.envelope.reverse_path.wire or _NOBODY
        letters: list[ToSend] = []
        for to, recipients in told.items():
            about = replace(self._about(held, seen, self._decider(held.held_for, held)), recipients=_addresses(recipients))
            letter = overridden(about, override, because, sender, tuple(address for address in going if address in about.recipients))
            letters.append(await self._pen.notice(letter, to, _of(held), auto_submitted="auto-generated"))
        return tuple(letters)

    def _named_in(self, told: str, held: Held) -> dict[str, tuple[Recipient, ...]]:
        """The mailboxes that this name in a pack stands for, and about which recipients each is told."""
        if told == "sender":
            return {reader.mailbox: recipients for reader, recipients in self.readers(held).items()}
        found: dict[str, tuple[Recipient, ...]] = {}
        for one in held.envelope.recipients:
            to = resolve(told, self.policy, self.house, (one,), self.world.clock.now()).mailbox
            found[to] = (*found.get(to, ()), one)
        return found

    # --- of a delivery ------------------------------------------------------------------------------------------------

    async def bounce(
        self, envelope: Envelope, message_id: str, content: Content, failed: tuple[Outcome, ...], delivered: int, sent_at: datetime
    ) -> tuple[ToSend, ...]:
        """The DSN about recipients whose own server refused, while others have the message. The caller has seen who may be told."""
        pairs = tuple((outcome.recipient, outcome.reply) for outcome in failed)
        letter = undelivered(self.house, _replies(pairs), delivered, sent_at, subject=_subject(content))
        return (await self._bounce(envelope, Subject(None, message_id), content, letter, pairs),)

    async def bounce_row(
        self, row: ToSend, content: Content, failed: tuple[Handed, ...], delivered: int, *, gave_up: bool
    ) -> tuple[ToSend, ...]:
        """The same for mail out of our own outbox. What the sender may not be told of, the postmaster is."""
        envelope, about = envelope_of(row), Subject(row.case, row.message_id)
        pairs = tuple((one.recipient, one.reply) for one in failed)
        told = tuple(pair for pair in pairs if pair[0].notify != NEVER) if self.house.is_ours(envelope.reverse_path) else ()
        silent = tuple(pair for pair in pairs if pair not in told)
        letters: list[ToSend] = []
        if told:
            subject = _subject(content)
            letter = undelivered(self.house, _replies(told), delivered, None, row.case or "", subject=subject, gave_up=gave_up)
            letters.append(await self._bounce(envelope, about, content, letter, told))
        if silent:
            letter = undelivered(self.house, _replies(silent), delivered, None, row.case or "", gave_up=gave_up)
            letters.append(await self._bounce(envelope, about, content, letter, silent, to=self.house.postmaster))
        return tuple(letters)

    async def delayed(self, row: ToSend, content: Content, waiting: tuple[Handed, ...]) -> tuple[ToSend, ...]:
        """The DSN about mail in our outbox that still waits, to a sender who may hear of delay (RFC 3461 section 4.1)."""
        pairs = tuple((one.recipient, one.reply) for one in waiting if "DELAY" in (one.recipient.notify or ("DELAY",)))
        envelope = envelope_of(row)
        if not pairs or row.expires_at is None or not self.house.is_ours(envelope.reverse_path):
            return ()
        letter = delayed(self.house, _replies(pairs), row.expires_at, row.case or "", _subject(content))
        return (await self._bounce(envelope, Subject(row.case, row.message_id), content, letter, pairs, action="delayed"),)

    async def relayed(
        self, envelope: Envelope, message_id: str, content: Content, taken: tuple[Handed, ...], sent_at: datetime | None = None
    ) -> tuple[ToSend, ...]:
        """The DSN about recipients of whose success the hop will not tell, though the sender asked (RFC 3461 section 5.2.2)."""
        owed = tuple((one.recipient, one.reply) for one in taken if owes_success(one))
        if not owed or not self.house.is_ours(envelope.reverse_path):
            return ()
        letter = relayed(self.house, _addresses(tuple(recipient for recipient, _ in owed)), sent_at, _subject(content))
        return (await self._bounce(envelope, Subject(None, message_id), content, letter, owed, action="relayed"),)

    async def told(
        self, envelope: Envelope, message_id: str, content: Content, told: Told, findings: Findings | None, sent_at: datetime, to: Reader
    ) -> ToSend:
        """What rules say of mail that has gone. The caller has seen who may be told."""
        about = replace(self._of_delivery(envelope, content, told, sent_at, to), findings=None if to.is_ is As.RECIPIENT else findings)
        if to.is_ is not As.PERSON:
            return await self._pen.notice(advised(about, told, texts_of(self.policy)), to.mailbox, Subject(None, message_id), content)
        letter = to_told(about, told, envelope.reverse_path.wire or _NOBODY, texts_of(self.policy))
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
            subject=_subject(content) if to.is_ is As.SENDER else "",
            case="",
            sent_at=sent_at,
            keep_until=sent_at,
            source=self.policy.source,
            names=self.policy.patterns.names,
        )

    def readers(self, held: Held) -> dict[Reader, tuple[Recipient, ...]]:
        """Who is told what becomes of kept mail, and of which of its recipients; nobody, where nobody may be."""
        origin, now = Origin.of_case(held), self.world.clock.now()
        return grouped(held.envelope.recipients, lambda recipient: reader_of(recipient, origin, self.policy, self.house, now))

    # --- how it is written --------------------------------------------------------------------------------------------

    def _decider(self, held_for: str, held: Held) -> Decider:
        return resolve(held_for, self.policy, self.house, held.envelope.recipients, self.world.clock.now(), held.decision.then)

    def _about(self, held: Held, seen: Seen, decider: Decider) -> About:
        then = held.decision.then
        levels, highest = self._levels(seen)
        return About(
            house=self.house,
            decision=held.decision,
            recipients=_addresses(held.envelope.recipients),
            findings=seen.findings,
            levels=levels,
            highest=highest,
            case=held.case,
            sent_at=held.kept_at,
            keep_until=held.keep_until,
            answer_by=held.answer_by,
            decider=decider.name,
            phone=decider.phone,
            hours=decider.hours,
            then=self._decider(then, held).name if then else "",
            source=self.policy.source,
            names=self.policy.patterns.names,
        )

    def _levels(self, seen: Seen) -> tuple[dict[str, str], str]:
        """What each file counts as, and the email as a whole; nothing where nothing is sensitive."""
        if seen.facts is None:
            return {}, ""
        mail, ladder = Mail(self.policy, seen.facts), self.policy.ladder
        names = {id_: ladder.name(level.top) for id_, level in mail.each_file(self.policy).items()}
        return names, ladder.name(mail.all.top) if mail.all.top > 0 else ""

    def _refused(self, step: Step, recipients: tuple[Recipient, ...], held: Held, about: About) -> list[RecipientStatus]:
        texts, values = texts_of(self.policy), values_of(about)
        found = []
        for recipient, decision in zip(step.recipients, step.decisions, strict=True):
            if recipient in recipients:
                reply = smtp_reply(decision, texts, to=recipient.address.wire, case=held.case, values=values)
                found.append(RecipientStatus(recipient.address.wire, "failed", reply.status, str(reply), recipient.orcpt, held.case))
        return found

    async def _ask(self, about: About, held: Held, decider: Decider) -> tuple[ToSend, ...]:
        """To the person who decides."""
        letter = to_decider(about, held.envelope.reverse_path.wire or _NOBODY, texts_of(self.policy))
        return (await self._pen.notice(letter, decider.mailbox, _of(held), auto_submitted="auto-generated"),)

    async def _report(self, letter: Letter, reader: Reader, held: Held, content: Content, statuses: Iterable[RecipientStatus]) -> ToSend:
        header = b"" if reader.is_ is As.RECIPIENT else header_of(content)
        return await self._pen.report(letter, reader.mailbox, _of(held), held.envelope, header, statuses, held.kept_at)

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


def _for(reader: Reader, about: About, recipients: tuple[Recipient, ...], held: Held) -> About:
    """What this reader is told, and of whom."""
    found = replace(about, recipients=_addresses(recipients))
    if reader.is_ is As.SENDER:
        return found
    found = replace(found, author=held.envelope.reverse_path.wire, subject="")
    return replace(found, findings=None, others=NO_OTHERS, total=0) if reader.is_ is As.RECIPIENT else found


def _subject(content: Content) -> str:
    """Of the email, so that its sender knows which it is."""
    return subject_of(header_of(content).partition(b"\r\n\r\n")[0])


def _addresses(recipients: tuple[Recipient, ...]) -> tuple[str, ...]:
    return tuple(recipient.address.wire for recipient in recipients)


def _replies(failed: _Failed) -> tuple[tuple[str, Reply], ...]:
    return tuple((recipient.address.wire, reply) for recipient, reply in failed)


def _of(held: Held) -> Subject:
    return Subject(held.case, held.message_id)
