"""An event loop is given the processor as soon as there is something for it to do: by a short slice of time (sched(7), sched_setattr(2)).

Since Linux 6.6 whoever computes keeps the processor to the end of its slice, some milliseconds, however urgent what others have to do.
Since 6.12 a thread may ask for a shorter slice, and comes first when it wakes. Its share stays the same: what computes for long
(documents, digests of large mail) gets as much as before, only not at that moment. Older kernels do not listen, and nothing changes.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct

_SLICE_NANOSECONDS = 100_000  # the shortest that there is
_RESET_ON_FORK = 1  # threads and processes that begin later are as others
_SYSCALLS = {"x86_64": 314, "aarch64": 274}  # sched_setattr
_ATTRIBUTES = struct.Struct("<IIQiIQQQ")  # struct sched_attr: size, policy, flags, nice, priority, runtime, deadline, period


def come_promptly(machine: str = platform.machine()) -> bool:
    """For the thread that calls; whether the kernel has taken it."""
    call = _SYSCALLS.get(machine)
    if call is None:
        return False
    nice = os.getpriority(os.PRIO_PROCESS, 0)
    wanted = _ATTRIBUTES.pack(_ATTRIBUTES.size, os.SCHED_OTHER, _RESET_ON_FORK, nice, 0, _SLICE_NANOSECONDS, 0, 0)
    try:
        return bool(ctypes.CDLL(None).syscall(call, 0, ctypes.create_string_buffer(wanted), 0) == 0)
    except (AttributeError, OSError):  # another C library
        return False
