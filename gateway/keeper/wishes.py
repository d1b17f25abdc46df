"""What people asked for: a case released, refused, decided again, or something declared of it, each exactly once.

That it takes effect once is the hold's doing: who ends it first has ended it, in one commit with what is sent because of it.
"""

from __future__ import annotations

from gateway.errors import OutgateError, TryLater, WillNotDo
from gateway.keeper.again import LIFTED, decide_again
from gateway.keeper.desk import Desk
from gateway.model.kept import Because, Held, Intent
from gateway.policy.declared import strange, unanswered

LEASE_SECONDS = 300.0  # of a wish: a keeper that dies leaves it to the next


class Wishes:
    """Carries intents out."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def carry_out(self) -> None:
        """Everything that was asked for."""
        desk = self._desk
        for intent in await desk.shelves.intents.claim(desk.world.clock.now(), LEASE_SECONDS):
            state, said = "done", ""
            try:
                said = await self._carry_out(intent)
            except TryLater:
                continue  # it stays ours until the lease ends, and is then tried again
            except OutgateError as error:
                state, said = "failed", str(error)
            except Exception as error:  # noqa: BLE001 - the person who asked is told, the operator sees where
                desk.alarm(f"intent: {intent.kind}", error, case=intent.case)
                state, said = "failed", "an error in the gateway; see its log under this case"
            await desk.shelves.intents.finish(intent.id, state, said)

    async def _carry_out(self, intent: Intent) -> str:
        held = await self._desk.shelves.holds.get(intent.case)
        if held is None:
            raise WillNotDo(f"there is no case {intent.case}")
        if not intent.by.strip():
            raise WillNotDo("who asks for it must have a name")
        if held.state != "open":
            raise WillNotDo(f"case {intent.case} is {held.state}, not open")
        match intent.kind:
            case "release":
                lifts = frozenset(intent.lifts) or frozenset(reason.rule for reason in held.decision.reasons if reason.effect in LIFTED)
                return await decide_again(self._desk, held, intent.because, lifts)
            case "redecide":
                return await decide_again(self._desk, held, Because(intent.by, intent.why))
            case "declare":
                self._check(intent)
                return await decide_again(self._desk, held, intent.because)
            case "refuse":
                return await self._refuse(held, intent.because)
            case _:
                raise WillNotDo(f"nobody knows how to {intent.kind} a case")

    def _check(self, intent: Intent) -> None:
        """What is declared must have a meaning in the pack that is in force now. Raises WillNotDo."""
        policy = self._desk.policy()
        wrong = [says for said in intent.declared for _, says in strange(said, policy)]
        named = {said.value for said in intent.declared if said.what == "override"}
        for override in policy.overrides:
            if override.id in named:
                wrong += unanswered(override, intent.answers)
        if wrong or not intent.declared:
            raise WillNotDo("; ".join(wrong) or "nothing was declared")

    async def _refuse(self, held: Held, because: Because) -> str:
        desk = self._desk
        letters = await desk.post.last_word(held, "refused", because.why)
        if not await desk.shelves.holds.end(held.case, "ended", because, letters):
            raise WillNotDo(f"somebody else has just ended case {held.case}")
        desk.log.event("hold.refused", case=held.case, by=because.by)
        await desk.forget(held.object_id)
        return "refused; the sender is told" if letters else "refused; nobody may be told"
