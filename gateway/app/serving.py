"""The processes of `outgate serve`: the supervisor's programs, an SMTP process, the keeper."""

from __future__ import annotations

import asyncio
import ctypes
import errno
import fcntl
import os
import signal
import socket
import sys
from collections.abc import Callable, Coroutine
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import uvloop

from gateway.app.build import Running, hostname, house_of, load_policy, make_sandbox, new_id, prepare, running, trigger_headers
from gateway.app.in_force import InForce
from gateway.app.memory import settle_memory
from gateway.app.portal import portal_keys, portal_running
from gateway.app.promptly import come_promptly
from gateway.app.signing import load_signing_keys
from gateway.app.tls_files import check_tls
from gateway.app.vault_care import keep_swept
from gateway.config import Settings, load
from gateway.edges.database import is_sqlite
from gateway.edges.keys import load_keys
from gateway.edges.metrics import Gauges, Metrics, forget, serve_metrics, use_folder
from gateway.edges.recorder import PATIENCE_SECONDS
from gateway.edges.recorder import running as recording
from gateway.edges.sandbox import Sandbox
from gateway.edges.standing import standing
from gateway.edges.state import recorder_socket
from gateway.edges.suspects import Suspects, shared_memory
from gateway.errors import BadConfig, BadInput, OutgateError, WillNotDo
from gateway.keeper import Keeper, Shelves
from gateway.listen import listen
from gateway.listen.limits import Limits
from gateway.listen.server import Server
from gateway.listen.tls import server_context
from gateway.log import Log
from gateway.pipeline import Pipeline, Terms
from gateway.supervise import CANNOT, PULSE_SECONDS, Program, Supervisor, bind, python

DRAIN_SECONDS = 25.0
SWEEP_EVERY = timedelta(minutes=10)
COUNT_EVERY = timedelta(seconds=15)  # what stands waiting, for the metrics
_PR_SET_PDEATHSIG = 1


def serve(
    config: Path, process: str | None, sockets: dict[str, int], pulse: int | None, parent: int | None, number: int, suspects: int | None
) -> int:
    """`outgate serve [PROCESS]`. The exit status."""
    os.umask(0o077)
    settings = load(config)
    log = Log(style=settings.processes.log)
    match process:
        case None:
            return _supervise(config.resolve(), settings, log)
        case "recorder":
            return _record(settings, log, _Lifeline(pulse, parent))
        case "portal":
            return _serve_portal(config, settings, log, _Lifeline(pulse, parent), sockets)
        case "smtp":
            return _run(_smtp, config, settings, log, _Lifeline(pulse, parent, suspects, number), sockets, f"smtp-{number}")
        case _:
            return _run(_keep, config, settings, log, _Lifeline(pulse, parent, suspects), sockets, "keeper")


# --- the supervisor -----------------------------------------------------------------------------------------------------


def _supervise(config: Path, settings: Settings, log: Log) -> int:
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
    return Supervisor(programs, log, settings.processes.state / "pids.json", on_ready=_say_ready, on_death=bury).run()


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


# --- what the processes share -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Lifeline:
    """The ties to the supervisor: we end with it, and it hears that we live."""

    pulse: int | None
    parent: int | None
    memory: int | None = None  # shared with it and the other processes
    number: int = 0  # our part of it

    def tie(self) -> None:
        if self.parent is None:
            return
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != self.parent:  # it ended before we could ask to be told
            os._exit(1)
        for descriptor in (self.pulse, self.memory):
            if descriptor is not None:
                os.set_inheritable(descriptor, False)

    def suspects(self) -> Suspects:
        """Which messages may have killed a process; a process that was started alone remembers for itself."""
        return Suspects(shared_memory(1)) if self.memory is None else Suspects(self.memory, self.number)

    def say(self, word: bytes = b".") -> None:
        if self.pulse is not None:
            os.write(self.pulse, word)


@dataclass(frozen=True, slots=True)
class _Process:
    """What a process has when its life begins."""

    current: InForce
    log: Log
    lifeline: _Lifeline
    opened: Running
    sockets: dict[str, int]
    sandbox: Sandbox
    on_reload: list[Callable[[], None]]


