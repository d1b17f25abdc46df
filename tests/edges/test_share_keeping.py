"""The keeper and shares: a code for who asked, one mail for two clicks, an end in time, and files that go when nobody may have them."""

import asyncio
import email
import email.policy
import io
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from gateway.edges.database import open_engine
from gateway.edges.share_keeping import ShareKeeping
from gateway.edges.state import State
from gateway.edges.tables import metadata, share_intent
from gateway.edges.tables import outbox as outbox_table
from gateway.errors import TryLater, WillNotDo
from gateway.keeper import Keeper, Shelves
from gateway.keeper.sharing import END_EVERY, LEASE_SECONDS
from gateway.log import Log
from gateway.model.share import Grant, Share, Standing, Wish, WishKind
from gateway.policy.rules import Policy, Route
from gateway.ports.visits import CodeTried
from tests.deliveries import HOUSE, policy
from tests.doubles import ScriptedHop, Stage
from tests.edges.durable import NOON, Place, TurnedClock, living
from tests.edges.sharing import file, grant, granted, issued, session, share

pytestmark = pytest.mark.slow

SENDER = "a@derbyshire.gov.uk"


def pack(**changes: object) -> Policy:
    """The pack of the deliveries' tests, with a share."""
    one = policy()
    link = Route("secure-link", "share", place="own", expires_after=timedelta(days=60), **changes)  # type: ignore[arg-type]
    return replace(one, routes=(*one.routes, link))


class Shed:
    """ports.Place: notes what was withdrawn, and can be told to fail."""

    def __init__(self) -> None:
        self.withdrawn: list[str] = []
        self.taken_from: list[str] = []  # addresses of single people
        self.is_down = False
        self.tried: list[str] = []
        self.stuck: set[str] = set()  # objects that it does not let go
        self.refuses = False

    async def withdraw(self, one: Share, whom: Grant | None = None) -> None:
        if self.is_down:
            raise TryLater("the shed is shut")
        if whom is not None:
            self.taken_from.append(whom.address)
            return
        if self.refuses:
            raise WillNotDo("the shed has another owner now")
        self.tried += [each.object_id for each in one.files]
        if not self.stuck.isdisjoint(each.object_id for each in one.files):
            raise TryLater("somebody has it open")
        self.withdrawn += [each.object_id for each in one.files]

    async def close(self) -> None:
        return


class Office:
    """One keeper process: its own connection to the database, the world around it in memory."""

    def __init__(self, state: State, clock: TurnedClock, rules: Policy) -> None:
        self.state, self.clock, self.rules = state, clock, rules
        self.stage = Stage(*(ScriptedHop(name) for name in ("plain", "mailboxes", "kept", HOUSE.notices_hop)), clock=clock)
        self.shed, self.log = Shed(), io.StringIO()
        world = replace(self.stage.world, places={"own": self.shed}, shares=state.shares)
        shelves = Shelves(state.holds, state.outbox, state.intents, self._sweep, state.share_keeping)
        self.keeper = Keeper(world, shelves, lambda: self.rules, HOUSE, Log(self.log))

    async def _sweep(self, now) -> None:
        return

    async def turn(self) -> None:
        await self.keeper.answer_pages()
        await self.keeper.turn()
        await self.keeper.drain()

    def mail(self, to: str) -> list[email.message.EmailMessage]:
        taken = [one for hop in self.stage.hops.values() for one in hop.taken if one.recipient == to]
        return [email.message_from_bytes(one.octets, policy=email.policy.default) for one in taken]

    def code(self, to: str) -> str:
        return "".join(re.search(r"^    (\d{4}) (\d{4})\r?$", self.mail(to)[-1].get_content(), re.MULTILINE).groups())


@asynccontextmanager
async def offices(place: Place, processes: int = 1, rules: Policy | None = None) -> AsyncIterator[tuple[Office, ...]]:
    clock = TurnedClock()
    async with living(place, processes, clock) as states:
        made = tuple(Office(state, clock, rules or pack()) for state in states)
        for one in made:
            one.stage.vault.objects = made[0].stage.vault.objects  # a vault is shared
            one.stage.vault._number = made[0].stage.vault._number
        yield made


def audienceless(**changes: object) -> Share:
    """Audiences are looked at by standing.py; here everybody is in none."""
    people = (grant(audiences=()), grant(SENDER, "sender", audiences=()))
    return share(**({"grants": people} | changes))


def rows(place: Place, table, *columns):
    engine = open_engine(place.url)
    with engine.begin() as connection:
        found = connection.execute(select(*(table.c[name] for name in columns))).all()
    engine.dispose()
    return [tuple(row) for row in found]


