"""What is known of shares: who may have which files of which message, until when. The octets are in their place (place_own.py and others).

A share is there once for each `key`, however often and by however many processes the same message is tried. Its row is written after its
files are durable, and says that they are gone before they go: a row that is open never points to nothing.
Everything that happens to a share goes into the audit chain in the same commit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, delete, insert, or_, select, true, update

from gateway.edges import audit, share_memory
from gateway.edges.operations import Payload, operation
from gateway.edges.share_rows import file_rows, grant_row, read_shares, share_row
from gateway.edges.share_secrets import Secrets, hash_of
from gateway.edges.store import Store
from gateway.edges.tables import micros, portal_session, share, share_file, share_grant
from gateway.errors import Revoked, TryLater
from gateway.model.share import Grant, Share, SharedFile, Standing, revoked_of
from gateway.ports.clock import Clock

TRIES = 5  # of an issue that others meet in the same moment

OPEN, UNDONE, REVOKED, EXPIRED, PURGED = (one.value for one in Standing)  # as the rows have them


class Shares:
    """ports.Shares, and what officers need besides."""

    def __init__(self, store: Store, secrets: Secrets, clock: Clock) -> None:
        self._store = store
        self._secrets = secrets
        self._clock = clock

    async def find(self, key: bytes) -> Share | None:
        """The share that an earlier attempt at the same message made. Raises TryLater."""
        return _first(await self._store.read(read_shares, self._secrets, share.c.key == key))

    async def taken_back(self, key: bytes, people: frozenset[str]) -> frozenset[str]:
        """Those of these people (Address.key) from whom somebody has taken back the files of this share. Raises TryLater."""
        there = await self.find(key)
        known = revoked_of(there, people) if there is not None else ()
        return frozenset(known) | await self._store.read(share_memory.taken_back, key, people)

    async def get(self, share_id: str) -> Share | None:
        """Whatever its state. Raises TryLater."""
        return _first(await self._store.read(read_shares, self._secrets, share.c.id == share_id))

    async def list(
        self, *, everything: bool = False, message_id: str | None = None, limit: int = 1000, after: Share | None = None
    ) -> tuple[Share, ...]:
        """Newest first; only those that are open, unless `everything`. `after`: what follows that one. Raises TryLater."""
        where = [] if everything else [share.c.state == OPEN]
        where += [share.c.message_id == message_id] if message_id is not None else []
        where += [_follows(after)] if after is not None else []
        return await self._store.read(read_shares, self._secrets, and_(true(), *where), limit)

    async def every(self, *, everything: bool = False, page: int = 1000) -> tuple[Share, ...]:
        """As `list`, however many there are."""
        found = last = await self.list(everything=everything, limit=page)
        while len(last) == page:
            last = await self.list(everything=everything, limit=page, after=last[-1])
            found += last
        return found

    async def issue(self, share: Share, *, linked: bool = False) -> Share:
        """Durable on return. Where one of this key is there already, that one is opened again, with what this one has besides.

        `linked`: each grant has a token of ours, which `tokens` tells.

        Raises:
            TryLater: the database did not take it, or the files of an earlier one are just being deleted.
            Revoked: somebody has ended it, for all or for these.
        """
        for _ in range(TRIES):
            there = await self.find(share.key)
            people = frozenset(grant.key for grant in share.grants if grant.role == "recipient")
            if gone := await self._store.read(share_memory.taken_back, share.key, people):
                raise Revoked("the share was revoked, and is forgotten", tuple(sorted(gone)))
            one = share if there is None else joined(there, share)
            if linked and not all(file.object_id for file in one.files):
                raise TryLater(f"the files of share {one.id} went while it was being made again")
            keys = await self._store.read(_links_keys, one.id) if linked and there is not None else {}
            payload = {
                "share": share_row(one),
                "files": file_rows(one, self._secrets),
                "grants": [self._grant(one.id, grant, keys.get(grant.id, ""), linked=linked) for grant in one.grants],
                "seen": None if there is None else [there.id, there.state.value],
                "at": micros(self._clock.now()),
            }
            if (await self._store.run("share.issue", payload))["is_written"] and (issued := await self.get(one.id)) is not None:
                return issued
        raise TryLater(f"share {share.id}: others change it all the time")

    def check_keys(self) -> None:
        """Raises WillNotDo: there is no key for links, or none for names."""
        self._secrets.check()

    async def tokens(self, share_id: str) -> dict[str, str]:
        """What stands in people's links, by the ids of their grants: the same each time. Raises TryLater, WillNotDo."""
        keys = await self._store.read(_links_keys, share_id)
        made = {grant_id: self._secrets.token(share_id, grant_id, key_id) for grant_id, key_id in keys.items() if key_id}
        return {grant_id: token for grant_id, token in made.items() if token is not None}

    async def undo(self, share_id: str, keys: frozenset[str]) -> None:
        """It is known that these people (Address.key) were handed nothing: their grants are undone. Raises TryLater."""
        await self._store.run("share.undo", {"share": share_id, "keys": sorted(keys), "at": micros(self._clock.now())})

    async def in_use(self, object_ids: Iterable[str]) -> frozenset[str]:
        """Which of these vault objects a share still needs. The rest may go. Raises TryLater."""
        return await self._store.read(_in_use, tuple(object_ids))

    def _grant(self, share_id: str, grant: Grant, key_id: str, *, linked: bool) -> Payload:
        if not linked:
            return grant_row(grant, None, "")
        token = self._secrets.token(share_id, grant.id, key_id) if key_id else None
        if token is None:  # a new grant, or its key is gone: only then is the link another
            key_id = self._secrets.newest_link
            token = self._secrets.token(share_id, grant.id, key_id)
        return grant_row(grant, hash_of(token or ""), key_id)