def _run(
    life: Callable[[_Process], Coroutine[Any, Any, None]],
    config: Path,
    settings: Settings,
    log: Log,
    lifeline: _Lifeline,
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
        return _cannot(name, error)

    async def main() -> None:
        later = asyncio.get_running_loop().call_later
        log.gather(later)
        metrics = Metrics(later)
        sandbox.prepare(current.policy.patterns)
        sandbox.attach()
        settle_memory()
        come_promptly()
        try:
            async with running(settings, keys, sandbox, metrics, lifeline.suspects(), lambda: current.policy) as opened:
                process = _Process(current, log, lifeline, opened, sockets, sandbox, [])
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
        return _cannot(name, error)
    return 0


def _cannot(name: str, error: OutgateError) -> int:
    """A process that cannot start says so to whoever started it: 1 when it may help to try again, CANNOT when not."""
    print(f"outgate {name}: {error}", file=sys.stderr)  # noqa: T201 - on purpose: the log may be what does not work
    return CANNOT if isinstance(error, (BadInput, WillNotDo)) else 1


def _reload(process: _Process) -> None:
    if process.current.reload():
        process.sandbox.prepare(process.current.policy.patterns)
        if process.current.signing_keys is not None:
            process.opened.signer.use(process.current.signing_keys)
        for hook in process.on_reload:
            hook()


def _asked_to_stop() -> asyncio.Event:
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    return stopped


# --- the recorder: on SQLite, the one process that writes -----------------------------------------------------------------


def _record(settings: Settings, log: Log, lifeline: _Lifeline) -> int:
    lifeline.tie()
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # it has no policy, and its settings are those it began with

    async def main() -> None:
        stopped = _asked_to_stop()
        socket_path = recorder_socket(settings.processes.state)
        keys, ends = settings.vault.keys, stopped.set
        async with recording(settings.database.url, socket_path, keys, patience_seconds=PATIENCE_SECONDS, on_end=ends):
            log.event("serve.started", process="recorder", pid=os.getpid())
            lifeline.say(b"ready")
            await _pulse_until(stopped, lifeline)

    try:
        asyncio.run(main())
    except OutgateError as error:
        return _cannot("recorder", error)
    return 0


# --- the portal: it reads no mail, and has neither sandbox nor next hops --------------------------------------------------


def _serve_portal(config: Path, settings: Settings, log: Log, lifeline: _Lifeline, sockets: dict[str, int]) -> int:
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
        return _cannot("portal", settings.wrong(f"portal.address: {settings.portal and settings.portal.address}: {error.strerror}"))
    except OutgateError as error:
        return _cannot("portal", error)

    async def main() -> None:
        stopped = _asked_to_stop()
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, current.reload)
        settle_memory()
        async with portal_running(settings, keys, lambda: current.policy, log, DRAIN_SECONDS) as server:
            serving = asyncio.ensure_future(server.run_on(sock))
            log.event("serve.started", process="portal", pid=os.getpid(), pack=current.policy.name, pack_version=current.policy.version)
            lifeline.say(b"ready")
            await _pulse_until(stopped, lifeline)
            server.stop()
            while not serving.done():
                lifeline.say()
                await asyncio.wait({serving}, timeout=PULSE_SECONDS)
            await serving

    try:
        uvloop.run(main())
    except OutgateError as error:
        return _cannot("portal", error)
    return 0


# --- an SMTP process ----------------------------------------------------------------------------------------------------


async def _smtp(process: _Process) -> None:
    current, opened, log = process.current, process.opened, process.log
    stopped = _asked_to_stop()
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
    await _pulse_until(stopped, process.lifeline)
    await asyncio.gather(*(server.drain(DRAIN_SECONDS) for server in servers.values()))
    await pipeline.drain()


def _terms(current: InForce) -> Callable[[str], Terms]:
    def terms(listener: str) -> Terms:
        settings = current.settings.listen[listener]
        return Terms(settings.protocol == "lmtp", current.settings.retention.keep, settings.patience_seconds)

    return terms


async def _pulse_until(stopped: asyncio.Event, lifeline: _Lifeline) -> None:
    while not stopped.is_set():
        lifeline.say()
        try:
            await asyncio.wait_for(stopped.wait(), PULSE_SECONDS)
        except TimeoutError:
            continue


# --- the keeper ---------------------------------------------------------------------------------------------------------


async def _keep(process: _Process) -> None:
    current, opened = process.current, process.opened
    stopped = _asked_to_stop()
    state = opened.state
    ears = state.bell.hear()
    shelves = Shelves(state.holds, state.outbox, state.intents, _sweeper(current, opened, process.log), state.share_keeping, ears.wait)
    keeper = Keeper(opened.world, shelves, lambda: current.policy, house_of(current.settings, current.config), process.log)

    def note_policy() -> None:
        """One process is enough to say so in the audit."""
        state.audit.policy_loaded(current.policy.name, current.policy.version, opened.world.clock.now())

    note_policy()
    process.on_reload.append(note_policy)
    task = asyncio.ensure_future(keeper.run(process.lifeline.say))
    process.lifeline.say(b"ready")
    await stopped.wait()
    keeper.stop()
    await task
    ears.close()


def _sweeper(current: InForce, opened: Running, log: Log) -> Callable[[datetime], Coroutine[Any, Any, None]]:
    """Counts what waits; now and then removes what retention no longer keeps, and what a crash between vault and database left behind."""
    last = counted = datetime.min.replace(tzinfo=opened.world.clock.now().tzinfo)
    gauges = Gauges()

    async def sweep(now: datetime) -> None:
        nonlocal last, counted
        if now - counted >= COUNT_EVERY:
            counted = now
            usage = opened.vault.usage
            gauges.show(**asdict(await standing(opened.state.store, now)))
            gauges.show(vault_octets=usage.used() if usage else 0, vault_quota_octets=(usage.limit if usage else None) or 0)
        if now - last < SWEEP_EVERY:
            return
        last = now
        retention = current.settings.retention
        state = opened.state
        await state.journal.purge(now - timedelta(seconds=retention.journal))
        await state.records.purge(now - timedelta(seconds=retention.decisions))
        await state.holds.purge(now - timedelta(seconds=retention.decisions))
        await state.intents.purge(now - timedelta(seconds=retention.decisions))
        await state.share_keeping.forget(now - timedelta(seconds=retention.shares), now)
        try:
            await keep_swept(opened.vault, state, now)
        except WillNotDo as error:
            opened.world.counters.count("alarms", what="vault")
            log.event("alarm", what=f"vault: {error.detail}")

    return sweep
