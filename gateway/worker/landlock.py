"""No file, no TCP port, no abstract socket, no foreign process: Landlock with an empty list of exceptions.

Linux 5.13 and later; each later version of its interface handles more, and we ask for all that this kernel knows (Debian 12: 2).
"""

from __future__ import annotations

import ctypes
import os
import struct

_CREATE_RULESET, _RESTRICT_SELF = 444, 446  # the same numbers on every machine
_VERSION = 1  # LANDLOCK_CREATE_RULESET_VERSION

# Rights over files by version of the interface: 13 at first, then REFER, TRUNCATE, and IOCTL_DEV with 5.
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
_NET_SINCE, _SCOPES_SINCE = 4, 6

_libc = ctypes.CDLL(None, use_errno=True)


def version() -> int:
    """Of the interface; 0 when the kernel has no Landlock, it is switched off, or a container forbids it."""
    return max(0, int(_libc.syscall(ctypes.c_long(_CREATE_RULESET), None, ctypes.c_size_t(0), ctypes.c_uint(_VERSION))))


def restrict() -> None:
    """From now on this process opens nothing. Descriptors that are open stay. Needs no_new_privs.

    Raises:
        OSError: the kernel did not take it.
    """
    known = version()
    files = (1 << _FILE_RIGHTS[min(known, max(_FILE_RIGHTS))]) - 1 if known else 0
    attributes = struct.pack("=Q", files)
    attributes += struct.pack("=Q", 0b11) if known >= _NET_SINCE else b""  # bind and connect TCP
    attributes += struct.pack("=Q", 0b11) if known >= _SCOPES_SINCE else b""  # abstract sockets, signals
    ruleset = _libc.syscall(ctypes.c_long(_CREATE_RULESET), attributes, ctypes.c_size_t(len(attributes)), ctypes.c_uint(0))
    if ruleset < 0:
        raise OSError(ctypes.get_errno(), "landlock_create_ruleset")
    try:
        if _libc.syscall(ctypes.c_long(_RESTRICT_SELF), ctypes.c_int(ruleset), ctypes.c_uint(0)) != 0:
            raise OSError(ctypes.get_errno(), "landlock_restrict_self")
    finally:
        os.close(ruleset)
