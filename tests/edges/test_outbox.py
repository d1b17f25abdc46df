"""The small durable queue: every row to one owner at a time, until its last recipient is served."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from gateway.edges.state import State
from gateway.model.kept import Bundle
from gateway.model.outcome import Reply
from tests.edges.durable import NOON, Place, living, mail

TAKEN = Reply(250, "2.0.0", "taken")


async def put(state: State, *rows) -> None:
    transaction = await state.journal.begin(None, ())
    await transaction.finish(Bundle(to_send=rows), durable=True)


def test_a_row_comes_back_as_it_was_put_and_counts_its_attempts(place: Place):
    async def story() -> None:
        async with living(place) as (state,):
            row = mail(
                "n1",
                "a@x.example",
                "b@x.example",
                next_at=NOON,
                expires_at=NOON + timedelta(days=5),
                smtputf8=True,
                ret="FULL",
                envid="e",
                case=None,
            )
            await put(state, row)
            (claimed,) = await state.outbox.claim(NOON, 60)
            assert claimed == replace(row, attempts=1)
            await state.outbox.put((row, mail("n2")))
            assert [one.id for one in await state.outbox.claim(NOON, 60)] == ["n2"]

    asyncio.run(story())


def test_each_row_has_one_owner_while_the_lease_lasts(place: Place):
    async def story() -> None:
        async with living(place, processes=3) as states:
            await put(states[0], *(mail(f"n{n}") for n in range(30)))
            claims = await asyncio.gather(*(state.outbox.claim(NOON, 60, limit=5) for state in states for _ in range(3)))
            ids = [row.id for rows in claims for row in rows]
            assert len(ids) == len(set(ids))
            rest = await states[0].outbox.claim(NOON + timedelta(seconds=59), 1, limit=100)
            assert sorted([*ids, *(row.id for row in rest)]) == sorted(f"n{n}" for n in range(30))
            again = await states[1].outbox.claim(NOON + timedelta(seconds=60), 60, limit=100)
            assert len(again) == 30

    asyncio.run(story())


def test_a_row_is_due_at_its_time_and_goes_with_its_last_recipient(place: Place):
    async def story() -> None:
        async with living(place) as (state,):
            await put(state, mail("n1", "a@x.example", "B@x.example"))
            assert len(await state.outbox.claim(NOON, 60)) == 1
            await state.outbox.done("n1", "a@x.example", TAKEN)
            await state.outbox.retry("n1", NOON + timedelta(hours=1), "451 later", certain=True)
            assert await state.outbox.claim(NOON + timedelta(minutes=59), 60) == ()
            (row,) = await state.outbox.claim(NOON + timedelta(hours=1), 60)
            assert [one.address.wire for one in row.recipients] == ["B@x.example"]
            assert row.attempts == 2
            await state.outbox.done("n1", "b@x.example", TAKEN)
            await state.outbox.done("n1", "b@x.example", TAKEN)
            assert await state.outbox.claim(NOON + timedelta(days=9), 60) == ()

    asyncio.run(story())


def test_whoever_has_a_row_does_not_claim_it_again_and_it_counts_no_attempt(place: Place):
    async def story() -> None:
        async with living(place) as (state,):
            await put(state, mail("n1"), mail("n2"))
            await state.outbox.claim(NOON, 60)
            later = NOON + timedelta(hours=1)
            assert [row.id for row in await state.outbox.claim(later, 60, limit=1, besides=frozenset({"n1"}))] == ["n2"]
            assert [(row.id, row.attempts) for row in await state.outbox.claim(later, 60)] == [("n1", 2)]

    asyncio.run(story())


def test_a_lease_is_renewed_while_the_attempt_goes_on_and_not_after_the_row_was_given_back(place: Place):
    async def story() -> None:
        async with living(place, processes=2) as (mine, other):
            await put(mine, mail("n1"))
            await mine.outbox.claim(NOON, 60)
            await mine.outbox.renew("n1", NOON + timedelta(seconds=120))
            assert await other.outbox.claim(NOON + timedelta(seconds=119), 60) == ()
            await mine.outbox.retry("n1", NOON + timedelta(seconds=90), "451 later", certain=True)
            await mine.outbox.renew("n1", NOON + timedelta(seconds=500))
            assert [row.id for row in await other.outbox.claim(NOON + timedelta(seconds=90), 60)] == ["n1"]

    asyncio.run(story())


def test_what_became_of_a_released_copy_is_in_the_audit_once_and_what_waits_says_why(place: Place):
    """Found: the case said `released` and nothing else, whether the next hop had the copy, did not take it or never would."""

    async def story() -> None:
        async with living(place) as (state,):
            released = mail("r1", "a@x.example", "b@x.example", kind="release")
            await put(state, released, mail("n1"), mail("r2", kind="release", case="ABC-100"))
            await state.outbox.claim(NOON, 60)
            await state.outbox.done("r1", "a@x.example", TAKEN)
            await state.outbox.done("r1", "a@x.example", TAKEN)
            await state.outbox.retry("r1", NOON, "451 4.4.1 nobody there", certain=True)
            await state.outbox.done("n1", "a@derbyshire.gov.uk", TAKEN)
            (row,) = await state.outbox.released("7KQ-402")
            assert (row.id, row.attempts, row.why) == ("r1", 1, "451 4.4.1 nobody there")
            assert [one.address.wire for one in row.recipients] == ["b@x.example"]
            await state.outbox.done("r1", "b@x.example", Reply(550, "5.1.1", "no such user"))
            assert [one.id for one in await state.outbox.released()] == ["r2"]
            assert [(event.event, event.details) for event in await state.audit.events("7KQ-402")] == [
                ("hold.handed_over", {"case": "7KQ-402", "next_hop": "mailboxes", "code": 250, "status": "2.0.0"}),
                ("hold.not_taken", {"case": "7KQ-402", "next_hop": "mailboxes", "code": 550, "status": "5.1.1"}),
            ]
            assert await state.audit.verify() == ()

    asyncio.run(story())
