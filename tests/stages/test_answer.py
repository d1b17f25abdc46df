"""Outcomes to replies: one for all (SMTP), or one for each (LMTP)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.answer import answer
from gateway.model.outcome import Ending, Outcome, Reply
from tests.doubles import recipient

LATER, NO, TAKEN = Reply(451, "4.4.1", "later"), Reply(550, "5.1.1", "no such user"), Reply(250, "2.0.0", "taken by them")
SAID = {Ending.DEFERRED: LATER, Ending.REJECTED: NO}


def outcome(ending, name="b", case=None):
    return Outcome(recipient(f"{name}@x.example"), ending, SAID.get(ending, TAKEN), case=case)


def one(*endings):
    (reply,) = answer(tuple(outcome(ending) for ending in endings), each=False, message_id="m1")
    return str(reply)


@pytest.mark.parametrize(
    ("endings", "said"),
    [
        ("delivered", "250 2.0.0 m1 accepted"),
        ("delivered kept bounced queued refused", "250 2.0.0 m1 accepted"),
        ("delivered deferred", "451 4.4.1 later"),
        ("rejected deferred", "451 4.4.1 later"),
        ("rejected rejected", "550 5.1.1 no such user"),
        ("rejected delivered", "451 4.3.0 try again later"),
        ("rejected kept", "451 4.3.0 try again later"),
    ],
)
def test_one_reply_for_all(endings, said):
    assert one(*map(Ending, endings.split())) == said


def test_the_cases_stand_in_the_reply():
    kept = tuple(outcome(Ending.KEPT, str(number), f"7KQ-40{number // 2}") for number in range(4))

    assert str(answer(kept, each=False, message_id="m1")[0]) == "250 2.0.0 m1 accepted (case 7KQ-400, 7KQ-401)"


@pytest.mark.parametrize(
    ("ending", "said"),
    [
        (Ending.DELIVERED, "250 2.1.5 m1 sent"),
        (Ending.KEPT, "250 2.1.5 m1 kept (case 7KQ-402)"),
        (Ending.REFUSED, "250 2.1.5 m1 not sent; the sender is told (case 7KQ-402)"),
        (Ending.BOUNCED, "250 2.1.5 m1 not sent; the sender is told"),
        (Ending.QUEUED, "250 2.1.5 m1 queued"),
        (Ending.DEFERRED, "451 4.4.1 later"),
        (Ending.REJECTED, "550 5.1.1 no such user"),
    ],
)
def test_each_has_a_reply_of_its_own(ending, said):
    case = "7KQ-402" if ending in (Ending.KEPT, Ending.REFUSED) else None

    assert [str(reply) for reply in answer((outcome(ending, case=case),), each=True, message_id="m1")] == [said]


@given(st.lists(st.sampled_from(Ending), min_size=1), st.booleans())
def test_2yz_speaks_of_nobody_who_is_deferred_or_rejected_and_5yz_of_the_rejected_alone(endings, each):
    replies = answer(tuple(outcome(ending) for ending in endings), each=each, message_id="m1")
    groups = [[ending] for ending in endings] if each else [endings]

    assert len(replies) == len(groups)
    for reply, about in zip(replies, groups, strict=True):
        if reply.is_success:
            assert not {Ending.DEFERRED, Ending.REJECTED} & set(about)
        if reply.is_permanent:
            assert set(about) == {Ending.REJECTED}