# --- codes ------------------------------------------------------------------------------------------------------------


def test_the_code_from_the_mail_proves_the_mailbox(place: Place):
    async def story() -> None:
        async with offices(place) as (one,):
            made, _ = await issued(one.state, audienceless())
            mine = session(made, granted(made, "b@example.org"))
            await one.state.visits.open_session(mine)
            wish = await one.state.visits.wish(WishKind.CODE, mine, "", NOON)
            await one.turn()
            (mail,) = one.mail("b@example.org")
            assert (mail["To"], mail["Auto-Submitted"]) == ("b@example.org", "auto-generated")
            assert not re.search(r"\d{4}", mail["Subject"]), "subjects are in logs"
            assert (await one.state.visits.wished(wish.id)).state == "done"
            assert await one.state.visits.try_code(mine, one.code("b@example.org"), NOON) == CodeTried(True, 4)
            code = one.code("b@example.org")
            assert code not in one.log.getvalue()
            assert "b@example.org" not in one.log.getvalue()
            assert '"share.code_sent","share":"7KQ-402"' in one.log.getvalue()
            assert rows(place, outbox_table, "id") == []

    asyncio.run(story())


def test_the_code_speaks_the_language_of_the_page_or_of_the_message(place: Place):
    async def story() -> None:
        async with offices(place) as (one,):
            made, _ = await issued(one.state, audienceless(language="ar-EG"))
            for number, page in enumerate(("", "es", "fi", "cy-GB")):
                mine = session(made, granted(made, "b@example.org"), page or "none")
                await one.state.visits.open_session(mine)
                await one.state.visits.wish(WishKind.CODE, mine, "", NOON + timedelta(seconds=number), page)
                await one.turn()
            said = [mail.get_content().splitlines()[0] for mail in one.mail("b@example.org")]
            assert said == ["الرمز الخاص بك هو:", "Su código es:", "الرمز الخاص بك هو:", "Eich cod yw:"]

    asyncio.run(story())


def test_two_keepers_send_one_code_for_two_clicks(place: Place):
    async def story() -> None:
        async with offices(place, processes=2) as both:
            made, _ = await issued(both[0].state, audienceless())
            mine = session(made, granted(made, "b@example.org"))
            await both[0].state.visits.open_session(mine)
            await asyncio.gather(*(one.state.visits.wish(WishKind.CODE, mine, "", NOON) for one in (*both, *both)))
            await asyncio.gather(*(one.turn() for one in (*both, *both)))
            assert len([mail for one in both for mail in one.mail("b@example.org")]) == 1

    asyncio.run(story())


class Dying(ShareKeeping):
    """Its process is killed before or after the commit that sends."""

    def __init__(self, state: State, place: Place, when: str) -> None:
        super().__init__(state.store, state.share_keeping._secrets, state.share_keeping._clock)
        self._when = when

    async def send_code(self, *args):
        if self._when == "after":
            await super().send_code(*args)
        raise asyncio.CancelledError


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_keeper_that_dies_leaves_one_mail(place: Place, when: str):
    async def story() -> None:
        async with offices(place, processes=2) as (one, other):
            made, _ = await issued(one.state, audienceless())
            mine = session(made, granted(made, "b@example.org"))
            await one.state.visits.open_session(mine)
            await one.state.visits.wish(WishKind.CODE, mine, "", NOON)
            shelves = Shelves(one.state.holds, one.state.outbox, one.state.intents, one._sweep, Dying(one.state, place, when))
            world = replace(one.stage.world, shares=one.state.shares)
            with pytest.raises(asyncio.CancelledError):
                await Keeper(world, shelves, lambda: one.rules, HOUSE, Log(one.log)).answer_pages()
            await other.turn()
            assert len(other.mail("b@example.org")) == (when == "after")
            other.clock.turn(seconds=30)
            await other.turn()
            await other.turn()
            assert len(other.mail("b@example.org")) == 1

    asyncio.run(story())


def test_what_was_begun_before_the_clock_was_set_back_is_begun_again(place: Place):
    """Found: whoever waited for a code waited as long as the clock had been ahead, and ended shares stood as open."""
    ahead = timedelta(days=1)

    async def story() -> None:
        async with offices(place) as (one,):
            keeping = one.state.share_keeping
            await keeping.put(Wish("w1", WishKind.REVOKE, "s1", "A. Smith", NOON))
            assert [wish.id for wish in await keeping.claim(NOON + ahead, LEASE_SECONDS)] == ["w1"]
            assert await keeping.is_wanted(NOON)
            assert [wish.id for wish in await keeping.claim(NOON, LEASE_SECONDS)] == ["w1"]
            assert not await keeping.is_wanted(NOON - timedelta(minutes=9))

            made, _ = await issued(one.state, audienceless(expires_at=NOON + timedelta(hours=1)))
            one.clock.turn(days=1)
            await one.turn()
            other, _ = await issued(one.state, audienceless(id="0", key=b"0" * 32, expires_at=NOON))
            one.clock.turn(days=-1)
            await one.turn()
            assert {(await one.state.shares.get(each.id)).state for each in (made, other)} == {Standing.PURGED}

    asyncio.run(story())


