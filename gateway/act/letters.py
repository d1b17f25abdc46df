"""What the sender and the person who decides get: words of the pack, as a DSN or a notice, in the vault and the outbox.

A refusal is a DSN (RFC 3464, headers only); mail that is kept is told by a notice. Both have the null reverse-path, so that nothing answers
them; neither is written where nobody may be told (Work.may_tell). What is made here becomes durable with the step it tells of.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from gateway.act.deciders import POSTMASTER, Decider, resolve
from gateway.act.readers import NEVER, As, Origin, Reader, grouped, reader_of
from gateway.errors import WillNotDo
from gateway.mime.identity import message_id_of
from gateway.mime.report import About as Heading
from gateway.mime.report import RecipientStatus, Report, delivery_report, notice
from gateway.model.decision import Decision, Reason, Verdict
from gateway.model.envelope import Address, Envelope, Recipient
from gateway.model.finding import Findings
from gateway.model.message import Content
from gateway.model.outcome import Outcome, Reply, Step
from gateway.policy.guidance import House, smtp_reply, texts_of
from gateway.policy.letters import ended, let_go, overridden, to_decider, to_sender
from gateway.policy.news import advised, relayed, to_told, undelivered
from gateway.policy.places import domain_of
from gateway.policy.rules import Override, Policy
from gateway.policy.wording import About, Letter, Told, values_of
from gateway.ports import Because, Handed, Held, ToSend, World

LIFETIME = timedelta(days=5)  # how long our outbox tries (RFC 5321 section 4.5.4.1)
_HEADER_OCTETS = 65_536
_NOBODY = "nobody (a bounce)"

_Failed = tuple[tuple[Recipient, Reply], ...]


@dataclass(frozen=True, slots=True)
class Post:
    """The writing desk of one policy."""

    world: World
    policy: Policy
    house: House

    # --- of a case ----------------------------------------------------------------------------------------------------

    async def of_step(
        self, step: Step, held: Held, content: Content, findings: Findings | None, *, going: int, total: int
    ) -> tuple[ToSend, ...]:
        """To the sender, and to the person who decides; for a step that has just been kept under the case of `held`.

        `going`: how many others have the message or are about to get it. `total`: how many people the sender wrote to.
        """
        letters: list[ToSend] = []
        decider = self._decider(held.held_for, held)
        about = self._about(held, findings, decider)
        for reader, recipients in self.readers(held).items():
            letter = to_sender(_for(reader, replace(about, going=going, total=total), recipients, held), texts_of(self.policy))
            if step.verdict is Verdict.REFUSE:
                letters.append(await self._report(letter, reader, held, content, self._refused(step, recipients, held, about)))
            else:
                letters.append(await self._notice(letter, reader.mailbox, held.case, held.message_id, content))
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
                letters.append(await self._notice(letter, to, held.case, held.message_id, None, auto_submitted="auto-generated"))
        return tuple(letters)

    async def last_word(self, held: Held, how: str, why: str = "") -> tuple[ToSend, ...]:
        """The final DSN of a case that ends without its mail going: `how` is expired | refused | not-allowed."""
        readers = self.readers(held)
        if not readers:
            return ()
        about = self._about(held, None, self._decider(held.held_for, held))
        letters: list[ToSend] = []
        try:
            content = await self.world.vault.get(held.object_id)
        except WillNotDo:  # damaged: the sender is told all the same, without the header
            content = self.world.octets(b"")
        try:
            for reader, recipients in readers.items():
                letter = ended(_for(reader, about, recipients, held), how, why)
                code = Reply(550, "5.7.1", letter.subject)
                statuses = [RecipientStatus(one.address.wire, "failed", code.status, str(code), one.orcpt, held.case) for one in recipients]
                letters.append(await self._report(letter, reader, held, content, statuses))
        finally:
            content.close()
        return tuple(letters)

    async def ask(self, held: Held, findings: Findings | None = None) -> tuple[ToSend, ...]:
        """Somebody else decides from now on: they are asked."""
        if held.decision.verdict is Verdict.CONFIRM and held.held_for == "sender":
            return await self._ask_sender(held, findings)
        decider = self._decider(held.held_for, held)
        return await self._ask(self._about(held, findings, decider), held, decider)

    async def _ask_sender(self, held: Held, findings: Findings | None) -> tuple[ToSend, ...]:
        about = self._about(held, findings, self._decider(held.held_for, held))
        letters = [
            (reader, to_sender(_for(reader, about, recipients, held), texts_of(self.policy)))
            for reader, recipients in self.readers(held).items()
        ]
        return tuple([await self._notice(letter, reader.mailbox, held.case, held.message_id, None) for reader, letter in letters])

    async def gone(self, held: Held, content: Content, findings: Findings | None, told: Mapping[Reader, Told]) -> tuple[ToSend, ...]:
        """What was kept has been let go, to the recipients of `held`: its sender hears of it, and whoever rules have `told`."""
        about = self._about(held, findings, self._decider(held.held_for, held))
        texts, letters = texts_of(self.policy), []
        for reader, recipients in self.readers(held).items():
            letter = let_go(_for(reader, about, recipients, held), told.get(reader), texts)
            letters.append(await self._notice(letter, reader.mailbox, held.case, held.message_id, content))
        for reader, words in told.items():
            if reader.is_ is As.PERSON:
                letter = to_told(about, words, held.envelope.reverse_path.wire or _NOBODY, texts)
                letters.append(
                    await self._notice(letter, reader.mailbox, held.case, held.message_id, None, auto_submitted="auto-generated")
                )
        return tuple(letters)

    async def overridden(
        self, held: Held, override: Override, because: Because, going: tuple[str, ...], findings: Findings | None
    ) -> tuple[ToSend, ...]:
        """To whom a pack names in `told`: this override was used. Each owner hears of their own recipients (another may be a Bcc)."""
        if override.told is None:
            return ()
        now, sender = self.world.clock.now(), held.envelope.reverse_path.wire or _NOBODY
        by_mailbox: dict[str, tuple[Recipient, ...]] = {}
        for one in held.envelope.recipients:
            to = sender if override.told == "sender" else resolve(override.told, self.policy, self.house, (one,), now).mailbox
            by_mailbox[to] = (*by_mailbox.get(to, ()), one)
        letters: list[ToSend] = []
        for to, recipients in by_mailbox.items():
            about = replace(self._about(held, findings, self._decider(held.held_for, held)), recipients=_addresses(recipients))
            letter = overridden(about, override, because, sender, tuple(address for address in going if address in about.recipients))
            letters.append(await self._notice(letter, to, held.case, held.message_id, None, auto_submitted="auto-generated"))
        return tuple(letters)

    # --- of a delivery ------------------------------------------------------------------------------------------------

    async def bounce(
        self, envelope: Envelope, message_id: str, content: Content, failed: tuple[Outcome, ...], delivered: int, sent_at: datetime
    ) -> tuple[ToSend, ...]:
        """The DSN about recipients whose own server refused, while others have the message. The caller has seen who may be told."""
        pairs = tuple((outcome.recipient, outcome.reply) for outcome in failed)
        letter = undelivered(self.house, _replies(pairs), delivered, sent_at)
        return (await self._bounce(envelope, message_id, content, letter, pairs, None),)

    async def bounce_row(
        self, row: ToSend, content: Content, failed: tuple[Handed, ...], delivered: int, *, gave_up: bool
    ) -> tuple[ToSend, ...]:
        """The same for mail out of our own outbox. What the sender may not be told of, the postmaster is."""
        envelope = envelope_of(row)
        pairs = tuple((one.recipient, one.reply) for one in failed)
        told = tuple(pair for pair in pairs if pair[0].notify != NEVER) if self.house.is_ours(envelope.reverse_path) else ()
        silent = tuple(pair for pair in pairs if pair not in told)
        letters: list[ToSend] = []
        if told:
            letter = undelivered(self.house, _replies(told), delivered, None, row.case or "", gave_up=gave_up)
            letters.append(await self._bounce(envelope, row.message_id, content, letter, told, row.case))
        if silent:
            letter = undelivered(self.house, _replies(silent), delivered, None, row.case or "", gave_up=gave_up)
            letters.append(await self._bounce(envelope, row.message_id, content, letter, silent, row.case, to=self.house.postmaster))
        return tuple(letters)

    async def relayed(
        self, envelope: Envelope, message_id: str, content: Content, taken: tuple[Handed, ...], sent_at: datetime | None = None
    ) -> tuple[ToSend, ...]:
        """The DSN about recipients of whose success the hop will not tell, though the sender asked (RFC 3461 section 5.2.2)."""
        owed = tuple((one.recipient, one.reply) for one in taken if owes_success(one))
        if not owed or not self.house.is_ours(envelope.reverse_path):
            return ()
        letter = relayed(self.house, _addresses(tuple(recipient for recipient, _ in owed)), sent_at)
        return (await self._bounce(envelope, message_id, content, letter, owed, None, action="relayed"),)

    async def told(
        self, envelope: Envelope, message_id: str, content: Content, told: Told, findings: Findings | None, sent_at: datetime, to: Reader
    ) -> ToSend:
        """What rules say of mail that has gone. The caller has seen who may be told."""
        about = About(
            house=self.house,
            decision=Decision("", (), Verdict.RELEASE, None),
            recipients=told.recipients,
            findings=None if to.is_ is As.RECIPIENT else findings,
            author="" if to.is_ is As.SENDER else envelope.reverse_path.wire,
            case="",
            sent_at=sent_at,
            keep_until=sent_at,
            source=self.policy.source,
            names=self.policy.patterns.names,
        )
        if to.is_ is not As.PERSON:
            return await self._notice(advised(about, told, texts_of(self.policy)), to.mailbox, None, message_id, content)
        letter = to_told(about, told, envelope.reverse_path.wire or _NOBODY, texts_of(self.policy))
        return await self._notice(letter, to.mailbox, None, message_id, None, auto_submitted="auto-generated")

    def readers(self, held: Held) -> dict[Reader, tuple[Recipient, ...]]:
        """Who is told what becomes of kept mail, and of which of its recipients; nobody, where nobody may be."""
        origin, now = Origin.of_case(held), self.world.clock.now()
        return grouped(held.envelope.recipients, lambda recipient: reader_of(recipient, origin, self.policy, self.house, now))

    # --- how it is written --------------------------------------------------------------------------------------------

    def _decider(self, held_for: str, held: Held) -> Decider:
        return resolve(held_for, self.policy, self.house, held.envelope.recipients, self.world.clock.now(), held.decision.then)

    def _about(self, held: Held, findings: Findings | None, decider: Decider) -> About:
        then = held.decision.then
        return About(
            house=self.house,
            decision=held.decision,
            recipients=_addresses(held.envelope.recipients),
            findings=findings,
            case=held.case,
            sent_at=held.kept_at,
            keep_until=held.keep_until,
            answer_by=held.answer_by,
            decider=decider.name,
            phone=decider.phone,
            then=self._decider(then, held).name if then else "",
            source=self.policy.source,
            names=self.policy.patterns.names,
        )

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
        return (await self._notice(letter, decider.mailbox, held.case, held.message_id, None, auto_submitted="auto-generated"),)

    async def _notice(
        self, letter: Letter, to: str, case: str | None, message_id: str, original: Content | None, *, auto_submitted: str = "auto-replied"
    ) -> ToSend:
        octets = notice(self._heading(letter, to, original), auto_submitted=auto_submitted)
        return await self._row(octets, to, case, message_id)

    async def _report(self, letter: Letter, reader: Reader, held: Held, content: Content, statuses: Iterable[RecipientStatus]) -> ToSend:
        to = reader.mailbox
        octets = delivery_report(
            Report(
                about=self._heading(letter, to, content),
                reporting_mta=self.house.hostname,
                recipients=tuple(statuses),
                original_header=b"" if reader.is_ is As.RECIPIENT else _header(content),
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
        letter: Letter,
        failed: _Failed,
        case: str | None,
        to: str = "",
        action: str = "failed",
    ) -> ToSend:
        now = self.world.clock.now()
        statuses = tuple(
            RecipientStatus(recipient.address.wire, action, reply.status, str(reply), recipient.orcpt, case, last_attempt_at=now)
            for recipient, reply in failed
        )
        to = to or envelope.reverse_path.wire
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


def owes_success(handed: Handed) -> bool:
    """Whether a word of success is ours to send: it was asked for, and the hop has not taken that over (RFC 3461 section 5.2.2)."""
    return handed.reply.is_success and not handed.dsn and "SUCCESS" in (handed.recipient.notify or ())


def envelope_of(row: ToSend) -> Envelope:
    """Of mail in our outbox."""
    return Envelope(_address(row.reverse_path), row.recipients, smtputf8=row.smtputf8, ret=row.ret, envid=row.envid)


def _for(reader: Reader, about: About, recipients: tuple[Recipient, ...], held: Held) -> About:
    """What this reader is told, and of whom."""
    found = replace(about, recipients=_addresses(recipients))
    if reader.is_ is As.SENDER:
        return found
    found = replace(found, author=held.envelope.reverse_path.wire)
    return replace(found, findings=None, going=0, total=0) if reader.is_ is As.RECIPIENT else found


def _addresses(recipients: tuple[Recipient, ...]) -> tuple[str, ...]:
    return tuple(recipient.address.wire for recipient in recipients)


def _replies(failed: _Failed) -> tuple[tuple[str, Reply], ...]:
    return tuple((recipient.address.wire, reply) for recipient, reply in failed)


def _header(content: Content) -> bytes:
    return content.read(0, min(content.octets, _HEADER_OCTETS))


def _address(wire: str) -> Address:
    """Of somebody we write to: their address came through our own grammar or configuration."""
    local_part, _, domain = wire.rpartition("@")
    with suppress(ValueError):  # an address literal, or no domain: it is no domain of ours
        domain = domain_of(domain)
    return Address(wire, local_part, domain.lower())
