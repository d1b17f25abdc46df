"""Decision records hold facts, never a name: what the database alone gives away, and what can be found again."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, select

from gateway.edges.database import is_sqlite
from gateway.edges.keys import load_keys
from gateway.edges.records import _masked_facts, _masked_message, keyed_hash
from gateway.edges.tables import decision, facts
from gateway.model.decision import Decision, Reason, Tried, Verdict
from gateway.model.facts import ABSENT, UNKNOWN, Entry, Facts, FileFacts, ListFacts, MessageFacts, SenderFacts, redacted
from gateway.model.facts_json import from_json, to_json
from gateway.model.finding import Evidence, EvidenceKind, Readable
from gateway.model.outcome import Ending
from tests.edges.durable import Place, living, outcome

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
SENDER = SenderFacts("anna.smith@derbyshire.gov.uk", "derbyshire.gov.uk", ours=True, authenticated=UNKNOWN)
FILE = FileFacts(
    "1", None, "Smith-dismissal.docx", "application/msword", 9, 12, Readable.YES, (Evidence(EvidenceKind.DETECTOR, "nhs-number", 2),)
)
MESSAGE = MessageFacts(4016, SENDER, (FILE,), listener="main", looked_for=frozenset({"nhs-number"}))


def facts_of(mailbox: str, message: MessageFacts = MESSAGE) -> Facts:
    known = ListFacts("all-staff@derbyshire.gov.uk", "olga.owner@derbyshire.gov.uk", 9, 1, (("public", 0),))
    registers = (("partners", Entry("DSA-7", "pete.partner@example.org", date(2027, 1, 1))), ("schools", None), ("stale", UNKNOWN))
    return Facts(message, mailbox, mailbox.casefold(), mailbox.rpartition("@")[2], AT, known, registers)


def entry(*mailboxes: str, message_id: str = "m1", **changes: object) -> dict[str, object]:
    reasons = (Reason("restricted", "hold", "5.2", held_for="olga.owner@derbyshire.gov.uk", within=timedelta(hours=1)),)
    decisions = tuple(
        Decision(
            mailbox,
            ("outsiders",),
            Verdict.HOLD,
            None,
            reasons=reasons,
            routes_tried=(Tried("plain", "no"),),
            would_pass_if=("send it without Smith-dismissal.docx (9 bytes)",),
        )
        for mailbox in mailboxes
    )
    plain = {"message_id": message_id, "at": AT.isoformat(), "listener": "main", "pack": "starter", "pack_version": "sha256:1"}
    outcomes = tuple(outcome(mailbox, Ending.KEPT, "7KQ-402") for mailbox in reversed(mailboxes))
    return {**plain, "facts": tuple(map(facts_of, mailboxes)), "decisions": decisions, "outcomes": outcomes, **changes}


def everything(connection: Connection) -> list[dict[str, object]]:
    rows = connection.execute(select(decision, facts.c.facts).join(facts, facts.c.key == decision.c.facts_key).order_by(decision.c.id))
    return [dict(row) for row in rows.mappings()]


def test_a_record_tells_what_was_decided_for_each_recipient_and_names_nobody(place: Place):
    async def story() -> None:
        hashed = keyed_hash(load_keys(place.keys)["records"].keys["records-1"])
        async with living(place) as (state,):
            state.records.record(entry("Bert.Brown@Example.org", "carl@example.org"))
            await state.store.flush()
            first, second = await state.store.read(everything)
            assert first["recipient"] == f"{hashed('bert.brown')}@example.org"
            assert first["sender"] == second["sender"] == f"{hashed('anna.smith')}@derbyshire.gov.uk"
            assert (first["recipient_domain"], first["ending"], first["case_number"]) == ("Example.org", "kept", "7KQ-402")
            said = json.loads(str(first["decision"]))
            assert said["verdict"] == Verdict.HOLD
            assert said["routes_tried"] == [{"route": "plain", "why_not": "no"}]
            assert said["reply"] == [250, "2.1.5"]
            assert from_json(json.loads(str(second["facts"]))) == redacted(facts_of("carl@example.org"), hashed)
            text = json.dumps([first, second], default=str).casefold()
            assert not [name for name in ("anna", "bert", "carl", "olga", "pete", "all-staff", "dismissal", "queued as") if name in text]

    asyncio.run(story())


def test_equal_facts_are_stored_once(place: Place):
    async def story() -> None:
        async with living(place) as (state,):
            for number in range(3):
                state.records.record(entry("b@example.org", message_id=f"m{number}"))
            state.records.record(entry("c@example.org"))
            await state.store.flush()
            rows = await state.store.read(everything)
            assert len({row["id"] for row in rows}) == 4
            assert len({row["facts_key"] for row in rows}) == 2

    asyncio.run(story())


def test_what_is_older_is_forgotten_with_its_facts(place: Place):
    async def story() -> None:
        async with living(place) as (state,):
            for days in (0, 1, 2):
                at = AT + timedelta(days=days)
                state.records.record(entry("b@example.org", at=at.isoformat(), facts=(replace(facts_of("b@example.org"), at=at),)))
            await state.store.flush()
            assert await state.records.purge(AT + timedelta(days=1)) == 1
            assert [row["at"] for row in await state.store.read(everything)] != []
            assert await state.records.purge(AT + timedelta(days=9)) == 2
            assert await state.store.read(lambda connection: connection.execute(select(facts)).all()) == []

    asyncio.run(story())


def test_a_record_that_makes_no_sense_is_logged_and_harms_nothing(place: Place, caplog: pytest.LogCaptureFixture):
    async def story() -> None:
        async with living(place) as (state,):
            state.records.record({"message_id": "m1"})
            state.records.record(entry("b@example.org"))
            state.records.record(entry("b@example.org", pack=object()))
            await state.store.flush()
            assert len(await state.store.read(everything)) == 1

    asyncio.run(story())

    assert "a decision record is lost" in caplog.text
    assert is_sqlite(place.url) or "failed" in caplog.text


text = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)
addresses = st.builds("{}@{}".format, text, text) | st.just("")
owners = st.none() | addresses
counts = st.integers(0) | st.just(UNKNOWN)
lists = st.builds(
    ListFacts,
    addresses,
    owners,
    counts,
    counts,
    st.just(()) | counts.map(lambda count: (("secret", count),)),
    st.booleans() | st.just(UNKNOWN),
)
entries = st.none() | st.just(UNKNOWN) | st.builds(Entry, st.none() | text, owners)
files = st.builds(FileFacts, text, st.none(), text, text, st.integers(0), st.integers(0), st.sampled_from(Readable))
messages = st.builds(
    MessageFacts, st.integers(0), st.builds(SenderFacts, addresses, text, st.booleans()), st.lists(files, max_size=2).map(tuple)
)
anything = st.builds(
    Facts, messages, addresses, addresses, text, st.just(AT), lists | st.just(ABSENT) | st.just(UNKNOWN),
    st.dictionaries(text, entries, max_size=2).map(lambda rows: tuple(sorted(rows.items(), key=lambda row: row[0]))),
)  # fmt: skip


@given(anything)
def test_the_plain_form_is_masked_exactly_as_the_nouns_are(one: Facts):
    hashed = keyed_hash(b"k" * 32)
    plain = to_json(one)

    assert _masked_facts({**plain, "message": None}, _masked_message(plain["message"], hashed), hashed) == to_json(redacted(one, hashed))