def test_codes_to_one_person_are_few_whatever_browsers_ask(place: Place):
    async def story() -> None:
        async with offices(place) as (one,):
            made, _ = await issued(one.state, audienceless())
            for number in range(8):
                mine = session(made, granted(made, "b@example.org"), f"browser {number}")
                await one.state.visits.open_session(mine)
                await one.state.visits.wish(WishKind.CODE, mine, "", NOON, most=100)
                await one.turn()
            assert len(one.mail("b@example.org")) == 5
            assert sorted(rows(place, share_intent, "state")) == [("done",)] * 5 + [("failed",)] * 3

    asyncio.run(story())


@pytest.mark.parametrize("how", ["revoked", "proved elsewhere", "the route is gone"])
def test_no_code_for_who_may_not_have_the_files_any_more(place: Place, how: str):
    async def story() -> None:
        async with offices(place) as (one,):
            made, _ = await issued(one.state, audienceless())
            mine = session(made, granted(made, "b@example.org"))
            await one.state.visits.open_session(mine)
            await one.state.visits.wish(WishKind.CODE, mine, "", NOON)
            match how:
                case "revoked":
                    await one.state.share_keeping.revoke(made.id, "officer")
                case "proved elsewhere":
                    await one.state.visits.close_session(mine.cookie_hash)
                case _:
                    one.rules = policy()
            await one.turn()
            assert one.mail("b@example.org") == []
            assert rows(place, share_intent, "state") == [("failed",)]

    asyncio.run(story())


# --- asking and revoking ----------------------------------------------------------------------------------------------


def test_who_was_forwarded_a_link_asks_the_sender_once(place: Place):
    async def story() -> None:
        async with offices(place) as (one,):
            made, _ = await issued(one.state, audienceless())
            for number in range(3):
                mine = session(made, granted(made, "b@example.org"), f"stranger {number}")
                await one.state.visits.open_session(mine)
                hostile = "x@evil.example\r\nBcc: everybody@example.org\r\n\r\nhttps://evil.example/"
                await one.state.visits.wish(WishKind.ASK, mine, hostile, NOON, hostile, most=1, within=timedelta(days=1))
                await one.turn()
            (mail,) = one.mail(SENDER)
            assert "b@example.org" in mail.get_content()
            assert "evil" not in mail.as_string()
            assert "7KQ-402" in mail["Subject"]

    asyncio.run(story())


def test_nobody_is_asked_where_the_sender_has_no_grant(place: Place):
    async def story() -> None:
        async with offices(place) as (one,):
            made, _ = await issued(one.state, audienceless(grants=(grant(audiences=()),)))
            mine = session(made, granted(made, "b@example.org"))
            await one.state.visits.open_session(mine)
            await one.state.visits.wish(WishKind.ASK, mine, "", NOON)
            await one.turn()
            assert rows(place, share_intent, "state", "result") == [("failed", "nobody may be told")]
            assert rows(place, outbox_table, "id") == []

    asyncio.run(story())


def test_a_revoked_share_is_withdrawn_from_its_place_and_stays_known(place: Place):
    async def story() -> None:
        async with offices(place) as (one,):
            made, tokens = await issued(one.state, audienceless(files=(file("1"), file("2"))))
            await one.state.share_keeping.put(Wish("w1", WishKind.REVOKE, made.id, "A. Smith", NOON, why="wrong person"))
            await one.turn()
            await one.turn()
            assert [await one.state.visits.find(token, NOON) for token in tokens.values()] == [None, None]
            assert one.shed.withdrawn == [each.object_id for each in made.files]
            there = await one.state.shares.get(made.id)
            assert (there.state, there.ended_by, there.ended_why) == (Standing.PURGED, "A. Smith", "wrong person")
            assert await one.state.shares.in_use([each.object_id for each in made.files]) == frozenset()
            events = sorted(await one.state.audit.events(), key=lambda event: event.number)
            assert [event.event for event in events] == ["share.made", "share.revoked", "share.purged", "share.withdrawn"]

    asyncio.run(story())


