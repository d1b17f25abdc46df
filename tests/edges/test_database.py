"""The tables and how they come to be."""

import asyncio
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect, text

from gateway.edges.database import migrate, open_engine, parse_url
from gateway.edges.holds import to_row
from gateway.edges.keys import create_keys
from gateway.edges.tables import hold, metadata
from gateway.errors import TryLater, WillNotDo
from tests.edges.durable import Place, held, living
from tests.peers import folder


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.peer)])
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    """A database of its own: these tests change the tables."""
    with folder("state") as path:
        create_keys(path / "keys")
        url = f"sqlite:///{path}/outgate.db" if request.param == "sqlite" else request.getfixturevalue("postgres").new_database()
        migrate(url)
        yield Place(url, path)


@pytest.fixture
def sqlite_place(tmp_path: Path) -> Place:
    migrate(f"sqlite:///{tmp_path}/outgate.db")
    return Place(f"sqlite:///{tmp_path}/outgate.db", tmp_path)


def test_the_migrations_make_exactly_the_tables(place: Place):
    engine = open_engine(place.url)
    with engine.begin() as connection:
        assert compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata) == []
        assert set(inspect(connection).get_table_names()) == {*metadata.tables, "alembic_version"}
    engine.dispose()


def test_migrating_again_and_at_the_same_time_does_no_harm(place: Place):
    engine = open_engine(place.url)
    with engine.begin() as connection:
        _drop_everything(connection)
    engine.dispose()

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(migrate, [place.url] * 4)) == [None] * 4


def test_what_was_kept_before_a_change_of_the_tables_is_there_after_it(place: Place):
    """The first tables, as the version wrote them that made them, with a case in them."""
    engine = open_engine(place.url)
    with engine.begin() as connection:
        for table in metadata.tables:
            if table.startswith(("share", "portal")):
                connection.execute(text(f"DROP TABLE {table}"))
        for table, column in (
            ("hold", "declared"),
            ("intent", "declared"),
            ("intent", "answers"),
            ("outbox", "share_id"),
            ("outbox", "is_fresh"),
        ):
            connection.execute(text(f"ALTER TABLE {table} DROP COLUMN {column}"))
        connection.execute(text("DROP INDEX ix_outbox_next_hop_kind_next_at"))
        connection.execute(text("CREATE INDEX ix_outbox_next_at ON outbox (next_at)"))
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
        row = {name: value for name, value in to_row(held()).items() if name != "declared"}
        connection.execute(hold.insert(), row)
    engine.dispose()

    async def found():
        async with living(place) as (state,):
            return await state.holds.get("7KQ-402")

    migrate(place.url)
    assert asyncio.run(found()) == held()


def _drop_everything(connection: Connection) -> None:
    metadata.drop_all(connection)
    connection.execute(text("DROP TABLE alembic_version"))


def test_a_database_of_a_newer_version_is_left_alone(place: Place):
    engine = open_engine(place.url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'from-the-future'"))
    engine.dispose()

    with pytest.raises(WillNotDo, match="from-the-future"):
        migrate(place.url)


def test_sqlite_syncs_fully_and_is_private(sqlite_place: Place):
    engine = open_engine(sqlite_place.url)
    with engine.begin() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(text("PRAGMA synchronous")).scalar() == 2
    engine.dispose()

    assert stat.S_IMODE(Path(sqlite_place.folder / "outgate.db").stat().st_mode) == 0o600


def test_a_reader_cannot_write(sqlite_place: Place):
    engine = open_engine(sqlite_place.url, read_only=True)
    with engine.begin() as connection, pytest.raises(Exception, match="readonly"):
        connection.execute(text("DELETE FROM hold"))
    engine.dispose()


@pytest.mark.peer
def test_postgresql_never_commits_less_than_synced(postgresql_url: str):
    engine = open_engine(f"{postgresql_url}?options=-csynchronous_commit%3Doff")
    with engine.begin() as connection:
        assert connection.execute(text("SHOW synchronous_commit")).scalar() == "on"
    engine.dispose()


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://h/d", "nonsense"])
def test_what_is_no_database_of_ours_is_said_so(url: str):
    with pytest.raises(WillNotDo, match=r"database\.url"):
        parse_url(url)


def test_a_database_that_does_not_answer_is_a_temporary_failure():
    with pytest.raises(TryLater) as late:
        migrate("postgresql://outgate:secret@127.0.0.1:1/outgate")

    assert "secret" not in late.value.detail


def test_a_folder_that_cannot_be_written_is_a_temporary_failure(tmp_path: Path):
    (tmp_path / "file").write_text("")

    with pytest.raises(TryLater):
        migrate(f"sqlite:///{tmp_path}/file/outgate.db")
