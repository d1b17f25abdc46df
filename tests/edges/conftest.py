"""What the tests of durable state share: both databases."""

from collections.abc import Iterator

import pytest

from gateway.edges.database import migrate
from gateway.edges.keys import create_keys
from tests.edges.durable import Place
from tests.peers import folder


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.peer)])
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    """An empty database with its tables, and keys."""
    with folder("state") as path:
        url = f"sqlite:///{path}/outgate.db" if request.param == "sqlite" else request.getfixturevalue("postgres").new_database()
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
