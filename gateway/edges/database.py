"""Opening a database, and bringing it up to the tables of this version. SQLite (WAL, full sync) or PostgreSQL (psycopg 3).

Libraries' errors are translated by `translated`: nothing but TryLater and WillNotDo leaves the edges.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from gateway.edges.syncing import sync_folder
from gateway.errors import OutgateError, TryLater, WillNotDo

BUSY_SECONDS = 10.0  # how long SQLite waits for another writer, which only a migration can be
# A host that vanishes says nothing: without these a thread would wait for it for a quarter of an hour, or for ever (tcp(7), libpq-connect).
_REACHING = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,  # milliseconds that what was sent may stay unacknowledged
}
# The same seen from the server, for rows and locks of a gateway that vanishes; and who waits for another's lock waits no longer than this.
# No statement_timeout: what retention deletes after a change of settings may take minutes.
_KEPT_FOR = {"tcp_keepalives_idle": "10", "tcp_keepalives_interval": "5", "tcp_keepalives_count": "3", "lock_timeout": "20s"}
_PRAGMAS = (
    *("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "trusted_schema=OFF"),
    *("cache_size=-32768", "wal_autocheckpoint=8000", "journal_size_limit=67108864"),  # 32 MiB each, 64 MiB
)
_MIGRATIONS = Path(__file__).parent / "migrations"
_MIGRATION_LOCK = 0x6F75746761746500  # "outgate" as a PostgreSQL advisory lock


def parse_url(url: str) -> URL:
    """The address of a database, with the driver we use.

    Raises:
        WillNotDo: it is neither SQLite with a file nor PostgreSQL.
    """
    try:
        parsed = make_url(url)
    except (SQLAlchemyError, ValueError) as error:
        raise WillNotDo(f"database.url is no address of a database: {error}") from error
    match parsed.get_backend_name():
        case "sqlite" if parsed.database and parsed.database != ":memory:" and not parsed.host:
            return parsed.set(drivername="sqlite+pysqlite")
        case "postgresql":
            return parsed.set(drivername="postgresql+psycopg")
        case _:
            raise WillNotDo("database.url must be sqlite:///FILE or postgresql://...")


def is_sqlite(url: str) -> bool:
    return parse_url(url).get_backend_name() == "sqlite"


def sqlite_path(url: str) -> Path:
    return Path(str(parse_url(url).database))


def open_engine(url: str, *, writer: str = "", read_only: bool = False, threads: int = 4, options: dict[str, Any] | None = None) -> Engine:
    """An engine whose commits are on the disk when they return. `writer` names the audit chain that this process appends to."""
    parsed = parse_url(url)
    options = {**(options or {}), "writer": writer}
    if parsed.get_backend_name() == "sqlite":
        connecting: dict[str, Any] = {"timeout": BUSY_SECONDS, "check_same_thread": False}
        engine = create_engine(parsed, execution_options=options, pool_size=threads, hide_parameters=True, connect_args=connecting)
        event.listen(engine, "connect", _prepare_reader if read_only else _prepare_writer)
        event.listen(engine, "begin", _begin_reading if read_only else _begin_writing)
        return engine
    engine = create_engine(
        parsed, execution_options=options, pool_size=threads, max_overflow=0, hide_parameters=True, connect_args=_reaching(parsed)
    )
    event.listen(engine, "connect", _prepare_postgresql)
    return engine


def connect_sqlite(path: Path) -> sqlite3.Connection:
    """A reading connection without SQLAlchemy, for the one look-up that every message makes."""
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    _prepare_reader(connection, None)
    return connection


def _prepare_writer(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}").fetchall()


def _prepare_reader(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    connection.execute("PRAGMA query_only=ON").fetchall()


def _begin_writing(connection: Connection) -> None:
    # A transaction that begins by reading could not become a writer when another has written since: IMMEDIATE takes the right at once.
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _begin_reading(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def _reaching(parsed: URL) -> dict[str, Any]:
    """What the operator's address says of it stays."""
    return {name: value for name, value in _REACHING.items() if name not in parsed.query}


def _prepare_postgresql(connection: Any, _record: object) -> None:
    # The operator may ask for more than "on" (a replica, too), never for less: a 250 rests on it.
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config(name, 'on', false) FROM pg_settings WHERE name = 'synchronous_commit' AND setting IN ('off', 'local')"
        )
        cursor.execute(  # where nobody has set them otherwise for this database, role or connection
            "SELECT set_config(name, value, false) FROM pg_settings JOIN unnest(%s::text[], %s::text[]) AS w (name, value) USING (name)"
            " WHERE source IN ('default', 'configuration file')",
            (list(_KEPT_FOR), list(_KEPT_FOR.values())),
        )
    connection.commit()


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Inside, a library's error becomes TryLater: what a database cannot do now it may do later."""
    try:
        yield
    except OutgateError:
        raise
    except (SQLAlchemyError, sqlite3.Error) as error:
        raise to_try_later(error, doing) from error


def to_try_later(error: BaseException, doing: str) -> TryLater:
    """What to say of a library's error. The parameters of a statement are never in it: they are people's addresses."""
    cause = getattr(error, "orig", None) or error
    says = str(cause).strip().splitlines()[0] if str(cause).strip() else ""
    full = "full" in says or "No space left" in says or type(cause).__name__ == "DiskFull"
    return TryLater(f"{doing}: {type(cause).__name__}: {says}", "4.3.1" if full else "4.3.0")


def migrate(url: str) -> None:
    """Make or bring up the tables. Several may call it at the same time. Before anything else is opened; never while a recorder serves.

    Raises:
        TryLater: the database does not answer.
        WillNotDo: it was made by a newer version.
    """
    parsed = parse_url(url)
    with translated("migrate"), _alone(url):
        is_file = parsed.get_backend_name() == "sqlite"
        engine = create_engine(parsed, poolclass=NullPool, hide_parameters=True, connect_args={} if is_file else _reaching(parsed))
        if is_file:
            event.listen(engine, "connect", _prepare_writer)
            event.listen(engine, "begin", _begin_writing)
        with engine.begin() as connection:
            if parsed.get_backend_name() == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
            _upgrade(connection)
    if parsed.get_backend_name() == "sqlite":
        sync_folder(sqlite_path(url).parent)


def _upgrade(connection: Connection) -> None:
    # Here, because only whoever migrates needs it: it is larger than the rest of the database's libraries together.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    head = ScriptDirectory.from_config(config).get_current_head()
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise WillNotDo(f"the database is not one that this version knows ({error}); its own tables end at {head}") from error


@contextmanager
def _alone(url: str) -> Iterator[None]:
    """On SQLite one at a time, by a lock beside the file; it dies with the process. PostgreSQL has locks of its own."""
    if not is_sqlite(url):
        yield
        return
    path = sqlite_path(url)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(f"{path}.migrate", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        if not path.exists():
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))  # before SQLite makes it readable for others
    except OSError as error:
        raise TryLater(f"database: {error}", "4.3.1") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
