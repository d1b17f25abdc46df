"""One workload through every peer, in turns: rates, latencies, processor time and memory."""

import asyncio
import socket
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from tests.bench import loops, procs
from tests.bench.load import Tally, load
from tests.bench.peers import Peer
from tests.bench.workloads import Workload


@dataclass(frozen=True, slots=True)
class Row:
    """What one peer reached with one workload and so many sessions."""

    workload: str
    sessions: int
    peer: str
    octets: int  # of one message on the wire
    messages: int
    delivered: int  # that reached the next hop
    refused: dict[str, int]
    seconds: float
    messages_per_second: float
    megabytes_per_second: float  # 10^6 octets
    p50_ms: float
    p99_ms: float
    front_cpu_ms: float  # of one message, front process
    all_cpu_ms: float  # of one message, all processes of the peer
    front_busy: float  # share of its core that the front process used
    beside_busy: float  # share of the other core used by generator, sink and the peer's other processes
    idle_rss_mb: float  # front process, 2^20 octets, before this row
    peak_rss_mb: float
    peak_pss_mb: float  # sampled
    peak_pss_all_mb: float  # sampled, all processes of the peer
    error: str = ""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(slots=True)
class _Count:
    """Processor seconds, at a moment."""

    front: float
    family: float
    harness: float


@dataclass(slots=True)
class _Course:
    """What the rounds of one peer add up to."""

    peer: Peer
    idle_rss: int
    tally: Tally = field(default_factory=Tally)
    delivered: int = 0
    front: float = 0.0
    family: float = 0.0
    harness: float = 0.0
    wall: float = 0.0
    peak_pss: int = 0
    peak_pss_all: int = 0
    error: str = ""


def warm_up(peer: Peer, work: Workload) -> str:
    """One message a session of a small load, so that nothing is measured that happens only once; an error as text."""
    sessions = max(work.sessions) if work.octets < 1_000_000 else 1
    try:
        loops.run(load(peer.port, work, sessions, 60, limit=1), fast=True)
    except (OSError, TimeoutError) as error:
        return str(error) or type(error).__name__
    return ""


def measure(peers: Sequence[Peer], sink: Peer, work: Workload, sessions: int, seconds: float) -> list[Row]:
    """Each peer in turn, then in the opposite order, so that a drift of the machine hits all alike.

    Args:
        seconds: for each peer, over all rounds; a peer that has used them up in one round gets no second one.
    """
    rounds = 4 if work.octets < 1_000_000 else 2
    courses = [_Course(peer, sum(map(procs.rss, peer.front_pids()))) for peer in peers]
    for course in courses:
        for pid in course.peer.front_pids():
            procs.forget_peak(pid)
    for number in range(rounds):
        for course in courses if number % 2 == 0 else reversed(courses):
            if not course.error and course.wall < seconds * number / rounds + seconds / (2 * rounds):
                _progress(work, sessions, course.peer, number, rounds)
                _round(course, sink, work, sessions, seconds / rounds)
    return [_row(course, work, sessions) for course in courses]


def _round(course: _Course, sink: Peer, work: Workload, sessions: int, seconds: float) -> None:
    before, delivered, start = _count(course.peer, sink), sink_count(sink.port), time.perf_counter()
    try:
        tally = loops.run(_sampled(course, work, sessions, seconds), fast=True)
    except (OSError, TimeoutError) as error:
        course.error = str(error) or type(error).__name__
        return
    after = _count(course.peer, sink)
    course.wall += time.perf_counter() - start
    course.front += after.front - before.front
    course.family += after.family - before.family
    course.harness += after.harness - before.harness
    course.delivered += sink_count(sink.port) - delivered
    course.tally.latencies += tally.latencies
    course.tally.seconds += tally.seconds
    for reply, times in tally.refused.items():
        course.tally.refused[reply] = course.tally.refused.get(reply, 0) + times


async def _sampled(course: _Course, work: Workload, sessions: int, seconds: float) -> Tally:
    # Reading smaps_rollup stops the process for a moment: rarely, where a message takes a millisecond.
    sampler = asyncio.create_task(_sample(course, 0.1 if work.octets > 1_000_000 else 0.5))
    try:
        return await load(course.peer.port, work, sessions, seconds)
    finally:
        sampler.cancel()


async def _sample(course: _Course, every_seconds: float) -> None:
    while True:
        front = course.peer.front_pids()
        here = sum(map(procs.pss, front))
        family = [one.pid for one in procs.tree(course.peer.root)]
        rest = 0 if len(family) == len(front) else sum(procs.pss(pid) for pid in family if pid not in front)
        course.peak_pss = max(course.peak_pss, here)
        course.peak_pss_all = max(course.peak_pss_all, here + rest)
        await asyncio.sleep(every_seconds)


def _count(peer: Peer, sink: Peer) -> _Count:
    family = procs.tree(peer.root)
    front = sum(one.own_seconds if peer.front is not None else one.seconds for one in family if peer.front in (None, one.pid))
    harness = time.process_time() + (0.0 if sink.root == peer.root else sum(one.seconds for one in procs.tree(sink.root)))
    return _Count(front, sum(one.seconds for one in family), harness)


def sink_count(port: int) -> int:
    """Messages the sink has accepted."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as client, client.makefile("rwb") as lines:
        lines.readline()
        lines.write(b"XCOUNT\r\nQUIT\r\n")
        lines.flush()
        return int(lines.readline().split()[1])


def _row(course: _Course, work: Workload, sessions: int) -> Row:
    tally, mib = course.tally, procs.MIB
    messages, seconds, wall = tally.messages, tally.seconds or 1.0, course.wall or 1.0
    each = 1000 / messages if messages else 0.0
    front = course.peer.front_pids()
    return Row(
        workload=work.name,
        sessions=sessions,
        peer=course.peer.name,
        octets=work.octets,
        messages=messages,
        delivered=course.delivered,
        refused=tally.refused,
        seconds=round(seconds, 3),
        messages_per_second=round(messages / seconds, 3),
        megabytes_per_second=round(messages * work.octets / seconds / 1e6, 2),
        p50_ms=round(_percentile(tally.latencies, 50), 3),
        p99_ms=round(_percentile(tally.latencies, 99), 3),
        front_cpu_ms=round(course.front * each, 4),
        all_cpu_ms=round(course.family * each, 4),
        front_busy=round(course.front / wall, 3),
        beside_busy=round((course.harness + course.family - course.front) / wall, 3),
        idle_rss_mb=round(course.idle_rss / mib, 1),
        peak_rss_mb=round(sum(map(procs.peak_rss, front)) / mib, 1),
        peak_pss_mb=round(course.peak_pss / mib, 1),
        peak_pss_all_mb=round(course.peak_pss_all / mib, 1),
        error=course.error,
    )


def _percentile(latencies: list[float], percent: int) -> float:
    """Milliseconds."""
    if len(latencies) < 2:
        return 1000 * sum(latencies)
    return 1000 * statistics.quantiles(latencies, n=100, method="inclusive")[percent - 1]


def _progress(work: Workload, sessions: int, peer: Peer, number: int, rounds: int) -> None:
    print(
        f"bench: {work.name} with {sessions} session{'s' * (sessions > 1)}, round {number + 1} of {rounds}: {peer.name}",
        file=sys.stderr,
        flush=True,
    )
