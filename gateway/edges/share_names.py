"""The names of shared files, sealed anew when the family `shares` has a new key: the database must not need a key that is to be deleted."""

from __future__ import annotations

from sqlalchemy import Connection, and_, select, update

from gateway.edges.operations import Payload, operation
from gateway.edges.share_secrets import Secrets, key_of_name
from gateway.edges.store import Store
from gateway.edges.tables import share_file

AT_ONCE = 500

_Name = tuple[str, str, bytes]  # share, file, sealed


class Names:
    """Over the database, with the keys of the family `shares`."""

    def __init__(self, store: Store, secrets: Secrets) -> None:
        self._store = store
        self._secrets = secrets

    async def sealed_before(self) -> tuple[_Name, ...]:
        """Those that an older key than the newest has sealed. Raises TryLater, WillNotDo."""
        newest = self._secrets.newest_name_key
        return tuple(one for one in await self._store.read(_all) if key_of_name(one[2]) != newest)

    async def renew(self, names: tuple[_Name, ...]) -> None:
        """Seal these by the newest key; durable on return. Raises TryLater, WillNotDo."""
        for start in range(0, len(names), AT_ONCE):
            rows = [self._row(*one) for one in names[start : start + AT_ONCE]]
            await self._store.run("share.renew_names", {"names": rows})

    def _row(self, share_id: str, file_id: str, sealed: bytes) -> Payload:
        name = self._secrets.open_name(share_id, file_id, sealed)
        return {"share": share_id, "file": file_id, "was": sealed.hex(), "name": self._secrets.seal_name(share_id, file_id, name).hex()}


def _all(connection: Connection) -> tuple[_Name, ...]:
    query = select(share_file.c.share_id, share_file.c.id, share_file.c.name)
    return tuple((row.share_id, row.id, bytes(row.name)) for row in connection.execute(query))


@operation("share.renew_names", repeatable=True)
def renew_names(connection: Connection, payload: Payload) -> Payload:
    """A name that was written meanwhile stays as it is."""
    for row in payload["names"]:
        mine = and_(share_file.c.share_id == row["share"], share_file.c.id == row["file"], share_file.c.name == bytes.fromhex(row["was"]))
        connection.execute(update(share_file).where(mine).values(name=bytes.fromhex(row["name"])))
    return {}
