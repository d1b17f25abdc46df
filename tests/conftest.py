"""What tests of several areas share."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.peers.postgres import Postgres
from tests.peers.postgres import postgres as start_postgres

# No test says how long something may take: machines are noisy, and the bench measures.
settings.register_profile("outgate", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("outgate")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One PostgreSQL for the whole run of this process; take a new_database() from it."""
    with start_postgres() as server:
        yield server
