"""Somebody else's server: a process group of its own, whose log is shown with each test that fails."""

import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.peers import stop_group, wait_until
from tests.peers.logs import shown_on_failure


@contextmanager
def program(name: str, command: Sequence[str], environment: Mapping[str, str], log: Path, answers: Callable[[], bool]) -> Iterator[None]:
    """It answers when we are inside, and is gone afterwards."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output, start_new_session=True)
    try:
        with shown_on_failure(name, lambda: log.read_text(errors="replace")):
            wait_until(answers, f"{name} answers", 60)
            yield
    finally:
        stop_group(process.pid)
        process.wait()
