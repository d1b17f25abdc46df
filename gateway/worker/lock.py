"""A child locks itself, for good, before it reads anything: identity, limits, privileges, files, system calls; in this order.

Layers: rlimits (setrlimit(2)), Landlock, seccomp. Each holds without the others; where one is missing the zygote refuses to start,
unless the configuration accepts what is left.
"""

from __future__ import annotations

import contextlib
import ctypes
import math
import os
import resource
import signal
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gateway.worker import landlock, seccomp

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 1, 4, 38
_CAPABILITY_VERSION = 0x20080522
_NOBODY = 65534
_DESCRIPTORS = 16  # the three standard ones, the channel, the content and its mapping, with room to spare
_OOM_FIRST = b"1000"  # when the machine runs out of memory, the kernel takes a child before anything else

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one child may use."""

    memory_octets: int  # of address space
    seconds: float  # of processor time for one file ...
    picture_seconds: float  # ... and besides for words in its pictures
    wall_seconds: float  # for one message
    messages: int  # that one child serves


def die_with_parent() -> None:
    """The kernel kills this process when its parent ends. Forgotten on a change of user, so called after it."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def lock(limits: Limits, channel: int) -> tuple[str, ...]:
    """Lock this process in; data goes in and out only by `channel`. The names of the layers that this kernel did not give."""
    with contextlib.suppress(OSError), Path("/proc/self/oom_score_adj").open("wb", buffering=0) as score:
        score.write(_OOM_FIRST)
    _become_nobody()
    _drop_capabilities()
    die_with_parent()
    _prctl(_PR_SET_DUMPABLE, 0)
    layers: tuple[tuple[str, Callable[[], None]], ...] = (
        ("rlimits", lambda: _limit(limits)),
        ("no_new_privs", lambda: _prctl(_PR_SET_NO_NEW_PRIVS, 1)),
        ("landlock", landlock.restrict),
        ("seccomp", lambda: seccomp.restrict(channel)),  # last: it forbids the calls that the others are made of
    )
    return tuple(name for name, put_on in layers if not _holds(put_on))


def _become_nobody() -> None:
    """Where root runs the gateway. A container may have no such user or forbid the change; the layers do not need it."""
    if os.geteuid() == 0:
        with contextlib.suppress(OSError):
            os.setgroups([])
            os.setresgid(_NOBODY, _NOBODY, _NOBODY)
            os.setresuid(_NOBODY, _NOBODY, _NOBODY)


def _drop_capabilities() -> None:
    """All sets of capabilities(7): root that could not become nobody has them, and so has a service that was given some."""
    header = struct.pack("=Ii", _CAPABILITY_VERSION, 0)
    if _libc.capset(header, bytes(24)) != 0:
        raise OSError(ctypes.get_errno(), "capset")


def _limit(limits: Limits) -> None:
    """setrlimit(2). The processor time here is a backstop for a whole life: each file has a timer of its own."""
    for what, value in (
        (resource.RLIMIT_AS, limits.memory_octets),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
        (resource.RLIMIT_NOFILE, _DESCRIPTORS),
    ):
        _set(what, value, value)
    life_seconds = math.ceil(limits.wall_seconds * limits.messages) + 1
    _set(resource.RLIMIT_CPU, life_seconds, life_seconds + 1)  # SIGXCPU, and a second later SIGKILL


def _set(what: int, soft: int, hard: int) -> None:
    """Never above the limit that was inherited."""
    given = resource.getrlimit(what)[1]
    highest = hard if given == resource.RLIM_INFINITY else min(hard, given)
    resource.setrlimit(what, (min(soft, highest), highest))


def _holds(put_on: Callable[[], None]) -> bool:
    try:
        put_on()
    except (OSError, ValueError, KeyError):  # KeyError: a machine whose system calls we do not know
        return False
    return True


def _prctl(option: int, value: int) -> None:
    rest = (ctypes.c_ulong(0), ctypes.c_ulong(0), ctypes.c_ulong(0))
    if _libc.prctl(option, ctypes.c_ulong(value), *rest) != 0:
        raise OSError(ctypes.get_errno(), f"prctl {option}")
