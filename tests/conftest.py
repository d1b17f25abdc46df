"""What tests of several areas share."""

from collections.abc import Iterator

import pytest

from tests.peers.postgres import Postgres
from tests.peers.postgres import postgres as start_postgres


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One PostgreSQL for the whole run of this process; take a new_database() from it."""
    with start_postgres() as server:
        yield server
