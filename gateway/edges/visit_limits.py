"""How often somebody may do something at the portal, counted for all its processes, also after a restart."""

from __future__ import annotations

import hashlib

from sqlalchemy import Connection, select, update

from gateway.edges.operations import Insert, Payload, operation
from gateway.edges.tables import portal_limit
from gateway.ports.visits import Limit

_new_limit = Insert(portal_limit)


def limit_name(one: Limit) -> bytes:
    """Without an address or a network that could be read."""
    return hashlib.sha256(f"{one.what}\0{one.who}".encode("utf-8", "surrogatepass")).digest()


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
