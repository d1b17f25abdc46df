"""A gateway under strace from its first instruction, and its trace as a list of calls in the order in which they began and returned."""

import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.journey.gateway import OUTGATE, Gateway
from tests.peers import wait_until

SYNCS = ("fsync", "fdatasync", "sync_file_range", "syncfs", "sync", "msync")
WRITES = ("write", "writev", "sendto", "sendmsg", "pwrite64")
RENAMES = ("rename", "renameat", "renameat2")
# PID CLOCK name(arguments) = result; a call that waits is on two lines, with other processes' calls between.
_LINE = re.compile(r"(\d+) +[\d:.]+ (.*)")
_BEGUN = re.compile(r"(\w+)\((.*)")
_RESUMED = re.compile(r"<\.\.\. (\w+) resumed>(.*)")


@dataclass(frozen=True, slots=True)
class Call:
    name: str
    thread: int
    text: str  # arguments and result, descriptors with their paths
    begun: int  # number of the line
    returned: int

    @property
    def is_sync(self) -> bool:
        return self.name in SYNCS and self.text.endswith("= 0")


def start_traced(served: Gateway, trace: Path) -> None:
    """Start it, with all that it will ever start, and wait until it greets."""
    # -D: the supervisor stays our child; seccomp-bpf: calls that are not traced cost nothing.
    calls = ",".join((*SYNCS, *WRITES, *RENAMES))
    tracer = (
        "strace",
        "-D",
        "-f",
        "--seccomp-bpf",
        "-tt",
        "-y",
        "-s",
        "200",
        "-e",
        f"trace={calls}",
        "-e",
        "signal=none",
        "-o",
        str(trace),
    )
    with (served.directory / "serve.log").open("ab") as log:
        served.process = subprocess.Popen(
            (*tracer, *OUTGATE, "serve", "--config", str(served.config)),
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd=served.directory,
            env={**os.environ, **served.environment},
        )
    wait_until(served._is_ready, "the traced gateway greets", 120)


def calls(trace: Path) -> list[Call]:
    """All that have returned, in the order in which they did."""
    return list(_calls(trace.read_text(errors="replace").splitlines()))


def _calls(lines: list[str]) -> Iterator[Call]:
    waiting: dict[int, tuple[str, str, int]] = {}
    for number, line in enumerate(lines):
        match = _LINE.fullmatch(line)
        if match is None:
            continue
        thread, said = int(match[1]), match[2]
        if (resumed := _RESUMED.match(said)) and thread in waiting:
            name, text, begun = waiting.pop(thread)
            yield Call(name, thread, text + resumed[2], begun, number)
        elif begun_now := _BEGUN.match(said):
            name, text = begun_now[1], begun_now[2]
            if text.endswith("<unfinished ...>"):
                waiting[thread] = name, text.removesuffix("<unfinished ...>"), number
            else:
                yield Call(name, thread, text, number, number)
