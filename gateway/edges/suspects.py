"""Messages that were being read when their process died, in memory that the processes share and that outlives each of them.

A process notes which messages it reads (32 octets, written where the supervisor can see them; no system call). When it dies, the supervisor
gives each of those a point; a bug that only ends an attempt gives one too, and being read to the end takes them away. Three points, and a
message is held unparsed (DESIGN section 8). The memory has no file: it ends with the supervisor, whose end is no message's fault.
Limits: of a process 512 messages at once are noted, of all 1024 are remembered; beyond, the oldest are forgotten.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager

NAME_OCTETS = 32
MARKS = 512  # of one process
POINTED = 1024
_HEAD = struct.Struct("=II")  # how many have points; where the next one is written
_ROW = struct.Struct(f"={NAME_OCTETS}sI")
_POINTS_AT = 64
_MARKS_AT = _POINTS_AT + POINTED * _ROW.size
_PROCESS_OCTETS = MARKS * NAME_OCTETS
_NOBODY = bytes(NAME_OCTETS)


def shared_memory(processes: int) -> int:
    """A descriptor to hand to so many processes; it is not inherited by itself."""
    descriptor = os.memfd_create("outgate-suspects", os.MFD_CLOEXEC)
    os.ftruncate(descriptor, _MARKS_AT + processes * _PROCESS_OCTETS)
    return descriptor


class Suspects:
    """ports.Suspects. One for each process, numbered from 0; the supervisor's own is any of them."""

    def __init__(self, descriptor: int, process: int = 0) -> None:
        self._descriptor = descriptor
        self._memory = mmap.mmap(descriptor, 0)
        self._first = _MARKS_AT + process * _PROCESS_OCTETS
        self._free = list(range(self._first + _PROCESS_OCTETS - NAME_OCTETS, self._first - 1, -NAME_OCTETS))

    def begin(self, name: bytes) -> int:
        """It is being read from now on; what to say at the end."""
        mark = self._free.pop() if self._free else -1
        if mark >= 0:
            self._memory[mark : mark + NAME_OCTETS] = name
        return mark

    def end(self, mark: int) -> None:
        """It was read, or given up, and the process lives."""
        if mark >= 0:
            self._memory[mark : mark + NAME_OCTETS] = _NOBODY
            self._free.append(mark)

    def points(self, name: bytes) -> int:
        """How often it was being read when something died. Nearly always nobody has any."""
        if not self._count:
            return 0
        at = self._find(name)
        return 0 if at < 0 else int(_ROW.unpack_from(self._memory, at)[1])

    def blame(self, name: bytes) -> None:
        """One point more."""
        with self._alone():
            self._blame(name)

    def clear(self, *names: bytes) -> None:
        """They were read to the end."""
        if not self._count:
            return
        with self._alone():
            for name in names:
                if (at := self._find(name)) >= 0:
                    self._memory[at : at + _ROW.size] = bytes(_ROW.size)
                    _HEAD.pack_into(self._memory, 0, self._count - 1, self._next)

    def bury(self, process: int) -> int:
        """This process has died: whatever it was reading gets a point. How many that were. The supervisor alone calls this."""
        first = _MARKS_AT + process * _PROCESS_OCTETS
        names = [self._memory[at : at + NAME_OCTETS] for at in range(first, first + _PROCESS_OCTETS, NAME_OCTETS)]
        self._memory[first : first + _PROCESS_OCTETS] = bytes(_PROCESS_OCTETS)
        found = {name for name in names if name != _NOBODY}
        with self._alone():
            for name in found:
                self._blame(name)
        return len(found)

    def close(self) -> None:
        """Let the memory go; the others keep it."""
        self._memory.close()
        os.close(self._descriptor)

    # --- private ------------------------------------------------------------------------------------------------------

    @property
    def _count(self) -> int:
        return int(_HEAD.unpack_from(self._memory)[0])

    @property
    def _next(self) -> int:
        return int(_HEAD.unpack_from(self._memory)[1])

    def _find(self, name: bytes) -> int:
        at = self._memory.find(name, _POINTS_AT, _MARKS_AT)
        while at >= 0 and (at - _POINTS_AT) % _ROW.size:  # the end of one row and the beginning of the next happen to look like it
            at = self._memory.find(name, at + 1, _MARKS_AT)
        return at

    def _blame(self, name: bytes) -> None:
        at, count, following = self._find(name), self._count, self._next
        if at >= 0:
            _ROW.pack_into(self._memory, at, name, _ROW.unpack_from(self._memory, at)[1] + 1)
            return
        at = _POINTS_AT + following * _ROW.size
        count += self._memory[at : at + NAME_OCTETS] == _NOBODY
        _ROW.pack_into(self._memory, at, name, 1)
        _HEAD.pack_into(self._memory, 0, count, (following + 1) % POINTED)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Locks of the process (fcntl), not of the descriptor, which all have in common; they end with it."""
        fcntl.lockf(self._descriptor, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.lockf(self._descriptor, fcntl.LOCK_UN)
