"""Who is told of mail that has gone: its sender by rules in `advise`, and whom a rule names by `notify` (DESIGN section 4).

One letter for each attempt and addressee, committed with the delivery it tells of, so that a retry tells nobody twice. The mail has gone:
what fails here costs nobody more than that letter.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from gateway.act.deciders import POSTMASTER, resolve
from gateway.act.letters import Post
from gateway.act.work import Work
from gateway.errors import OutgateError
from gateway.model.decision import Decision, Reason
from gateway.model.envelope import Recipient
from gateway.model.outcome import Ending, Outcome
from gateway.policy.letters import Told
from gateway.policy.rules import Rule
from gateway.ports import ToSend, World

_SENDER = "sender"


@dataclass(slots=True)
class _Letter:
    """What one addressee is told."""

    about: dict[str, None] = field(default_factory=dict)  # Address.wire of recipients, in their order
    waiting: set[str] = field(default_factory=set)  # those of them whose copy is in our outbox
    words: dict[Reason, list[str]] = field(default_factory=dict)  # and of which recipients each speaks


async def tell(outcomes: Iterable[Outcome], decided: Mapping[str, Decision], work: Work, world: World) -> tuple[ToSend, ...]:
    """The letters about what was delivered or queued. `decided`: by Address.key, what its copy was handed over for."""
    went = [
        (outcome, decided[outcome.recipient.address.key])
        for outcome in outcomes
        if outcome.ending in (Ending.DELIVERED, Ending.QUEUED) and outcome.recipient.address.key in decided
    ]
    letters: list[ToSend] = []
    try:
        for to, letter in _letters(went, work).items():
            try:
                letters.append(await _written(to, letter, work, world))
            except OutgateError:
                world.counters.count("alarms", what="rule untold")
    except Exception as bug:  # noqa: BLE001 - see above
        work.on_bug(bug)
    return tuple(letters)


def speaks(decision: Decision) -> bool:
    """Whether somebody may have to be told when its mail has gone."""
    return any(one.mode == "advise" and one.guidance for one in decision.watched) or any(one.effect == "notify" for one in decision.reasons)


def _letters(went: list[tuple[Outcome, Decision]], work: Work) -> dict[str, _Letter]:
    """By mailbox; "" is the sender."""
    rules = {rule.id: rule for rule in work.policy.rules} if went else {}
    letters: dict[str, _Letter] = {}
    for outcome, decision in went:
        for to, reason in _words(decision, outcome.recipient, rules, work):
            letter = letters.setdefault(to, _Letter())
            wire = outcome.recipient.address.wire
            letter.about[wire] = None
            letter.words.setdefault(reason, []).append(wire)
            if outcome.ending is Ending.QUEUED:
                letter.waiting.add(wire)
    return letters


def _words(decision: Decision, recipient: Recipient, rules: Mapping[str, Rule], work: Work) -> Iterator[tuple[str, Reason]]:
    """To whom, and why. Each owner is asked for by recipient: the owner of one list does not learn of another (it may be a Bcc)."""
    advised = [Reason(one.rule, "notify", guidance=one.guidance, held_for=_SENDER) for one in decision.watched if one.mode == "advise"]
    for reason in (*(one for one in advised if one.guidance), *(one for one in decision.reasons if one.effect == "notify")):
        rule = rules.get(reason.rule)
        word = Reason(reason.rule, "notify", rule.clause if rule else "", rule.says if rule else "", reason.guidance)
        if reason.held_for != _SENDER:
            yield resolve(reason.held_for or POSTMASTER, work.policy, work.house, (recipient,), work.at).mailbox, word
        elif work.may_tell(recipient):
            yield "", word


async def _written(to: str, letter: _Letter, work: Work, world: World) -> ToSend:
    arrival = work.arrival
    told = Told(
        recipients=tuple(letter.about),
        words=tuple((reason, tuple(recipients)) for reason, recipients in letter.words.items()),
        waiting=frozenset(letter.waiting),
    )
    post = Post(world, work.policy, work.house)
    return await post.told(arrival.envelope, arrival.id, arrival.content, told, work.findings, arrival.received_at, to)
