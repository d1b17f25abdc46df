"""The laws of delivery (DESIGN section 5), each over whole stories: many attempts of an upstream at one message, in a world that fails."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from gateway.model.message import Role
from gateway.parse import parse_buffer
from tests.deliveries import ANSWERS, DECEIVING, MESSAGE, SECRETS, TRIGGER, Ledger, Story, play, stories
from tests.doubles import RECEIVED, SIGNED, ScriptedHop, run
from tests.laws import tries

law = tries(80, suppress=[HealthCheck.data_too_large])


def played(story: Story) -> Ledger:
    return run(play(story))


slow_neighbours = stories(unlucky=False, answers=("ok", "hang"))
errors_on_the_second_way = stories(domains=("free", "stamped"), answers=("unusable",), luck=("", "", "bug"), fewest_calls=6)
errors_while_keeping = stories(domains=("kept", "asked", "refused", "free"), answers=("ok",), luck=("", "", "", "fails"), fewest_calls=6)


@law
@given(st.one_of(stories(), errors_on_the_second_way, errors_while_keeping))
def test_every_recipient_has_exactly_one_outcome_whatever_the_edges_do(story):
    ledger = played(story)

    for entry in ledger.stage.remembered.entries:
        keys = [outcome.recipient.address.key for outcome in entry["outcomes"]]
        assert sorted(keys) == sorted(facts.address for facts in entry["facts"])
        assert len(set(keys)) == len(keys)
    for told in ledger.told:
        assert set(told.codes) <= ledger.keys


@law
@given(stories())
def test_2xx_only_when_each_recipient_is_handed_over_durably_kept_or_refused_with_a_notice(story):
    for told in played(story).told:
        for key, code in told.codes.items():
            if code < 300:
                assert told.state.done(key), key


@pytest.mark.slow
@law
@given(stories())
def test_5xx_only_when_nothing_irreversible_has_happened_for_any_recipient_it_answers(story):
    for told in played(story).told:
        for key, code in told.codes.items():
            if code >= 500 and key not in told.state.unknown:
                assert not told.state.done(key), key


@law
@given(st.one_of(stories(), slow_neighbours))
def test_4xx_only_when_what_has_happened_is_journalled_or_the_journal_failed(story):
    ledger = played(story)
    for told in ledger.told:
        deferred = {key for key, code in told.codes.items() if 400 <= code < 500}
        for key in deferred:
            if told.state.done(key) and not told.state.journal_failed and key not in told.state.unknown:
                assert key in told.state.journalled, key


@pytest.mark.slow
@law
@given(stories())
def test_nobody_is_told_that_delivered_mail_failed(story):
    ledger = played(story)
    end = ledger.end
    for key in ledger.keys - end.unknown:
        if end.taken[key] and not end.journal_failed:
            assert not end.bounced[key], key
            assert key not in ledger.bounced_upstream
            assert key not in end.refused


@pytest.mark.slow
@law
@given(stories())
def test_nobody_gets_a_copy_twice_unless_an_answer_was_unknown_or_the_journal_failed(story):
    end = played(story).end
    for key in end.taken.keys() | end.queued.keys():
        if key not in end.unknown and not end.journal_failed:
            assert end.taken[key] + end.queued[key] + (key in end.kept) == 1, key


@law
@given(stories())
def test_nobody_is_lost(story):
    ledger = played(story)
    end = ledger.end
    for key in ledger.keys:
        assert end.done(key) or key in ledger.bounced_upstream, key


@law
@given(slow_neighbours)
def test_at_the_deadline_lmtp_says_of_each_recipient_what_has_become_of_it(story):
    first = played(story).told[0]
    for key, code in first.codes.items():
        if story.each:
            assert (code < 300) == first.state.done(key) or code >= 500, key


@law
@given(stories(unlucky=False, answers=("ok", "later", "no", "unusable", "unusable-now")))
def test_when_the_world_is_well_again_nothing_waits_upstream(story):
    ledger = played(story)
    last = ledger.told[-1]
    assert not any(400 <= code < 500 for code in last.codes.values())
    assert not ledger.stage.journal.steps


@law
@given(stories(octets=(MESSAGE, DECEIVING)))
def test_a_copy_that_nothing_is_added_to_is_octet_identical_below_our_one_received_field(story):
    ledger = played(story)
    deceives = story.octets is DECEIVING
    for hop in ledger.stage.hops.values():
        for taken in (one for one in hop.taken if not has_link(one.octets)):
            assert taken.octets == _expected(hop, taken.recipient, is_changed=deceives)
            if hop.name == "plain" and "@stamped" not in taken.recipient:
                assert taken.head == (SIGNED if deceives else b"") + RECEIVED
                assert deceives or taken.splices == ()
    for row in ledger.stage.outbox.ever:
        whole = ledger.stage.vault.objects[row.object_id]
        if row.kind == "rest" and not has_link(whole):
            assert all(whole == _expected(ledger.stage.hops[row.next_hop], one.address.key, is_changed=deceives) for one in row.recipients)


def has_link(octets: bytes) -> bool:
    """Instead of its file: what else it is, test_share_laws.py says."""
    return b"https://share.own.example/" in octets


def _expected(hop: ScriptedHop, key: str, *, is_changed: bool) -> bytes:
    """What users may not set is gone, what the route and the rules add stands below our Received field; what is changed is signed."""
    trigger = f"{TRIGGER}\r\n".encode() if hop.name == "sealed" else b""
    stamp = b"X-Stamp: 1\r\n" if "@stamped" in key else b""
    return (SIGNED if trigger or stamp or is_changed else b"") + RECEIVED + trigger + stamp + MESSAGE


@pytest.mark.slow
@law
@given(stories())
def test_nothing_addressed_to_one_recipient_names_another(story):
    """Every recipient here is a hidden one: the message names none of them."""
    ledger = played(story)
    for hop in ledger.stage.hops.values():
        for taken in hop.taken:
            others = taken.octets.replace(b"\r\n ", b"").replace(taken.recipient.encode(), b"")  # a link says whose it is
            assert b"geheimnis-person" not in others
    for row in ledger.stage.outbox.ever:
        to = row.recipients[0].address.key
        if row.kind == "notice" and to != story.sender:
            whole = ledger.stage.vault.objects[row.object_id].replace(b"=\r\n", b"").decode()
            mine = {one.address.wire for one in ledger.stage.holds.cases[row.case].envelope.recipients}
            for one in story.recipients:
                assert one.address.wire in mine or one.address.wire not in whole


@law
@given(stories())
def test_no_content_subject_or_matched_value_reaches_a_log(story):
    ledger = played(story)
    assert ledger.log or story.luck
    for secret in (*SECRETS, "own.example", "foreign.example"):
        assert secret not in ledger.log


@law
@given(
    stories(senders=("ann@own.example",), domains=("free", "stamped", "kept"), unlucky=False, answers=("ok", *ANSWERS, "later", "bug")),
    st.sampled_from([0, 4]),
)
def test_without_an_identity_nobody_who_has_the_mail_gets_it_again(story, patience):
    """No Message-ID and no IDENT: no retry would know, so what is mixed is settled at once."""
    octets = MESSAGE.replace(b"Message-ID: <m1@own.example>\r\n", b"")
    anonymous = replace(story, octets=octets, each=False, heard=(True,), patience_hours=patience, again_at_once=False)
    end = played(anonymous).end
    for key in end.taken:
        if key not in end.unknown:
            assert end.taken[key] + end.queued[key] == 1


def test_the_message_of_these_stories_has_a_body_and_a_file():
    assert [part.role for part in parse_buffer(MESSAGE).parts] == [Role.CONTAINER, Role.BODY, Role.FILE]
