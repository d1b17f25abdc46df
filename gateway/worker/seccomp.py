"""The system calls a child may make: a classic BPF program for seccomp(2). No library; x86_64 and aarch64.

What is listed is allowed, some of it only with certain arguments. What only an attacker would try kills the child. Everything else
fails with EPERM, as libraries probe for things they can do without.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
from dataclasses import dataclass

_KILL = 0x80000000  # SECCOMP_RET_KILL_PROCESS
_FAIL = 0x00050000 | errno.EPERM  # SECCOMP_RET_ERRNO
_ALLOW = 0x7FFF0000

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCH, _ARGUMENTS = 0, 4, 16  # offsets in struct seccomp_data
_X32 = 0x40000000  # the x32 calls share x86_64's AUDIT_ARCH
_PROT_EXEC = 4
_AT_EMPTY_PATH = 0x1000
_FCNTL = (1, 2, 3, 1030)  # F_GETFD F_SETFD F_GETFL F_DUPFD_CLOEXEC: what mmap needs

_PR_SET_SECCOMP, _SET_MODE_FILTER, _GET_ACTION_AVAIL = 22, 1, 2


@dataclass(frozen=True, slots=True)
class _Machine:
    audit_arch: int
    seccomp: int
    column: int


_MACHINES = {"x86_64": _Machine(0xC000003E, 317, 0), "aarch64": _Machine(0xC00000B7, 277, 1)}

# Numbers on x86_64 and on aarch64; None where that machine has no such call.
_HARMLESS: dict[str, tuple[int | None, int | None]] = {
    "close": (3, 57),
    "fstat": (5, 80),
    "munmap": (11, 215),
    "brk": (12, 214),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "sched_yield": (24, 124),
    "mremap": (25, 216),
    "madvise": (28, 233),
    "nanosleep": (35, 101),
    "getitimer": (36, 102),
    "setitimer": (38, 103),
    "getpid": (39, 172),
    "exit": (60, 93),
    "uname": (63, 160),
    "gettimeofday": (96, 169),
    "getrlimit": (97, 163),
    "getrusage": (98, 165),
    "sysinfo": (99, 179),
    "times": (100, 153),
    "getuid": (102, 174),
    "getgid": (104, 176),
    "geteuid": (107, 175),
    "getegid": (108, 177),
    "getppid": (110, 173),
    "sigaltstack": (131, 132),
    "gettid": (186, 178),
    "time": (201, None),
    "futex": (202, 98),
    "sched_getaffinity": (204, 123),
    "restart_syscall": (219, 128),
    "clock_gettime": (228, 113),
    "clock_getres": (229, 114),
    "clock_nanosleep": (230, 115),
    "exit_group": (231, 94),
    "set_robust_list": (273, 99),
    "getcpu": (309, 168),
    "getrandom": (318, 278),
    "rseq": (334, 293),
}
_READ, _WRITE, _RECVMSG = (0, 63), (1, 64), (47, 212)
_MMAP, _MPROTECT = (9, 222), (10, 226)
_FCNTL_CALL, _FSTATAT, _PRLIMIT, _TGKILL = (72, 25), (262, 79), (302, 261), (234, 131)
_HOSTILE: dict[str, tuple[int | None, int | None]] = {
    "socket": (41, 198),
    "connect": (42, 203),
    "accept": (43, 202),
    "sendto": (44, 206),
    "sendmsg": (46, 211),
    "bind": (49, 200),
    "listen": (50, 201),
    "socketpair": (53, 199),
    "fork": (57, None),
    "vfork": (58, None),
    "execve": (59, 221),
    "kill": (62, 129),
    "ptrace": (101, 117),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "mount": (165, 40),
    "umount2": (166, 39),
    "init_module": (175, 105),
    "delete_module": (176, 106),
    "tkill": (200, 130),
    "kexec_load": (246, 104),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "unshare": (272, 97),
    "accept4": (288, 242),
    "perf_event_open": (298, 241),
    "open_by_handle_at": (304, 265),
    "sendmmsg": (307, 269),
    "setns": (308, 268),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "finit_module": (313, 273),
    "bpf": (321, 280),
    "execveat": (322, 281),
    "userfaultfd": (323, 282),
    "pidfd_send_signal": (424, 424),
    "io_uring_setup": (425, 425),
    "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438),
}

_libc = ctypes.CDLL(None, use_errno=True)


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def is_available() -> bool:
    """Whether this kernel filters system calls, can kill for them, and we know its numbers."""
    machine = _MACHINES.get(platform.machine())
    action = ctypes.c_uint32(_KILL)
    return machine is not None and _libc.syscall(ctypes.c_long(machine.seccomp), _GET_ACTION_AVAIL, 0, ctypes.byref(action)) == 0


def restrict(channel: int) -> None:
    """Allow this process what a reader needs, for good: data in and out only by the descriptor `channel`. Needs no_new_privs.

    Raises:
        OSError: the kernel did not take it.
    """
    machine = _MACHINES[platform.machine()]
    code = _program(machine, channel, os.getpid())
    octets = ctypes.create_string_buffer(code, len(code))
    program = _Program(len(code) // 8, ctypes.addressof(octets))
    if _libc.prctl(_PR_SET_SECCOMP, ctypes.c_ulong(2), ctypes.byref(program), ctypes.c_ulong(0), ctypes.c_ulong(0)) != 0:
        raise OSError(ctypes.get_errno(), "seccomp filter")


def _program(machine: _Machine, channel: int, pid: int) -> bytes:
    """Instructions in order: wrong machine, the commonest calls, those with conditions, the hostile ones, the rest."""
    column = machine.column
    code = [_ins(_LOAD, _ARCH), _ins(_EQUAL, machine.audit_arch, 1, 0), _ins(_RETURN, _KILL), _ins(_LOAD, _NUMBER)]
    if column == 0:
        code += [_ins(_AT_LEAST, _X32, 0, 1), _ins(_RETURN, _KILL)]
    code += _when(_READ[column], _one_of(0, (channel,)))
    code += _when(_RECVMSG[column], _one_of(0, (channel,)))
    code += _when(_WRITE[column], _one_of(0, (channel, 1, 2)))  # 1 and 2 are /dev/null
    code += _when(_MMAP[column], _no_bit(2, _PROT_EXEC))
    code += _when(_MPROTECT[column], _no_bit(2, _PROT_EXEC))
    for numbers in _HARMLESS.values():
        code += _unless_absent(numbers[column], _ALLOW)
    code += _when(_FCNTL_CALL[column], _one_of(1, _FCNTL))
    # glibc's fstat is this call with an empty path; a path beside it tells of a file's size at most.
    code += _when(_FSTATAT[column], [_argument(3), _ins(_ANY_BIT, _AT_EMPTY_PATH, 0, 1), _ins(_RETURN, _ALLOW)])
    code += _when(_PRLIMIT[column], [_argument(2), _ins(_EQUAL, 0, 0, 3), _argument(2, 4), _ins(_EQUAL, 0, 0, 1), _ins(_RETURN, _ALLOW)])
    code += _when(_TGKILL[column], _one_of(0, (pid,)))  # abort() is a signal to oneself
    for numbers in _HOSTILE.values():
        code += _unless_absent(numbers[column], _KILL)
    return b"".join([*code, _ins(_RETURN, _FAIL)])


def _when(number: int, then: list[bytes]) -> list[bytes]:
    """For this call do `then`; what falls through it fails."""
    return [_ins(_EQUAL, number, 0, len(then) + 1), *then, _ins(_RETURN, _FAIL)]


def _unless_absent(number: int | None, action: int) -> list[bytes]:
    return [] if number is None else [_ins(_EQUAL, number, 0, 1), _ins(_RETURN, action)]


def _one_of(argument: int, allowed: tuple[int, ...]) -> list[bytes]:
    """The low half decides: the kernel itself takes these arguments as int."""
    return [_argument(argument), *(ins for value in allowed for ins in (_ins(_EQUAL, value, 0, 1), _ins(_RETURN, _ALLOW)))]


def _no_bit(argument: int, bits: int) -> list[bytes]:
    return [_argument(argument), _ins(_ANY_BIT, bits, 1, 0), _ins(_RETURN, _ALLOW)]


def _argument(index: int, half: int = 0) -> bytes:
    return _ins(_LOAD, _ARGUMENTS + 8 * index + half)  # both machines are little-endian: the low half first


def _ins(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    """A struct sock_filter; jumps count from the next instruction."""
    return struct.pack("=HBBI", code, if_true, if_false, value)
