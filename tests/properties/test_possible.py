"""The law of what is pointed at: whatever is said to match nothing, matches nothing that is known. Seen to fail on planted faults."""

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from gateway.policy.evaluate import Matcher, compile_policy
from gateway.studio.possible import Worlds
from tests import strategies as world
from tests.laws import tries

WORLDS = Worlds.of(world.OPEN, own_is_known=True)
GONE_THROUGH = ("audience", "recipient_domain", "agreement", "classification", "attachments", "message", "unreadable", "declared")
ASKS = st.sampled_from([ask for ask in world.ASKS if ask.fact in GONE_THROUGH])


@pytest.mark.slow
@tries(300, suppress=[HealthCheck.data_too_large])
@given(world.facts(), st.lists(st.tuples(st.lists(ASKS, max_size=3), st.lists(ASKS, max_size=2)), min_size=20, max_size=20))
def test_what_is_said_to_match_nothing_matches_nothing_known(facts, rules):
    view = compile_policy(world.OPEN).view(facts)
    for when, unless in rules:
        matched = Matcher.of(tuple(when), tuple(unless)).matches(view)
        if matched == ():  # it rests on nothing unknown
            assert not WORLDS.clash(when)
            assert not WORLDS.always(unless, when)


@pytest.mark.slow
@tries(100, suppress=[HealthCheck.data_too_large])
@given(world.facts())
def test_every_recipient_is_one_of_those_that_there_can_be(facts):
    view = compile_policy(world.OPEN).view(facts)
    if all(isinstance(state, bool) for state in view.audiences.values()):
        inside = {name for name, state in view.audiences.items() if state}

        assert inside in [one.audiences for one in WORLDS.recipients]
