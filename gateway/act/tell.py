"""Who is told of mail that has gone: its sender of links and by rules in `advise`, and whom a rule names by `notify` (DESIGN section 4).

One letter for each attempt and addressee, committed with the delivery it tells of, so that a retry tells nobody twice. The mail has gone:
what fails here costs nobody more than that letter. Of links the sender hears even if the attempt dies half-way (tell_early).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from gateway.act.deciders import POSTMASTER, resolve
from gateway.act.pen import LIFETIME
from gateway.act.readers import As, Reader
from gateway.act.receipts import Receipt, receipts_of
from gateway.act.reports import Reports
from gateway.act.share import Shared
from gateway.act.work import Work
from gateway.errors import OutgateError
from gateway.model.decision import Decision, Reason
from gateway.model.envelope import Recipient
from gateway.model.kept import Linked, ToSend
from gateway.model.outcome import Ending, Outcome, Reply
from gateway.policy.guidance import House
from gateway.policy.rules import Policy, Rule
from gateway.policy.wording import Told
from gateway.ports.world import World

AFTER_ALL_ATTEMPTS = timedelta(minutes=30)  # a listener's deadline (9 min), and a hand-over whose final dot was sent (10 min)

_SENDER = "sender"


@dataclass(frozen=True, slots=True)
class Went:
    """A recipient whose copy has gone, or waits in our outbox, and what it was decided by."""

    recipient: Recipient
    decision: Decision
    waiting: bool


@dataclass(frozen=True, slots=True)
class Circle:
    """Who can be told, and who that is at this moment."""

    policy: Policy
    house: House
    at: datetime
    reader: Callable[[Recipient], Reader | None]


@dataclass(frozen=True, slots=True)
class Letters:
    """What is told, to be committed with what it tells of."""

    rows: tuple[ToSend, ...] = ()
    links: frozenset[Linked] = frozenset()  # whom receipts among them tell of
    is_whole: bool = True  # none of them could not be written

    def __add__(self, other: Letters) -> Letters:
        return Letters((*self.rows, *other.rows), self.links | other.links, self.is_whole and other.is_whole)


NO_LETTERS = Letters()


async def tell(
    outcomes: Collection[Outcome], decided: Mapping[str, Decision], shares: Iterable[Shared], work: Work, world: World
) -> Letters:
    """The letters about what was delivered or queued. `decided`: by Address.key, what its copy was handed over for."""
    went = [
        Went(outcome.recipient, decided[outcome.recipient.address.key], outcome.ending is Ending.QUEUED)
        for outcome in outcomes
        if outcome.ending in (Ending.DELIVERED, Ending.QUEUED) and outcome.recipient.address.key in decided
    ]
    rows: list[ToSend] = []
    links: frozenset[Linked] = frozenset()
    is_whole = True
    try:
        words = told_of(went, Circle(work.policy, work.house, work.at, work.reader))
        receipts = receipts_of(outcomes, shares, work.reader)
        for reader in dict.fromkeys((*receipts, *words)):
            try:
                rows.append(await _written(reader, words.get(reader), receipts.get(reader), work, world))
                links |= receipts[reader].links if reader in receipts else frozenset()
            except OutgateError:
                is_whole = False
                world.counters.count("alarms", what="rule untold")
    except Exception as bug:  # noqa: BLE001 - see above
        is_whole = False
        work.on_bug(bug)
    return Letters(tuple(rows), links, is_whole)


async def tell_early(shares: Iterable[Shared], work: Work, world: World) -> Letters:
    """The receipt for copies with links that are about to be handed over one by one: what goes out if this attempt dies among them.

    It is made before the first of them leaves, is committed with the first that has gone, and waits until no attempt can be under way any
    more; the receipt of the whole takes its place (settle.py).
    """
    made = tuple(shares)
    everybody = [
        Outcome(one, Ending.QUEUED, Reply(250, "2.0.0", "on its way"), ready.step.route)
        for shared in made
        for ready in shared.ready
        for one in ready.step.recipients
    ]
    letters = await tell(everybody, {}, made, work, world)
    at = world.clock.now() + AFTER_ALL_ATTEMPTS
    return replace(letters, rows=tuple(replace(row, next_at=at, expires_at=at + LIFETIME) for row in letters.rows))


def speaks(decision: Decision) -> bool:
    """Whether somebody may have to be told when its mail has gone."""
    return any(one.mode == "advise" and one.guidance for one in decision.watched) or any(one.effect == "notify" for one in decision.reasons)


def told_of(went: Iterable[Went], circle: Circle) -> dict[Reader, Told]:
    """What each is to be told of mail that has gone, in one letter. Pure."""
    rules = {rule.id: rule for rule in circle.policy.rules}
    letters: dict[Reader, _Letter] = {}
    for one in went:
        wire = one.recipient.address.wire
        for reader, reason in _words(one, rules, circle):
            letter = letters.setdefault(reader, _Letter())
            letter.about[wire] = None
            letter.words.setdefault(reason, []).append(wire)
            if one.waiting:
                letter.waiting.add(wire)
    return {reader: letter.told for reader, letter in letters.items()}


@dataclass(slots=True)
class _Letter:
    """What one addressee is told."""

    about: dict[str, None] = field(default_factory=dict)  # Address.wire of recipients, in their order
    waiting: set[str] = field(default_factory=set)  # those of them whose copy is in our outbox
    words: dict[Reason, list[str]] = field(default_factory=dict)  # and of which recipients each speaks

    @property
    def told(self) -> Told:
        words = tuple((reason, tuple(recipients)) for reason, recipients in self.words.items())
        return Told(tuple(self.about), words, frozenset(self.waiting))


def _words(one: Went, rules: Mapping[str, Rule], circle: Circle) -> Iterator[tuple[Reader, Reason]]:
    """To whom, and why. Each owner is asked for by recipient: the owner of one list does not learn of another (it may be a Bcc)."""
    decision = one.decision
    advised = [Reason(said.rule, "notify", guidance=said.guidance, held_for=_SENDER) for said in decision.watched if said.mode == "advise"]
    sender = circle.reader(one.recipient)
    for reason in (*(said for said in advised if said.guidance), *(said for said in decision.reasons if said.effect == "notify")):
        rule = rules.get(reason.rule)
        word = Reason(reason.rule, "notify", rule.clause if rule else "", rule.says if rule else "", reason.guidance)
        if reason.held_for != _SENDER:
            mailbox = resolve(reason.held_for or POSTMASTER, circle.policy, circle.house, (one.recipient,), circle.at).mailbox
            yield Reader(mailbox, As.PERSON), word
        elif sender is not None:
            yield sender, word


async def _written(to: Reader, told: Told | None, linked: Receipt | None, work: Work, world: World) -> ToSend:
    """One letter: a receipt says what rules have to say as well."""
    arrival = work.arrival
    reports = Reports(world, work.policy, work.house)
    if linked is not None:
        told = linked.with_words(told)
        return await reports.receipt(arrival.envelope, arrival.id, arrival.content, told, linked.sent, arrival.received_at, to)
    assert told is not None  # noqa: S101 - one of the two there is
    return await reports.told(arrival.envelope, arrival.id, arrival.content, told, work.findings, arrival.received_at, to)
