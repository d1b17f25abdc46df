"""The real gateway, started as its operator starts it: `outgate serve` with a configuration of its own, on free loopback ports."""

import json
import os
import shutil
import signal
import smtplib
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.peers import folder, free_port, stop_group, wait_until
from tests.peers.logs import shown_on_failure

OUTGATE = (sys.executable, "-m", "gateway.cli")
REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass
class Gateway:
    """One running gateway. Its processes are a group of their own."""

    directory: Path
    ports: dict[str, int]  # by listener name
    process: subprocess.Popen[bytes] | None = None
    environment: dict[str, str] = field(default_factory=dict)
    starts: int = 0

    @property
    def config(self) -> Path:
        return self.directory / "outgate.toml"

    @property
    def port(self) -> int:
        return next(iter(self.ports.values()))

    @property
    def database(self) -> Path:
        return self.directory / "var" / "outgate.db"

    def start(self) -> None:
        """Start and wait until every process says that it is ready and every listener greets."""
        self.starts += 1
        with (self.directory / "serve.log").open("ab") as log:
            self.process = subprocess.Popen(
                (*OUTGATE, "serve", "--config", str(self.config)),
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd=self.directory,
                env={**os.environ, **self.environment},
            )
        wait_until(self._is_ready, "the gateway greets on every listener", 60)

    def stop(self) -> int:
        """Stop in order; the exit status."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(60)
        self.process = None
        return code

    def end(self) -> None:
        """However it stands, when the test is over."""
        if self.process is not None:
            stop_group(self.process.pid)
            self.process.wait(60)
            self.process = None

    def serve_in_vain(self) -> tuple[int, str]:
        """Start what cannot start; the exit status and what was said on stderr."""
        command = (*OUTGATE, "serve", "--config", str(self.config))
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd=self.directory)
        return done.returncode, done.stderr

    def reload(self) -> list[dict[str, Any]]:
        """SIGHUP; the events by which each process says that it has the new policy, or keeps the old one."""
        assert self.process is not None
        processes, before = sum(len(self.pids(kind)) for kind in ("smtp", "keeper", "portal")), len(self._reloads())
        self.process.send_signal(signal.SIGHUP)
        wait_until(lambda: len(self._reloads()) >= before + processes, "every process has reloaded")
        return self._reloads()[before:]

    def _reloads(self) -> list[dict[str, Any]]:
        return self.events("policy.loaded", "policy.rejected")

    def kill(self) -> None:
        """SIGKILL for the supervisor and every process of its: the power cut."""
        assert self.process is not None
        for pid in self.pids():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait(60)
        self.process = None

    def pids(self, kind: str | None = None) -> list[int]:
        """Its processes; of one kind (smtp, keeper, recorder) by the status file, or all with the supervisor first."""
        found = json.loads((self.directory / "var" / "pids.json").read_text())
        if kind is not None:
            return list(found.get(kind, []))
        assert self.process is not None
        return [self.process.pid, *(pid for pids in found.values() for pid in pids)]

    def signal(self, pid: int, name: str) -> None:
        """To one of its processes."""
        with suppress(ProcessLookupError):
            os.kill(pid, signal.Signals[f"SIG{name}"])

    def log(self) -> str:
        path = self.directory / "serve.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def events(self, *names: str) -> list[dict[str, Any]]:
        """The log's events of these names, in their order. The last line may be half written."""
        rows = [json.loads(line) for line in self.log().splitlines(keepends=True) if line.startswith("{") and line.endswith("\n")]
        return [row for row in rows if row.get("event") in names]

    def run(self, *arguments: str, check: bool = True) -> str:
        """A command of the operator, with this gateway's configuration."""
        status, said, errors = self.command(*arguments)
        assert not check or status == 0, f"{arguments}: {status}\n{said}{errors}"
        return said if check else said + errors

    def command(self, *arguments: str) -> tuple[int, str, str]:
        """The same: exit status, output, and what was said on stderr."""
        command = (*OUTGATE, *arguments, "--config", str(self.config))
        done = subprocess.run(command, capture_output=True, text=True, timeout=90, check=False, env={**os.environ, **self.environment})
        return done.returncode, done.stdout, done.stderr

    def holds(self, *, everything: bool = False) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.run("hold", "list", "--json", *(["--all"] if everything else [])))
        return found

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What its own SQLite database holds right now."""
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as database:
            return database.execute(query).fetchall()

    def cases(self, sender: str, state: str = "open") -> dict[str, list[str]]:
        """Cases of a sender, oldest first, and whom each is kept from. Read from SQLite: `hold list` says the same, more slowly."""
        found = {}
        for case, text in self.rows(f"SELECT case_number, envelope FROM hold WHERE state = '{state}' ORDER BY kept_at"):  # noqa: S608
            envelope = json.loads(text)
            if envelope["reverse_path"]["wire"] == sender:
                found[case] = [recipient["address"]["wire"] for recipient in envelope["recipients"]]
        return found

    def send(self, sender: str, recipients: list[str], message: bytes) -> dict[str, tuple[int, bytes]]:
        """By SMTP to the first listener. Raises what smtplib raises."""
        with smtplib.SMTP("127.0.0.1", self.port, timeout=60) as client:
            return client.sendmail(sender, recipients, message)

    def wait_event(self, name: str, **fields: object) -> dict[str, Any]:
        """The first event of this name with these fields, once it is there."""
        found: list[dict[str, Any]] = []

        def is_there() -> bool:
            found[:] = [row for row in self.events(name) if fields.items() <= row.items()]
            return bool(found)

        wait_until(is_there, f"the log tells of {name} {fields}")
        return found[0]

    def _is_ready(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, f"the gateway ended:\n{self.log()}"
        return self.log().count("outgate: serving") == self.starts and self.greets()

    def greets(self) -> bool:
        """Whether every listener does."""
        return all(_greets(port) for port in self.ports.values())


@contextmanager
def gateway(
    hops: Mapping[str, Mapping[str, object]],
    *,
    listeners: Mapping[str, Mapping[str, object]] | None = None,
    pack: Path = REPOSITORY / "rules" / "starter",
    domains: tuple[str, ...] = ("sender.example",),
    extra: str = "",
    database: str = "sqlite:///var/outgate.db",
    start: bool = True,
    notices: str = "mailboxes",
    processes: Mapping[str, object] | None = None,
    environment: Mapping[str, str] | None = None,
    vault: Sequence[str] = ('url = "var/vault"',),
) -> Iterator[Gateway]:
    """A gateway whose next hops are `hops` (settings of [next_hop.NAME]) and whose listeners are `listeners` (default: one, SMTP).

    `notices` names the hop that carries notices; `processes` are more settings of [processes]; `extra` is more TOML.
    """
    with folder("gateway") as directory:
        chosen = {name: dict(settings) for name, settings in (listeners or {"main": {}}).items()}
        ports = {name: free_port() for name in chosen}
        lines = ["[organisation]", 'name = "Test Council"', f"domains = {json.dumps(domains)}", 'help = "Service Desk, 01234 567890."']
        for name, settings in chosen.items():
            lines += [f"[listen.{name}]", f'address = "127.0.0.1:{ports[name]}"', *_toml(settings)]
        for name, settings in hops.items():
            lines += [f"[next_hop.{name}]", *_toml({"tls": "none", **settings} if "host" in settings else settings)]
        lines += ["[policy]", f"source = {json.dumps(str(pack))}", "[database]", f'url = "{database}"']
        lines += ["[vault]", *vault, 'keys = "var/keys"']
        lines += ["[processes]", *_toml({"state": "var", **(processes or {})}), "[notices]", *_toml({"next_hop": notices})]
        running = Gateway(directory, ports, environment=dict(environment or {}))
        running.config.write_text("\n".join([*lines, extra, ""]))
        running.config.chmod(0o600)
        try:
            with shown_on_failure("the gateway", running.log):
                if start:
                    running.start()
                yield running
        finally:
            running.end()


def pack_in(directory: Path, files: Mapping[str, str], *, replace: Mapping[str, str] | None = None) -> Path:
    """A copy of the starter pack with files of its own; `replace` changes words of pack.yaml."""
    pack = directory / "pack"
    shutil.copytree(REPOSITORY / "rules" / "starter", pack)
    for name, text in files.items():
        (pack / name).write_text(text)
    text = (pack / "pack.yaml").read_text()
    for old, new in (replace or {}).items():
        assert old in text, old
        text = text.replace(old, new)
    (pack / "pack.yaml").write_text(text)
    return pack


def _toml(settings: Mapping[str, object]) -> list[str]:
    return [f"{key} = {json.dumps(value)}" for key, value in settings.items()]


def _greets(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 2) as connection:
            connection.settimeout(2)
            return connection.recv(100).startswith((b"220 ", b"554 "))  # 554: a listener that is not for us
    except OSError:
        return False
