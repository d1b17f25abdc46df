"""The recorder as a process: started by a command, alone on its socket, leaving nothing behind when it is asked to end."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.edges import recorder
from gateway.edges.frames import LARGEST, Frames, frame
from gateway.errors import WillNotDo
from gateway.model.kept import Bundle
from tests.edges.durable import IDENTITY, Place, living, opened, outcome, served


def test_a_recorder_that_is_asked_to_end_commits_what_was_told(sqlite_place: Place):
    command = [sys.executable, "-I", "-m", "gateway.edges.recorder", "--url", sqlite_place.url, "--socket", str(sqlite_place.socket)]

    async def before(process: subprocess.Popen[bytes]) -> None:
        async with opened(sqlite_place) as state:
            transaction = await state.journal.begin(IDENTITY, ("b@example.org",))
            await transaction.finish(Bundle((outcome("b@example.org"),)), durable=False)
            await asyncio.sleep(0)  # it has left this process
            process.terminate()
            assert await asyncio.to_thread(process.wait, 10) == 0
            transaction.release()
            async with served(sqlite_place):
                await state.store.flush()

    async def after() -> None:
        async with living(sqlite_place) as (state,):
            transaction = await state.journal.begin(IDENTITY, ("b@example.org",))
            assert set(transaction.done) == {"b@example.org"}
            transaction.release()

    with subprocess.Popen(command) as process:
        asyncio.run(before(process))
    assert not sqlite_place.socket.exists()
    asyncio.run(after())


def test_a_second_recorder_does_not_serve_the_same_socket(sqlite_place: Place):
    async def story() -> None:
        async with served(sqlite_place):
            with pytest.raises(WillNotDo, match="another recorder"):
                async with recorder.running(sqlite_place.url, sqlite_place.socket):
                    pass
            async with opened(sqlite_place) as state:
                await state.store.check()  # the first was not disturbed

    asyncio.run(story())


@pytest.mark.parametrize(("name", "says"), [("open", "chmod 700"), ("long" * 40, "107 octets")])
def test_a_socket_is_only_made_where_nobody_else_can_reach_it(sqlite_place: Place, name: str, says: str):
    async def story() -> None:
        async with recorder.running(sqlite_place.url, sqlite_place.folder / name / "socket"):
            pass

    if name == "open":
        (sqlite_place.folder / name).mkdir(mode=0o755)
    with pytest.raises(WillNotDo, match=says):
        asyncio.run(story())


def test_a_recorder_without_keys_takes_everything_but_records(sqlite_place: Place, caplog: pytest.LogCaptureFixture):
    async def story() -> None:
        async with recorder.running(sqlite_place.url, sqlite_place.socket), opened(sqlite_place) as state:
            state.store.tell("records.put", {"at": 1, "message": [], "recipients": []})
            await state.store.run("store.check", {})

    asyncio.run(story())

    assert "records.put" in caplog.text


@pytest.mark.parametrize("size", [1, 3, 7, 100_000])
def test_frames_come_out_whole_however_they_are_cut(size: int):
    values = [[1, "two", {"three": None}], [], "x" * 5000]
    octets = b"".join(map(frame, values))
    frames = Frames()

    assert [value for start in range(0, len(octets), size) for value in frames.feed(octets[start : start + size])] == values


@pytest.mark.parametrize("octets", [(LARGEST + 1).to_bytes(4, "big"), b"\0\0\0\1x"])
def test_what_is_no_frame_is_refused(octets: bytes):
    with pytest.raises((ValueError, json.JSONDecodeError)):
        list(Frames().feed(octets))


def test_a_client_that_talks_nonsense_is_cut_off_and_disturbs_nobody(sqlite_place: Place):
    async def story() -> None:
        async with living(sqlite_place) as (state,):
            reader, writer = await asyncio.open_unix_connection(str(sqlite_place.socket))
            writer.write(b"\xff\xff\xff\xff EHLO")
            assert await reader.read() == b""
            writer.close()
            await state.store.run("store.check", {})

    asyncio.run(story())


def test_the_socket_is_where_the_state_folder_is():
    from gateway.edges.state import recorder_socket

    assert recorder_socket(Path("/var/outgate")) == Path("/var/outgate/recorder/socket")


def test_a_recorder_that_fails_says_so_instead_of_living_on(sqlite_place: Place):
    async def story() -> None:
        ended = asyncio.Event()
        async with recorder.running(sqlite_place.url, sqlite_place.socket, on_end=ended.set) as serving:
            serving._batch = None  # a bug
            serving._wanted.set()
            await asyncio.wait_for(ended.wait(), 60)

    with pytest.raises(TypeError):
        asyncio.run(story())
