"""SFTP: against OpenSSH's own server."""

import asyncio
import hashlib
import subprocess
from dataclasses import replace
from datetime import date, timedelta

import pytest
from pydantic import TypeAdapter

from gateway.config import SftpPlace
from gateway.edges.place_sftp import Sftp
from gateway.errors import TryLater, Unusable, WillNotDo
from gateway.model.share import Standing
from gateway.policy.places import Places
from gateway.policy.snapshot import Liaison, Partner, Register, Snapshot
from tests.deliveries import policy
from tests.edges.placing import MemoryShares, TurningClock, broken_off, parcel
from tests.peers import free_port
from tests.peers.sftp import SftpServer, sftp

pytestmark = pytest.mark.peer

PLAN = {"plan.pdf": b"%PDF-1.7 " + b"x" * 5000}
LARGE = {"large.bin": bytes(range(256)) * 4096 * 12}
B, C = "B@university.example", "c@brightsteps.example"
VERSION_3 = "realpath,stat,lstat,fstat,open,close,read,write,mkdir,rename,remove,opendir,readdir,rmdir,setstat,fsetstat"
LIAISONS = (Liaison("Jo Smith", "jo@university.example", "860-555-0100"), Liaison("Max Weber"))
UNIVERSITY = Partner("university.example", "university", "exuni", LIAISONS)
PARTNERS = {"university.example": UNIVERSITY, "brightsteps.example": Partner("brightsteps.example", "brightsteps")}


@pytest.fixture(scope="module")
def server():
    with sftp("university", "brightsteps") as running:
        yield running


@pytest.fixture(autouse=True)
def empty(server: SftpServer):
    for path in sorted(server.home.rglob("*"), reverse=True):
        if path.parent == server.home:
            continue
        path.unlink() if path.is_file() else path.rmdir()


def known(partners=PARTNERS, stale_from=None):
    register = Register(partners=Places.of(partners.items()), stale_from=stale_from)
    return policy(snapshot=Snapshot(registers={"partners": register}))


def place_for(server, clock, shares=None, pack=None, **settings):
    wanted = TypeAdapter(SftpPlace).validate_python(server.settings(**settings))
    pack = pack or known()
    return Sftp("sftp", wanted, clock, shares or MemoryShares(), lambda: pack, sleep=clock.sleep)


def put(server, wanted, *, seconds=60.0, **rest):
    clock = TurningClock()
    return asyncio.run(place_for(server, clock, **rest).put(wanted, clock.monotonic() + seconds))


def sums(files):
    return {name: hashlib.sha256(octets).hexdigest() for name, octets in files.items()}


def test_each_partner_finds_the_files_in_their_folder_below_the_number_of_the_share(server):
    put(server, parcel({**PLAN, **LARGE}, (B, C)))

    expected = {
        f"{folder}/7KQ-402/{name}": mark for folder in ("brightsteps", "university") for name, mark in sums({**PLAN, **LARGE}).items()
    }
    assert server.files() == expected


def test_the_offer_says_all_that_a_client_asks_for(server):
    first, second = put(
        server, parcel(PLAN, (B, C)), shown_host="files.ct.example", shown_port=2222, web_url="https://web.ct.example"
    ).offers

    key = subprocess.run(["ssh-keygen", "-lf", server.directory / "host.pub"], capture_output=True, text=True, check=True).stdout.split()[1]
    assert first.said == {
        "folder": "/university/7KQ-402",
        "host": "files.ct.example",
        "port": "2222",
        "user": "exuni",
        "fingerprint": key,
        "liaison": "Jo Smith (jo@university.example, 860-555-0100); Max Weber",
        "web": "https://web.ct.example",
    }
    assert (first.address, first.how, first.link) == (B, "sftp", "sftp://exuni@files.ct.example:2222/university/7KQ-402/")
    assert second.said["liaison"] == second.said["user"] == ""
    assert first.until == parcel(PLAN).share.expires_at


