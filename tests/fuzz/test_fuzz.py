"""A minute of fuzzing for each target: no finding. Ten minutes each by `make long`. Together, for they hardly need the same core."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.targets import TARGETS

ROOT = Path(__file__).resolve().parents[2]


def fuzzed(folder: Path, seconds: int, *more: str) -> dict[str, str]:
    """What was found, by target."""
    command = (sys.executable, "-m", "tests.fuzz")
    logs = {name: folder / f"{name}.log" for name in TARGETS}
    running, environment = {}, {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "0"}
    for name, log in logs.items():
        with log.open("wb") as output:
            arguments = (*command, name, "--seconds", str(seconds), *more)
            running[name] = subprocess.Popen(arguments, stdout=output, stderr=subprocess.STDOUT, cwd=folder, env=environment)
    found = {name: process.wait(2 * seconds + 240) for name, process in running.items()}
    return {name: logs[name].read_text(errors="replace")[-4000:] for name, code in found.items() if code != 0}


@pytest.mark.slow
def test_a_minute_of_fuzzing_finds_nothing(tmp_path: Path) -> None:
    """With the same dice each time, so that one commit has one verdict; `make long` throws others."""
    assert fuzzed(tmp_path, 60, "--seed", "1") == {}


@pytest.mark.slow
def test_what_runs_where_atheris_does_not_finds_nothing_either(tmp_path: Path) -> None:
    assert fuzzed(tmp_path, 5, "--plain") == {}


@pytest.mark.slow
@pytest.mark.parametrize("name", list(TARGETS))
def test_every_seed_of_a_target_passes(name: str) -> None:
    for seed in list(TARGETS[name].seeds())[:: 1 if name in ("data", "tnef") else 40]:
        TARGETS[name].check(seed)
