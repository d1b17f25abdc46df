"""Steps that relay: a copy for each, all at the same time, and a second method where the first cannot serve a recipient.

From the first hand-over on nothing is raised: a bug becomes a deferral of those it concerns, and the operator hears of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from gateway.act.copies import fields, forbidden
from gateway.act.keep import keep
from gateway.act.letters import owes_success
from gateway.act.sign import signed
from gateway.act.tell import speaks
from gateway.act.work import Work, put_off
from gateway.errors import TryLater
from gateway.model.decision import Decision, Verdict
from gateway.model.envelope import Recipient
from gateway.model.kept import Bundle
from gateway.model.outcome import Copy, Ending, Outcome, Step
from gateway.ports import Handed, World


@dataclass(frozen=True, slots=True)
class HandedOver:
    """What came of all relay steps."""

    outcomes: tuple[Outcome, ...]  # DELIVERED, DEFERRED, REJECTED (by the hop), or what a second decision made of it
    waiting: Mapping[str, Step]  # by Address.key: the copy that a deferred recipient waits for
    untold: tuple[Handed, ...]  # taken by a hop that will not tell of success, though the sender asked for that
    decided: Mapping[str, Decision]  # by Address.key: what a copy was handed over for, where somebody may have to be told of it


async def hand_over(steps: tuple[Step, ...], work: Work, world: World, *, alone: bool) -> HandedOver:
    """One outcome for each recipient of the steps. `alone`: nothing else happens or has happened to this message."""
    handing = _Handing(work, world, alone)
    while steps:
        steps = await handing.round(steps)
    return HandedOver(tuple(handing.outcomes), handing.waiting, tuple(handing.untold), handing.decided)


@dataclass(slots=True)
class _Handing:
    """The rounds of one message: each gives the recipients of unusable methods to the next."""

    work: Work
    world: World
    alone: bool
    outcomes: list[Outcome] = field(default_factory=list)
    waiting: dict[str, Step] = field(default_factory=dict)
    untold: list[Handed] = field(default_factory=list)
    decided: dict[str, Decision] = field(default_factory=dict)
    _tried: dict[str, frozenset[str]] = field(default_factory=dict)  # methods that cannot serve this recipient
    _passing: dict[str, tuple[Handed, Step]] = field(default_factory=dict)  # the last of them whose obstacle is temporary

    async def round(self, steps: tuple[Step, ...]) -> tuple[Step, ...]:
        """Hand these over; the steps of the next round."""
        if len(steps) == 1:
            unusable = await self._step(steps[0], is_only=not self.outcomes)
        else:
            found = await asyncio.gather(*(self._step(step, is_only=False) for step in steps))
            unusable = [pair for some in found for pair in some]
        try:
            return await self._second_way(unusable)
        except Exception as bug:  # noqa: BLE001 - others may have the message: they are journalled first
            self.work.on_bug(bug)
            known = {outcome.recipient.address.key for outcome in self.outcomes}
            self.outcomes += [put_off(one.recipient) for one, _ in unusable if one.recipient.address.key not in known]
            return ()

    async def _step(self, step: Step, *, is_only: bool) -> list[tuple[Handed, Step]]:
        """Those whom this method cannot serve. What the others got is noted at once: another step may take long."""
        pairs = zip(step.recipients, step.decisions, strict=True)
        self.decided.update({recipient.address.key: decision for recipient, decision in pairs if speaks(decision)})
        handed = await self._relay(step)
        unusable = [(one, step) for one in handed if one.unusable and not one.reply.is_success]
        done = [self._outcome(one, step) for one in handed if one.reply.is_success or not one.unusable]
        self.outcomes += done
        self.untold += [one for one in handed if owes_success(one)]
        delivered = tuple(outcome for outcome in done if outcome.ending is Ending.DELIVERED)
        self.work.progress.update({outcome.recipient.address.key: outcome for outcome in delivered})
        if delivered and not (is_only and len(delivered) == len(step.recipients)):
            await self._note(delivered)
        return unusable

    async def _note(self, delivered: tuple[Outcome, ...]) -> None:
        """Journalled before anything else that may take long or fail; what the hop has accepted it has accepted."""
        try:
            with suppress(TryLater):
                await self.work.transaction.finish(Bundle(delivered), durable=False)
        except Exception as bug:  # noqa: BLE001 - other steps are under way
            self.work.on_bug(bug)

    async def _relay(self, step: Step) -> tuple[Handed, ...]:
        try:
            name = self.work.policy.next_hop_of(step.route or "")
            hop = self.world.hops[name]
            copy = await _copy(step, self.work, self.world, hop.trigger_header)
            started = self.world.clock.monotonic()
            handed = await hop.hand_over(copy, self.work.arrival.deadline)
            self.world.counters.observe("hand_over", self.world.clock.monotonic() - started, next_hop=name)
        except TryLater as late:  # before anything was sent
            return tuple(Handed(recipient, put_off(recipient, late).reply) for recipient in step.recipients)
        except Exception as bug:  # noqa: BLE001 - other steps are under way
            self.work.on_bug(bug)
            return tuple(Handed(recipient, put_off(recipient).reply, certain=False) for recipient in step.recipients)
        return handed

    def _outcome(self, handed: Handed, step: Step) -> Outcome:
        refused = Ending.REJECTED if handed.reply.is_permanent else Ending.DEFERRED
        ending = Ending.DELIVERED if handed.reply.is_success else refused
        if ending is Ending.DEFERRED:
            self.waiting[handed.recipient.address.key] = step
        return Outcome(handed.recipient, ending, handed.reply, step.route, certain=handed.certain)

    async def _second_way(self, unusable: list[tuple[Handed, Step]]) -> tuple[Step, ...]:
        """Decide again where a method cannot serve its recipient: further relay steps; what is kept or put off has its outcome."""
        decisions: list[Decision] = []
        recipients: list[Recipient] = []
        for handed, step in unusable:
            key = handed.recipient.address.key
            self._tried[key] = self._tried.get(key, frozenset()) | {step.route or ""}
            if not handed.reply.is_permanent:
                self._passing[key] = handed, step
            decision = self.work.again(handed.recipient, self._tried[key])
            if decision.route is None and key in self._passing:
                # The only obstacle left is temporary: the mail waits upstream, it is not without a route.
                self.outcomes.append(self._outcome(*self._passing[key]))
            else:
                recipients.append(handed.recipient)
                decisions.append(decision)
        plan = self.work.regroup(tuple(decisions), tuple(recipients))
        relay_steps = tuple(step for step in plan.steps if step.verdict is Verdict.RELEASE)
        await self._keep(tuple(step for step in plan.steps if step.verdict is not Verdict.RELEASE), relay_steps)
        return relay_steps

    async def _keep(self, steps: tuple[Step, ...], relay_steps: tuple[Step, ...]) -> None:
        if steps:
            alone = self.alone and not relay_steps and all(outcome.ending is Ending.REJECTED for outcome in self.outcomes)
            delivered = {outcome.recipient.address.key for outcome in self.outcomes if outcome.ending is Ending.DELIVERED}
            relayed = {recipient.address.key for step in relay_steps for recipient in step.recipients}
            going = self.work.reached_before | delivered | relayed
            self.outcomes += await keep(steps, self.work, self.world, alone=alone, going=going)


async def _copy(step: Step, work: Work, world: World, trigger_header: str) -> Copy:
    envelope = work.arrival.envelope
    added = fields(trigger_header, step.decisions[0].stamps)
    copy = Copy(
        reverse_path=envelope.reverse_path.wire,
        recipients=step.recipients,
        head=world.head(work.arrival) + added,
        content=work.arrival.content,
        eight_bit=envelope.body == "8BITMIME",
        smtputf8=envelope.smtputf8,
        ret=envelope.ret,
        envid=envelope.envid,
        splices=forbidden(work.message, work.reserved),
    )
    return await signed(copy, world) if added or copy.splices else copy
