"""Numbers for the operator: counters and times in Prometheus text, summed over all processes.

Every process writes its own small mapped files into one folder (prometheus-client's multiprocess mode); one process serves their sum.
Labels never hold addresses or anything else from a message.
Where there is no room for the files nothing is counted, and the process goes on (reserved.py).
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias
from wsgiref.simple_server import WSGIRequestHandler, make_server

from gateway.edges.reserved import Reserved

if TYPE_CHECKING:
    from prometheus_client import Counter, Gauge, Histogram

Refused: TypeAlias = Callable[[str], None]  # is told once why something is not counted
_ENTRY_OCTETS = 512  # at least what one number takes in a file, its names and help included, but for the values of labels
_FOLDER = "PROMETHEUS_MULTIPROC_DIR"  # prometheus-client's
FLUSH_SECONDS = 0.5  # how long what was counted may wait
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)

_COUNTERS: dict[str, tuple[str, tuple[str, ...]]] = {
    "messages": ("Messages taken in.", ("listener",)),
    "outcome": ("Recipients, by how it ended for them.", ("ending", "listener")),
    "kept": ("Cases kept, by verdict.", ("verdict",)),
    "shares": ("Messages whose files were put into a place, by place.", ("place",)),
    "bugs": ("Messages put off because of an error in the gateway.", ()),
    "outbox": ("Attempts of the outbox, by result.", ("kind", "result")),
    "changed": ("Copies that the gateway has changed or written, by whether it has signed them.", ("signed",)),
    "alarms": ("Things a person must look at.", ("what",)),
}
_STANDING = {
    "cases_open": "Cases that wait for an answer.",
    "cases_overdue": "Cases whose answer was wanted before now.",
    "outbox_waiting": "Notices and released copies that no next hop has taken yet.",
    "vault_octets": "What the vault holds, sealed.",
    "vault_quota_octets": "What it may hold; 0: there is no quota.",
}
_TIMES: dict[str, tuple[str, tuple[str, ...]]] = {
    "answer": ("Seconds from the end of a message to its answer.", ("listener",)),
    "hand_over": ("Seconds a next hop took.", ("next_hop",)),
}


def use_folder(folder: Path) -> None:
    """Before anything counts: where the processes of this gateway keep their numbers."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.environ[_FOLDER] = str(folder)


def forget(folder: Path) -> None:
    """At start: numbers begin again."""
    for file in folder.glob("*.db"):
        file.unlink(missing_ok=True)


class Metrics:
    """ports.Counters. Counting for a message is an addition here; what was counted goes into the mapped files together, soon after.

    `later`: an event loop's call_later; whoever ends the loop calls `flush`. Without it everything is written at once.
    """

    def __init__(self, later: Callable[[float, Callable[[], None]], object] | None = None, refused: Refused = lambda _: None) -> None:
        self._later = later
        self._is_due = False  # a flush is under way
        self._files = _Files(("counter", "histogram"), refused)
        self._counters: dict[str, Counter] = {}
        self._times: dict[str, Histogram] = {}
        if self._files.are_there:
            self._make()
        # Label sets are few and known, so each is kept with its child and with what waits for it.
        self._counted: dict[tuple[str, ...], _Counted] = {}
        self._timed: dict[tuple[str, ...], _Timed] = {}

    def _make(self) -> None:
        # After use_folder: the library looks at the environment when it is imported.
        from prometheus_client import Counter, Histogram  # noqa: PLC0415

        self._counters = {name: Counter(f"outgate_{name}", text, labels) for name, (text, labels) in _COUNTERS.items()}
        self._times = {
            name: Histogram(f"outgate_{name}_seconds", text, labels, buckets=_SECONDS) for name, (text, labels) in _TIMES.items()
        }

    def count(self, name: str, **labels: str) -> None:
        """One more."""
        key = (name, *labels.values())
        counted = self._counted.get(key)
        if counted is None:
            counted = self._counted[key] = _Counted(self._counter(name, labels))
        counted.waiting += 1
        if not self._is_due:
            self._schedule()

    def observe(self, name: str, seconds: float, **labels: str) -> None:
        """One more time taken."""
        key = (name, *labels.values())
        timed = self._timed.get(key)
        if timed is None:
            timed = self._timed[key] = _Timed(self._time(name, labels))
        timed.waiting.append(seconds)
        if not self._is_due:
            self._schedule()

    def flush(self) -> None:
        """Write what was counted where the other processes see it."""
        self._is_due = False
        for counted in self._counted.values():
            if counted.waiting:
                counted.child.inc(counted.waiting)
                counted.waiting = 0
        for timed in self._timed.values():
            for seconds in timed.waiting:
                timed.child.observe(seconds)
            timed.waiting.clear()

    def _counter(self, name: str, labels: dict[str, str]) -> _Counts:
        if not self._files.have_room("counter", 1, labels):
            return NOWHERE
        counter = self._counters[name]
        return counter.labels(**labels) if labels else counter

    def _time(self, name: str, labels: dict[str, str]) -> _Measures:
        is_room = self._files.have_room("histogram", len(_SECONDS) + 3, labels)
        return self._times[name].labels(**labels) if is_room else NOWHERE

    def _schedule(self) -> None:
        if self._later is None:
            self.flush()
        else:
            self._is_due = True
            self._later(FLUSH_SECONDS, self.flush)


