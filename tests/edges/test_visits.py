"""What the portal may do with a link: come in, prove the mailbox, fetch, ask; and nothing without being let in."""

import asyncio
import secrets as random
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from gateway.edges.database import open_engine
from gateway.edges.share_secrets import Secrets
from gateway.edges.tables import micros, portal_session, share_code, share_intent
from gateway.edges.tables import share as share_table
from gateway.model.share import WishKind
from gateway.ports.visits import CodeTried, Limit
from tests.edges.durable import NOON, Place, living
from tests.edges.sharing import granted, issued, session, share

MINUTES = timedelta(minutes=15)


def in_the_database(place: Place, *statements) -> None:
    engine = open_engine(place.url)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(statement)
    engine.dispose()


async def proved(state, place, one, whose, cookie="cookie"):
    """A session whose code was right."""
    mine = session(one, whose, cookie)
    await state.visits.open_session(mine)
    in_the_database(
        place,
        update(portal_session).where(portal_session.c.hash == mine.cookie_hash).values(proved_at=micros(NOON)),
    )
    return mine


@pytest.mark.parametrize("written", ["{}", " {} ", "UPPER {}", "grouped {}", "https://files.example.gov.uk/#{}"])
def test_a_link_opens_as_people_paste_it(place: Place, written: str):
    async def story() -> None:
        async with living(place) as (state,):
            made, tokens = await issued(state)
            token = tokens["recipient b@example.org"]
            grouped = "-".join(token[n : n + 4] for n in range(0, 32, 4))
            pasted = {"UPPER {}": token.upper(), "grouped {}": grouped}.get(written, written.format(token))
            assert await state.visits.find(pasted, NOON) == (made.id, granted(made, "b@example.org").id)

    asyncio.run(story())


def test_what_does_not_open_is_nothing_whatever_the_reason(place: Place):
    async def story() -> None:
        async with living(place) as (state,):
            made, tokens = await issued(state)
            token = tokens["recipient b@example.org"]
            assert await state.visits.find(token, NOON + timedelta(days=30, seconds=-1)) is not None
            assert await state.visits.find(token, NOON + timedelta(days=30)) is None, "idle"
            in_the_database(place, update(share_table).values(used_at=micros(NOON + timedelta(days=59))))
            assert await state.visits.find(token, NOON + timedelta(days=60, seconds=-1)) is not None
            assert await state.visits.find(token, NOON + timedelta(days=60)) is None, "expired"
            for wrong in ("", "a" * 32, token[:-1], token + "a", "ä" * 32, "\ud800" * 32, token[:-1] + "1", "x" * 100_000):
                assert await state.visits.find(wrong, NOON) is None
            assert made.state == "open"

    asyncio.run(story())


def test_a_session_ends_by_idleness_by_age_and_with_its_grant(place: Place):
    async def story() -> None:
        async with living(place) as (state,):
            made, _ = await issued(state)
            mine = session(made, granted(made, "b@example.org"))
            await state.visits.open_session(mine)
            await state.visits.open_session(mine)
            assert await state.visits.session(mine.cookie_hash, NOON + timedelta(minutes=10), MINUTES) == mine
            await state.store.flush()
            assert await state.visits.session(mine.cookie_hash, NOON + timedelta(minutes=24), timedelta(days=1)) is not None
            await state.store.flush()
            assert await state.visits.session(mine.cookie_hash, NOON + timedelta(hours=8, seconds=-1), MINUTES) is not None
            assert await state.visits.session(mine.cookie_hash, NOON + timedelta(hours=8), MINUTES) is None
            assert await state.visits.session(b"x" * 32, NOON, MINUTES) is None
            await state.share_keeping.revoke(made.id, "officer")
            assert await state.visits.session(mine.cookie_hash, NOON, MINUTES) is None

    asyncio.run(story())


