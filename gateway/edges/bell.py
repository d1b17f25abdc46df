"""A bell between the processes of one machine: whoever has put something for the keeper rings, and it looks at once.

A datagram to a socket in [processes] state, which is closed to others. It carries nothing and may be lost: the keeper looks every second.
"""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from pathlib import Path

_NAME = "bell"


class Bell:
    """One bell. Ringing never blocks and never fails."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / _NAME

    def ring(self) -> None:
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
            sock.setblocking(False)
            sock.sendto(b"!", str(self._path))

    def hear(self) -> Ears:
        """In the event loop of the one who listens. Where no socket can be made it only waits."""
        return Ears(self._path)


class Ears:
    """The other end; one for each bell."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._rung = asyncio.Event()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        with suppress(OSError):  # a path that is too long for a socket: then the keeper looks every second
            path.unlink(missing_ok=True)
            self._socket.bind(str(path))
        asyncio.get_running_loop().add_reader(self._socket, self._heard)

    async def wait(self, seconds: float) -> None:
        """Until it rings, at most so long; what has rung since the last wait counts."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._rung.wait(), seconds)
        self._rung.clear()

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()
        with suppress(OSError):
            self._path.unlink()

    def _heard(self) -> None:
        with suppress(OSError):
            while self._socket.recv(16):
                pass
        self._rung.set()
