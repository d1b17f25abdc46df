"""Files that go by link: where they are put, and what is known of them."""

from __future__ import annotations

from typing import Protocol

from gateway.model.share import Grant, Parcel, Placed, Share


class Place(Protocol):
    """One configured [place.NAME]: where the files of a share route go."""

    async def put(self, parcel: Parcel, deadline: float) -> Placed:
        """Keep the files for these people; durable on return, and never there twice: the same share put again is the same put.

        Raises:
            TryLater: not now (throttled, down for a moment); the mail waits upstream.
            Unusable: the place is dead, or cannot serve these people; the next route is asked.
            Revoked: somebody has taken these files back; no other route may bring them.
        """
        ...

    async def withdraw(self, share: Share, whom: Grant | None = None) -> None:
        """Nobody can open it any more and its files are gone; what is gone already is no error. `whom`: this person alone cannot.

        Raises:
            TryLater: not now.
            WillNotDo: it cannot be taken from one person without taking it from others.
        """
        ...

    async def check(self) -> None:
        """Whether it would work now, for doctor. Raises TryLater, WillNotDo with what is wrong and what to do."""
        ...

    async def close(self) -> None: ...


class Shares(Protocol):
    """What is known of shares, whatever their place."""

    async def find(self, key: bytes) -> Share | None:
        """The share that an earlier attempt at the same message made. Raises TryLater."""
        ...

    async def taken_back(self, key: bytes, people: frozenset[str]) -> frozenset[str]:
        """Those of these people (Address.key) from whom somebody has taken back the files of this share. Raises TryLater.

        It is asked before anything else: a route that could not serve them now must not give way to another.
        """
        ...

    async def issue(self, share: Share) -> Share:
        """Durable on return, before any copy with a link leaves. Where one of this key is there already, that one is opened again.

        Its grants and files are joined, and it expires when the later of the two does. Raises TryLater, Revoked.
        """
        ...

    async def undo(self, share_id: str, keys: frozenset[str]) -> None:
        """It is known that these people (Address.key) were handed nothing: their grants are undone. Raises TryLater."""
        ...

    async def get(self, share_id: str) -> Share | None: ...
