"""The supervisor: binds each listening socket once, keeps the processes alive, and passes signals on.

SIGTERM and SIGINT stop in order: no new connections, running transactions finish, then the state processes end. SIGHUP reloads.
What the others write through is kept alive until they have ended.
Who is asked to stop has `stop_seconds`, and again each time it says that it waits for something; the same signal once more ends it at once.
A process that ends is started again, with a pause that grows while it cannot serve; one that is silent for too long is killed first.
Where one says at the first start that it never will serve (exit status CANNOT), the others are stopped and so is this: a mistake in the
settings must not look like a gateway that runs.
Not here: what the processes do (app.py). Children learn their sockets by number, write a full stop to their pulse pipe each second, "ready"
once they serve, and "waiting" when they need longer to stop.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gateway.log import Log

PULSE_SECONDS = 1.0
MARGIN_SECONDS = 5.0  # for the end of a process, after what it gives its work
SILENT_SECONDS = 30.0
FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 30.0
SAME_SECONDS = 1.0  # signals that come together are one: a terminal and a program in between may both pass on a Ctrl-C
WAITING = b"waiting"
CANNOT = 78  # exit status of a program that will not serve however often it is started: EX_CONFIG of sysexits.h


@dataclass(frozen=True, slots=True)
class Program:
    """One process to keep alive."""

    kind: str  # smtp | keeper | recorder
    name: str  # "smtp-1"
    command: tuple[str, ...]  # the pulse pipe's number is added as --pulse N
    sockets: tuple[socket.socket, ...] = ()
    descriptors: tuple[int, ...] = ()  # more that it inherits
    number: int = 0  # which of its kind, from 1; 0: there is one
    last: bool = False  # stopped after the others: what they write through


@dataclass(slots=True)
class _Child:
    program: Program
    process: subprocess.Popen[bytes] | None = None
    pulse: int = -1
    heard_at: float = 0.0
    waited_at: float = 0.0  # when it said last that it waits for something before it ends
    given_up: bool = False  # it did not stop in time
    start_at: float = 0.0
    pause: float = FIRST_PAUSE_SECONDS
    ready: bool = False
    reload: bool = False  # to be told as soon as it is ready


@dataclass(slots=True)
class Supervisor:
    """Runs programs until told to stop."""

    programs: tuple[Program, ...]
    log: Log
    status: Path  # pids.json: {"smtp": [PID, ...], ...}, for the operator and for tests
    on_ready: Callable[[], None] = lambda: None
    on_death: Callable[[Program], None] = lambda _: None  # it has ended, and nobody had asked it to
    stop_seconds: float = 30.0
    silent_seconds: float = SILENT_SECONDS
    environment: Mapping[str, str] = field(default_factory=dict)
    _children: list[_Child] = field(default_factory=list)
    _selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)
    _stopping: bool = False
    _told: bool = False
    _is_hopeless: bool = False
    _is_hurried: bool = False  # asked to stop once more
    _asked_at: float = float("-inf")
    _wake: int = -1

    def run(self) -> int:
        """Start everything, watch it, stop it in order. The exit status: 0 after an orderly stop, CANNOT when one cannot serve."""
        self._wake, wake_w = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(wake_w)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD):
            signal.signal(number, self._on_signal)
        self._selector.register(self._wake, selectors.EVENT_READ)
        # What the others write through begins first; they wait for it by themselves.
        for program in sorted(self.programs, key=lambda program: not program.last):
            child = _Child(program)
            self._children.append(child)
            self._start(child)
        try:
            while not self._stopping:
                self._turn()
        finally:
            self._stop()
        return CANNOT if self._is_hopeless else 0

    def _on_signal(self, number: int, _frame: object) -> None:
        if number in (signal.SIGTERM, signal.SIGINT):
            self._is_hurried |= self._stopping and time.monotonic() - self._asked_at >= SAME_SECONDS
            if not self._stopping:
                self._stopping, self._asked_at = True, time.monotonic()
        elif number == signal.SIGHUP:
            for child in self._children:
                child.reload = True
                _reload(child)

    def _turn(self) -> None:
        self._listen()
        now = time.monotonic()
        for child in self._children:
            self._look_after(child, now)

    def _listen(self) -> None:
        """To pulses and signals, for a second at most."""
        for key, _ in self._selector.select(PULSE_SECONDS):
            if key.fd == self._wake:
                _swallow(self._wake)
            else:
                self._hear(key.data)

    def _look_after(self, child: _Child, now: float) -> None:
        if child.process is None:
            if now >= child.start_at and (child.program.last or not self._stopping):
                self._start(child)
            return
        code = child.process.poll()
        if code is not None:
            self.log.event("process.ended", process=child.program.name, pid=child.process.pid, code=code)
            self.on_death(child.program)
            self._forget(child, now)
            if code == CANNOT and not self._told:
                self._is_hopeless = self._stopping = True
        elif now - child.heard_at > self.silent_seconds:
            self.log.event("process.killed", process=child.program.name, pid=child.process.pid, why="silent")
            child.process.kill()
            child.heard_at = now  # said once, however long its end takes

    def _start(self, child: _Child) -> None:
        """Once all have served: where the machine has no room for it now (EAGAIN, ENOMEM, EMFILE), later, and the others live on."""
        try:
            self._begin(child)
        except OSError as error:
            if not (self._told or self._stopping):
                raise
            self.log.event("process.ended", process=child.program.name, why=f"it cannot be started: {error}")
            child.ready = False
            self._forget(child, time.monotonic())
            return
        self._write_status()

    def _begin(self, child: _Child) -> None:
        """Raises OSError, and then nothing is left open."""
        pulse_r, pulse_w = os.pipe2(os.O_CLOEXEC)
        try:
            os.set_blocking(pulse_r, False)
            child.process = self._run(child.program, pulse_w)
        except OSError:
            os.close(pulse_r)
            raise
        finally:
            os.close(pulse_w)
        child.pulse, child.heard_at, child.ready = pulse_r, time.monotonic(), False
        self._selector.register(pulse_r, selectors.EVENT_READ, child)

    def _run(self, program: Program, pulse_w: int) -> subprocess.Popen[bytes]:
        descriptors = [*(item.fileno() for item in program.sockets), *program.descriptors]
        return subprocess.Popen(
            (*program.command, "--pulse", str(pulse_w), "--parent", str(os.getpid())),
            pass_fds=(*descriptors, pulse_w),
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # a Ctrl-C at the terminal reaches the supervisor alone, which stops them in order
            env={**os.environ, **self.environment},
        )

    def _hear(self, child: _Child) -> None:
        try:
            said = os.read(child.pulse, 4096)
        except BlockingIOError:
            return
        except OSError:
            said = b""
        if not said:
            self._selector.unregister(child.pulse)
            os.close(child.pulse)
            child.pulse = -1
            return
        child.heard_at = time.monotonic()
        if WAITING in said:
            child.waited_at = child.heard_at
        if b"ready" in said:
            child.ready = True
            _reload(child)
            if not (self._told or self._stopping) and self._all_serve():
                self._told = True
                self.on_ready()

    def _all_serve(self) -> bool:
        return len(self._children) == len(self.programs) and all(item.ready for item in self._children)

    def _forget(self, child: _Child, now: float) -> None:
        """Start again: at once what had served, later and later what ends before it serves."""
        child.process = None
        if child.pulse >= 0:
            self._selector.unregister(child.pulse)
            os.close(child.pulse)
            child.pulse = -1
        child.pause = FIRST_PAUSE_SECONDS if child.ready else min(child.pause * 2, LONGEST_PAUSE_SECONDS)
        child.start_at = now + child.pause

    def _write_status(self) -> None:
        """It only tells; a full disk does not end what it tells of."""
        try:
            self._write_pids()
        except OSError as error:
            self.log.event("alarm", what=f"{self.status.name} cannot be written: {error}")

    def _write_pids(self) -> None:
        found: dict[str, list[int]] = {}
        for child in self._children:
            if child.process is not None:
                found.setdefault(child.program.kind, []).append(child.process.pid)
        new = self.status.with_suffix(".new")
        new.write_text(json.dumps(found))
        new.replace(self.status)

    def _stop(self) -> None:
        # With ours the last hand on a port is gone: who connects now is refused at once, and waits for no greeting that never comes.
        for sock in {sock for program in self.programs for sock in program.sockets}:
            sock.close()
        for last in (False, True):
            group = [child for child in self._children if child.program.last is last and child.process is not None]
            self._end(group)
            for child in group:
                self.log.event("serve.stopped", process=child.program.name, pid=child.process.pid if child.process else 0, why="asked")
            self._is_hurried = False  # who asked once more meant these
        self.status.unlink(missing_ok=True)

    def _end(self, group: list[_Child]) -> None:
        for child in group:
            _signal(child, signal.SIGTERM)
        told_at = time.monotonic()
        while alive := [child for child in group if child.process is not None and child.process.poll() is None]:
            now = time.monotonic()
            for child in alive:
                if self._is_hurried or now >= max(told_at, child.waited_at) + self.stop_seconds:
                    self._give_up(child)
            self._listen()
            # What these still learn, as a hop's last reply, has to be written down.
            for child in self._children:
                if child.program.last and child not in group:
                    self._look_after(child, time.monotonic())

    def _give_up(self, child: _Child) -> None:
        if child.process is not None and not child.given_up:
            child.given_up = True
            why = "asked to stop once more" if self._is_hurried else "it did not stop in time"
            self.log.event("process.killed", process=child.program.name, pid=child.process.pid, why=why)
            child.process.kill()


def _reload(child: _Child) -> None:
    """SIGHUP, but not to one that is just starting: it may not yet know what to make of it, and end."""
    if child.reload and child.ready:
        child.reload = False
        _signal(child, signal.SIGHUP)


def _signal(child: _Child, number: signal.Signals) -> None:
    if child.process is not None and child.process.poll() is None:
        child.process.send_signal(number)


def _swallow(descriptor: int) -> None:
    try:
        os.read(descriptor, 4096)
    except BlockingIOError:
        return


def bind(address: str) -> socket.socket:
    """A listening socket for `host:port`, not yet accepting. Raises OSError."""
    host, _, port = address.rpartition(":")
    host = host.strip("[]")
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind((host, int(port)))
    listening.listen(1024)
    listening.setblocking(False)
    return listening


def python(*arguments: str) -> tuple[str, ...]:
    """A command that runs this same gateway."""
    return (sys.executable, "-P", "-m", "gateway.cli", *arguments)  # -P: not what lies in the folder where it is started
