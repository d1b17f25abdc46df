"""The programs that are measured: how each is started before a sink, where its front process is, how it is ended."""

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.bench import amavis_peer, gateway_peer, procs

ROOT = Path(__file__).resolve().parents[2]
PEERS = ("stock", "tcp", "amavis", "direct")

_TITLES = {
    "stock": "stock aiosmtpd + aiosmtplib, pooled",
    "tcp": "bare TCP relay, asyncio Protocol",
    "amavis": "amavisd-new, MIME + file(1)",
    "direct": "no gateway: generator to sink, on one core",
}


class NotStarted(Exception):
    """A program did not come up; the text says why."""


@dataclass(frozen=True, slots=True)
class Peer:
    """A running program."""

    name: str
    title: str
    port: int
    root: int  # pid of what was started
    front: int | None  # the process that talks to clients; None: the whole tree does
    others_beside: bool  # its other processes belong beside the generator, not on the front's core

    def pin(self, front_core: int, other_core: int) -> None:
        for one in procs.tree(self.root):
            at_front = one.pid == self.front or not self.others_beside
            procs.pin(one.pid, front_core if at_front else other_core)

    def front_pids(self) -> list[int]:
        return [self.front] if self.front is not None else [one.pid for one in procs.tree(self.root)]


def is_installed(name: str) -> bool:
    return name != "amavis" or amavis_peer.program() is not None


@contextlib.contextmanager
def sink() -> Iterator[Peer]:
    with _program("sink", "the next hop", ["-m", "tests.bench.fastsink"]) as peer:
        yield peer


@contextlib.contextmanager
def start(name: str, next_hop: Peer, gateway_command: str | None = None, pack: Path | None = None) -> Iterator[Peer]:
    """Start a program before the next hop, and end it afterwards.

    Raises:
        NotStarted: it ended at once or did not greet in time.
    """
    if name == "direct":
        yield Peer(name, _TITLES[name], next_hop.port, next_hop.root, next_hop.root, others_beside=True)
    elif name in ("stock", "tcp"):
        module = {"stock": "tests.bench.stock", "tcp": "tests.bench.tcprelay"}[name]
        with _program(name, _TITLES[name], ["-m", module, "--next-hop", str(next_hop.port)]) as peer:
            yield peer
    else:
        with (
            tempfile.TemporaryDirectory(prefix=f"bench-{name}-") as folder,
            _listening(name, Path(folder), next_hop, gateway_command, pack) as peer,
        ):
            yield peer


@contextlib.contextmanager
def _program(name: str, title: str, arguments: list[str]) -> Iterator[Peer]:
    """A program of the bench's own: it prints its port when it is ready."""
    process = subprocess.Popen([sys.executable, *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line.strip().isdigit():
            raise NotStarted(f"{title} ended with status {process.wait(10)}")
        yield Peer(name, title, int(line), process.pid, process.pid, others_beside=True)
    finally:
        _end(process)


@contextlib.contextmanager
def _listening(name: str, folder: Path, next_hop: Peer, command: str | None, pack: Path | None) -> Iterator[Peer]:
    """A foreign program: it is ready when it greets on the port that it was told."""
    port = free_port()
    if name == "amavis":
        arguments, title = amavis_peer.prepare(folder, port, next_hop.port), _TITLES[name]
    else:
        arguments, title = gateway_peer.prepare(folder, port, next_hop.port, command, pack or ROOT / "rules" / "starter"), "the gateway"
    log = folder / "output.txt"
    with log.open("wb") as output:
        process = subprocess.Popen(arguments, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True)
    try:
        _await_greeting(process, port, lambda: log.read_text(errors="replace"), title)
        front = None if name == "amavis" else gateway_peer.find_front(process.pid, folder)
        yield Peer(name, title, port, process.pid, front, others_beside=name != "amavis")
    finally:
        _end(process)


def _await_greeting(
    process: subprocess.Popen[bytes], port: int, output: Callable[[], str], title: str, patience_seconds: float = 30
) -> None:
    until = time.monotonic() + patience_seconds
    while time.monotonic() < until:
        if process.poll() is not None:
            raise NotStarted(f"{title} ended with status {process.returncode}: {_last_lines(output())}")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5) as client:
            if client.recv(512).startswith(b"220"):
                return
        time.sleep(0.05)
    raise NotStarted(f"{title} did not greet on port {port} within {patience_seconds:.0f} s: {_last_lines(output())}")


def _last_lines(text: str) -> str:
    return " | ".join(line.strip() for line in text.strip().splitlines()[-3:]) or "it said nothing"


def _end(process: subprocess.Popen[bytes] | subprocess.Popen[str]) -> None:
    family = [one.pid for one in procs.tree(process.pid)]
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(15)
    for pid in family:
        # A pid may have been given to a stranger meanwhile, but not one in our session.
        if (left := procs.process(pid)) is not None and left.session == process.pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, 9)
    process.wait(10)
    if process.stdout is not None:
        process.stdout.close()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port
