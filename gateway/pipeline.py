"""The whole story: listen → parse → examine → gather → decide → plan → act → answer.

A message is carried while its client waits: the answer comes after the next hop's, because mail that passes through is never ours to keep.
`judge` is the part that has no effects; explain, tests, redecide and the mail path share it. There is no second way to decide.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

from gateway.act import Work, act
from gateway.answer import answer
from gateway.decide import decide
from gateway.errors import TryLater
from gateway.examine import examine
from gateway.gather import Context, gather
from gateway.log import Log
from gateway.mime.headers import HEADER_OCTETS
from gateway.mime.identity import digest_without_trace, identity, message_id_of
from gateway.model.decision import Decision, Reason, Verdict
from gateway.model.envelope import Recipient
from gateway.model.facts import UNKNOWN, Declared, Facts, Missing
from gateway.model.finding import Findings
from gateway.model.message import Arrival, Content, Message
from gateway.model.outcome import Answer, Ending, Outcome, Plan, Reply, Step
from gateway.parse import parse
from gateway.plan import plan
from gateway.policy.guidance import House
from gateway.policy.rules import Policy
from gateway.ports import Done, Examiner, Transaction, World
from gateway.waiting import look, wait_at_most

POISON = 3  # attempts that ended in a bug before a message is held unparsed
MOST_POISON = 4096  # how many are remembered
LARGE = 1_048_576  # octets above which a message is looked at beside the event loop, by several at a time
LINGER_SECONDS = 1.0  # how long a lock waits for the client to go on after its answer


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is known of a message and what the policy says, for each recipient."""

    message: Message
    findings: Findings
    facts: tuple[Facts, ...]
    decisions: tuple[Decision, ...]

    def only(self, recipients: tuple[Recipient, ...]) -> Judgement:
        """The same, of these recipients alone and in their order."""
        by_recipient = {facts.recipient: (facts, decision) for facts, decision in zip(self.facts, self.decisions, strict=True)}
        pairs = [by_recipient[recipient.address.wire] for recipient in recipients]
        return replace(self, facts=tuple(facts for facts, _ in pairs), decisions=tuple(decision for _, decision in pairs))


@dataclass(frozen=True, slots=True)
class Ahead:
    """A judgement that was begun before anybody knew who still waits for the message."""

    policy: Policy
    judging: asyncio.Task[Judgement]

    async def give_up(self) -> None:
        """Nobody wants it any more. On return nothing reads the content."""
        self.judging.cancel()
        await asyncio.wait([self.judging])
        if not self.judging.cancelled():
            self.judging.exception()  # seen: a bug in it is met again when the message is


@dataclass(frozen=True, slots=True)
class Terms:
    """How one listener wants its mail carried."""

    each: bool  # LMTP
    keep_seconds: float
    patience_seconds: float


@dataclass(frozen=True, slots=True)
class Beside:
    """What is known of a message beside what arrived: what people have said of it, and what has been tried."""

    declared: tuple[Declared, ...] = ()
    lifted: frozenset[str] = frozenset()  # rules whose hold or confirm a person has released
    unusable: frozenset[str] = frozenset()  # routes that have proved unable to serve
    authenticated: bool | Missing = UNKNOWN


ORDINARY = Beside()


async def judge(
    arrival: Arrival,
    recipients: tuple[Recipient, ...],
    policy: Policy,
    house: House,
    examiner: Examiner,
    *,
    known: Beside = ORDINARY,
) -> Judgement:
    """The middle of the story, parse to decide: no effect but reading."""
    message = parse(arrival)
    findings = await examine(message, arrival.content, examiner, policy.patterns)
    facts = gather(message, findings, _context(arrival, house, known), recipients, policy.snapshot, arrival.received_at)
    return Judgement(message, findings, facts, tuple([decide(one, policy, unusable=known.unusable, lifted=known.lifted) for one in facts]))


