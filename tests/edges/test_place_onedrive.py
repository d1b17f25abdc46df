"""OneDrive: against a Graph that keeps what it is told, throttles, loses, forgets and fills up."""

import asyncio
import base64
import random
import tracemalloc
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from pydantic import TypeAdapter

from gateway.config import OneDrivePlace
from gateway.edges.graph_files import RANGE, UNIT
from gateway.edges.place_onedrive import OneDrive
from gateway.edges.quickxor import quick_xor
from gateway.errors import TryLater, Unusable, WillNotDo
from tests.doubles import START, Octets
from tests.edges.placing import MemoryShares, TurningClock, broken_off, parcel, until
from tests.peers import free_port
from tests.peers.graph import Graph, graph
from tests.peers.https import Do, Reply

PLAN = {"plan.pdf": b"%PDF-1.7 " + b"x" * 5000}
LARGE = {"large.bin": random.Random(7).randbytes(2 * RANGE + UNIT + 17)}
B, C = "b@university.example", "C@brightsteps.example"


pytestmark = pytest.mark.slow  # a hundred small stories with TLS


@pytest.fixture(scope="module")
def peer():
    with graph() as running:
        yield running


@pytest.fixture(autouse=True)
def fresh(peer: Graph):
    """The same server, with an empty drive and nothing scripted."""
    kept = (peer.directory, peer.port, peer.lock)
    Graph.__init__(peer, kept[0], kept[1])
    peer.now = lambda: START
    yield
    assert not peer.faults


@asynccontextmanager
async def onedrive(peer: Graph, clock=None, shares=None, **settings):
    clock = clock or TurningClock()
    wanted = TypeAdapter(OneDrivePlace).validate_python(peer.settings(**settings))
    place = OneDrive("onedrive", wanted, clock, shares or MemoryShares(), sleep=getattr(clock, "sleep", asyncio.sleep))
    try:
        yield place
    finally:
        await place.close()


def put(peer, wanted, *, seconds=500.0, clock=None, shares=None, **settings):
    async def story():
        watch = clock or TurningClock()
        async with onedrive(peer, watch, shares, **settings) as place:
            return await place.put(wanted, watch.monotonic() + seconds)

    return asyncio.run(story())


def test_each_person_has_a_link_of_their_own_that_ends_and_opens_for_them_alone(peer):
    placed = put(peer, parcel({**PLAN, **LARGE}, (B, C)))

    first, second = placed.offers
    assert (first.address, second.address, first.how) == (B, C, "onedrive")
    assert first.until == second.until == START + timedelta(days=14)
    assert peer.opened(first.link, B) == peer.opened(second.link, C) == {**PLAN, **LARGE}
    assert first.link != second.link
    assert peer.opened(first.link, C) is None
    assert peer.opened(first.link, "stranger@elsewhere.example") is None
    peer.now = lambda: START + timedelta(days=14)
    assert peer.opened(first.link, B) is None


def test_nothing_at_the_service_names_a_person_to_another(peer):
    put(peer, parcel(PLAN, (B, C)))

    names = " ".join(peer.path(item) for item in peer.items.values()).lower()
    assert "university" not in names
    assert "brightsteps" not in names
    assert all(len(one.people) == 1 for item in peer.items.values() for one in item.permissions.values())


def test_files_are_sent_once_in_ranges_of_the_right_size_and_without_our_token(peer):
    put(peer, parcel(LARGE, (B, C)))

    size = len(LARGE["large.bin"])
    assert peer.ranges == [(0, RANGE - 1), (RANGE, 2 * RANGE - 1), (2 * RANGE, size - 1)]
    assert peer.authorised_ranges == 0
    assert peer.seen["copy"] == 1


def test_people_who_get_different_files_see_only_theirs(peer):
    both = parcel({**PLAN, "costs.xlsx": b"1,2"}, (B, C))
    sender, first, second = both.share.grants
    grants = (sender, replace(first, files=("1",)), replace(second, files=("2",)))
    placed = put(peer, replace(both, share=replace(both.share, grants=grants)))

    assert peer.opened(placed.offers[0].link, B) == PLAN
    assert peer.opened(placed.offers[1].link, C) == {"costs.xlsx": b"1,2"}


