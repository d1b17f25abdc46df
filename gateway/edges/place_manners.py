"""What places of others have in common: so many uploads at once, a share that is known before anything is there, who is told what."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

from gateway.errors import Revoked, TryLater, Unusable, WillNotDo
from gateway.model.share import Grant, Offer, Share
from gateway.ports.clock import Clock
from gateway.ports.places import Shares

REACH_ATTEMPTS = 3  # a service that cannot be reached so often is dead

Sleep = Callable[[float], Awaitable[None]]


class Turns:
    """So many at once, and the others wait for their turn, but not beyond their deadline."""

    def __init__(self, place: str, clock: Clock, most: int) -> None:
        self._place = place
        self._clock = clock
        self._turns = asyncio.Semaphore(most)

    @asynccontextmanager
    async def take(self, deadline: float) -> AsyncIterator[None]:
        """Raises TryLater: no turn has come."""
        try:
            async with asyncio.timeout(max(0.0, deadline - self._clock.monotonic())):
                await self._turns.acquire()
        except TimeoutError as error:
            raise TryLater(f"place {self._place}: too many uploads at the same time", "4.4.1") from error
        try:
            yield
        finally:
            self._turns.release()


def by_time(share: Share) -> Share:
    """The same where nobody tells us who fetches what: idleness begins when the share is made, and ends it like any other date."""
    if share.idle is None:
        return share
    return replace(share, expires_at=min(share.expires_at, share.made_at + share.idle), idle=None)


async def issued(shares: Shares, share: Share) -> Share:
    """The share, durably known, with the people of this parcel alone. Before anything is in the place: the sweep finds what was begun.

    Raises:
        TryLater: the database did not take it.
        Revoked: somebody has ended it, for all or for these.
        Unusable: it cannot be known here.
    """
    try:
        known = await shares.issue(by_time(share))
    except Revoked:
        raise
    except WillNotDo as error:
        raise Unusable(error.detail) from error
    ids = {(grant.key, grant.role): grant.id for grant in known.grants}
    return replace(known, grants=tuple(replace(grant, id=ids.get((grant.key, grant.role), grant.id)) for grant in share.grants))


def recipients_of(share: Share) -> tuple[Grant, ...]:
    """Those who get an offer, in their order."""
    return tuple(grant for grant in share.grants if grant.role == "recipient")


def for_sender(share: Share, offers: Sequence[Offer], how: str, said: Mapping[str, str] | None = None) -> Offer | None:
    """What the sender's receipt goes by; None: nobody is the sender of it."""
    ends = min((offer.until for offer in offers), default=share.expires_at)
    return next((Offer(grant.address, "", ends, how, said or {}) for grant in share.grants if grant.role == "sender"), None)
