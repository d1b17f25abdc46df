"""Everything durable that one process needs, over SQLite or PostgreSQL: app.py asks for it by the settings and hands the pieces on.

state = State(database_url, folder, keys, clock)      # after the last fork
await state.open()                                    # inside the event loop
...
await state.close()
"""

from __future__ import annotations

import socket
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from gateway.edges.audit import Audit
from gateway.edges.bell import Bell
from gateway.edges.cases import Cases
from gateway.edges.database import is_sqlite
from gateway.edges.holds import Holds
from gateway.edges.intents import Intents
from gateway.edges.journal import Journal
from gateway.edges.locks import FileLocks, Locks, PostgresqlLocks
from gateway.edges.outbox import Outbox
from gateway.edges.records import Records, writing_options
from gateway.edges.share_keeping import ShareKeeping
from gateway.edges.share_secrets import Secrets
from gateway.edges.shares import Shares
from gateway.edges.store import Store
from gateway.edges.store_postgresql import PostgresqlStore
from gateway.edges.store_sqlite import SqliteStore
from gateway.edges.visits import Visits
from gateway.ports.clock import Clock


def recorder_socket(folder: Path) -> Path:
    """Where the recorder listens, below [processes] state."""
    return folder / "recorder" / "socket"


class State:
    """The ports over one database. `folder` is [processes] state, `keys` the folder of keys."""

    def __init__(self, url: str, folder: Path, keys: Path, clock: Clock) -> None:
        self.store: Store
        self.locks: Locks
        if is_sqlite(url):
            self.store, self.locks = SqliteStore(url, recorder_socket(folder)), FileLocks(folder / "locks")
        else:
            self.store = PostgresqlStore(url, writer=socket.gethostname(), options=writing_options(keys))
            self.locks = PostgresqlLocks(url)
        self.journal = Journal(self.store, self.locks, clock)
        self.holds = Holds(self.store)
        self.outbox = Outbox(self.store)
        self.intents = Intents(self.store)
        self.records = Records(self.store)
        self.audit = Audit(self.store)
        self.cases = Cases(self.store)
        secrets = Secrets.of_folder(keys)
        self.shares = Shares(self.store, secrets, clock)
        self.bell = Bell(folder)
        self.visits = Visits(self.store, secrets, self.bell.ring)
        self.share_keeping = ShareKeeping(self.store, secrets, clock)

    async def open(self, patience_seconds: float = 10.0) -> None:
        """Raises TryLater: no recorder or no database answers."""
        await self.store.open(patience_seconds)

    async def in_use(self, object_ids: Iterable[str], now: datetime) -> frozenset[str]:
        """Which of these vault objects somebody still needs: a case, the outbox, a share. The rest may go. Raises TryLater."""
        ids = tuple(object_ids)
        return await self.holds.in_use(ids, now) | await self.shares.in_use(ids)

    async def close(self) -> None:
        """Commit what was told, then let go of everything."""
        await self.journal.drain()
        await self.store.close()
        await self.locks.close()