def test_an_empty_file_and_odd_names_arrive(peer):
    placed = put(peer, parcel({"": b"", "../CON": b"a", "a:b?.pdf": b"b", "A_B_.pdf": b"c", "\u202egpj.exe": b"d"}))

    assert peer.opened(placed.offers[0].link, B) == {"file": b"", "_CON": b"a", "a_b_.pdf": b"b", "A_B_ (2).pdf": b"c", "gpj.exe": b"d"}


@pytest.mark.parametrize("link", ["anyone", "organisation"])
def test_links_for_others_than_named_people_when_the_settings_say_so(peer, link):
    placed = put(peer, parcel(PLAN), link=link)

    assert peer.opened(placed.offers[0].link) == PLAN
    assert peer.seen["grant"] == 0


def test_the_service_may_give_another_address_when_it_lets_a_person_in(peer):
    peer.grants_new_url = True

    placed = put(peer, parcel(PLAN))

    assert placed.offers[0].link.endswith("-new")
    assert peer.opened(placed.offers[0].link, B) == PLAN


# --- retries ------------------------------------------------------------------------------------------------------------


def test_putting_the_same_again_changes_nothing(peer):
    shares = MemoryShares()
    first = put(peer, parcel({**PLAN, **LARGE}, (B, C)), shares=shares)
    items, ranges = sorted(peer.items), len(peer.ranges)

    again = put(peer, parcel({**PLAN, **LARGE}, (B, C)), shares=shares)

    assert again.offers == first.offers
    assert sorted(peer.items) == items
    assert len(peer.ranges) == ranges


@pytest.mark.parametrize("after", ["session", "range", "copy", "link", "grant"])
def test_killed_in_the_middle_and_put_again_nothing_is_there_twice(peer, after):
    async def story():
        clock, shares = TurningClock(), MemoryShares()
        async with onedrive(peer, clock, shares) as place:
            await broken_off(place.put(parcel({**PLAN, **LARGE}, (B, C)), clock.monotonic() + 500), lambda: peer.seen[after] > 0)
        async with onedrive(peer, clock, shares) as place:
            return await place.put(parcel({**PLAN, **LARGE}, (B, C)), clock.monotonic() + 500)

    placed = asyncio.run(story())

    assert sorted(peer.files().values(), key=len) == [*PLAN.values()] * 2 + [*LARGE.values()] * 2
    assert [len(item.permissions) for item in peer.items.values() if item.permissions] == [1, 1]
    assert peer.opened(placed.offers[0].link, B) == peer.opened(placed.offers[1].link, C) == {**PLAN, **LARGE}


def test_what_was_begun_is_known_before_anything_is_there(peer):
    shares = MemoryShares()
    peer.room = 10

    with pytest.raises(Unusable):
        put(peer, parcel(PLAN), shares=shares)

    (share,) = shares.shares.values()
    assert peer.files() == {}
    assert share.reference.startswith("Outgate/")


# --- withdrawing --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("for_good", [True, False])
def test_what_is_withdrawn_opens_for_nobody_and_is_gone(peer, for_good):
    peer.can_delete_for_good = for_good

    async def story():
        clock = TurningClock()
        async with onedrive(peer, clock) as place:
            placed = await place.put(parcel(PLAN, (B, C)), clock.monotonic() + 500)
            await place.withdraw(placed.share)
            await place.withdraw(placed.share)
            return placed

    placed = asyncio.run(story())

    assert peer.files() == {}
    assert peer.opened(placed.offers[0].link, B) is None
    assert all(not item.permissions for item in peer.recycle_bin)
    assert bool(peer.recycle_bin) is not for_good


def test_from_one_person_it_is_withdrawn_and_the_others_keep_it(peer):
    async def story():
        clock = TurningClock()
        async with onedrive(peer, clock) as place:
            placed = await place.put(parcel(PLAN, (B, C)), clock.monotonic() + 500)
            await place.withdraw(placed.share, placed.share.grants[1])
            return placed

    first, second = asyncio.run(story()).offers
    assert peer.opened(first.link, B) is None
    assert peer.opened(second.link, C) == PLAN
    assert len(peer.files()) == 1


