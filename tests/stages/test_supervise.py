"""The supervisor, over real processes: it starts again what ends, kills what is silent, stops in order."""

import errno
import io
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from gateway.log import Log
from gateway.supervise import FIRST_PAUSE_SECONDS, SAME_SECONDS, Program, Supervisor, _Child, python
from tests.peers import wait_until

CHILD = """
import os, signal, sys, threading
if sys.argv[1] == "hopeless":
    sys.exit(78)
pulse = int(sys.argv[sys.argv.index("--pulse") + 1])
stopped = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: stopped.set())
say = lambda *words: os.write(1, (" ".join(map(str, words)) + "\\n").encode())  # one write: lines of two processes do not mix
signal.signal(signal.SIGHUP, lambda *_: say("reload", sys.argv[1]))
say("began", sys.argv[1], os.getpid())  # before it is ready: who waits for "all ready" has heard it of all
os.write(pulse, b"ready")
while not stopped.wait(0.05):
    if sys.argv[1] != "mute":
        os.write(pulse, b".")
if sys.argv[1] == "waits":  # for something outside: only the test ends it
    say("waits")
    while not os.path.exists(os.path.join(sys.argv[2], "go")):
        os.write(pulse, b"waiting")
        threading.Event().wait(0.1)
if sys.argv[1] == "lingers":
    while True:
        os.write(pulse, b".")
        threading.Event().wait(0.1)
say("ended", sys.argv[1])
"""

SUPERVISOR = """
import os, sys
from pathlib import Path
from gateway.log import Log
from gateway.supervise import Program, Supervisor
child = (sys.executable, "-c", sys.argv[1])
programs = [Program("smtp", name, (*child, name, sys.argv[2])) for name in sys.argv[5:]]
programs.append(Program("recorder", "recorder", (*child, "recorder"), last=True))
say = lambda: os.write(1, b"all ready\\n")
status, times = Path(sys.argv[2]) / "pids.json", {"silent_seconds": float(sys.argv[3]), "stop_seconds": float(sys.argv[4])}
supervisor = Supervisor(tuple(programs), Log(), status, say, **times)
sys.exit(supervisor.run())
"""


class Supervised:
    def __init__(self, folder: Path, *names: str, silent_seconds: float, stop_seconds: float) -> None:
        self.status = folder / "pids.json"
        self.log = (folder / "log").open("w+")
        self.process = subprocess.Popen(
            (sys.executable, "-c", SUPERVISOR, CHILD, str(folder), str(silent_seconds), str(stop_seconds), *names),
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
        )
        self.said: list[str] = []
        self._lines: queue.Queue[str] = queue.Queue()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line.strip())

    def wait_for(self, line: str, times: int = 1) -> str:
        """Read what the processes say until `line` begins so many of their lines; the last of them."""
        while sum(said.startswith(line) for said in self.said) < times:
            try:
                self.said.append(self._lines.get(timeout=60))
            except queue.Empty:
                pytest.fail(f"no `{line}` after {self.said}")
        return next(said for said in reversed(self.said) if said.startswith(line))

    def events(self, name: str) -> list[dict]:
        self.log.seek(0)
        return [row for line in self.log if (row := json.loads(line))["event"] == name]


@pytest.fixture
def supervised(tmp_path):
    started: list[Supervised] = []

    def start(*names: str, silent_seconds: float = 30, stop_seconds: float = 30) -> Supervised:
        started.append(Supervised(tmp_path, *names, silent_seconds=silent_seconds, stop_seconds=stop_seconds))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            (one.status.parent / "go").touch()
            one.process.terminate()
        one.process.wait(60)
        one.reader.join()
        one.process.stdout.close()
        one.log.close()


def test_what_others_write_through_ends_last(supervised):
    one = supervised("first", "second")
    one.wait_for("all ready")
    pids = json.loads(one.status.read_text())
    assert (len(pids["smtp"]), len(pids["recorder"])) == (2, 1)
    one.process.send_signal(signal.SIGTERM)
    assert one.wait_for("ended", 3) == "ended recorder"
    assert one.process.wait(60) == 0
    assert not one.status.exists()


@pytest.mark.slow
def test_who_waits_for_something_is_not_killed_and_who_only_lingers_is(supervised):
    """Found: after 30 seconds a hand-over whose final dot had been sent was killed with its process, and its mail went twice."""
    one = supervised("waits", "lingers", stop_seconds=0.5)
    one.wait_for("all ready")
    one.process.send_signal(signal.SIGTERM)
    one.wait_for("waits")
    wait_until(lambda: one.events("process.killed"), "who lingers is killed")
    with pytest.raises(subprocess.TimeoutExpired):
        one.process.wait(1.5)
    (one.status.parent / "go").touch()
    assert one.wait_for("ended", 2) == "ended recorder"
    assert one.process.wait(60) == 0
    assert "ended waits" in one.said
    assert [(event["process"], event["why"]) for event in one.events("process.killed")] == [("lingers", "it did not stop in time")]


