"""Waiting: for one task with an end to our patience, and for a long look at content that the event loop has no time for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

T = TypeVar("T")

_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()


async def look(at_it: Callable[[], T]) -> T:
    """Run this in a thread, in turn with all other long looks of the process. Nothing that waits for the world belongs there.

    A process has one core of its own: two looks at once would make both late.
    """
    async with _turns.setdefault(asyncio.get_running_loop(), asyncio.Lock()):
        return await asyncio.to_thread(at_it)


async def wait_at_most(task: asyncio.Task[Any], seconds: float) -> None:
    """Until the task has ended, but no longer than this; it goes on. As asyncio.wait does for many, at a quarter of its cost."""
    if task.done():
        return
    loop = asyncio.get_running_loop()
    waiter = loop.create_future()

    def wake(_: object = None) -> None:
        if not waiter.done():
            waiter.set_result(None)

    timer = loop.call_later(max(seconds, 0.0), wake)
    task.add_done_callback(wake)
    try:
        await waiter
    finally:
        timer.cancel()
        task.remove_done_callback(wake)
