"""Writes of the end of shares: first nobody can open one, then its place is told, then its row says that the files are gone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import Connection, and_, delete, func, or_, select, update

from gateway.edges import outbox, share_memory
from gateway.edges.nouns import decode
from gateway.edges.operations import Payload, operation
from gateway.edges.shares import EXPIRED, OPEN, PURGED, REVOKED, UNDONE, idle_since, note_event
from gateway.edges.tables import (
    MICROSECOND,
    portal_limit,
    portal_session,
    share,
    share_access,
    share_code,
    share_file,
    share_grant,
    share_intent,
)

_ENDED = (REVOKED, EXPIRED)
_A_DAY = timedelta(days=1) // MICROSECOND


@operation("share.end", repeatable=True)
def end(connection: Connection, payload: Payload) -> Payload:
    now = payload["now"]
    reasons = (
        ("its time was over", share.c.expires_at <= now),
        ("nobody has fetched anything for too long", and_(share.c.idle.is_not(None), idle_since() + share.c.idle <= now)),
    )
    ended = 0
    for why, is_due in reasons:
        for share_id in connection.execute(select(share.c.id).where(share.c.state == OPEN, is_due)).scalars().all():
            ended += _expire(connection, share_id, why, now)
    return {"ended": ended}


@operation("share.purge", repeatable=True)
def purge(connection: Connection, payload: Payload) -> Payload:
    """The row first: from now on a retry brings the files anew, and the sweep would take what we leave behind."""
    is_over = or_(share.c.state.in_(_ENDED), and_(share.c.state == UNDONE, share.c.ended_at <= payload["undone"]))
    for share_id in connection.execute(select(share.c.id).where(is_over)).scalars().all():
        if connection.execute(update(share).where(share.c.id == share_id, is_over).values(state=PURGED, withdrawn_at=None)).rowcount:
            connection.execute(
                update(share_grant).where(share_grant.c.share_id == share_id, share_grant.c.state == UNDONE).values(state=PURGED)
            )
            note_event(connection, "purged", payload["now"], share_id, {})
    return {}


@operation("share.withdrawn", repeatable=True)
def withdrawn(connection: Connection, payload: Payload) -> Payload:
    mine = and_(share.c.id == payload["share"], share.c.state == PURGED, share.c.withdrawn_at.is_(None))
    if connection.execute(update(share).where(mine).values(withdrawn_at=payload["at"])).rowcount:
        connection.execute(update(share_file).where(share_file.c.share_id == payload["share"]).values(object_id=""))
        note_event(connection, "withdrawn", payload["at"], payload["share"], {})
    return {}


@operation("share.note", repeatable=True)
def note(connection: Connection, payload: Payload) -> Payload:
    """Of downloads that are over; when everybody has had all they may have, the share has ended."""
    unnoted = and_(share_access.c.id.in_(payload["ids"]), share_access.c.noted_at.is_(None))
    rows = connection.execute(select(share_access).where(unnoted).order_by(share_access.c.began_at)).mappings().all()
    for row in rows:
        connection.execute(update(share_access).where(share_access.c.id == row["id"]).values(noted_at=payload["at"]))
        said = {
            "grant": row["grant_id"],
            "file": row["file_id"],
            "network": row["network"],
            "octets": row["octets"],
            "is_whole": row["is_whole"],
        }
        note_event(connection, "fetched", payload["at"], row["share_id"], said)
    if rows:
        outbox.insert(connection, payload["outbox"])
    for share_id in dict.fromkeys(row["share_id"] for row in rows):
        if _is_used_up(connection, share_id):
            _expire(connection, share_id, "everybody has fetched it as often as they may", payload["at"])
    return {}


@operation("share.erase", repeatable=True)
def erase(connection: Connection, payload: Payload) -> Payload:
    """Asked again of one that is erased, it says the same."""
    there = connection.execute(select(share.c.state, share.c.withdrawn_at).where(share.c.id == payload["share"])).first()
    if there is not None and (there.state != PURGED or there.withdrawn_at is None):
        return {"is_erased": False}
    if there is not None:
        _erase(connection, [payload["share"]], payload["at"])
        note_event(connection, "erased", payload["at"], payload["share"], {"by": payload["by"], "why": payload["why"]})
    return {"is_erased": True}


@operation("share.forget", repeatable=True)
def forget(connection: Connection, payload: Payload) -> Payload:
    now = payload["now"]
    over = and_(share.c.state == PURGED, share.c.withdrawn_at.is_not(None), share.c.ended_at < payload["before"])
    _erase(connection, connection.execute(select(share.c.id).where(over)).scalars().all(), now)
    share_memory.forget(connection, now)
    settled = share_intent.c.state.in_(("done", "failed"))
    connection.execute(delete(share_intent).where(settled, share_intent.c.at < payload["before"]))
    connection.execute(delete(share_code).where(share_code.c.until < now - _A_DAY))
    connection.execute(delete(portal_session).where(or_(portal_session.c.ends_at <= now, portal_session.c.idle_until <= now - _A_DAY)))
    connection.execute(delete(portal_limit).where(portal_limit.c.full_at <= now))
    return {}


def _erase(connection: Connection, ids: Sequence[str], at: int) -> None:
    for start in range(0, len(ids), 500):
        some = ids[start : start + 500]
        share_memory.remember(connection, some, at)
        grants = select(share_grant.c.id).where(share_grant.c.share_id.in_(some))
        connection.execute(delete(share_code).where(share_code.c.grant_id.in_(grants)))
        for table in (share_intent, share_access, share_file, share_grant):
            connection.execute(delete(table).where(table.c.share_id.in_(some)))
        connection.execute(delete(share).where(share.c.id.in_(some)))


def _expire(connection: Connection, share_id: str, why: str, at: int) -> int:
    mine = and_(share.c.id == share_id, share.c.state == OPEN)
    values = {"state": EXPIRED, "ended_at": at, "ended_by": "time", "ended_why": why}
    ended = connection.execute(update(share).where(mine).values(values)).rowcount
    if ended:
        connection.execute(update(share_grant).where(share_grant.c.share_id == share_id, share_grant.c.state == OPEN).values(state=EXPIRED))
        connection.execute(delete(portal_session).where(portal_session.c.share_id == share_id))
        note_event(connection, "expired", at, share_id, {"why": why})
    return ended


def _is_used_up(connection: Connection, share_id: str) -> bool:
    """Whether nobody may fetch anything more, and nobody is fetching."""
    limit = connection.execute(select(share.c.download_limit).where(share.c.id == share_id)).scalar()
    fetching = select(share_access.c.id).where(share_access.c.share_id == share_id, share_access.c.noted_at.is_(None)).limit(1)
    if limit is None or connection.execute(fetching).first() is not None:
        return False
    counted = select(share_access.c.grant_id, share_access.c.file_id, func.count()).where(share_access.c.share_id == share_id)
    grouped = counted.group_by(share_access.c.grant_id, share_access.c.file_id)
    had = {(row[0], row[1]): row[2] for row in connection.execute(grouped)}
    people = and_(share_grant.c.share_id == share_id, share_grant.c.role == "recipient", share_grant.c.state == OPEN)
    grants = connection.execute(select(share_grant.c.id, share_grant.c.files).where(people)).all()
    return all(had.get((grant.id, file_id), 0) >= limit for grant in grants for file_id in decode(grant.files))
