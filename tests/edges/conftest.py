"""What the tests of durable state share: both databases."""

from collections.abc import Iterator

import pytest

from gateway.edges.database import migrate, open_engine
from gateway.edges.keys import create_keys
from tests.edges.durable import Place
from tests.peers import folder
from tests.peers.postgres import Postgres


@pytest.fixture(scope="session")
def postgresql_url(postgres: Postgres) -> str:
    return postgres.new_database()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.peer)])
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    """An empty database with its tables, and keys."""
    with folder("state") as path:
        url = f"sqlite:///{path}/outgate.db" if request.param == "sqlite" else _emptied(request.getfixturevalue("postgresql_url"))
        create_keys(path / "keys")
        migrate(url)
        yield Place(url, path)


@pytest.fixture
def sqlite_place() -> Iterator[Place]:
    """The same, where only SQLite is meant."""
    with folder("state") as path:
        create_keys(path / "keys")
        migrate(f"sqlite:///{path}/outgate.db")
        yield Place(f"sqlite:///{path}/outgate.db", path)


def _emptied(url: str) -> str:
    """A new database takes a second; an emptied one does not."""
    engine = open_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP SCHEMA public CASCADE")
        connection.exec_driver_sql("CREATE SCHEMA public")
    engine.dispose()
    return url
