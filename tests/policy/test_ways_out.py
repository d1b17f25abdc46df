"""A one-time code goes by the way that plain mail to its reader takes."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from gateway.act.pen import address_of
from gateway.policy.parse_pack import load_pack
from gateway.policy.rules import Policy
from gateway.policy.ways_out import next_hop_to
from tests.policy.packs import OWN, files_of

AT = datetime(2026, 11, 26, 12, tzinfo=UTC)


def loaded(pack: str) -> Policy:
    return load_pack(files_of(pack), OWN)


@pytest.mark.parametrize(
    ("pack", "reader", "hop"),
    [
        ("starter", "kim@elsewhere.example", "internet"),
        ("starter", "bea@example.org", "mailboxes"),
        ("derbyshire-council", "kim@elsewhere.example", "internet"),
        ("derbyshire-council", "clerk@court.cjsm.net", "internet"),
    ],
)
def test_the_first_relay_that_asks_nothing_of_sender_and_message(pack: str, reader: str, hop: str):
    policy = loaded(pack)
    assert next_hop_to(address_of(reader), policy.bind(policy.next_hops, policy.places), AT) == hop


def test_what_is_closed_is_no_way_and_there_may_be_none():
    policy = loaded("starter")
    assert next_hop_to(address_of("kim@elsewhere.example"), policy.bind(frozenset({"mailboxes", "encrypted"})), AT) == "encrypted"
    assert next_hop_to(address_of("kim@elsewhere.example"), replace(policy, routes=()), AT) is None
