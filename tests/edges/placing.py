"""Parcels for places, and what a place needs of the world: shares that are remembered, a clock that its own waiting turns."""

import asyncio
import hashlib
from contextlib import suppress
from datetime import timedelta

from gateway.edges.shares import joined
from gateway.model.share import Grant, Parcel, Share, SharedFile, revoked_of
from tests.doubles import START, Octets, StillClock

SENDER = "a@ct.example"
PDF = "application/pdf"


class MemoryShares:
    """ports.Shares."""

    def __init__(self) -> None:
        self.shares: dict[bytes, Share] = {}
        self.undone: dict[str, frozenset[str]] = {}

    async def find(self, key):
        return self.shares.get(key)

    async def taken_back(self, key, people):
        there = self.shares.get(key)
        return frozenset(revoked_of(there, people) if there else ())

    async def issue(self, share):
        there = self.shares.get(share.key)
        share = share if there is None else joined(there, share)
        self.shares[share.key] = share
        return share

    async def undo(self, share_id, keys):
        self.undone[share_id] = self.undone.get(share_id, frozenset()) | keys

    async def get(self, share_id):
        return next((share for share in self.shares.values() if share.id == share_id), None)


class TurningClock(StillClock):
    """Waiting for it turns it, and is noted."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.turn(seconds=seconds)
        await asyncio.sleep(0)


def parcel(files: dict[str, bytes], recipients=("b@university.example",), *, key=b"k" * 32, days=14, place="onedrive", **rest) -> Parcel:
    """Everybody gets every file; the sender has a grant too."""
    shared = tuple(
        SharedFile(str(number), name, PDF, len(octets), hashlib.sha256(octets).hexdigest())
        for number, (name, octets) in enumerate(files.items(), 1)
    )
    ids = tuple(file.id for file in shared)
    people = [(SENDER, "sender"), *((address, "recipient") for address in recipients)]
    grants = tuple(Grant(f"g{number}", address, address.lower(), role, ids) for number, (address, role) in enumerate(people))
    share = Share(
        id="7KQ-402", key=key, message_id="m1", sender=SENDER, route=place, place=place, pack="p", pack_version="1", made_at=START,
        expires_at=START + timedelta(days=days), files=shared, grants=grants, **rest,
    )  # fmt: skip
    return Parcel(share, {file.id: Octets(octets) for file, octets in zip(shared, files.values(), strict=True)})


async def until(when) -> None:
    """Servers of tests work in threads, and tell nobody."""
    while not when():  # noqa: ASYNC110
        await asyncio.sleep(0.002)


async def broken_off(putting, when) -> None:
    """What a kill does: the work ends in the middle, as soon as `when()` is so."""
    task = asyncio.ensure_future(putting)
    await until(lambda: when() or task.done())
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