def test_a_code_is_good_once_for_the_browser_that_asked_and_five_tries(place: Place):
    def sent(one, code: str, at=NOON) -> None:
        code_id = random.token_hex(8)
        key_id, hashed = Secrets.of_folder(place.keys).code_hash(code_id, code)
        row = {"id": code_id, "grant_id": one.grant, "session": one.cookie_hash, "key_id": key_id, "hash": hashed}
        until = micros(at + timedelta(minutes=10))
        in_the_database(place, share_code.insert().values(**row, tries=0, made_at=micros(at), until=until, used_at=None))

    async def story() -> None:
        async with living(place) as (state,):
            made, _ = await issued(state)
            one, other = (session(made, granted(made, "b@example.org"), cookie) for cookie in ("one", "other"))
            for each in (one, other):
                await state.visits.open_session(each)
            assert await state.visits.try_code(one, "12345678", NOON) == CodeTried(False, 0), "none was sent"
            sent(one, "12345678")
            assert await state.visits.try_code(other, "12345678", NOON) == CodeTried(False, 0)
            tried = [await state.visits.try_code(one, "00000000", NOON) for _ in range(6)]
            assert [each.tries_left for each in tried] == [4, 3, 2, 1, 0, 0]
            assert await state.visits.try_code(one, "12345678", NOON) == CodeTried(False, 0), "locked"
            sent(one, "87654321", NOON + timedelta(minutes=1))
            assert await state.visits.try_code(one, "8765 4321", NOON + timedelta(minutes=11)) == CodeTried(False, 0), "too late"
            sent(one, "11112222", NOON + timedelta(minutes=2))
            assert (await state.visits.try_code(one, " 1111 2222\n", NOON + timedelta(minutes=3))).is_right
            found = await state.visits.session(one.cookie_hash, NOON, MINUTES)
            assert found is not None
            assert found.proved_at == NOON + timedelta(minutes=3)
            assert granted(await state.shares.get(made.id), "b@example.org").opened_at == NOON + timedelta(minutes=3)
            assert not (await state.visits.try_code(one, "11112222", NOON + timedelta(minutes=3))).is_right, "used"

    asyncio.run(story())


def test_a_file_is_fetched_by_who_has_proved_the_mailbox_and_it_is_noted(place: Place):
    async def story() -> None:
        async with living(place, processes=2) as (state, other):
            made, _ = await issued(state, share(download_limit=2))
            whose = granted(made, "b@example.org")
            unproved = session(made, whose, "unproved")
            await state.visits.open_session(unproved)
            assert (await state.visits.begin(unproved, ("1",), "192.0.2.0/24", NOON)).why_not == "closed"
            mine = await proved(state, place, made, whose)
            assert (await state.visits.begin(mine, ("1", "2"), "192.0.2.0/24", NOON)).why_not == "closed", "not a file of this grant"

            first = (await state.visits.begin(mine, ("1",), "192.0.2.0/24", NOON)).accesses[0]
            await state.visits.end(first.id, 400, NOON, is_whole=False)
            at = NOON + timedelta(minutes=1)
            assert [each.id for each in (await other.visits.begin(mine, ("1",), "192.0.2.0/24", at)).accesses] == [first.id], "it goes on"
            await state.visits.end(first.id, 600, at, is_whole=True)
            second = (await state.visits.begin(mine, ("1",), "192.0.2.0/24", at)).accesses[0]
            await state.visits.end(second.id, 1000, at, is_whole=True)
            assert (await state.visits.begin(mine, ("1",), "192.0.2.0/24", at)).why_not == "limit"

            seen = await other.visits.accesses(made.id)
            assert [(each.octets, each.is_whole, each.network) for each in seen] == [(1000, True, "192.0.2.0/24")] * 2
            there = await state.shares.get(made.id)
            assert (there.used_at, granted(there, "b@example.org").downloads) == (at, 2)
            await state.share_keeping.revoke(made.id, "officer")
            assert (await state.visits.begin(mine, ("1",), "192.0.2.0/24", at)).why_not == "closed"

    asyncio.run(story())


def test_who_never_takes_the_last_octet_does_not_fetch_for_ever(place: Place):
    async def story() -> None:
        async with living(place) as (state,):
            made, _ = await issued(state, share(download_limit=1))
            mine = await proved(state, place, made, granted(made, "b@example.org"))
            for _ in range(2):
                (access,) = (await state.visits.begin(mine, ("1",), "", NOON)).accesses
                await state.visits.end(access.id, 999, NOON, is_whole=False)
            await state.visits.end(access.id, 2, NOON, is_whole=False)
            assert (await state.visits.begin(mine, ("1",), "", NOON)).why_not == "limit"

    asyncio.run(story())


