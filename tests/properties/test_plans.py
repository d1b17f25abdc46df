"""The law of the plan: every recipient is in exactly one step; what can be undone comes first."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from gateway.model.decision import Decision, Verdict
from gateway.model.envelope import Address, Recipient
from gateway.plan import plan

WAYS = (
    {"route": None},
    {"route": "plain"},
    {"route": "encrypted"},
    {"route": "link", "shared_files": ("2",), "carried_by": "plain"},
    {"route": "link", "shared_files": ("2", "3"), "carried_by": "plain"},
    {"route": "link", "shared_files": ("2",), "carried_by": "encrypted"},
)


@st.composite
def decided(draw):
    """Recipients, some named twice, each with a decision."""
    names = draw(st.lists(st.sampled_from("abcdef"), max_size=8))
    recipients = tuple(Recipient(Address(f"{name}@x.example", name, "x.example")) for name in names)
    decisions = tuple(
        Decision(
            recipient.address.wire,
            (),
            draw(st.sampled_from(Verdict)),
            held_for=draw(st.sampled_from(["officer", "sender"])),
            **draw(st.sampled_from(WAYS)),
            stamps=draw(st.sampled_from([(), (("X-Stamp", "1"),)])),
        )
        for recipient in recipients
    )
    return decisions, recipients


@given(decided())
def test_every_recipient_is_in_exactly_one_step(pair):
    decisions, recipients = pair
    steps = plan(decisions, recipients).steps
    planned = [(decision, recipient) for step in steps for decision, recipient in zip(step.decisions, step.recipients, strict=True)]

    assert Counter(planned) == Counter(zip(decisions, recipients, strict=True))
    assert all(decision.recipient == recipient.address.wire for decision, recipient in planned)


@given(decided())
def test_who_gets_the_same_shares_one_step_and_hand_overs_come_last(pair):
    steps = plan(*pair).steps
    copies = [_copy(step.decisions[0]) for step in steps if step.verdict is Verdict.RELEASE]
    cases = [(step.verdict, step.decisions[0].held_for) for step in steps if step.verdict is not Verdict.RELEASE]
    released = [step.verdict is Verdict.RELEASE for step in steps]

    assert len(set(copies)) == len(copies)
    assert len(set(cases)) == len(cases)
    assert released == sorted(released)
    for step in steps:
        assert {one.verdict for one in step.decisions} == {step.verdict}
        assert len({_copy(one) if step.verdict is Verdict.RELEASE else one.held_for for one in step.decisions}) == 1


def _copy(decision):
    return decision.route, decision.shared_files, decision.carried_by, decision.stamps


@given(decided())
def test_files_are_put_into_their_place_before_anything_is_handed_over(pair):
    """A share can be withdrawn; where it cannot be made, nothing has gone that would be told of it."""
    steps = plan(*pair).steps
    relays = [step.decisions[0].carried_by is None for step in steps if step.verdict is Verdict.RELEASE]

    assert relays == sorted(relays)


@given(decided())
def test_recipients_keep_their_order_within_a_step(pair):
    decisions, recipients = pair
    place = {id(decision): index for index, decision in enumerate(decisions)}
    for step in plan(decisions, recipients).steps:
        found = [place[id(decision)] for decision in step.decisions]

        assert found == sorted(found)