def test_what_is_revoked_for_one_person_is_first_taken_from_them_in_its_place(place: Place):
    async def story() -> None:
        async with offices(place) as (one,):
            made, _ = await issued(one.state, audienceless())
            theirs = granted(made, "b@example.org")
            await one.state.share_keeping.put(Wish("w1", WishKind.REVOKE, made.id, "A. Smith", NOON, grant=theirs.id, why="left"))
            one.shed.is_down = True
            await one.turn()
            assert granted(await one.state.shares.get(made.id), "b@example.org").state is Standing.OPEN, "nobody is told that it was done"
            one.shed.is_down = False
            one.clock.turn(seconds=LEASE_SECONDS + 1)
            await one.turn()
            assert one.shed.taken_from == ["b@example.org"]
            assert granted(await one.state.shares.get(made.id), "b@example.org").state is Standing.REVOKED
            assert rows(place, share_intent, "state", "result") == [("done", "b@example.org can open it no more")]

    asyncio.run(story())


def test_a_place_that_is_down_is_told_again_later_and_a_retry_waits_for_it(place: Place):
    async def story() -> None:
        async with offices(place) as (one,):
            made, tokens = await issued(one.state, audienceless())
            one.shed.is_down = True
            one.clock.turn(days=60)
            await one.turn()
            again = audienceless(made_at=one.clock.at, expires_at=one.clock.at + timedelta(days=60), files=(file(object_id="shares-new"),))
            with pytest.raises(TryLater, match="being deleted"):
                await issued(one.state, again)
            one.shed.is_down = False
            await one.turn()
            assert one.shed.withdrawn == [], "not at once again"
            one.clock.seconds += 61
            await one.turn()
            assert one.shed.withdrawn == [each.object_id for each in made.files]
            opened, links = await issued(one.state, again)
            assert links == tokens
            assert (opened.state, opened.files) == (Standing.OPEN, again.files)
            await one.turn()
            assert (await one.state.shares.get(made.id)) == opened

    asyncio.run(story())


def test_a_place_that_was_away_and_refuses_then_is_told_of_once(place: Place):
    """Found: that it had been away first made the refusal silent for ever, and the files of a revoked share stayed there."""

    async def story() -> None:
        async with offices(place) as (one,):
            await issued(one.state, audienceless())
            one.shed.is_down = True
            one.clock.turn(days=60)
            await one.turn()
            one.shed.is_down, one.shed.refuses = False, True
            for _ in range(3):
                one.clock.seconds += 4000
                await one.turn()
            assert one.log.getvalue().count("its files cannot be withdrawn") == 1

    asyncio.run(story())


def test_the_shares_of_a_place_that_is_gone_keep_no_other_from_being_withdrawn(place: Place):
    """The newest twenty were looked at: one older of a place that works was never withdrawn."""

    async def story() -> None:
        async with offices(place) as (one,):
            await issued(one.state, audienceless())
            for number in range(24):
                files = (file("1", object_id=f"shares-gone-{number}"),)
                other = audienceless(place="sold", key=bytes([number] * 32), made_at=NOON + timedelta(minutes=1), files=files)
                await issued(one.state, replace(other, id=f"GONE-{number}", grants=(grant(id=f"g-{number}"),)))
            one.clock.turn(days=61)
            await one.turn()
            assert one.shed.withdrawn == [file().object_id]
            for _ in range(8):
                await one.turn()
            assert one.log.getvalue().count("is not configured any more") == 1

    asyncio.run(story())


def test_files_that_never_go_do_not_keep_those_that_ended_after_them(place: Place):
    async def story() -> None:
        async with offices(place) as (one,):
            for number in range(10):
                changed = {"id": f"S-{number}", "key": bytes([number] * 32), "files": (file("1", object_id=f"shares-{number}"),)}
                await issued(one.state, audienceless(**changed, grants=(grant(id=f"g-{number}"),)))
            one.shed.stuck = {f"shares-{number}" for number in range(8)}
            one.clock.turn(days=61)
            for _ in range(3):
                await one.turn()
            assert one.shed.withdrawn == ["shares-8", "shares-9"]
            assert one.shed.tried == [f"shares-{number}" for number in range(10)], "each once, until its time has come"
            tried = []
            for seconds in (59, 1, 119, 1, 239, 1):
                one.clock.seconds += seconds
                before = len(one.shed.tried)
                await one.turn()
                await one.turn()
                tried.append(len(one.shed.tried) - before)
            assert tried == [0, 8, 0, 8, 0, 8], "less and less often"

    asyncio.run(story())


