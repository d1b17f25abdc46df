"""The vault in a bucket: the same promises as in a folder, against the real protocols of S3 and Azure, and what may happen on the way."""

import asyncio
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from obstore.store import AzureStore, S3Store

from gateway.app.precautions import open_to_others
from gateway.app.prepare import prepare
from gateway.edges.keys import add_key, create_keys, load_keys, remove_key
from gateway.edges.sealed import FRAME, TAG, read_header
from gateway.edges.spool import Spool
from gateway.edges.vault import Vault, key_of
from gateway.edges.vault_care import look_through, renew, survey, sweep
from gateway.edges.vault_cloud import PART, Access, Cloud, azure, s3
from gateway.edges.vault_folder import Folder
from gateway.edges.vault_opened import MOST
from gateway.errors import BadConfig, TryLater, WillNotDo
from gateway.model.message import Content
from gateway.ports.vault import Opened
from tests.peers.azure import CONTAINER
from tests.peers.azure import azure as start_azure
from tests.peers.s3 import BUCKET, REGION
from tests.peers.s3 import s3 as start_s3
from tests.peers.wire import Wire, wire
from tests.stages.test_precautions import SETTINGS, given

pytestmark = pytest.mark.peer

PLAIN = os.urandom(10 * FRAME + 99)


@dataclass(frozen=True)
class Server:
    """One of the two, behind a wire that can fail."""

    kind: str
    port: int
    account: str
    secret: str
    path: str = ""

    def access(self, port: int | None = None, **other: str) -> Access:
        endpoint = f"http://127.0.0.1:{port or self.port}{self.path}"
        given = {"account": self.account, "secret": self.secret, **other}
        return Access(endpoint, REGION if self.kind == "s3" else "", allow_http=True, **given)

    def cloud(self, prefix: str, port: int | None = None, bucket: str = "", **other: str) -> Cloud:
        if self.kind == "s3":
            return s3(bucket or BUCKET, prefix, self.access(port, **other))
        return azure(bucket or CONTAINER, prefix, self.access(port, **other))

    def beside(self, prefix: str) -> Any:
        """The bucket as somebody else has it."""
        access = self.access()
        client: Any = {"allow_http": True}
        if self.kind == "s3":
            keys: Any = {"access_key_id": self.account, "secret_access_key": self.secret, "region": REGION, "endpoint": access.endpoint}
            return S3Store(BUCKET, prefix=prefix, config=keys, client_options=client)
        return AzureStore(
            CONTAINER,
            prefix=prefix,
            config={"account_name": self.account, "account_key": self.secret, "endpoint": access.endpoint},
            client_options=client,
        )


@pytest.fixture(scope="module", params=["s3", "azure"])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    if request.param == "s3":
        with start_s3() as one:
            yield Server("s3", one.port, one.account, one.secret)
    else:
        with start_azure() as other:
            yield Server("azure", other.port, other.account, other.secret, f"/{other.account}")


@pytest.fixture
def way(server: Server) -> Iterator[Wire]:
    with wire(server.port) as one:
        yield one


@pytest.fixture
def prefix(tmp_path: Path) -> str:
    return f"tests/{tmp_path.parent.name}-{tmp_path.name}"


Make = Callable[..., tuple[Vault, Spool]]


@pytest.fixture
def make(server: Server, tmp_path: Path, prefix: str) -> Iterator[Make]:
    made: list[Vault] = []

    def one(port: int | None = None, **other: str) -> tuple[Vault, Spool]:
        create_keys(tmp_path / "keys")
        spool = Spool(tmp_path / "spool")
        vault = Vault(server.cloud(prefix, port, **other), load_keys(tmp_path / "keys"), spool)
        made.append(vault)
        return vault, spool

    (tmp_path / "spool").mkdir()
    yield one
    for vault in made:
        vault.close()


def answer(status: str, code: str) -> bytes:
    """What a server says instead of serving."""
    body = f"<Error><Code>{code}</Code><Message>Please see the documentation.</Message></Error>"
    return f"HTTP/1.1 {status}\r\nContent-Type: application/xml\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


async def collected(opened: Opened, start: int = 0, end: int | None = None) -> bytes:
    return b"".join([piece async for piece in opened.pieces(start, end)])


async def kept(vault: Vault, spool: Spool, octets: bytes, purpose: str = "shares") -> str:
    with closing(spool.content(octets)) as content:
        return await vault.put(purpose, content)


def orphans(vault: Vault, before: datetime) -> list[str]:
    async def needs_nothing(_ids: tuple[str, ...]) -> frozenset[str]:
        return frozenset()

    return asyncio.run(survey(vault, before, needs_nothing)).orphans


