"""The whole story: listen → parse → examine → gather → decide → plan → act → answer.

A message is carried while its client waits: the answer comes after the next hop's, because mail that passes through is never ours to keep.
`judge` is the part that has no effects; explain, tests, redecide and the mail path share it. There is no second way to decide.

To be read in this order: `judge`, then of Pipeline `deliver` (the deadline and the answer), `_begin` (who is this, who has had it already),
`_carry` (what is left to do), `_decided` (judge, plan, act). The rest is what these need.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from gateway.act import Work, act
from gateway.answer import answer
from gateway.attempt import LARGE, Ahead, Attempt, confirming, identify, is_poison, likeness, reading
from gateway.decide import decide
from gateway.errors import TryLater
from gateway.examine import examine
from gateway.gather import Context, gather
from gateway.log import Log
from gateway.model.decision import Decision, Reason, Verdict
from gateway.model.envelope import Recipient
from gateway.model.facts import UNKNOWN, Declared, Missing
from gateway.model.judgement import Judgement
from gateway.model.kept import Done
from gateway.model.message import Arrival
from gateway.model.outcome import Answer, Ending, Outcome, Plan, Reply, Step
from gateway.parse import parse
from gateway.plan import plan
from gateway.policy.guidance import House
from gateway.policy.rules import Policy
from gateway.ports.examiner import Examiner
from gateway.ports.journal import Transaction
from gateway.ports.world import World
from gateway.trail import Trail, details
from gateway.waiting import wait_at_most

POISON = "poison"  # the rule of what is held unread


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
        self._trail = Trail(log, world.counters, world.records)
        self._large_octets = large_octets
        self._running: set[asyncio.Task[tuple[Outcome, ...]]] = set()

    async def deliver(self, arrival: Arrival) -> Answer:
        """Carry one message and say what to answer by its deadline. Owns the content from here on.

        Raises:
            TryLater: nothing has happened; any other exception is a bug, and nothing has happened that a retry would not know of.
        """
        self._world.counters.count("messages", listener=arrival.listener)
        started = self._world.clock.monotonic()
        attempt = await self._begin(arrival)
        work = asyncio.get_running_loop().create_task(self._carry(attempt))
        self._running.add(work)
        work.add_done_callback(self._running.discard)
        work.add_done_callback(lambda _: arrival.content.close())
        await wait_at_most(work, arrival.deadline - self._world.clock.monotonic())
        outcomes = self._outcomes(attempt, work)
        replies = answer(outcomes, each=self._terms(arrival.listener).each, message_id=arrival.id)
        self._world.counters.observe("answer", self._world.clock.monotonic() - started, listener=arrival.listener)
        return Answer(replies, confirming(attempt.transaction, outcomes, replies, None if work.done() else work), details(outcomes))

    async def drain(self) -> None:
        """Wait for hand-overs that outlived their client."""
        while self._running:
            await asyncio.wait(self._running)

    # --- the story ----------------------------------------------------------------------------------------------------

    async def _begin(self, arrival: Arrival) -> Attempt:
        """Who this message is, and who of its recipients has had it already."""
        look = likeness(arrival) if arrival.content.octets > self._large_octets else b""
        ahead = self._judge_ahead(arrival, look)
        try:
            name = await identify(arrival)
            keys = tuple(recipient.address.key for recipient in arrival.envelope.recipients)
            return Attempt(arrival, name, await self._world.journal.begin(name, keys), ahead, look)
        except BaseException:
            if ahead is not None:
                await ahead.give_up()
            arrival.content.close()
            raise

    def _judge_ahead(self, arrival: Arrival, look: bytes) -> Ahead | None:
        """A large message is judged while it is being identified: both look at all of it, on two cores. Not one that somebody died of."""
        if not look or self._world.suspects.points(look):
            return None
        policy, everybody = self._policy(), tuple(_once(arrival.envelope.recipients).values())
        judging = self._judge(look, arrival, everybody, policy)
        return Ahead(policy, asyncio.get_running_loop().create_task(judging))

    async def _carry(self, attempt: Attempt) -> tuple[Outcome, ...]:
        recipients, transaction = _once(attempt.arrival.envelope.recipients), attempt.transaction
        outcomes: dict[str, Outcome] = {}
        if transaction.done or transaction.busy:
            outcomes |= {key: _again(done, recipients) for key, done in transaction.done.items() if key in recipients}
            outcomes |= {key: _put_off(recipients[key], "4.3.0") for key in transaction.busy if key in recipients}
            attempt.progress.update({key: outcome for key, outcome in outcomes.items() if outcome.ending.is_final})
        todo = tuple([recipient for key, recipient in recipients.items() if key not in outcomes])
        try:
            done = await self._decided(attempt, todo) if todo else ()
        finally:
            if attempt.ahead is not None and not attempt.ahead.judging.done():
                await attempt.ahead.give_up()
        outcomes |= {outcome.recipient.address.key: outcome for outcome in done}
        # INVARIANT: one outcome for each forward-path, also where one mailbox was named twice.
        return tuple([outcomes[recipient.address.key] for recipient in attempt.arrival.envelope.recipients])

    async def _decided(self, attempt: Attempt, todo: tuple[Recipient, ...]) -> tuple[Outcome, ...]:
        arrival, ahead = attempt.arrival, attempt.ahead
        policy = ahead.policy if ahead is not None else self._policy()
        judgement: Judgement | None = None
        try:
            if is_poison(attempt.suspicious, self._world.suspects):
                steps = _held_unparsed(todo)
            else:
                judgement = await self._judged(attempt, todo, policy)
                steps = plan(judgement.decisions, todo)
                self._trail.decided(arrival, policy, judgement)
            outcomes = await act(steps, self._work(attempt, policy, judgement), self._world)
        except TryLater:
            raise
        except Exception:
            self._count_bug(attempt)
            raise
        if judgement is not None:
            self._world.suspects.clear(*attempt.suspicious)
        self._trail.done(arrival, policy, judgement, outcomes)
        return outcomes

    async def _judged(self, attempt: Attempt, todo: tuple[Recipient, ...], policy: Policy) -> Judgement:
        if attempt.ahead is not None:
            return (await attempt.ahead.judging).only(todo)
        return await self._judge(attempt.suspicious[0], attempt.arrival, todo, policy)

    async def _judge(self, name: bytes, arrival: Arrival, recipients: tuple[Recipient, ...], policy: Policy) -> Judgement:
        """Should this process die of reading it, the message has a point."""
        with reading(name, self._world.suspects):
            return await judge(arrival, recipients, policy, self._house, self._world.examiner)

    # --- what it needs ------------------------------------------------------------------------------------------------

    def _count_bug(self, attempt: Attempt) -> None:
        self._world.counters.count("bugs")
        self._world.suspects.blame(attempt.suspicious[-1])  # so that a large one is not read ahead again

    def _bug_while_handing_over(self, attempt: Attempt, bug: Exception) -> None:
        """Others may have the message: each recipient is answered by what became of it, and only the operator hears of the bug."""
        self._count_bug(attempt)
        self._trail.failed(attempt.arrival, bug)

    def _work(self, attempt: Attempt, policy: Policy, judgement: Judgement | None) -> Work:
        arrival, name = attempt.arrival, attempt.name
        terms = self._terms(arrival.listener)
        facts = {one.recipient: one for one in judgement.facts} if judgement else {}
        return Work(
            arrival=arrival,
            message=judgement.message if judgement else None,
            findings=judgement.findings if judgement else None,
            facts=judgement.facts[0].message if judgement else None,
            policy=policy,
            house=self._house,
            transaction=attempt.transaction,
            name=name if name is not None else hashlib.sha256(arrival.id.encode("ascii")).digest(),
            each=terms.each,
            ours=self._house.is_ours(arrival.envelope.reverse_path),
            at=arrival.received_at,
            keep_seconds=policy.keep.total_seconds() if policy.keep else terms.keep_seconds,
            # Without identity no retry knows what is done: whoever waited upstream would get copies until the upstream bounces them all.
            patience_seconds=terms.patience_seconds if name is not None else 0.0,
            again=lambda recipient, unusable: decide(facts[recipient.address.wire], policy, unusable=unusable),
            regroup=plan,
            trigger_headers=self._trigger_headers,
            head=lambda: self._world.head(arrival),
            on_bug=lambda bug: self._bug_while_handing_over(attempt, bug),
            progress=attempt.progress,
        )

    def _outcomes(self, attempt: Attempt, work: asyncio.Task[tuple[Outcome, ...]]) -> tuple[Outcome, ...]:
        """What has become of each recipient when the answer is due."""
        if not work.done():
            # A hand-over whose final dot was sent goes on; it is journalled and keeps its lock (DESIGN section 6).
            work.add_done_callback(lambda task: self._ended_late(attempt.arrival, attempt.transaction, task))
            recipients = attempt.arrival.envelope.recipients
            return tuple(attempt.progress.get(recipient.address.key) or _put_off(recipient, "4.4.7") for recipient in recipients)
        try:
            return work.result()
        except BaseException:
            attempt.transaction.release()
            raise

    def _ended_late(self, arrival: Arrival, transaction: Transaction, work: asyncio.Task[tuple[Outcome, ...]]) -> None:
        """What outlived its client has ended; nobody else hears of a bug in it."""
        error = None if work.cancelled() else work.exception()
        if error is not None and not isinstance(error, TryLater):
            self._trail.failed(arrival, error)
        # After the callbacks that close what the client has heard of.
        asyncio.get_running_loop().call_soon(transaction.release)


# --- small things -------------------------------------------------------------------------------------------------------


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


def _put_off(recipient: Recipient, status: str) -> Outcome:
    return Outcome(recipient, Ending.DEFERRED, Reply(451, status, "try again later"))


def _held_unparsed(recipients: tuple[Recipient, ...]) -> Plan:
    reason = Reason(POISON, "hold", text="The gateway failed three times on this message; nobody has read it.", held_for="postmaster")
    decisions = tuple(
        Decision(recipient.address.wire, (), Verdict.HOLD, None, reasons=(reason,), held_for="postmaster") for recipient in recipients
    )
    return Plan((Step(Verdict.HOLD, None, decisions, recipients),))