class Pipeline:
    """Carries messages. One for each SMTP process; `policy` and `house` are asked anew for every message, so that a reload takes effect."""

    def __init__(
        self,
        world: World,
        policy: Callable[[], Policy],
        house: House,
        terms: Callable[[str], Terms],
        trigger_headers: frozenset[str],
        log: Log,
        *,
        large_octets: int = LARGE,
    ) -> None:
        self._world = world
        self._policy = policy
        self._house = house
        self._terms = terms
        self._trigger_headers = trigger_headers
        self._log = log
        self._large_octets = large_octets
        self._poison: dict[bytes, int] = {}
        self._running: set[asyncio.Task[tuple[Outcome, ...]]] = set()

    async def deliver(self, arrival: Arrival) -> Answer:
        """Carry one message and say what to answer by its deadline. Owns the content from here on.

        Raises:
            TryLater: nothing has happened; any other exception is a bug, and nothing has happened that a retry would not know of.
        """
        self._world.counters.count("messages", listener=arrival.listener)
        started = self._world.clock.monotonic()
        ahead = self._judge_ahead(arrival)
        try:
            if ahead is not None:
                await asyncio.sleep(0)  # the examiner's look comes first: while its child reads we have the time for ours
            name = await _identify(arrival)
            keys = tuple(recipient.address.key for recipient in arrival.envelope.recipients)
            transaction = await self._world.journal.begin(name, keys)
        except BaseException:
            if ahead is not None:
                await ahead.give_up()
            arrival.content.close()
            raise
        progress: dict[str, Outcome] = {}
        work = asyncio.get_running_loop().create_task(self._carry(arrival, transaction, name, progress, ahead))
        self._running.add(work)
        work.add_done_callback(self._running.discard)
        work.add_done_callback(lambda _: arrival.content.close())
        left = arrival.deadline - self._world.clock.monotonic()
        await wait_at_most(work, left)
        if work.done():
            try:
                outcomes = work.result()
            except BaseException:
                transaction.release()
                raise
        else:
            # A hand-over whose final dot was sent goes on; it is journalled and keeps its lock (DESIGN section 6).
            outcomes = tuple(
                progress.get(recipient.address.key) or _put_off(recipient, "4.4.7") for recipient in arrival.envelope.recipients
            )
            work.add_done_callback(lambda task: self._ended_late(arrival, transaction, task))
        replies = answer(outcomes, each=self._terms(arrival.listener).each, message_id=arrival.id)
        self._world.counters.observe("answer", self._world.clock.monotonic() - started, listener=arrival.listener)
        return Answer(replies, self._confirm(transaction, outcomes, replies, None if work.done() else work), _details(outcomes))

    async def drain(self) -> None:
        """Wait for hand-overs that outlived their client."""
        while self._running:
            await asyncio.wait(self._running)

    # --- the story ----------------------------------------------------------------------------------------------------

    def _judge_ahead(self, arrival: Arrival) -> Ahead | None:
        """A large message is judged while it is being identified: both look at all of it, on two cores."""
        if arrival.content.octets <= self._large_octets:
            return None
        policy, everybody = self._policy(), tuple(_once(arrival.envelope.recipients).values())
        judging = judge(arrival, everybody, policy, self._house, self._world.examiner)
        return Ahead(policy, asyncio.get_running_loop().create_task(judging))

    async def _carry(
        self, arrival: Arrival, transaction: Transaction, name: bytes | None, progress: dict[str, Outcome], ahead: Ahead | None
    ) -> tuple[Outcome, ...]:
        try:
            return await self._for_each(arrival, transaction, name, progress, ahead)
        finally:
            if ahead is not None and not ahead.judging.done():
                await ahead.give_up()

    async def _for_each(
        self, arrival: Arrival, transaction: Transaction, name: bytes | None, progress: dict[str, Outcome], ahead: Ahead | None
    ) -> tuple[Outcome, ...]:
        recipients = _once(arrival.envelope.recipients)
        outcomes: dict[str, Outcome] = {}
        if transaction.done or transaction.busy:
            outcomes |= {key: _again(done, recipients) for key, done in transaction.done.items() if key in recipients}
            outcomes |= {key: _put_off(recipients[key], "4.3.0") for key in transaction.busy if key in recipients}
            progress.update({key: outcome for key, outcome in outcomes.items() if outcome.ending.is_final})
        todo = tuple([recipient for key, recipient in recipients.items() if key not in outcomes])
        if todo:
            done = await self._decided(arrival, todo, transaction, name, progress, ahead)
            outcomes |= {outcome.recipient.address.key: outcome for outcome in done}
        # INVARIANT: one outcome for each forward-path, also where one mailbox was named twice.
        return tuple([outcomes[recipient.address.key] for recipient in arrival.envelope.recipients])

    async def _decided(
        self,
        arrival: Arrival,
        todo: tuple[Recipient, ...],
        transaction: Transaction,
        name: bytes | None,
        progress: dict[str, Outcome],
        ahead: Ahead | None,
    ) -> tuple[Outcome, ...]:
        policy, world = ahead.policy if ahead is not None else self._policy(), self._world
        try:
            if name is not None and self._poison.get(name, 0) >= POISON:
                judgement, steps = None, _held_unparsed(todo)
            else:
                judgement = (
                    (await ahead.judging).only(todo)
                    if ahead is not None
                    else await judge(arrival, todo, policy, self._house, world.examiner)
                )
                steps = plan(judgement.decisions, todo)
                self._decided_event(arrival, policy, judgement)
            work = self._work(arrival, policy, transaction, name, judgement, progress)
            outcomes = await act(steps, work, world)
        except TryLater:
            raise
        except Exception:
            self._count_bug(name)
            raise
        if judgement is not None:
            world.records.record(_record(arrival, policy, judgement, outcomes))
        self._done_events(arrival, outcomes)
        return outcomes

    def _count_bug(self, name: bytes | None) -> None:
        self._world.counters.count("bugs")
        if name is not None:
            self._poison[name] = self._poison.pop(name, 0) + 1
            if len(self._poison) > MOST_POISON:
                del self._poison[next(iter(self._poison))]  # the longest unseen

    def _bug_while_handing_over(self, arrival: Arrival, name: bytes | None, bug: Exception) -> None:
        """Others may have the message: each recipient is answered by what became of it, and only the operator hears of the bug."""
        self._count_bug(name)
        self._log.bug("message.failed", bug, id=arrival.id, listener=arrival.listener)

    # --- what the operator sees ---------------------------------------------------------------------------------------

    def _decided_event(self, arrival: Arrival, policy: Policy, judgement: Judgement) -> None:
        decisions, files = judgement.decisions, judgement.findings.files
        self._log.event(
            "message.decided",
            id=arrival.id,
            listener=arrival.listener,
            pack=policy.name,
            verdicts=[decision.verdict.word for decision in decisions],
            routes=[decision.route for decision in decisions],
            rules=sorted({reason.rule for decision in decisions for reason in decision.reasons}) or None,
            files=len(files) or None,
            unread=len(judgement.findings.unread) or None,
        )
        for decision in decisions:
            if decision.alarm is not None:
                self._world.counters.count("alarms", what="never")
                self._log.event("alarm", what=decision.alarm, id=arrival.id)

    def _done_events(self, arrival: Arrival, outcomes: tuple[Outcome, ...]) -> None:
        """What went as it should stands in message.answered; what is kept or did not work has a line of its own."""
        for outcome in outcomes:
            self._world.counters.count("outcome", ending=outcome.ending.value, listener=arrival.listener)
        for case in dict.fromkeys(outcome.case for outcome in outcomes if outcome.case is not None):
            same = [outcome for outcome in outcomes if outcome.case == case]
            self._log.event(
                "hold.kept", id=arrival.id, listener=arrival.listener, case=case, verdict=same[0].ending.value, recipients=len(same)
            )
        for outcome in outcomes:
            if outcome.ending in (Ending.DEFERRED, Ending.REJECTED, Ending.BOUNCED) and outcome.route is not None:
                self._log.event(
                    "step.failed",
                    id=arrival.id,
                    listener=arrival.listener,
                    route=outcome.route,
                    code=outcome.reply.code,
                    status=outcome.reply.status,
                    certain=outcome.certain,
                )

    def _work(
        self,
        arrival: Arrival,
        policy: Policy,
        transaction: Transaction,
        name: bytes | None,
        judgement: Judgement | None,
        progress: dict[str, Outcome],
    ) -> Work:
        terms = self._terms(arrival.listener)
        facts = {one.recipient: one for one in judgement.facts} if judgement else {}
        return Work(
            arrival=arrival,
            message=judgement.message if judgement else None,
            findings=judgement.findings if judgement else None,
            policy=policy,
            house=self._house,
            transaction=transaction,
            each=terms.each,
            ours=self._house.is_ours(arrival.envelope.reverse_path),
            at=arrival.received_at,
            keep_seconds=policy.keep.total_seconds() if policy.keep else terms.keep_seconds,
            # Without identity no retry knows what is done: whoever waited upstream would get copies until the upstream bounces them all.
            patience_seconds=terms.patience_seconds if name is not None else 0.0,
            again=lambda recipient, unusable: decide(facts[recipient.address.wire], policy, unusable=unusable),
            regroup=plan,
            trigger_headers=self._trigger_headers,
            on_bug=lambda bug: self._bug_while_handing_over(arrival, name, bug),
            progress=progress,
        )

    def _confirm(
        self,
        transaction: Transaction,
        outcomes: tuple[Outcome, ...],
        replies: tuple[Reply, ...],
        unfinished: asyncio.Task[tuple[Outcome, ...]] | None,
    ) -> Callable[[bool], None]:
        """What the listener calls once it knows whether the client heard us."""
        by_recipient = replies if len(replies) == len(outcomes) else replies * len(outcomes)
        heard = frozenset(
            outcome.recipient.address.key
            for outcome, reply in zip(outcomes, by_recipient, strict=True)
            if reply.is_success or reply.is_permanent
        )
        # A lock does not wait for an idle client: the journal's entry says the same once it is written.
        timer = asyncio.get_running_loop().call_later(LINGER_SECONDS, transaction.release) if unfinished is None else None

        def confirm(went_on: bool) -> None:
            if timer is not None:
                timer.cancel()
            if unfinished is not None and not unfinished.done():
                # What goes on may journal these once more: they are closed when it has ended.
                if went_on:
                    unfinished.add_done_callback(lambda _: transaction.answered(heard))
                return
            if went_on:
                transaction.answered(heard)
            transaction.release()

        return confirm

    def _ended_late(self, arrival: Arrival, transaction: Transaction, work: asyncio.Task[tuple[Outcome, ...]]) -> None:
        """What outlived its client has ended; nobody else hears of a bug in it."""
        error = None if work.cancelled() else work.exception()
        if error is not None and not isinstance(error, TryLater):
            self._log.bug("message.failed", error, id=arrival.id, listener=arrival.listener)
        # After the callbacks that close what the client has heard of.
        asyncio.get_running_loop().call_soon(transaction.release)


