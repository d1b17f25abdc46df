"""One object of the vault, read in parts: whole frames, each authenticated, only those that are needed.

Its length is believed because the last frame has opened as the last one (sealed.py binds it to its number): what was cut off, made
longer, or put together from two objects is found before the first octet is served. A frame that was changed is found when it is read, and
nothing of it is served.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

from gateway.edges.objects import ObjectStore
from gateway.edges.sealed import FRAME, SEALED_FRAME, TAG, Unlocked, count_frames
from gateway.errors import WillNotDo

FEW, MOST = 2, 8  # frames read at a time: at first, and for who is quick
AHEAD = 8 * 1_048_576  # octets
SLOW_SECONDS = 0.5  # between two pieces


class Opened:
    """ports.Opened. Nothing is held between two pieces, so nothing needs to be closed."""

    def __init__(self, store: ObjectStore, key: str, unlocked: Unlocked, at: int, body: int) -> None:
        self._store = store
        self._key = key
        self._unlocked = unlocked
        self._at = at  # where the frames begin
        self._body = body  # octets of all frames
        self._frames = count_frames(body)

    @property
    def octets(self) -> int:
        """How long the plain text is."""
        return self._body - self._frames * TAG

    async def pieces(self, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """Plain octets from start to before end, in pieces of at most 512 KiB: one frame for who reads slowly.

        Raises:
            TryLater: the store cannot be read now.
            WillNotDo: the object is gone, or what was read was changed.
        """
        end = self.octets if end is None else min(end, self.octets)
        counter, behind = start // FRAME, -(-end // FRAME)
        if start >= end:
            return
        begin, finish = self._at + counter * SEALED_FRAME, self._at + min(behind * SEALED_FRAME, self._body)
        pace = _Pace()
        async for run in self._store.stream(self._key, begin, finish, pace.octets):
            plain = [self._open_run(run, counter)]
            before = counter * FRAME
            counter += -(-len(run) // SEALED_FRAME)
            del run
            yield plain.pop()[max(start - before, 0) : end - before]  # and nothing of it is held here while it is sent
        if counter != behind:
            raise WillNotDo("the object was changed or is not whole")

    def _open_run(self, run: bytes | bytearray, counter: int) -> bytes:
        open_frame, last, view = self._unlocked.open_frame, self._frames - 1, memoryview(run)
        plain = [
            open_frame(number, view[at : at + SEALED_FRAME], is_last=number == last)
            for number, at in enumerate(range(0, len(run), SEALED_FRAME), counter)
        ]
        return plain[0] if len(plain) == 1 else b"".join(plain)


class _Pace:
    """How much to read next: much for who has taken AHEAD without a pause, one frame for who took long. Memory goes where it is of use.

    Not at once: the first megabytes go into the buffers of two kernels, however slow their reader is.
    """

    def __init__(self) -> None:
        self._gone = 0
        self._asked_at = time.monotonic()

    def octets(self) -> int:
        """Of whole frames."""
        now = time.monotonic()
        took, self._asked_at = now - self._asked_at, now
        if took > SLOW_SECONDS:
            self._gone = 0
            return SEALED_FRAME
        frames = MOST if self._gone >= AHEAD else FEW
        self._gone += frames * FRAME
        return frames * SEALED_FRAME


def whole(store: ObjectStore, key: str, unlocked: Unlocked, at: int, size: int) -> Opened:
    """The object, after its last frame has proved that `size` octets are all of it. Raises WillNotDo, TryLater."""
    last = count_frames(size - at) - 1
    unlocked.open_frame(last, store.read(key, at + last * SEALED_FRAME, size), is_last=True)
    return Opened(store, key, unlocked, at, size - at)
