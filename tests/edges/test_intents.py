"""What people ask for is carried out by one keeper at a time."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from gateway.model.facts import Declared
from gateway.model.kept import Because
from tests.edges.durable import Place, living


def test_an_intent_is_claimed_once_and_tells_its_result(place: Place):
    async def story() -> None:
        now = datetime.now(UTC) + timedelta(seconds=1)
        async with living(place, processes=2) as (one, other):
            name = await one.intents.put("release", "7KQ-402", Because("officer@derbyshire.gov.uk", "is fine"), ("restricted-to-list",))
            await other.intents.put("redecide", "ABC-001", Because("officer@derbyshire.gov.uk"))
            claims = await asyncio.gather(*(state.intents.claim(now, 60, limit=1) for state in (one, other, one, other)))
            claimed = [intent for intents in claims for intent in intents]
            assert sorted(intent.kind for intent in claimed) == ["redecide", "release"]
            first = next(intent for intent in claimed if intent.id == name)
            assert (first.case, first.by, first.why, first.lifts, first.state) == (
                "7KQ-402", "officer@derbyshire.gov.uk", "is fine", ("restricted-to-list",), "running",
            )  # fmt: skip
            await one.intents.finish(name, "done", "released to b@example.org")
            told = await other.intents.get(name)
            assert told is not None
            assert (told.state, told.result) == ("done", "released to b@example.org")
            assert await one.intents.get("unknown") is None

    asyncio.run(story())


def test_what_is_declared_and_answered_is_kept_as_it_was_said(place: Place):
    said = Because(
        "jo", "rang", (Declared("override", "urgent"), Declared("classification", "public", "ig", "a.docx")), (("reason", "käse = x"),)
    )

    async def story() -> None:
        async with living(place) as (state,):
            intent = await state.intents.get(await state.intents.put("declare", "7KQ-402", said))
            assert intent is not None
            assert intent.because == said

    asyncio.run(story())


@pytest.mark.parametrize("first", ["done", "failed"])
def test_what_was_done_is_not_said_to_have_failed(place: Place, first: str):
    """Found: of two keepers, because one had stood still, the other said in the end that the release had failed: the case was not open."""

    async def story() -> None:
        now = datetime.now(UTC) + timedelta(seconds=1)
        async with living(place, processes=2) as (slow, other):
            name = await slow.intents.put("release", "7KQ-402", Because("officer"))
            await slow.intents.claim(now, 300)
            assert len(await other.intents.claim(now + timedelta(seconds=300), 300)) == 1
            for state in (slow, other):
                said = first if state is slow else {"done": "failed", "failed": "done"}[first]
                await state.intents.finish(name, said, f"it has {said}")
            told = await slow.intents.get(name)
            assert told is not None
            assert (told.state, told.result) == ("done", "it has done")
            assert await slow.intents.claim(now + timedelta(days=1), 300) == ()

    asyncio.run(story())


def test_what_was_begun_before_the_clock_was_set_back_is_begun_again(place: Place):
    """Found: a keeper that died left it for as long as the clock had been ahead."""

    async def story() -> None:
        now = datetime.now(UTC) + timedelta(seconds=1)
        async with living(place) as (state,):
            await state.intents.put("release", "7KQ-402", Because("officer"))
            assert len(await state.intents.claim(now + timedelta(days=1), 300)) == 1
            assert len(await state.intents.claim(now, 300)) == 1
            assert await state.intents.claim(now - timedelta(seconds=290), 300) == ()  # no more than clocks of two machines differ

    asyncio.run(story())


def test_what_a_dead_keeper_left_is_claimed_again_and_what_is_done_is_not(place: Place):
    async def story() -> None:
        now = datetime.now(UTC) + timedelta(seconds=1)
        async with living(place) as (state,):
            done, left = [await state.intents.put("refuse", "7KQ-402", Because("officer")) for _ in range(2)]
            assert len(await state.intents.claim(now, 60)) == 2
            await state.intents.finish(done, "failed", "no such case")
            assert await state.intents.claim(now + timedelta(seconds=59), 60) == ()
            assert [intent.id for intent in await state.intents.claim(now + timedelta(seconds=60), 60)] == [left]
            await state.intents.purge(now + timedelta(days=400))
            assert await state.intents.get(done) is None
            assert await state.intents.get(left) is not None

    asyncio.run(story())
