"""An SMTP process: listeners on the sockets of the supervisor, and the pipeline behind them."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path

from gateway.app.build import new_id
from gateway.app.house import hostname, house_of
from gateway.app.in_force import InForce
from gateway.app.pack import trigger_headers
from gateway.app.serving.ending import see_out
from gateway.app.serving.lifeline import Lifeline, asked_to_stop, pulse_until
from gateway.app.serving.process import Process, run
from gateway.config import Settings
from gateway.listen import listen
from gateway.listen.limits import Limits
from gateway.listen.server import Server
from gateway.listen.tls import server_context
from gateway.log import Log
from gateway.pipeline import Pipeline, Terms
from gateway.supervise import bind


def serve_smtp(config: Path, settings: Settings, log: Log, lifeline: Lifeline, sockets: dict[str, int]) -> int:
    return run(_carry, config, settings, log, lifeline, sockets, f"smtp-{lifeline.number}")


async def _carry(process: Process) -> None:
    current, opened, log = process.current, process.opened, process.log
    stopped = asked_to_stop(process.lifeline, process.log, process.name)
    triggers = trigger_headers(current.settings)
    pipeline = Pipeline(opened.world, lambda: current.policy, house_of(current.settings, current.config), _terms(current), triggers, log)
    limits = Limits()
    servers: dict[str, Server] = {}
    for name, listener in current.settings.listen.items():
        servers[name] = await listen(
            listener,
            name,
            socket.socket(fileno=process.sockets[name]) if name in process.sockets else bind(listener.address),
            hostname=hostname(current.settings),
            deliver=pipeline.deliver,
            spool=opened.spool,
            ids=new_id,
            clock=opened.world.clock,
            tls=server_context(listener),
            limits=limits,
            log=log,
            stamp_key=opened.loop_key,
        )

    def reload() -> None:
        for name, server in servers.items():
            if name in current.settings.listen:
                server.reload(current.settings.listen[name], server_context(current.settings.listen[name]))

    process.on_reload.append(reload)
    process.lifeline.say(b"ready")
    await pulse_until(stopped, process.lifeline)
    await see_out(_drained(tuple(servers.values()), pipeline, current.settings.processes.stop_timeout), process)


async def _drained(servers: tuple[Server, ...], pipeline: Pipeline, seconds: float) -> None:
    """No new transactions; those that have begun end."""
    await asyncio.gather(*(server.drain(seconds) for server in servers))
    await asyncio.gather(*(server.ended() for server in servers))
    await pipeline.drain()


def _terms(current: InForce) -> Callable[[str], Terms]:
    def terms(listener: str) -> Terms:
        settings = current.settings.listen[listener]
        return Terms(settings.protocol == "lmtp", current.settings.retention.keep, settings.patience_seconds)

    return terms
