"""One context manager for each real server: free loopback ports, folders of its own, stopped by its process id in the end.

A peer never uses the machine's own instance, configuration or ports. What it needs is in deploy/packages.
"""

import fcntl
import os
import random
import select
import shutil
import signal
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

import pytest

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="Postfix gives its parts other users: its master can only be started by root")

_given: set[int] = set()
_dice = random.SystemRandom()


def free_port() -> int:
    """A port of 127.0.0.1 that nobody has now, and that no process of the tests has given away before.

    Below those that the kernel gives to outgoing connections (ip(7), 32768 and up), so that none of these takes it before it is used.
    """
    while True:
        port = _dice.randrange(11_000, 32_000)
        if port in _given:
            continue
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            # Between two tests nobody may listen there: only the lock tells the other processes that it is taken.
            fcntl.lockf(_taken(), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
            _given.add(port)
            return port


@cache
def _taken() -> int:
    """A file with a lock at the place of each port that a process has given away; with the process its locks are gone."""
    return os.open(Path(tempfile.gettempdir()) / f"outgate-test-ports-{os.geteuid()}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


@contextmanager
def folder(name: str) -> Iterator[Path]:
    """A short path that other users may pass through: servers drop their privileges, and socket paths are limited to 107 octets."""
    path = Path(tempfile.mkdtemp(prefix=f"og-{name}-"))
    path.chmod(0o711)
    try:
        yield path
    finally:
        shutil.rmtree(path)


def wait_until(ready: Callable[[], bool], what: str, seconds: float = 60) -> None:
    """Ask a server of another process, again and again, for something it cannot tell us by itself."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while not ready():
        if time.monotonic() > deadline:
            pytest.fail(f"after {seconds} s still not so: {what}")
        pause.wait(0.02)


def stop_group(leader: int, seconds: float = 10) -> None:
    """Ask the leader of a process group to end, and wait until all of its group have; those that stay are killed."""
    handles = {pid: handle for pid in _group(leader) if (handle := _handle(pid)) is not None}
    try:
        if leader in handles:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(handles[leader], signal.SIGTERM)
        deadline = time.monotonic() + seconds
        for handle in handles.values():
            if not select.select([handle], [], [], max(0, deadline - time.monotonic()))[0]:
                signal.pidfd_send_signal(handle, signal.SIGKILL)
                select.select([handle], [], [], 5)
    finally:
        for handle in handles.values():
            os.close(handle)


def _group(leader: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        with suppress(OSError, ValueError):
            # The name in parentheses may hold blanks; state, parent and group come after it.
            if int((entry / "stat").read_text().rpartition(")")[2].split()[2]) == leader:
                found.append(int(entry.name))
    return found


def _handle(pid: int) -> int | None:
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:
        return None
