"""What the tests of durable state share: both databases.

The tables are made once for all, not for each test: a SQLite file is copied, and from PostgreSQL's tables the rows are deleted.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.edges.database import migrate, open_engine
from gateway.edges.keys import create_keys
from gateway.edges.tables import metadata
from tests.edges.durable import Place
from tests.peers import folder
from tests.peers.postgres import Postgres


@pytest.fixture(scope="session")
def sqlite_file() -> Iterator[Path]:
    with folder("tables") as path:
        migrate(f"sqlite:///{path}/outgate.db")
        yield path / "outgate.db"


@pytest.fixture(scope="session")
def postgresql_url(postgres: Postgres) -> str:
    url = postgres.new_database()
    migrate(url)
    return url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.peer)])
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    """An empty database with its tables, and keys. Whoever changes the tables themselves takes another (test_database.py)."""
    with folder("state") as path:
        if request.param == "sqlite":
            url = _copied(request.getfixturevalue("sqlite_file"), path)
        else:
            url = _emptied(request.getfixturevalue("postgresql_url"))
        create_keys(path / "keys")
        yield Place(url, path)


@pytest.fixture
def sqlite_place(sqlite_file: Path) -> Iterator[Place]:
    """The same, where only SQLite is meant."""
    with folder("state") as path:
        create_keys(path / "keys")
        yield Place(_copied(sqlite_file, path), path)


def _copied(file: Path, into: Path) -> str:
    shutil.copy(file, into / file.name)
    return f"sqlite:///{into / file.name}"


def _emptied(url: str) -> str:
    engine = open_engine(url)
    with engine.begin() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())
    engine.dispose()
    return url
