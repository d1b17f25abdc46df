"""A million guesses against tokens and codes: no hit, and the lock-out is seen."""

import pytest

from tests.web.house import house
from tests.web.test_guessing import guess

TOKENS, CODES = 800_000, 200_000


@pytest.mark.long
def test_a_million_guesses_hit_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.web.portal.opening.ANSWER_SECONDS", 0.0)
    with house() as portal:
        near, far, codes = guess(portal, TOKENS, CODES)

    assert near.keys() == {404, 429}
    assert far == {404: TOKENS - 1000}
    assert codes.keys() == {422, 429}
    assert near[404] + near[429] + far[404] + codes[422] + codes[429] == TOKENS + CODES
