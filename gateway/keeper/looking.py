"""A hold that rests only on unknown facts is decided again when they may have become known: with each new policy, when a keeper begins,
and when the day of an export comes that was still to come.

All of them, a few in each turn; one that fails for now is looked at again later, and keeps no other.
"""

from __future__ import annotations

from typing import NamedTuple

from gateway.errors import TryLater, WillNotDo
from gateway.keeper.again import TIME, decide_again, keeps
from gateway.keeper.desk import Desk
from gateway.keeper.put_off import PutOff
from gateway.model.decision import Decision
from gateway.model.kept import Because, Held

PAGE = 100  # rows
TURN_SECONDS = 5.0  # so long within one turn of the keeper, which has more to do


class _Known(NamedTuple):
    """All that a case may hang on beside what is in the mail."""

    version: str  # of the pack
    to_come: frozenset[str]  # files of it that are not relied on yet


class Looking:
    """Goes through the open holds once for all that is known, the newest first."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._begin(_Known("", frozenset()))

    def _begin(self, known: _Known) -> None:
        self._known = known  # for which they are looked at
        self._last: Held | None = None  # so far
        self._is_through = False
        self._failed = PutOff()  # cases

    async def look_again(self) -> None:
        """As many as one turn has time for. Raises TryLater."""
        policy, clock = self._desk.policy(), self._desk.world.clock
        known = _Known(policy.version, frozenset(policy.snapshot.to_come(clock.now().date())))
        if known != self._known:
            self._begin(known)
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
