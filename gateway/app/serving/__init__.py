"""`outgate serve`: the supervisor, and each kind of process that it starts. A process loads only what it is made of."""

# ruff: noqa: PLC0415 - an SMTP process has nothing to do with web pages, and should not wait for them

from __future__ import annotations

import os
from pathlib import Path

from gateway.app.serving.lifeline import Lifeline
from gateway.config import load
from gateway.log import Log


def serve(
    config: Path, process: str | None, sockets: dict[str, int], pulse: int | None, parent: int | None, number: int, suspects: int | None
) -> int:
    """`outgate serve [PROCESS]`. The exit status."""
    os.umask(0o077)
    settings = load(config)
    log = Log(style=settings.processes.log)
    match process:
        case None:
            from gateway.app.serving.supervisor import supervise

            return supervise(config.resolve(), settings, log)
        case "recorder":
            from gateway.app.serving.recorder import record

            return record(settings, log, Lifeline(pulse, parent))
        case "portal":
            from gateway.app.serving.portal import serve_portal

            return serve_portal(config, settings, log, Lifeline(pulse, parent), sockets)
        case "smtp":
            from gateway.app.serving.smtp import serve_smtp

            return serve_smtp(config, settings, log, Lifeline(pulse, parent, suspects, number), sockets)
        case _:
            from gateway.app.serving.keeper import serve_keeper

            return serve_keeper(config, settings, log, Lifeline(pulse, parent, suspects), sockets)
