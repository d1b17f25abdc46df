"""The chains show every row that was changed, taken out or put in."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import Connection, text

from gateway.edges.operations import Payload, operation
from gateway.model.kept import Because, Bundle
from tests.edges.durable import NOON, Place, held, living


@operation("test.tamper")
def tamper(connection: Connection, payload: Payload) -> Payload:
    return {"rows": connection.execute(text(payload["statement"])).rowcount}


async def busy_day(state) -> None:
    state.audit.policy_loaded("starter", "sha256:1", NOON)
    state.audit.policy_loaded("starter", "sha256:1", NOON + timedelta(hours=1))
    transaction = await state.journal.begin(None, ())
    await transaction.finish(Bundle(holds=(held("A-1"), held("B-2"))), durable=True)
    await state.holds.pass_on("A-1", "duty-manager", None)
    await state.holds.end("A-1", "released", Because("officer", "is fine"))
    await state.holds.end("A-1", "refused", Because("too late"))
    state.audit.policy_loaded("starter", "sha256:2", NOON + timedelta(hours=2))
    await state.store.flush()


def test_what_happens_to_cases_and_policy_is_in_the_chain(place: Place):
    async def story() -> None:
        async with living(place, processes=2) as (one, other):
            other.audit.policy_loaded("starter", "sha256:1", NOON)
            await asyncio.gather(busy_day(one), other.store.flush())
            assert await one.audit.verify() == ()
            (tip,) = await one.audit.tips()
            assert tip.number == 6
            assert await one.audit.verify([tip]) == ()
            events = await one.store.read(lambda c: [row[0] for row in c.execute(text("SELECT event FROM audit ORDER BY number"))])
            assert sorted(events) == ["hold.kept", "hold.kept", "hold.passed_on", "hold.released", "policy.loaded", "policy.loaded"]

    asyncio.run(story())


def test_the_chain_says_which_master_keys_are_new_and_which_are_gone(place: Place):
    async def story() -> list[dict]:
        async with living(place) as (state,):
            for keys in (("holds-1", "links-1"), ("holds-1", "links-1"), ("holds-1", "holds-2", "links-1"), ("holds-2", "links-1")):
                await state.audit.keys_are(keys, NOON)
            assert await state.audit.verify() == ()
            return [event.details for event in await state.audit.events() if event.event == "keys.changed"]

    assert [(said["new"], said["gone"]) for said in asyncio.run(story())] == [
        (["holds-1", "links-1"], []),
        (["holds-2"], []),
        ([], ["holds-1"]),
    ]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET details = '{}' WHERE number = 3",
        "UPDATE audit SET event = 'hold.refused' WHERE number = 5",
        "UPDATE audit SET at = at + 1 WHERE number = 6",
        "DELETE FROM audit WHERE number = 4",
        "DELETE FROM audit WHERE number = 1",
        "UPDATE audit SET number = 9 WHERE number = 6",
        "UPDATE audit SET writer = 'me'",
        "INSERT INTO audit SELECT writer, number + 1, at, event, details, hash FROM audit WHERE number = 6",
    ],
)
def test_a_chain_that_was_touched_does_not_verify(place: Place, statement: str):
    async def story() -> None:
        async with living(place) as (state,):
            await busy_day(state)
            assert await state.store.run("test.tamper", {"statement": statement}) != {"rows": 0}
            assert await state.audit.verify()

    asyncio.run(story())


def test_a_chain_that_was_cut_off_is_seen_with_a_noted_tip(sqlite_place: Place):
    async def story() -> None:
        async with living(sqlite_place) as (state,):
            await busy_day(state)
            tips = await state.audit.tips()
            await state.store.run("test.tamper", {"statement": "DELETE FROM audit WHERE number > 4"})
            assert await state.audit.verify() == ()
            assert await state.audit.verify(tips) == ("recorder: row 6 was noted and is not there",)

    asyncio.run(story())
