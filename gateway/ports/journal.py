"""Who has had a message already, and one attempt at it under its locks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from gateway.model.kept import Bundle, Done


class Transaction(Protocol):
    """One delivery attempt under its locks."""

    @property
    def done(self) -> Mapping[str, Done]:
        """By Address.key: what must not be done again."""
        ...

    @property
    def first_at(self) -> datetime:
        """When the first attempt at this transaction began that finished something; now, when this is the first."""
        ...

    @property
    def busy(self) -> frozenset[str]:
        """Address.keys that another attempt at the same transaction works on right now: answer 451."""
        ...

    async def finish(self, bundle: Bundle, *, durable: bool) -> frozenset[str]:
        """Journal it. durable: return only after a full sync (holds, notices, partial results); else within a second.

        Returns:
            Of what was to be withdrawn that which nobody sends any more; the rest somebody has begun to send.

        Raises:
            TryLater: the database did not take it.
        """
        ...

    def answered(self, keys: frozenset[str]) -> None:
        """A 2yz or 5yz covering these was written and the client went on: their entries close, and suppress nothing any more."""
        ...

    def release(self) -> None:
        """Give the locks back. Called once, in a finally. Locks also die with the process."""
        ...


class Journal(Protocol):
    """Who has finished what (DESIGN section 6)."""

    async def begin(self, identity: bytes | None, recipients: tuple[str, ...]) -> Transaction:
        """Take the locks that are free and look up what is done. identity None: nothing is ever skipped.

        Raises:
            TryLater: the database cannot be asked; nothing has happened.
        """
        ...
