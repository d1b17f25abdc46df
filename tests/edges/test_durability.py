"""What was acknowledged is there after a kill -9, and an acknowledgement comes after the syncs."""

import asyncio
import os
import random
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from sqlalchemy import Connection, select

from gateway.edges.state import State
from gateway.edges.tables import hold, step
from gateway.errors import TryLater
from gateway.model.kept import Bundle
from gateway.model.outcome import Ending
from tests.edges.durable import NOON, Place, held, opened, outcome
from tests.edges.sharing import grant, share

pytestmark = pytest.mark.slow

KILLS = 20

# Forks recorders that are ready at once: starting Python anew twenty times would take most of the time.
ZYGOTE = """
import os, signal, sys
from pathlib import Path
from gateway.edges import recorder
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
for _ in sys.stdin:
    pid = os.fork()
    if pid == 0:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os._exit(recorder.run(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])))
    print(pid, flush=True)
"""


class Zygote:
    def __init__(self, process: subprocess.Popen) -> None:
        self._process = process
        self._child = 0

    def start(self) -> None:
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        self._child = int(self._process.stdout.readline())

    def kill(self) -> None:
        os.kill(self._child, signal.SIGKILL)


@contextmanager
def zygote(place: Place) -> Iterator[Zygote]:
    command = [sys.executable, "-c", ZYGOTE, place.url, str(place.socket), str(place.keys)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        made = Zygote(process)
        made.start()
        try:
            yield made
        finally:
            made.kill()
            process.stdin.close()


def test_what_was_acknowledged_survives_twenty_kills_of_the_recorder(sqlite_place: Place):
    acknowledged: set[str] = set()
    refused: set[str] = set()
    told: set[str] = set()

    async def session(state: State, name: str, until: asyncio.Event) -> None:
        number = 0
        while not until.is_set():
            number += 1
            case = f"{name}-{number}"
            transaction = await state.journal.begin(os.urandom(32), (f"{case}@example.org",))
            try:
                if number % 3 == 0:
                    await transaction.finish(Bundle((outcome(f"{case}@example.org"),)), durable=False)
                    told.add(f"{case}@example.org")
                else:
                    await transaction.finish(Bundle((outcome(f"{case}@example.org", Ending.KEPT, case),), (held(case),)), durable=True)
                    acknowledged.add(case)
            except TryLater:
                refused.add(case)
            transaction.release()

    async def story() -> None:
        with zygote(sqlite_place) as recorders:
            async with opened(sqlite_place) as state:
                enough = asyncio.Event()
                sessions = [asyncio.ensure_future(session(state, f"s{n}", enough)) for n in range(8)]
                for _ in range(KILLS):
                    before = len(acknowledged)
                    while len(acknowledged) < before + 10:  # noqa: ASYNC110 - a random moment is what this test is about
                        await asyncio.sleep(random.random() / 100)
                    recorders.kill()
                    recorders.start()
                enough.set()
                await asyncio.gather(*sessions)
                await state.store.flush()
                kept, entries = await state.store.read(everything)
                assert acknowledged <= kept
                assert kept <= acknowledged | refused
                assert told <= entries

    asyncio.run(story())
    assert len(acknowledged) >= KILLS * 10


def everything(connection: Connection) -> tuple[set[str], set[str]]:
    return set(connection.execute(select(hold.c.case_number)).scalars()), set(connection.execute(select(step.c.recipient)).scalars())


def test_a_share_that_was_issued_survives_kills_of_the_recorder_and_is_there_once(sqlite_place: Place):
    """An issue is asked again of the next recorder, when nobody knows what became of it."""
    issued: dict[str, bytes] = {}  # number of the share, its key
    opening: dict[str, str] = {}  # token, number of the share that it opened

    async def session(state: State, name: str, until: asyncio.Event) -> None:
        number = 0
        while not until.is_set():
            number += 1
            one = share(f"{name}-{number}", os.urandom(32), grants=(grant(id=f"{name}-{number}"),))
            with suppress(TryLater):
                made = await state.shares.issue(one, linked=True)
                issued[made.id] = made.key
                opening.update(dict.fromkeys((await state.shares.tokens(made.id)).values(), made.id))

    async def story() -> None:
        with zygote(sqlite_place) as recorders:
            async with opened(sqlite_place) as state:
                enough = asyncio.Event()
                sessions = [asyncio.ensure_future(session(state, f"s{n}", enough)) for n in range(4)]
                for _ in range(KILLS // 2):
                    before = len(issued)
                    while len(issued) < before + 5:  # noqa: ASYNC110 - a random moment is what this test is about
                        await asyncio.sleep(random.random() / 100)
                    recorders.kill()
                    recorders.start()
                enough.set()
                await asyncio.gather(*sessions)
                there = {one.id: one for one in await state.shares.list(limit=100_000)}
                assert {number: one.key for number, one in there.items() if number in issued} == issued
                assert len({one.key for one in there.values()}) == len(there)
                assert {token: (await state.visits.find(token, NOON) or ("",))[0] for token in opening} == opening
                assert await state.audit.verify() == ()
                made = [event.details["share"] for event in await state.audit.events() if event.event == "share.made"]
                assert sorted(made) == sorted(there), "each is in the audit, once"

    asyncio.run(story())
    assert len(issued) >= KILLS // 2 * 5


KEEP = """
import asyncio, os, sys
from contextlib import closing
from pathlib import Path
from gateway.edges.keys import load_keys
from gateway.edges.spool import Spool
from gateway.edges.vault import Vault
from gateway.edges.vault_folder import Folder
from gateway.model.outcome import Ending
from gateway.model.kept import Bundle
from tests.edges.durable import Place, held, living, mail, outcome

async def story():
    place = Place(sys.argv[1], Path(sys.argv[2]))
    vault = Vault(Folder(place.folder / "vault", reserve_octets=0), load_keys(place.keys), spool := Spool(place.folder / "spool"))
    async with living(place) as (state,):
        transaction = await state.journal.begin(bytes(32), ("b@example.org",))
        os.write(1, b"BEGIN")
        with closing(spool.content(b"x" * 300_000)) as content:
            object_id = await vault.put("holds", content, b"Received: x")
        kept = (held("A-1", object_id=object_id),)
        await transaction.finish(Bundle((outcome("b@example.org", Ending.KEPT, "A-1"),), kept, (mail(),)), durable=True)
        os.write(1, b"250")
        transaction.release()

asyncio.run(story())
"""


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_file_folder_and_database_are_synced_before_the_acknowledgement(sqlite_place: Place, tmp_path: Path):
    trace = tmp_path / "trace"
    strace = [
        "strace",
        "-f",
        "-y",
        "-qq",
        "-s",
        "8",
        "-o",
        str(trace),
        "-e",
        "trace=fsync,fdatasync,rename,renameat,renameat2,write,pwrite64",
    ]
    subprocess.run(
        [*strace, sys.executable, "-c", KEEP, sqlite_place.url, str(sqlite_place.folder)], check=True, capture_output=True, timeout=60
    )
    calls = list(completed(trace.read_text()))
    between = calls[calls.index(next(call for call in calls if "BEGIN" in call)) :]
    between = between[: between.index(next(call for call in between if '"250"' in call))]

    folder = re.escape(str(sqlite_place.folder))
    object_path = rf"{folder}/vault/holds/[0-9a-f]{{2}}"
    wanted = [
        rf"^fsync\(\d+<{folder}>",  # the vault's own folder is new, and so is each below it
        rf"^fsync\(\d+<{folder}/vault>",
        rf"^fsync\(\d+<{folder}/vault/holds>",
        rf"^write\(\d+<{object_path}/\.new-",
        rf"^fsync\(\d+<{object_path}/\.new-",
        r"^rename",
        rf"^fsync\(\d+<{object_path}>",
        rf"^pwrite64\(\d+<{folder}/outgate\.db-wal>",
        rf"^f(data)?sync\(\d+<{folder}/outgate\.db-wal>",
    ]
    for pattern in wanted:
        index = next((n for n, call in enumerate(between) if re.search(pattern, call)), None)
        assert index is not None, f"{pattern} is missing, or not in this order, in\n" + "\n".join(between)
        between = between[index + 1 :]


def completed(trace: str) -> Iterator[str]:
    """Each call where it ended; one that another thread interrupted in the trace is put together again."""
    begun: dict[str, str] = {}
    for line in trace.splitlines():
        pid, _, call = line.partition(" ")
        call = call.strip()
        if call.endswith("<unfinished ...>"):
            begun[pid] = call.removesuffix("<unfinished ...>")
        elif call.startswith("<... "):
            yield begun.pop(pid, "") + call.partition(">")[2]
        else:
            yield call
