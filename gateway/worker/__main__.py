"""`python -I -m gateway.worker`: the zygote. Started by the gateway, never by a person."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import socket
from pathlib import Path

from gateway.model.reading import MESSAGES, Kind
from gateway.worker.lock import Limits, die_with_parent
from gateway.worker.reader import load
from gateway.worker.zygote import Zygote

# They are meant for the gateway, which finishes what it has begun and then lets us go.
_IGNORED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)
_NICE = 10


def main() -> None:
    parser = argparse.ArgumentParser(prog="gateway.worker")
    parser.add_argument("--control", type=int, required=True)
    parser.add_argument("--parent", type=int, required=True)
    parser.add_argument("--reader", required=True)
    parser.add_argument("--memory", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--pictures", type=float, required=True)
    parser.add_argument("--wall", type=float, required=True)
    parser.add_argument("--reduced", action="store_true")
    given = parser.parse_args()

    for number in _IGNORED:
        signal.signal(number, signal.SIG_IGN)
    die_with_parent()
    if os.getppid() != given.parent:  # it ended before the kernel was told
        return
    _give_way()
    reader = load(given.reader, given.seconds, given.pictures)
    limits = Limits(given.memory, given.seconds, given.pictures, given.wall, MESSAGES[Kind.REUSABLE])
    with socket.socket(fileno=given.control) as control:
        Zygote(control, reader, limits, given.reduced).run()


def _give_way() -> None:
    """Small mail, which needs no child, comes before large files: where both want the processor, theirs is the smaller share."""
    os.nice(_NICE)
    with contextlib.suppress(OSError):  # sched(7): a session is a group of its own, and only this file says how nice the group is
        Path("/proc/self/autogroup").write_text(str(_NICE))


if __name__ == "__main__":
    main()
