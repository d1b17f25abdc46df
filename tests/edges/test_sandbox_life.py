"""Births and deaths: turns, replacement, and nothing left behind."""

import asyncio
import json
import os
import select
import shutil
import signal
import subprocess
import sys
from contextlib import closing

import pytest

from gateway.config import Examine
from gateway.edges.sandbox_zygote import refuse_missing
from gateway.errors import BadConfig, TryLater
from gateway.model.finding import Readable
from gateway.worker import seccomp
from tests.edges.sandboxed import PATIENCE, bench

# A gateway process with two children at work; it says who its processes are and waits. One child may have read both of the first.
PARENT = """
import asyncio, json, sys
from tests.edges.sandboxed import Bench
async def main(at):
    reading = [asyncio.ensure_future(at.reading(b"hello" + end)) for end in (b"", b" again")]
    await asyncio.wait(reading)
    asyncio.ensure_future(at.reading(b"sleep"))
    asyncio.ensure_future(at.reading(b"%PDF-sleep"))
    while len(at.sandbox.pool.pids) < 3:
        await asyncio.sleep(0.01)
    print(json.dumps(at.sandbox.pool.pids), flush=True)
    await asyncio.Event().wait()
with asyncio.Runner() as runner:
    runner.run(main(Bench(runner)))
"""


def ended(pids, seconds=PATIENCE):
    """Which of these processes end in time, without reaping them."""
    gone = set()
    for pid in pids:
        try:
            descriptor = os.pidfd_open(pid)
        except ProcessLookupError:
            gone.add(pid)
            continue
        if select.select([descriptor], [], [], seconds)[0]:
            gone.add(pid)
        os.close(descriptor)
    return gone


@pytest.mark.slow
def test_a_reusable_child_serves_thirty_two_messages():
    with bench(workers=1) as at:
        served = [at.who(b"hello %d" % number) for number in range(100)]
        by_child = {pid: sum(1 for other, _ in served if other == pid) for pid, _ in served}

    assert max(by_child.values()) == 32
    assert len(by_child) >= 4
    assert not at.killed


def test_the_limits_are_as_configured():
    with bench(memory="300MB", wall=2) as at:
        limits = json.loads(at.read(b"limits")[0].evidence[0].sample)

    assert limits["AS"] == [300 << 20, 300 << 20]
    assert limits["CPU"][0] == 65
    assert [limits[name] for name in ("FSIZE", "CORE", "NPROC")] == [[0, 0]] * 3
    assert limits["NOFILE"][0] <= 16
    assert limits["uid"] != 0


def test_secrets_in_the_environment_stay_with_the_gateway(monkeypatch):
    monkeypatch.setenv("OUTGATE_DATABASE_PASSWORD", "swordfish")

    with bench() as at:
        environment = at.read(b"environment")[0].evidence[0].sample

    assert "PATH" in environment
    assert "swordfish" not in environment


def test_closing_leaves_no_process():
    with bench() as at:
        at.read(b"hello", b"%PDF-hello")
        pids = at.sandbox.pool.pids

    assert len(pids) > 2
    assert ended(pids) == set(pids)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_the_death_of_the_gateway_leaves_no_process(number):
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE) as parent, closing(parent.stdout) as said:
        pids = json.loads(said.readline())
        assert not ended(pids, 0)

        parent.send_signal(number)

        assert len(pids) > 2
        assert ended(pids) == set(pids)


def test_signals_that_end_a_service_are_for_the_gateway_to_obey():
    with bench() as at:
        at.read(b"hello")
        for pid in at.sandbox.pool.pids:
            os.kill(pid, signal.SIGTERM)
            os.kill(pid, signal.SIGINT)

        assert at.read(b"hello")[0].readable is Readable.YES
        assert not at.killed


