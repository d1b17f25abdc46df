"""Who gets which letter about kept mail: its sender or who reads for a system, who decides, whom a rule or an override names.

A refusal is a DSN; mail that is kept is told by a notice. Neither is written where nobody may be told (readers.py).
Not here: what is said of a delivery (reports.py), the words (policy/letters.py, policy/news.py), how a letter becomes mail (pen.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from gateway.act.deciders import POSTMASTER, Decider, resolve
from gateway.act.pen import Pen, Subject, header_of, subject_in
from gateway.act.readers import NOBODY, As, Origin, Reader, addresses, grouped, reader_of
from gateway.errors import WillNotDo
from gateway.mime.report import RecipientStatus
from gateway.model.decision import Reason, Verdict
from gateway.model.envelope import Recipient
from gateway.model.facts import MessageFacts
from gateway.model.finding import Findings
from gateway.model.kept import Because, Held, ToSend
from gateway.model.message import Content
from gateway.model.outcome import Reply, Step
from gateway.policy.guidance import House, smtp_reply, texts_of
from gateway.policy.letters import ended, let_go, overridden, to_decider, to_sender
from gateway.policy.news import to_told
from gateway.policy.receipt import Sent, link_words
from gateway.policy.rules import Override, Policy
from gateway.policy.view import Mail
from gateway.policy.wording import NO_OTHERS, About, Letter, Others, Told, values_of
from gateway.ports.world import World


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

    async def of_step(
        self, step: Step, held: Held, content: Content, seen: Seen, *, others: Others = NO_OTHERS, total: int
    ) -> tuple[ToSend, ...]:
        """To the sender, and to the person who decides; for a step that has just been kept under the case of `held`.

        `others`: what becomes of the other copies. `total`: how many people the sender wrote to.
        """
        letters: list[ToSend] = []
        decider = self._decider(held.held_for, held)
        about = self._about(held, seen, decider)
        whole = replace(about, others=others, total=total, subject=subject_in(content))
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
        sender = held.envelope.reverse_path.wire or NOBODY
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
            about = replace(about, subject=subject_in(content))
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
        about = replace(about, subject=subject_in(content) if content is not None else "")
        letters = [
            (reader, to_sender(_for(reader, about, recipients, held), texts_of(self.policy)))
            for reader, recipients in self.readers(held).items()
        ]
        return tuple([await self._pen.notice(letter, reader.mailbox, _of(held)) for reader, letter in letters])

    async def gone(
        self, held: Held, content: Content, seen: Seen, told: Mapping[Reader, Told], linked: Mapping[Reader, tuple[Sent, ...]]
    ) -> tuple[ToSend, ...]:
        """What was kept has been let go, to the recipients of `held`: its sender hears of it and its links, and whom rules have `told`."""
        about = replace(self._about(held, seen, self._decider(held.held_for, held)), subject=subject_in(content))
        texts, letters = texts_of(self.policy), []
        for reader, recipients in self.readers(held).items():
            links = link_words(linked.get(reader, ()), self.policy, self.house)
            letter = let_go(_for(reader, about, recipients, held), told.get(reader), texts, links)
            letters.append(await self._pen.notice(letter, reader.mailbox, _of(held), content))
        for reader, words in told.items():
            if reader.is_ is As.PERSON:
                letter = to_told(replace(about, subject=""), words, held.envelope.reverse_path.wire or NOBODY, texts)
                letters.append(await self._pen.notice(letter, reader.mailbox, _of(held), auto_submitted="auto-generated"))
        return tuple(letters)

    async def overridden(self, held: Held, override: Override, because: Because, going: tuple[str, ...], seen: Seen) -> tuple[ToSend, ...]:
        """To whom a pack names in `told`: this override was used. Each owner hears of their own recipients (another may be a Bcc)."""
        if override.told is None:
            return ()
        told, sender = self._named_in(override.told, held), held.envelope.reverse_path.wire or NOBODY
        letters: list[ToSend] = []
        for to, recipients in told.items():
            about = replace(self._about(held, seen, self._decider(held.held_for, held)), recipients=addresses(recipients))
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
            recipients=addresses(held.envelope.recipients),
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
        letter = to_decider(about, held.envelope.reverse_path.wire or NOBODY, texts_of(self.policy))
        return (await self._pen.notice(letter, decider.mailbox, _of(held), auto_submitted="auto-generated"),)

    async def _report(self, letter: Letter, reader: Reader, held: Held, content: Content, statuses: Iterable[RecipientStatus]) -> ToSend:
        header = b"" if reader.is_ is As.RECIPIENT else header_of(content)
        return await self._pen.report(letter, reader.mailbox, _of(held), held.envelope, header, statuses, held.kept_at)

    @property
    def _pen(self) -> Pen:
        return Pen(self.world, self.house)


def _for(reader: Reader, about: About, recipients: tuple[Recipient, ...], held: Held) -> About:
    """What this reader is told, and of whom."""
    found = replace(about, recipients=addresses(recipients))
    if reader.is_ is As.SENDER:
        return found
    found = replace(found, author=held.envelope.reverse_path.wire, subject="")
    return replace(found, findings=None, others=NO_OTHERS, total=0) if reader.is_ is As.RECIPIENT else found


def _of(held: Held) -> Subject:
    return Subject(held.case, held.message_id)