def test_a_share_of_which_only_the_row_is_known_is_withdrawn_too(peer):
    async def story():
        clock, wanted = TurningClock(), parcel(PLAN)
        async with onedrive(peer, clock) as place:
            await place.put(wanted, clock.monotonic() + 500)
            await place.withdraw(wanted.share)

    asyncio.run(story())
    assert peer.files() == {}


def test_withdrawing_where_the_service_is_dead_is_tried_later(peer):
    async def story():
        async with onedrive(peer, graph=f"https://localhost:{free_port()}/v1.0") as place:
            await place.withdraw(parcel(PLAN).share)

    with pytest.raises(TryLater):
        asyncio.run(story())


# --- expiry -------------------------------------------------------------------------------------------------------------


def test_a_link_that_ends_earlier_is_offered_with_its_own_end(peer):
    peer.latest = timedelta(days=3)

    assert put(peer, parcel(PLAN)).offers[0].until == START + timedelta(days=3)


def test_a_link_that_never_ends_or_ends_too_late_is_taken_back(peer):
    peer.ignores_expiry = True
    with pytest.raises(Unusable, match="never ends"):
        put(peer, parcel(PLAN))
    assert not any(item.permissions for item in peer.items.values())

    peer.ignores_expiry, peer.earliest = False, timedelta(days=30)
    with pytest.raises(Unusable, match="ends later than was asked"):
        put(peer, parcel(PLAN))
    assert not any(item.permissions for item in peer.items.values())


def test_where_nobody_tells_who_fetches_idleness_begins_when_the_share_is_made(peer):
    shares = MemoryShares()

    assert put(peer, parcel(PLAN, days=60, idle=timedelta(days=5)), shares=shares).offers[0].until == START + timedelta(days=5)

    (share,) = shares.shares.values()
    assert (share.expires_at, share.idle) == (START + timedelta(days=5), None)


def test_an_older_link_that_has_ended_or_outlives_the_share_is_made_anew(peer):
    put(peer, parcel(PLAN, days=60))

    assert put(peer, parcel(PLAN, days=14)).offers[0].until == START + timedelta(days=14)

    clock = TurningClock()
    clock.turn(days=20)
    peer.now = lambda: START + timedelta(days=20)
    later = put(peer, parcel(PLAN, days=34), clock=clock)
    assert later.offers[0].until == START + timedelta(days=34)
    assert peer.opened(later.offers[0].link, B) == PLAN


# --- people -------------------------------------------------------------------------------------------------------------


def test_people_whom_the_service_does_not_let_in_are_named_and_nothing_of_theirs_is_left(peer):
    shares = MemoryShares()
    peer.strangers = {C.lower()}

    with pytest.raises(Unusable) as refused:
        put(peer, parcel(PLAN, (B, C)), shares=shares)

    assert refused.value.recipients == (C.lower(),)
    assert shares.undone == {"7KQ-402": frozenset({C.lower()})}
    assert len(peer.files()) == 1
    placed = put(peer, parcel(PLAN, (B,)), shares=shares)
    assert peer.opened(placed.offers[0].link, B) == PLAN


def test_the_first_of_them_is_not_let_in_and_the_next_have_their_files(peer):
    """Found: their files were copied from the folder that had just been deleted."""
    peer.strangers = {B}

    with pytest.raises(Unusable) as refused:
        put(peer, parcel(PLAN, (B, C, "d@university.example")))

    assert refused.value.recipients == (B,)
    assert len(peer.files()) == 2


# --- errors of the service ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "lost",
    [
        (Do.LOSE,),
        (None, Do.LOSE),
        (None, Do.FORGET),
        (Do.DROP, Do.DROP),
        (None, Do.HALF),
        (Do.DO_AND_DROP,),
        (None, Do.DO_AND_DROP),
        (Reply(500), Reply(502), Reply(504)),
        (Reply(429, retry_after="7"),),
        (None, Reply(503, retry_after="7")),
    ],
)
def test_what_an_upload_loses_is_sent_again(peer, lost):
    peer.trouble("range", *lost)

    placed = put(peer, parcel(LARGE))

    assert peer.opened(placed.offers[0].link, B) == LARGE
    assert len(peer.files()) == 1


