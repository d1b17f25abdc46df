"""Each layer of the lock by itself: what the kernel then refuses, and what the filter program says of every call on both machines."""

import errno
import struct
import subprocess
import sys

import pytest

from gateway.worker import landlock, seccomp

KILL, FAIL, ALLOW = seccomp._KILL, seccomp._FAIL, seccomp._ALLOW
CHANNEL, PID = 5, 4321
MACHINES = sorted(seccomp._MACHINES)
PROT_READ, PROT_EXEC = 1, 4


def run(program, arch, number, *arguments):
    """The answer of a classic BPF program to one system call, as seccomp(2) describes it."""
    data = struct.pack("=IIQ6Q", number, arch, 0, *arguments, *[0] * (6 - len(arguments)))
    code = list(struct.iter_unpack("=HBBI", program))
    at = accumulator = 0
    while True:
        operation, if_true, if_false, value = code[at]
        at += 1
        match operation:
            case 0x20:
                (accumulator,) = struct.unpack_from("=I", data, value)
            case 0x15:
                at += if_true if accumulator == value else if_false
            case 0x35:
                at += if_true if accumulator >= value else if_false
            case 0x45:
                at += if_true if accumulator & value else if_false
            case 0x06:
                return value


@pytest.fixture(params=MACHINES)
def ask(request):
    """Asks the program of one machine about a call by name."""
    machine = seccomp._MACHINES[request.param]
    program = seccomp._program(machine, CHANNEL, PID)
    special = {name.strip("_").lower(): getattr(seccomp, name) for name in ("_READ", "_WRITE", "_RECVMSG", "_MMAP", "_MPROTECT")}
    special |= {"fcntl": seccomp._FCNTL_CALL, "newfstatat": seccomp._FSTATAT, "prlimit64": seccomp._PRLIMIT, "tgkill": seccomp._TGKILL}
    calls = {**seccomp._HARMLESS, **seccomp._HOSTILE, **special}

    def asker(name, *arguments):
        number = calls[name][machine.column] if isinstance(name, str) else name
        return None if number is None else run(program, machine.audit_arch, number, *arguments)

    return asker


def test_the_listed_calls_are_answered_as_listed(ask):
    assert {ask(name) for name in seccomp._HARMLESS} <= {ALLOW, None}
    assert {ask(name) for name in seccomp._HOSTILE} <= {KILL, None}


def test_no_two_lists_share_a_number():
    for column in (0, 1):
        numbers = [call[column] for call in (*seccomp._HARMLESS.values(), *seccomp._HOSTILE.values()) if call[column] is not None]
        numbers += [getattr(seccomp, name)[column] for name in ("_READ", "_WRITE", "_RECVMSG", "_MMAP", "_MPROTECT", "_FCNTL_CALL")]
        numbers += [getattr(seccomp, name)[column] for name in ("_FSTATAT", "_PRLIMIT", "_TGKILL")]

        assert len(numbers) == len(set(numbers))


def test_data_passes_by_the_channel_alone(ask):
    assert [ask("read", fd) for fd in (CHANNEL, 0, 4)] == [ALLOW, FAIL, FAIL]
    assert [ask("recvmsg", fd) for fd in (CHANNEL, 3)] == [ALLOW, FAIL]
    assert [ask("write", fd) for fd in (CHANNEL, 1, 2, 6)] == [ALLOW, ALLOW, ALLOW, FAIL]


def test_memory_is_never_made_executable(ask):
    for call in ("mmap", "mprotect"):
        assert ask(call, 0, 4096, PROT_READ) == ALLOW
        assert ask(call, 0, 4096, PROT_READ | PROT_EXEC) == FAIL


def test_signals_go_to_oneself_and_limits_are_only_asked(ask):
    assert [ask("tgkill", pid, pid, 6) for pid in (PID, 1)] == [ALLOW, FAIL]
    assert [ask("prlimit64", 0, 7, pointer) for pointer in (0, 1, 1 << 32)] == [ALLOW, FAIL, FAIL]
    assert [ask("fcntl", 6, command) for command in (1030, 3, 4, 1031, 1036)] == [ALLOW, ALLOW, FAIL, FAIL, FAIL]
    assert [ask("newfstatat", 6, 0, 0, flags) for flags in (0x1000, 0)] == [ALLOW, FAIL]


def test_what_nobody_listed_fails(ask):
    assert [ask(number) for number in (500, 999)] == [FAIL, FAIL]


@pytest.mark.parametrize("name", MACHINES)
def test_calls_of_another_machine_kill(name):
    machine = seccomp._MACHINES[name]
    program = seccomp._program(machine, CHANNEL, PID)

    assert run(program, 0x40000003, 1) == KILL
    if name == "x86_64":
        assert run(program, machine.audit_arch, 0x40000000 | 39) == KILL


