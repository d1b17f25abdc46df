"""The portal's own process: what it reads, and what it says when it cannot serve."""

import subprocess
import sys
from pathlib import Path

import pytest

from gateway.app.portal import portal_keys
from gateway.config import Settings, load
from gateway.edges.keys import create_keys, load_keys
from gateway.errors import WillNotDo
from tests.web.house import SETTINGS

pytestmark = pytest.mark.slow


def settings(directory: Path, portal: str = "") -> Settings:
    config = directory / "outgate.toml"
    more = f'{portal}\n[vault]\nkeys = "keys"\n[database]\nurl = "sqlite:///outgate.db"'
    config.write_text(SETTINGS.format(url="http://127.0.0.1:8080", portal=more))
    return load(config)


def test_the_portal_reads_the_keys_of_shares_alone(tmp_path: Path) -> None:
    """Files of the other families are not even opened: what stands in them here is no key."""
    read = settings(tmp_path)
    assert read.portal is not None
    create_keys(tmp_path / "keys")
    for file in (tmp_path / "keys").iterdir():
        if not file.name.startswith("shares-"):
            file.write_text("not for the portal")
    with pytest.raises(WillNotDo):
        load_keys(tmp_path / "keys")

    keys = portal_keys(read, read.portal)
    assert list(keys) == ["shares"]
    (tmp_path / "keys" / "holds-2.key").write_text("nor this one")  # the folder has changed, and is read again
    assert list(keys) == ["shares"]


def test_a_portal_may_have_a_folder_of_keys_of_its_own(tmp_path: Path) -> None:
    read = settings(tmp_path, 'keys = "own"')
    assert read.portal is not None
    assert read.portal.keys == tmp_path / "own"
    create_keys(tmp_path / "keys")
    (tmp_path / "own").mkdir(mode=0o700)
    (tmp_path / "keys" / "shares-1.key").rename(tmp_path / "own" / "shares-1.key")
    assert list(portal_keys(read, read.portal)) == ["shares"]


@pytest.mark.parametrize(
    ("portal", "says"),
    [
        ('keys = "none"', "none: No such file or directory"),
        ('cert = "c.pem"\nkey = "k.pem"', "portal.cert"),
    ],
)
def test_a_portal_that_cannot_serve_says_why_and_ends_for_good(tmp_path: Path, portal: str, says: str) -> None:
    settings(tmp_path, portal)
    command = (sys.executable, "-m", "gateway.cli", "serve", "portal", "--config", str(tmp_path / "outgate.toml"))
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 78
    assert says in done.stderr
