"""A kept message decided again, by the same pipeline as the mail path: what may go goes, what may not is told, what stays stays kept.

A person's release lifts the hold or confirm reasons of that case, never what a rule requires; a declaration is a fact like any other, and
an override lifts what the pack says it lifts (DESIGN section 5). All that follows is one commit with the case.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime

from gateway.act.copies import fields, forbidden, names_of, stamps_of
from gateway.act.deciders import POSTMASTER
from gateway.act.letters import UNSEEN, Seen
from gateway.act.pen import LIFETIME
from gateway.act.ready import Ready, keep_ready
from gateway.act.receipts import receipts_of
from gateway.act.tell import Circle, Went, told_of
from gateway.attempt import is_poison, reading
from gateway.errors import OutgateError, Revoked, WillNotDo
from gateway.gather import not_found
from gateway.keeper.desk import Desk
from gateway.keeper.links import Links
from gateway.model.decision import Decision, Reason, Verdict
from gateway.model.envelope import Peer
from gateway.model.judgement import Judgement
from gateway.model.kept import Because, Held, ToSend
from gateway.model.message import Arrival, Content, Defect, DefectName
from gateway.model.outcome import Copy, Ending, Outcome, Reply, Step
from gateway.pipeline import POISON, Beside, judge
from gateway.plan import plan
from gateway.policy.declared import why_not_accepted, why_not_believed, with_new
from gateway.policy.rules import Override, Policy
from gateway.trail import record_of

LIFTED = ("hold", "confirm")  # the effects that a person's release lifts
TIME = "time"  # who it was, where nobody asked for it
_NOTHING: frozenset[str] = frozenset()


async def decide_again(desk: Desk, held: Held, because: Because, lifts: frozenset[str] | None = None) -> str:
    """What came of it, to tell who asked. `lifts`: what a release lifts; None: nobody wants it released.

    Raises:
        WillNotDo: somebody else was first, a release lets nothing go, or what was declared speaks of no file of the message or counts
            for nothing; nothing has changed.
    """
    policy = desk.policy()
    known = Beside(with_new(held.declared, because.declared), frozenset(held.lifted) | (lifts or _NOTHING))
    content = await desk.world.vault.get(held.object_id)
    try:
        arrival = arrival_of(held, content, desk.world.clock.now())
        with _reading(held, desk):
            judgement = await judge(arrival, held.envelope.recipients, policy, desk.house, desk.world.examiner, known=known)
        if lacking := not_found(because.declared, judgement.findings):
            raise WillNotDo(f"the message has no file `{lacking[0]}`; {_files(judgement)}")
        again = _Again(desk, held, because, policy, known, judgement, content, is_release=lifts is not None)
        said = await again.carry_out()
        if again.is_news:
            desk.world.records.record(record_of(arrival, policy, judgement, tuple(again.outcomes)))
        return said
    finally:
        content.close()


async def look_into(desk: Desk, held: Held) -> Seen:
    """What is in a kept message, for whoever is to decide about it; nothing where it cannot be read again now."""
    if was_never_read(held):
        return UNSEEN
    try:
        content = await desk.world.vault.get(held.object_id)
        try:
            arrival, known = arrival_of(held, content, desk.world.clock.now()), Beside(held.declared, frozenset(held.lifted))
            with _reading(held, desk):
                found = await judge(arrival, held.envelope.recipients, desk.policy(), desk.house, desk.world.examiner, known=known)
        finally:
            content.close()
    except OutgateError:
        return UNSEEN
    except Exception as error:  # noqa: BLE001 - that it cannot be read keeps nobody from deciding
        desk.alarm("case: it cannot be read again", error, case=held.case)
        return UNSEEN
    return Seen(found.findings, found.facts[0].message)


def was_never_read(held: Held) -> bool:
    """Whether reading it has killed processes: it is left alone."""
    return any(reason.rule == POISON for reason in held.decision.reasons)


@contextmanager
def _reading(held: Held, desk: Desk) -> Iterator[None]:
    """Should the keeper die of it, the message has a point; after too many it is left alone, and other mail goes on.

    Raises:
        WillNotDo: it has killed the keeper before.
    """
    name, suspects = hashlib.sha256(held.object_id.encode("utf-8")).digest(), desk.world.suspects
    if is_poison((name,), suspects):
        raise WillNotDo(f"the gateway has failed on the message of case {held.case} again and again; it can only be refused")
    with reading(name, suspects):
        yield
    suspects.clear(name)


def keeps(reason: Reason) -> bool:
    """Whether it is one of those for which a message is kept."""
    return reason.effect in (*LIFTED, "refuse") or (reason.effect == "never" and reason.held_for is not None)


@dataclass(slots=True)
class _Again:
    """One case on its way to its new row, or its end."""

    desk: Desk
    held: Held
    because: Because
    policy: Policy
    known: Beside
    judgement: Judgement
    content: Content
    is_release: bool
    letters: list[ToSend] = field(default_factory=list)
    going: list[Went] = field(default_factory=list)
    stays: list[Step] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    is_news: bool = True

    async def carry_out(self) -> str:
        links = Links(self.desk, self.held, self.policy, self.known, self.judgement, self.content)
        try:
            return await self._carry_out(links)
        except BaseException:
            await links.undo()
            raise

    async def _carry_out(self, links: Links) -> str:
        overrides = self._accepted()
        try:
            steps = await links.made(plan(self.judgement.decisions, self.held.envelope.recipients).steps)
        except Revoked as revoked:
            raise WillNotDo(self._nothing_changed(str(revoked))) from revoked
        for ready in links.ready:
            await self._let_go(ready, links)
        for step in steps:
            await self._sort(step, links)
        rest = self._remaining()
        if self.is_release and rest is not None and _is_same(rest, self.held):
            raise WillNotDo(self._nothing_changed("; ".join(self.said), rest.decision))
        self.letters += await self._gone(links)
        for override in overrides:
            self.letters += await self._overridden(override)
        if rest is not None and rest.held_for != self.held.held_for:
            self.letters += await self.desk.post.ask(rest, self._seen, self.content)
        # What nobody asked for and changes nothing is no event; what a person did is one in any case.
        self.is_news = bool(self.letters) or rest != self.held or self.because.by != TIME
        if self.is_news:
            await self._commit(rest)
        return "; ".join(self.said)

    def _accepted(self) -> tuple[Override, ...]:
        """The overrides that were declared just now. What counts for nothing must not be noted as if it did."""
        message = self.judgement.facts[0].message
        for said in self.because.declared:
            if why_not := why_not_believed(said, message, self.policy):
                raise WillNotDo(why_not)
        names = {said.value for said in self.because.declared if said.what == "override"}
        found = tuple(one for one in self.policy.overrides if one.id in names)
        lifted = _NOTHING.union(*[decision.lifted for decision in self.judgement.decisions])
        for one in found:
            if lifted.isdisjoint(one.lifts):
                raise WillNotDo(why_not_accepted(one, message))
        return found

    async def _sort(self, step: Step, links: Links) -> None:
        post = self.desk.post
        whom = _whom(step)
        part = self._part(step)
        if step.verdict is Verdict.RELEASE:
            await self._let_go(self._as_it_is(step), links)
        elif step.verdict is Verdict.REFUSE and post.readers(part):
            self.letters += await post.last_word(part, "not-allowed")
            self._note(step, Ending.REFUSED, f"{whom}: the rules refuse it, the sender is told")
        else:
            self.stays.append(step)
            self._note(step, Ending.KEPT, f"{whom}: stays kept ({'; '.join(_reasons(step.decisions[0]))})")

    def _note(self, step: Step, ending: Ending, says: str) -> None:
        """What came of it, for whoever asked and for the records."""
        self.said.append(says)
        reply = Reply(250, "2.0.0", ending.value)
        self.outcomes += [Outcome(recipient, ending, reply, step.route, self.held.case) for recipient in step.recipients]

    def _part(self, step: Step) -> Held:
        return replace(self.held, envelope=replace(self.held.envelope, recipients=step.recipients), decision=step.decisions[0])

    async def _let_go(self, ready: Ready, links: Links) -> None:
        """Into the outbox, to be sent when the case has been committed."""
        step = ready.step
        self.letters.append(links.noted(await self._row(ready), ready))
        self.going += [Went(recipient, made, waiting=True) for recipient, made in zip(step.recipients, step.decisions, strict=True)]
        self._note(step, Ending.QUEUED, f"{_whom(step)}: goes by {step.route}")

    def _as_it_is(self, step: Step) -> Ready:
        world, held = self.desk.world, self.held
        next_hop = self.policy.next_hop_of(step.route or "")
        added = fields(world.hops[next_hop].trigger_header, step.decisions[0].stamps)
        reserved = names_of(hop.trigger_header for hop in world.hops.values()) | stamps_of(self.policy)
        copy = Copy(
            reverse_path=held.envelope.reverse_path.wire,
            recipients=step.recipients,
            head=added,
            content=self.content,
            eight_bit=held.envelope.body == "8BITMIME",
            smtputf8=held.envelope.smtputf8,
            splices=forbidden(self.judgement.message, reserved),
        )
        return Ready(step, next_hop, copy, bool(added or copy.splices))

    async def _row(self, ready: Ready) -> ToSend:
        world, held = self.desk.world, self.held
        return ToSend(
            id=world.new_id(),
            object_id=await keep_ready(ready, world),
            reverse_path=ready.copy.reverse_path,
            recipients=ready.copy.recipients,
            next_hop=ready.next_hop,
            kind="release",
            case=held.case,
            message_id=held.message_id,
            next_at=world.clock.now(),
            expires_at=world.clock.now() + LIFETIME,
            smtputf8=held.envelope.smtputf8,
            ret=held.envelope.ret,
            envid=held.envelope.envid,
        )

    async def _gone(self, links: Links) -> tuple[ToSend, ...]:
        """Its sender hears that it goes, with its links and what rules have to say of that; so does whom a rule names."""
        if not self.going:
            return ()
        desk, post = self.desk, self.desk.post
        part = replace(self.held, envelope=replace(self.held.envelope, recipients=tuple(one.recipient for one in self.going)))
        readers = {recipient: reader for reader, recipients in post.readers(part).items() for recipient in recipients}
        circle = Circle(self.policy, desk.house, desk.world.clock.now(), readers.get)
        linked = {reader: found.sent for reader, found in receipts_of(self.outcomes, links.shares, readers.get).items()}
        return await post.gone(part, self.content, self._seen, told_of(self.going, circle), linked)

    async def _overridden(self, override: Override) -> tuple[ToSend, ...]:
        """Whom the pack names is told of every override, and what was answered."""
        going = tuple(one.recipient.address.wire for one in self.going)
        return await self.desk.post.overridden(self.held, override, self.because, going, self._seen)

    @property
    def _seen(self) -> Seen:
        return Seen(self.judgement.findings, self.judgement.facts[0].message)

    # --- the case -----------------------------------------------------------------------------------------------------

    def _remaining(self) -> Held | None:
        """The case with those who stay. The strictest decision speaks for all, with everybody's reasons: a release lifts them together."""
        held, policy = self.held, self.policy
        if not self.stays:
            return None
        recipients = tuple(recipient for step in self.stays for recipient in step.recipients)
        rest = replace(held, envelope=replace(held.envelope, recipients=recipients), pack=policy.name, pack_version=policy.version)
        decision = self._for_somebody(_joined(self.stays), rest)
        rest = replace(rest, decision=decision, lifted=tuple(sorted(self.known.lifted)), declared=self.known.declared)
        if decision.held_for == held.decision.held_for:
            return rest  # whoever has it by now keeps it, and the time they have
        within = decision.within
        answer_by = self.desk.world.clock.now() + within if within is not None else None
        return replace(rest, held_for=decision.held_for or POSTMASTER, answer_by=answer_by)

    def _for_somebody(self, decision: Decision, held: Held) -> Decision:
        """A confirm that nobody can answer is a hold for who comes `then`."""
        if decision.verdict is not Verdict.CONFIRM or self.desk.post.readers(held):
            return decision
        return replace(decision, verdict=Verdict.HOLD, held_for=decision.then or POSTMASTER)

    def _nothing_changed(self, why: str, decision: Decision | None = None) -> str:
        """Why nothing goes, and what can be done instead."""
        lines = [f"nothing has changed: {why}"]
        if decision is not None and decision.route is None and decision.would_pass_if:
            lines += ["It cannot go as it is. Any one of these would let it go:", *(f"  - {change}" for change in decision.would_pass_if)]
        return "\n".join((*lines, f"To end it: {self.desk.house.command(f'hold refuse {self.held.case} --by NAME --why TEXT')}"))

    async def _commit(self, rest: Held | None) -> None:
        """In one: the case ends or goes on with fewer recipients, and what is to be sent because of it."""
        desk, held, letters = self.desk, self.held, tuple(self.letters)
        if rest is None:
            was_open = await desk.shelves.holds.end(held.case, "released", self.because, letters, self.known.declared)
        else:
            was_open = await desk.shelves.holds.redecided(held, rest, self.because, letters)
        if not was_open:
            raise WillNotDo(f"somebody else has just ended case {held.case}, or changed it")
        if rest is None:
            desk.log.event("hold.released", case=held.case, by=self.because.by)
            await desk.forget(held.object_id)
        else:
            desk.log.event("hold.redecided", case=held.case, by=self.because.by, verdict=rest.decision.verdict.word)


