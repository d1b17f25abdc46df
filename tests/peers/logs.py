"""The logs of the servers that run: a test that fails shows what they wrote meanwhile.

A server that a test starts itself is gone when the failure is reported, so what it wrote is shown when the failure passes through it; of
one that many tests share (a fixture of a module) the report of the failed test takes what it wrote since that test began.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

LARGEST = 20_000  # characters, the last ones


@dataclass
class _Log:
    name: str
    read: Callable[[], str]
    begun: int = 0  # characters that were there when the test began


_running: list[_Log] = []


@contextmanager
def shown_on_failure(name: str, read: Callable[[], str]) -> Iterator[None]:
    """While inside, the log that `read` gives is shown with each test that fails."""
    log = _Log(name, read)
    _running.append(log)
    try:
        yield
    except BaseException:
        print(f"--- {name} ---\n{read()[-LARGEST:]}")
        raise
    finally:
        _running.remove(log)


def mark() -> None:
    """From here on what is written belongs to the next test."""
    for log in _running:
        log.begun = len(log.read())


def written() -> Iterator[tuple[str, str]]:
    """What each running server has written since the test began, by its name."""
    for log in _running:
        if text := log.read()[log.begun :]:
            yield log.name, text[-LARGEST:]