def joined(there: Share, new: Share) -> Share:
    """What is to be written when the same message comes again. Pure.

    Raises:
        Revoked: the share was, or the grants of these people.
    """
    is_purged = there.state is Standing.PURGED
    grants = {(grant.key, grant.role): grant for grant in there.grants}
    mine = tuple(_joined_grant(grants.get((grant.key, grant.role)), grant, is_purged=is_purged) for grant in new.grants)
    if revoked := revoked_of(there, (grant.key for grant in new.grants if grant.role == "recipient")):
        raise Revoked(f"share {there.id} was revoked", revoked)
    return replace(
        new,
        id=there.id,
        message_id=there.message_id,
        expires_at=max(there.expires_at, new.expires_at),
        files=tuple(_joined_file(file, () if is_purged else there.files) for file in new.files),
        grants=mine,
        reference=new.reference or there.reference,
    )


def _joined_file(new: SharedFile, there: tuple[SharedFile, ...]) -> SharedFile:
    """The object that is there stays: somebody may be reading it."""
    same = (file.object_id for file in there if (file.id, file.sha256) == (new.id, new.sha256))
    return replace(new, object_id=next(same, "") or new.object_id)


def _joined_grant(there: Grant | None, new: Grant, *, is_purged: bool) -> Grant:
    if there is None:
        return new
    files = new.files if is_purged else tuple(dict.fromkeys((*there.files, *new.files)))
    state = Standing.REVOKED if there.state is Standing.REVOKED else new.state
    return replace(new, id=there.id, files=files, state=state)


def idle_since() -> ColumnElement[int]:
    """From when on nobody has fetched anything: a retry that opens a share again gives it all its time again."""
    return case((share.c.used_at > share.c.made_at, share.c.used_at), else_=share.c.made_at)


def _first(found: tuple[Share, ...]) -> Share | None:
    return found[0] if found else None


def _links_keys(connection: Connection, share_id: str) -> dict[str, str]:
    query = select(share_grant.c.id, share_grant.c.links_key).where(share_grant.c.share_id == share_id)
    return {row.id: row.links_key for row in connection.execute(query)}


def _in_use(connection: Connection, object_ids: tuple[str, ...]) -> frozenset[str]:
    """A share that is purged keeps its objects until its place has confirmed that they are gone."""
    used: set[str] = set()
    for start in range(0, len(object_ids), 500):
        query = select(share_file.c.object_id).where(share_file.c.object_id.in_(object_ids[start : start + 500]))
        used |= set(connection.execute(query).scalars())
    return frozenset(used)


