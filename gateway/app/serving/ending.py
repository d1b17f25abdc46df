"""The end of a process that hands mail over: what a next hop may have by now is waited for, so that nobody gets it twice.

What is under way has [processes] stop_timeout to finish. Then hand-overs whose final dot has not left are broken off (451: the mail waits
upstream, or in the outbox), and the process says that it waits as long as a hop owes a reply; it bounds that itself (data_timeout).
What is left then has the supervisor's patience once more, and is killed: it may be at any time (DESIGN section 6). Who was
started alone has the same patience with itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from gateway.app.serving.process import Process
from gateway.supervise import MARGIN_SECONDS, PULSE_SECONDS, WAITING


async def see_out(work: Coroutine[Any, Any, object] | asyncio.Task[None], process: Process) -> None:
    """On return `work` has ended: what runs when the process is asked to stop."""
    relays, lifeline, now = process.opened.relays, process.lifeline, asyncio.get_running_loop().time
    given = process.current.settings.processes.stop_timeout
    ended, heard_at = asyncio.ensure_future(work), now()
    await asyncio.wait({ended}, timeout=given)
    if not ended.done():
        for relay in relays:
            relay.stop()
        process.log.event("serve.waiting", process=process.name, replies=sum(relay.awaited for relay in relays))
    while not ended.done():
        if any(relay.awaited for relay in relays):
            lifeline.say(WAITING)
            heard_at = now()
        elif lifeline.parent is None and now() >= heard_at + given + MARGIN_SECONDS:
            lifeline.cut(process.log, process.name, "it did not stop in time")
        await asyncio.wait({ended}, timeout=PULSE_SECONDS)
    await ended