@pytest.mark.slow
def test_a_dead_zygote_is_replaced_and_what_it_read_is_tried_later():
    with bench() as at:
        at.read(b"hello")

        async def story():
            reading = asyncio.ensure_future(at.reading(b"sleep"))
            await asyncio.sleep(0)
            os.kill(at.sandbox.pool.pids[0], signal.SIGKILL)
            with pytest.raises(TryLater, match="sandbox ended"):
                await reading
            return await at.reading(b"hello")

        before = at.sandbox.pool.pids
        (found,) = at.runner.run(story())

        assert found.readable is Readable.YES
        assert [(killed.why, killed.signal) for killed in at.killed] == [("zygote", signal.SIGKILL)]
        assert ended(before) == set(before)


def test_an_idle_child_that_dies_is_replaced():
    with bench(workers=1) as at:
        pid, _ = at.who(b"hello")
        os.kill(pid, signal.SIGKILL)
        at.runner.run(at.until(lambda: at.killed))

        assert at.who(b"hello")[0] != pid
        assert [(killed.why, killed.pid, killed.signal) for killed in at.killed] == [("crashed", pid, signal.SIGKILL)]


def test_a_missing_layer_is_refused_by_name_unless_that_is_accepted():
    with pytest.raises(BadConfig) as refused:
        refuse_missing(("landlock",), Examine())
    refuse_missing(("landlock",), Examine(sandbox="reduced"))

    assert "no landlock" in str(refused.value)
    assert 'sandbox = "reduced"' in str(refused.value)


def test_a_reader_that_cannot_be_loaded_is_said_at_the_start(capfd):
    from gateway.edges.sandbox import Sandbox

    with pytest.raises(TryLater, match="standard error"):
        Sandbox(Examine(), reader="gateway.nothing:read").start()

    assert "No module named 'gateway.nothing'" in capfd.readouterr().err


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("setpriv"), reason="needs root to become somebody else")
def test_it_holds_for_a_gateway_that_is_not_root():
    # Where this user may not read the interpreter: it is given that one right, and children drop it again.
    right = ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
    become = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *right]
    code = (
        "import json, os, sys\nfrom tests.edges.sandboxed import bench\n"
        "with bench() as at:\n"
        "    said = [at.read(b)[0].readable.value for b in (b'hello', b'segfault', b'open /etc/passwd', b'socket', b'fork', b'loop')]\n"
        "print(json.dumps([os.geteuid(), said]))\n"
    )
    done = subprocess.run([*become, sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)

    assert json.loads(done.stdout) == [65534, ["yes", "crashed", "crashed", "crashed", "crashed", "over-budget"]]


# A kernel without Landlock, or a container that forbids it: its calls are unknown to this process and its children.
WITHOUT_LANDLOCK = """
import ctypes, errno, json
from gateway.config import Examine
from gateway.edges.sandbox import Sandbox
from gateway.errors import BadConfig
from gateway.worker import lock, seccomp
from tests.edges.sandboxed import HOSTILE, bench
unknown = 0x00050000 | errno.ENOSYS
code = [seccomp._ins(0x20, 0), seccomp._ins(0x15, 444, 0, 1), seccomp._ins(0x06, unknown), seccomp._ins(0x06, seccomp._ALLOW)]
octets = ctypes.create_string_buffer(b"".join(code))
program = seccomp._Program(len(code), ctypes.addressof(octets))
lock._prctl(38, 1)
zero = ctypes.c_ulong(0)
assert seccomp._libc.prctl(22, ctypes.c_ulong(2), ctypes.byref(program), zero, zero) == 0
said = []
try:
    Sandbox(Examine(), reader=HOSTILE).start()
except BadConfig as refused:
    said.append(str(refused))
with bench(sandbox="reduced") as at:
    said += [at.read(body)[0].readable.value for body in (b"hello", b"open /etc/passwd", b"socket")]
print(json.dumps(said))
"""


@pytest.mark.slow
@pytest.mark.skipif(not seccomp.is_available(), reason="this kernel does not filter system calls")
def test_without_landlock_it_refuses_to_start_or_goes_on_with_what_is_left():
    done = subprocess.run([sys.executable, "-c", WITHOUT_LANDLOCK], capture_output=True, text=True, check=True, timeout=60)

    refusal, *read = json.loads(done.stdout)
    assert refusal.startswith("[examine] sandbox: no landlock: this kernel has no Landlock")
    assert read == ["yes", "crashed", "crashed"]