class Gauges:
    """What stands waiting; one process of the gateway says so, and its last word counts."""

    def __init__(self, refused: Refused = lambda _: None) -> None:
        self._gauges: dict[str, Gauge] = {}
        if _Files(("gauge_mostrecent",), refused).are_there:
            # After use_folder, as above.
            from prometheus_client import Gauge  # noqa: PLC0415

            self._gauges = {name: Gauge(f"outgate_{name}", text, multiprocess_mode="mostrecent") for name, text in _STANDING.items()}

    def show(self, **numbers: int) -> None:
        """These are so now."""
        if self._gauges:
            for name, number in numbers.items():
                self._gauges[name].set(number)


class _Files:
    """The files that the library will write to in this process, made before it does."""

    def __init__(self, kinds: tuple[str, ...], refused: Refused) -> None:
        self._refused = refused
        self._was_told = False
        self._files: dict[str, Reserved] = {}
        try:
            for kind in kinds:
                self._files[kind] = Reserved(Path(os.environ[_FOLDER]) / f"{kind}_{os.getpid()}.db")
            self.are_there = True
        except OSError as error:
            self.are_there = False
            self._tell(error)

    def have_room(self, kind: str, numbers: int, labels: dict[str, str]) -> bool:
        """For so many numbers with these labels."""
        if not self.are_there:
            return False
        longest = 6 * sum(map(len, labels.values()))  # each letter as \\uXXXX
        try:
            self._files[kind].make_room(numbers * (_ENTRY_OCTETS + longest))
        except OSError as error:
            self._tell(error)
            return False
        return True

    def _tell(self, error: OSError) -> None:
        if not self._was_told:
            self._was_told = True
            self._refused(f"metrics: not everything is counted until the next start: {error.strerror}")


class _Counts(Protocol):
    def inc(self, amount: float = 1) -> object: ...


class _Measures(Protocol):
    def observe(self, amount: float) -> object: ...


class _Nowhere:
    """What there is no room for."""

    def inc(self, amount: float = 1) -> None:
        """Not counted."""

    def observe(self, amount: float) -> None:
        """Not counted."""


NOWHERE = _Nowhere()


class _Counted:
    """A counter with certain labels."""

    __slots__ = ("child", "waiting")

    def __init__(self, child: _Counts) -> None:
        self.child = child
        self.waiting = 0


class _Timed:
    """A histogram with certain labels."""

    __slots__ = ("child", "waiting")

    def __init__(self, child: _Measures) -> None:
        self.child = child
        self.waiting: list[float] = []


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """The operator's own probes are no events."""


def serve_metrics(address: str) -> None:
    """Serve the sum of all processes at http://ADDRESS/metrics in a thread. Raises OSError when the address is taken."""
    from prometheus_client import CollectorRegistry, make_wsgi_app  # noqa: PLC0415
    from prometheus_client.multiprocess import MultiProcessCollector  # noqa: PLC0415

    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    host, _, port = address.rpartition(":")
    server = make_server(host.strip("[]"), int(port), make_wsgi_app(registry), handler_class=_Quiet)
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()
