"""The processes of a running gateway: which live, and SIGKILL for them. Never for anything else on this machine."""

import json
import os
import select
import signal
from contextlib import suppress
from pathlib import Path

from tests.journey.gateway import Gateway


def kill(served: Gateway, kinds: tuple[str, ...], *, supervisor: bool = False) -> int:
    """SIGKILL for the children of these kinds, the supervisor first if asked for. How many children were killed.

    The status file may name one that has just ended, and its number may be another's by now: only a child of our supervisor is killed.
    """
    assert served.process is not None
    handles = []
    for kind in kinds:
        for pid in pids(served).get(kind, []):
            with suppress(ProcessLookupError):
                handles.append((os.pidfd_open(pid), pid))
    try:
        ours = [handle for handle, pid in handles if _parent(pid) == served.process.pid]
        if supervisor:
            served.process.kill()
        for handle in ours:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(handle, signal.SIGKILL)
        for handle in ours:
            select.select([handle], [], [], 10)
    finally:
        for handle, _ in handles:
            os.close(handle)
    return len(ours)


def living(served: Gateway, kind: str) -> list[int]:
    assert served.process is not None
    return [pid for pid in pids(served).get(kind, []) if _parent(pid) == served.process.pid]


def pids(served: Gateway) -> dict[str, list[int]]:
    with suppress(FileNotFoundError):
        found: dict[str, list[int]] = json.loads((served.directory / "var" / "pids.json").read_text())
        return found
    return {}


def _parent(pid: int) -> int | None:
    try:
        state, parent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[:2]
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if state == "Z" else int(parent)
