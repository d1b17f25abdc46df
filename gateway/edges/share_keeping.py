"""What the keeper does with shares: wishes of pages carried out, each once; shares that end in time, and their files after them.

A wish is claimed by a lease. That it takes effect once is this file's doing: what is to be sent because of it is committed together with
its end, and only while it is still running. Ending goes by rows: first nobody can open the share, then its place is told, then the row says
that the files are gone.
"""

from __future__ import annotations

import secrets as random
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, delete, func, insert, or_, select, update

from gateway.edges import outbox
from gateway.edges.nouns import decode
from gateway.edges.operations import Payload, operation
from gateway.edges.share_rows import read_shares, to_access, to_wish
from gateway.edges.share_secrets import Secrets
from gateway.edges.shares import EXPIRED, OPEN, PURGED, REVOKED, UNDONE, idle_since, note_event
from gateway.edges.store import Store
from gateway.edges.tables import (
    MICROSECOND,
    micros,
    portal_limit,
    portal_session,
    share,
    share_access,
    share_code,
    share_file,
    share_grant,
    share_intent,
)
from gateway.model.kept import ToSend
from gateway.model.share import Access, Share, Wish
from gateway.ports.clock import Clock

CODE_DIGITS = 8
CODE_FOR = timedelta(minutes=10)
MOST_CODES = 5  # for one person in an hour, whatever browsers ask for them; so many again from where the mailbox was proved before
UNDONE_FOR = timedelta(days=1)  # so long a retry finds the files of what was undone; later it brings them again
SETTLED_AFTER = timedelta(minutes=10)  # a download of which nothing more was heard

SENT = "sent"  # the result of a wish for a code

_ENDED = (REVOKED, EXPIRED)


class ShareKeeping:
    """ports.ShareKeeping."""

    def __init__(self, store: Store, secrets: Secrets, clock: Clock) -> None:
        self._store = store
        self._secrets = secrets
        self._clock = clock

    # --- wishes -------------------------------------------------------------------------------------------------------

    async def is_wanted(self, now: datetime) -> bool:
        """Whether there is anything to claim. Cheap: asked every second. Raises TryLater."""
        return bool(await self._store.fetch(_IS_WANTED, (micros(now),)))

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

    async def purge(self, now: datetime, limit: int = 20) -> tuple[Share, ...]:
        """What has ended is purged by its row; of these the files are still to go. Again, until `withdrawn` says so. Raises TryLater."""
        await self._store.run("share.purge", {"now": micros(now), "undone": micros(now - UNDONE_FOR)})
        waiting = and_(share.c.state == PURGED, share.c.withdrawn_at.is_(None))
        return await self._store.read(read_shares, self._secrets, waiting, limit)

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

_IS_WANTED = "SELECT 1 FROM share_intent WHERE state = 'new' OR (state = 'running' AND leased_until <= ?) LIMIT 1"


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


# --- writes -----------------------------------------------------------------------------------------------------------


@operation("share.claim")
def claim(connection: Connection, payload: Payload) -> Payload:
    """On SQLite the recorder is the only writer; on PostgreSQL rows that another is just claiming are passed over."""
    one = share_intent.c
    is_free = or_(one.state == "new", and_(one.state == "running", one.leased_until <= payload["now"]))
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
        _erase(connection, [payload["share"]])
        note_event(connection, "erased", payload["at"], payload["share"], {"by": payload["by"], "why": payload["why"]})
    return {"is_erased": True}


@operation("share.forget", repeatable=True)
def forget(connection: Connection, payload: Payload) -> Payload:
    now = payload["now"]
    over = and_(share.c.state == PURGED, share.c.withdrawn_at.is_not(None), share.c.ended_at < payload["before"])
    _erase(connection, connection.execute(select(share.c.id).where(over)).scalars().all())
    settled = share_intent.c.state.in_(("done", "failed"))
    connection.execute(delete(share_intent).where(settled, share_intent.c.at < payload["before"]))
    connection.execute(delete(share_code).where(share_code.c.until < now - _A_DAY))
    connection.execute(delete(portal_session).where(or_(portal_session.c.ends_at <= now, portal_session.c.idle_until <= now - _A_DAY)))
    connection.execute(delete(portal_limit).where(portal_limit.c.full_at <= now))
    return {}


def _erase(connection: Connection, ids: Sequence[str]) -> None:
    for start in range(0, len(ids), 500):
        some = ids[start : start + 500]
        grants = select(share_grant.c.id).where(share_grant.c.share_id.in_(some))
        connection.execute(delete(share_code).where(share_code.c.grant_id.in_(grants)))
        for table in (share_intent, share_access, share_file, share_grant):
            connection.execute(delete(table).where(table.c.share_id.in_(some)))
        connection.execute(delete(share).where(share.c.id.in_(some)))


_A_DAY = timedelta(days=1) // MICROSECOND


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
