"""Plan to outcomes: the only effects of carrying a message.

What is kept is kept first and durably, with its notices; then files that go by link are put into their place; hand-overs follow at the same
time; what they left over is settled, and links that nobody was handed are undone.
INVARIANT: each recipient of the plan has exactly one outcome.
INVARIANT: an exception says that nothing irreversible has happened but what is journalled.

Raises:
    TryLater: the vault or the database is down before the first hand-over; nothing has happened.
"""

from __future__ import annotations

from gateway.act.hand_over import hand_over
from gateway.act.keep import keep
from gateway.act.settle import settle
from gateway.act.work import NO_TIME, Work, put_off
from gateway.model.decision import Verdict
from gateway.model.outcome import Ending, Outcome, Plan
from gateway.ports.world import World

__all__ = ["Work", "act"]


async def act(plan: Plan, work: Work, world: World) -> tuple[Outcome, ...]:
    """Carry the plan out. One outcome for each recipient."""
    kept_steps = tuple(step for step in plan.steps if step.verdict is not Verdict.RELEASE)
    relay_steps = tuple(step for step in plan.steps if step.verdict is Verdict.RELEASE)
    relayed = tuple(recipient for step in relay_steps for recipient in step.recipients)
    if world.clock.monotonic() >= work.arrival.deadline:
        return tuple(put_off(recipient, NO_TIME) for step in plan.steps for recipient in step.recipients)
    single = len(plan.steps) == 1 and not kept_steps and not plan.steps[0].is_share
    if not single:
        await world.check()
    alone = not work.transaction.done
    going = work.reached_before | {recipient.address.key for recipient in relayed}
    kept = await keep(kept_steps, work, world, alone=alone and not relay_steps, going=going)
    if any(outcome.ending is Ending.DEFERRED for outcome in kept):
        # The vault or the database is down after all: nothing that cannot be undone is begun.
        return (*kept, *(put_off(recipient) for recipient in relayed))
    handed = await hand_over(relay_steps, work, world, alone=alone and not kept)
    outcomes = await settle(handed, kept, work, world, durable=not single)
    for shared in handed.shares:
        await shared.undo(world)
    return outcomes
