"""The gateway's side of one zygote: its process, orders out, reports in. What the zygote is: gateway/worker/zygote.py."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

from gateway.config import Examine
from gateway.errors import BadConfig, Problem, TryLater
from gateway.model.reading import Kind

_REPORT_OCTETS = 4096
_ORDER_OCTETS = 131_072  # more patterns than this are not worth the wait
_END_SECONDS = 5.0
_KEPT = ("PATH", "LD_LIBRARY_PATH")  # of our environment: the rest may hold secrets and is no business of a reader
# glibc takes large pieces of memory as huge pages: to fill one page after the other cost as much as to decode what they hold.
# OMP: a locked child may start no thread, and tesseract would.
_ENVIRONMENT = {"LC_ALL": "C.UTF-8", "OMP_THREAD_LIMIT": "1", "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}

_ADVICE = {
    "rlimits": "setrlimit(2) is refused",
    "no_new_privs": "prctl(PR_SET_NO_NEW_PRIVS) is refused",
    "landlock": "this kernel has no Landlock, or it is switched off (Linux 5.13 or later, lsm=landlock)",
    "seccomp": "this kernel or container does not let us filter system calls, or the machine is neither x86_64 nor aarch64",
    "open": "a locked child could still open a file",
    "lock": "a child could not lock itself in",
}


@dataclass(frozen=True, slots=True)
class Births:
    """What a zygote is told at its start."""

    examine: Examine
    reader: str


class Zygote:
    """One zygote process. It ends with this process, however that ends."""

    def __init__(self, births: Births) -> None:
        examine = births.examine
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        limits = {"control": theirs.fileno(), "parent": os.getpid(), "reader": births.reader}
        limits |= {"pictures": examine.ocr_seconds if examine.ocr == "auto" else 0.0}
        limits |= {"memory": examine.memory, "seconds": examine.seconds, "wall": examine.wall}
        command = [sys.executable, "-I", "-m", "gateway.worker", *(f"--{name}={value}" for name, value in limits.items())]
        command += ["--reduced"] if examine.sandbox == "reduced" else []
        with theirs:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                cwd="/",
                env={name: os.environ[name] for name in _KEPT if name in os.environ} | _ENVIRONMENT,
                start_new_session=True,  # a terminal's signals are for the gateway
            )

    def wait_ready(self, timeout_seconds: float) -> tuple[str, ...]:
        """Block until the zygote has loaded its libraries; the layers that are missing here.

        Raises:
            TryLater: it ended, or said nothing in time.
        """
        self.control.settimeout(timeout_seconds)
        try:
            said = self.control.recv(_REPORT_OCTETS)
        except OSError as error:
            raise TryLater("the sandbox did not start in time") from error
        if not said:
            raise TryLater("the sandbox ended while it started; its own words are on standard error")
        return tuple(json.loads(said)["missing"])

    def fork(self, number: int, kind: Kind, end: socket.socket) -> None:
        """Order a child with this number in later reports; `end` becomes its socket. Raises OSError when the zygote is gone."""
        order = json.dumps({"fork": number, "kind": kind.value}).encode()
        socket.send_fds(self.control, [order], [end.fileno()])

    def prepare(self, patterns: bytes) -> None:
        """Have these patterns compiled before children are forked: a child that is used once would do it each time."""
        order = b'{"patterns":%b}' % patterns
        if len(order) <= _ORDER_OCTETS:
            with contextlib.suppress(OSError):
                self.control.send(order)

    def kill(self, number: int) -> None:
        """Order a child's end; no harm when it has ended."""
        with contextlib.suppress(OSError):  # gone, and its children with it
            self.control.send(json.dumps({"kill": number}).encode())

    def report(self) -> dict[str, Any] | None:
        """One report; None when there is none now. Raises EOFError when the zygote is gone."""
        try:
            said = self.control.recv(_REPORT_OCTETS)
        except BlockingIOError:
            return None
        except OSError as error:
            raise EOFError from error
        if not said:
            raise EOFError
        report: dict[str, Any] = json.loads(said)
        return report

    def end(self) -> None:
        """Close the control socket, at which the zygote kills its children and ends; see it gone."""
        self.control.close()
        try:
            self.process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def refuse_missing(missing: tuple[str, ...], examine: Examine) -> None:
    """Raise BadConfig when a layer is missing and the configuration does not accept that."""
    if missing and examine.sandbox != "reduced":
        way_out = 'mend that, or accept what is left with [examine] sandbox = "reduced"'
        raise BadConfig(tuple(Problem("[examine] sandbox", 0, 0, f"no {name}: {_ADVICE.get(name, name)}; {way_out}") for name in missing))
