"""Guessing tokens and codes: nothing is hit, and who goes on is locked out. A million of them: tests/long/test_guessing.py."""

from collections import Counter

import pytest

from tests.web.guessing import Guesser
from tests.web.house import RECIPIENT, House, house

TOKENS, CODES = 15_000, 5_000


def guess(portal: House, tokens: int, codes: int) -> tuple[Counter[int], Counter[int], Counter[int]]:
    """From one network, from ever others, and codes of ten people from ever others."""
    shares = [portal.share({"a.pdf": b"a"})[0] for _ in range(10)]
    people = [(share.id, next(grant.id for grant in share.grants if grant.address == RECIPIENT)) for share in shares]
    guesser = Guesser(portal)
    sessions = [guesser.session(*person) for person in people]
    return Guesser(portal, one_network=True).tokens(1000), Guesser(portal).tokens(tokens - 1000), Guesser(portal).codes(codes, sessions)


@pytest.mark.slow
def test_twenty_thousand_guesses_hit_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.web.portal.opening.ANSWER_SECONDS", 0.0)  # a thousand machines do not wait for one another
    with house() as portal:
        near, far, codes = guess(portal, TOKENS, CODES)

    assert (near[404] + near[429], near[404] < 120) == (1000, True)  # a network is locked out
    assert far == {404: TOKENS - 1000}
    assert codes.keys() == {422, 429}
    assert codes[422] <= 10 * 21  # and so is each person, whoever guesses