# --- small things -------------------------------------------------------------------------------------------------------


async def _identify(arrival: Arrival) -> bytes | None:
    """The identity of the transaction (DESIGN section 6): what a retry has in common with the attempt before it."""
    large = arrival.content.octets > LARGE
    body, message_id = await look(lambda: _digest(arrival.content)) if large else _digest(arrival.content)
    peer = arrival.peer
    return identity(
        listener=arrival.listener,
        authority=peer.certificate or "",
        reverse_path=arrival.envelope.reverse_path.wire,
        ident=peer.forwarded("IDENT"),
        message_id=message_id,
        body_digest=body,
    )


def _digest(content: Content) -> tuple[bytes, str | None]:
    with content.view() as buffer:
        beginning = buffer[0:HEADER_OCTETS]
        return digest_without_trace(buffer), message_id_of(beginning[: beginning.find(b"\r\n\r\n") + 2])


def _context(arrival: Arrival, house: House, known: Beside) -> Context:
    sender = arrival.envelope.reverse_path
    return Context(
        listener=arrival.listener,
        sender=sender,
        ours=house.is_ours(sender),
        authenticated=known.authenticated,
        certificate=arrival.peer.certificate,
        peer_address=arrival.peer.forwarded("ADDR") or arrival.peer.address,
        declared=known.declared,
    )


