"""A hold that rests only on unknown facts is decided again when they may have become known: with each new policy, and when a keeper begins.

All of them, a few in each turn; one that fails for now is looked at again later, and keeps no other.
"""

from __future__ import annotations

from gateway.errors import TryLater, WillNotDo
from gateway.keeper.again import TIME, decide_again, keeps
from gateway.keeper.desk import Desk
from gateway.keeper.put_off import PutOff
from gateway.model.decision import Decision
from gateway.model.kept import Because, Held

PAGE = 100  # rows
TURN_SECONDS = 5.0  # so long within one turn of the keeper, which has more to do


class Looking:
    """Goes through the open holds once for each version of the pack, the newest first."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._begin("")

    def _begin(self, version: str) -> None:
        self._version = version  # of the pack for which they are looked at
        self._last: Held | None = None  # so far
        self._is_through = False
        self._failed = PutOff()  # cases

    async def look_again(self) -> None:
        """As many as one turn has time for. Raises TryLater."""
        version, clock = self._desk.policy().version, self._desk.world.clock
        if version != self._version:
            self._begin(version)
        until = clock.monotonic() + TURN_SECONDS
        page = () if self._is_through else await self._desk.shelves.holds.find(state="open", limit=PAGE, after=self._last)
        for held in page:
            await self._look(held)
            self._last = held
            if clock.monotonic() >= until:
                return
        self._is_through = len(page) < PAGE
        for case in self._failed.due(clock.monotonic()):
            there = await self._desk.shelves.holds.get(case)
            if there is None:
                self._failed.done(case)
            else:
                await self._look(there)
            if clock.monotonic() >= until:
                return

    async def _look(self, held: Held) -> None:
        if held.state != "open" or not _rests_on_unknown(held.decision):
            self._failed.done(held.case)
            return
        try:
            await decide_again(self._desk, held, Because(TIME, "its facts may have become known"))
        except TryLater:
            self._failed.again(held.case, self._desk.world.clock.monotonic())
            return
        except Exception as error:  # noqa: BLE001 - one case does not keep the others
            if not isinstance(error, WillNotDo):
                self._desk.alarm("case: it cannot be decided again", error, case=held.case)
        self._failed.done(held.case)


def _rests_on_unknown(decision: Decision) -> bool:
    """Whether everything that keeps it is only not known."""
    kept_for = tuple(reason for reason in decision.reasons if keeps(reason))
    return bool(kept_for) and all(reason.unknown for reason in kept_for)
