"""Kept mail: nothing of it is lost on the way through the database, and it ends once."""

import asyncio
import json
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import Connection, select, text, update

from gateway.edges.needed import needed
from gateway.edges.operations import Payload, operation
from gateway.edges.state import State
from gateway.edges.tables import hold
from gateway.model.decision import Verdict
from gateway.model.facts import Declared
from gateway.model.kept import Because, Bundle
from tests.edges.durable import NOON, Place, done, held, living, mail


async def keep(state: State, *rows) -> None:
    transaction = await state.journal.begin(None, ())
    await transaction.finish(Bundle(holds=rows), durable=True)


def test_a_hold_comes_back_as_it_was_put(place: Place):
    async def story() -> None:
        async with living(place) as (state,):
            for kept in (held(), held("ABC-001", answer_by=None, state="refused", lifted=(), client="192.0.2.1")):
                await keep(state, kept)
                assert await state.holds.get(kept.case) == kept
            assert await state.holds.get("NIX-000") is None

    asyncio.run(story())


def test_holds_are_found_by_state_newest_first(place: Place):
    async def story() -> None:
        async with living(place) as (state,):
            await keep(state, held("C-1"), held("C-2", kept_at=NOON + timedelta(minutes=1)), held("C-3", state="refused"))
            assert [kept.case for kept in await state.holds.find()] == ["C-2", "C-1"]
            assert [kept.case for kept in await state.holds.find(limit=1)] == ["C-2"]
            assert {kept.case for kept in await state.holds.find(state=None)} == {"C-1", "C-2", "C-3"}
            assert [kept.case for kept in await state.holds.find(state="refused")] == ["C-3"]

    asyncio.run(story())


def test_holds_are_found_page_by_page(place: Place):
    async def story() -> None:
        async with living(place) as (state,):
            times = {"C-1": 0, "C-2": 1, "C-3": 1, "C-4": 1, "C-5": 2}
            await keep(state, *(held(case, kept_at=NOON + timedelta(minutes=minute)) for case, minute in times.items()))
            for size in (1, 2, 5, 6):
                assert [kept.case for kept in await state.holds.every(page=size)] == ["C-5", "C-2", "C-3", "C-4", "C-1"]
            found, page = [], await state.holds.find(limit=2)
            while page:
                found.append([kept.case for kept in page])
                await state.holds.end(page[-1].case, "released", Because("officer"))
                page = await state.holds.find(limit=2, after=page[-1])
            assert found == [["C-5", "C-2"], ["C-3", "C-4"], ["C-1"]]

    asyncio.run(story())


def test_open_holds_are_due_when_a_time_has_passed(place: Place):
    async def story() -> None:
        async with living(place) as (state,):
            await keep(
                state,
                held("SOON-1", answer_by=NOON + timedelta(hours=1)),
                held("LATE-1", answer_by=None, keep_until=NOON + timedelta(hours=2)),
                held("DONE-1", answer_by=NOON, state="refused"),
            )

            async def due(hours: float) -> set[str]:
                return {kept.case for kept in await state.holds.due(NOON + timedelta(hours=hours))}

            assert [await due(hours) for hours in (0.9, 1, 2)] == [set(), {"SOON-1"}, {"SOON-1", "LATE-1"}]
            await state.holds.pass_on("SOON-1", "duty-manager", NOON + timedelta(hours=3))
            assert await due(2) == {"LATE-1"}
            passed_on = await state.holds.get("SOON-1")
            assert passed_on is not None
            assert (passed_on.held_for, passed_on.answer_by) == ("duty-manager", NOON + timedelta(hours=3))

    asyncio.run(story())


def test_who_is_first_ends_a_hold_and_only_theirs_is_sent(place: Place):
    async def story() -> None:
        async with living(place, processes=2) as (one, other):
            await keep(one, held())
            ended = await asyncio.gather(
                one.holds.end("7KQ-402", "released", Because("officer", "is fine"), to_send=(mail("from-one"),)),
                other.holds.end("7KQ-402", "refused", Because("keeper"), to_send=(mail("from-other"),)),
            )
            assert sorted(ended) == [False, True]
            kept = await one.holds.get("7KQ-402")
            assert kept is not None
            assert kept.state == ("released" if ended[0] else "refused")
            claimed = await one.outbox.claim(NOON, 60)
            assert [row.id for row in claimed] == ["from-one" if ended[0] else "from-other"]

    asyncio.run(story())


