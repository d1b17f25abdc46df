"""What stays of a share that is forgotten: that its files were taken back, and from whom. A retry of its message does not make it again.

Neither an address nor a name is kept, only a hash of the share's key with each person's. The key follows from the message, and is kept
nowhere any more: who has no such message cannot even guess whom a hash is about.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, delete, select

from gateway.edges.operations import Insert
from gateway.edges.tables import MICROSECOND, share, share_grant, share_taken_back
from gateway.model.share import Standing

KNOWN_FOR = timedelta(days=90)  # from the day that it is forgotten: longer than queues retry, and than mail is kept for a person

_insert = Insert(share_taken_back)


def taken_back(connection: Connection, key: bytes, people: Iterable[str]) -> frozenset[str]:
    """Those of these people (Address.key) from whom this share's files were taken back before it was forgotten."""
    wanted = {_hash(key, person): person for person in people}
    everybody = _hash(key)
    hashes = [everybody, *wanted]
    there: set[bytes] = set()
    for start in range(0, len(hashes), 500):
        query = select(share_taken_back.c.hash).where(share_taken_back.c.hash.in_(hashes[start : start + 500]))
        there |= {bytes(found) for found in connection.execute(query).scalars()}
    return frozenset(person for one, person in wanted.items() if one in there or everybody in there)


def remember(connection: Connection, ids: Sequence[str], at: int) -> None:
    """Before these shares are forgotten."""
    columns = (share.c.key, share_grant.c.key.label("person"), share_grant.c.role, share_grant.c.state)
    rows = connection.execute(select(*columns).join(share_grant, share_grant.c.share_id == share.c.id).where(share.c.id.in_(ids))).all()
    left = {bytes(row.key) for row in rows if row.state != Standing.REVOKED.value}
    gone = [row for row in rows if row.state == Standing.REVOKED.value]
    hashes = {_hash(row.key) for row in gone if bytes(row.key) not in left}  # as a whole
    hashes |= {_hash(row.key, row.person) for row in gone if bytes(row.key) in left and row.role == "recipient"}
    _insert(connection, [{"hash": one, "at": at} for one in sorted(hashes)])


def forget(connection: Connection, now: int) -> None:
    connection.execute(delete(share_taken_back).where(share_taken_back.c.at < now - KNOWN_FOR // MICROSECOND))


def _hash(key: Any, person: str = "") -> bytes:
    return hashlib.sha256(bytes(key) + person.encode("utf-8")).digest()
