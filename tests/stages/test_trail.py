"""What stands in the log of where a message came from and went to: queue ids, and nothing that could be an address or a text."""

import pytest

from gateway.listen.xforward import upstream_id
from gateway.model.outcome import Ending, Outcome, Reply
from gateway.trail import details
from tests.doubles import recipient


@pytest.mark.parametrize(
    ("said", "queued"),
    [
        ("Ok: queued as 4FvK2d3Tz9z1", ["4FvK2d3Tz9z1"]),  # Postfix
        ("OK id=1tGx7K-0000000AbCd-1eFg", ["1tGx7K-0000000AbCd-1eFg"]),  # Exim
        ("<a@b.example> [InternalId=4711081500001, Hostname=x] Queued mail for delivery", ["4711081500001"]),  # Exchange
        ("accepted for kim@elsewhere.example", None),
        ("queued as kim@elsewhere.example", None),
        ("queued as kim.smith", None),
        ("queued as " + "a" * 60, None),
        ("thanks", None),
    ],
)
def test_the_next_hops_queue_id_is_logged_and_nothing_else_that_it_says(said, queued):
    """Found: `what happened to this mail?` ended at the gateway, whose log had no name for it that the next server knows."""
    assert details((Outcome(recipient("kim@elsewhere.example"), Ending.DELIVERED, Reply(250, "2.0.0", said), "plain"),))["queued"] == queued


def test_a_failure_has_no_queue_id():
    assert (
        details((Outcome(recipient("a@b.example"), Ending.DEFERRED, Reply(451, "4.3.0", "not queued as 4FvK2d3Tz9z1"), "plain"),))["queued"]
        is None
    )


@pytest.mark.parametrize(
    ("ident", "logged"),
    [("4FvK2d3Tz9z1", "4FvK2d3Tz9z1"), ("a@b.example", None), ("a text", None), ("", None), (None, None), ("a" * 41, None)],
)
def test_the_upstreams_queue_id_is_logged_when_it_is_one(ident, logged):
    assert upstream_id(ident) == logged
