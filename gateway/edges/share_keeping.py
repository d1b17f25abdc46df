"""What the keeper does with shares: wishes of pages carried out, each once; shares that end in time, and their files after them.

What it writes stands in share_wishes.py and share_ends.py.
"""

from __future__ import annotations

import secrets as random
from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, or_, select

from gateway.edges import leases, outbox, share_ends, share_wishes
from gateway.edges.share_rows import read_shares, to_access, to_wish
from gateway.edges.share_secrets import Secrets
from gateway.edges.shares import PURGED
from gateway.edges.store import Store
from gateway.edges.tables import MICROSECOND, micros, share, share_access
from gateway.model.kept import ToSend
from gateway.model.share import Access, Share, Wish
from gateway.ports.clock import Clock

CODE_DIGITS = 8
CODE_FOR = timedelta(minutes=10)
UNDONE_FOR = timedelta(days=1)  # so long a retry finds the files of what was undone; later it brings them again
SETTLED_AFTER = timedelta(minutes=10)  # a download of which nothing more was heard
WRITES = (share_ends, share_wishes)  # importing them registers their operations


class ShareKeeping:
    """ports.ShareKeeping."""

    def __init__(self, store: Store, secrets: Secrets, clock: Clock) -> None:
        self._store = store
        self._secrets = secrets
        self._clock = clock

    # --- wishes -------------------------------------------------------------------------------------------------------

    async def is_wanted(self, now: datetime) -> bool:
        """Whether there is anything to claim. Cheap: asked every second. Raises TryLater."""
        return bool(await self._store.fetch(_IS_WANTED, (micros(now), leases.no_lease(micros(now)))))

    async def claim(self, now: datetime, lease_seconds: float, limit: int = 20) -> tuple[Wish, ...]:
        """What is to be done now, the oldest first; nobody else gets it until the lease ends. Raises TryLater."""
        until = micros(now + timedelta(seconds=lease_seconds))
        found = await self._store.run("share.claim", {"now": micros(now), "until": until, "limit": limit})
        return tuple(to_wish({**row, "session": bytes.fromhex(row["session"])}) for row in found["rows"])

    async def put(self, wish: Wish) -> None:
        """What a command asks for. Durable on return. Raises TryLater."""
        row = {"id": wish.id, "kind": wish.kind.value, "share_id": wish.share, "grant_id": wish.grant, "session": wish.cookie_hash.hex()}
        await self._store.run("share.put_wish", {**row, "asked_by": wish.by, "why": wish.why, "at": micros(wish.at)})

    async def finish(self, wish: Wish, state: str, result: str, to_send: tuple[ToSend, ...] = ()) -> bool:
        """It is done or failed, with what goes out because of it; False when somebody else was first. Raises TryLater."""
        letters = [outbox.to_row(row) for row in to_send]
        payload = {"id": wish.id, "state": state, "result": result, "outbox": letters}
        return bool((await self._store.run("share.finish", payload))["was_running"])

    def draw_code(self) -> str:
        """Digits that nobody can guess."""
        return f"{random.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"

    async def send_code(self, wish: Wish, code: str, letter: ToSend, now: datetime) -> str:
        """The code becomes good for the session that asked, and its letter goes out: both, or neither. Why not; "" when it does."""
        code_id = random.token_hex(8)
        key_id, hashed = self._secrets.code_hash(code_id, code)
        row = {"id": code_id, "key_id": key_id, "hash": hashed.hex(), "made_at": micros(now), "until": micros(now + CODE_FOR)}
        payload = {"wish": wish.id, "code": row, "since": micros(now - timedelta(hours=1)), "outbox": [outbox.to_row(letter)]}
        return str((await self._store.run("share.send_code", payload))["why_not"])

    async def revoke(self, share_id: str, by: str, why: str = "", address_key: str | None = None) -> bool:
        """Nobody opens it any more, or this one person does not; False when there was nothing to revoke. Raises TryLater."""
        payload = {"share": share_id, "by": by, "why": why, "key": address_key, "at": micros(self._clock.now())}
        return bool((await self._store.run("share.revoke", payload))["was_open"])

    # --- the end of shares --------------------------------------------------------------------------------------------

    async def end(self, now: datetime) -> int:
        """Shares end whose time has come, by date, by idleness, or because everybody has had all they may. How many. Raises TryLater."""
        return int((await self._store.run("share.end", {"now": micros(now)}))["ended"])

    async def purge(self, now: datetime, besides: Collection[str] = (), each: int = 4) -> tuple[Share, ...]:
        """What has ended is purged by its row; of these the files are still to go. Again, until `withdrawn` says so. Raises TryLater.

        Those that ended first, at most `each` of a place: one that is away keeps no other. `besides`: not their turn now.
        """
        await self._store.run("share.purge", {"now": micros(now), "undone": micros(now - UNDONE_FOR)})
        return await self._store.read(_not_withdrawn, self._secrets, frozenset(besides), each)

    async def withdrawn(self, share_id: str) -> None:
        """The place has said that the files are gone. Raises TryLater."""
        await self._store.run("share.withdrawn", {"share": share_id, "at": micros(self._clock.now())})

    async def fetched(self, now: datetime, limit: int = 100) -> tuple[Access, ...]:
        """Downloads that are over and not yet in the audit, the oldest first. Raises TryLater."""
        return await self._store.read(_fetched, micros(now), limit)

    async def note(self, accesses: tuple[Access, ...], to_send: tuple[ToSend, ...] = ()) -> None:
        """Into the audit, with what is told because of it. Raises TryLater."""
        letters = [outbox.to_row(row) for row in to_send]
        await self._store.run("share.note", {"ids": [one.id for one in accesses], "at": micros(self._clock.now()), "outbox": letters})

    async def is_first(self, access: Access) -> bool:
        """Whether it is the first file of its share that anybody has fetched to its end. Raises TryLater."""
        return await self._store.read(_is_first, access)

    async def erase(self, share_id: str, by: str, why: str) -> bool:
        """Forget one whose files are gone, now; False: they are not gone yet. The audit keeps that it was there. Raises TryLater."""
        payload = {"share": share_id, "by": by, "why": why, "at": micros(self._clock.now())}
        return bool((await self._store.run("share.erase", payload))["is_erased"])

    async def forget(self, before: datetime, now: datetime) -> None:
        """Rows of shares that ended before, and what is over of sessions, codes and limits. Raises TryLater."""
        await self._store.run("share.forget", {"before": micros(before), "now": micros(now)})


