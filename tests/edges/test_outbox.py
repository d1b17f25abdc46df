"""The small durable queue: every row to one owner at a time, until its last recipient is served."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from gateway.act.tell import AFTER_ALL_ATTEMPTS
from gateway.edges.leases import LONGEST_LEASE, LONGEST_PAUSE
from gateway.edges.state import State
from gateway.keeper import sharing, wishes
from gateway.keeper.lease import LEASE_SECONDS
from gateway.keeper.sending import BUG_PAUSE, PAUSES
from gateway.model.kept import Bundle
from gateway.model.outcome import Reply
from tests.edges.durable import NOON, Place, done, living, mail

NOBODY = Reply(550, "5.1.1", "no such user")


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
            rest = await states[0].outbox.claim(NOON + timedelta(seconds=59), 1, limit=100, each=100)
            assert sorted([*ids, *(row.id for row in rest)]) == sorted(f"n{n}" for n in range(30))
            again = await states[1].outbox.claim(NOON + timedelta(seconds=60), 60, limit=100, each=100)
            assert len(again) == 30

    asyncio.run(story())


def test_a_row_is_due_at_its_time_and_goes_with_its_last_recipient(place: Place):
    async def story() -> None:
        async with living(place) as (state,):
            await put(state, mail("n1", "a@x.example", "B@x.example"))
            (row,) = await state.outbox.claim(NOON, 60)
            assert await done(state, row, "a@x.example") == 1
            await state.outbox.retry(row, NOON + timedelta(hours=1), "451 later", certain=True)
            assert await state.outbox.claim(NOON + timedelta(minutes=59), 60) == ()
            (row,) = await state.outbox.claim(NOON + timedelta(hours=1), 60)
            assert [one.address.wire for one in row.recipients] == ["B@x.example"]
            assert row.attempts == 2
            assert [await done(state, row, "b@x.example") for _ in range(2)] == [0, 0]
            assert await state.outbox.claim(NOON + timedelta(days=9), 60) == ()

    asyncio.run(story())


def test_whoever_has_a_row_does_not_claim_it_again_and_it_counts_no_attempt(place: Place):
    async def story() -> None:
        async with living(place) as (state,):
            await put(state, mail("n1"), mail("n2"))
            ours, _ = await state.outbox.claim(NOON, 60)
            later = NOON + timedelta(hours=1)
            assert [row.id for row in await state.outbox.claim(later, 60, limit=2, under_way=(ours,))] == ["n2"]
            assert [(row.id, row.attempts) for row in await state.outbox.claim(later, 60)] == [("n1", 2)]

    asyncio.run(story())


def test_a_lease_is_renewed_while_the_attempt_goes_on_and_not_after_the_row_was_given_back(place: Place):
    async def story() -> None:
        async with living(place, processes=2) as (mine, other):
            await put(mine, mail("n1"))
            (row,) = await mine.outbox.claim(NOON, 60)
            assert await mine.outbox.renew(row, NOON + timedelta(seconds=120))
            assert await other.outbox.claim(NOON + timedelta(seconds=119), 60) == ()
            await mine.outbox.retry(row, NOON + timedelta(seconds=90), "451 later", certain=True)
            assert not await mine.outbox.renew(row, NOON + timedelta(seconds=500))
            assert [row.id for row in await other.outbox.claim(NOON + timedelta(seconds=90), 60)] == ["n1"]

    asyncio.run(story())


def test_what_became_of_a_released_copy_is_in_the_audit_once_and_what_waits_says_why(place: Place):
    """Found: the case said `released` and nothing else, whether the next hop had the copy, did not take it or never would."""

    async def story() -> None:
        async with living(place) as (state,):
            released = mail("r1", "a@x.example", "b@x.example", kind="release")
            await put(state, released, mail("n1"), mail("r2", kind="release", case="ABC-100"))
            rows = {row.id: row for row in await state.outbox.claim(NOON, 60)}
            assert [await done(state, rows["r1"], "a@x.example") for _ in range(2)] == [1, 1]
            await state.outbox.retry(rows["r1"], NOON, "451 4.4.1 nobody there", certain=True)
            await done(state, rows["n1"], "a@derbyshire.gov.uk")
            (row,) = await state.outbox.released("7KQ-402")
            assert (row.id, row.attempts, row.why) == ("r1", 1, "451 4.4.1 nobody there")
            assert [one.address.wire for one in row.recipients] == ["b@x.example"]
            await done(state, row, "b@x.example", NOBODY)
            assert [one.id for one in await state.outbox.released()] == ["r2"]
            assert [(event.event, event.details) for event in await state.audit.events("7KQ-402")] == [
                ("hold.handed_over", {"case": "7KQ-402", "next_hop": "mailboxes", "code": 250, "status": "2.0.0"}),
                ("hold.not_taken", {"case": "7KQ-402", "next_hop": "mailboxes", "code": 550, "status": "5.1.1"}),
            ]
            assert await state.audit.verify() == ()

    asyncio.run(story())


# --- whose a row is -------------------------------------------------------------------------------------------------------


def test_who_has_lost_a_row_changes_nothing_of_its_next_attempt(place: Place):
    """Found: a keeper that had stood still gave the row back, or ended it, under the hands of the one that had begun it anew."""

    async def story() -> None:
        async with living(place, processes=2) as (slow, other):
            await put(slow, mail("n1", "a@x.example", "b@x.example", kind="release"))
            (lost,) = await slow.outbox.claim(NOON, 30)
            (row,) = await other.outbox.claim(NOON + timedelta(seconds=30), 30)
            assert (lost.attempts, row.attempts) == (1, 2)

            assert not await slow.outbox.renew(lost, NOON + timedelta(days=1))
            await slow.outbox.retry(lost, NOON, "451 later", certain=True, to_send=(mail("delayed"),))
            assert await done(slow, lost, "a@x.example", NOBODY, to_send=(mail("failed"),)) == 2
            assert await slow.outbox.claim(NOON + timedelta(seconds=59), 30) == ()

            assert await other.outbox.renew(row, NOON + timedelta(seconds=90))
            assert await done(other, row, "a@x.example", NOBODY, to_send=(mail("told"),)) == 1
            await other.outbox.retry(row, NOON + timedelta(seconds=70), "451 later", certain=True, to_send=(mail("waits"),))
            claimed = await other.outbox.claim(NOON + timedelta(seconds=70), 30)
            assert sorted((one.id, one.attempts) for one in claimed) == [("n1", 3), ("told", 1), ("waits", 1)]
            assert [event.event for event in await other.audit.events("7KQ-402")] == ["hold.not_taken"]

    asyncio.run(story())


def test_a_copy_that_a_hop_has_taken_has_gone_whoever_has_the_row_by_now(place: Place):
    async def story() -> None:
        async with living(place, processes=2) as (slow, other):
            await put(slow, mail("n1", "a@x.example", "b@x.example", kind="release"))
            (lost,) = await slow.outbox.claim(NOON, 30)
            (row,) = await other.outbox.claim(NOON + timedelta(seconds=30), 30)
            assert await done(slow, lost, "a@x.example", to_send=(mail("relayed"),)) == 1
            # The other may have handed it over, too, or been refused: it is known already, and nobody is told that it failed.
            assert await done(other, row, "a@x.example", NOBODY, to_send=(mail("failed"),)) == 1
            assert await done(other, row, "b@x.example") == 0
            assert [one.id for one in await other.outbox.claim(NOON + timedelta(hours=1), 30)] == ["relayed"]
            assert [event.event for event in await other.audit.events("7KQ-402")] == ["hold.handed_over"] * 2

    asyncio.run(story())


def test_who_has_a_row_hears_that_everybody_has_got_the_copy_meanwhile(place: Place):
    async def story() -> None:
        async with living(place, processes=2) as (slow, other):
            await put(slow, mail("n1"))
            (lost,) = await slow.outbox.claim(NOON, 30)
            (row,) = await other.outbox.claim(NOON + timedelta(seconds=30), 30)
            assert await done(slow, lost, "a@derbyshire.gov.uk") == 0
            assert not await other.outbox.renew(row, NOON + timedelta(seconds=90))  # so that it stops, if it still can
            await other.outbox.retry(row, NOON, "451 later", certain=False)
            assert await other.outbox.claim(NOON + timedelta(hours=1), 30) == ()

    asyncio.run(story())


# --- a clock that is set back ---------------------------------------------------------------------------------------------


def test_no_lease_and_no_pause_is_so_long_that_it_passes_for_one_of_a_clock_that_was_set_back():
    assert max(LEASE_SECONDS, wishes.LEASE_SECONDS, sharing.LEASE_SECONDS) <= LONGEST_LEASE.total_seconds() / 2
    assert max(timedelta(seconds=max(PAUSES)), BUG_PAUSE, AFTER_ALL_ATTEMPTS) <= LONGEST_PAUSE / 2


def test_what_a_clock_that_was_set_back_has_left_in_the_future_is_due(place: Place):
    """Found: after a day in the future, notices and what an ended keeper had begun waited for a day."""
    day = timedelta(days=1)

    async def story() -> None:
        async with living(place) as (state,):
            await put(state, mail("begun"), mail("again"), mail("early", next_at=NOON + timedelta(hours=1)))
            rows = {row.id: row for row in await state.outbox.claim(NOON + timedelta(minutes=1), 30)}
            await put(state, mail("new", next_at=NOON + day))
            await state.outbox.retry(rows["again"], NOON + day, "451 later", certain=True)
            assert await state.outbox.renew(rows["begun"], NOON + day)
            back = await state.outbox.claim(NOON, 30)
            assert {row.id: row.attempts for row in back} == {"new": 1, "again": 2, "begun": 2}
            assert await state.outbox.claim(NOON, 30) == ()

    asyncio.run(story())


# --- many next hops -------------------------------------------------------------------------------------------------------


def test_a_hop_that_hangs_takes_no_more_than_its_own_places_and_a_code_is_first(place: Place):
    """Found: twenty attempts by one hop that hung kept notices, released mail and one-time codes of all the others."""

    async def story() -> None:
        async with living(place) as (state,):
            kinds = ("notice", "release", "rest")
            hung = [mail(f"hung{n}", kind=kinds[n % 3], next_hop="internet", next_at=NOON - timedelta(minutes=n)) for n in range(9)]
            await put(state, *hung, mail("n1"), mail("n2", next_at=NOON - timedelta(hours=1)))
            first = await state.outbox.claim(NOON, 60, limit=9, each=4)
            assert [row.id for row in first] == ["n1", "n2", "hung8", "hung7", "hung6", "hung5"]
            await put(state, *(mail(f"code{n}", kind="code", next_hop="internet") for n in range(6)), mail("n3"), mail("n4"), mail("n5"))
            second = await state.outbox.claim(NOON, 60, limit=9, each=4, under_way=first)
            assert [row.id for row in second] == ["code0", "code1", "code2", "code3", "n3", "n4"]
            assert await state.outbox.claim(NOON, 60, limit=9, each=4, under_way=(*first, *second)) == ()
            under_way = tuple(row for row in (*first, *second) if row.id not in ("n1", "code0"))
            assert await state.outbox.claim(NOON, 60, limit=7, each=3, under_way=under_way) == ()
            assert [row.id for row in await state.outbox.claim(NOON, 60, limit=7, each=4, under_way=under_way)] == ["code4"]
            assert [row.id for row in await state.outbox.claim(NOON, 60, limit=8, each=4, under_way=under_way)] == ["code5", "n5"]

    asyncio.run(story())


def test_hops_that_hang_leave_what_they_give_back_to_those_that_have_nothing_under_way(place: Place):
    """Found: three hops that hung had all places between them, and took each that was freed, because their mail had waited longer."""

    async def story() -> None:
        async with living(place) as (state,):
            hung = [mail(f"{hop}{n}", next_hop=hop, next_at=NOON - timedelta(hours=1, minutes=n)) for hop in "abc" for n in range(6)]
            await put(state, *hung)
            under_way = await state.outbox.claim(NOON, 600, limit=9, each=3)
            assert sorted(row.next_hop for row in under_way) == list("aaabbbccc")
            await put(state, mail("mine", next_hop="mailboxes", next_at=NOON))
            freed = tuple(row for row in under_way if row is not under_way[0])
            assert [row.id for row in await state.outbox.claim(NOON, 600, limit=9, each=3, under_way=freed)] == ["mine"]

    asyncio.run(story())
