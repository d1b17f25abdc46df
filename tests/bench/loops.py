"""The event loop of the bench's own programs: uvloop where installed, so that the harness costs little."""

import asyncio
import signal
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def run(work: Coroutine[Any, Any, T], *, fast: bool) -> T:
    """Run to the end, on uvloop if `fast` and it is there."""
    with asyncio.Runner(loop_factory=_fast_loop if fast else asyncio.new_event_loop) as runner:
        return runner.run(work)


def run_server(protocol: Callable[[], asyncio.Protocol], port: int, *, fast: bool) -> None:
    """Serve on loopback until SIGTERM or SIGINT; the first line on stdout is the port."""
    run(_serve(protocol, port), fast=fast)


async def _serve(protocol: Callable[[], asyncio.Protocol], port: int) -> None:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    server = await loop.create_server(protocol, "127.0.0.1", port, backlog=256)
    print(server.sockets[0].getsockname()[1], flush=True)
    await stop.wait()
    server.close()


def _fast_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()