# --- questions --------------------------------------------------------------------------------------------------------

_IS_WANTED = "SELECT 1 FROM share_intent WHERE state = 'new' OR (state = 'running' AND (leased_until <= ? OR leased_until > ?)) LIMIT 1"


def _not_withdrawn(connection: Connection, secrets: Secrets, besides: frozenset[str], each: int) -> tuple[Share, ...]:
    waiting = and_(share.c.state == PURGED, share.c.withdrawn_at.is_(None))
    chosen: dict[str, list[str]] = {}
    for share_id, place in connection.execute(select(share.c.id, share.c.place).where(waiting).order_by(share.c.ended_at, share.c.id)):
        of_place = chosen.setdefault(place, [])
        if len(of_place) < each and share_id not in besides:
            of_place.append(share_id)
    return read_shares(connection, secrets, share.c.id.in_([one for of_place in chosen.values() for one in of_place])) if chosen else ()


def _fetched(connection: Connection, now: int, limit: int) -> tuple[Access, ...]:
    quiet = now - SETTLED_AFTER // MICROSECOND
    is_over = or_(
        share_access.c.is_whole, share_access.c.ended_at < quiet, and_(share_access.c.ended_at.is_(None), share_access.c.began_at < quiet)
    )
    query = select(share_access).where(share_access.c.noted_at.is_(None), is_over).order_by(share_access.c.began_at).limit(limit)
    return tuple(to_access(row) for row in connection.execute(query).mappings())


def _is_first(connection: Connection, access: Access) -> bool:
    others = and_(share_access.c.share_id == access.share, share_access.c.id != access.id)
    known = select(share_access.c.id).where(others, share_access.c.noted_at.is_not(None), share_access.c.is_whole)
    return access.is_whole and connection.execute(known.limit(1)).first() is None
