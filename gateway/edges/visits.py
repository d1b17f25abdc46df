"""What the portal knows and writes: links that are shown, sessions, codes that are typed, files that are fetched, limits.

It touches the tables of shares and of the portal, and no others, so that its role in PostgreSQL may be limited to them (README). What does
not open is answered in the same way, by the same number of look-ups, whatever the reason. Whether something is open is asked again within
the transaction that acts on it.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, func, insert, or_, select, update

from gateway.edges.nouns import decode
from gateway.edges.operations import Insert, Payload, operation
from gateway.edges.share_rows import read_shares, to_access, to_wish, when
from gateway.edges.share_secrets import Secrets, hash_of
from gateway.edges.shares import idle_since
from gateway.edges.store import Store
from gateway.edges.tables import (
    micros,
    moment,
    portal_limit,
    portal_session,
    share,
    share_access,
    share_code,
    share_file,
    share_grant,
    share_intent,
)
from gateway.model.share import Access, Session, Share, Standing, Wish, WishKind
from gateway.ports.visits import CodeTried, Fetching, Limit

CODE_TRIES = 5
RESUME_FOR = timedelta(days=1)  # so long a download that broke off may go on
SAME_WISH_FOR = timedelta(seconds=30)  # a double click, a page that is loaded again

_OPEN = Standing.OPEN.value
_MICROSECOND = timedelta(microseconds=1)


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
        if found is not None and until - micros(found.idle_until) > idle // _MICROSECOND // 10:
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
        return await self._store.read(accesses_of_share, share_id)

    async def take(self, limits: tuple[Limit, ...], now: datetime) -> timedelta:
        """One of each, or how long to wait. Raises TryLater."""
        takes = [[_limit_name(one).hex(), one.burst, one.every // _MICROSECOND] for one in limits]
        taken = await self._store.run("portal.take", {"takes": takes, "now": micros(now)})
        return timedelta(microseconds=taken["wait"])


# --- questions --------------------------------------------------------------------------------------------------------


def is_open(now: int) -> ColumnElement[bool]:
    """Whether a grant, joined with its share, opens now: by state, by time, by idleness."""
    in_time = and_(share.c.expires_at > now, or_(share.c.idle.is_(None), idle_since() + share.c.idle > now))
    return and_(share_grant.c.state == _OPEN, share.c.state == _OPEN, in_time)


_joined = share_grant.join(share, share.c.id == share_grant.c.share_id)


def _find(connection: Connection, token_hash: bytes, now: int) -> tuple[str, str] | None:
    query = select(share.c.id, share_grant.c.id, is_open(now)).select_from(_joined).where(share_grant.c.token_hash == token_hash)
    row = connection.execute(query).first()
    return (row[0], row[1]) if row is not None and row[2] else None


def _session(connection: Connection, cookie_hash: bytes, now: int) -> Session | None:
    row = connection.execute(_live(cookie_hash, now)).mappings().first()
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


def _live(cookie_hash: bytes, now: int) -> Any:
    """The session with its open grant."""
    joined = portal_session.join(_joined, share_grant.c.id == portal_session.c.grant_id)
    in_time = and_(portal_session.c.idle_until > now, portal_session.c.ends_at > now)
    columns = (*portal_session.c, share_grant.c.role, share_grant.c.files, share_grant.c.address, share.c.download_limit)
    return select(*columns).select_from(joined).where(portal_session.c.hash == cookie_hash, in_time, is_open(now))


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


def accesses_of_share(connection: Connection, share_id: str) -> tuple[Access, ...]:
    query = select(share_access).where(share_access.c.share_id == share_id).order_by(share_access.c.began_at, share_access.c.id)
    return tuple(to_access(row) for row in connection.execute(query).mappings())


def _limit_name(one: Limit) -> bytes:
    """Without an address or a network that could be read."""
    return hashlib.sha256(f"{one.what}\0{one.who}".encode("utf-8", "surrogatepass")).digest()


# --- writes -----------------------------------------------------------------------------------------------------------


@operation("portal.open", repeatable=True)
def open_session(connection: Connection, payload: Payload) -> Payload:
    row = {**payload, "hash": bytes.fromhex(payload["hash"]), "proved_at": None}
    if connection.execute(select(portal_session.c.hash).where(portal_session.c.hash == row["hash"])).first() is None:
        connection.execute(insert(portal_session), row)
    return {}


@operation("portal.renew", repeatable=True)
def renew(connection: Connection, payload: Payload) -> Payload:
    mine = portal_session.c.hash == bytes.fromhex(payload["hash"])
    connection.execute(
        update(portal_session).where(mine, portal_session.c.idle_until < payload["until"]).values(idle_until=payload["until"])
    )
    return {}


@operation("portal.rename", repeatable=True)
def rename_session(connection: Connection, payload: Payload) -> Payload:
    old, new = (portal_session.c.hash == bytes.fromhex(payload[name]) for name in ("old", "new"))
    renamed = connection.execute(
        update(portal_session).where(old).values(hash=bytes.fromhex(payload["new"]), csrf=payload["csrf"])
    ).rowcount
    return {"is_there": bool(renamed) or connection.execute(select(portal_session.c.hash).where(new)).first() is not None}


@operation("portal.close", repeatable=True)
def close_session(connection: Connection, payload: Payload) -> Payload:
    connection.execute(delete(portal_session).where(portal_session.c.hash == bytes.fromhex(payload["hash"])))
    return {}


@operation("portal.wish", repeatable=True)
def wish(connection: Connection, payload: Payload) -> Payload:
    """{"id", "kind", "session", "by", "why", "at", "most", "since"}: the id of the wish that stands, or none."""
    cookie_hash, kind, at = bytes.fromhex(payload["session"]), payload["kind"], payload["at"]
    # Of two clicks at once the second sees the first.
    session = connection.execute(_live(cookie_hash, at).with_for_update(of=portal_session)).mappings().first()
    if session is None or not _may_wish(session, kind):
        return {"id": ""}
    same = and_(share_intent.c.grant_id == session["grant_id"], share_intent.c.kind == kind)
    again = and_(same, share_intent.c.session == cookie_hash, _is_fresh(at))
    there = connection.execute(select(share_intent.c.id).where(again).order_by(share_intent.c.at.desc()).limit(1)).scalar()
    if there is not None:
        return {"id": there}
    count = connection.execute(
        select(func.count()).select_from(share_intent).where(same, share_intent.c.at > payload["since"])
    ).scalar_one()
    if count >= payload["most"]:
        return {"id": ""}
    row = {"id": payload["id"], "kind": kind, "share_id": session["share_id"], "grant_id": session["grant_id"], "session": cookie_hash}
    said = {"asked_by": payload["by"], "why": payload["why"], "state": "new", "at": at, "leased_until": 0, "result": ""}
    connection.execute(insert(share_intent), {**row, **said})
    return {"id": payload["id"]}


def _may_wish(session: Any, kind: str) -> bool:
    """A code is for who has not proved the mailbox, asking for who cannot; only its sender ends a share."""
    if kind == WishKind.REVOKE:
        return session["proved_at"] is not None and session["role"] == "sender"
    return session["proved_at"] is None


def _is_fresh(at: int) -> ColumnElement[bool]:
    young = share_intent.c.at > at - SAME_WISH_FOR // _MICROSECOND
    return or_(share_intent.c.state.in_(("new", "running")), and_(share_intent.c.state == "done", young))


@operation("portal.try_code")
def try_code(connection: Connection, payload: Payload) -> Payload:
    """{"id", "session", "hash", "at"}: a try is counted before it is looked at."""
    cookie_hash, at = bytes.fromhex(payload["session"]), payload["at"]
    code = connection.execute(select(share_code).where(share_code.c.id == payload["id"]).with_for_update()).mappings().first()
    live = connection.execute(_live(cookie_hash, at)).mappings().first()
    stored = bytes(code["hash"]) if code is not None else bytes(32)
    is_same = hmac.compare_digest(stored, bytes.fromhex(payload["hash"]))
    if code is None or live is None or bytes(code["session"]) != cookie_hash:
        return {"is_right": False, "left": 0}
    tries = code["tries"] + 1
    connection.execute(update(share_code).where(share_code.c.id == code["id"]).values(tries=tries))
    if tries > CODE_TRIES or code["until"] <= at or code["used_at"] is not None:
        return {"is_right": False, "left": 0}
    if is_same:
        _proved(connection, code, live, at)
    return {"is_right": is_same, "left": CODE_TRIES - tries}


def _proved(connection: Connection, code: Any, live: Any, at: int) -> None:
    connection.execute(update(share_code).where(share_code.c.id == code["id"]).values(used_at=at))
    connection.execute(update(portal_session).where(portal_session.c.hash == live["hash"]).values(proved_at=at))
    first = and_(share_grant.c.id == live["grant_id"], share_grant.c.opened_at.is_(None))
    connection.execute(update(share_grant).where(first).values(opened_at=at))


@operation("portal.begin")
def begin(connection: Connection, payload: Payload) -> Payload:
    """{"session", "files": {file: new id}, "network", "at", "on_the_way"}: the ids of the accesses, or why not. All of them, or none."""
    at, cookie_hash = payload["at"], bytes.fromhex(payload["session"])
    live = connection.execute(_live(cookie_hash, at).with_for_update(of=share_grant)).mappings().first()
    wanted: dict[str, str] = payload["files"]
    if live is None or live["proved_at"] is None or not set(wanted) <= set(decode(live["files"])):
        return {"ids": [], "why_not": "closed"}
    going_on = _going_on(connection, live, wanted, payload["on_the_way"], at)
    new = [file_id for file_id in wanted if file_id not in going_on]
    if not all(_is_below_limit(connection, live, file_id) for file_id in new):
        return {"ids": [], "why_not": "limit"}
    row = {"share_id": live["share_id"], "grant_id": live["grant_id"], "session": cookie_hash, "network": payload["network"]}
    unsent = {"began_at": at, "octets": 0, "is_whole": False, "ended_at": None, "noted_at": None}
    for file_id in new:
        connection.execute(insert(share_access), {**row, **unsent, "id": wanted[file_id], "file_id": file_id})
    if new:
        mine = share_grant.c.id == live["grant_id"]
        connection.execute(update(share_grant).where(mine).values(downloads=share_grant.c.downloads + len(new)))
    connection.execute(update(share).where(share.c.id == live["share_id"]).values(used_at=at))
    return {"ids": [going_on.get(file_id, wanted[file_id]) for file_id in wanted], "why_not": ""}


def _going_on(connection: Connection, live: Any, wanted: dict[str, str], on_the_way: dict[str, int], at: int) -> dict[str, str]:
    """Accesses that broke off. Who has been sent a file twice over and never its last octet begins anew."""
    joined = share_access.join(
        share_file, and_(share_file.c.share_id == share_access.c.share_id, share_file.c.id == share_access.c.file_id)
    )
    mine = and_(share_access.c.grant_id == live["grant_id"], share_access.c.file_id.in_(tuple(wanted)))
    broken = and_(share_access.c.is_whole.is_(False), share_access.c.began_at > at - RESUME_FOR // _MICROSECOND)
    columns = (share_access.c.file_id, share_access.c.id, share_access.c.octets, share_file.c.octets.label("size"))
    rows = connection.execute(select(*columns).select_from(joined).where(mine, broken).order_by(share_access.c.began_at))
    return {row.file_id: row.id for row in rows if row.octets + on_the_way.get(row.file_id, 0) < 2 * row.size}


def _is_below_limit(connection: Connection, live: Any, file_id: str) -> bool:
    if live["download_limit"] is None:
        return True
    mine = and_(share_access.c.grant_id == live["grant_id"], share_access.c.file_id == file_id)
    count: int = connection.execute(select(func.count()).select_from(share_access).where(mine)).scalar_one()
    return count < int(live["download_limit"])


@operation("portal.end")
def end(connection: Connection, payload: Payload) -> Payload:
    """One that goes on is noted again when it is over; what came whole is over."""
    values = {"octets": share_access.c.octets + payload["octets"], "ended_at": payload["at"]}
    values |= {"is_whole": True} if payload["is_whole"] else {}
    mine = share_access.c.id == payload["id"]
    connection.execute(update(share_access).where(mine, share_access.c.is_whole.is_(False)).values(noted_at=None))
    connection.execute(update(share_access).where(mine).values(values))
    return {}


@operation("portal.take")
def take(connection: Connection, payload: Payload) -> Payload:
    """Generic cell rate algorithm (ITU-T I.371, A.1): one number for each limit. {"takes": [[name, burst, every]], "now"}."""
    now, wait, fuller = payload["now"], 0, []
    for name, burst, every in sorted(payload["takes"]):
        full_at = max(_full_at(connection, bytes.fromhex(name), now), now)
        wait = max(wait, full_at + every - burst * every - now)
        fuller.append((bytes.fromhex(name), full_at + every))
    if wait <= 0:
        for name, full_at in fuller:
            connection.execute(update(portal_limit).where(portal_limit.c.name == name).values(full_at=full_at))
    return {"wait": max(wait, 0)}


def _full_at(connection: Connection, name: bytes, now: int) -> int:
    """Locked, in the order of names: two that want the same wait for one another and do not deadlock."""
    query = select(portal_limit.c.full_at).where(portal_limit.c.name == name).with_for_update()
    found = connection.execute(query).scalar()
    if found is None:
        _new_limit(connection, [{"name": name, "full_at": now}])
        found = connection.execute(query).scalar_one()
    return int(found)


_new_limit = Insert(portal_limit)
