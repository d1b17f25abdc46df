"""What happens later: the outbox is sent, cases end in time, and what people asked for is done, each exactly once.

The keeper's jobs are claimed by row, so any number of keepers may run. A release decides again by the same pipeline as the mail path: it
lifts the hold or confirm reasons of that case, never what a rule requires (DESIGN section 5).
Not here: the rows (edges/holds, outbox, intents), the words (policy/letters, policy/news).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from gateway.errors import TryLater
from gateway.keeper.desk import Desk, Shelves
from gateway.keeper.ending import end_cases
from gateway.keeper.sending import Sender
from gateway.keeper.wishes import Wishes
from gateway.log import Log
from gateway.policy.guidance import House
from gateway.policy.rules import Policy
from gateway.ports import World

__all__ = ["Keeper", "Shelves"]

TURN_SECONDS = 1.0


class Keeper:
    """Runs the jobs, one turn after the other, until stopped."""

    def __init__(self, world: World, shelves: Shelves, policy: Callable[[], Policy], house: House, log: Log) -> None:
        self._desk = Desk(world, shelves, policy, house, log)
        self._sender = Sender(self._desk)
        self._wishes = Wishes(self._desk)
        self._stopped = asyncio.Event()

    async def run(self, on_turn: Callable[[], None] = lambda: None) -> None:
        """Until `stop`. A turn that fails is told and tried again: the keeper does not die of one row.

        `on_turn` is called every second, also within a long turn: a case that takes long to be read again is no standstill.
        """
        alive = asyncio.ensure_future(self._say_alive(on_turn))
        try:
            while not self._stopped.is_set():
                await self.turn()
                await self._pause()
        finally:
            alive.cancel()
        await self._sender.drain()

    def stop(self) -> None:
        """After the attempts under way, no more."""
        self._stopped.set()

    async def turn(self) -> None:
        """Every job once."""
        jobs: dict[str, Callable[[], Awaitable[None]]] = {
            "wishes": self._wishes.carry_out,
            "outbox": self._sender.send,
            "cases": lambda: end_cases(self._desk),
            "unknown": self._wishes.look_again,
            "sweep": lambda: self._desk.shelves.sweep(self._desk.world.clock.now()),
        }
        for name, job in jobs.items():
            try:
                await job()
            except TryLater:
                continue  # the database or the vault is down: the next turn tries again
            except Exception as error:  # noqa: BLE001 - whatever it is, the other jobs go on
                self._desk.alarm(f"keeper: {name}", error)

    async def drain(self) -> None:
        """Wait for the attempts under way."""
        await self._sender.drain()

    async def _say_alive(self, on_turn: Callable[[], None]) -> None:
        while True:
            on_turn()
            await asyncio.sleep(TURN_SECONDS)

    async def _pause(self) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopped.wait(), TURN_SECONDS)
