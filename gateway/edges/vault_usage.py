"""How much the vault holds, and whether there is room: counted by listing now and then, and by what is put and deleted in between.

One small file below [processes] state, shared by the processes of this machine. Other machines over the same bucket count for themselves;
each listing brings all of them to the same number.
"""

from __future__ import annotations

import fcntl
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gateway.errors import TryLater

GB = 1_073_741_824
_NUMBER = struct.Struct(">Q")


class Usage:
    """The number in `file`; `limit` None: there is no quota."""

    def __init__(self, file: Path, limit: int | None = None) -> None:
        self._file = file
        self.limit = limit

    def used(self) -> int:
        """Octets, as far as we know."""
        with self._locked() as descriptor:
            return _read(descriptor)

    def add(self, octets: int) -> None:
        """So many more, or less."""
        with self._locked() as descriptor:
            _write(descriptor, _read(descriptor) + octets)

    def correct(self, counted: int, before: int) -> None:
        """A listing found `counted`; when it began we had thought `before`. What was put meanwhile is kept, if need be twice."""
        with self._locked() as descriptor:
            _write(descriptor, counted + max(0, _read(descriptor) - before))

    def require(self, octets: int) -> None:
        """Raises TryLater: so much more would be too much."""
        if self.limit is not None and (used := self.used()) + octets > self.limit:
            says = f"the vault is full: {used / GB:.1f} of {self.limit / GB:.1f} GB; raise [vault] quota, or end cases and shares"
            raise TryLater(says, "4.3.1")

    @contextmanager
    def _locked(self) -> Iterator[int]:
        try:
            descriptor = os.open(self._file, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise TryLater(f"vault: {self._file}: {error.strerror}") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield descriptor
        except OSError as error:
            raise TryLater(f"vault: {self._file}: {error.strerror}") from error
        finally:
            os.close(descriptor)


def _read(descriptor: int) -> int:
    octets = os.pread(descriptor, _NUMBER.size, 0)
    return int(_NUMBER.unpack(octets)[0]) if len(octets) == _NUMBER.size else 0


def _write(descriptor: int, number: int) -> None:
    os.pwrite(descriptor, _NUMBER.pack(max(0, number)), 0)