def test_a_hold_that_is_decided_again_stays_open_with_its_new_reasons(place: Place):
    async def story() -> None:
        async with living(place) as (state,):
            before = held()
            await keep(state, before)
            again = held(mailbox="c@example.org", held_for="sender", lifted=("x", "y"), pack_version="sha256:2")
            again = replace(again, decision=replace(again.decision, verdict=Verdict.CONFIRM))
            assert await state.holds.redecided(before, again, Because("officer", "one may go"), (mail("n1"),))
            assert not await state.holds.redecided(before, again, Because("another", "read before the first was done"), (mail("n3"),))
            assert await state.holds.get("7KQ-402") == again
            assert await state.holds.end("7KQ-402", "expired", Because("keeper"))
            assert not await state.holds.redecided(again, again, Because("officer", "too late"), (mail("n2"),))
            assert [row.id for row in await state.outbox.claim(NOON, 60)] == ["n1"]

    asyncio.run(story())


def test_of_two_who_declare_at_once_the_second_decides_on_what_the_first_has_noted(place: Place):
    async def story() -> None:
        async with living(place, processes=2) as (one, other):
            before = held()
            await keep(one, before)
            words = [replace(before, declared=(Declared("word", word),)) for word in ("a", "b")]
            first = Because("jo", "rang", words[0].declared, (("reason", "käse"),))
            assert await one.holds.redecided(before, words[0], first)
            assert not await other.holds.redecided(before, words[1], Because("kim"))
            assert await other.holds.get("7KQ-402") == words[0]
            details = await one.store.read(lambda c: c.execute(text("SELECT details FROM audit WHERE event = 'hold.redecided'")).scalar())
            noted = json.loads(details)
            assert (noted["by"], noted["why"], noted["answers"]) == ("jo", "rang", {"reason": "käse"})
            assert noted["declared"] == [{"what": "word", "value": "a", "by": "sender", "about": ""}]
            assert await one.audit.verify() == ()

    asyncio.run(story())


def test_a_case_that_an_older_version_wrote_can_be_decided_again(place: Place):
    """It had a word more in its envelope."""

    @operation("test.older")
    def older(connection: Connection, payload: Payload) -> Payload:
        envelope = connection.execute(select(hold.c.envelope)).scalar_one()
        older = json.dumps({**json.loads(envelope), "ancient": 1})
        return {"rows": connection.execute(update(hold).values(envelope=older)).rowcount}

    async def story() -> None:
        async with living(place) as (state,):
            await keep(state, held())
            assert (await state.store.run("test.older", {}))["rows"] == 1
            before = await state.holds.get("7KQ-402")
            assert before == held()
            assert await state.holds.redecided(before, held(lifted=("x",)), Because("officer"))

    asyncio.run(story())


def test_a_refusal_that_nobody_was_told_of_is_opened_for_a_person(place: Place):
    async def story() -> None:
        async with living(place) as (state,):
            await keep(state, held("NO-1", state="refused"), held("OPEN-1"), held("GONE-1"))
            await state.holds.end("GONE-1", "released", Because("officer"))
            for case in ("NO-1", "OPEN-1", "GONE-1"):
                await state.holds.reopen(case, "postmaster", NOON)
            rows = {kept.case: (kept.state, kept.held_for, kept.answer_by) for kept in await state.holds.find(state=None)}
            assert rows["NO-1"] == rows["OPEN-1"] == ("open", "postmaster", None)
            assert rows["GONE-1"][0] == "released"

    asyncio.run(story())


def test_a_refusal_that_is_opened_is_kept_for_a_person_as_long_as_any_other(place: Place):
    """Found: given up after five days, a refusal of a pack with a shorter `keep` was opened and expired within a second."""
    day = timedelta(days=1)

    async def story() -> None:
        async with living(place) as (state,):
            short = [held(case, keep_until=NOON + 2 * day, state=state) for case, state in (("NO-1", "refused"), ("OPEN-1", "open"))]
            await keep(state, *short, held("LONG-1", keep_until=NOON + 90 * day, state="refused"))
            for at in (NOON + 5 * day, NOON + 6 * day):  # told again, because nobody knew whether it was committed
                for case in ("NO-1", "OPEN-1", "LONG-1"):
                    await state.holds.reopen(case, "postmaster", at)
            kept = {one.case: one.keep_until - NOON for one in await state.holds.find()}
            assert kept == {"NO-1": 7 * day, "OPEN-1": 2 * day, "LONG-1": 95 * day}
            assert [one.case for one in await state.holds.due(NOON + 6 * day)] == ["OPEN-1"]

    asyncio.run(story())


