"""How a process that serves keeps its memory: what was loaded stays, what a message needed is used again for the next one."""

from __future__ import annotations

import ctypes
import gc
from contextlib import suppress

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # of mallopt(3)
_MOST_MAPPED = 8 << 20  # octets: only larger pieces are taken from the system and given back one by one
_MOST_SPARE = 32 << 20  # octets: so much of what is free stays ours


def settle_memory() -> None:
    """Call it once, when all is loaded. The collector need not look through that again: little that comes later goes round in circles.

    A large message comes in chunks of 256 KiB, which glibc would give back to the system one after the other; each new one then costs
    more for its pages than for the octets in them.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    with suppress(AttributeError, OSError):  # another C library than glibc
        libc = ctypes.CDLL(None)
        libc.mallopt(_MMAP_THRESHOLD, _MOST_MAPPED)
        libc.mallopt(_TRIM_THRESHOLD, _MOST_SPARE)
