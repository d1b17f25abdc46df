"""Whether a grant opens now, the session of whoever may open it, and whether they were here before. Asked anew in each transaction."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, or_, select

from gateway.edges.shares import idle_since
from gateway.edges.tables import portal_session, share, share_access, share_grant
from gateway.model.share import Standing

grants = share_grant.join(share, share.c.id == share_grant.c.share_id)  # each with its share

_OPEN = Standing.OPEN.value


def is_open(now: int) -> ColumnElement[bool]:
    """Whether a grant, joined with its share, opens now: by state, by time, by idleness."""
    in_time = and_(share.c.expires_at > now, or_(share.c.idle.is_(None), idle_since() + share.c.idle > now))
    return and_(share_grant.c.state == _OPEN, share.c.state == _OPEN, in_time)


def was_here(connection: Connection, grant_id: str, network: str) -> bool:
    """Whether the mailbox of this grant was proved before from this network: then its owner has been there.

    Somebody to whom the link was forwarded has never proved it, wherever they come from: what they use up is not what the owner has.
    """
    proved = and_(portal_session.c.grant_id == grant_id, portal_session.c.network == network, portal_session.c.proved_at.is_not(None))
    fetched = and_(share_access.c.grant_id == grant_id, share_access.c.network == network)
    found = (
        connection.execute(query.limit(1)).first()
        for query in (select(portal_session.c.hash).where(proved), select(share_access.c.id).where(fetched))
    )
    return any(row is not None for row in found)


def live_session(cookie_hash: bytes, now: int) -> Any:
    """The session with its open grant."""
    joined = portal_session.join(grants, share_grant.c.id == portal_session.c.grant_id)
    in_time = and_(portal_session.c.idle_until > now, portal_session.c.ends_at > now)
    columns = (*portal_session.c, share_grant.c.role, share_grant.c.files, share_grant.c.address, share.c.download_limit)
    return select(*columns).select_from(joined).where(portal_session.c.hash == cookie_hash, in_time, is_open(now))
