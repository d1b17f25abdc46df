"""A private PostgreSQL: its own cluster, synced as in production, with a password."""

import os
import pwd
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import URL

from tests.peers import folder, free_port


@dataclass(frozen=True, slots=True)
class Postgres:
    directory: Path
    port: int
    password: str

    def url(self, database: str = "postgres") -> str:
        """For SQLAlchemy, password included."""
        address = URL.create("postgresql+psycopg", "outgate", self.password, "127.0.0.1", self.port, database)
        return address.render_as_string(hide_password=False)

    def new_database(self) -> str:
        """The address of an empty database; all go away with the server."""
        name = f"outgate_{secrets.token_hex(6)}"
        with psycopg.connect(self._conninfo(), autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
        return self.url(name)

    def restart(self, mode: str = "fast") -> None:
        """Mode `immediate` is as a crash: what was not synced is gone."""
        self._control("restart", "-m", mode)

    def stop(self) -> None:
        """As a crash; start() is owed."""
        self._control("stop", "-m", "immediate")

    def start(self) -> None:
        """After stop()."""
        self._control("start")

    def _conninfo(self) -> str:
        return psycopg.conninfo.make_conninfo(host="127.0.0.1", port=self.port, user="outgate", password=self.password, dbname="postgres")

    def _control(self, *arguments: str) -> None:
        _run("pg_ctl", "-D", self.directory / "data", "-l", self.directory / "log", "-w", "-t", "60", "-s", *arguments)


@contextmanager
def postgres() -> Iterator[Postgres]:
    with folder("pg") as directory:
        server = Postgres(directory, free_port(), secrets.token_hex(16))
        _make_cluster(server)
        server.start()
        try:
            yield server
        finally:
            server.stop()


def _make_cluster(server: Postgres) -> None:
    password_file = server.directory / "password"
    password_file.write_text(server.password)
    password_file.chmod(0o600)
    if os.geteuid() == 0:
        shutil.chown(server.directory, "postgres")
        shutil.chown(password_file, "postgres")
    # The empty cluster need not be synced: it can be made again. What the tests commit to it is synced.
    _run(
        *("initdb", "-D", server.directory / "data", "-U", "outgate", "--pwfile", password_file, "-A", "scram-sha-256"),
        *("-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions"),
    )
    with (server.directory / "data" / "postgresql.conf").open("a") as settings:
        settings.write(f"listen_addresses = '127.0.0.1'\nport = {server.port}\nunix_socket_directories = '{server.directory}'\n")
        settings.write("fsync = on\nsynchronous_commit = on\nshared_buffers = 16MB\nmax_connections = 50\n")


def _run(program: str, *arguments: str | Path) -> None:
    """PostgreSQL refuses to run as root; then it runs as the user its package made."""
    command = [programs() / program, *arguments]
    if os.geteuid() == 0:
        user = pwd.getpwnam("postgres")
        done = subprocess.run(
            command, check=False, capture_output=True, text=True, cwd="/", user=user.pw_uid, group=user.pw_gid, extra_groups=[]
        )
    else:
        done = subprocess.run(command, check=False, capture_output=True, text=True, cwd="/")
    assert done.returncode == 0, f"{program}: {done.stdout}{done.stderr}"


def programs() -> Path:
    """Debian keeps the server's programs outside the path, one folder for each version."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    where = found[-1] if found else shutil.which("initdb")
    assert where, "PostgreSQL is not installed; tests/run --packages installs it"
    return Path(where).parent
