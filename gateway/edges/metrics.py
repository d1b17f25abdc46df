"""Numbers for the operator: counters and times in Prometheus text, summed over all processes.

Every process writes its own small mapped files into one folder (prometheus-client's multiprocess mode); one process serves their sum.
Labels never hold addresses or anything else from a message.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from wsgiref.simple_server import WSGIRequestHandler, make_server

if TYPE_CHECKING:
    from prometheus_client import Counter, Histogram

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
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)


def forget(folder: Path) -> None:
    """At start: numbers begin again."""
    for file in folder.glob("*.db"):
        file.unlink(missing_ok=True)


class Metrics:
    """ports.Counters. Counting for a message is an addition here; what was counted goes into the mapped files together, soon after.

    `later`: an event loop's call_later; whoever ends the loop calls `flush`. Without it everything is written at once.
    """

    def __init__(self, later: Callable[[float, Callable[[], None]], object] | None = None) -> None:
        # After use_folder: the library looks at the environment when it is imported.
        from prometheus_client import Counter, Histogram  # noqa: PLC0415

        self._later = later
        self._is_due = False  # a flush is under way
        self._counters = {name: Counter(f"outgate_{name}", text, labels) for name, (text, labels) in _COUNTERS.items()}
        self._times = {
            name: Histogram(f"outgate_{name}_seconds", text, labels, buckets=_SECONDS) for name, (text, labels) in _TIMES.items()
        }
        # Label sets are few and known, so each is kept with its child and with what waits for it.
        self._counted: dict[tuple[str, ...], _Counted] = {}
        self._timed: dict[tuple[str, ...], _Timed] = {}

    def count(self, name: str, **labels: str) -> None:
        """One more."""
        key = (name, *labels.values())
        counted = self._counted.get(key)
        if counted is None:
            counter = self._counters[name]
            counted = self._counted[key] = _Counted(counter.labels(**labels) if labels else counter)
        counted.waiting += 1
        if not self._is_due:
            self._schedule()

    def observe(self, name: str, seconds: float, **labels: str) -> None:
        """One more time taken."""
        key = (name, *labels.values())
        timed = self._timed.get(key)
        if timed is None:
            timed = self._timed[key] = _Timed(self._times[name].labels(**labels))
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

    def _schedule(self) -> None:
        if self._later is None:
            self.flush()
        else:
            self._is_due = True
            self._later(FLUSH_SECONDS, self.flush)


class Gauges:
    """What stands waiting; one process of the gateway says so, and its last word counts."""

    def __init__(self) -> None:
        # After use_folder, as above.
        from prometheus_client import Gauge  # noqa: PLC0415

        self._gauges = {name: Gauge(f"outgate_{name}", text, multiprocess_mode="mostrecent") for name, text in _STANDING.items()}

    def show(self, **numbers: int) -> None:
        """These are so now."""
        for name, number in numbers.items():
            self._gauges[name].set(number)


class _Counted:
    """A counter with certain labels."""

    __slots__ = ("child", "waiting")

    def __init__(self, child: Counter) -> None:
        self.child = child
        self.waiting = 0


class _Timed:
    """A histogram with certain labels."""

    __slots__ = ("child", "waiting")

    def __init__(self, child: Histogram) -> None:
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