@pytest.mark.slow
def test_what_others_write_through_is_started_again_while_they_are_waited_for(supervised):
    """Found: it died during a stop, nobody noticed, and what a hop answered then was never written down: its mail went twice."""
    one = supervised("waits")
    one.wait_for("all ready")
    one.process.send_signal(signal.SIGTERM)
    one.wait_for("waits")
    os.kill(json.loads(one.status.read_text())["recorder"][0], signal.SIGKILL)
    one.wait_for("began recorder", 2)
    assert [event["process"] for event in one.events("process.ended")] == ["recorder"]
    (one.status.parent / "go").touch()
    assert one.wait_for("ended", 2) == "ended recorder"
    assert one.process.wait(60) == 0
    assert "ended waits" in one.said


@pytest.mark.slow
def test_a_second_signal_ends_at_once_who_is_waited_for_and_the_state_still_in_order(supervised):
    one = supervised("waits")
    one.wait_for("all ready")
    one.process.send_signal(signal.SIGTERM)
    one.process.send_signal(signal.SIGINT)  # with the first: the same request
    one.wait_for("waits")
    with pytest.raises(subprocess.TimeoutExpired):
        one.process.wait(SAME_SECONDS)
    one.process.send_signal(signal.SIGTERM)
    assert one.wait_for("ended") == "ended recorder"
    assert one.process.wait(10) == 0
    assert [(event["process"], event["why"]) for event in one.events("process.killed")] == [("waits", "asked to stop once more")]


def test_a_process_that_ends_is_started_again(supervised):
    one = supervised("first")
    one.wait_for("all ready")
    one.wait_for("began first")
    os.kill(json.loads(one.status.read_text())["smtp"][0], signal.SIGKILL)
    again = one.wait_for("began first", 2)
    wait_until(lambda: json.loads(one.status.read_text())["smtp"] == [int(again.split()[2])], "the status names the new process")
    assert one.events("process.ended")[0]["code"] == -signal.SIGKILL


def test_a_status_that_cannot_be_written_ends_nobody(supervised):
    """Found: with a full disk, the end of one child was the end of all."""
    one = supervised("first", "second")
    one.wait_for("all ready")
    pids = json.loads(one.status.read_text())
    one.status.with_suffix(".new").mkdir()
    os.kill(pids["smtp"][0], signal.SIGKILL)
    again = one.wait_for("began", 4)
    assert again.split()[1] in {"first", "second"}
    assert "ended" not in " ".join(one.said)
    wait_until(lambda: one.events("alarm"), "the operator hears of it")
    assert one.process.poll() is None
    one.status.with_suffix(".new").rmdir()


@pytest.mark.parametrize("what", ["os.pipe2", "subprocess.Popen"])
def test_a_child_that_cannot_be_started_now_is_started_later(what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Found: EMFILE or EAGAIN at one restart ended the supervisor, and every process with it."""
    program = Program("smtp", "first", (sys.executable, "-c", CHILD, "first"))
    said = io.StringIO()
    supervisor = Supervisor((program,), Log(said), tmp_path / "pids.json")
    child = _Child(program)
    supervisor._children.append(child)
    supervisor._told = True  # all have served
    descriptors = open_descriptors()
    with monkeypatch.context() as full:
        full.setattr(what, no_room)
        supervisor._start(child)
    assert open_descriptors() <= descriptors  # of other tests some may have been closed
    assert (child.process, child.pause) == (None, 2 * FIRST_PAUSE_SECONDS)
    told = json.loads(said.getvalue())
    assert (told["event"], "Resource temporarily unavailable" in told["why"]) == ("process.ended", True)

    supervisor._look_after(child, child.start_at)
    assert child.process is not None
    supervisor._stop()


def open_descriptors() -> set[str]:
    return {path.name for path in Path("/proc/self/fd").iterdir()}


def no_room(*_: object, **__: object) -> None:
    raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))


@pytest.mark.slow
def test_a_silent_process_is_killed_and_started_again(supervised):
    one = supervised("mute", silent_seconds=3)
    one.wait_for("began mute", 2)
    assert one.events("process.killed")[0]["why"] == "silent"


def test_hang_up_reaches_every_process(supervised):
    one = supervised("first")
    one.wait_for("all ready")
    one.process.send_signal(signal.SIGHUP)
    one.wait_for("reload", 2)
    assert {said for said in one.said if said.startswith("reload")} == {"reload first", "reload recorder"}


def test_a_process_that_cannot_ever_serve_ends_the_others(supervised):
    """Found: with a mistake that only a process sees, the supervisor started it again for ever, and neither served nor ended."""
    one = supervised("first", "hopeless")

    assert one.process.wait(60) == 78
    assert [event["code"] for event in one.events("process.ended")] == [78]


def test_a_folder_called_gateway_where_it_is_started_is_not_run(tmp_path: Path) -> None:
    (tmp_path / "gateway").mkdir()
    (tmp_path / "gateway" / "__init__.py").write_text("raise SystemExit('the wrong one')")
    said = subprocess.run(python("--version"), cwd=tmp_path, capture_output=True, text=True, check=False)

    assert (said.returncode, "version" in said.stdout) == (0, True), said.stderr
