"""The gateway under test: its configuration, its command, and which of its processes is the front one."""

import json
import shlex
import shutil
import sys
import time
from contextlib import suppress
from pathlib import Path

from tests.bench import procs

_CONFIGURATION = """\
[organisation]
name = "Bench"
domains = ["sender.example"]

[listen.main]
address = "127.0.0.1:{port}"
protocol = "smtp"
networks = ["127.0.0.0/8"]
max_message = "100MB"
max_sessions_per_peer = 500

[next_hop.internet]
host = "127.0.0.1"
port = {next_hop}
tls = "none"

[next_hop.mailboxes]
host = "127.0.0.1"
port = {next_hop}
tls = "none"

[next_hop.encrypted]
host = "127.0.0.1"
port = {next_hop}
tls = "none"

[policy]
source = {pack}

[database]
url = "sqlite:///{var}/outgate.db"

[vault]
url = "{var}/vault"
keys = "{var}/keys"

[examine]
workers = 2

[notices]
next_hop = "mailboxes"

[processes]
smtp = 1
state = "{var}"
"""


def default_command() -> str:
    return f"{shlex.quote(str(Path(sys.executable).with_name('outgate')))} serve --config {{config}}"


def prepare(folder: Path, port: int, next_hop: int, command: str | None, pack: Path) -> list[str]:
    """Write the configuration; the command that serves it.

    Args:
        command: a template with {config}, {port}, {next_hop} and {var}; default `outgate serve --config {config}`.
    """
    var = folder / "var"
    var.mkdir(mode=0o700)
    config = folder / "outgate.toml"
    config.write_text(_CONFIGURATION.format(port=port, next_hop=next_hop, var=var, pack=json.dumps(str(_pack(pack, folder)))))
    words = shlex.split(command or default_command())
    return [word.format(config=config, port=port, next_hop=next_hop, var=var) for word in words]


def _pack(pack: Path, folder: Path) -> Path:
    """The pack, with the bench's recipient known to take 35 MB: the largest message must be relayed, not kept."""
    copy = folder / "pack"
    shutil.copytree(pack, copy)
    with (copy / "recipients.yaml").open("a") as limits:
        limits.write("  recipient.example: 35MB\n")
    return copy


def find_front(root: int, folder: Path) -> int:
    """The process that talks SMTP to clients: as a status file says, else by its name, else the one with most processor time."""
    family = procs.tree(root)
    alive = {one.pid for one in family}
    for pid in _from_status_file(folder / "var" / "pids.json"):
        if pid in alive:
            return pid
    children = [one for one in family if one.pid != root]
    named = [one for one in children if "smtp" in one.name.lower()]
    time.sleep(0 if named or not children else 0.2)  # let the start settle before processor time is compared
    chosen = named or [again for one in family if (again := procs.process(one.pid)) is not None]
    return max(chosen, key=lambda one: one.own_seconds).pid


def _from_status_file(path: Path) -> list[int]:
    """`{"smtp": [PID, ...], ...}`; nothing where there is no such file."""
    with suppress(OSError, ValueError, AttributeError):
        found = json.loads(path.read_text()).get("smtp", [])
        return [int(pid) for pid in (found if isinstance(found, list) else [found])]
    return []
