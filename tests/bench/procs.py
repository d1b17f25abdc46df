"""Processes as /proc shows them: trees, processor time, memory, and the core they may run on. Linux only."""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PROC = Path("/proc")
MIB = 1_048_576


@dataclass(frozen=True, slots=True)
class Process:
    pid: int
    parent: int
    session: int
    seconds: float  # processor time, with that of its children that have ended and been waited for
    own_seconds: float
    name: str  # command line, or the name in brackets that the kernel keeps


def process(pid: int) -> Process | None:
    """None if it has ended."""
    try:
        name, _, rest = (_PROC / str(pid) / "stat").read_text().partition("(")[2].rpartition(")")
        line = (_PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return None
    fields = rest.split()
    own, children = int(fields[11]) + int(fields[12]), int(fields[13]) + int(fields[14])
    return Process(pid, int(fields[1]), int(fields[3]), (own + children) / _TICKS, own / _TICKS, f"{line} [{name}]")


def tree(root: int) -> list[Process]:
    """A process, its descendants, and everything else in a session that it leads (what daemonised itself)."""
    everything = [found for entry in _PROC.iterdir() if entry.name.isdigit() and (found := process(int(entry.name))) is not None]
    inside = {root} | {one.pid for one in everything if one.session == root}
    while grown := {one.pid for one in everything if one.parent in inside} - inside:
        inside |= grown
    return [one for one in everything if one.pid in inside]


def pin(pid: int, core: int) -> None:
    """Bind a process to a core, with all its threads; its later children inherit that."""
    with suppress(OSError):
        for task in (_PROC / str(pid) / "task").iterdir():
            with suppress(OSError):
                os.sched_setaffinity(int(task.name), {core})


def forget_peak(pid: int) -> None:
    """Start the kernel's record of the highest resident size anew (VmHWM)."""
    with suppress(OSError):
        (_PROC / str(pid) / "clear_refs").write_text("5")


def peak_rss(pid: int) -> int:
    """Octets: the highest resident size since the start, or since `forget_peak`."""
    return _octets(_PROC / str(pid) / "status", "VmHWM:")


def rss(pid: int) -> int:
    """Octets resident now."""
    return _octets(_PROC / str(pid) / "status", "VmRSS:")


def pss(pid: int) -> int:
    """Octets now, where a page shared by n processes counts as 1/n."""
    return _octets(_PROC / str(pid) / "smaps_rollup", "Pss:")


def _octets(path: Path, key: str) -> int:
    with suppress(OSError):
        for line in path.read_text().splitlines():
            if line.startswith(key):
                return int(line.split()[1]) * 1024
    return 0
