"""Waiting for one task with an end to our patience."""

from __future__ import annotations

import asyncio
from typing import Any


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
