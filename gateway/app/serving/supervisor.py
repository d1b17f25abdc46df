"""The supervisor: it finds what is wrong before the first socket accepts, binds the sockets, and keeps the other processes alive."""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import sys
from pathlib import Path

from gateway.app.pack import load_policy
from gateway.app.prepare import prepare
from gateway.app.signing import load_signing_keys
from gateway.app.tls_files import check_tls
from gateway.config import Settings
from gateway.edges.database import is_sqlite
from gateway.edges.metrics import forget, serve_metrics, use_folder
from gateway.edges.suspects import Suspects, shared_memory
from gateway.errors import BadConfig
from gateway.log import Log
from gateway.supervise import MARGIN_SECONDS, Program, Supervisor, bind, python


def supervise(config: Path, settings: Settings, log: Log) -> int:
    """Everything that can be wrong is found before the first socket accepts."""
    policy = load_policy(settings.policy.source, settings)
    check_tls(settings)
    load_signing_keys(settings)
    prepare(settings)
    _be_the_only_one(settings)
    metrics = settings.processes.state / "metrics"
    use_folder(metrics)
    forget(metrics)
    bound, pages = _bind_all(settings), _bind_portal(settings)
    _serve_metrics(settings)
    log.event("policy.loaded", pack=policy.name, pack_version=policy.version, warnings=len(policy.warnings))
    for name, listener in settings.listen.items():
        log.event("serve.started", process="supervisor", pid=os.getpid(), listener=name, address=listener.address)
    if pages is not None and settings.portal is not None:
        log.event("serve.started", process="supervisor", pid=os.getpid(), listener="portal", address=settings.portal.address)
    memory = shared_memory(settings.processes.smtp + 1)
    suspects = Suspects(memory)

    def bury(program: Program) -> None:
        """What it was reading when it died has killed it, perhaps."""
        if memory in program.descriptors:
            suspects.bury(program.number)

    programs = _programs(config, settings, bound, memory, pages)
    status, patience = settings.processes.state / "pids.json", settings.processes.stop_timeout + MARGIN_SECONDS
    return Supervisor(programs, log, status, on_ready=_say_ready, on_death=bury, stop_seconds=patience).run()


def _say_ready() -> None:
    print("outgate: serving", file=sys.stderr, flush=True)  # noqa: T201 - for the person at the terminal


def _bind_all(settings: Settings) -> dict[str, socket.socket]:
    bound: dict[str, socket.socket] = {}
    for name, listener in settings.listen.items():
        try:
            bound[name] = bind(listener.address)
        except OSError as error:
            raise _no_address(settings, f"listen.{name}.address", listener.address, error) from error
    return bound


def _bind_portal(settings: Settings) -> socket.socket | None:
    if settings.portal is None or settings.portal.apart:
        return None
    try:
        return bind(settings.portal.address)
    except OSError as error:
        raise _no_address(settings, "portal.address", settings.portal.address, error) from error


def _serve_metrics(settings: Settings) -> None:
    address = settings.processes.metrics
    if address:
        try:
            serve_metrics(address)
        except OSError as error:
            raise _no_address(settings, "processes.metrics", address, error) from error


def _no_address(settings: Settings, key: str, address: str, error: OSError) -> BadConfig:
    hint = "; does another gateway, or something else, serve there?" if error.errno == errno.EADDRINUSE else ""
    return settings.wrong(f"{key}: {address} cannot be used: {error.strerror}{hint}")


def _be_the_only_one(settings: Settings) -> None:
    """For as long as this process lives. Its children do not inherit the lock: they end with it."""
    state = settings.processes.state
    lock = os.open(state / "supervisor.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise settings.wrong(f"processes.state: another gateway serves with {state}; each needs a folder of its own") from None


def _programs(
    config: Path, settings: Settings, bound: dict[str, socket.socket], memory: int, pages: socket.socket | None
) -> tuple[Program, ...]:
    programs: list[Program] = []
    if is_sqlite(settings.database.url):
        programs.append(Program("recorder", "recorder", python("serve", "recorder", "--config", str(config)), last=True))
    shared = ("--suspects", str(memory))
    handed = (*shared, *(item for name, sock in bound.items() for item in ("--socket", f"{name}={sock.fileno()}")))
    for number in range(1, settings.processes.smtp + 1):
        command = python("serve", "smtp", "--config", str(config), "--number", str(number), *handed)
        programs.append(Program("smtp", f"smtp-{number}", command, tuple(bound.values()), (memory,), number))
    programs.append(Program("keeper", "keeper", python("serve", "keeper", "--config", str(config), *shared), descriptors=(memory,)))
    if pages is not None:
        command = python("serve", "portal", "--config", str(config), "--socket", f"portal={pages.fileno()}")
        programs.append(Program("portal", "portal", command, (pages,)))
    return tuple(programs)
