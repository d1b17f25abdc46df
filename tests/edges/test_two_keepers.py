"""Two keepers over one database: what one has begun and stood still over, the other sends, and no copy goes twice that need not."""

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.edges.state import State
from gateway.keeper import Keeper, Shelves
from gateway.keeper.lease import LEASE_SECONDS
from gateway.log import Log
from tests.deliveries import HOUSE, policy
from tests.doubles import ScriptedHop, Stage
from tests.edges.durable import NOON, Place, TurnedClock, living, mail

TO = "b@example.org"


class Desk:
    """One keeper with its own connection to the database and its own next hop."""

    def __init__(self, state: State, clock: TurnedClock) -> None:
        self.state, self.log, self.hop = state, io.StringIO(), ScriptedHop("mailboxes")
        self.stage = Stage(self.hop, clock=clock)
        shelves = Shelves(state.holds, state.outbox, state.intents, self._sweep)
        self.keeper = Keeper(replace(self.stage.world, shares=state.shares), shelves, policy, HOUSE, Log(self.log))

    async def _sweep(self, now) -> None:
        return

    @property
    def sent(self) -> int:
        return len(self.hop.taken)


@asynccontextmanager
async def two(place: Place) -> AsyncIterator[tuple[Desk, Desk, TurnedClock]]:
    """A released copy waits, and the first has begun it: its hop is slow to ask for the content, or has it all and is slow to answer."""
    clock = TurnedClock()
    async with living(place, 2, clock) as states:
        first, second = (Desk(state, clock) for state in states)
        second.stage.vault.objects = first.stage.vault.objects  # a vault is shared
        first.stage.vault.objects["o1"] = b"Subject: released\r\n\r\n"
        await first.state.outbox.put((mail("r1", TO, object_id="o1", kind="release", next_at=NOON, expires_at=NOON + timedelta(days=5)),))
        yield first, second, clock


async def begun(one: Desk) -> None:
    await one.keeper.turn()
    async with asyncio.timeout(10):
        while not one.hop.copies:  # noqa: ASYNC110 - it notes what it was given
            await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    ("slow", "answers", "times"),
    [
        ("slow", "ok", (0, 1)),  # nothing has left of the first: it stays
        ("hang", "ok", (1, 1)),  # all of it has: nobody can call it back
        ("hang", "later", (1, 0)),  # it is crossed out, and is not sent again
        ("slow", "later", (1, 0)),  # who is first when it is due again
    ],
)
def test_what_a_keeper_has_begun_and_stood_still_over(place: Place, slow: str, answers: str, times: tuple[int, int]):
    async def story() -> None:
        async with two(place) as (first, second, clock):
            first.hop.script, second.hop.script = {TO: [slow]}, {TO: [answers]}
            await begun(first)
            await second.keeper.turn()
            assert not second.hop.copies  # the first has it

            clock.turn(seconds=LEASE_SECONDS)
            await second.keeper.turn()
            await second.keeper.drain()
            first.hop.go_on.set()
            await first.keeper.drain()
            for one in (first, second) * 2:
                clock.turn(minutes=2)
                await one.keeper.turn()
                await one.keeper.drain()

            assert (first.sent, second.sent) == times
            assert [event.event for event in await first.state.audit.events("7KQ-402")] == ["hold.handed_over"]
            assert await first.state.outbox.released() == ()
            assert not first.stage.vault.objects
            assert '"alarm"' not in first.log.getvalue() + second.log.getvalue()

    asyncio.run(story())