def _once(recipients: tuple[Recipient, ...]) -> dict[str, Recipient]:
    first: dict[str, Recipient] = {}
    for recipient in recipients:
        first.setdefault(recipient.address.key, recipient)
    return first


def _again(done: Done, recipients: dict[str, Recipient]) -> Outcome:
    return Outcome(recipients[done.recipient], done.ending, done.reply, case=done.case)


def _details(outcomes: tuple[Outcome, ...]) -> dict[str, object]:
    cases = sorted({outcome.case for outcome in outcomes if outcome.case})
    return {"outcomes": [outcome.ending.value for outcome in outcomes], "cases": cases or None}


def _put_off(recipient: Recipient, status: str) -> Outcome:
    return Outcome(recipient, Ending.DEFERRED, Reply(451, status, "try again later"))


def _held_unparsed(recipients: tuple[Recipient, ...]) -> Plan:
    reason = Reason("poison", "hold", text="The gateway failed three times on this message; nobody has read it.", held_for="postmaster")
    decisions = tuple(
        Decision(recipient.address.wire, (), Verdict.HOLD, None, reasons=(reason,), held_for="postmaster") for recipient in recipients
    )
    return Plan((Step(Verdict.HOLD, None, decisions, recipients),))


def _record(arrival: Arrival, policy: Policy, judgement: Judgement, outcomes: tuple[Outcome, ...]) -> dict[str, object]:
    return {
        "message_id": arrival.id,
        "at": arrival.received_at.isoformat(),
        "listener": arrival.listener,
        "pack": policy.name,
        "pack_version": policy.version,
        "facts": judgement.facts,
        "decisions": judgement.decisions,
        "outcomes": outcomes,
    }
