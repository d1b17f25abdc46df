"""That a row of the outbox is ours while an attempt at it goes on: renewed beside it, and known when it is lost.

It is lost when this process stood still, or the store did not hear it, and another has begun an attempt. What a hop already has cannot be
called back, and is noted all the same; a copy that has not left whole by then does not go.
"""

from __future__ import annotations

import asyncio
from contextlib import AbstractContextManager
from datetime import datetime, timedelta

from gateway.errors import TryLater
from gateway.model.kept import ToSend
from gateway.model.message import Buffer, Content
from gateway.ports.clock import Clock
from gateway.ports.keeping import Outbox

LEASE_SECONDS = 30.0  # what a killed keeper was sending waits no longer than this
_LEASE = timedelta(seconds=LEASE_SECONDS)
_RENEW_SECONDS = 5.0  # one renewal that fails late, and its repetition, still come before the lease ends


class Lease:
    """Of one attempt."""

    def __init__(self, row: ToSend, claimed_at: datetime, outbox: Outbox, clock: Clock) -> None:
        self._row = row
        self._until = claimed_at + _LEASE
        self._outbox = outbox
        self._clock = clock
        self.is_lost = False  # the row is another's, or gone, as far as we have heard

    async def keep(self) -> None:
        """Until it is lost, or this is cancelled."""
        pause = _RENEW_SECONDS
        while not self.is_lost:
            await asyncio.sleep(pause)
            try:
                await self.is_ours()
                pause = _RENEW_SECONDS
            except TryLater:
                pause = 1.0  # the store has taken its own time to fail

    async def is_ours(self) -> bool:
        """Asked of the store, and then so for as long again. Raises TryLater."""
        until = self._clock.now() + _LEASE
        if await self._outbox.renew(self._row, until):
            self._until = until
        else:
            self.is_lost = True
        return not self.is_lost

    def must_hold(self) -> None:
        """Raises TryLater: perhaps another has begun an attempt."""
        if self.is_lost or self._clock.now() >= self._until:
            raise TryLater("the lease of this attempt is over")


class Guarded:
    """model.message.Content that is read only while the lease holds: what a hop has no final dot of, it does not take."""

    def __init__(self, content: Content, lease: Lease) -> None:
        self._content = content
        self._lease = lease

    @property
    def octets(self) -> int:
        return self._content.octets

    def view(self) -> AbstractContextManager[Buffer]:
        return self._content.view()

    def read(self, start: int, end: int) -> bytes:
        """Raises TryLater: it cannot be read back, or the lease is over."""
        self._lease.must_hold()
        return self._content.read(start, end)

    def descriptor(self) -> int:
        return self._content.descriptor()

    def close(self) -> None:
        self._content.close()
