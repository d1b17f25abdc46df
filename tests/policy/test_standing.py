"""Whether somebody may still have what was shared with them: by the pack in force now, at each download."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gateway.model.share import Grant, Share
from gateway.policy.standing import Loss, find_loss
from tests.policy.packs import BESIDE, LINK, SMALL, small

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ANYBODY = SMALL.replace(LINK, "{kind: share, place: cloud, not_for: colleagues, expires: {after: 14d}}")
SHARE = Share("7KQ-402", b"key", "m", "a@example.org", "link", "cloud", "small", "sha256:", NOW, NOW + timedelta(days=14))
PARTNER = Grant("1", "b@partner.example", "b@partner.example", "recipient", ("2",), ("outsiders", "partners"))
STRANGER = Grant("2", "b@else.example", "b@else.example", "recipient", ("2",), ("outsiders",))
SENDER = Grant("3", "a@example.org", "a@example.org", "sender", ("2",))


def found(text=SMALL, grant=PARTNER, at=NOW, share=SHARE, **beside):
    named = {name.replace("_", "."): octets for name, octets in beside.items()}
    policy = small(text, **named)
    return find_loss(share, grant, policy.bind(policy.next_hops, policy.places), at)


def test_who_is_where_they_were_may_have_it():
    assert found() is None
    assert found(ANYBODY, STRANGER) is None


@pytest.mark.parametrize(
    ("text", "loss"),
    [
        (SMALL.replace("  link: ", "  links: "), Loss.ROUTE_GONE),
        (SMALL.replace("place: cloud", "place: elsewhere"), Loss.ROUTE_GONE),
        (SMALL.replace(LINK, "{kind: relay, next_hop: cloud}"), Loss.ROUTE_GONE),
        (SMALL.replace(LINK, "{kind: share, place: cloud, for: colleagues, expires: {after: 14d}}"), Loss.NOT_ADMITTED),
        (SMALL.replace("register: partners.yaml", "domains: elsewhere.example"), Loss.LEFT_AUDIENCE),
        (SMALL.replace("partners", "friends").replace("friends.yaml", "partners.yaml"), Loss.UNKNOWN),
    ],
)
def test_the_pack_in_force_now_is_asked(text, loss):
    assert found(text) is loss


def test_who_has_left_the_register_has_left():
    assert found(partners_yaml=b"entries: []\n") is Loss.LEFT_AUDIENCE


def test_an_agreement_that_is_overdue_for_review_ends_it():
    assert found(at=datetime(2026, 6, 30, 23, tzinfo=UTC)) is None
    assert found(at=datetime(2026, 7, 1, 1, tzinfo=UTC)) is Loss.AGREEMENT_LAPSED


def test_a_register_that_is_too_old_to_rely_on_gives_nobody_anything():
    old = b"as_of: 2026-01-01\nvalid_for: 30d\n" + BESIDE["partners.yaml"]

    assert found(partners_yaml=old) is Loss.UNKNOWN
    assert found(ANYBODY, STRANGER, partners_yaml=old) is Loss.UNKNOWN  # nobody can say that they have no lapsed agreement


def test_a_stranger_who_has_become_a_colleague_is_no_stranger():
    grant = replace(STRANGER, address="b@Example.ORG", key="b@example.org")

    assert found(ANYBODY, grant) is Loss.LEFT_AUDIENCE


def test_a_place_that_is_not_configured_any_more_closes_it():
    policy = small(SMALL)

    assert find_loss(SHARE, PARTNER, policy.bind(policy.next_hops), NOW) is Loss.ROUTE_CLOSED


def test_the_sender_sees_who_fetched_what_as_long_as_there_is_a_route():
    assert found(grant=SENDER) is None
    assert found(SMALL.replace("  link: ", "  links: "), SENDER) is Loss.ROUTE_GONE


def test_an_address_that_servers_of_ours_would_pass_on_is_nobody_of_ours():
    grant = replace(STRANGER, address="b%else.example@example.org", key="b%else.example@example.org")

    assert found(ANYBODY, replace(grant, audiences=("outsiders",))) is None
    assert found(ANYBODY, replace(grant, audiences=("colleagues",))) is Loss.LEFT_AUDIENCE
