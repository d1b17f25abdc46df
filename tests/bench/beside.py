"""Small mail beside large: does the examination of large files make the mail of others late?

`python -m tests.bench.beside`: two sessions send 4 KB of text while four send 35 MiB with a PDF; each small message is timed,
once with examination as it is served and once with a reader that reads nothing. Both gateways run at the same time and take turns, so that
a drift of the machine hits both. Wanted: a p99 of at most 1.2 times that without examination.
"""

import argparse
import asyncio
import contextlib
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.bench import loops
from tests.bench import peers as programs
from tests.bench.load import load
from tests.bench.peers import Peer
from tests.bench.workloads import workload

SMALL_SESSIONS, LARGE_SESSIONS = 2, 4
WANTED = 1.2
BLIND = Path(__file__).parent / "blind"


def main() -> int:
    options = _options()
    if options.large:
        asyncio.run(load(options.large, workload("XL"), LARGE_SESSIONS, options.seconds))
        return 0
    taken: dict[str, list[float]] = {"examined": [], "not examined": []}
    with programs.sink() as sink, _gateway(sink, {}) as seeing, _gateway(sink, {"PYTHONPATH": str(BLIND)}) as blind:
        turns = [("examined", seeing), ("not examined", blind)]
        for number in range(options.rounds):
            for name, gateway in turns if number % 2 == 0 else reversed(turns):
                print(f"bench: round {number + 1} of {options.rounds}: {name}", file=sys.stderr, flush=True)
                taken[name] += _round(gateway, options.seconds)
    print(f"\n4 KB with {SMALL_SESSIONS} sessions while 35 MiB go with {LARGE_SESSIONS}\n")
    print(f"  {'':14} {'messages':>9} {'p50 ms':>8} {'p99 ms':>8}")
    p99 = {}
    for name, seconds in taken.items():
        quantiles = statistics.quantiles(seconds, n=100, method="inclusive")
        p99[name] = quantiles[98]
        print(f"  {name:14} {len(seconds):9,} {1000 * quantiles[49]:8.2f} {1000 * quantiles[98]:8.2f}")
    print(f"\n  p99, examined : not examined = {p99['examined'] / p99['not examined']:.2f} (wanted: at most {WANTED})")
    return 0


def _round(gateway: Peer, seconds: float) -> list[float]:
    """Seconds that each small message took."""
    arguments = [sys.executable, "-m", "tests.bench.beside", "--large", str(gateway.port), "--seconds", str(seconds + 2)]
    with subprocess.Popen(arguments, cwd=programs.ROOT) as large:
        tally = loops.run(_late(gateway.port, seconds), fast=True)
        large.wait(seconds + 120)
    return tally


async def _late(port: int, seconds: float) -> list[float]:
    await asyncio.sleep(1)  # the large ones are under way
    return (await load(port, workload("S"), SMALL_SESSIONS, seconds)).latencies


@contextlib.contextmanager
def _gateway(sink: Peer, environment: dict[str, str]) -> Iterator[Peer]:
    """A gateway with something added to its environment."""
    before = {name: os.environ.get(name) for name in environment}
    os.environ.update(environment)
    try:
        with programs.start("gateway", sink) as gateway:
            yield gateway
    finally:
        for name, value in before.items():
            os.environ.pop(name, None) if value is None else os.environ.__setitem__(name, value)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.beside", description=__doc__)
    parser.add_argument("--seconds", type=float, default=8.0, help="of each round (default 8)")
    parser.add_argument("--rounds", type=int, default=4, help="of each gateway (default 4)")
    parser.add_argument("--large", type=int, default=0, metavar="PORT", help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
