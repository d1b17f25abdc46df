"""Writes of those who fetch files at the portal: each access is noted before the first octet, and again when it is over."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, and_, func, insert, select, update

from gateway.edges.nouns import decode
from gateway.edges.operations import Payload, operation
from gateway.edges.tables import MICROSECOND, share, share_access, share_file, share_grant
from gateway.edges.visit_rows import live_session

RESUME_FOR = timedelta(days=1)  # so long a download that broke off may go on


@operation("portal.begin")
def begin(connection: Connection, payload: Payload) -> Payload:
    """{"session", "files": {file: new id}, "network", "at", "on_the_way"}: the ids of the accesses, or why not. All of them, or none."""
    at, cookie_hash = payload["at"], bytes.fromhex(payload["session"])
    live = connection.execute(live_session(cookie_hash, at).with_for_update(of=share_grant)).mappings().first()
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
    broken = and_(share_access.c.is_whole.is_(False), share_access.c.began_at > at - RESUME_FOR // MICROSECOND)
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