# --- writes -----------------------------------------------------------------------------------------------------------


@operation("share.issue", repeatable=True)
def issue(connection: Connection, payload: Payload) -> Payload:
    """{"share", "files", "grants", "seen": None or [id, state], "at"}. Not written where somebody has changed it since it was seen."""
    row = {**payload["share"], "key": bytes.fromhex(payload["share"]["key"])}
    audit.one_at_a_time(connection, f"share {payload['share']['key']}")
    there = connection.execute(select(share).where(share.c.key == row["key"])).mappings().first()
    if (None if there is None else [there["id"], there["state"]]) != payload["seen"]:
        return {"is_written": there is not None and _is_written(connection, there, payload)}
    if there is None:
        _insert_share(connection, row)
    else:
        _open_again(connection, there, row)
    for file in payload["files"]:
        _put(connection, share_file, {**file, "share_id": row["id"], "name": bytes.fromhex(file["name"])})
    is_news = there is None or there["state"] != OPEN
    for grant in payload["grants"]:
        is_news |= _put_grant(connection, row["id"], grant)
    if is_news:
        note_event(connection, "made" if there is None else "made_again", payload["at"], row["id"], _facts_of(row, payload))
    return {"is_written": True}


def _is_written(connection: Connection, there: Any, payload: Payload) -> bool:
    """Whether this very write was carried out before: nobody knew, and it is asked for again."""
    wanted = {(grant["id"], grant["token_hash"]) for grant in payload["grants"]}
    query = select(share_grant.c.id, share_grant.c.token_hash).where(share_grant.c.share_id == there["id"], share_grant.c.state == OPEN)
    found = {(row.id, None if row.token_hash is None else bytes(row.token_hash).hex()) for row in connection.execute(query)}
    files = select(share_file.c.id, share_file.c.object_id).where(share_file.c.share_id == there["id"])
    objects = {(row.id, row.object_id) for row in connection.execute(files)}
    is_same = there["id"] == payload["share"]["id"] and there["state"] == OPEN
    return is_same and wanted <= found and {(file["id"], file["object_id"]) for file in payload["files"]} <= objects


def _follows(after: Share) -> ColumnElement[bool]:
    """In the order of share_rows.read_shares."""
    made_at = micros(after.made_at)
    return or_(share.c.made_at < made_at, and_(share.c.made_at == made_at, share.c.id > after.id))


def _insert_share(connection: Connection, row: Payload) -> None:
    """Raises TryLater: the number belongs to another share; the next attempt draws another."""
    if connection.execute(select(share.c.id).where(share.c.id == row["id"])).first() is not None:
        raise TryLater(f"the number {row['id']} was drawn twice")
    connection.execute(insert(share), {**row, "state": OPEN})


def _open_again(connection: Connection, there: Any, row: Payload) -> None:
    """Raises TryLater: its files are just being deleted."""
    if there["state"] == PURGED:
        if there["withdrawn_at"] is None:
            raise TryLater(f"the files of share {row['id']} are just being deleted")
        connection.execute(delete(share_file).where(share_file.c.share_id == row["id"]))
    names = ("made_at", "expires_at", "idle", "download_limit", "pack", "pack_version", "language", "reference")
    values = {name: row[name] for name in names}
    ended = {"state": OPEN, "ended_at": None, "ended_by": None, "ended_why": None, "withdrawn_at": None}
    connection.execute(update(share).where(share.c.id == row["id"]).values({**values, **ended}))


def _put(connection: Connection, table: Any, row: Payload) -> None:
    mine = and_(*(column == row[column.name] for column in table.primary_key.columns))
    if not connection.execute(update(table).where(mine).values(row)).rowcount:
        connection.execute(insert(table), row)


def _put_grant(connection: Connection, share_id: str, grant: Payload) -> bool:
    """Whether it is news. A grant that has a link keeps it, unless it is told another."""
    row = {**grant, "share_id": share_id, "state": OPEN}
    if grant["token_hash"] is None:
        row = {name: value for name, value in row.items() if name not in ("token_hash", "links_key")}
    else:
        row["token_hash"] = bytes.fromhex(grant["token_hash"])
    was = connection.execute(select(share_grant.c.state).where(share_grant.c.id == grant["id"])).scalar()
    if was is None:
        connection.execute(insert(share_grant), {"token_hash": None, "links_key": "", **row, "downloads": 0})
    else:
        connection.execute(update(share_grant).where(share_grant.c.id == grant["id"]).values(row))
    return was != OPEN


