"""Cryptshare: against a server that keeps what it is told, refuses people, throttles and forgets."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from pydantic import TypeAdapter

from gateway.config import CryptsharePlace
from gateway.edges.place_cryptshare import CryptshareTransfers
from gateway.errors import TryLater, Unusable, WillNotDo
from tests.doubles import START
from tests.edges.placing import SENDER, MemoryShares, TurningClock, broken_off, parcel
from tests.peers import free_port
from tests.peers.cryptshare import Server, cryptshare
from tests.peers.https import Do, Reply

pytestmark = pytest.mark.slow  # many small stories with TLS

PLAN = {"plan.pdf": b"%PDF-1.7 " + b"x" * 5000}
TWO = {**PLAN, "costs.csv": b"1,2\r\n"}
B, C = "b@university.example", "C@brightsteps.example"


@pytest.fixture(scope="module")
def peer():
    with cryptshare() as running:
        yield running


@pytest.fixture(autouse=True)
def fresh(peer: Server):
    Server.__init__(peer, peer.directory, peer.port)
    peer.now = lambda: START
    yield
    assert not peer.faults


@asynccontextmanager
async def place_for(peer, clock, shares=None, **settings):
    wanted = TypeAdapter(CryptsharePlace).validate_python(peer.settings(**settings))
    place = CryptshareTransfers("cryptshare", wanted, clock, shares or MemoryShares(), "postmaster@ct.example", sleep=clock.sleep)
    try:
        yield place
    finally:
        await place.close()


def put(peer, wanted, *, seconds=300.0, clock=None, shares=None, **settings):
    async def story():
        watch = clock or TurningClock()
        async with place_for(peer, watch, shares, **settings) as place:
            return await place.put(wanted, watch.monotonic() + seconds)

    return asyncio.run(story())


def test_each_person_has_a_transfer_of_their_own_that_opens_with_the_senders_password(peer):
    placed = put(peer, parcel(TWO, (B, C)))

    first, second = placed.offers
    password = placed.sender.said["password"]
    assert (first.address, second.address, first.how, placed.sender.address) == (B, C, "cryptshare", SENDER)
    assert first.link != second.link
    assert peer.opened(first.link, password) == peer.opened(second.link, password) == TWO
    assert peer.opened(first.link) is None
    assert all(len(one.recipients) == 1 for one in peer.transfers())
    assert first.until == START + timedelta(days=14)


def test_the_password_is_told_to_the_sender_alone(peer):
    placed = put(peer, parcel(PLAN, (B,)))

    assert len(placed.sender.said["password"]) == 24
    assert placed.sender.link == ""
    assert placed.sender.said["password"] not in str(placed.offers)
    assert placed.offers[0].said == {"password_from": SENDER}


def test_where_the_link_is_enough_there_is_no_password(peer):
    placed = put(peer, parcel(PLAN, (B,)), opens_with="link")

    assert peer.opened(placed.offers[0].link) == PLAN
    assert placed.sender.said == placed.offers[0].said == {}


def test_the_server_sends_no_mail_and_knows_no_name_of_the_message(peer):
    put(peer, parcel(PLAN, (B,)))

    (transfer,) = peer.transfers()
    assert peer.mails == []
    assert transfer.settings["notificationMessage"]["subject"].startswith("7KQ-402 ")
    assert transfer.settings["sendUploadSummary"] is False


def test_names_are_safe_and_differ(peer):
    placed = put(peer, parcel({"a.pdf": b"1", "A.PDF": b"2", "../x": b"3", "": b""}, (B,)), opens_with="link")

    assert peer.opened(placed.offers[0].link) == {"a.pdf": b"1", "A (2).PDF": b"2", "_x": b"3", "file": b""}


def test_people_who_get_different_files_get_only_theirs(peer):
    both = parcel(TWO, (B, C))
    sender, first, second = both.share.grants
    grants = (sender, replace(first, files=("1",)), replace(second, files=("2",)))
    placed = put(peer, replace(both, share=replace(both.share, grants=grants)), opens_with="link")

    assert peer.opened(placed.offers[0].link) == PLAN
    assert peer.opened(placed.offers[1].link) == {"costs.csv": b"1,2\r\n"}


def test_where_the_server_does_not_say_the_link_the_settings_do(peer):
    peer.says_links = False

    placed = put(peer, parcel(PLAN, (B,)), link=peer.url + "/Start?transferId={transfer}", opens_with="link")
    assert peer.opened(placed.offers[0].link) == PLAN

    with pytest.raises(Unusable, match="look at `link`"):
        put(peer, parcel(PLAN, (B,), key=b"n" * 32))
    assert [one.state for one in peer.transfers()] == ["ACTIVE", "DELETED_BY_REVOCATION"]


# --- retries ------------------------------------------------------------------------------------------------------------


def test_putting_the_same_again_is_the_same_transfer_and_the_same_password(peer):
    shares = MemoryShares()
    first = put(peer, parcel(TWO, (B, C)), shares=shares)
    again = put(peer, parcel(TWO, (B, C)), shares=shares)

    assert again.offers == first.offers
    assert again.sender == first.sender
    assert len(peer.sent) == 2


@pytest.mark.parametrize("after", ["begin", "edit", "file", "content", "finish", "look"])
def test_killed_in_the_middle_and_put_again_nothing_is_there_twice(peer, after):
    async def story():
        clock, shares = TurningClock(), MemoryShares()
        async with place_for(peer, clock, shares) as place:
            await broken_off(place.put(parcel(TWO, (B, C)), clock.monotonic() + 300), lambda: peer.seen[after] > 0)
        async with place_for(peer, clock, shares) as place:
            return await place.put(parcel(TWO, (B, C)), clock.monotonic() + 300)

    placed = asyncio.run(story())

    assert len(peer.transfers()) == 2
    assert all(peer.opened(offer.link, placed.sender.said["password"]) == TWO for offer in placed.offers)


def test_a_retry_finds_its_transfer_among_hundreds(peer):
    shares = MemoryShares()
    first = put(peer, parcel(PLAN, (B,)), shares=shares)
    (mine,) = peer.transfers()
    others = {
        f"other{number}": replace(mine, id=f"other{number}", settings={**mine.settings, "notificationMessage": {}}) for number in range(250)
    }
    peer.sent = {**others, mine.id: mine}

    assert put(peer, parcel(PLAN, (B,)), shares=shares).offers == first.offers
    assert len(peer.sent) == 251


# --- withdrawing --------------------------------------------------------------------------------------------------------


def test_what_is_withdrawn_opens_for_nobody(peer):
    async def story():
        clock = TurningClock()
        async with place_for(peer, clock) as place:
            other = await place.put(parcel(PLAN, (B,), key=b"o" * 32), clock.monotonic() + 300)
            placed = await place.put(parcel(TWO, (B, C)), clock.monotonic() + 300)
            await place.withdraw(placed.share)
            await place.withdraw(placed.share)
            return other, placed

    other, placed = asyncio.run(story())
    assert all(peer.opened(offer.link, placed.sender.said["password"]) is None for offer in placed.offers)
    assert peer.opened(other.offers[0].link, other.sender.said["password"]) == PLAN


def test_from_one_person_it_is_withdrawn_and_the_others_keep_it(peer):
    async def story():
        clock = TurningClock()
        async with place_for(peer, clock, opens_with="link") as place:
            placed = await place.put(parcel(PLAN, (B, C)), clock.monotonic() + 300)
            await place.withdraw(placed.share, placed.share.grants[2])
            return placed

    first, second = asyncio.run(story()).offers
    assert peer.opened(first.link) == PLAN
    assert peer.opened(second.link) is None


def test_a_share_of_which_only_the_row_is_known_is_withdrawn_too(peer):
    wanted = parcel(PLAN, (B,))
    put(peer, wanted)

    async def story():
        async with place_for(peer, TurningClock()) as place:
            await place.withdraw(wanted.share)

    asyncio.run(story())
    assert [one.state for one in peer.transfers()] == ["DELETED_BY_REVOCATION"]


def test_withdrawing_where_the_server_is_dead_is_tried_later(peer):
    async def story():
        async with place_for(peer, TurningClock(), url=f"https://localhost:{free_port()}") as place:
            await place.withdraw(parcel(PLAN).share)

    with pytest.raises(TryLater):
        asyncio.run(story())


# --- policy and expiry ----------------------------------------------------------------------------------------------------


def test_people_whom_the_policy_does_not_allow_are_named_before_anything_is_there(peer):
    shares = MemoryShares()
    peer.refused_recipients = {C.lower()}

    with pytest.raises(Unusable) as refused:
        put(peer, parcel(PLAN, (B, C)), shares=shares)

    assert refused.value.recipients == (C.lower(),)
    assert peer.sent == {}
    assert shares.shares == {}
    assert put(peer, parcel(PLAN, (B,)), shares=shares).offers


def test_a_sender_whom_the_policy_does_not_allow_makes_the_route_unusable_for_everybody(peer):
    peer.forbidden_senders = {SENDER}

    with pytest.raises(Unusable, match="does not let this sender") as refused:
        put(peer, parcel(PLAN, (B, C)))

    assert refused.value.recipients == ()


def test_the_policy_says_how_much_and_how_long(peer):
    peer.policy = {"maxRetentionPeriod": 5, "maxTotalSize": 6000}
    assert put(peer, parcel(PLAN, (B,))).offers[0].until == START + timedelta(days=5)

    idle = parcel(PLAN, (B,), key=b"i" * 32, idle=timedelta(days=3))
    assert put(peer, idle).offers[0].until == START + timedelta(days=3)

    peer.policy = {"maxTotalSize": 100}
    with pytest.raises(Unusable, match="100 octets"):
        put(peer, parcel(PLAN, (B,), key=b"n" * 32))


def test_a_password_mode_that_the_policy_does_not_allow_is_said(peer):
    peer.modes = ["GENERATED"]

    with pytest.raises(Unusable, match="password mode MANUAL"):
        put(peer, parcel(PLAN, (B,)))
    with pytest.raises(Unusable, match="password mode NONE"):
        put(peer, parcel(PLAN, (B,)), opens_with="link")


def test_rules_that_no_password_of_ours_fits_are_said(peer):
    peer.least_password = 99

    with pytest.raises(Unusable, match="none of 16 passwords"):
        put(peer, parcel(PLAN, (B,)))


def test_a_transfer_that_ends_later_than_asked_is_revoked(peer):
    peer.lengthens = timedelta(days=9)

    with pytest.raises(Unusable, match="ends later"):
        put(peer, parcel(PLAN, (B,)))
    assert [one.state for one in peer.transfers()] == ["DELETED_BY_REVOCATION"]


def test_files_that_the_server_does_not_accept_make_the_route_unusable(peer):
    peer.outcome = "FAILED"

    with pytest.raises(Unusable, match="failed"):
        put(peer, parcel(PLAN, (B,)))


# --- errors of the server -------------------------------------------------------------------------------------------------

STAGES = ["token", "policy", "password", "list", "begin", "edit", "file", "content", "finish", "look"]


@pytest.mark.parametrize("stage", STAGES)
def test_a_busy_server_is_waited_for_as_long_as_it_says(peer, stage):
    clock = TurningClock()
    peer.trouble(stage, Reply(429, retry_after="11"), Reply(503, retry_after="30"))

    placed = put(peer, parcel(PLAN, (B,)), clock=clock)

    assert peer.opened(placed.offers[0].link, placed.sender.said["password"]) == PLAN
    assert clock.waits[:2] == [11.0, 30.0] or clock.waits[-2:] == [11.0, 30.0]


@pytest.mark.parametrize("stage", STAGES)
def test_a_server_that_fails_on_is_tried_later_and_no_session_stays(peer, stage):
    peer.trouble(stage, *[Reply(500)] * 60)

    with pytest.raises(TryLater):
        put(peer, parcel(PLAN, (B,)))

    assert not [one for one in peer.sent.values() if not one.state]


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("reply", [Reply(400, "4400"), Reply(403, "3001")])
def test_a_server_that_refuses_makes_the_route_unusable(peer, stage, reply):
    peer.trouble(stage, reply)

    with pytest.raises(Unusable) as refused:
        put(peer, parcel(PLAN, (B,)))

    assert "university" not in str(refused.value)  # its sentence named somebody
    assert "plan.pdf" not in str(refused.value)
    assert ("licence" in str(refused.value)) is (reply.status == 403)


@pytest.mark.parametrize("stage", ["begin", "edit", "file", "content", "finish", "look"])
@pytest.mark.parametrize("lost", [Do.DROP, Do.DO_AND_DROP])
def test_a_lost_answer_costs_nothing(peer, stage, lost):
    peer.trouble(stage, lost)
    if (stage, lost) == ("file", Do.DO_AND_DROP):  # the name is taken, and by which file nobody said: all is begun anew
        with pytest.raises(TryLater):
            put(peer, parcel(PLAN, (B,)))
        assert peer.sent == {}

    placed = put(peer, parcel(PLAN, (B,)))

    assert peer.opened(placed.offers[0].link, placed.sender.said["password"]) == PLAN
    assert len(peer.transfers()) == 1


def test_a_file_that_broke_off_is_sent_whole_again(peer):
    peer.trouble("content", Do.HALF)

    placed = put(peer, parcel(PLAN, (B,)), opens_with="link")

    assert peer.opened(placed.offers[0].link) == PLAN


@pytest.mark.parametrize("stage", ["edit", "file", "content"])
def test_a_session_that_ended_is_tried_later(peer, stage):
    peer.trouble(stage, Reply(410, "1410") if stage != "content" else Reply(404, "1404"))

    with pytest.raises(TryLater):
        put(peer, parcel(PLAN, (B,)))


def test_a_token_that_has_ended_is_got_anew_once(peer):
    async def story():
        clock = TurningClock()
        async with place_for(peer, clock) as place:
            await place.put(parcel(PLAN, (B,)), clock.monotonic() + 300)
            peer.tokens.clear()
            await place.put(parcel(PLAN, (B,), key=b"n" * 32), clock.monotonic() + 300)

    asyncio.run(story())
    assert peer.seen["token"] == 2


def test_tokens_that_are_never_accepted_are_not_got_for_ever(peer):
    peer.trouble("policy", *[Reply(401, "2001")] * 9)

    with pytest.raises(Unusable):
        put(peer, parcel(PLAN, (B,)))
    assert peer.seen["token"] == 2


def test_a_dead_server_makes_the_route_unusable(peer):
    with pytest.raises(Unusable, match="cannot be reached"):
        put(peer, parcel(PLAN, (B,)), url=f"https://localhost:{free_port()}")


# --- doctor -------------------------------------------------------------------------------------------------------------


def check(peer, **settings):
    async def story():
        async with place_for(peer, TurningClock(), **settings) as place:
            await place.check()

    asyncio.run(story())


def test_check_says_what_to_do(peer, tmp_path):
    check(peer)

    peer.is_registered = False
    with pytest.raises(WillNotDo, match="under client verification"):
        check(peer)
    peer.trouble("verification", Reply(406, "1406"))
    with pytest.raises(Unusable, match="must be updated"):
        check(peer)
    (tmp_path / "short").write_text("abc")
    with pytest.raises(Unusable, match="holds no client id"):
        check(peer, client_id=str(tmp_path / "short"))
    with pytest.raises(Unusable, match="cannot be read"):
        check(peer, client_id=str(tmp_path / "nowhere"))
