"""A bug in the gateway: the mail waits, the client learns nothing of it, the operator learns where, and nobody learns what was in it.

No message is known that brings one about, so an examiner with a bug stands in; everything around it is real: listener, pipeline, edges.
"""

import asyncio
import io
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.app.build import new_id, running
from gateway.app.house import house_of
from gateway.app.pack import load_policy
from gateway.app.prepare import prepare
from gateway.config import load
from gateway.edges.recorder import running as recording
from gateway.edges.state import recorder_socket
from gateway.listen import listen
from gateway.listen.limits import Limits
from gateway.log import Log
from gateway.model.finding import FileFinding, Patterns
from gateway.model.message import Content
from gateway.pipeline import Pipeline, Terms
from gateway.ports.examiner import Wanted
from tests.build import docx, message
from tests.doubles import MemorySuspects
from tests.journey.client import send
from tests.journey.gateway import gateway
from tests.journey.site import OWN, WORD, below_received
from tests.peers import free_port
from tests.peers.hop import Peer, hop

pytestmark = pytest.mark.peer

SECRET = "Operation Nightingale"
SENDER, TO = f"alex@{OWN}", ["kim@elsewhere.example", "lou@elsewhere.example"]


class Broken:
    """ports.Examiner with a bug that shows for one kind of file: its words are in the exception."""

    async def read(self, content: Content, wanted: tuple[Wanted, ...], patterns: Patterns) -> tuple[FileFinding, ...]:
        raise ValueError(f"cannot cope with {content.read(0, content.octets).decode()}")

    async def close(self) -> None:
        pass


class NoCounters:
    """ports.Counters that nobody looks at."""

    def count(self, name: str, **labels: str) -> None:
        pass

    def observe(self, name: str, seconds: float, **labels: str) -> None:
        pass


@dataclass
class Site:
    port: int
    log: io.StringIO
    internet: Peer
    mailboxes: Peer
    open_cases: Callable[[], int]

    async def send(self, octets: bytes, *, lmtp: bool) -> list[str]:
        """From another thread, as a client of its own."""
        return await asyncio.to_thread(send, self.port, SENDER, TO, octets, lmtp=lmtp)

    def events(self, name: str) -> list[dict[str, object]]:
        return [row for row in map(json.loads, self.log.getvalue().splitlines()) if row["event"] == name]


@asynccontextmanager
async def serving(*, lmtp: bool) -> AsyncIterator[Site]:
    """What `serve smtp` does, with the broken examiner."""
    with hop() as internet, hop() as mailboxes:
        hops = {name: {"host": "127.0.0.1", "port": peer.port} for name, peer in (("internet", internet), ("mailboxes", mailboxes))}
        hops["encrypted"] = {"host": "127.0.0.1", "port": free_port()}
        with gateway(hops, listeners={"main": {"protocol": "lmtp" if lmtp else "smtp"}}, domains=(OWN,), start=False) as written:
            settings = load(written.config)
            keys, policy, house = prepare(settings), load_policy(settings.policy.source, settings), house_of(settings)
            lines = io.StringIO()
            log = Log(lines)
            sock = socket.create_server(("127.0.0.1", 0))
            sock.setblocking(False)
            port: int = sock.getsockname()[1]
            async with (
                recording(settings.database.url, recorder_socket(settings.processes.state), settings.vault.keys),
                running(settings, keys, Broken(), NoCounters(), MemorySuspects(), lambda: policy) as opened,
            ):
                pipeline = Pipeline(opened.world, lambda: policy, house, lambda _: Terms(lmtp, 3600.0, 3600.0), frozenset(), log)
                server = await listen(
                    settings.listen["main"], "main", sock, hostname="gw.example", deliver=pipeline.deliver, spool=opened.spool, ids=new_id,
                    clock=opened.world.clock, tls=None, limits=Limits(), log=log, stamp_key=opened.loop_key,
                )  # fmt: skip
                yield Site(port, lines, internet, mailboxes, lambda: written.rows("SELECT count(*) FROM hold WHERE state = 'open'")[0][0])
                assert await server.drain(10)
                await pipeline.drain()


def secret_file() -> bytes:
    return message(SENDER, TO, SECRET, SECRET, attachments=[(f"{SECRET}.docx", docx([SECRET]), WORD)])


@pytest.mark.parametrize("lmtp", [False, True])
def test_the_client_hears_try_again_and_the_log_tells_where_but_not_what(lmtp: bool) -> None:
    async def story() -> None:
        async with serving(lmtp=lmtp) as site:
            answers = await site.send(secret_file(), lmtp=lmtp)

            assert answers == ["451 4.3.0 try again later"] * (2 if lmtp else 1)
            assert site.internet.messages == site.mailboxes.messages == []
            (failed,) = site.events("message.failed")
            (received,) = site.events("message.received")
            assert failed["id"] == received["id"]
            assert failed["error"] == "ValueError"
            assert any("test_bug.py" in str(frame) and "read" in str(frame) for frame in list(failed["frames"]))  # type: ignore[call-overload]
            assert "Nightingale" not in site.log.getvalue()

            # Other mail goes its way.
            plain = message(SENDER, TO, "Hello", "Hello.")
            assert {answer[:3] for answer in await site.send(plain, lmtp=lmtp)} == {"250"}
            assert [below_received(taken.octets) for taken in site.internet.messages] == [plain]

    asyncio.run(story())


def test_what_fails_three_times_is_held_unread_for_the_postmaster() -> None:
    async def story() -> None:
        async with serving(lmtp=False) as site:
            answers = [(await site.send(secret_file(), lmtp=False))[0][:3] for _ in range(4)]

            assert answers == ["451", "451", "451", "250"]
            assert site.internet.messages == []
            assert site.open_cases() == 1

    asyncio.run(story())


def test_a_bug_leaves_nothing_in_the_spool() -> None:
    async def story() -> None:
        async with serving(lmtp=False) as site:
            before = _open_files()
            for _ in range(3):
                await site.send(secret_file() + b"x" * 78 + b"\r\n" + (b"y" * 510 + b"\r\n") * 4096, lmtp=False)

            assert _open_files() <= before + 2  # a connection of the database may have come

    asyncio.run(story())


def _open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))
