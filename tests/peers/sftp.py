"""OpenSSH's own sshd with its internal-sftp on a free loopback port: its own host key, its own configuration, one key that may sign in.

    with sftp("university", "brightsteps") as server: ... server.settings(), server.files()

It runs as whoever runs the tests, so that person is the one who signs in; root must be let in by key (PermitRootLogin prohibit-password).
Every session is kept in its folder with `-d`; nothing of the machine's own configuration is read (`-f`).
"""

import getpass
import hashlib
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.peers import folder, free_port, wait_until


@dataclass
class SftpServer:
    directory: Path
    port: int
    process: subprocess.Popen | None = None

    @property
    def home(self) -> Path:
        """Where sessions begin; the partners' folders are in it."""
        return self.directory / "files"

    @property
    def host_key(self) -> str:
        return (self.directory / "host.pub").read_text().strip()

    def settings(self, **rest: object) -> dict[str, object]:
        """[place.NAME] for it."""
        return {
            "kind": "sftp",
            "host": "127.0.0.1",
            "port": self.port,
            "user": getpass.getuser(),
            "key": str(self.directory / "client"),
            "host_keys": [self.host_key],
            **rest,
        }

    def files(self) -> dict[str, str]:
        """SHA-256 of every file, by its path below home."""
        found = (path for path in sorted(self.home.rglob("*")) if path.is_file())
        return {str(path.relative_to(self.home)): hashlib.sha256(path.read_bytes()).hexdigest() for path in found}

    def start(self) -> None:
        sshd = shutil.which("sshd", path="/usr/sbin:/usr/bin")
        assert sshd, "OpenSSH's server is not installed; tests/run --packages installs it"
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # where its package has it made at boot: for privilege separation
        command = [sshd, "-D", "-e", "-f", self.directory / "sshd_config"]
        with (self.directory / "log").open("ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        wait_until(self._answers, "sshd answers")

    def stop(self) -> None:
        """The listener and every session, at once: sessions lead groups of their own."""
        if self.process is not None:
            for pid in _family(self.process.pid):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def end_sessions(self) -> None:
        """Those who are connected are cut off; others may connect."""
        self.stop()
        self.start()

    def _answers(self) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1) as connection:
            return connection.recv(4) == b"SSH-"
        return False


def _family(pid: int) -> list[int]:
    """A process and all below it."""
    found = [pid]
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            if int(entry.read_text().rpartition(")")[2].split()[1]) == pid:
                found += _family(int(entry.parent.name))
    return found


@contextmanager
def sftp(*partners: str, subsystem: str = "internal-sftp") -> Iterator[SftpServer]:
    with folder("sftp") as directory:
        server = SftpServer(directory, free_port())
        for partner in partners:
            (server.home / partner).mkdir(parents=True)
        for name in ("host", "client", "other"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", directory / name], check=True)
        (directory / "authorized_keys").write_text((directory / "client.pub").read_text())
        (directory / "authorized_keys").chmod(0o600)
        (directory / "sshd_config").write_text(
            f"""Port {server.port}
ListenAddress 127.0.0.1
HostKey {directory}/host
PidFile none
AuthorizedKeysFile {directory}/authorized_keys
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
Subsystem sftp {subsystem} -d {server.home}
"""
        )
        server.start()
        try:
            yield server
        finally:
            server.stop()
