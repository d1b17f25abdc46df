"""python -m tests.fuzz TARGET --seconds N [--plain]: fuzz one target; ends with 0 when nothing was found.

What was found is printed with its traceback, and its octets are written beside it as `crash-TARGET`. --plain does without atheris.
"""

import argparse
import random
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType

from tests.fuzz.targets import TARGETS, Target

try:
    import atheris
except ImportError:
    atheris = None


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("target", choices=list(TARGETS))
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0, help="of libFuzzer's dice; left out: another each time")
    parser.add_argument("--plain", action="store_true", help="without atheris, as on machines for which it has no wheel")
    asked = parser.parse_args()
    target = TARGETS[asked.target]
    seeds = list(target.seeds())
    if asked.target in ("tnef", "containers"):
        from gateway.content.reader import preload

        preload()
    if atheris is None or asked.plain:
        return _plain(asked.target, target, seeds, asked.seconds)
    return _guided(asked.target, target, seeds, asked.seconds, asked.seed)


def _guided(name: str, target: Target, seeds: list[bytes], seconds: int, dice: int) -> int:
    """By libFuzzer, which ends the process itself: with 77 after a finding."""
    for function in _functions(target.modules):
        atheris.instrument_func(function)
    with tempfile.TemporaryDirectory(prefix="og-fuzz-") as folder:
        for number, seed in enumerate(seeds):
            Path(folder, f"seed-{number:04}").write_bytes(seed[: target.most_octets])
        options = [
            f"-seed={dice}",
            f"-max_total_time={seconds}",
            f"-max_len={target.most_octets}",
            "-timeout=25",
            "-rss_limit_mb=2048",
            "-print_final_stats=1",
        ]
        atheris.Setup([sys.argv[0], folder, *options, f"-exact_artifact_path=crash-{name}"], target.check)
        atheris.Fuzz()
    return 0


def _functions(modules: tuple[str, ...]) -> Iterator[FunctionType]:
    """All that these modules and the classes in them define."""
    for name in [known for known in sys.modules if known.startswith(modules)]:
        for one in vars(sys.modules[name]).values():
            inside = vars(one).values() if isinstance(one, type) else (one,)
            yield from (found for found in inside if isinstance(found, FunctionType) and found.__module__ == name)


def _plain(name: str, target: Target, seeds: list[bytes], seconds: int) -> int:
    """Seeds with octets changed, cut, repeated and mixed, for as long as was asked."""
    dice, until, runs = random.Random(0), time.monotonic() + seconds, 0
    while time.monotonic() < until:
        octets = dice.choice(seeds) if runs >= len(seeds) else seeds[runs]
        octets = _mutated(octets[: target.most_octets], seeds, dice) if runs >= len(seeds) else octets
        runs += 1
        try:
            target.check(octets)
        except Exception:  # noqa: BLE001 - whatever it is, it is the finding
            Path(f"crash-{name}").write_bytes(octets)
            traceback.print_exc()
            return 77
    print(f"{name}: {runs} runs, nothing found")
    return 0


def _mutated(octets: bytes, seeds: list[bytes], dice: random.Random) -> bytes:
    made = bytearray(octets)
    for _ in range(dice.randint(1, 8)):
        at, size = dice.randrange(len(made) + 1), dice.choice((1, 1, 1, 2, 4, 16, 300))
        match dice.randrange(5):
            case 0:
                made[at : at + size] = dice.randbytes(size)
            case 1:
                del made[at : at + size]
            case 2:
                made[at:at] = made[at : at + size]
            case 3:
                other = dice.choice(seeds)
                begin = dice.randrange(len(other) + 1)
                made[at : at + size] = other[begin : begin + size]
            case _ if made:
                made[at % len(made)] ^= 1 << dice.randrange(8)
    return bytes(made)


if __name__ == "__main__":
    sys.exit(main())
