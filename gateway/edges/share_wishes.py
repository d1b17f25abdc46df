"""Writes of wishes: each is claimed by a lease and takes effect once.

What is to be sent because of one is committed together with its end, and only while it is still running.
"""

from __future__ import annotations

from sqlalchemy import Connection, and_, func, insert, or_, select, update

from gateway.edges import leases, outbox
from gateway.edges.operations import Payload, operation
from gateway.edges.shares import OPEN
from gateway.edges.tables import portal_session, share_code, share_grant, share_intent

MOST_CODES = 5  # for one person in an hour, whatever browsers ask for them; so many again from where the mailbox was proved before
SENT = "sent"  # the result of a wish for a code


@operation("share.claim")
def claim(connection: Connection, payload: Payload) -> Payload:
    """On SQLite the recorder is the only writer; on PostgreSQL rows that another is just claiming are passed over."""
    one = share_intent.c
    is_free = or_(one.state == "new", and_(one.state == "running", leases.is_over(one.leased_until, payload["now"])))
    wanted = select(one.id).where(is_free).order_by(one.at, one.id).limit(payload["limit"]).with_for_update(skip_locked=True)
    ids = connection.execute(wanted).scalars().all()
    if not ids:
        return {"rows": []}
    lease = update(share_intent).where(one.id.in_(ids)).values(state="running", leased_until=payload["until"]).returning(*one)
    rows = sorted(connection.execute(lease).mappings().all(), key=lambda row: (row["at"], row["id"]))
    return {"rows": [{**row, "session": bytes(row["session"]).hex()} for row in rows]}


@operation("share.put_wish", repeatable=True)
def put_wish(connection: Connection, payload: Payload) -> Payload:
    if connection.execute(select(share_intent.c.id).where(share_intent.c.id == payload["id"])).first() is None:
        row = {**payload, "session": bytes.fromhex(payload["session"]), "state": "new", "leased_until": 0, "result": ""}
        connection.execute(insert(share_intent), row)
    return {}


@operation("share.finish")
def finish(connection: Connection, payload: Payload) -> Payload:
    mine = and_(share_intent.c.id == payload["id"], share_intent.c.state == "running")
    values = {"state": payload["state"], "result": payload["result"], "leased_until": 0}
    was_running = bool(connection.execute(update(share_intent).where(mine).values(values)).rowcount)
    if was_running:
        outbox.insert(connection, payload["outbox"])
    return {"was_running": was_running}


@operation("share.send_code")
def send_code(connection: Connection, payload: Payload) -> Payload:
    """Never two mails for one wish, and not too many for one person: looked at in the commit that sends it."""
    mine = and_(share_intent.c.id == payload["wish"], share_intent.c.state == "running")
    wish = connection.execute(select(share_intent).where(mine).with_for_update()).mappings().first()
    if wish is None:
        return {"why_not": "it was carried out"}
    grants = select(share_grant.c.state).where(share_grant.c.id == wish["grant_id"]).with_for_update()
    waiting = select(portal_session.c.hash).where(portal_session.c.hash == wish["session"], portal_session.c.proved_at.is_(None))
    if connection.execute(grants).scalar() != OPEN or connection.execute(waiting).first() is None:
        return {"why_not": "it is not wanted any more"}
    same = (share_intent.c.grant_id == wish["grant_id"], share_intent.c.kind == wish["kind"], share_intent.c.is_known == wish["is_known"])
    sent = and_(*same, share_intent.c.at > payload["since"], share_intent.c.state == "done", share_intent.c.result == SENT)
    if connection.execute(select(func.count()).select_from(share_intent).where(sent)).scalar_one() >= MOST_CODES:
        return {"why_not": "too many were sent in the last hour"}
    row = {**payload["code"], "hash": bytes.fromhex(payload["code"]["hash"]), "grant_id": wish["grant_id"], "session": wish["session"]}
    connection.execute(insert(share_code), {**row, "tries": 0, "used_at": None})
    connection.execute(update(share_intent).where(mine).values(state="done", result=SENT, leased_until=0))
    outbox.insert(connection, payload["outbox"])
    return {"why_not": ""}
