"""Cases end in time: after `within` the next one decides, after `keep` the sender gets a final word and the content goes."""

from __future__ import annotations

from dataclasses import replace

from gateway.act.deciders import POSTMASTER
from gateway.errors import TryLater
from gateway.keeper.again import TIME, look_into
from gateway.keeper.desk import Desk
from gateway.model.kept import Because, Held


async def end_cases(desk: Desk) -> None:
    """Each by itself: one that cannot be ended does not keep the others. Raises TryLater, after the last of them."""
    down: TryLater | None = None
    now = desk.world.clock.now()
    for held in await desk.shelves.holds.due(now):
        try:
            if held.keep_until <= now:
                await _expire(desk, held)
            else:
                await _pass_on(desk, held)
        except TryLater as error:
            down = down or error  # perhaps of its object alone
        except Exception as error:  # noqa: BLE001 - see above
            desk.alarm("case: it cannot be ended", error, case=held.case)
    if down is not None:
        raise down


async def _expire(desk: Desk, held: Held) -> None:
    """The final DSN is committed before the content goes."""
    letters = await desk.post.last_word(held, "expired")
    if await desk.shelves.holds.end(held.case, "expired", Because(TIME), letters):
        desk.log.event("hold.expired", case=held.case)
        await desk.forget(held.object_id)


async def _pass_on(desk: Desk, held: Held) -> None:
    """The letter first: if we die in between, the next one is asked twice, never not at all."""
    heir = held.decision.then or POSTMASTER
    if heir != held.held_for:
        seen = await look_into(desk, held)
        await desk.shelves.outbox.put(await desk.post.ask(replace(held, held_for=heir, answer_by=None), seen))
    await desk.shelves.holds.pass_on(held.case, heir, None)
    desk.log.event("hold.passed_on", case=held.case, held_for=heir)
