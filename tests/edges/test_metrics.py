"""Numbers for the operator, and a disk that is full: mapped files, over real ones on a file system of a few kilobytes."""

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.edges.reserved import INITIAL_OCTETS, Reserved

# In a mount namespace of its own: what it mounts goes with it.
MOUNT = 'mount -t tmpfs -o size="$1" none "$2" && shift 2 && exec "$@"'
FILLED = """
import os, sys
from pathlib import Path
from gateway.edges.metrics import Gauges, Metrics, use_folder
folder = Path(sys.argv[1])
use_folder(folder / "metrics")
told = []
def fill():
    with (folder / "all-that-is-left").open("wb", buffering=0) as file:
        try:
            while file.write(bytes(4096)):
                pass
        except OSError:
            pass
def summed():
    from prometheus_client import CollectorRegistry, generate_latest
    from prometheus_client.multiprocess import MultiProcessCollector
    registry = CollectorRegistry()
    MultiProcessCollector(registry)
    return generate_latest(registry).decode()
"""


def in_a_small_place(folder: Path, size: str, story: str) -> str:
    """What a process prints that has `folder` to itself, with so much room; it must end well."""
    unshare = shutil.which("unshare")
    if unshare is None or os.geteuid() != 0 or subprocess.run((unshare, "-m", "true"), check=False, capture_output=True).returncode:
        pytest.skip("nothing can be mounted here")
    command = (unshare, "-m", "sh", "-c", MOUNT, "sh", size, str(folder), sys.executable, "-c", FILLED + story, str(folder))
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    if "mount: " in done.stderr:
        pytest.skip("nothing can be mounted here")
    assert done.returncode != -signal.SIGBUS, "the process died of a store into a hole"
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_disk_that_is_full_at_the_start_costs_the_numbers_and_not_the_process(tmp_path: Path):
    """Found: a process that was started again while the disk was full died of SIGBUS, again and again."""
    said = in_a_small_place(
        tmp_path,
        "256k",
        """
fill()
metrics, gauges = Metrics(refused=told.append), Gauges(told.append)
for _ in range(3):
    metrics.count("messages", listener="main")
    metrics.observe("answer", 0.1, listener="main")
    gauges.show(cases_open=1)
print(*told, sep="\\n")
print(sorted(path.name for path in (folder / "metrics").iterdir()))
""",
    )

    assert said.splitlines() == ["metrics: not everything is counted until the next start: No space left on device"] * 2 + ["[]"]


def test_a_disk_that_is_full_later_costs_new_numbers_alone(tmp_path: Path):
    """What has been counted is counted on; names that come later find no room in the files, which cannot grow."""
    said = in_a_small_place(
        tmp_path,
        "512k",
        """
metrics, gauges = Metrics(refused=told.append), Gauges(told.append)
metrics.count("messages", listener="main")
fill()
for number in range(300):
    metrics.count("messages", listener="main")
    metrics.count("messages", listener=f"one more with a long name {number:0100}")
    metrics.observe("hand_over", 0.1, next_hop=f"hop-{number}")
gauges.show(cases_open=7)
print(*told, sep="\\n")
print(summed())
""",
    )

    assert said.splitlines()[0] == "metrics: not everything is counted until the next start: No space left on device"
    assert said.count("until the next start") == 1
    assert 'outgate_messages_total{listener="main"} 301.0' in said
    assert "outgate_cases_open 7.0" in said
    assert 5 < len(re.findall(r"outgate_hand_over_seconds_count", said)) < 300


def test_files_grow_with_their_blocks(tmp_path: Path):
    """As many names as there may be, each number once, and never a hole in a file."""
    story = """
metrics = Metrics(refused=told.append)
for number in range(700):
    metrics.count("messages", listener=f"listener-{number:0200}")
    metrics.observe("hand_over", 0.1, next_hop=f"h\\u00f6p-{number}")
files = sorted((folder / "metrics").iterdir())
print(told, len(files), *(f"{path.stat().st_size} {path.stat().st_blocks * 512 >= path.stat().st_size}" for path in files))
said = summed()
print(said.count("outgate_messages_total{"), said.count("outgate_hand_over_seconds_count{"))
"""
    done = subprocess.run((sys.executable, "-c", FILLED + story, str(tmp_path)), capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()
    assert re.fullmatch(r"\[\] 2 \d+ True \d+ True", first), first
    assert all(int(size) >= 4 * INITIAL_OCTETS for size in re.findall(r"\d{5,}", first)), first
    assert second == "700 700"


def test_a_file_of_a_process_with_the_same_number_stays_as_it_is(tmp_path: Path):
    path = tmp_path / "counter_1.db"
    path.write_bytes((100).to_bytes(4, "little") + b"what was counted")
    reserved = Reserved(path)

    assert path.stat().st_size == INITIAL_OCTETS
    assert path.read_bytes().startswith((100).to_bytes(4, "little") + b"what was counted")
    reserved.make_room(INITIAL_OCTETS - 100)
    assert path.stat().st_size == INITIAL_OCTETS
    reserved.make_room(INITIAL_OCTETS - 99)
    assert path.stat().st_size == 2 * INITIAL_OCTETS
