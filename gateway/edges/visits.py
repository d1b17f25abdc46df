"""What the portal knows and writes: links that are shown, sessions, codes that are typed, files that are fetched, limits.

It touches the tables of shares and of the portal, and no others, so that its role in PostgreSQL may be limited to them (README). What does
not open is answered in the same way, by the same number of look-ups, whatever the reason. Whether something is open is asked again within
the transaction that acts on it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from gateway.edges import visit_downloads, visit_limits, visit_sessions
from gateway.edges.share_rows import read_shares, to_access, to_wish, when
from gateway.edges.share_secrets import Secrets, hash_of
from gateway.edges.store import Store
from gateway.edges.tables import MICROSECOND, micros, moment, share, share_access, share_code, share_grant, share_intent
from gateway.edges.visit_limits import limit_name
from gateway.edges.visit_rows import grants, is_open, live_session, was_here
from gateway.model.share import Access, Session, Share, Wish, WishKind
from gateway.ports.visits import CodeTried, Fetching, Limit

WRITES = (visit_downloads, visit_limits, visit_sessions)  # importing them registers their operations


class Visits:
    """ports.Visits."""

    def __init__(self, store: Store, secrets: Secrets, ring: Callable[[], None] = lambda: None) -> None:
        self._store = store
        self._secrets = secrets
        self._ring = ring  # the keeper is waiting for it

    # --- who comes ----------------------------------------------------------------------------------------------------

    async def find(self, token: str, now: datetime) -> tuple[str, str] | None:
        """The share and the open grant that this token is of. Raises TryLater."""
        return await self._store.read(_find, hash_of(token), micros(now))

    async def get(self, share_id: str) -> Share | None:
        """With the names of its files. Raises TryLater."""
        found = await self._store.read(read_shares, self._secrets, share.c.id == share_id)
        return found[0] if found else None

    async def open_session(self, session: Session) -> None:
        """Durable on return. Raises TryLater."""
        row = {
            "hash": session.cookie_hash.hex(),
            "share_id": session.share,
            "grant_id": session.grant,
            "csrf": session.csrf,
            "network": session.network,
            "made_at": micros(session.made_at),
            "idle_until": micros(session.idle_until),
            "ends_at": micros(session.ends_at),
        }
        await self._store.run("portal.open", row)

    async def session(self, cookie_hash: bytes, now: datetime, idle: timedelta) -> Session | None:
        """One that has not ended, of a grant that is open; that it lives on is written within a second. Raises TryLater."""
        found = await self._store.read(_session, cookie_hash, micros(now))
        until = min(micros(now + idle), micros(found.ends_at)) if found is not None else 0
        # Not with every click: a tenth of the time is exact enough.
        if found is not None and until - micros(found.idle_until) > idle // MICROSECOND // 10:
            self._store.tell("portal.renew", {"hash": cookie_hash.hex(), "until": until})
        return found

    async def rename_session(self, old: bytes, new: bytes, csrf: str) -> bool:
        """Whoever knew the old cookie knows none any more; False: there is no such session. Raises TryLater."""
        return bool((await self._store.run("portal.rename", {"old": old.hex(), "new": new.hex(), "csrf": csrf}))["is_there"])

    async def close_session(self, cookie_hash: bytes) -> None:
        """Raises TryLater."""
        await self._store.run("portal.close", {"hash": cookie_hash.hex()})

    # --- what they ask ------------------------------------------------------------------------------------------------

    async def wish(
        self, kind: WishKind, session: Session, by: str, now: datetime, why: str = "", most: int = 5, within: timedelta = timedelta(hours=1)
    ) -> Wish | None:
        """Ask the keeper; the same wish again is the first. Raises TryLater."""
        payload = {
            "id": secrets.token_hex(8),
            "kind": kind.value,
            "session": session.cookie_hash.hex(),
            "by": by,
            "why": why,
            "at": micros(now),
            "most": most,
            "since": micros(now - within),
        }
        wish_id = (await self._store.run("portal.wish", payload))["id"]
        if not wish_id:
            return None
        self._ring()
        return await self.wished(wish_id)

    async def wished(self, wish_id: str) -> Wish | None:
        """How far it is. Raises TryLater."""
        return await self._store.read(_wished, wish_id)

    async def was_here(self, session: Session) -> bool:
        """Whether the mailbox was proved before from where this session comes from. Raises TryLater."""
        return await self._store.read(was_here, session.grant, session.network)

    async def try_code(self, session: Session, code: str, now: datetime) -> CodeTried:
        """Whether it is the last code that was sent for this session. Raises TryLater."""
        found = await self._store.read(_last_code, session.cookie_hash)
        code_id, key_id = found if found is not None else ("", "")
        _, hashed = self._secrets.code_hash(code_id, "".join(code.split())[:20], key_id)
        payload = {"id": code_id, "session": session.cookie_hash.hex(), "hash": hashed.hex(), "at": micros(now)}
        tried = await self._store.run("portal.try_code", payload)
        return CodeTried(tried["is_right"], tried["left"])

    # --- what they fetch ----------------------------------------------------------------------------------------------

    async def begin(
        self, session: Session, files: tuple[str, ...], network: str, now: datetime, on_the_way: Mapping[str, int] | None = None
    ) -> Fetching:
        """Everything is looked at again, and noted before the first octet leaves. Raises TryLater."""
        ids, sent = {file_id: secrets.token_hex(8) for file_id in files}, dict(on_the_way or {})
        payload = {"session": session.cookie_hash.hex(), "files": ids, "network": network, "at": micros(now), "on_the_way": sent}
        found = await self._store.run("portal.begin", payload)
        rows = await self._store.read(_accesses_of, tuple(found["ids"]))
        return Fetching(tuple(rows[access_id] for access_id in found["ids"]), found["why_not"])

    async def end(self, access_id: str, octets: int, now: datetime, *, is_whole: bool) -> None:
        """So many octets were sent just now. Raises TryLater."""
        await self._store.run("portal.end", {"id": access_id, "octets": octets, "is_whole": is_whole, "at": micros(now)})

    async def accesses(self, share_id: str) -> tuple[Access, ...]:
        """Who fetched what, the oldest first. Raises TryLater."""
        return await self._store.read(_accesses_of_share, share_id)

    async def take(self, limits: tuple[Limit, ...], now: datetime) -> timedelta:
        """One of each, or how long to wait. Raises TryLater."""
        takes = [[limit_name(one).hex(), one.burst, one.every // MICROSECOND] for one in limits]
        taken = await self._store.run("portal.take", {"takes": takes, "now": micros(now)})
        return timedelta(microseconds=taken["wait"])


# --- questions --------------------------------------------------------------------------------------------------------


def _find(connection: Connection, token_hash: bytes, now: int) -> tuple[str, str] | None:
    query = select(share.c.id, share_grant.c.id, is_open(now)).select_from(grants).where(share_grant.c.token_hash == token_hash)
    row = connection.execute(query).first()
    return (row[0], row[1]) if row is not None and row[2] else None


def _session(connection: Connection, cookie_hash: bytes, now: int) -> Session | None:
    row = connection.execute(live_session(cookie_hash, now)).mappings().first()
    if row is None:
        return None
    return Session(
        cookie_hash=bytes(row["hash"]),
        share=row["share_id"],
        grant=row["grant_id"],
        csrf=row["csrf"],
        network=row["network"],
        made_at=moment(row["made_at"]),
        idle_until=moment(row["idle_until"]),
        ends_at=moment(row["ends_at"]),
        proved_at=when(row["proved_at"]),
    )


def _wished(connection: Connection, wish_id: str) -> Wish | None:
    row = connection.execute(select(share_intent).where(share_intent.c.id == wish_id)).mappings().first()
    return to_wish(row) if row else None


def _last_code(connection: Connection, cookie_hash: bytes) -> tuple[str, str] | None:
    query = select(share_code.c.id, share_code.c.key_id).where(share_code.c.session == cookie_hash)
    row = connection.execute(query.order_by(share_code.c.made_at.desc()).limit(1)).first()
    return (row[0], row[1]) if row else None


def _accesses_of(connection: Connection, ids: Iterable[str]) -> dict[str, Access]:
    rows = connection.execute(select(share_access).where(share_access.c.id.in_(tuple(ids)))).mappings()
    return {row["id"]: to_access(row) for row in rows}


def _accesses_of_share(connection: Connection, share_id: str) -> tuple[Access, ...]:
    query = select(share_access).where(share_access.c.share_id == share_id).order_by(share_access.c.began_at, share_access.c.id)
    return tuple(to_access(row) for row in connection.execute(query).mappings())