def test_where_each_partner_sees_its_own_folder_alone_the_path_is_shorter(server):
    (offer,) = put(server, parcel(PLAN, (B,)), shown_folder="/").offers

    assert offer.said["folder"] == "/7KQ-402"


def test_two_people_of_one_partner_have_the_files_once(server):
    placed = put(server, parcel(PLAN, (B, "other@university.example")))

    assert list(server.files()) == ["university/7KQ-402/plan.pdf"]
    assert [offer.address for offer in placed.offers] == [B, "other@university.example"]


def test_odd_and_equal_names_arrive(server):
    put(server, parcel({"../../x": b"a", "A.pdf": b"b", "a.PDF": b"c", "": b"", "\u202egpj.exe": b"d", "Über.txt": b"e"}, (B,)))

    assert sorted(path.rpartition("/")[2] for path in server.files()) == ["A.pdf", "_._x", "a (2).PDF", "file", "gpj.exe", "Über.txt"]


# --- retries ------------------------------------------------------------------------------------------------------------


def test_putting_the_same_again_writes_nothing_anew(server):
    shares = MemoryShares()
    put(server, parcel(LARGE, (B,)), shares=shares)
    path = server.home / "university/7KQ-402/large.bin"
    before = path.stat()

    put(server, parcel(LARGE, (B,)), shares=shares)

    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


@pytest.mark.parametrize("left", ["half a temporary file", "half a file", "another file of the same size"])
def test_what_an_earlier_attempt_left_is_written_over(server, left):
    folder = server.home / "university/7KQ-402"
    folder.mkdir()
    octets = LARGE["large.bin"]
    if left == "half a temporary file":
        (folder / f".{hashlib.sha256(octets).hexdigest()[:16]}.part").write_bytes(octets[:-5])
    else:
        (folder / "large.bin").write_bytes(octets[:1000] if left == "half a file" else b"\0" * len(octets))

    put(server, parcel(LARGE, (B,)))

    assert server.files() == {"university/7KQ-402/large.bin": sums(LARGE)["large.bin"]}


def test_killed_in_the_middle_and_put_again_nothing_is_there_twice(server):
    async def story():
        clock, shares = TurningClock(), MemoryShares()
        part = server.home / "brightsteps/7KQ-402"
        putting = place_for(server, clock, shares).put(parcel({**PLAN, **LARGE}, (B, C)), clock.monotonic() + 60)
        await broken_off(putting, part.exists)
        return await place_for(server, clock, shares).put(parcel({**PLAN, **LARGE}, (B, C)), clock.monotonic() + 60)

    asyncio.run(story())
    assert len(server.files()) == 4


def test_a_connection_that_breaks_is_tried_later_and_what_was_begun_is_known(server):
    async def story():
        clock, shares = TurningClock(), MemoryShares()
        place = place_for(server, clock, shares)
        task = asyncio.ensure_future(place.put(parcel(LARGE, (B,)), clock.monotonic() + 60))
        while not (server.home / "university/7KQ-402").exists():  # noqa: ASYNC110 - the server tells nobody
            await asyncio.sleep(0.001)
        await asyncio.to_thread(server.end_sessions)
        with pytest.raises(TryLater):
            await task
        (share,) = shares.shares.values()
        await place.withdraw(share)

    asyncio.run(story())
    assert server.files() == {}


def test_where_the_files_will_be_is_known_before_they_are(server):
    shares = MemoryShares()
    with pytest.raises(Unusable, match="cannot be reached"):
        put(server, parcel(PLAN, (B, C)), shares=shares, port=free_port())

    (share,) = shares.shares.values()
    assert share.reference == "university/7KQ-402\nbrightsteps/7KQ-402"


# --- withdrawing --------------------------------------------------------------------------------------------------------


