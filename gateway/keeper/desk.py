"""What the keeper's jobs share."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from gateway.act.letters import Post
from gateway.act.reports import Reports
from gateway.errors import TryLater
from gateway.log import Log
from gateway.policy.guidance import House
from gateway.policy.rules import Policy
from gateway.ports.keeping import Holds, Intents, Outbox, ShareKeeping
from gateway.ports.world import World


@dataclass(frozen=True, slots=True)
class Shelves:
    """The durable things the keeper looks after."""

    holds: Holds
    outbox: Outbox
    intents: Intents
    sweep: Callable[[datetime], Awaitable[None]]  # drops what retention no longer keeps
    shares: ShareKeeping | None = None  # None: there are none to look after
    bell: Callable[[float], Awaitable[None]] = asyncio.sleep  # waits so long, or until a page wants something


@dataclass(frozen=True, slots=True)
class Desk:
    """The world, the shelves and the policy in force."""

    world: World
    shelves: Shelves
    policy: Callable[[], Policy]
    house: House
    log: Log

    @property
    def post(self) -> Post:
        """The writing desk of the policy in force."""
        return Post(self.world, self.policy(), self.house)

    @property
    def reports(self) -> Reports:
        return Reports(self.world, self.policy(), self.house)

    def alarm(self, what: str, error: BaseException | None = None, *, case: str | None = None, id: str | None = None) -> None:  # noqa: A002 - the field's name
        """The operator must look at this."""
        self.world.counters.count("alarms", what=what.partition(":")[0])
        if error is None:
            self.log.event("alarm", what=what, case=case, id=id)
        else:
            self.log.bug("alarm", error, what=what, case=case, id=id)

    async def forget(self, object_id: str) -> None:
        """Nobody needs it any more. What cannot be deleted now is swept up later."""
        with suppress(TryLater):
            await self.world.vault.delete(object_id)
