"""The portal process: it reads no mail, and has neither sandbox nor next hops."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from pathlib import Path

import uvloop

from gateway.app.in_force import InForce
from gateway.app.memory import settle_memory
from gateway.app.portal import portal_keys, portal_running
from gateway.app.prepare import prepare
from gateway.app.serving.lifeline import Lifeline, asked_to_stop, cannot, pulse_until
from gateway.app.tls_files import check_tls
from gateway.config import Settings
from gateway.errors import OutgateError
from gateway.log import Log
from gateway.supervise import PULSE_SECONDS, bind


def serve_portal(config: Path, settings: Settings, log: Log, lifeline: Lifeline, sockets: dict[str, int]) -> int:
    lifeline.tie()
    try:
        if settings.portal is None:
            raise settings.wrong("there is no [portal]; add it with url, or serve without")
        check_tls(settings)
        if lifeline.parent is None and settings.portal.keys is None:
            prepare(settings)
        keys = portal_keys(settings, settings.portal)
        current = InForce(config, settings, log)
        sock = socket.socket(fileno=sockets["portal"]) if "portal" in sockets else bind(settings.portal.address)
    except OSError as error:
        return cannot("portal", settings.wrong(f"portal.address: {settings.portal and settings.portal.address}: {error.strerror}"))
    except OutgateError as error:
        return cannot("portal", error)

    async def main() -> None:
        stopped = asked_to_stop(lifeline, log, "portal")
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, current.reload)
        settle_memory()
        async with portal_running(settings, keys, lambda: current.policy, log, settings.processes.stop_timeout) as server:
            serving = asyncio.ensure_future(server.run_on(sock))
            log.event("serve.started", process="portal", pid=os.getpid(), pack=current.policy.name, pack_version=current.policy.version)
            lifeline.say(b"ready")
            await pulse_until(stopped, lifeline)
            server.stop()
            while not serving.done():
                lifeline.say()
                await asyncio.wait({serving}, timeout=PULSE_SECONDS)
            await serving

    try:
        uvloop.run(main())
    except OutgateError as error:
        return cannot("portal", error)
    return 0
