"""What hand-overs left over, where one reply must answer for all (SMTP): bounce what a hop refused, queue what outlasted patience.

The upstream never bounces what was delivered, and nobody is told that delivered mail failed (DESIGN section 6).
"""

from __future__ import annotations

from dataclasses import replace

from gateway.act.deciders import POSTMASTER
from gateway.act.keep import keep_one
from gateway.act.letters import LIFETIME, Post
from gateway.act.work import Work
from gateway.errors import TryLater
from gateway.model.decision import Decision, Reason, Verdict
from gateway.model.outcome import Ending, Outcome, Reply, Step
from gateway.ports import Bundle, ToSend, World


async def settle(outcomes: tuple[Outcome, ...], work: Work, world: World, *, durable: bool) -> tuple[Outcome, ...]:
    """The outcomes as they will be answered, journalled. Raises nothing: what cannot be made durable is put off."""
    done_before = bool(work.transaction.done)
    if work.each or not (done_before or any(outcome.ending.is_final for outcome in outcomes)):
        return await _journal(outcomes, (), work, durable=durable)
    rejected = tuple(outcome for outcome in outcomes if outcome.ending is Ending.REJECTED)
    waiting = tuple(outcome for outcome in outcomes if outcome.ending is Ending.DEFERRED)
    if not rejected and not waiting:
        return await _journal(outcomes, (), work, durable=durable)
    try:
        settled, letters = await _bounced(rejected, work, world)
        if waiting and (work.at - work.transaction.first_at).total_seconds() >= work.patience_seconds:
            queued, rest = await _queued(waiting, work, world)
            settled, letters = settled + queued, letters + rest
    except TryLater as late:
        settled, letters = (
            tuple(replace(outcome, ending=Ending.DEFERRED, reply=Reply(451, late.status, "try again later")) for outcome in rejected),
            (),
        )
    changed = {outcome.recipient.address.key: outcome for outcome in settled}
    outcomes = tuple(changed.get(outcome.recipient.address.key, outcome) for outcome in outcomes)
    return await _journal(outcomes, letters, work, durable=True)


async def _journal(outcomes: tuple[Outcome, ...], letters: tuple[ToSend, ...], work: Work, *, durable: bool) -> tuple[Outcome, ...]:
    final = tuple(outcome for outcome in outcomes if outcome.ending.is_final and outcome.ending not in (Ending.KEPT, Ending.REFUSED))
    if not final and not letters:
        return outcomes
    try:
        await work.transaction.finish(Bundle(final, to_send=letters), durable=durable)
    except TryLater as late:
        # What the hop has accepted is answered 250 all the same; what needed our own keeping waits upstream.
        return tuple(
            replace(outcome, ending=Ending.DEFERRED, reply=Reply(451, late.status, "try again later"))
            if outcome.ending in (Ending.BOUNCED, Ending.QUEUED)
            else outcome
            for outcome in outcomes
        )
    work.progress.update({outcome.recipient.address.key: outcome for outcome in final})
    return outcomes


async def _bounced(rejected: tuple[Outcome, ...], work: Work, world: World) -> tuple[tuple[Outcome, ...], tuple[ToSend, ...]]:
    """Others have the message, so these refusals by a hop become a DSN of ours; with nobody to tell, a person looks at it."""
    if not rejected:
        return (), ()
    if not work.notifiable:
        return await keep_one(_undeliverable(rejected), work, world), ()
    settled = tuple(replace(outcome, ending=Ending.BOUNCED) for outcome in rejected)
    arrival = work.arrival
    others = len(arrival.envelope.recipients) - len(rejected)
    return settled, await Post(world, work.policy, work.house).bounce(arrival.envelope, arrival.id, arrival.content, rejected, others)


def _undeliverable(rejected: tuple[Outcome, ...]) -> Step:
    reason = Reason("undeliverable", "hold", text=f"The next hop refused: {rejected[0].reply}", held_for=POSTMASTER)
    decisions = tuple(
        Decision(outcome.recipient.address.wire, (), Verdict.HOLD, None, reasons=(reason,), held_for=POSTMASTER) for outcome in rejected
    )
    return Step(Verdict.HOLD, None, decisions, tuple(outcome.recipient for outcome in rejected))


async def _queued(waiting: tuple[Outcome, ...], work: Work, world: World) -> tuple[tuple[Outcome, ...], tuple[ToSend, ...]]:
    """Patience is over: the rest goes into our own outbox, a row for each route."""
    envelope = work.arrival.envelope
    rows: list[ToSend] = []
    for route in dict.fromkeys(outcome.route for outcome in waiting if outcome.route):
        object_id = await world.vault.put("notices", work.arrival.content, world.head(work.arrival))
        rows.append(
            ToSend(
                id=world.new_id(),
                object_id=object_id,
                reverse_path=envelope.reverse_path.wire,
                recipients=tuple(outcome.recipient for outcome in waiting if outcome.route == route),
                next_hop=work.policy.next_hop_of(route),
                kind="rest",
                message_id=work.arrival.id,
                next_at=work.at,
                expires_at=work.at + LIFETIME,
                smtputf8=envelope.smtputf8,
                ret=envelope.ret,
                envid=envelope.envid,
            )
        )
    return tuple(replace(outcome, ending=Ending.QUEUED) for outcome in waiting if outcome.route), tuple(rows)