def test_a_double_click_is_one_wish_and_there_are_only_so_many(place: Place):
    async def story() -> None:
        async with living(place, processes=2) as states:
            made, _ = await issued(states[0])
            mine = session(made, granted(made, "b@example.org"), idle_until=NOON + timedelta(hours=9), ends_at=NOON + timedelta(hours=9))
            await states[0].visits.open_session(mine)
            wishes = await asyncio.gather(*(states[n % 2].visits.wish(WishKind.CODE, mine, "", NOON) for n in range(8)))
            assert len({each.id for each in wishes if each is not None}) == 1
            assert None not in wishes
            assert wishes[0].cookie_hash == mine.cookie_hash

            async def again(minutes: int):
                in_the_database(place, update(share_intent).values(state="done"))
                return await states[0].visits.wish(WishKind.CODE, mine, "", NOON + timedelta(minutes=minutes))

            assert [await again(n) is not None for n in range(1, 7)] == [True] * 4 + [False] * 2
            assert await again(65) is not None

    asyncio.run(story())


def test_who_holds_a_forwarded_link_cannot_use_up_the_codes_of_an_owner_who_was_here(place: Place):
    """Found: from several networks, five wishes an hour left none to whom the files are for."""

    async def story() -> None:
        async with living(place) as (state,):
            made, _ = await issued(state)
            whose = granted(made, "b@example.org")
            ends = {"idle_until": NOON + timedelta(hours=9), "ends_at": NOON + timedelta(hours=9)}
            await proved(state, place, made, whose, "before")

            async def asks(cookie: str, network: str, minute: int) -> bool:
                mine = session(made, whose, cookie, network=network, **ends)
                await state.visits.open_session(mine)
                wish = await state.visits.wish(WishKind.CODE, mine, "", NOON + timedelta(minutes=minute))
                in_the_database(place, update(share_intent).values(state="done"))
                return wish is not None

            strangers = [await asks(f"stranger {n}", f"198.51.{n}.0/24", n) for n in range(8)]
            assert strangers == [True] * 5 + [False] * 3
            assert [await asks(f"owner {n}", "192.0.2.0/24", 10 + n) for n in range(6)] == [True] * 5 + [False]

    asyncio.run(story())


def test_each_wish_is_for_whom_it_is_meant(place: Place):
    async def story() -> None:
        async with living(place) as (state,):
            made, _ = await issued(state)
            stranger = session(made, granted(made, "b@example.org"), "stranger")
            await state.visits.open_session(stranger)
            known = await proved(state, place, made, granted(made, "b@example.org"), "known")
            sender = await proved(state, place, made, granted(made, "a@derbyshire.gov.uk", "sender"), "sender")
            nobody = replace(known, cookie_hash=b"n" * 32)
            may = {
                (kind, who): await state.visits.wish(kind, each, "x", NOON) is not None
                for kind in WishKind
                for who, each in {"stranger": stranger, "known": known, "sender": sender, "nobody": nobody}.items()
            }
            assert {key for key, is_allowed in may.items() if is_allowed} == {
                (WishKind.CODE, "stranger"), (WishKind.ASK, "stranger"), (WishKind.REVOKE, "sender"),
            }  # fmt: skip

    asyncio.run(story())


def test_limits_give_back_with_time_and_take_all_or_nothing(place: Place):
    small, large = Limit("open", "192.0.2.1", 3, timedelta(seconds=10)), Limit("open", "192.0.2.0/24", 5, timedelta(seconds=1))

    async def story() -> None:
        async with living(place, processes=2) as states:
            waits = await asyncio.gather(*(states[n % 2].visits.take((small, large), NOON) for n in range(8)))
            assert sorted(waits) == [timedelta()] * 3 + [timedelta(seconds=10)] * 5
            assert await states[0].visits.take((large,), NOON) == timedelta(), "what was refused took nothing"
            at = NOON + timedelta(seconds=10)
            assert [await states[1].visits.take((small, large), at) for _ in range(2)] == [timedelta(), timedelta(seconds=10)]
            assert await states[0].visits.take((replace(small, who="192.0.2.2"),), NOON) == timedelta()

    asyncio.run(story())
