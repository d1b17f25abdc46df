"""The world of the portal: what it knows of shares, and all that it may write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from gateway.model.share import Access, Session, Share, Wish, WishKind


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `burst` at once, and one more every `every`: for one thing (`what`) and one of those who want it (`who`)."""

    what: str  # open | code | ask ...
    who: str  # an address, the hash of a token, a network
    burst: int
    every: timedelta


@dataclass(frozen=True, slots=True)
class CodeTried:
    """What became of a one-time code that somebody has typed."""

    is_right: bool
    tries_left: int  # 0: only a new code helps


@dataclass(frozen=True, slots=True)
class Fetching:
    """What became of somebody's wish to fetch files."""

    accesses: tuple[Access, ...] = ()  # one for each file asked for, same order; () when it was not allowed
    why_not: str = ""  # closed: the share, the grant or the session is not open (any more); limit: fetched often enough


class Visits(Protocol):
    """What the portal knows of shares, and writes: it needs no other table, and no keys but those of the family `shares`.

    Whatever does not open (unknown, expired, idle, revoked, undone) is None or False, the same in every case.
    """

    async def find(self, token: str, now: datetime) -> tuple[str, str] | None:
        """The share and the open grant that this token is of, by their ids. Spaces, hyphens and capitals do not matter: people paste it."""
        ...

    async def get(self, share_id: str) -> Share | None:
        """With the names of its files.."""
        ...

    async def open_session(self, session: Session) -> None: ...

    async def session(self, cookie_hash: bytes, now: datetime, idle: timedelta) -> Session | None:
        """A session that has not ended, of a grant that is open; it lives `idle` longer, at most until it ends."""
        ...

    async def rename_session(self, old: bytes, new: bytes, csrf: str) -> bool:
        """The same session under another cookie, once its mailbox is proved: who knew the old one knows none. False: it has ended."""
        ...

    async def close_session(self, cookie_hash: bytes) -> None: ...

    async def wish(
        self, kind: WishKind, session: Session, by: str, now: datetime, why: str = "", most: int = 5, within: timedelta = timedelta(hours=1)
    ) -> Wish | None:
        """Ask the keeper. The same wish again while the first is being carried out, or right after, is the first: nobody gets two mails.

        `why`: with share-code the language of the page, which the mail then has. None: there were `most` of this grant `within` that time,
        or this session may not wish it.
        """
        ...

    async def wished(self, wish_id: str) -> Wish | None:
        """How far it is."""
        ...

    async def was_here(self, session: Session) -> bool:
        """Whether the mailbox was proved before from the network that this session comes from: then its owner has been there."""
        ...

    async def try_code(self, session: Session, code: str, now: datetime) -> CodeTried:
        """Whether it is the last code that was sent for this session. Five tries for a code; right once; then the session is proved."""
        ...

    async def begin(
        self, session: Session, files: tuple[str, ...], network: str, now: datetime, on_the_way: Mapping[str, int] | None = None
    ) -> Fetching:
        """Files are about to be fetched: everything is looked at again, and it is noted before the first octet leaves.

        A download that broke off and goes on within a day is the same access, and counts once. `on_the_way`: octets of each file that this
        person is just being sent, and that `end` will tell of: they count as sent.
        """
        ...

    async def end(self, access_id: str, octets: int, now: datetime, *, is_whole: bool) -> None:
        """So many octets were sent just now; `is_whole`: the last one of the file was among them."""
        ...

    async def accesses(self, share_id: str) -> tuple[Access, ...]:
        """Who fetched what, the oldest first."""
        ...

    async def take(self, limits: tuple[Limit, ...], now: datetime) -> timedelta:
        """One of each; zero when all of them allow it, else how long to wait: then none was taken."""
        ...
