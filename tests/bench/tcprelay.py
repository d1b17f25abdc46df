"""A bare TCP relay on asyncio Protocols: no SMTP, no inspection, the floor of what a relay in Python costs.

`python -m tests.bench.tcprelay --next-hop PORT` prints its own port. Each side stops reading while the other cannot write.
"""

import argparse
import asyncio
from typing import cast

from tests.bench.loops import run_server


class Side(asyncio.Protocol):
    """One of the two connections; what it reads, the other writes."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.other: Side | None = None
        self._early: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is one, but does not say so

    def data_received(self, data: bytes) -> None:
        if self.other is not None and self.other.transport is not None:
            self.other.transport.write(data)
        else:
            self._early.append(data)

    def pause_writing(self) -> None:
        if self.other is not None and self.other.transport is not None:
            self.other.transport.pause_reading()

    def resume_writing(self) -> None:
        if self.other is not None and self.other.transport is not None:
            self.other.transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        if self.other is not None and self.other.transport is not None:
            self.other.transport.close()

    def join(self, other: "Side") -> None:
        self.other, other.other = other, self
        if other.transport is not None:
            other.transport.writelines(self._early)
        self._early.clear()


class Client(Side):
    def __init__(self, next_hop: int) -> None:
        super().__init__()
        self._next_hop = next_hop
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._task = asyncio.get_running_loop().create_task(self._connect())

    async def _connect(self) -> None:
        try:
            _, server = await asyncio.get_running_loop().create_connection(Side, "127.0.0.1", self._next_hop)
        except OSError:
            if self.transport is not None:
                self.transport.abort()
            return
        self.join(server)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.tcprelay", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0: any free port")
    parser.add_argument("--next-hop", type=int, required=True, help="port on 127.0.0.1")
    options = parser.parse_args()
    run_server(lambda: Client(options.next_hop), options.port, fast=False)


if __name__ == "__main__":
    main()
