"""The process that children are forked from: loads the libraries once, reads no document itself, ends when the gateway does.

Orders come as datagrams on the control socket (SOCK_SEQPACKET), with the child's own socket beside an order to fork; reports go back.
Both are small JSON objects: {"fork": number, "kind": kind}, {"kill": number}, {"patterns": patterns}; {"ready": pid, "missing": [...]},
{"born": number, "pid": pid}, {"stillborn": number}, {"died": number, "status": status}.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
from dataclasses import dataclass, field, replace
from typing import NoReturn

from gateway.model.reading import MESSAGES, Kind, read_patterns
from gateway.worker.child import Child
from gateway.worker.lock import Limits, lock
from gateway.worker.reader import Reader, warm
from gateway.worker.wire import Channel

_ORDER_OCTETS = 131_072
_WAKING_OCTETS = 4096
_BAD_LOCK = 77  # exit status of a child that could not lock itself in


@dataclass(slots=True)
class Zygote:
    """The zygote itself; one thread."""

    control: socket.socket
    reader: Reader
    limits: Limits
    reduced: bool  # go on where a layer is missing
    children: dict[int, int] = field(default_factory=dict)  # number to process id; a process id is free for others once it is reaped

    def run(self) -> None:
        """Say whether the sandbox holds here, then obey until the gateway closes the control socket."""
        missing = self._probe()
        self._report(ready=os.getpid(), missing=missing)
        if missing and not self.reduced:
            return
        woken, wakes = socket.socketpair()
        woken.setblocking(False)
        wakes.setblocking(False)
        signal.set_wakeup_fd(wakes.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        poll = select.poll()
        poll.register(self.control, select.POLLIN)
        poll.register(woken, select.POLLIN)
        while True:
            ready = {descriptor for descriptor, _ in poll.poll()}
            if woken.fileno() in ready:
                woken.recv(_WAKING_OCTETS)
                self._reap()
            if self.control.fileno() in ready and not self._obey():
                break
        self._end_all()

    def _obey(self) -> bool:
        """One order; False when there will be no more."""
        try:
            order, descriptors, _, _ = socket.recv_fds(self.control, _ORDER_OCTETS, 1, socket.MSG_CMSG_CLOEXEC)
        except ConnectionResetError:  # it closed before it had read all our reports
            return False
        if not order:
            return False
        match json.loads(order):
            case {"fork": int(number), "kind": str(kind)}:
                self._fork(number, Kind(kind), socket.socket(fileno=descriptors[0]))
            case {"kill": int(number)} if number in self.children:
                os.kill(self.children[number], signal.SIGKILL)
            case {"patterns": patterns}:
                with contextlib.suppress(Exception):  # children will say what is wrong with them
                    warm(self.reader, read_patterns(patterns))
            case _:
                pass
        return True

    def _fork(self, number: int, kind: Kind, end: socket.socket) -> None:
        zygote = os.getpid()
        with end:
            try:
                pid = os.fork()
            except OSError:
                self._report(stillborn=number)
                return
            if pid == 0:
                self._be_child(kind, end, zygote)
        self.children[number] = pid
        self._report(born=number, pid=pid)

    def _be_child(self, kind: Kind, end: socket.socket, zygote: int) -> NoReturn:
        """The life of a child. Whatever happens, it does not return into the zygote's loop."""
        status = 1
        try:
            self._let_go(end.fileno())
            limits = replace(self.limits, messages=MESSAGES[kind])
            if lock(limits, end.fileno()) and not self.reduced:
                status = _BAD_LOCK
            elif os.getppid() == zygote:  # else it ended before the kernel was told that we go with it
                Child(kind, limits, self.reader).serve(Channel(end))
                status = 0
        finally:
            os._exit(status)

    def _let_go(self, keep: int) -> None:
        """Nothing of the zygote's stays open in a child: it must not speak on the control socket, nor keep it from ending."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # 0 and 1 are /dev/null from the start
        os.closerange(3, keep)
        os.closerange(keep + 1, 4096)

    def _probe(self) -> list[str]:
        """The layers that are missing here, as a child of our own finds them; "open" when one could open a file in spite of all."""
        ours, theirs = socket.socketpair()
        pid = os.fork()
        if pid == 0:
            try:
                self._let_go(theirs.fileno())
                missing = lock(replace(self.limits, messages=1), theirs.fileno())
                missing = missing if set(missing) >= {"landlock", "seccomp"} or not _can_open() else (*missing, "open")
                os.write(theirs.fileno(), json.dumps(missing).encode())
            finally:
                os._exit(0)
        theirs.close()
        with ours:
            said = ours.recv(_WAKING_OCTETS)
        os.waitpid(pid, 0)
        return list(json.loads(said)) if said else ["lock"]

    def _reap(self) -> None:
        while self.children:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            number = next(number for number, child in self.children.items() if child == pid)
            del self.children[number]
            self._report(died=number, status=status)

    def _end_all(self) -> None:
        for pid in self.children.values():
            os.kill(pid, signal.SIGKILL)
        for pid in self.children.values():
            os.waitpid(pid, 0)

    def _report(self, **what: object) -> None:
        with contextlib.suppress(OSError):  # the gateway is gone; the next order will be the end
            self.control.send(json.dumps(what).encode())


def _can_open() -> bool:
    try:
        os.close(os.open("/", os.O_RDONLY))
    except OSError:
        return False
    return True
