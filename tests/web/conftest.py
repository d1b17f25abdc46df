"""A portal for each module."""

from collections.abc import Iterator

import pytest

from tests.web.house import House, house


@pytest.fixture(scope="module")
def portal() -> Iterator[House]:
    with house() as running:
        yield running