def test_a_refusal_is_there_as_long_as_its_notice_is_on_its_way(place: Place):
    """Found: when a notice was given up after a short `keep`, the message that a person was to look at had been deleted."""
    later = NOON + timedelta(days=400)

    async def story() -> None:
        async with living(place) as (state,):
            await keep(state, held("NO-1", state="refused"), held("TOLD-1", state="refused"))
            await state.outbox.put((mail("n1", case="NO-1"), mail("n2", case=None), mail("r1", kind="release", case="TOLD-1")))
            assert await state.holds.in_use(("holds-NO-1", "holds-TOLD-1"), later) == {"holds-NO-1"}
            assert "holds-NO-1" in await needed(state.store, later)
            assert await state.holds.purge(later) == 1
            notice = next(row for row in await state.outbox.claim(NOON, 60) if row.id == "n1")
            assert await done(state, notice, "a@derbyshire.gov.uk") == 0
            assert await state.holds.in_use(("holds-NO-1",), later) == frozenset()
            assert await state.holds.purge(later) == 1

    asyncio.run(story())


def test_objects_are_in_use_as_long_as_somebody_may_want_them(place: Place):
    async def story() -> None:
        async with living(place) as (state,):
            await keep(state, held("OPEN-1"), held("GONE-1"), held("NO-1", state="refused"), held("SENT-1", object_id="notices-n1"))
            for case in ("GONE-1", "SENT-1"):
                await state.holds.end(case, "released", Because("officer"), to_send=(mail("n1"),) if case == "SENT-1" else ())
            ids = ("holds-OPEN-1", "holds-GONE-1", "holds-NO-1", "notices-n1", "holds-orphan")
            assert await state.holds.in_use(ids, NOON) == {"holds-OPEN-1", "holds-NO-1", "notices-n1"}
            assert await state.holds.in_use(ids, NOON + timedelta(days=8)) == {"holds-OPEN-1", "notices-n1"}
            (row,) = await state.outbox.claim(NOON, 60)
            assert await done(state, row, "a@derbyshire.gov.uk") == 0
            assert await state.holds.in_use(ids, NOON) == {"holds-OPEN-1", "holds-NO-1"}

    asyncio.run(story())


def test_only_ended_cases_are_forgotten(place: Place):
    async def story() -> None:
        async with living(place) as (state,):
            await keep(state, held("OPEN-1"), held("NO-1", state="refused"))
            assert await state.holds.purge(NOON + timedelta(days=6)) == 0
            assert await state.holds.purge(NOON + timedelta(days=400)) == 1
            assert [kept.case for kept in await state.holds.find(state=None)] == ["OPEN-1"]

    asyncio.run(story())


def test_an_ended_case_has_who_ended_it_why_and_what_it_was_decided_by(place: Place):
    """Found: `hold show` of a released case had only what was declared before, not the correction that decided it."""
    before, after = Declared("classification", "internal", "sender", "a.docx"), Declared("classification", "public", "officer", "a.docx")

    async def story() -> None:
        async with living(place) as (state,):
            await keep(state, replace(held("7KQ-402"), declared=(before,)), replace(held("KEPT-1"), declared=(before,)))
            await state.holds.end("7KQ-402", "released", Because("officer", "is fine"), declared=(after,))
            await state.holds.end("KEPT-1", "ended", Because("officer"))
            ended = await state.holds.get("7KQ-402")
            assert ended is not None
            assert (ended.state, ended.ended_by, ended.ended_why, ended.declared) == ("released", "officer", "is fine", (after,))
            assert ended.ended_at is not None
            other = await state.holds.get("KEPT-1")
            assert other is not None
            assert other.declared == (before,)

    asyncio.run(story())