def test_the_answer_to_the_last_range_may_be_lost(peer):
    peer.trouble("range", None, None, Do.DO_AND_DROP)

    placed = put(peer, parcel(LARGE))

    assert peer.opened(placed.offers[0].link, B) == LARGE
    assert len(peer.files()) == 1


def test_a_session_that_ended_when_its_state_was_asked_is_begun_anew(peer):
    peer.trouble("range", None, Do.LOSE)
    peer.trouble("status", Do.FORGET)

    assert peer.opened(put(peer, parcel(LARGE)).offers[0].link, B) == LARGE
    assert peer.seen["session"] == 2


def test_an_upload_that_is_always_sent_back_is_tried_later(peer):
    peer.trouble("range", *[Do.LOSE] * 100)

    with pytest.raises(TryLater, match="sent back"):
        put(peer, parcel(LARGE))


STAGES = ["token", "drive", "folder", "children", "session", "range", "link", "grant"]


@pytest.mark.parametrize("stage", STAGES[1:])
def test_a_busy_service_is_waited_for_as_long_as_it_says(peer, stage):
    clock = TurningClock()
    peer.trouble(stage, Reply(429, retry_after="11"), Reply(503, retry_after="Thu, 05 Nov 2026 14:06:41 GMT"))

    placed = put(peer, parcel(PLAN), clock=clock)

    assert peer.opened(placed.offers[0].link, B) == PLAN
    assert clock.waits == [11.0, 30.0]  # 14:06:00, and 11 seconds later until 14:06:41


@pytest.mark.parametrize("stage", STAGES[1:])
def test_a_busy_service_is_not_waited_for_beyond_the_deadline(peer, stage):
    clock = TurningClock()
    peer.trouble(stage, *[Reply(429, retry_after="60")] * 9)

    with pytest.raises(TryLater):
        put(peer, parcel(PLAN), clock=clock, seconds=90)

    assert clock.waits == [60.0]


@pytest.mark.parametrize("stage", STAGES)
def test_a_service_that_fails_on_is_tried_later(peer, stage):
    peer.trouble(stage, *[Reply(500)] * 60)

    with pytest.raises(TryLater):
        put(peer, parcel(PLAN))


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("reply", [Reply(400, "invalidRequest"), Reply(403, "accessDenied")])
def test_a_service_that_refuses_makes_the_route_unusable(peer, stage, reply):
    peer.trouble(stage, *[reply] * 3)

    with pytest.raises(Unusable) as refused:
        put(peer, parcel(PLAN))

    assert "university" not in str(refused.value)  # the service's sentence named somebody
    assert "plan" not in str(refused.value)


@pytest.mark.parametrize("stage", ["folder", "session", "range", "small"])
def test_a_full_drive_makes_the_route_unusable(peer, stage):
    peer.trouble(stage, Reply(507, "quotaLimitReached"))

    with pytest.raises(Unusable, match="full"):
        put(peer, parcel({"empty": b""} if stage == "small" else PLAN))


def test_a_drive_with_less_room_than_the_file_takes_is_full(peer):
    peer.room = 100

    with pytest.raises(Unusable, match="full"):
        put(peer, parcel(PLAN))


@pytest.mark.parametrize("stage", ["session", "link", "grant", "children"])
def test_somebody_else_at_work_is_tried_later(peer, stage):
    peer.trouble(stage, Reply(423, "resourceLocked"))

    if stage == "grant":
        with pytest.raises(Unusable):
            put(peer, parcel(PLAN))
    else:
        with pytest.raises(TryLater):
            put(peer, parcel(PLAN))


@pytest.mark.parametrize("stage", STAGES[1:])
def test_a_token_that_has_ended_is_got_anew_once(peer, stage):
    peer.trouble(stage, *([Reply(401)] if stage != "range" else []))

    assert peer.opened(put(peer, parcel(PLAN)).offers[0].link, B) == PLAN
    assert peer.seen["token"] == (2 if stage != "range" else 1)


def test_tokens_that_end_at_once_are_not_got_for_ever(peer):
    peer.token_seconds = -1.0

    with pytest.raises(Unusable, match="may not"):
        put(peer, parcel(PLAN))
    assert peer.seen["token"] == 2


