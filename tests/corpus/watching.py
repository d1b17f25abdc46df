"""A gateway watched while it is attacked: the memory of all its processes, and other people's mail meanwhile."""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.corpus.entries import mail
from tests.corpus.run import OWN, Running
from tests.journey.client import Client


@dataclass
class Watched:
    """What was seen; sizes are in MiB of memory that the processes have for themselves, shared pages counted once (Pss)."""

    before: float
    most: float = 0.0
    seconds: float = 0.0  # of processor time that the gateway used
    notes: list[float] = field(default_factory=list)  # seconds that each other message took
    lost: list[str] = field(default_factory=list)  # answers to other mail that were no acceptance

    @property
    def grown(self) -> float:
        return self.most - self.before


@contextmanager
def watched(running: Running, pause_seconds: float = 0.05) -> Iterator[Watched]:
    """Look at the memory again and again, and send other mail all the time."""
    pid = running.gateway.process.pid  # type: ignore[union-attr]
    seen = Watched(memory(pid), seconds=-processor_seconds(pid))
    over = threading.Event()

    def look() -> None:
        while not over.wait(pause_seconds):
            seen.most = max(seen.most, memory(pid))

    def send() -> None:
        with Client(running.gateway.port, seconds=60) as client:
            client.hello()
            while not over.wait(pause_seconds):
                began = time.monotonic()
                client.envelope(f"alex@{OWN}", ["other@elsewhere.example"])
                client.content(mail(text="Hello."))
                (answer,) = client.answers()
                seen.notes.append(time.monotonic() - began)
                if not answer.startswith("250 "):
                    seen.lost.append(answer)

    threads = [threading.Thread(target=work, daemon=True) for work in (look, send)]
    for thread in threads:
        thread.start()
    try:
        yield seen
    finally:
        over.set()
        for thread in threads:
            thread.join(60)
        seen.most = max(seen.most, memory(pid))
        seen.seconds += processor_seconds(pid)


def memory(pid: int) -> float:
    """Of a process and all below it, in MiB."""
    found = 0.0
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                found = int(line.split()[1]) / 1024
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:  # it has just ended
        return found
    return found + sum(memory(int(child)) for child in children)


def processor_seconds(pid: int) -> float:
    """Of a process and all below it, those that have ended included (proc(5): utime, stime, cutime, cstime)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK") + sum(processor_seconds(int(child)) for child in children)
