"""What failed for now is tried again later, and each time later than before. In memory: a keeper that begins anew tries at once. Pure."""

from __future__ import annotations

from dataclasses import dataclass

FIRST_SECONDS = 60.0
LONGEST_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class _Pause:
    seconds: float
    until: float  # monotonic


class PutOff:
    """Things by name, and when their time comes again."""

    def __init__(self) -> None:
        self._pauses: dict[str, _Pause] = {}

    def again(self, name: str, now: float) -> None:
        """It has failed: after a pause, twice as long as the last."""
        before = self._pauses.get(name)
        seconds = min(before.seconds * 2, LONGEST_SECONDS) if before else FIRST_SECONDS
        self._pauses[name] = _Pause(seconds, now + seconds)

    def done(self, name: str) -> None:
        """Nothing is left to try."""
        self._pauses.pop(name, None)

    def waiting(self, now: float) -> frozenset[str]:
        """Those whose time has not come."""
        return frozenset(name for name, pause in self._pauses.items() if pause.until > now)

    def due(self, now: float) -> tuple[str, ...]:
        """Those whose time has come, the longest waiting first."""
        return tuple(name for name, pause in sorted(self._pauses.items(), key=lambda item: item[1].until) if pause.until <= now)
