"""People of one test: nothing of another test is about them."""

import itertools

import pytest

from tests.journey.site import OWN

_numbers = itertools.count(1)


@pytest.fixture
def sender() -> str:
    return f"alex-{next(_numbers)}@{OWN}"


@pytest.fixture
def outsider() -> str:
    return f"kim-{next(_numbers)}@elsewhere.example"
