"""Where the vault's objects stand: named octets, written whole and once. vault.py encrypts what it puts there.

A key is "holds/ab/abcdef...". Calls block and are made in the vault's threads; only `stream` belongs to the event loop, because a slow
reader must not hold a thread.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """One object, as it is listed."""

    key: str
    octets: int
    modified: float  # seconds since 1970


class ObjectStore(ABC):
    """Raises TryLater from every call; Missing where there is no such object."""

    threads: int  # how many calls at once are sensible
    check_seconds = 2.0  # a check this young is not repeated

    @abstractmethod
    def put(self, key: str, pieces: Iterator[bytes]) -> None:
        """A new object, whole or not at all; on return it survives a power cut. Never writes over one."""

    @abstractmethod
    def replace(self, key: str, octets: bytes) -> None:
        """A small one, new or in the place of the old one: a reader finds either. On return it survives a power cut."""

    @abstractmethod
    def head(self, key: str, octets: int) -> tuple[bytes, int]:
        """The first octets, and how long the whole is."""

    @abstractmethod
    def read(self, key: str, start: int, end: int) -> bytes:
        """A small part; shorter only where the object ends."""

    @abstractmethod
    def pieces(self, key: str, start: int) -> Iterator[bytes]:
        """Everything from there on, in pieces of any size."""

    @abstractmethod
    def stream(self, key: str, start: int, end: int, size: Callable[[], int]) -> AsyncIterator[bytes | bytearray]:
        """That part in pieces of exactly `size()`, asked before each; the last one shorter; shorter altogether only where the object ends.

        Nothing is held of a piece that was given: a slow reader costs what it reads, and no more.
        """

    @abstractmethod
    def small(self, key: str) -> bytes | None:
        """A small one as a whole; None when there is none."""

    @abstractmethod
    def size(self, key: str) -> int:
        """How long it is; 0 when there is none."""

    @abstractmethod
    def delete(self, key: str) -> None:
        """Removing what is not there is no error."""

    @abstractmethod
    def walk(self, prefix: str) -> Iterator[Entry]:
        """What stands below, in no order."""

    @abstractmethod
    def forget_unfinished(self, before: float) -> None:
        """Remove what was begun before then and never finished, where the store shows it."""

    @abstractmethod
    def check(self) -> None:
        """That something could be put now."""

    @abstractmethod
    def close(self) -> None:
        """Let go."""
