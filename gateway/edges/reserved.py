"""Files that are mapped and written to have their blocks from the beginning.

A store into a hole of a mapped file on a full disk is no error that anybody could catch: it is SIGBUS, and the process ends (mmap(2)).
prometheus-client makes such files with truncate, which leaves them all hole; here each is there before it looks, with room for what comes.
Not here: file systems that promise more than they keep (btrfs and ZFS write a block anew wherever they find room).
"""

from __future__ import annotations

import os
import struct
from pathlib import Path

INITIAL_OCTETS = 1 << 16
_USED = struct.Struct("i")  # the file begins with how much of it is used


class Reserved:
    """One file of a process, which prometheus-client (mmap_dict.py) then writes to and doubles when it is full."""

    def __init__(self, path: Path) -> None:
        """Raises OSError: there is no room for it."""
        self._path = path
        self._octets = INITIAL_OCTETS
        if path.exists():  # of a process that had our number
            self._octets = max(path.stat().st_size, INITIAL_OCTETS)
            _allocate(path, self._octets)
        else:
            new = path.with_suffix(".new")  # whoever sums them up never meets an empty one
            try:
                _allocate(new, self._octets)
                new.replace(path)
            except OSError:
                new.unlink(missing_ok=True)
                raise

    def make_room(self, octets: int) -> None:
        """For so many more, which are less than the file has. Raises OSError: there is none.

        INVARIANT: the library doubles no earlier than here, and to the same size, so its truncate cuts off nothing and adds no hole.
        """
        if self._used() + octets > self._octets:
            _allocate(self._path, self._octets * 2)
            self._octets *= 2

    def _used(self) -> int:
        with self._path.open("rb") as file:
            return int(_USED.unpack(file.read(_USED.size))[0])


def _allocate(path: Path, octets: int) -> None:
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        os.posix_fallocate(descriptor, 0, octets)
    finally:
        os.close(descriptor)
