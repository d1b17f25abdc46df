"""What a process that carries or sends mail has when its life begins: the policy in force, the sandbox, every port."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvloop

from gateway.app.build import Running, make_sandbox, running
from gateway.app.in_force import InForce
from gateway.app.memory import settle_memory
from gateway.app.prepare import prepare
from gateway.app.promptly import come_promptly
from gateway.app.serving.lifeline import Lifeline, cannot
from gateway.app.tls_files import check_tls
from gateway.config import Settings
from gateway.edges.keys import load_keys
from gateway.edges.metrics import Metrics, use_folder
from gateway.edges.sandbox import Sandbox
from gateway.errors import OutgateError
from gateway.log import Log


@dataclass(frozen=True, slots=True)
class Process:
    """What a process has when its life begins."""

    current: InForce
    log: Log
    lifeline: Lifeline
    opened: Running
    sockets: dict[str, int]
    sandbox: Sandbox
    on_reload: list[Callable[[], None]]
    name: str


def run(
    life: Callable[[Process], Coroutine[Any, Any, None]],
    config: Path,
    settings: Settings,
    log: Log,
    lifeline: Lifeline,
    sockets: dict[str, int],
    name: str,
) -> int:
    """One process: sandbox first (it forks), then the event loop."""
    lifeline.tie()
    try:
        # The supervisor has prepared everything; a process that was started alone does it itself.
        check_tls(settings)
        keys = prepare(settings) if lifeline.parent is None else load_keys(settings.vault.keys)
        current = InForce(config, settings, log)
        use_folder(settings.processes.state / "metrics")
        sandbox = make_sandbox(settings, log)
    except OutgateError as error:
        return cannot(name, error)

    async def main() -> None:
        later = asyncio.get_running_loop().call_later
        log.gather(later)
        metrics = Metrics(later, lambda why: log.event("alarm", what=why))
        sandbox.prepare(current.policy.patterns)
        sandbox.attach()
        settle_memory()
        come_promptly()
        try:
            async with running(settings, keys, sandbox, metrics, lifeline.suspects(), lambda: current.policy) as opened:
                process = Process(current, log, lifeline, opened, sockets, sandbox, [], name)
                asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, _reload, process)
                log.event("serve.started", process=name, pid=os.getpid(), pack=current.policy.name, pack_version=current.policy.version)
                await life(process)
        finally:
            await sandbox.close()
            metrics.flush()
            log.flush()

    try:
        uvloop.run(main())
    except OutgateError as error:
        return cannot(name, error)
    return 0


def _reload(process: Process) -> None:
    if process.current.reload():
        process.sandbox.prepare(process.current.policy.patterns)
        if process.current.signing_keys is not None:
            process.opened.signer.use(process.current.signing_keys)
        for hook in process.on_reload:
            hook()
