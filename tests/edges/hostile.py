"""A reader that does what the document says: the first word of its text names one of the functions below. Runs in the children alone."""

import ctypes
import hashlib
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

from gateway.model.finding import Evidence, EvidenceKind, FileFinding, Place, Readable
from gateway.model.reading import LENGTH, REPLY_LIMIT

served = []
budgets = []


class Budget:
    def __init__(self, *, seconds, picture_seconds, on_pictured):
        self.seconds = seconds
        self.picture_seconds = picture_seconds
        self.on_pictured = on_pictured


def preload(*, with_ocr):
    """Nothing: what this file imports is all it needs."""
    return with_ocr


def read(data, *, id, names, declared_type, charset, is_words, patterns, budget):  # noqa: A002 - the reader's own signature
    served.append(id)
    budgets.append(budget)
    word, _, rest = data.removeprefix(b"%PDF-").partition(b" ")
    deed = globals().get(f"do_{word.decode('ascii', 'replace')}")
    said = deed(rest) if deed else None
    if isinstance(said, tuple):
        return said
    itself = FileFinding(id, None, names, declared_type, "text/plain", len(data), hashlib.sha256(data).hexdigest(), Readable.YES)
    evidence = Evidence(EvidenceKind.DETECTOR, "said", 1, f"{os.getpid()} {len(served)}", str(said), None, Place.TEXT)
    marks = tuple(Evidence(EvidenceKind.MARKING, mark.id, sample=mark.text) for mark in patterns.markings if mark.text.encode() in data)
    return (FileFinding(**{name: getattr(itself, name) for name in itself.__slots__} | {"evidence": (evidence, *marks)}),)


def do_segfault(rest):
    ctypes.string_at(0)


def do_abort(rest):
    os.abort()


def do_raise(rest):
    raise ValueError(rest)


def do_allocate(rest):
    kept = []
    while True:
        kept.append(bytearray(16 << 20))


def do_loop(rest):
    while True:
        pass


def do_sleep(rest):
    while True:
        time.sleep(60)


def do_socket(rest):
    return socket.socket(socket.AF_INET, socket.SOCK_STREAM)


def do_open(rest):
    return Path(rest.decode()).read_text(encoding="utf-8")


def do_write(rest):
    Path(rest.decode()).write_bytes(b"written")


def do_fork(rest):
    if os.fork() == 0:
        os._exit(0)


def do_thread(rest):
    threading.Thread(target=int).start()


def do_exec(rest):
    os.execv(sys.executable, [sys.executable, "-c", ""])  # noqa: S606 - it must not come to that


def do_run(rest):
    subprocess.run([sys.executable, "-c", ""], check=True)


def do_kill(rest):
    os.kill(os.getppid(), signal.SIGKILL)


def do_list(rest):
    return [path.name for path in Path(rest.decode()).iterdir()]


def do_garbage(rest):
    for descriptor in range(3, 16):
        try:
            os.write(descriptor, b"\xff" * 64)
        except OSError:
            continue


def do_lie(rest):
    """A reply of its own instead of the real one."""
    _say(rest)


def do_oversize(rest):
    for descriptor in range(3, 16):
        try:
            os.write(descriptor, LENGTH.pack(REPLY_LIMIT + 1) + b"[" * 1000)
        except OSError:
            continue


def do_much(rest):
    evidence = tuple(Evidence(EvidenceKind.DETECTOR, "x" * 1000) for _ in range(2000))
    return (FileFinding("1", None, (), "", "", 1, "", Readable.YES, evidence),)


def do_chatter(rest):
    """The true reply is followed by one more, as if for the next message."""
    signal.signal(signal.SIGALRM, lambda *_: _say(b"{}"))
    signal.setitimer(signal.ITIMER_REAL, 0.02)


def do_booby(rest):
    """From now on this child breaks whatever it reads."""
    globals()["do_innocent"] = do_raise


def do_environment(rest):
    return sorted(os.environ.items())


def do_spent(rest):
    return (FileFinding("1", None, (), "", f"{os.getpid()} {len(served)}", 1, "", Readable.OVER_BUDGET),)


def do_odd(rest):
    return (FileFinding("1", None, (), "", f"text/{os.getpid()}", 1, "", Readable.YES, (), ("polyglot",)),)


def do_drawn(rest):
    """Words were read in pictures, for so many seconds, and much else besides; says what it was given for that."""
    until = time.process_time() + 0.02
    while time.process_time() < until:
        pass
    budgets[-1].on_pictured(float(rest))
    return (FileFinding(served[-1], None, (), "", str(budgets[-1].picture_seconds), 1, "", Readable.YES, (), ("pictures-read",)),)


def do_member(rest):
    outer = FileFinding("1", None, (), "", "application/zip", 1, "", Readable.YES)
    inner = FileFinding("1/1", "1", ("b.txt",), "", "text/plain", 1, "", Readable.YES)
    return outer, inner


def do_limits(rest):
    names = ("AS", "CPU", "FSIZE", "CORE", "NPROC", "NOFILE")
    return json.dumps({name: resource.getrlimit(getattr(resource, f"RLIMIT_{name}")) for name in names} | {"uid": os.geteuid()})


def _say(frame):
    for descriptor in range(3, 16):
        try:
            os.write(descriptor, LENGTH.pack(len(frame)) + frame)
        except OSError:
            continue
