"""Steps that relay: a copy for each, all at the same time, and a second method where the first cannot serve a recipient."""

from __future__ import annotations

import asyncio

from gateway.act.keep import keep
from gateway.act.work import Work
from gateway.model.decision import Decision, Verdict
from gateway.model.envelope import Recipient
from gateway.model.message import Message
from gateway.model.outcome import Copy, Ending, Outcome, Reply, Step
from gateway.ports import Bundle, Handed, World


async def hand_over(steps: tuple[Step, ...], work: Work, world: World) -> tuple[Outcome, ...]:
    """One outcome for each recipient of the steps: DELIVERED, DEFERRED, REJECTED (by the hop), or what a second decision made of it."""
    outcomes: tuple[Outcome, ...] = ()
    tried: dict[str, frozenset[str]] = {}  # by Address.key: methods that cannot serve this recipient
    while steps:
        if len(steps) == 1:
            handed = [await _relay(steps[0], work, world)]
        else:
            handed = await asyncio.gather(*(_relay(step, work, world) for step in steps))
        unusable: list[tuple[Handed, str]] = []
        for step, results in zip(steps, handed, strict=True):
            route = step.route or ""
            unusable += [(result, route) for result in results if result.unusable]
            done = tuple(_outcome(result, route) for result in results if not result.unusable)
            await _note(done, work, several=len(steps) > 1 or bool(outcomes))
            outcomes += done
        steps, settled = await _second_way(unusable, tried, work, world)
        outcomes += settled
    return outcomes


async def _relay(step: Step, work: Work, world: World) -> tuple[Handed, ...]:
    name = work.policy.next_hop_of(step.route or "")
    hop = world.hops[name]
    copy = _copy(step, work, world, hop.trigger_header)
    started = world.clock.monotonic()
    handed = await hop.hand_over(copy, work.arrival.deadline)
    world.counters.observe("hand_over", world.clock.monotonic() - started, next_hop=name)
    return handed


def _copy(step: Step, work: Work, world: World, trigger_header: str) -> Copy:
    envelope = work.arrival.envelope
    fields = (*((trigger_header,) if trigger_header else ()), *(f"{name}: {value}" for name, value in step.decisions[0].stamps))
    return Copy(
        reverse_path=envelope.reverse_path.wire,
        recipients=step.recipients,
        head=world.head(work.arrival) + "".join(f"{field}\r\n" for field in fields).encode("utf-8"),
        content=work.arrival.content,
        eight_bit=envelope.body == "8BITMIME",
        smtputf8=envelope.smtputf8,
        ret=envelope.ret,
        envid=envelope.envid,
        omit=_forbidden(work.message, work.trigger_headers),
    )


def _forbidden(message: Message | None, names: frozenset[str]) -> tuple[tuple[int, int], ...]:
    """Fields that would make a next hop believe we asked for something: users may not set them."""
    if message is None or not names:
        return ()
    return tuple((field.span.start, field.span.end) for field in message.fields if field.name.casefold() in names)


def _outcome(handed: Handed, route: str) -> Outcome:
    refused = Ending.REJECTED if handed.reply.is_permanent else Ending.DEFERRED
    ending = Ending.DELIVERED if handed.reply.is_success else refused
    return Outcome(handed.recipient, ending, handed.reply, route, certain=handed.certain)


async def _note(outcomes: tuple[Outcome, ...], work: Work, *, several: bool) -> None:
    """Journal what is handed over as soon as it is, where more is still to come; and let the answer at the deadline know."""
    delivered = tuple(outcome for outcome in outcomes if outcome.ending is Ending.DELIVERED)
    work.progress.update({outcome.recipient.address.key: outcome for outcome in delivered})
    if several and delivered:
        await work.transaction.finish(Bundle(delivered), durable=False)


async def _second_way(
    unusable: list[tuple[Handed, str]], tried: dict[str, frozenset[str]], work: Work, world: World
) -> tuple[tuple[Step, ...], tuple[Outcome, ...]]:
    """Decide again where a method cannot serve its recipient: further relay steps, and the outcomes of what is now kept or put off."""
    recipients: list[Recipient] = []
    decisions: list[Decision] = []
    put_off: list[Outcome] = []
    for handed, route in unusable:
        key = handed.recipient.address.key
        tried[key] = tried.get(key, frozenset()) | {route}
        decision = work.again(handed.recipient, tried[key])
        if not handed.reply.is_permanent and decision.route is None:
            # The only obstacle left is temporary: the mail waits upstream, it is not without a route.
            put_off.append(Outcome(handed.recipient, Ending.DEFERRED, handed.reply, route))
        else:
            recipients.append(handed.recipient)
            decisions.append(decision)
    plan = work.regroup(tuple(decisions), tuple(recipients))
    kept_steps = tuple(step for step in plan.steps if step.verdict is not Verdict.RELEASE)
    kept = await keep(kept_steps, work, world, alone=False) if kept_steps else ()
    return tuple(step for step in plan.steps if step.verdict is Verdict.RELEASE), (*put_off, *kept)


def deferred(recipient: Recipient, status: str = "4.3.0", text: str = "try again later") -> Outcome:
    """Nothing happened for this recipient."""
    return Outcome(recipient, Ending.DEFERRED, Reply(451, status, text))