def test_what_is_withdrawn_is_gone_and_the_partners_folders_stay(server):
    async def story():
        clock = TurningClock()
        place = place_for(server, clock)
        placed = await place.put(parcel({**PLAN, **LARGE}, (B, C)), clock.monotonic() + 60)
        await place.withdraw(placed.share)
        await place.withdraw(placed.share)

    asyncio.run(story())
    assert sorted(path.name for path in server.home.iterdir()) == ["brightsteps", "university"]
    assert server.files() == {}


def test_from_one_person_it_is_withdrawn_where_nobody_else_has_the_folder(server):
    async def story():
        clock = TurningClock()
        place = place_for(server, clock)
        placed = await place.put(parcel(PLAN, (B, "other@university.example", C)), clock.monotonic() + 60)
        _, first, other, third = placed.share.grants
        with pytest.raises(WillNotDo, match="others of the same partner"):
            await place.withdraw(placed.share, first)
        await place.withdraw(placed.share, third)
        assert list(server.files()) == ["university/7KQ-402/plan.pdf"]
        revoked = replace(
            placed.share, grants=tuple(replace(one, state=Standing.REVOKED) if one is other else one for one in placed.share.grants)
        )
        await place.withdraw(revoked, first)

    asyncio.run(story())
    assert server.files() == {}


def test_it_is_withdrawn_also_when_the_register_no_longer_knows_the_partner(server):
    placed = put(server, parcel(PLAN, (B,)))
    clock = TurningClock()

    asyncio.run(place_for(server, clock, pack=known({})).withdraw(placed.share))

    assert server.files() == {}


def test_withdrawing_where_the_service_is_dead_is_tried_later(server):
    clock = TurningClock()
    share = replace(parcel(PLAN).share, reference="university/7KQ-402", state=Standing.PURGED)

    with pytest.raises(TryLater):
        asyncio.run(place_for(server, clock, port=free_port()).withdraw(share))


# --- who may ------------------------------------------------------------------------------------------------------------


def test_people_without_a_folder_are_named_before_anything_is_there(server):
    shares = MemoryShares()
    with pytest.raises(Unusable) as refused:
        put(server, parcel(PLAN, (B, "x@nobody.example")), shares=shares)

    assert refused.value.recipients == ("x@nobody.example",)
    assert shares.shares == {}
    assert server.files() == {}


def test_a_register_that_is_too_old_is_not_relied_on(server):
    with pytest.raises(Unusable):
        put(server, parcel(PLAN, (B,)), pack=known(stale_from=date(2026, 11, 5)))


def test_the_closest_entry_of_the_register_names_the_folder(server):
    (server.home / "own").mkdir(exist_ok=True)
    partners = {**PARTNERS, "b@university.example": Partner("b@university.example", "own")}

    put(server, parcel(PLAN, (B,)), pack=known(partners))

    assert list(server.files()) == ["own/7KQ-402/plan.pdf"]


# --- what goes wrong ------------------------------------------------------------------------------------------------------


def test_a_service_with_another_host_key_is_not_spoken_to(server):
    other = (server.directory / "other.pub").read_text().strip()

    with pytest.raises(Unusable, match="another host key"):
        put(server, parcel(PLAN, (B,)), host_keys=[other])


def test_two_host_keys_are_pinned_while_the_service_changes_its_own(server):
    other = (server.directory / "other.pub").read_text().strip()

    (offer,) = put(server, parcel(PLAN, (B,)), host_keys=[other, server.host_key]).offers

    assert offer.said["fingerprint"].count("SHA256:") == 2


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"key": "other"}, "does not accept our key"),
        ({"key": "nowhere"}, "cannot be read as a private key"),
        ({"key": "host.pub"}, "cannot be read as a private key"),
        ({"user": "nobody-there"}, "does not accept our key"),
        ({"folder": "elsewhere"}, "folder is not there"),
    ],
)
def test_what_is_set_wrong_is_said(server, settings, says):
    if "key" in settings:
        settings = {"key": str(server.directory / settings["key"])}
    with pytest.raises(Unusable, match=says):
        put(server, parcel(PLAN, (B,)), **settings)


