"""Whether a grant opens now, and the session of whoever may open it: asked anew within each transaction that acts on it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select

from gateway.edges.shares import idle_since
from gateway.edges.tables import portal_session, share, share_grant
from gateway.model.share import Standing

grants = share_grant.join(share, share.c.id == share_grant.c.share_id)  # each with its share

_OPEN = Standing.OPEN.value


def is_open(now: int) -> ColumnElement[bool]:
    """Whether a grant, joined with its share, opens now: by state, by time, by idleness."""
    in_time = and_(share.c.expires_at > now, or_(share.c.idle.is_(None), idle_since() + share.c.idle > now))
    return and_(share_grant.c.state == _OPEN, share.c.state == _OPEN, in_time)


def live_session(cookie_hash: bytes, now: int) -> Any:
    """The session with its open grant."""
    joined = portal_session.join(grants, share_grant.c.id == portal_session.c.grant_id)
    in_time = and_(portal_session.c.idle_until > now, portal_session.c.ends_at > now)
    columns = (*portal_session.c, share_grant.c.role, share_grant.c.files, share_grant.c.address, share.c.download_limit)
    return select(*columns).select_from(joined).where(portal_session.c.hash == cookie_hash, in_time, is_open(now))
