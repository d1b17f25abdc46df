"""What hand-overs left over, where one reply must answer for all (SMTP): bounce what a hop refused, queue what outlasted patience.

The upstream never bounces what was delivered, and nobody is told that delivered mail failed (DESIGN section 6).
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from gateway.act.deciders import POSTMASTER
from gateway.act.hand_over import HandedOver
from gateway.act.keep import keep_one
from gateway.act.pen import LIFETIME
from gateway.act.ready import Ready, keep_ready
from gateway.act.reports import Reports
from gateway.act.tell import NO_LETTERS, Letters, tell
from gateway.act.work import Work, put_off
from gateway.errors import OutgateError, TryLater
from gateway.model.decision import Decision, Reason, Verdict
from gateway.model.envelope import Recipient
from gateway.model.kept import Bundle, Linked, ToSend
from gateway.model.outcome import Ending, Outcome, Step
from gateway.ports.next_hop import Handed
from gateway.ports.world import World

_Settled = tuple[tuple[Outcome, ...], tuple[ToSend, ...]]  # outcomes that take the place of others, and what goes out because of them
_NOBODY: frozenset[Linked] = frozenset()


async def settle(handed: HandedOver, kept: tuple[Outcome, ...], work: Work, world: World, *, durable: bool) -> tuple[Outcome, ...]:
    """The outcomes as they will be answered, journalled. What cannot be made durable is put off.

    `durable`: what has happened survives a power cut.
    """
    outcomes = (*kept, *handed.outcomes)
    rejected = tuple(outcome for outcome in outcomes if outcome.ending is Ending.REJECTED)
    deferred = tuple(outcome for outcome in outcomes if outcome.ending is Ending.DEFERRED)
    is_mixed = bool(work.transaction.done) or any(outcome.ending.is_final for outcome in outcomes)
    news = await _relayed(handed.untold, work, world) if handed.untold else ()
    if work.each or not is_mixed or not (rejected or deferred):
        told = await _told(outcomes, handed, work, world)
        bundle = _bundle(outcomes, news, told, handed.early)
        return await _journal(outcomes, bundle, handed.early, work, world, durable=durable or bool(bundle.to_send))
    changed, letters = await _bounced(rejected, outcomes, work, world)
    if _is_patience_over(work, world):
        queued, rows = await _queued(deferred, handed, work, world)
        changed, letters = changed + queued, letters + rows
    by_key = {outcome.recipient.address.key: outcome for outcome in changed}
    settled = tuple(by_key.get(one.recipient.address.key, one) for one in outcomes)
    told = await _told(settled, handed, work, world)
    bundle = _bundle(settled, news + letters, told, handed.early)
    return await _journal(settled, bundle, handed.early, work, world, durable=True)


async def _told(outcomes: tuple[Outcome, ...], handed: HandedOver, work: Work, world: World) -> Letters:
    return await tell(outcomes, handed.decided, handed.shares, work, world) if handed.decided or handed.shares else NO_LETTERS


def _bundle(outcomes: tuple[Outcome, ...], letters: tuple[ToSend, ...], told: Letters, early: Letters) -> Bundle:
    """What is told takes the place of what would have been, had we died; where it could not be written, that stays."""
    # What is kept is in the journal with its case.
    final = tuple(outcome for outcome in outcomes if outcome.ending.is_final and outcome.ending not in (Ending.KEPT, Ending.REFUSED))
    is_replaced = told.is_whole
    return Bundle(
        final,
        to_send=letters + told.rows,
        told=told.links,
        withdrawn=frozenset(row.id for row in early.rows) if is_replaced else frozenset(),
        untold=early.links - told.links if is_replaced else _NOBODY,
    )


def _is_patience_over(work: Work, world: World) -> bool:
    """Counted from the first attempt that finished something."""
    waited = (world.clock.now() - work.transaction.first_at).total_seconds()
    return work.patience_seconds <= 0 or waited >= work.patience_seconds


async def _journal(
    outcomes: tuple[Outcome, ...], bundle: Bundle, early: Letters, work: Work, world: World, *, durable: bool
) -> tuple[Outcome, ...]:
    gone = bundle.withdrawn  # without an outcome that is final nothing of it was committed
    try:
        if bundle.outcomes:
            gone = await work.transaction.finish(bundle, durable=durable)
    except TryLater as late:
        # What the hop has accepted is answered 250 all the same; what needed our own keeping waits upstream.
        ours = (Ending.BOUNCED, Ending.QUEUED)
        return tuple(put_off(outcome.recipient, late) if outcome.ending in ours else outcome for outcome in outcomes)
    work.progress.update({outcome.recipient.address.key: outcome for outcome in bundle.outcomes})
    for row in (row for row in early.rows if row.id in gone):
        with suppress(OutgateError):  # it goes with the sweep
            await world.vault.delete(row.object_id)
    return outcomes


async def _relayed(untold: tuple[Handed, ...], work: Work, world: World) -> tuple[ToSend, ...]:
    """The word of success that a sender asked for. The mail has gone: what fails here costs nobody more than that word."""
    arrival = work.arrival
    try:
        reports = Reports(world, work.policy, work.house)
        return await reports.relayed(arrival.envelope, arrival.id, arrival.content, untold, arrival.received_at)
    except OutgateError:
        world.counters.count("alarms", what="success untold")
    except Exception as bug:  # noqa: BLE001 - see above
        work.on_bug(bug)
    return ()


async def _bounced(rejected: tuple[Outcome, ...], outcomes: tuple[Outcome, ...], work: Work, world: World) -> _Settled:
    """Others have the message, so these refusals by a hop become a DSN of ours; with nobody to tell, a person looks at it."""
    told = tuple(outcome for outcome in rejected if work.may_report(outcome.recipient))
    silent = tuple(outcome for outcome in rejected if not work.may_report(outcome.recipient))
    delivered = work.reached_before | {outcome.recipient.address.key for outcome in outcomes if outcome.ending is Ending.DELIVERED}
    changed: tuple[Outcome, ...] = ()
    letters: tuple[ToSend, ...] = ()
    arrival = work.arrival
    if told:
        try:
            reports = Reports(world, work.policy, work.house)
            letters = await reports.bounce(arrival.envelope, arrival.id, arrival.content, told, len(delivered), arrival.received_at)
            changed = tuple(replace(outcome, ending=Ending.BOUNCED) for outcome in told)
        except Exception as late:  # noqa: BLE001 - others have the message: a bug puts off these alone
            changed = tuple(put_off(outcome.recipient, _why(late, work)) for outcome in told)
    if silent:
        try:
            step = _undeliverable(silent)
            changed += await keep_one(step, work, world, work.others(step, delivered, frozenset()))
        except Exception as late:  # noqa: BLE001 - the same
            changed += tuple(put_off(outcome.recipient, _why(late, work)) for outcome in silent)
    return changed, letters


def _why(error: Exception, work: Work) -> OutgateError | str:
    if isinstance(error, OutgateError):
        return error
    work.on_bug(error)
    return "4.3.0"


def _undeliverable(rejected: tuple[Outcome, ...]) -> Step:
    reason = Reason("undeliverable", "hold", text=f"Their mail system refused it: {rejected[0].reply}", held_for=POSTMASTER)
    decisions = tuple(
        Decision(outcome.recipient.address.wire, (), Verdict.HOLD, None, reasons=(reason,), held_for=POSTMASTER) for outcome in rejected
    )
    return Step(Verdict.HOLD, None, decisions, tuple(outcome.recipient for outcome in rejected))


async def _queued(deferred: tuple[Outcome, ...], handed: HandedOver, work: Work, world: World) -> _Settled:
    """Patience is over: the rest goes into our own outbox, a row for each copy. Without room for it, it goes on waiting upstream."""
    groups: dict[int, list[Outcome]] = {}
    copies: dict[int, Ready] = {}
    for outcome in deferred:
        ready = handed.waiting.get(outcome.recipient.address.key)
        if ready is not None:  # else it waits for something that could not be kept
            copies[id(ready)] = ready
            groups.setdefault(id(ready), []).append(outcome)
    rows: list[ToSend] = []
    try:
        for name, some in groups.items():
            recipients = tuple(outcome.recipient for outcome in some)
            rows.append(_with_link(await _row(copies[name], recipients, work, world), some, handed))
    except OutgateError:
        return (), ()
    queued = tuple(replace(outcome, ending=Ending.QUEUED) for some in groups.values() for outcome in some)
    for shared in handed.shares:
        shared.linked.update(outcome.recipient.address.key for outcome in queued if outcome.route == shared.share.route)
    return queued, tuple(rows)


def _with_link(row: ToSend, some: list[Outcome], handed: HandedOver) -> ToSend:
    """Whose link this copy carries, if any; and whether it is known that nobody was handed that yet, in this attempt or another."""
    shared = next((shared for shared in handed.shares if shared.share.route == some[0].route), None)
    if shared is None:
        return row
    (one,) = some  # every link is one person's
    return replace(row, share=shared.share.id, is_fresh=one.certain and one.recipient.address.key in shared.fresh)


async def _row(ready: Ready, recipients: tuple[Recipient, ...], work: Work, world: World) -> ToSend:
    copy = ready.copy
    return ToSend(
        id=world.new_id(),
        object_id=await keep_ready(ready, world),
        reverse_path=copy.reverse_path,
        recipients=recipients,
        next_hop=ready.next_hop,
        kind="rest",
        message_id=work.arrival.id,
        next_at=world.clock.now(),
        expires_at=world.clock.now() + LIFETIME,
        smtputf8=copy.smtputf8,
        ret=copy.ret,
        envid=copy.envid,
    )
