"""How a process begins and ends: tied to its supervisor, and when it is asked to."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

from gateway.edges.suspects import Suspects, shared_memory
from gateway.errors import BadInput, OutgateError, WillNotDo
from gateway.log import Log
from gateway.supervise import CANNOT, PULSE_SECONDS, SAME_SECONDS

_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class Lifeline:
    """The ties to the supervisor: we end with it, and it hears that we live."""

    pulse: int | None
    parent: int | None
    memory: int | None = None  # shared with it and the other processes
    number: int = 0  # our part of it

    def tie(self) -> None:
        if self.parent is None:
            return
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != self.parent:  # it ended before we could ask to be told
            os._exit(1)
        for descriptor in (self.pulse, self.memory):
            if descriptor is not None:
                os.set_inheritable(descriptor, False)

    def suspects(self) -> Suspects:
        """Which messages may have killed a process; a process that was started alone remembers for itself."""
        return Suspects(shared_memory(1)) if self.memory is None else Suspects(self.memory, self.number)

    def say(self, word: bytes = b".") -> None:
        if self.pulse is not None:
            os.write(self.pulse, word)

    def cut(self, log: Log, name: str, why: str) -> NoReturn:
        """End now, whatever goes on, as a supervisor would end us."""
        log.event("process.killed", process=name, pid=os.getpid(), why=why)
        os._exit(1)


class Asked:
    """What a signal to stop does: the first lets what goes on end in order; to one that was started alone, the same once more is the end.

    Others have a supervisor, who kills them when it is asked once more.
    """

    def __init__(self, lifeline: Lifeline, log: Log, name: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.stopped = asyncio.Event()
        self._lifeline = lifeline
        self._log = log
        self._name = name
        self._monotonic = monotonic
        self._at: float | None = None

    def hear(self) -> None:
        now = self._monotonic()
        if self._at is None:
            self._at = now
            self.stopped.set()
        elif self._lifeline.parent is None and now - self._at >= SAME_SECONDS:
            self._lifeline.cut(self._log, self._name, "asked to stop once more")


async def pulse_until(stopped: asyncio.Event, lifeline: Lifeline) -> None:
    while not stopped.is_set():
        lifeline.say()
        try:
            await asyncio.wait_for(stopped.wait(), PULSE_SECONDS)
        except TimeoutError:
            continue


def asked_to_stop(lifeline: Lifeline, log: Log, name: str) -> asyncio.Event:
    """What SIGTERM and SIGINT set."""
    asked = Asked(lifeline, log, name)
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, asked.hear)
    return asked.stopped


def cannot(name: str, error: OutgateError) -> int:
    """A process that cannot start says so to whoever started it: 1 when it may help to try again, CANNOT when not."""
    print(f"outgate {name}: {error}", file=sys.stderr)  # noqa: T201 - on purpose: the log may be what does not work
    return CANNOT if isinstance(error, (BadInput, WillNotDo)) else 1