def test_a_certificate_that_the_application_does_not_know_is_said(peer):
    with graph() as other, pytest.raises(Unusable, match="invalid_client, AADSTS700027"):
        put(peer, parcel(PLAN), key=str(other.directory / "app.key"))


@pytest.mark.parametrize("which", ["graph", "login"])
def test_a_dead_service_makes_the_route_unusable(peer, which):
    dead = f"https://localhost:{free_port()}" + ("/v1.0" if which == "graph" else "")

    with pytest.raises(Unusable, match="cannot be reached"):
        put(peer, parcel(PLAN), **{which: dead})


def test_a_service_with_a_strange_certificate_is_not_spoken_to(peer):
    with graph() as other, pytest.raises(Unusable, match="cannot be reached"):
        put(peer, parcel(PLAN), ca=str(other.directory / "ca.pem"))
    assert peer.seen["token"] == 0


def test_the_token_goes_to_graph_alone(peer):
    put(peer, parcel({**PLAN, "b": b"b", "c": b"c"}))
    peer.pages_at = "https://elsewhere.example"

    with pytest.raises(Unusable, match="another host"):
        put(peer, parcel({**PLAN, "b": b"b", "c": b"c"}))


def test_a_file_that_arrives_changed_is_deleted_again(peer):
    peer.spoils = True

    with pytest.raises(TryLater, match="changed"):
        put(peer, parcel(PLAN))
    assert peer.files() == {}


def test_too_many_uploads_at_once_wait_for_their_turn_and_no_longer(peer):
    async def story():
        clock = TurningClock()
        async with onedrive(peer, clock, uploads=1) as place:
            one = asyncio.ensure_future(place.put(parcel(PLAN, key=b"1" * 32), clock.monotonic() + 500))
            await until(lambda: peer.seen["range"])
            with pytest.raises(TryLater, match="at the same time"):
                await place.put(parcel(PLAN, key=b"2" * 32), clock.monotonic() + 0.05)
            peer.go.set()
            await one
            return await place.put(parcel(PLAN, key=b"3" * 32), clock.monotonic() + 5)

    peer.trouble("range", Do.WAIT)
    assert asyncio.run(story()).offers


# --- doctor -------------------------------------------------------------------------------------------------------------


def check(peer, **settings):
    async def story():
        async with onedrive(peer, **settings) as place:
            await place.check()

    asyncio.run(story())


def test_check_signs_in_and_makes_the_folder(peer):
    check(peer)

    assert [item.name for item in peer.items.values()] == ["root", "Outgate"]


def test_check_says_what_to_do(peer):
    peer.room = 0
    with pytest.raises(WillNotDo, match="make room"):
        check(peer)
    with pytest.raises(Unusable, match="look at `user`, `site` or `drive`"):
        check(peer, user="nobody@ct.example")
    with pytest.raises(Unusable, match="cannot be read as PEM"):
        check(peer, key="/nowhere/app.key")


@pytest.mark.parametrize(
    ("octets", "mark"),
    [
        ("", "AAAAAAAAAAAAAAAAAAAAAAAAAAA="),
        ("Sg==", "SgAAAAAAAAAAAAAAAQAAAAAAAAA="),
        ("tbQ=", "taAFAAAAAAAAAAAAAgAAAAAAAAA="),
        ("0pZP", "0rDEEwAAAAAAAAAAAwAAAAAAAAA="),
    ],
)
def test_quick_xor_is_that_of_others(octets, mark):
    assert quick_xor(Octets(base64.b64decode(octets))) == mark


class Long:
    """model.message.Content that is nowhere."""

    octets = 64 * 1024 * 1024

    def read(self, start, end):
        return b"\x07" * (end - start)


def test_memory_stays_flat(peer):
    wanted = parcel({"long.bin": b""})
    file = replace(wanted.share.files[0], octets=Long.octets)
    wanted = replace(wanted, share=replace(wanted.share, files=(file,)), contents={"1": Long()})
    peer.forgets_octets, peer.hashes = True, False
    tracemalloc.start()
    try:
        put(peer, wanted)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 24 * 1024 * 1024, f"{peak} octets, of which the server, in this process too, holds a range of {RANGE}"
