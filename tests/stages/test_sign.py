"""What leaves signed, and what leaves as it came: told by the copies that next hops get."""

import pytest

from gateway.edges.dkim import Signer
from gateway.policy.rules import Act, Ask, Rule
from tests.deliveries import MESSAGE, policy
from tests.doubles import RECEIVED, SIGNED, StillClock, run
from tests.edges.signatures import records, signing_keys, verified
from tests.stages.test_act import ANN, Delivery
from tests.stages.test_keeper import Later

STAMPING = policy(
    rules=(
        *policy().rules,
        Rule("mark-it", (Ask("audience", "any", frozenset({"sealed"})),), acts=(Act("stamp", stamps=(("X-Marking", "official"),)),)),
    )
)
FORGED = MESSAGE.replace(b"MIME-Version", b"x-marking: public\r\nX-Stamp : 0\r\n\tand more\r\nMIME-Version", 1)


def copies(story: Delivery) -> dict[str, bytes]:
    return {taken.recipient: taken.octets for hop in story.stage.hops.values() for taken in hop.taken}


@pytest.mark.parametrize(
    ("to", "head"),
    [
        ("b@free.example", RECEIVED),
        ("b@stamped.example", SIGNED + RECEIVED + b"X-Stamp: 1\r\n"),
        ("b@sealed.example", SIGNED + RECEIVED + b"X-Encrypt: yes\r\n"),
    ],
)
def test_a_copy_is_signed_when_something_was_added_to_it(to, head):
    story = Delivery(to)
    run(story.attempt())

    assert copies(story) == {to: head + MESSAGE}
    assert story.stage.remembered.counts["changed", ("signed", "yes")] == head.startswith(SIGNED)


@pytest.mark.parametrize("to", ["b@free.example", "b@stamped.example", "b@sealed.example"])
def test_nobody_else_can_set_a_field_that_rules_stamp_whatever_they_do_with_this_message(to):
    story = Delivery(to, octets=FORGED, pack=STAMPING)
    run(story.attempt())
    octets = copies(story)[to]

    assert octets.startswith(SIGNED)
    assert octets.endswith(MESSAGE)
    assert b"public" not in octets
    assert octets.count(b"X-Marking: official\r\n") == (to == "b@sealed.example")


def test_notices_are_signed_as_they_leave():
    later = Later("b@kept.example")
    run(later.deliver())

    (taken,) = (one for one in later.stage.hops["plain"].taken if one.recipient == ANN)
    assert taken.head == SIGNED


def test_what_was_kept_and_is_let_go_unchanged_is_not_signed():
    later = Later("b@kept.example")

    async def story():
        await later.deliver()
        await later.wish("release")
        await later.turn(seconds=1)

    run(story())
    assert [one.octets for one in later.stage.hops["plain"].taken if one.recipient == "b@kept.example"] == [RECEIVED + MESSAGE]


@pytest.mark.parametrize(("to", "signed"), [("c@free.example", b""), ("c@stamped.example", SIGNED)])
def test_the_rest_that_our_outbox_sends_is_signed_when_it_was_changed(to, signed):
    later = Later("b@free.example", to, script={("plain", to): ["later"]}, patience_hours=0)

    async def story():
        await later.story.attempt()
        await later.turn(seconds=1)

    run(story())
    (octets,) = (one.octets for one in later.stage.hops["plain"].taken if one.recipient == to)
    stamp = b"X-Stamp: 1\r\n" if signed else b""
    assert octets == signed + RECEIVED + stamp + MESSAGE
    assert later.stage.outbox.rows == {}


def test_what_cannot_be_signed_now_waits_upstream_and_the_others_have_it():
    story = Delivery("b@free.example", "c@stamped.example", each=True)
    story.stage.luck.breaks.append("signer.sign")

    assert run(story.attempt(heard=False)) == ["250 2.1.5", "451 4.3.0"]
    assert run(story.attempt()) == ["250 2.1.5", "250 2.1.5"]
    assert story.taken() == ["b@free.example", "c@stamped.example"]
    assert '"event":"message.failed"' not in story.log.getvalue()  # it is no bug


def test_a_notice_that_cannot_be_signed_now_is_sent_later():
    later = Later("b@kept.example")

    async def story():
        later.stage.luck.breaks.append("signer.sign")
        await later.deliver()
        before = len(later.stage.hops["plain"].taken)
        await later.turn(minutes=31)
        return before, len(later.stage.hops["plain"].taken)

    before, after = run(story())
    assert after > before
    assert later.stage.outbox.rows == {}


def test_a_real_signature_holds_through_the_whole_way():
    """Of a stamped copy, of what the outbox sends later, of a notice: each as its receiver sees it."""
    keys = signing_keys("ed25519", domain="own.example")
    later = Later("b@stamped.example", "c@stamped.example", "d@kept.example", script={("plain", "c@stamped.example"): ["later"]},
                  patience_hours=0, signer=Signer(keys, StillClock()))  # fmt: skip

    async def story():
        await later.story.attempt()
        await later.turn(seconds=1)

    run(story())
    taken = {one.recipient: one.octets for one in later.stage.hops["plain"].taken}
    assert {"b@stamped.example", "c@stamped.example", ANN} <= taken.keys()
    assert {whom: verified(octets, records(keys)) for whom, octets in taken.items()} == {whom: [True] for whom in taken}