def tell(connection: Connection, rows: Iterable[tuple[str, str, bool]]) -> None:
    """Whether the sender has been told of these people (share, Address.key), within the commit that tells, or takes it back."""
    for share_id, key, is_told in rows:
        mine = and_(share_grant.c.share_id == share_id, share_grant.c.key == key, share_grant.c.role == "recipient")
        connection.execute(update(share_grant).where(mine).values(is_told=is_told))


@operation("share.undo", repeatable=True)
def undo(connection: Connection, payload: Payload) -> Payload:
    """Who has opened it has been handed it, whatever is believed to be known."""
    mine, people = share_grant.c.share_id == payload["share"], share_grant.c.role == "recipient"
    untouched = and_(share_grant.c.state == OPEN, share_grant.c.opened_at.is_(None))
    undone = update(share_grant).where(mine, people, untouched, share_grant.c.key.in_(payload["keys"])).values(state=UNDONE)
    if not connection.execute(undone).rowcount:
        return {}
    left = connection.execute(select(share_grant.c.id).where(mine, people, share_grant.c.state == OPEN).limit(1)).first()
    if left is None:
        values = {"state": UNDONE, "ended_at": payload["at"], "ended_by": "gateway", "ended_why": "nobody was handed its link"}
        connection.execute(update(share).where(share.c.id == payload["share"], share.c.state == OPEN).values(values))
        connection.execute(update(share_grant).where(mine, share_grant.c.state == OPEN).values(state=UNDONE))
    note_event(connection, "undone", payload["at"], payload["share"], {"recipients": len(payload["keys"]), "is_all": left is None})
    return {}


@operation("share.revoke", repeatable=True)
def revoke(connection: Connection, payload: Payload) -> Payload:
    """The whole share, or the grants of one person; when nobody is left, the whole. Whoever is looking at its page is shown out."""
    mine, person = share_grant.c.share_id == payload["share"], payload["key"]
    whom = [share_grant.c.key == person, share_grant.c.role == "recipient"] if person is not None else []
    ids = connection.execute(select(share_grant.c.id).where(mine, share_grant.c.state.in_((OPEN, UNDONE)), *whom)).scalars().all()
    if not ids:
        return {"was_open": False}
    connection.execute(update(share_grant).where(share_grant.c.id.in_(ids)).values(state=REVOKED))
    connection.execute(delete(portal_session).where(portal_session.c.grant_id.in_(ids)))
    people = and_(share_grant.c.role == "recipient", share_grant.c.state.in_((OPEN, UNDONE)))
    is_all = connection.execute(select(share_grant.c.id).where(mine, people).limit(1)).first() is None
    if is_all:
        values = {"state": REVOKED, "ended_at": payload["at"], "ended_by": payload["by"], "ended_why": payload["why"]}
        connection.execute(update(share).where(share.c.id == payload["share"], share.c.state.in_((OPEN, UNDONE))).values(values))
        # Those whose time was over, too: a retry must not open it again for anybody.
        connection.execute(update(share_grant).where(mine).values(state=REVOKED))
        connection.execute(delete(portal_session).where(portal_session.c.share_id == payload["share"]))
    said = {"by": payload["by"], "why": payload["why"], "grants": len(ids), "is_all": is_all}
    note_event(connection, "revoked", payload["at"], payload["share"], said)
    return {"was_open": True}


def _facts_of(row: Payload, payload: Payload) -> Payload:
    said = {name: row[name] for name in ("message_id", "place", "route", "pack_version", "expires_at")}
    return {**said, "files": len(payload["files"]), "grants": len(payload["grants"])}


def note_event(connection: Connection, event: str, at: int, share_id: str, details: Mapping[str, Any]) -> None:
    """Into the audit: numbers and ids, no name of a file, no address."""
    audit.append(connection, f"share.{event}", at, {"share": share_id, **details})
