"""What tests of several areas share."""

from collections.abc import Generator, Iterator

import pytest

from tests import laws
from tests.peers import logs
from tests.peers.postgres import Postgres
from tests.peers.postgres import postgres as start_postgres

laws.register_profiles()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One PostgreSQL for the whole run of this process; take a new_database() from it."""
    with start_postgres() as server:
        yield server


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Before its fixtures: what they start and write belongs to the test."""
    logs.mark()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failure comes with what the servers around it have written."""
    report = yield
    if report.failed:
        report.sections += [(f"log of {name}", text) for name, text in logs.written()]
    return report
