"""Writes of those who come to the portal: sessions, what they ask the keeper for, codes that they type."""

from __future__ import annotations

import hmac
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, func, insert, or_, select, update

from gateway.edges.operations import Payload, operation
from gateway.edges.tables import MICROSECOND, portal_session, share_code, share_grant, share_intent
from gateway.edges.visit_rows import live_session, was_here
from gateway.model.share import WishKind

CODE_TRIES = 5
SAME_WISH_FOR = timedelta(seconds=30)  # a double click, a page that is loaded again


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
    session = connection.execute(live_session(cookie_hash, at).with_for_update(of=portal_session)).mappings().first()
    if session is None or not _may_wish(session, kind):
        return {"id": ""}
    is_known = kind == WishKind.CODE and was_here(connection, session["grant_id"], session["network"])
    same = and_(share_intent.c.grant_id == session["grant_id"], share_intent.c.kind == kind, share_intent.c.is_known == is_known)
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
    connection.execute(insert(share_intent), {**row, **said, "is_known": is_known})
    return {"id": payload["id"]}


def _may_wish(session: Any, kind: str) -> bool:
    """A code is for who has not proved the mailbox, asking for who cannot; only its sender ends a share."""
    if kind == WishKind.REVOKE:
        return session["proved_at"] is not None and session["role"] == "sender"
    return session["proved_at"] is None


def _is_fresh(at: int) -> ColumnElement[bool]:
    young = share_intent.c.at > at - SAME_WISH_FOR // MICROSECOND
    return or_(share_intent.c.state.in_(("new", "running")), and_(share_intent.c.state == "done", young))


@operation("portal.try_code")
def try_code(connection: Connection, payload: Payload) -> Payload:
    """{"id", "session", "hash", "at"}: a try is counted before it is looked at."""
    cookie_hash, at = bytes.fromhex(payload["session"]), payload["at"]
    code = connection.execute(select(share_code).where(share_code.c.id == payload["id"]).with_for_update()).mappings().first()
    live = connection.execute(live_session(cookie_hash, at)).mappings().first()
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