def arrival_of(held: Held, content: Content, now: datetime) -> Arrival:
    """The message as it arrived then; it is decided by what is known and in force now."""
    peer = Peer(held.client, 0, "", certificate=held.certificate)
    known = {name.value: name for name in DefectName}
    defects = tuple(Defect(known[name]) for name in held.defects if name in known)
    return Arrival(held.message_id, held.listener, held.protocol, peer, held.envelope, content, now, float("inf"), defects)


def _is_same(rest: Held, held: Held) -> bool:
    """Whether a case is as it was, but for what a release would have lifted."""
    return rest.envelope.recipients == held.envelope.recipients and rest.decision.reasons == held.decision.reasons


def _whom(step: Step) -> str:
    return ", ".join(recipient.address.wire for recipient in step.recipients)


def _joined(stays: list[Step]) -> Decision:
    first = max((step.decisions[0] for step in stays), key=lambda decision: decision.verdict)
    reasons = tuple(dict.fromkeys(reason for step in stays for decision in step.decisions for reason in decision.reasons))
    return replace(first, reasons=reasons)


def _reasons(decision: Decision) -> tuple[str, ...]:
    return tuple(dict.fromkeys(reason.text or reason.rule for reason in decision.reasons if keeps(reason)))


def _files(judgement: Judgement) -> str:
    names = [file.names[0] for file in judgement.findings.files if file.names]
    return f"it has: {', '.join(names)}" if names else "it has no file with a name"
