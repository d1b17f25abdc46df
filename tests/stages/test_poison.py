"""A message that processes die of: noted while it is read, held unread in the end, and forgiven when it was read after all."""

import pytest

from gateway.attempt import POISON_POINTS, is_poison, likeness
from gateway.pipeline import Pipeline, Terms
from tests.deliveries import HOUSE, MESSAGE, policy
from tests.doubles import PlainFiles, arrival, recipient, run
from tests.stages.test_act import ANN, IDENTITY, Delivery
from tests.stages.test_keeper import Later

TO = "b@free.example"


class Looking(PlainFiles):
    """An examiner that sees what is noted while it reads."""

    def __init__(self, stage) -> None:
        self.stage = stage
        self.seen = []

    async def read(self, content, wanted, patterns):
        self.seen += self.stage.world.suspects.being_read.values()
        return await super().read(content, wanted, patterns)


def delivery(*to, large_octets=1_000_000):
    """A Delivery whose examiner looks on, and that judges ahead from so many octets."""
    story = Delivery(*to)
    story.looking = Looking(story.stage)
    object.__setattr__(story.stage.world, "examiner", story.looking)
    terms = Terms(False, 7 * 86400.0, 4 * 3600.0)
    story.pipeline = Pipeline(
        story.stage.world, policy, HOUSE, lambda _: terms, frozenset({"x-encrypt"}), story.pipeline._trail.log, large_octets=large_octets
    )
    story.suspects = story.stage.world.suspects
    return story


LIKENESS = likeness(arrival(MESSAGE, ANN, [recipient(TO)], Delivery(TO).stage.clock))


@pytest.mark.parametrize(("large_octets", "name"), [(1_000_000, IDENTITY), (10, LIKENESS)])
def test_it_is_noted_while_it_is_read_and_no_longer(large_octets, name):
    story = delivery(TO, large_octets=large_octets)

    assert run(story.attempt()) == ["250 2.0.0"]
    assert story.looking.seen == [name]
    assert story.suspects.being_read == {}


def test_a_large_one_that_somebody_died_of_is_identified_before_it_is_read_again():
    story = delivery(TO, large_octets=10)
    story.suspects.blame(LIKENESS)

    assert run(story.attempt()) == ["250 2.0.0"]
    assert story.looking.seen == [IDENTITY]
    assert story.suspects.points(LIKENESS) == 0  # it was read after all


@pytest.mark.parametrize("points", [{LIKENESS: 3}, {IDENTITY: 2, LIKENESS: 1}])
def test_three_points_and_nobody_reads_it(points):
    story = delivery(TO, large_octets=10)
    story.suspects.counts.update(points)

    assert run(story.attempt()) == ["250 2.0.0"]
    assert story.cases() == {TO: ("hold", "open", "postmaster")}
    assert story.looking.seen == []
    assert is_poison((IDENTITY, LIKENESS), story.suspects)  # the same mail sent again is no better


def test_two_points_are_forgiven_when_it_was_read():
    story = delivery(TO)
    story.suspects.counts[IDENTITY] = POISON_POINTS - 1

    assert run(story.attempt()) == ["250 2.0.0"]
    assert story.suspects.points(IDENTITY) == 0


def test_the_keeper_leaves_a_kept_message_alone_that_it_has_died_of():
    later = run(Later("b@kept.example").deliver())
    seen = []
    suspects = later.stage.world.suspects
    suspects.points = lambda name: seen.append(name) or POISON_POINTS

    state, said = run(later.wish("release"))
    assert state == "failed"
    assert said == "the gateway has failed on the message of case 7KQ-402 again and again; it can only be refused"
    assert len(set(seen)) == 1
    assert run(later.wish("refuse"))[0] == "done"
