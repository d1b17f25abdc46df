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
from gateway.keeper.looking import Looking
from gateway.keeper.sending import Sender
from gateway.keeper.sharing import Sharing
from gateway.keeper.wishes import Wishes
from gateway.log import Log
from gateway.policy.guidance import House
from gateway.policy.rules import Policy
from gateway.ports.world import World

__all__ = ["Keeper", "Shelves"]

TURN_SECONDS = 1.0


class Keeper:
    """Runs the jobs, one turn after the other, until stopped."""

    def __init__(self, world: World, shelves: Shelves, policy: Callable[[], Policy], house: House, log: Log) -> None:
        self._desk = Desk(world, shelves, policy, house, log)
        self._sender = Sender(self._desk)
        self._wishes = Wishes(self._desk)
        self._looking = Looking(self._desk)
        self._sharing = Sharing(self._desk, shelves.shares, world.shares) if shelves.shares and world.shares else None
        self._stopped = asyncio.Event()

    async def run(self, on_turn: Callable[[], None] = lambda: None) -> None:
        """Until `stop`. A turn that fails is told and tried again: the keeper does not die of one row.

        `on_turn` is called every second, also within a long turn: a case that takes long to be read again is no standstill.
        """
        beside = [asyncio.ensure_future(self._say_alive(on_turn))]
        if self._sharing is not None:
            beside.append(asyncio.ensure_future(self._keep_answering()))
        try:
            while not self._stopped.is_set():
                await self.turn()
                await self._pause()
        finally:
            for task in beside:
                task.cancel()  # a wish that is cut off is another keeper's when its lease ends
            await asyncio.gather(*beside, return_exceptions=True)
        await self.drain()

    def stop(self) -> None:
        """After the attempts under way, no more."""
        self._stopped.set()
        self._sender.stop()

    async def turn(self) -> None:
        """Every job once; none begins once it is stopped."""
        jobs: dict[str, Callable[[], Awaitable[None]]] = {
            "wishes": self._wishes.carry_out,
            "outbox": self._sender.send,
            "cases": lambda: end_cases(self._desk),
            "unknown": self._looking.look_again,
            "sweep": lambda: self._desk.shelves.sweep(self._desk.world.clock.now()),
        }
        if self._sharing is not None:
            jobs |= {"downloads": self._sharing.note, "shares": self._sharing.end}
        for name, job in jobs.items():
            if self._stopped.is_set():
                return
            await self._try(name, job)

    async def answer_pages(self) -> None:
        """What somebody waits for before a page, and its mail with it."""
        sharing = self._sharing

        async def answer() -> None:
            if sharing is not None and await sharing.carry_out():
                await self._sender.send()

        await self._try("pages", answer)

    async def drain(self) -> None:
        """Wait for the attempts under way."""
        await self._sender.drain()
        if self._sharing is not None:
            await self._sharing.drain()

    async def _try(self, name: str, job: Callable[[], Awaitable[None]]) -> None:
        try:
            await job()
        except TryLater:
            return  # the database or the vault is down: the next turn tries again
        except Exception as error:  # noqa: BLE001 - whatever it is, the other jobs go on
            self._desk.alarm(f"keeper: {name}", error)

    async def _keep_answering(self) -> None:
        """Beside the turns: a case that takes long to be read again keeps nobody waiting for a code."""
        while True:
            await self.answer_pages()
            await self._desk.shelves.bell(TURN_SECONDS)

    async def _say_alive(self, on_turn: Callable[[], None]) -> None:
        while True:
            on_turn()
            await asyncio.sleep(TURN_SECONDS)

    async def _pause(self) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopped.wait(), TURN_SECONDS)
