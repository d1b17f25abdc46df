"""Settings that cannot work: `outgate serve` says which and why, and ends. It neither ends in a traceback nor seems to serve."""

import os
import re
import socket
import subprocess
from pathlib import Path

import pytest

from gateway.edges.owner import denied, stranger
from tests.journey.gateway import OUTGATE
from tests.journey.site import Site, site
from tests.peers import folder, free_port, needs_root

pytestmark = pytest.mark.peer


def serve_in_vain(running: Site) -> str:
    status, said = running.gateway.serve_in_vain()
    assert status == 1, said
    assert "Traceback" not in said
    return said.removeprefix(f"{running.gateway.config}: ").strip()


def change(running: Site, pattern: str, new: str) -> None:
    text, count = re.subn(pattern, new, running.gateway.config.read_text(), count=1)
    assert count == 1
    running.gateway.config.write_text(text)


def test_a_port_for_metrics_that_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with site(start=False, processes={"metrics": address}) as running:
            said = serve_in_vain(running)

    assert (
        said
        == f"processes.metrics: {address} cannot be used: Address already in use; does another gateway, or something else, serve there?"
    )


def test_a_certificate_that_is_missing_has_its_name() -> None:
    """Found: the process that listens ended again and again with `No such file or directory`, and nothing said which."""
    with site(start=False) as running:
        change(running, r"(\[listen\.[^\n]+\n)", r'\1tls = "required"\ncert = "none.pem"\nkey = "none.key"\n')
        said = serve_in_vain(running)
        here = running.gateway.directory.resolve()

    assert f"cert: {here}/none.pem: No such file or directory" in said
    assert f"key: {here}/none.key: No such file or directory" in said


def test_a_signing_key_that_is_missing_has_its_name() -> None:
    with site(start=False, extra='[dkim."sender.example"]\nsign = {a = "none.key"}\n') as running:
        said = serve_in_vain(running)
        here = running.gateway.directory.resolve()

    assert said == f'dkim."sender.example".sign.a: {here}/none.key: No such file or directory'


def test_a_certificate_that_is_none_has_its_name() -> None:
    with site(start=False) as running:
        for name in ("a.pem", "a.key"):
            (running.gateway.directory / name).write_text("not a certificate")
        change(running, r"(\[listen\.[^\n]+\n)", r'\1tls = "required"\ncert = "a.pem"\nkey = "a.key"\n')
        said = serve_in_vain(running)

    assert "a.pem and " in said
    assert "are no certificate with its key in PEM" in said


def test_a_second_gateway_with_the_same_state() -> None:
    """Found: it logged `another recorder serves here` for ever, and neither served nor ended."""
    with site() as running:
        config = running.gateway.config.read_text()
        other = running.gateway.directory / "other.toml"
        other.write_text(re.sub(r"127\.0\.0\.1:\d+", lambda _: f"127.0.0.1:{free_port()}", config))
        command = (*OUTGATE, "serve", "--config", str(other))
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

        state = running.gateway.directory.resolve() / "var"
        assert done.returncode == 1
        assert done.stderr.strip() == f"{other}: processes.state: another gateway serves with {state}; each needs a folder of its own"


@needs_root
def test_a_folder_of_somebody_else_has_the_name_of_its_owner() -> None:
    """Found: `hold list` as another user said `locks: [Errno 13]`."""
    with folder("owned") as directory:
        os.chown(directory, 65534, -1)
        error = PermissionError(13, "Permission denied", str(directory / "locks"))

        assert denied(error, Path("/")) == (
            f"{directory}/locks: Permission denied; {directory} belongs to user nobody, and you are root: run it as that user"
        )
        os.chown(directory, os.geteuid(), -1)
        assert stranger(directory / "locks") is None
