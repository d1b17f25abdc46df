"""The recorder process: on SQLite, the one that writes."""

from __future__ import annotations

import asyncio
import os
import signal

from gateway.app.serving.lifeline import Lifeline, asked_to_stop, cannot, pulse_until
from gateway.config import Settings
from gateway.edges.recorder import PATIENCE_SECONDS
from gateway.edges.recorder import running as recording
from gateway.edges.state import recorder_socket
from gateway.errors import OutgateError
from gateway.log import Log


def record(settings: Settings, log: Log, lifeline: Lifeline) -> int:
    lifeline.tie()
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # it has no policy, and its settings are those it began with

    async def main() -> None:
        stopped = asked_to_stop(lifeline, log, "recorder")
        socket_path = recorder_socket(settings.processes.state)
        keys, ends = settings.vault.keys, stopped.set
        async with recording(settings.database.url, socket_path, keys, patience_seconds=PATIENCE_SECONDS, on_end=ends):
            log.event("serve.started", process="recorder", pid=os.getpid())
            lifeline.say(b"ready")
            await pulse_until(stopped, lifeline)

    try:
        asyncio.run(main())
    except OutgateError as error:
        return cannot("recorder", error)
    return 0
