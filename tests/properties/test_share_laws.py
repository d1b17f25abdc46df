"""The laws of links instead of files, each over whole stories: many attempts of an upstream at one message, in a world that fails."""

import re

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from gateway.model.share import Standing
from tests.deliveries import ANSWERS, LUCK, Ledger, play, stories
from tests.doubles import run
from tests.laws import tries
from tests.sharing import link_of

pytestmark = pytest.mark.slow

law = tries(120, suppress=[HealthCheck.data_too_large])
LINK = re.compile(r"https://share\.own\.example/#[\w.-]+[\w-]")

mixed = stories(domains=("shared", "shared", "free", "sealed", "kept"))
well = stories(domains=("shared", "free"), unlucky=False, answers=("ok", "later", "no", "unusable", "unusable-now"))
waits = stories(
    domains=("shared", "shared", "free"),
    senders=("ann@own.example",),
    unlucky=False,
    answers=("ok", "later", "unusable-now", "unusable-now"),
)
unlucky = stories(
    domains=("shared", "shared", "free"), senders=("ann@own.example",), answers=("ok", "later"), luck=("", "", "", *LUCK), fewest_calls=8
)


def played(story) -> Ledger:
    return run(play(story))


def copies_of(ledger):
    """Every copy with a link that has left us, or waits in our outbox: to whom, and its octets."""
    stage = ledger.stage
    found = [(taken.recipient, taken.octets) for hop in stage.hops.values() for taken in hop.taken]
    rows = [row for row in stage.outbox.ever if row.kind in {"rest", "release"}]
    found += [(one.address.key, stage.vault.objects[row.object_id]) for row in rows for one in row.recipients]
    return [(key, octets.decode()) for key, octets in found if b"https://" in octets]


@law
@given(st.one_of(mixed, unlucky))
def test_there_is_one_share_for_each_message(story):
    shares = played(story).stage.shares.shares

    assert len(shares) <= 1
    assert len({share.key for share in shares.values()}) == len(shares)


@law
@given(st.one_of(mixed, unlucky))
def test_no_link_leads_to_nothing(story):
    """Whoever has a copy with a link has a grant that is open, to files that are there as they were sent."""
    ledger = played(story)
    place, shares = ledger.stage.place, ledger.stage.shares.shares.values()
    links = {link_of(share, grant): (share, grant) for share in shares for grant in share.grants}
    for key, octets in copies_of(ledger):
        for link in LINK.findall(octets):
            share, grant = links[link]
            assert grant.key == key
            assert grant.state is Standing.OPEN
            assert {name: place.files[share.id, name] for name in grant.files} == {"2": b"file"}


@law
@given(mixed)
def test_a_copy_with_a_link_has_no_file_and_names_the_link_of_its_recipient_alone(story):
    ledger = played(story)
    for key, octets in copies_of(ledger):
        assert len(set(LINK.findall(octets))) == 1
        assert "geheimnis-name.txt" not in octets
        assert "geheimnis-body" in octets
        assert "geheimnis-person" not in octets.replace(key, "").replace("\r\n ", "")


@law
@given(mixed)
def test_everybody_keeps_their_link_over_retries(story):
    links: dict[str, set[str]] = {}
    for key, octets in copies_of(played(story)):
        links.setdefault(key, set()).update(LINK.findall(octets))
    assert all(len(found) == 1 for found in links.values())


@law
@given(well)
def test_where_nobody_was_handed_a_link_none_is_left_open(story):
    ledger = played(story)
    have = {key for key, _ in copies_of(ledger)}
    for share in ledger.stage.shares.shares.values():
        for grant in share.grants:
            if grant.role == "recipient" and "bug" not in story.place:
                assert (grant.state is Standing.OPEN) == (grant.key in have), grant


@pytest.mark.slow
@law
@given(st.one_of(well, waits, unlucky))
def test_the_sender_is_told_of_everybodys_link_once(story):
    """In one receipt for the whole message, but where somebody comes to the share later. Who waits is told of with the others."""
    ledger = played(story)
    rows = [row for row in ledger.stage.outbox.ever if row.kind == "notice"]
    letters = [ledger.stage.vault.objects[row.object_id].decode().replace("=\r\n", "") for row in rows]
    receipts = [letter for letter in letters if "with a link instead" in letter.partition("\r\n\r\n")[0].replace("\r\n", "")]
    told = {one.address.key for one in story.recipients if one.notify != frozenset({"NEVER"})}
    have = {key for key, _ in copies_of(ledger)} & told
    if story.sender != "ann@own.example":
        assert not receipts
    elif not ledger.stage.luck.failed and not ledger.end.unknown and "bug" not in story.place:
        assert [sum(key in receipt for receipt in receipts) for key in have] == [1] * len(have)
        comes_later = "unusable-for-first" in story.place or any("unusable-now" in words for words in story.script.values())
        assert len(receipts) <= 1 or comes_later


@law
@given(stories(domains=("shared",), answers=ANSWERS))
def test_whatever_a_place_does_the_file_never_goes_by_plain_mail(story):
    ledger = played(story)
    plain = ledger.stage.hops["plain"]
    assert all(b"geheimnis-name.txt" not in taken.octets for taken in plain.taken)