# --- as in a folder ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("octets", [0, 10, FRAME, 3 * FRAME + 7, PART - 200, PART + 1, 3 * PART])
def test_content_comes_back_whole_and_in_parts(make: Make, octets: int):
    vault, spool = make()
    body = (PLAIN * (octets // len(PLAIN) + 1))[:octets]

    async def story() -> None:
        object_id = await kept(vault, spool, body)
        with closing(await vault.get(object_id)) as content:
            assert content.read(0, content.octets) == body
        opened = await vault.open(object_id)
        assert opened.octets == octets
        assert await collected(opened) == body
        for start, end in ((0, 1), (FRAME - 1, FRAME + 1), (octets // 2, octets // 2 + 5 * FRAME), (octets - 1, octets)):
            assert await collected(opened, max(start, 0), end) == body[max(start, 0) : end]
        await vault.delete(object_id)
        await vault.delete(object_id)
        for reads in (vault.get(object_id), vault.open(object_id), collected(opened)):
            if octets or reads.__name__ != "collected":
                with pytest.raises(WillNotDo, match="no such object"):
                    await reads
            else:
                reads.close()

    asyncio.run(story())


def test_what_was_touched_in_the_bucket_is_never_served(make: Make, server: Server, prefix: str):
    vault, spool = make()
    beside = server.beside(prefix)

    async def story() -> None:
        ids = [await kept(vault, spool, PLAIN, "holds") for _ in range(2)]
        octets, other = (bytes(beside.get(key_of(one)).bytes()) for one in ids)
        _, at = read_header(octets)
        frame = FRAME + TAG
        touched = {
            "another object": other,
            "the frames of another": octets[:at] + other[at:],
            "cut off": octets[:-1],
            "cut between two frames": octets[: at + 3 * frame],
            "only the header": octets[:at],
            "nothing": b"",
            "longer": octets + b"x",
            "exchanged": octets[:at] + octets[at + frame : at + 2 * frame] + octets[at : at + frame] + octets[at + 2 * frame :],
            "a bit": octets[: at + 100] + bytes([octets[at + 100] ^ 1]) + octets[at + 101 :],
        }
        for how, version in touched.items():
            beside.put(key_of(ids[0]), version)
            assert await _is_refused(vault.get(ids[0])), how
            assert await _is_refused(_first(vault, ids[0])), how
        beside.put(key_of(ids[0]), octets)
        assert await collected(await vault.open(ids[0])) == PLAIN

    asyncio.run(story())


async def _is_refused(reading: Awaitable[object]) -> bool:
    try:
        await reading
    except WillNotDo:
        return True
    return False


async def _first(vault: Vault, object_id: str) -> None:
    await anext((await vault.open(object_id)).pieces())


def test_the_files_of_a_folder_can_be_copied_into_a_bucket(make: Make, server: Server, prefix: str, tmp_path: Path):
    vault, spool = make()
    local = Vault(Folder(tmp_path / "vault", reserve_octets=0), load_keys(tmp_path / "keys"), spool)
    object_id = asyncio.run(kept(local, spool, PLAIN, "holds"))
    add_key(tmp_path / "keys", "holds")
    asyncio.run(renew(local, "holds", lambda _: None))
    remove_key(tmp_path / "keys", "holds-1")
    for file in (tmp_path / "vault").rglob("*"):
        if file.is_file():
            server.beside(prefix).put(str(file.relative_to(tmp_path / "vault")), file.read_bytes())

    async def story() -> None:
        assert await look_through(vault, None, lambda _: None) == {}
        assert await collected(await vault.open(object_id)) == PLAIN

    asyncio.run(story())
    local.close()


def test_objects_are_listed_by_age_and_a_key_is_never_taken_twice(make: Make, server: Server, prefix: str):
    vault, spool = make()
    object_id = asyncio.run(vault.put("shares", spool.content(b"x")))
    now = datetime.now(UTC)

    assert orphans(vault, now - timedelta(hours=1)) == []
    assert orphans(vault, now + timedelta(hours=1)) == [object_id]
    store = server.cloud(prefix)
    with pytest.raises(TryLater):
        store.put(key_of(object_id), iter((b"another",)))
    store.put(key_of(object_id), iter((bytes(server.beside(prefix).get(key_of(object_id)).bytes()),)))  # our own, whose answer was lost


def test_a_bucket_is_looked_through_wrapped_anew_counted_and_swept(make: Make, server: Server, prefix: str, tmp_path: Path):
    vault, spool = make()

    async def story() -> None:
        ids = [await kept(vault, spool, PLAIN, "holds") for _ in range(3)]
        add_key(tmp_path / "keys", "holds")
        assert await renew(vault, "holds", lambda _: None) == (3, [])
        remove_key(tmp_path / "keys", "holds-1")
        beside = server.beside(prefix)
        beside.put(key_of(ids[1]), bytes(beside.get(key_of(ids[1])).bytes())[:-1] + b"x")
        assert set(await look_through(vault, None, lambda _: None)) == {ids[1]}
        assert await collected(await vault.open(ids[0])) == PLAIN

        async def needs_the_first(_ids: tuple[str, ...]) -> frozenset[str]:
            return frozenset(ids[:1])

        found = await survey(vault, datetime.now(UTC) + timedelta(hours=1), needs_the_first)
        assert (found.objects, sorted(found.orphans)) == (3, sorted(ids[1:]))
        assert found.octets > 3 * len(PLAIN)
        await sweep(vault, found)
        left = [one["path"] for some in beside.list() for one in some]
        assert sorted(left) == sorted([key_of(ids[0]), f"wraps/{key_of(ids[0])}"])

    asyncio.run(story())


def test_without_its_keys_a_bucket_that_keeps_something_is_not_served(make: Make, server: Server, prefix: str, tmp_path: Path):
    vault, spool = make()
    scheme, bucket = ("s3", BUCKET) if server.kind == "s3" else ("az", CONTAINER)
    access = f'endpoint = "{server.access().endpoint}"\naccount = "{server.account}"\nsecret_file = "secret"\n'
    (tmp_path / "secret").write_text(f"{server.secret}\n")
    settings = given(tmp_path, SETTINGS + f'[vault]\nurl = "{scheme}://{bucket}/{prefix}"\nkeys = "other-keys"\n{access}')
    prepare(settings)
    asyncio.run(kept(vault, spool, b"x"))
    shutil.rmtree(tmp_path / "other-keys")

    with pytest.raises(BadConfig, match=f"holds no keys, but {scheme}://{bucket}/{prefix} holds what they opened; put the keys back"):
        prepare(settings)

    assert [said for said in open_to_others(settings) if "secret" in said] != []
    (tmp_path / "secret").chmod(0o600)
    assert [said for said in open_to_others(settings) if "secret" in said] == []


# --- on the way -------------------------------------------------------------------------------------------------------


class Endless:
    """A content that is larger than what may be in memory."""

    def __init__(self, octets: int, at_half: Callable[[], None] = lambda: None) -> None:
        self.octets = octets
        self._at_half = at_half

    def read(self, start: int, end: int) -> bytes:
        if start <= self.octets // 2 < end:
            self._at_half()
        return bytes(end - start)


def test_a_large_object_is_put_and_read_with_flat_memory(make: Make):
    vault, _ = make()
    size = 20 * PART

    async def story() -> None:
        object_id = await vault.put("shares", _content(Endless(size)))
        count = 0
        async for piece in (await vault.open(object_id)).pieces():
            count += len(piece)
        assert count == size

    asyncio.run(vault.check())
    before = _peak()
    asyncio.run(story())
    assert _peak() - before < 6 * PART


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _content(double: object) -> Content:
    return double  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("what", "settings", "says"),
    [
        ("wrong secret", {"secret": "YWJj" * 10}, "does not accept our key"),
        ("wrong account", {"account": "somebody"}, "does not accept our key"),
        ("no bucket", {"bucket": "another-bucket"}, "there is no such bucket"),
        ("nobody there", {"port": 1}, "cannot be reached"),
    ],
)
def test_what_is_wrong_with_the_way_is_a_temporary_failure_that_says_what_to_do(
    server: Server, prefix: str, what: str, settings: dict[str, Any], says: str
):
    store = server.cloud(prefix, **settings)
    for call in (store.check, lambda: store.head("holds/ab/abc", 10), lambda: list(store.walk("holds")), lambda: store.small("a")):
        with pytest.raises(TryLater, match=says) as late:
            call()
        assert server.secret not in str(late.value), what
        assert "Debug" not in str(late.value)


def test_a_private_authority_is_trusted_when_the_settings_name_it():
    with start_s3(tls=True) as one:
        assert one.ca is not None
        access = Access(one.endpoint, REGION, one.account, one.secret, one.ca.read_bytes())
        s3(BUCKET, "tls", access).check()
        with pytest.raises(TryLater, match=r"its certificate is not trusted; see \[vault\] ca"):
            s3(BUCKET, "tls", replace(access, ca=b"")).check()


@pytest.mark.parametrize("code", ["PermanentRedirect", "AuthorizationHeaderMalformed"])
def test_a_bucket_in_another_region_is_said_so(make: Make, way: Wire, code: str):
    vault, _ = make(way.port)
    way.instead = answer("400 Bad Request", code)
    with pytest.raises(TryLater, match=r"another region; see \[vault\] region"):
        asyncio.run(vault.check())


def test_an_upload_whose_parts_the_server_has_thrown_away_is_tried_again(make: Make, way: Wire):
    vault, spool = make(way.port)
    way.instead = answer("404 Not Found", "NoSuchUpload")
    with pytest.raises(TryLater, match="404 NoSuchUpload"):
        asyncio.run(kept(vault, spool, PLAIN))


def test_a_server_that_asks_us_to_slow_down_is_heard(make: Make, way: Wire):
    vault, _ = make(way.port)
    way.instead = answer("503 Slow Down", "SlowDown")

    with pytest.raises(TryLater, match="slow down") as late:
        asyncio.run(vault.check())

    assert late.value.status == "4.3.0"
    assert way.connections > 1, "it is asked again after a while"
    way.instead = b""
    asyncio.run(vault.check())


@pytest.mark.slow
def test_a_server_that_never_answers_is_given_up_within_the_shortest_deadline(make: Make, way: Wire):
    vault, _ = make(way.port)
    way.is_mute = True
    began = time.monotonic()

    with pytest.raises(TryLater, match="cannot be reached"):
        asyncio.run(vault.check())

    assert time.monotonic() - began < 60, "before-queue, all must be answered in 85 s"


def test_a_full_store_is_a_452(make: Make, way: Wire):
    vault, spool = make(way.port)
    way.instead = answer("507 Insufficient Storage", "XMinioStorageFull")

    with pytest.raises(TryLater) as late:
        asyncio.run(vault.put("holds", spool.content(b"x")))

    assert late.value.status == "4.3.1"


def test_a_connection_lost_in_the_middle_of_an_upload_leaves_the_whole_object_or_none(make: Make, way: Wire, server: Server, prefix: str):
    vault, _ = make(way.port)

    with pytest.raises(TryLater):
        asyncio.run(vault.put("shares", _content(Endless(4 * PART, way.break_down))))
    way.is_down = False

    assert list(server.cloud(prefix).walk("shares")) == []
    object_id = asyncio.run(vault.put("shares", _content(Endless(4 * PART))))
    assert orphans(vault, datetime.now(UTC) + timedelta(hours=1)) == [object_id]


def test_a_download_that_is_cut_off_goes_on_where_it_ended(make: Make, way: Wire):
    vault, spool = make(way.port)

    async def story() -> None:
        object_id = await kept(vault, spool, PLAIN, "shares")
        opened = await vault.open(object_id)
        way.cut_after = 5 * FRAME
        before = way.connections
        assert await collected(opened) == PLAIN
        assert way.connections > before, "the connection was lost, and nobody noticed"

    asyncio.run(story())


def test_a_bucket_that_is_gone_in_the_middle_of_a_download_is_a_temporary_failure(make: Make, way: Wire):
    vault, spool = make(way.port)

    async def story() -> None:
        opened = await vault.open(await kept(vault, spool, PLAIN * 40, "shares"))
        reading = opened.pieces()
        assert (PLAIN * 40).startswith(await anext(reading))
        way.break_down()
        with pytest.raises(TryLater, match="cannot be reached"):
            assert [piece async for piece in reading]

    asyncio.run(story())


PUT = """
import sys, asyncio
from pathlib import Path
from gateway.edges.keys import load_keys
from gateway.edges.vault import Vault
from gateway.edges.vault_cloud import PART
from tests.edges.test_vault_cloud import Endless, Server

kind, port, account, secret, path, prefix, keys = sys.argv[1:]
store = Server(kind, int(port), account, secret, path).cloud(prefix)
said = lambda: print("half", flush=True) or sys.stdin.read()
asyncio.run(Vault(store, load_keys(Path(keys)), None).put("shares", Endless(4 * PART, said)))
"""


def test_a_process_that_is_killed_in_the_middle_of_an_upload_leaves_nothing_to_be_seen(
    make: Make, server: Server, prefix: str, tmp_path: Path
):
    vault, _ = make()
    arguments = (server.kind, str(server.port), server.account, server.secret, server.path, prefix, str(tmp_path / "keys"))
    with subprocess.Popen((sys.executable, "-c", PUT, *arguments), stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"half\n"
        process.send_signal(signal.SIGKILL)

    assert list(server.cloud(prefix).walk("shares")) == []
    assert orphans(vault, datetime.now(UTC) + timedelta(hours=1)) == []


# --- slow readers -----------------------------------------------------------------------------------------------------


def test_two_hundred_slow_readers_hold_no_thread_and_little_memory(make: Make):
    vault, spool = make()
    readers = 200

    async def story() -> None:
        object_id = await kept(vault, spool, PLAIN * 6, "shares")
        opened = await vault.open(object_id)
        reading = [opened.pieces() for _ in range(readers)]
        tracemalloc.start()
        for some in range(0, readers, 20):
            await asyncio.gather(*(anext(one) for one in reading[some : some + 20]))
        # All of them wait; somebody else is served at once.
        assert await asyncio.wait_for(collected(opened, 0, FRAME), 60) == PLAIN[:FRAME]
        waiting, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        for one in reading:
            await one.aclose()
        assert waiting < readers * MOST * FRAME

    asyncio.run(story())
