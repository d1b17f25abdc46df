"""What carrying a message leaves behind: its record, numbers, and what processes died of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class Records(Protocol):
    """Decision records: facts, never content."""

    def record(self, entry: Mapping[str, object]) -> None:
        """Hand over one record, a JSON-able mapping; it is synced within a second. Never blocks, never raises."""
        ...


class Counters(Protocol):
    """Numbers for the operator (Prometheus)."""

    def count(self, name: str, **labels: str) -> None: ...
    def observe(self, name: str, seconds: float, **labels: str) -> None: ...


class Suspects(Protocol):
    """Messages in whose reading a process died, or an attempt ended in a bug. Shared by the processes; never raises."""

    def begin(self, name: bytes) -> int:
        """It is being read from now on: should the process die, it gets a point. What to say at the end."""
        ...

    def end(self, mark: int) -> None:
        """It was read, or given up, and the process lives."""
        ...

    def points(self, name: bytes) -> int: ...

    def blame(self, name: bytes) -> None:
        """A point for a bug that the process has outlived."""
        ...

    def clear(self, *names: bytes) -> None:
        """They were read to the end and all is well."""
        ...
