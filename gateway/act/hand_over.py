"""Steps that let go: a copy for each, all at the same time, and a second method where the first cannot serve a recipient.

Files that go by link are in their place before anything is handed over: that can be undone.
From the first hand-over on nothing is raised: a bug becomes a deferral of those it concerns, and the operator hears of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from gateway.act.keep import keep
from gateway.act.ready import Ready, as_it_is
from gateway.act.reports import owes_success
from gateway.act.share import LINKS_ENDED, People, Shared, named_in, share
from gateway.act.tell import NO_LETTERS, Letters, speaks, tell_early
from gateway.act.work import Work, put_off
from gateway.errors import Revoked, TryLater, Unusable
from gateway.model.decision import Decision, Verdict
from gateway.model.envelope import Recipient
from gateway.model.kept import Bundle
from gateway.model.outcome import Ending, Outcome, Reply, Step
from gateway.ports.next_hop import Handed
from gateway.ports.world import World

_PLACE_CANNOT = Reply(554, "5.3.0", "the files cannot be put where this route has them")


@dataclass(frozen=True, slots=True)
class HandedOver:
    """What came of all relay steps."""

    outcomes: tuple[Outcome, ...]  # DELIVERED, DEFERRED, REJECTED (by the hop), or what a second decision made of it
    waiting: Mapping[str, Ready]  # by Address.key: the copy that a deferred recipient waits for
    untold: tuple[Handed, ...]  # taken by a hop that will not tell of success, though the sender asked for that
    decided: Mapping[str, Decision]  # by Address.key: what a copy was handed over for, where somebody may have to be told of it
    shares: tuple[Shared, ...] = ()  # files that go by link
    early: Letters = NO_LETTERS  # told of them if this attempt does not come to its end


async def hand_over(steps: tuple[Step, ...], work: Work, world: World, *, alone: bool) -> HandedOver:
    """One outcome for each recipient of the steps. `alone`: nothing else happens or has happened to this message."""
    handing = _Handing(work, world, alone)
    while steps:
        steps = await handing.round(steps)
    untold, shares = tuple(handing.untold), tuple(handing.shares)
    return HandedOver(tuple(handing.outcomes), handing.waiting, untold, handing.decided, shares, handing.early)


@dataclass(slots=True)
class _Handing:
    """The rounds of one message: each gives the recipients of unusable methods to the next."""

    work: Work
    world: World
    alone: bool
    outcomes: list[Outcome] = field(default_factory=list)
    waiting: dict[str, Ready] = field(default_factory=dict)
    shares: list[Shared] = field(default_factory=list)
    untold: list[Handed] = field(default_factory=list)
    decided: dict[str, Decision] = field(default_factory=dict)
    early: Letters = NO_LETTERS
    _tried: dict[str, frozenset[str]] = field(default_factory=dict)  # methods that cannot serve this recipient
    _taken_back: list[Recipient] = field(default_factory=list)  # of this round: their files were, and nothing brings them another way
    _passing: dict[str, tuple[Handed, Ready]] = field(default_factory=dict)  # the last of them whose obstacle is temporary

    async def round(self, steps: tuple[Step, ...]) -> tuple[Step, ...]:
        """Hand these over; the steps of the next round."""
        unusable: list[tuple[Handed, Step]] = []
        if len(steps) == 1 and not steps[0].is_share:
            unusable = await self._relay(steps[0], is_only=not self.outcomes)
        else:
            made, unusable = await self._placed(tuple(step for step in steps if step.is_share))
            relays = [self._relay(step, is_only=False) for step in steps if not step.is_share]
            is_only = not relays and not self.outcomes and sum(len(shared.ready) for shared in made) == 1
            early = await tell_early(made, self.work, self.world) if made and not is_only else NO_LETTERS
            self.early += early
            links = [self._step(ready, is_only=is_only, shared=shared, early=early) for shared in made for ready in shared.ready]
            unusable += [pair for some in await asyncio.gather(*relays, *links) for pair in some]
        try:
            return await self._second_way(unusable)
        except Exception as bug:  # noqa: BLE001 - others may have the message: they are journalled first
            self.work.on_bug(bug)
            known = {outcome.recipient.address.key for outcome in self.outcomes}
            concerned = (*(one.recipient for one, _ in unusable), *self._taken_back)
            self.outcomes += [put_off(one) for one in concerned if one.address.key not in known]
            return ()

    # --- files by link ------------------------------------------------------------------------------------------------

    async def _placed(self, steps: tuple[Step, ...]) -> tuple[list[Shared], list[tuple[Handed, Step]]]:
        """The files of each share route in their place, with the copies; and whom that route cannot serve."""
        people: dict[str, list[tuple[Recipient, Decision]]] = {}
        for step in steps:
            people.setdefault(step.route or "", []).extend(zip(step.recipients, step.decisions, strict=True))
        found = await asyncio.gather(*(self._share(route, tuple(some)) for route, some in people.items()))
        made = [shared for shared, _ in found if shared is not None]
        self.shares += made
        return made, [pair for _, cannot in found for pair in cannot]

    async def _share(self, route: str, people: People) -> tuple[Shared | None, list[tuple[Handed, Step]]]:
        """None: nobody gets their files this way now; who can be served another way is named."""
        cannot: list[tuple[Handed, Step]] = []
        while people:
            try:
                return await share(route, people, self.work.going, self.world), cannot
            except Unusable as unusable:
                named = named_in(unusable, people)
                cannot += [_cannot_place(route, one, made) for one, made in people if one.address.key in named]
                people = tuple(pair for pair in people if pair[0].address.key not in named)
            except Revoked as revoked:
                named = named_in(revoked, people)
                self._taken_back += [recipient for recipient, _ in people if recipient.address.key in named]
                people = tuple(pair for pair in people if pair[0].address.key not in named)
            except TryLater as late:
                self.outcomes += [put_off(recipient, late) for recipient, _ in people]
                return None, cannot
            except Exception as bug:  # noqa: BLE001 - other steps are to be done
                self.work.on_bug(bug)
                self.outcomes += [put_off(recipient) for recipient, _ in people]
                return None, cannot
        return None, cannot

    # --- hand-overs ---------------------------------------------------------------------------------------------------

    async def _relay(self, step: Step, *, is_only: bool) -> list[tuple[Handed, Step]]:
        try:
            ready = as_it_is(step, self.work, self.world)
        except Exception as bug:  # noqa: BLE001 - other steps are under way
            self.work.on_bug(bug)
            self.outcomes += [put_off(recipient) for recipient in step.recipients]
            return []
        return await self._step(ready, is_only=is_only)

    async def _step(
        self, ready: Ready, *, is_only: bool, shared: Shared | None = None, early: Letters = NO_LETTERS
    ) -> list[tuple[Handed, Step]]:
        """Those whom this method cannot serve. What the others got is noted at once: another step may take long."""
        step = ready.step
        pairs = zip(step.recipients, step.decisions, strict=True)
        self.decided.update({recipient.address.key: decision for recipient, decision in pairs if speaks(decision)})
        handed = await self._handed(ready)
        if shared is not None:
            shared.linked.update(one.recipient.address.key for one in handed if one.reply.is_success or not one.certain)
        unusable = [one for one in handed if one.unusable and not one.reply.is_success]
        self._passing.update({one.recipient.address.key: (one, ready) for one in unusable if not one.reply.is_permanent})
        done = [self._outcome(one, ready) for one in handed if one.reply.is_success or not one.unusable]
        self.outcomes += done
        self.untold += [one for one in handed if owes_success(one)]
        delivered = tuple(outcome for outcome in done if outcome.ending is Ending.DELIVERED)
        self.work.progress.update({outcome.recipient.address.key: outcome for outcome in delivered})
        if delivered and not (is_only and len(delivered) == len(step.recipients)):
            await self._note(delivered, early)
        return [(one, step) for one in unusable]

    async def _note(self, delivered: tuple[Outcome, ...], early: Letters) -> None:
        """Journalled before anything else that may take long or fail; what the hop has accepted it has accepted.

        With each the same receipt: whichever is the first brings it.
        """
        try:
            with suppress(TryLater):
                await self.work.transaction.finish(Bundle(delivered, to_send=early.rows, told=early.links), durable=False)
        except Exception as bug:  # noqa: BLE001 - other steps are under way
            self.work.on_bug(bug)

    async def _handed(self, ready: Ready) -> tuple[Handed, ...]:
        recipients = ready.copy.recipients
        try:
            copy = await ready.leaving(self.world)
            started = self.world.clock.monotonic()
            handed = await self.world.hops[ready.next_hop].hand_over(copy, self.work.arrival.deadline)
            self.world.counters.observe("hand_over", self.world.clock.monotonic() - started, next_hop=ready.next_hop)
        except TryLater as late:  # before anything was sent
            return tuple(Handed(recipient, put_off(recipient, late).reply) for recipient in recipients)
        except Exception as bug:  # noqa: BLE001 - other steps are under way
            self.work.on_bug(bug)
            return tuple(Handed(recipient, put_off(recipient).reply, certain=False) for recipient in recipients)
        return handed

    def _outcome(self, handed: Handed, ready: Ready) -> Outcome:
        refused = Ending.REJECTED if handed.reply.is_permanent else Ending.DEFERRED
        ending = Ending.DELIVERED if handed.reply.is_success else refused
        if ending is Ending.DEFERRED:
            self.waiting[handed.recipient.address.key] = ready
        return Outcome(handed.recipient, ending, handed.reply, ready.step.route, certain=handed.certain)

    async def _second_way(self, unusable: list[tuple[Handed, Step]]) -> tuple[Step, ...]:
        """Decide again where a method cannot serve its recipient: further relay steps; what is kept or put off has its outcome."""
        decisions: list[Decision] = []
        recipients: list[Recipient] = []
        for handed, step in unusable:
            key = handed.recipient.address.key
            self._tried[key] = self._tried.get(key, frozenset()) | {step.route or ""}
            decision = self.work.again(handed.recipient, self._tried[key])
            if decision.route is None and key in self._passing:
                # The only obstacle left is temporary: the mail waits upstream, it is not without a route.
                self.outcomes.append(self._outcome(*self._passing[key]))
            else:
                recipients.append(handed.recipient)
                decisions.append(decision)
        taken_back, self._taken_back = self._taken_back, []
        plan = self.work.regroup((*decisions, *map(_taken_back, taken_back)), (*recipients, *taken_back))
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


def _taken_back(recipient: Recipient) -> Decision:
    """A retry of mail whose links were ended meanwhile: whoever ended them does not want the files to come by another way."""
    return Decision(recipient.address.wire, (), Verdict.REFUSE, None, reasons=(LINKS_ENDED,))


def _cannot_place(route: str, recipient: Recipient, decision: Decision) -> tuple[Handed, Step]:
    return Handed(recipient, _PLACE_CANNOT, unusable=True), Step(Verdict.RELEASE, route, (decision,), (recipient,))