def test_a_dead_service_makes_the_route_unusable_after_three_attempts(server):
    clock = TurningClock()
    with pytest.raises(Unusable, match="cannot be reached"):
        asyncio.run(place_for(server, clock, port=free_port()).put(parcel(PLAN, (B,)), clock.monotonic() + 60))
    assert clock.waits == [1.0, 2.0]


def test_a_dead_service_is_not_tried_beyond_the_deadline(server):
    with pytest.raises(TryLater):
        put(server, parcel(PLAN, (B,)), seconds=0.9, port=free_port())
    with pytest.raises(TryLater):
        put(server, parcel(PLAN, (B,)), seconds=-1)


def test_a_service_that_takes_the_octets_and_says_nothing_is_given_up_in_time(server):
    async def story():
        async def silent(reader, writer):
            await reader.read()
            writer.close()

        listener = await asyncio.start_server(silent, "127.0.0.1", 0)
        clock, port = TurningClock(), listener.sockets[0].getsockname()[1]
        async with listener:
            await place_for(server, clock, port=port).put(parcel(PLAN, (B,)), clock.monotonic() + 0.3)

    with pytest.raises(TryLater, match="in time"):
        asyncio.run(story())


def test_a_full_service_makes_the_route_unusable(server):
    class Vast:
        octets = 1 << 60

    wanted = parcel(PLAN, (B,))
    vast = replace(wanted.share, files=(replace(wanted.share.files[0], octets=Vast.octets),))

    with pytest.raises(Unusable, match="full"):
        put(server, replace(wanted, share=vast, contents={"1": Vast()}))


def test_a_file_that_arrives_changed_is_removed_again(server):
    wanted = parcel(PLAN, (B,))
    wrong = replace(wanted.share, files=(replace(wanted.share.files[0], sha256="0" * 64),))

    with pytest.raises(TryLater, match="changed"):
        put(server, replace(wanted, share=wrong))
    assert server.files() == {}
    put(server, replace(wanted, share=wrong), verify="size")
    assert list(server.files()) == ["university/7KQ-402/plan.pdf"]


def test_a_server_without_the_extensions_of_openssh_does_too(server):
    wrapper = server.directory / "plain"
    wrapper.write_text(f'#!/bin/sh\nexec /usr/lib/openssh/sftp-server -p {VERSION_3} "$@"\n')
    wrapper.chmod(0o755)
    with sftp("university", subsystem=str(wrapper)) as plain:
        shares = MemoryShares()
        put(plain, parcel(PLAN, (B,)), shares=shares)
        put(plain, parcel({"plan.pdf": b"new"}, (B,)), shares=shares)

        assert plain.files() == {"university/7KQ-402/plan.pdf": hashlib.sha256(b"new").hexdigest()}


# --- doctor -------------------------------------------------------------------------------------------------------------


def test_check_writes_into_every_partners_folder_and_leaves_nothing(server):
    asyncio.run(place_for(server, TurningClock()).check())

    assert server.files() == {}


def test_check_says_what_to_do(server):
    missing = known({**PARTNERS, "new.example": Partner("new.example", "newcomer")})

    with pytest.raises(WillNotDo, match=r"cannot write into newcomer \(of new.example\); have these folders made"):
        asyncio.run(place_for(server, TurningClock(), pack=missing).check())
    with pytest.raises(WillNotDo, match="nobody can be sent files there"):
        asyncio.run(place_for(server, TurningClock(), pack=known({})).check())
    with pytest.raises(Unusable, match="cannot be reached"):
        asyncio.run(place_for(server, TurningClock(), port=free_port()).check())


def test_expiry_is_as_decided(server):
    assert put(server, parcel(PLAN, (B,), days=60)).offers[0].until - parcel(PLAN).share.made_at == timedelta(days=60)
    idle = parcel(PLAN, (B,), key=b"i" * 32, days=60, idle=timedelta(days=30))
    assert put(server, idle).offers[0].until - idle.share.made_at == timedelta(days=30)