# --- against this kernel ----------------------------------------------------------------------------------------------

PRIVILEGES = "import os, socket, sys\nfrom gateway.worker import landlock, lock, seccomp\nlock._prctl(38, 1)\n"


def say(code):
    """What a process of its own, under one layer, prints; or the signal that ended it."""
    done = subprocess.run([sys.executable, "-c", PRIVILEGES + code], capture_output=True, text=True, timeout=60, check=False)
    return done.stdout.strip() if done.returncode == 0 else done.returncode


needs_landlock = pytest.mark.skipif(not landlock.version(), reason="this kernel has no Landlock")
needs_seccomp = pytest.mark.skipif(not seccomp.is_available(), reason="this kernel does not filter system calls")


@needs_landlock
@pytest.mark.parametrize("deed", ["os.open('/etc/passwd', 0)", "os.listdir('/')", "os.mkdir('/tmp/new')", "os.open('/dev/null', 1)"])
def test_landlock_alone_opens_nothing(deed):
    code = f"landlock.restrict()\ntry:\n    {deed}\nexcept OSError as error:\n    print(error.errno)"

    assert say(code) == str(errno.EACCES)


@needs_landlock
@pytest.mark.parametrize("version", range(1, 9))
def test_every_version_of_landlock_up_to_ours_is_spoken(version):
    # Debian 12 has 2. A newer kernel takes the words of an older one; one that is newer than we know gets the newest we know.
    if min(version, 7) > landlock.version():
        pytest.skip("a newer interface than this kernel has")
    code = f"landlock.version = lambda: {version}\nlandlock.restrict()\n"
    code += "try:\n    os.listdir('/')\nexcept OSError as error:\n    print(error.errno)"

    assert say(code) == str(errno.EACCES)


@needs_seccomp
@pytest.mark.parametrize(
    "deed", ["socket.socket()", "os.kill(os.getppid(), 0)", "os.execv('/bin/true', ['true'])", "socket.socketpair()", "os.kill(1, 9)"]
)
def test_seccomp_alone_kills_for_what_only_an_attacker_would_try(deed):
    assert say(f"seccomp.restrict(1)\n{deed}") == -31


@needs_seccomp
@pytest.mark.parametrize("deed", ["os.open('/dev/null', 0)", "os.fork()", "os.dup2(1, 9)", "os.pipe()", "os.lseek(0, 0, 0)"])
def test_seccomp_alone_refuses_what_a_reader_need_not_do(deed):
    code = f"seccomp.restrict(1)\ntry:\n    {deed}\nexcept OSError as error:\n    os.write(1, str(error.errno).encode())\nos._exit(0)"

    assert say(code) == str(errno.EPERM)


def test_no_capability_is_kept():
    said = say("lock._drop_capabilities()\nprint(open('/proc/self/status').read())")
    kept = dict(line.split(":\t") for line in said.splitlines() if line.startswith("Cap"))

    assert {kept[name] for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")} == {"0" * 16}


def test_a_child_whose_zygote_died_before_it_could_say_that_it_goes_with_it_ends_at_once():
    code = "from gateway.model.reading import Kind\nfrom gateway.worker.zygote import Zygote\nimport signal\n"
    code += "ours, theirs = socket.socketpair()\nzygote = Zygote(ours, None, lock.Limits(1 << 30, 1, 0, 1, 1), True)\npid = os.fork()\n"
    code += "if pid == 0:\n    zygote._be_child(Kind.REUSABLE, theirs, 1)\nsignal.alarm(20)\nprint(os.waitpid(pid, 0)[0] == pid)"

    assert say(code) == "True"


@needs_landlock
@needs_seccomp
def test_the_lock_names_no_missing_layer_where_all_are_there():
    code = "limits = lock.Limits(1 << 30, 1, 0, 1, 1)\nos.write(1, repr(lock.lock(limits, 1)).encode())\nos._exit(0)"

    assert say(code) == "()"


@needs_seccomp
def test_a_layer_that_the_kernel_refuses_is_named():
    # Under a filter already, no further layer can be put on, nor a limit set.
    code = "limits = lock.Limits(1 << 30, 1, 0, 1, 1)\nseccomp.restrict(1)\n"
    code += "lock._prctl = lambda *_: None\nlock._become_nobody = lock._drop_capabilities = lambda: None\n"
    code += "os.write(1, repr(lock.lock(limits, 1)).encode())\nos._exit(0)"

    assert say(code) == "('rlimits', 'landlock', 'seccomp')"
