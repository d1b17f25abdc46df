"""A PostgreSQL whose machine vanishes without a word: a network of two, and one of them loses its address."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.peers import folder
from tests.peers.postgres import programs

NETWORK = """
set -e
mount -t tmpfs none /run
ip link set lo up
ip netns add far
ip link add near type veth peer name there netns far
ip addr add 10.99.0.1/24 dev near
ip link set near up
ip -n far addr add 10.99.0.2/24 dev there
ip -n far link set there up
ip -n far link set lo up
ip neigh replace 10.99.0.2 lladdr "$(ip netns exec far cat /sys/class/net/there/address)" dev near nud permanent
as_postgres() { ip netns exec far runuser -u postgres -- "$@"; }
as_postgres "$1/initdb" -D "$2/data" -U outgate -A trust --no-sync > /dev/null
echo "host all all 10.99.0.0/24 trust" >> "$2/data/pg_hba.conf"
as_postgres "$1/pg_ctl" -D "$2/data" -w -s -l "$2/log" -o "-c listen_addresses=10.99.0.2 -c unix_socket_directories=$2" start
trap 'as_postgres "$1/pg_ctl" -D "$2/data" -s -m immediate stop' EXIT
"$3" -c "$4"
"""

STORY = """
import subprocess, threading, time
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from gateway.edges.database import open_engine
engine = open_engine("postgresql://outgate@10.99.0.2/postgres", threads=3)
ready, gone = threading.Barrier(3), threading.Event()
def ask(name, statement, *, first):
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))
        ready.wait()
        if not first:
            gone.wait()
        began = time.monotonic()
        try:
            connection.execute(text(statement))
        except OperationalError:
            print(name, round(time.monotonic() - began), flush=True)
threads = [threading.Thread(target=ask, args=("waits", "SELECT pg_sleep(300)"), kwargs={"first": True})]
threads.append(threading.Thread(target=ask, args=("begins", "SELECT 1"), kwargs={"first": False}))
for thread in threads:
    thread.start()
ready.wait()
time.sleep(0.5)
subprocess.check_call(("ip", "-n", "far", "addr", "del", "10.99.0.2/24", "dev", "there"))
gone.set()
for thread in threads:
    thread.join()
"""


@pytest.mark.long
@pytest.mark.peer
def test_who_waits_for_a_database_that_is_gone_is_told_within_half_a_minute() -> None:
    """Found: a thread waited until TCP gave up, a quarter of an hour or never, and the process with all its threads."""
    unshare = shutil.which("unshare")
    if unshare is None or os.geteuid() != 0 or shutil.which("ip") is None:
        pytest.skip("no network can be made here")
    with folder("far") as directory:
        shutil.chown(directory, "postgres")
        alone = ("-n", "-m", "-p", "-f", "--mount-proc", "--kill-child")  # whatever happens, nothing of it stays
        command = (unshare, *alone, "sh", "-c", NETWORK, "sh", str(programs()), str(directory), sys.executable, STORY)
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, cwd=Path(__file__).parents[2])
    if "Operation not permitted" in done.stderr:
        pytest.skip("no network can be made here")

    assert done.returncode == 0, done.stderr
    assert sorted(re.findall(r"^\w+", done.stdout, re.MULTILINE)) == ["begins", "waits"], done.stderr
    assert all(10 <= int(seconds) <= 30 for seconds in re.findall(r"\d+", done.stdout)), done.stdout
