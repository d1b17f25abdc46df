"""Plan to outcomes: the only effects of carrying a message.

What is kept is kept first and durably, with its notices; hand-overs follow at the same time; what they left over is settled last.
INVARIANT: each recipient of the plan has exactly one outcome.

Raises:
    TryLater: the vault or the database is down before the first hand-over; nothing irreversible has happened.
"""

from __future__ import annotations

from gateway.act.hand_over import hand_over
from gateway.act.keep import keep
from gateway.act.settle import settle
from gateway.act.work import Work
from gateway.model.decision import Verdict
from gateway.model.outcome import Outcome, Plan
from gateway.ports import World

__all__ = ["Work", "act"]


async def act(plan: Plan, work: Work, world: World) -> tuple[Outcome, ...]:
    """Carry the plan out. One outcome for each recipient, in the plan's order."""
    kept_steps = tuple(step for step in plan.steps if step.verdict is not Verdict.RELEASE)
    relay_steps = tuple(step for step in plan.steps if step.verdict is Verdict.RELEASE)
    single = len(plan.steps) == 1 and not kept_steps
    if not single:
        await world.check()
    outcomes = await keep(kept_steps, work, world, alone=not relay_steps and not work.transaction.done)
    outcomes += await hand_over(relay_steps, work, world)
    return await settle(outcomes, work, world, durable=not single)
