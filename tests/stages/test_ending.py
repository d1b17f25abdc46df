"""How a process ends that is asked to stop: in order, and where it was started alone, nobody else has patience for it."""

import asyncio
import io
import json
from types import SimpleNamespace
from typing import NoReturn

import pytest

from gateway.app.serving.ending import see_out
from gateway.app.serving.lifeline import Asked, Lifeline
from gateway.log import Log
from gateway.supervise import MARGIN_SECONDS, PULSE_SECONDS, SAME_SECONDS
from tests.doubles import StillClock, run

PATIENCE = 25.0
SUPERVISED = pytest.mark.parametrize("parent", [None, 1], ids=["alone", "supervised"])


class _Cut(BaseException):
    """The process would have ended here."""


class _Life(Lifeline):
    """Ends a test instead of its process."""

    def cut(self, log: Log, name: str, why: str) -> NoReturn:
        raise _Cut(why)


class _Hop:
    """Owes a reply until then, by the clock of the loop."""

    def __init__(self, until: float) -> None:
        self._until = until
        self.stopped_at: float | None = None

    @property
    def awaited(self) -> int:
        return int(asyncio.get_running_loop().time() < self._until)

    def stop(self) -> None:
        self.stopped_at = asyncio.get_running_loop().time()


def ending(work_seconds: float, hop: _Hop, parent: int | None) -> tuple[float, str]:
    """When it has ended, and why it was cut off."""
    log = io.StringIO()
    settings = SimpleNamespace(processes=SimpleNamespace(stop_timeout=PATIENCE))
    process = SimpleNamespace(
        opened=SimpleNamespace(relays=(hop,)),
        lifeline=_Life(None, parent),
        current=SimpleNamespace(settings=settings),
        log=Log(log),
        name="smtp-1",
    )

    async def story() -> tuple[float, str]:
        why, work = "", asyncio.ensure_future(asyncio.sleep(work_seconds))
        try:
            await see_out(work, process)  # type: ignore[arg-type]
        except _Cut as cut:
            why = str(cut)
            work.cancel()
        return asyncio.get_running_loop().time(), why

    found: tuple[float, str] = run(story())
    events = [json.loads(line)["event"] for line in log.getvalue().splitlines()]
    assert events == (["serve.waiting"] if hop.stopped_at is not None else [])
    assert hop.stopped_at == (PATIENCE if work_seconds > PATIENCE else None)
    return found


@SUPERVISED
@pytest.mark.parametrize("work_seconds", [0.5, 24.0, 29.0])
def test_what_ends_in_time_is_left_to_end(work_seconds: float, parent: int | None) -> None:
    assert ending(work_seconds, _Hop(0), parent) == (work_seconds, "")


@SUPERVISED
def test_what_a_hop_owes_is_waited_for_and_written_down(parent: int | None) -> None:
    assert ending(620.0, _Hop(600), parent) == (620.0, "")


@pytest.mark.parametrize("owed_seconds", [0.0, 600.0])
def test_who_was_started_alone_has_the_patience_of_a_supervisor_with_itself(owed_seconds: float) -> None:
    """Found: nobody had any end for it."""
    at, why = ending(100_000.0, _Hop(owed_seconds), None)
    assert why == "it did not stop in time"
    assert at == pytest.approx(owed_seconds + PATIENCE + MARGIN_SECONDS, abs=PULSE_SECONDS)


def test_a_supervisor_cuts_off_what_does_not_stop() -> None:
    assert ending(3_000.0, _Hop(0), 1) == (3_000.0, "")


@pytest.mark.parametrize(
    ("parent", "signals", "is_cut"),
    [
        (None, (0.0,), False),
        (None, (0.0, SAME_SECONDS / 2), False),  # they come together: a terminal and a program in between may both pass on a Ctrl-C
        (None, (0.0, SAME_SECONDS), True),
        (None, (0.0, 600.0), True),
        (1, (0.0, 600.0), False),  # its supervisor is asked, and kills it
    ],
)
def test_the_same_signal_once_more_is_the_end_of_who_was_started_alone(
    parent: int | None, signals: tuple[float, ...], is_cut: bool
) -> None:
    """Found: it did nothing, and who had no time had to find out about SIGKILL."""
    clock, why, before = StillClock(), "", 0.0
    asked = Asked(_Life(None, parent), Log(io.StringIO()), "keeper", clock.monotonic)
    assert not asked.stopped.is_set()
    for at in signals:
        clock.turn(seconds=at - before)
        before = at
        try:
            asked.hear()
        except _Cut as cut:
            why = str(cut)
    assert asked.stopped.is_set()
    assert why == ("asked to stop once more" if is_cut else "")


def test_a_process_that_ends_for_another_reason_has_not_been_asked_yet() -> None:
    asked = Asked(_Life(None, None), Log(io.StringIO()), "recorder")
    asked.stopped.set()
    asked.hear()
    assert asked.stopped.is_set()
