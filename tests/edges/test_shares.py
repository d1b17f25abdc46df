"""Shares as the database has them: one for each message, whatever tries it again."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from gateway.edges.database import open_engine
from gateway.edges.tables import metadata
from gateway.errors import Revoked, WillNotDo
from gateway.model.kept import Bundle
from gateway.model.outcome import Reply
from gateway.model.share import Standing
from tests.edges.durable import NOON, Place, done, living, mail
from tests.edges.sharing import KEY, file, grant, granted, issued, share


def test_a_share_comes_back_as_it_was_issued(place: Place):
    async def story() -> None:
        async with living(place, processes=2) as (one, other):
            made, _ = await issued(one)
            assert made == share(grants=tuple(sorted(share().grants, key=lambda each: each.id)))
            assert await other.shares.find(KEY) == made
            assert await other.shares.get("7KQ-402") == made
            assert await other.shares.get("7KQ-403") is None
            assert await other.shares.list() == (made,)

    asyncio.run(story())


def test_shares_are_found_page_by_page(place: Place):
    """Found: of more than a thousand, `share list` left out those that were made first."""

    async def story() -> None:
        async with living(place) as (state,):
            for number, minute in {"C-1": 0, "C-2": 1, "C-3": 1, "C-4": 1, "C-5": 2}.items():
                at = NOON + timedelta(minutes=minute)
                await issued(state, share(number, number.encode().ljust(32), made_at=at, grants=(grant(id=number),)))
            await state.shares.undo("C-3", frozenset({"b@example.org"}))
            for size in (1, 2, 5, 6):
                assert [one.id for one in await state.shares.every(everything=True, page=size)] == ["C-5", "C-2", "C-3", "C-4", "C-1"]
                assert [one.id for one in await state.shares.every(page=size)] == ["C-5", "C-2", "C-4", "C-1"]

    asyncio.run(story())


def test_a_retry_finds_the_same_share_and_gives_everybody_the_same_link(place: Place):
    async def story() -> None:
        async with living(place, processes=2) as (one, other):
            first, tokens = await issued(one)
            await one.shares.undo(first.id, frozenset({"b@example.org"}))
            undone = await one.shares.get(first.id)
            assert undone is not None
            assert undone.state is Standing.UNDONE
            assert await one.visits.find(tokens["recipient b@example.org"], NOON) is None

            later = share("9XY-111", made_at=NOON + timedelta(hours=1), expires_at=NOON + timedelta(days=61))
            later = replace(later, grants=(grant(id="another"), grant("c@example.org")), files=(file(), file("2")))
            again, more = await issued(other, later)

            assert (again.id, again.expires_at, again.state) == (first.id, later.expires_at, Standing.OPEN)
            assert [each.id for each in again.files] == ["1", "2"]
            assert more["recipient b@example.org"] == tokens["recipient b@example.org"]
            assert len(set(more.values())) == 3
            assert (await one.shares.list(everything=True)) == (again,)

    asyncio.run(story())


def test_of_whom_the_sender_was_told_is_committed_with_the_letter_and_outlives_a_retry(place: Place):
    async def story() -> None:
        async with living(place) as (state,):
            made, _ = await issued(state, share(grants=(grant(), grant("c@example.org"), grant("a@derbyshire.gov.uk", "sender"))))
            both = frozenset({(made.id, "b@example.org"), (made.id, "c@example.org")})
            await finished(state, Bundle(to_send=(mail("early"),), told=both))
            assert await told(state) == {"b@example.org", "c@example.org"}

            only = frozenset({(made.id, "b@example.org")})
            await finished(state, Bundle(to_send=(mail("whole"),), told=only, withdrawn=frozenset({"early"}), untold=both - only))
            assert await told(state) == {"b@example.org"}
            assert [row.id for row in await state.outbox.claim(NOON, 60)] == ["whole"]

            await issued(state, share(grants=(grant(), grant("c@example.org"))))
            assert await told(state) == {"b@example.org"}

    asyncio.run(story())


@pytest.mark.parametrize("durable", [True, False])
def test_an_early_receipt_is_taken_back_also_where_none_takes_its_place(place: Place, durable: bool):
    """Found: its row stayed, its object was deleted, and thirty minutes later the keeper raised an alarm about a lost object."""

    async def story() -> None:
        async with living(place) as (state,):
            made, _ = await issued(state)
            links = frozenset({(made.id, "b@example.org")})
            await finished(state, Bundle(to_send=(mail("early"), mail("begun")), told=links))
            await state.outbox.put((mail("another"),))
            await state.outbox.claim(NOON, 60, limit=2)  # another, begun
            taken = Bundle(withdrawn=frozenset({"early", "begun"}), untold=links)
            assert await finished(state, taken, durable=durable) == {"early"}
            assert await told(state) == set()
            assert [row.id for row in await state.outbox.claim(NOON + timedelta(minutes=2), 60)] == ["another", "begun"]
            assert await finished(state, taken, durable=durable) == {"early"}

    asyncio.run(story())


async def finished(state, bundle: Bundle, *, durable: bool = True) -> frozenset[str]:
    return await (await state.journal.begin(None, ())).finish(bundle, durable=durable)


async def told(state) -> set[str]:
    there = await state.shares.find(KEY)
    return {each.key for each in there.grants if each.is_told}


@pytest.mark.parametrize(
    ("ends", "standing"),
    [
        ([("done", 550, True)], Standing.UNDONE),
        ([("done", 250, True)], Standing.OPEN),
        ([("done", 451, False)], Standing.OPEN),  # given up, and they may have it
        ([("retry", 451, True), ("done", 550, True)], Standing.UNDONE),
        ([("retry", 451, False), ("done", 550, True)], Standing.OPEN),
        ([("killed", 0, False), ("done", 550, True)], Standing.OPEN),  # the attempt ended without a word
        ([("killed", 0, False), ("retry", 451, True), ("done", 550, True)], Standing.OPEN),
    ],
)
def test_the_link_in_a_copy_that_waits_ends_when_nobody_can_ever_have_been_handed_it(place: Place, ends, standing):
    """Found: of an attempt that was killed after the final dot, a later refusal ended the link that a person had been handed."""

    async def story() -> None:
        async with living(place) as (state,):
            made, _ = await issued(state)
            await state.outbox.put((mail("n1", "b@example.org", share=made.id),))
            for what, code, certain in ends:
                (row,) = await state.outbox.claim(NOON, 0)
                assert row.share == made.id
                if what == "retry":
                    await state.outbox.retry(row, NOON, "later", certain=certain)
                elif what == "done":
                    await done(state, row, "b@example.org", Reply(code, "5.1.1", "so it is"), certain=certain)
            there = await state.shares.get(made.id)
            assert (there.state, {each.state for each in there.grants}) == (standing, {standing})

    asyncio.run(story())


def test_two_processes_at_once_make_one_share(place: Place):
    async def story() -> None:
        async with living(place, processes=2) as states:
            wanted = [share(f"7KQ-40{n}", grants=(grant(id=f"g{n}"), grant(f"p{n}@example.org", id=f"h{n}"))) for n in range(6)]
            made = await asyncio.gather(*(issued(states[n % 2], one) for n, one in enumerate(wanted)))
            assert len({one.id for one, _ in made}) == 1
            assert len({tokens["recipient b@example.org"] for _, tokens in made}) == 1
            (there,) = await states[0].shares.list()
            assert len(there.grants) == 7

    asyncio.run(story())


def test_what_was_revoked_is_not_opened_by_a_retry(place: Place):
    async def story() -> None:
        async with living(place) as (state,):
            made, tokens = await issued(state, share(grants=(grant(), grant("c@example.org"), grant("a@derbyshire.gov.uk", "sender"))))
            assert await state.share_keeping.revoke(made.id, "officer", "wrong person", "b@example.org")
            assert not await state.share_keeping.revoke(made.id, "officer", "again", "b@example.org")
            assert await state.visits.find(tokens["recipient b@example.org"], NOON) is None
            assert await state.visits.find(tokens["recipient c@example.org"], NOON) is not None
            with pytest.raises(WillNotDo, match="revoked"):
                await issued(state)
            await issued(state, share(grants=(grant("c@example.org"),)))

            assert await state.share_keeping.revoke(made.id, "officer")
            gone = await state.shares.get(made.id)
            assert gone is not None
            assert (gone.state, gone.ended_by, {each.state for each in gone.grants}) == (Standing.REVOKED, "officer", {Standing.REVOKED})
            assert [await state.visits.find(token, NOON) for token in tokens.values()] == [None] * 3
            with pytest.raises(WillNotDo, match="revoked"):
                await issued(state, share(grants=(grant("d@example.org"),)))

    asyncio.run(story())


def test_who_has_opened_a_link_was_handed_it(place: Place):
    """Whatever the next hop seemed to say."""

    async def story() -> None:
        async with living(place) as (state,):
            made, _ = await issued(state)
            engine = open_engine(place.url)
            with engine.begin() as connection:
                connection.execute(metadata.tables["share_grant"].update().values(opened_at=1))
            engine.dispose()
            await state.shares.undo(made.id, frozenset({"b@example.org"}))
            there = await state.shares.get(made.id)
            assert there is not None
            assert granted(there, "b@example.org").state is Standing.OPEN

    asyncio.run(story())


def test_a_database_alone_tells_no_name_no_token_and_no_code(place: Place):
    async def story() -> dict[str, str]:
        async with living(place) as (state,):
            _, tokens = await issued(state, share(files=(file(), replace(file("2"), name="Kündigung Meier.docx"))))
            return tokens

    tokens = asyncio.run(story())
    rows = repr(everything(place)).lower()
    assert "b@example.org" in rows
    assert not [secret for secret in (*tokens.values(), "meier", "akte") if secret in rows]


def test_what_was_revoked_is_not_opened_for_whom_it_was_over_before(place: Place):
    """The share had ended for one, was made again for another, and was revoked: a retry for the first would have opened it."""

    async def story() -> None:
        async with living(place) as (state,):
            people = grant(), grant("c@example.org")
            made, _ = await issued(state, share(grants=people))
            await state.share_keeping.end(NOON + timedelta(days=60))
            await state.share_keeping.purge(NOON + timedelta(days=60))
            await state.share_keeping.withdrawn(made.id)
            await issued(state, share(grants=people[1:]))
            await state.share_keeping.revoke(made.id, "officer")
            with pytest.raises(WillNotDo, match="revoked"):
                await issued(state, share(grants=people[:1]))

    asyncio.run(story())


async def forgotten(state, made, at, *, how: str) -> None:
    """Purged by an officer, or when retention is over."""
    await state.share_keeping.end(at)
    await state.share_keeping.purge(at)
    await state.share_keeping.withdrawn(made.id)
    if how == "erased":
        assert await state.share_keeping.erase(made.id, "officer", "asked to be forgotten")
    else:
        await state.share_keeping.forget(at + timedelta(days=1), at + timedelta(days=1))
    assert await state.shares.get(made.id) is None


@pytest.mark.parametrize("how", ["erased", "forgotten"])
@pytest.mark.parametrize("whom", ["b@example.org", None])
def test_what_was_taken_back_stays_so_when_the_share_is_forgotten(place: Place, how: str, whom: str | None):
    """Found: `outgate share purge` undid the revocation for a retry of the same message, which made new links."""
    both = frozenset({"b@example.org", "c@example.org"})
    gone = both if whom is None else frozenset({whom})

    async def story() -> None:
        async with living(place, processes=2) as (state, other):
            made, _ = await issued(state, share(grants=(grant(), grant("c@example.org"), grant("a@derbyshire.gov.uk", "sender"))))
            await state.share_keeping.revoke(made.id, "officer", "wrong person", whom)
            assert await other.shares.taken_back(KEY, both) == gone
            await forgotten(state, made, NOON + timedelta(days=60), how=how)

            assert await other.shares.taken_back(KEY, both) == gone
            assert await other.shares.taken_back(b"another message's".ljust(32), both) == frozenset()
            with pytest.raises(Revoked) as revoked:
                await issued(other, share(grants=(grant(), grant("c@example.org"))))
            assert frozenset(revoked.value.recipients) == gone
            if whom is not None:
                await issued(other, share(grants=(grant("c@example.org"),)))
                assert await other.shares.taken_back(KEY, both) == gone

    asyncio.run(story())


def test_of_what_was_taken_back_and_forgotten_no_address_is_left_and_in_the_end_nothing(place: Place):
    async def story() -> None:
        async with living(place) as (state,):
            made, _ = await issued(state)
            await state.share_keeping.revoke(made.id, "officer")
            await forgotten(state, made, NOON, how="erased")
            assert "example.org" not in repr(everything(place))
            await state.share_keeping.forget(NOON, NOON + timedelta(days=90))
            assert await state.shares.taken_back(KEY, frozenset({"b@example.org"}))
            await state.share_keeping.forget(NOON, NOON + timedelta(days=91))
            assert not await state.shares.taken_back(KEY, frozenset({"b@example.org"}))

    asyncio.run(story())


def everything(place: Place) -> list[tuple]:
    engine = open_engine(place.url)
    with engine.begin() as connection:
        rows = [tuple(row) for table in metadata.tables.values() for row in connection.execute(select(table))]
    engine.dispose()
    return rows


def test_a_retry_gives_an_idle_share_all_its_time_again(place: Place):
    """Found: the keeper had not ended it yet, so it stayed open with the time of its first making, and the new link opened for nobody."""

    async def story() -> None:
        async with living(place) as (state,):
            await issued(state)
            later = NOON + timedelta(days=31)
            _, tokens = await issued(state, share(made_at=later, expires_at=later + timedelta(days=60)))
            assert await state.visits.find(tokens["recipient b@example.org"], later) is not None
            assert await state.share_keeping.end(later) == 0

    asyncio.run(story())


@pytest.mark.parametrize(("used", "ends"), [(None, 50), (0, 50), (25, 55), (85, 90)])
def test_a_share_tells_the_day_on_which_it_ends(used: int | None, ends: int):
    """Found: of one that was fetched and then opened again by a retry it told a day too early, which may have been over."""

    def at(days: int) -> datetime:
        return NOON + timedelta(days=days)

    one = share(made_at=at(20), used_at=None if used is None else at(used), idle=timedelta(days=30), expires_at=at(90))
    assert one.ends_at == at(ends)
