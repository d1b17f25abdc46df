"""How often somebody may try: by address, by network, by token. In memory: one process serves, and a restart forgives a minute's tries.

What must outlive a restart, tries of codes and mails to a person, is counted in the database (ports.Visits). Generic cell rate algorithm
(ITU-T I.371): one number for each who tries; the number of those is bounded, and who has been quiet the longest is forgotten first.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

MOST = 200_000  # who are remembered


@dataclass(frozen=True, slots=True)
class Rate:
    """`burst` at once, then one more every `every_seconds`."""

    burst: int
    every_seconds: float


class Limiter:
    """Takes one of each, or none. `clock`: seconds that only grow."""

    def __init__(self, clock: Callable[[], float], most: int = MOST) -> None:
        self._clock = clock
        self._most = most
        self._full_at: OrderedDict[tuple[str, str], float] = OrderedDict()

    def take(self, what: str, wanted: dict[str, Rate]) -> float:
        """By who is counted: seconds to wait, 0.0 when all of them allow it."""
        now, wait, fuller = self._clock(), 0.0, {}
        for who, rate in wanted.items():
            full_at = max(self._full_at.get((what, who), now), now) + rate.every_seconds
            wait = max(wait, full_at - now - rate.burst * rate.every_seconds)
            fuller[(what, who)] = full_at
        if wait > 0:
            return wait
        for key, full_at in fuller.items():
            self._full_at[key] = full_at
            self._full_at.move_to_end(key)
        while len(self._full_at) > self._most:
            self._full_at.popitem(last=False)
        return 0.0
