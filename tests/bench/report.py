"""Tables for people, JSON for the next comparison. Ratios are printed, never asserted."""

import os
import platform
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.bench.measure import Row

SCHEMA = 1

_COLUMNS = (
    *("peer", "msg/s", "MB/s", "p50 ms", "p99 ms", "CPU ms: front", "all", "front", "beside"),
    *("RSS MB: idle", "peak", "PSS peak", "all", "delivered"),
)
_COMPARED = ("messages_per_second", "p50_ms", "p99_ms", "front_cpu_ms", "all_cpu_ms", "peak_rss_mb", "peak_pss_mb")


def as_json(rows: Sequence[Row], seconds: float) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "machine": machine(),
        "seconds": seconds,
        "rows": [row.as_dict() for row in rows],
        "ratios": [
            {"workload": ours.workload, "sessions": ours.sessions, "peer": theirs.peer, "rate": rate, "front_cpu": cpu}
            for ours, theirs, rate, cpu in _ratios(rows)
        ],
        "goals": [{"goal": goal, "wanted": wanted, "reached": reached} for goal, wanted, reached in goals(rows)],
    }


def machine() -> dict[str, Any]:
    model = next(
        (line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")), ""
    )
    return {"processor": model, "cores": os.cpu_count(), "kernel": platform.release(), "python": platform.python_version()}


def table(rows: Sequence[Row]) -> str:
    """One block for each workload and number of sessions."""
    blocks = []
    for key in dict.fromkeys((row.workload, row.sessions, row.octets) for row in rows):
        block = [row for row in rows if (row.workload, row.sessions, row.octets) == key]
        title = f"{key[0]}: {key[2]:,} octets, {key[1]} session{'s' * (key[1] > 1)}"
        notes = [note for row in block for note in _notes(row)]
        blocks.append("\n".join([title, *_aligned([_COLUMNS, *map(_cells, block)]), *notes, *_ratio_lines(block)]))
    return "\n\n".join(blocks)


def _cells(row: Row) -> tuple[str, ...]:
    if not row.messages:
        return (row.peer, *["-"] * (len(_COLUMNS) - 2), f"{row.delivered}/0")
    rates = (row.messages_per_second, row.megabytes_per_second, row.p50_ms, row.p99_ms, row.front_cpu_ms, row.all_cpu_ms)
    memory = (row.idle_rss_mb, row.peak_rss_mb, row.peak_pss_mb, row.peak_pss_all_mb)
    busy = (f"{row.front_busy:.0%}", f"{row.beside_busy:.0%}")
    return (row.peer, *map(_number, rates), *busy, *map(_number, memory), f"{row.delivered}/{row.messages}")


def _notes(row: Row) -> Iterable[str]:
    if row.error:
        yield f"  ! {row.peer}: {row.error}"
    for reply, times in list(row.refused.items())[:3]:
        yield f"  ! {row.peer}: {times} times {reply}"
    if row.messages and row.delivered != row.messages:
        yield f"  ! {row.peer}: accepted {row.messages}, but {row.delivered} reached the next hop"
    if row.beside_busy > 0.9 > row.front_busy and row.peer != "direct":
        yield f"  ! {row.peer}: bound by the core beside it; compare processor time rather than rates"


def _ratio_lines(block: Sequence[Row]) -> Iterable[str]:
    for _, theirs, rate, cpu in _ratios(block):
        yield f"  gateway : {theirs.peer} = {rate:.2f} in rate, {cpu:.2f} in processor time of the front process"


def _ratios(rows: Sequence[Row]) -> Iterable[tuple[Row, Row, float, float]]:
    for ours in rows:
        for theirs in rows:
            same = (ours.workload, ours.sessions) == (theirs.workload, theirs.sessions)
            if ours.peer == "gateway" != theirs.peer and same and ours.messages and theirs.messages:
                cpu = ours.front_cpu_ms / theirs.front_cpu_ms if theirs.front_cpu_ms else 0.0
                yield ours, theirs, round(ours.messages_per_second / theirs.messages_per_second, 3), round(cpu, 3)


def goals(rows: Sequence[Row]) -> list[tuple[str, str, float]]:
    """What the gateway aims at, and what it reached; only what these rows can tell."""
    rates = {(ours.workload, ours.sessions, theirs.peer): rate for ours, theirs, rate, _ in _ratios(rows)}
    wanted = [
        ("S rate : stock", ">= 2.5", rates.get(("S", 20, "stock"))),
        ("M rate : stock", ">= 3", rates.get(("M", 20, "stock"))),
        ("XL rate : stock, 1 session", ">= 15", rates.get(("XL", 1, "stock"))),
        ("XL rate : TCP relay, 1 session", ">= 0.30", rates.get(("XL", 1, "tcp"))),
        *_memory_and_growth({(row.workload, row.sessions): row for row in rows if row.peer == "gateway" and row.messages}),
    ]
    return [(goal, limit, round(reached, 3)) for goal, limit, reached in wanted if reached is not None]


def _memory_and_growth(ours: Mapping[tuple[str, int], Row]) -> Iterable[tuple[str, str, float | None]]:
    one, many, large = ours.get(("XL", 1)), ours.get(("XL", 20)), ours.get(("L", 1))
    if one is not None:
        yield "front process with one XL message, peak RSS in MB", "<= 100", one.peak_rss_mb
    if one is not None and many is not None:
        yield (
            "growth of its peak for each further XL message in MB",
            "<= 4",
            (many.peak_rss_mb - one.peak_rss_mb) / (many.sessions - one.sessions),
        )
    if one is not None and large is not None:
        yield "time(XL) : time(L), over the ratio of octets", "<= 1.15", (one.p50_ms / large.p50_ms) / (one.octets / large.octets)


def goal_table(rows: Sequence[Row]) -> str:
    found = goals(rows)
    lines = [("goal", "wanted", "reached"), *((goal, limit, _number(reached)) for goal, limit, reached in found)]
    return "\n".join(["Goals", *_aligned(lines)]) if found else ""


def comparison(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    """New : old for each row in both, and how the ratios to the peers moved."""
    before = {(row["workload"], row["sessions"], row["peer"]): row for row in old["rows"]}
    lines: list[tuple[str, ...]] = [("new : old", *_COMPARED)]
    for row in new["rows"]:
        past = before.get((row["workload"], row["sessions"], row["peer"]))
        if past is not None:
            cells = (f"{row[key] / past[key]:.2f}" if past[key] else "-" for key in _COMPARED)
            lines.append((f"{row['workload']} {row['sessions']} {row['peer']}", *cells))
    ratios = {(one["workload"], one["sessions"], one["peer"]): one["rate"] for one in old["ratios"]}
    moved = [("gateway's rate : peer's", "old", "new", "new : old")]
    for one in new["ratios"]:
        key = one["workload"], one["sessions"], one["peer"]
        if ratios.get(key):
            moved.append((" ".join(map(str, key)), f"{ratios[key]:.2f}", f"{one['rate']:.2f}", f"{one['rate'] / ratios[key]:.2f}"))
    other = "" if old["machine"] == new["machine"] else "\n  ! another machine, kernel or Python: only ratios to peers mean something"
    return "\n".join([*_aligned(lines), "", *(_aligned(moved) if len(moved) > 1 else [])]) + other


def _aligned(lines: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(line[at]) for line in lines) for at in range(len(lines[0]))]
    return [
        f"  {line[0]:<{widths[0]}}" + "".join(f"  {cell:>{width}}" for cell, width in zip(line[1:], widths[1:], strict=True))
        for line in lines
    ]


def _number(value: float) -> str:
    """Three figures or so."""
    digits = next((digits for limit, digits in ((1000, 0), (100, 1), (1, 2)) if abs(value) >= limit), 3)
    return f"{value:,.{digits}f}"


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