# --- the end ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "days", "why"),
    [
        ({"idle": None}, 60, "its time was over"),
        ({"idle": timedelta(days=30)}, 30, "nobody has fetched anything for too long"),
        ({"idle": timedelta(days=90)}, 60, "its time was over"),
    ],
)
def test_a_share_ends_by_time_and_by_idleness(place: Place, changes: dict, days: int, why: str):
    async def story() -> None:
        async with offices(place) as (one,):
            made, _ = await issued(one.state, audienceless(**changes))
            one.clock.turn(days=days, seconds=-1)
            await one.turn()
            assert (await one.state.shares.get(made.id)).state is Standing.OPEN
            one.clock.turn(seconds=END_EVERY.total_seconds())
            await one.turn()
            there = await one.state.shares.get(made.id)
            assert (there.state, there.ended_why, there.ended_at) == (Standing.PURGED, why, one.clock.at)
            assert one.shed.withdrawn == [each.object_id for each in made.files]

    asyncio.run(story())


def test_what_was_undone_waits_a_day_for_a_retry(place: Place):
    async def story() -> None:
        async with offices(place) as (one,):
            made, _ = await issued(one.state, audienceless())
            await one.state.shares.undo(made.id, frozenset({"b@example.org"}))
            await one.turn()
            assert (await one.state.shares.get(made.id)).state is Standing.UNDONE
            one.clock.at = (await one.state.shares.get(made.id)).ended_at + timedelta(days=1)
            await one.turn()
            assert (await one.state.shares.get(made.id)).state is Standing.PURGED
            assert one.shed.withdrawn == [each.object_id for each in made.files]

    asyncio.run(story())


async def fetch(one: Office, made: Share, cookie: str, *, whole: bool = True, files: tuple[str, ...] = ("1",)) -> None:
    """By the recipient, with a code from the mail."""
    mine = session(made, granted(made, "b@example.org"), cookie, one.clock.at)
    await one.state.visits.open_session(mine)
    await one.state.visits.wish(WishKind.CODE, mine, "", one.clock.at)
    await one.turn()
    assert (await one.state.visits.try_code(mine, one.code("b@example.org"), one.clock.at)).is_right
    for access in (await one.state.visits.begin(mine, files, "192.0.2.0/24", one.clock.at)).accesses:
        await one.state.visits.end(access.id, 1000 if whole else 10, one.clock.at, is_whole=whole)
    await one.turn()


@pytest.mark.parametrize("tell", [True, False])
def test_the_sender_hears_of_the_first_file_where_the_pack_wishes_it(place: Place, tell: bool):
    async def story() -> None:
        async with offices(place, rules=pack(tell_when_fetched=tell)) as (one,):
            made, _ = await issued(one.state, audienceless())
            await fetch(one, made, "broken", whole=False)
            assert one.mail(SENDER) == []
            for cookie in ("first", "second"):
                await fetch(one, made, cookie)
            assert [mail["Subject"] for mail in one.mail(SENDER)] == [
                "Fetched: the first of the files that you shared (share 7KQ-402)"
            ] * tell
            events = [event for event in await one.state.audit.events() if event.event == "share.fetched"]
            assert [event.details["octets"] for event in events] == [1010, 1000]
            assert set(events[0].details) == {"share", "grant", "file", "network", "octets", "is_whole"}

    asyncio.run(story())


def test_when_everybody_has_had_all_they_may_the_files_go(place: Place):
    async def story() -> None:
        async with offices(place) as (one,):
            made, _ = await issued(one.state, audienceless(download_limit=2))
            await fetch(one, made, "first")
            assert (await one.state.shares.get(made.id)).state is Standing.OPEN
            await fetch(one, made, "second")
            assert (await one.state.shares.get(made.id)).ended_why == "everybody has fetched it as often as they may"

    asyncio.run(story())


def test_rows_of_ended_shares_are_kept_as_long_as_is_said_and_then_nothing_is_left(place: Place):
    async def story() -> None:
        async with offices(place) as (one,):
            made, _ = await issued(one.state, audienceless())
            await fetch(one, made, "first")
            one.clock.turn(days=60)
            await one.turn()
            ended, keeping = one.clock.at, one.state.share_keeping
            await keeping.forget(ended, ended + timedelta(days=400))
            assert (await one.state.shares.get(made.id)).state is Standing.PURGED
            assert len(await one.state.visits.accesses(made.id)) == 1
            await keeping.forget(ended + timedelta(seconds=1), ended + timedelta(days=400))
            tables = [table for table in metadata.tables.values() if table.name.startswith(("share", "portal"))]
            assert [table.name for table in tables if rows(place, table, *table.primary_key.columns.keys())] == []
            assert await one.state.audit.verify() == ()

    asyncio.run(story())
