"""How much the vault holds, and whether there is room: counted by listing now and then, and by what is put and deleted in between.

One small file below [processes] state, shared by the processes of this machine. Other machines over the same bucket count for themselves;
each listing brings all of them to the same number. Where there is no quota, nothing fails because nobody can count.
"""

from __future__ import annotations

import fcntl
import os
import struct
from collections.abc import Callable
from pathlib import Path

from gateway.edges.owner import denied
from gateway.errors import TryLater

GB = 1_073_741_824
_NUMBER = struct.Struct(">Q")


class Usage:
    """The number in `file`; `limit` None: there is no quota."""

    def __init__(self, file: Path, limit: int | None = None) -> None:
        self._file = file
        self.limit = limit

    def used(self) -> int:
        """Octets, as far as we know. Raises TryLater."""
        return self._change(lambda number: number)

    def add(self, octets: int) -> None:
        """So many more, or less. Raises TryLater."""
        self._change(lambda number: number + octets)

    def correct(self, counted: int, before: int) -> None:
        """A listing found `counted`; when it began we had thought `before`. What was put meanwhile is kept, if need be twice.

        Raises TryLater.
        """
        self._change(lambda number: counted + max(0, number - before))

    def require(self, octets: int) -> None:
        """Raises TryLater: so much more would be too much."""
        if self.limit is not None and (used := self.used()) + octets > self.limit:
            says = f"the vault is full: {used / GB:.1f} of {self.limit / GB:.1f} GB; raise [vault] quota, or end cases and shares"
            raise TryLater(says, "4.3.1")

    def _change(self, new: Callable[[int], int]) -> int:
        """The number as it is now."""
        try:
            descriptor = os.open(self._file, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            try:
                return _change(descriptor, new)
            finally:
                os.close(descriptor)
        except OSError as error:
            if self.limit is None:
                return 0
            raise TryLater(f"vault: {denied(error, self._file)}") from error


def _change(descriptor: int, new: Callable[[int], int]) -> int:
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    octets = os.pread(descriptor, _NUMBER.size, 0)
    number = int(_NUMBER.unpack(octets)[0]) if len(octets) == _NUMBER.size else 0
    if (changed := max(0, new(number))) != number:
        os.pwrite(descriptor, _NUMBER.pack(changed), 0)
    return changed
