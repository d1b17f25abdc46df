"""Events for the operator: one line each, only the fields on the list. No content, no subject, no matched value, no address.

Out: JSON lines or plain text on a stream. A field that is not on the list is dropped, so that a careless call cannot leak.
In a busy process the lines of ordinary messages are written together, a moment later; all others at once, with what waits before them.
"""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TextIO

from pydantic_core import PydanticSerializationError, to_json

GATHER_SECONDS = 0.1  # the longest that a line waits for company

_MESSAGE = frozenset({"id", "listener"})
EVENTS: dict[str, frozenset[str]] = {
    "serve.started": frozenset({"process", "pid", "listener", "address", "pack", "pack_version"}),
    "serve.stopped": frozenset({"process", "pid", "why"}),
    "serve.waiting": frozenset({"process", "replies"}),
    "process.ended": frozenset({"process", "pid", "code", "why"}),
    "process.killed": frozenset({"process", "pid", "why"}),
    "session.refused": frozenset({"listener", "peer", "why"}),
    "message.received": _MESSAGE | {"octets", "recipients", "peer", "protocol", "defects", "upstream"},
    "message.decided": _MESSAGE | {"pack", "pack_version", "verdicts", "routes", "rules", "files", "unread"},
    "message.answered": _MESSAGE | {"code", "status", "codes", "seconds", "outcomes", "cases", "queued"},
    "message.failed": _MESSAGE | {"error", "frames"},
    "step.failed": _MESSAGE | {"route", "code", "status", "certain"},
    "hold.kept": _MESSAGE | {"case", "verdict", "recipients"},
    "hold.passed_on": frozenset({"case", "held_for"}),
    "hold.released": frozenset({"case", "by"}),
    "hold.refused": frozenset({"case", "by"}),
    "hold.redecided": frozenset({"case", "by", "verdict"}),
    "hold.expired": frozenset({"case"}),
    "outbox.sent": frozenset({"kind", "case", "attempt", "next_hop"}),
    "outbox.failed": frozenset({"kind", "case", "attempt", "next_hop", "code", "status"}),
    "outbox.taken_over": frozenset({"kind", "case", "attempt", "next_hop"}),
    "share.code_sent": frozenset({"share"}),
    "share.asked": frozenset({"share"}),
    "share.revoked": frozenset({"share", "by"}),
    "share.withdrawn": frozenset({"share", "place"}),
    "share.lost": frozenset({"share", "why"}),
    "share.opened": frozenset({"share"}),
    "share.proved": frozenset({"share", "role"}),
    "share.fetched": frozenset({"share", "octets", "is_whole"}),
    "share.refused": frozenset({"share", "why", "network"}),
    "share.stopped": frozenset({"share"}),
    "portal.failed": frozenset({"error", "frames"}),
    "policy.loaded": frozenset({"pack", "pack_version", "warnings"}),
    "policy.rejected": frozenset({"pack", "problems"}),
    "worker.killed": frozenset({"why", "kind", "pid", "served", "signal"}),
    "alarm": frozenset({"what", "id", "case", "error", "frames"}),
}


_MAY_WAIT = frozenset({"message.received", "message.decided", "message.answered"})
_slow = json.JSONEncoder(separators=(",", ":"), default=str).encode


class Log:
    """Writes events. Cheap enough for three lines a message."""

    def __init__(self, stream: TextIO | None = None, style: str = "json", now: Callable[[], datetime] | None = None) -> None:
        self._stream = stream or sys.stderr
        self._style = style
        self._now = now or (lambda: datetime.now(UTC))
        self._later: Callable[[float, Callable[[], None]], object] | None = None
        self._waiting: list[tuple[datetime, str, frozenset[str], dict[str, object]]] = []

    def gather(self, later: Callable[[float, Callable[[], None]], object]) -> None:
        """From now on what may wait does. `later`: an event loop's call_later. Whoever ends the loop calls `flush`."""
        self._later = later

    def event(self, name: str, /, **fields: object) -> None:
        """Write one event of EVENTS. Never raises: a log that is gone must not stop mail."""
        allowed = EVENTS[name]
        self._waiting.append((self._now(), name, allowed, fields))
        if self._later is None or name not in _MAY_WAIT:
            self.flush()
        elif len(self._waiting) == 1:
            self._later(GATHER_SECONDS, self.flush)

    def flush(self) -> None:
        """Write what waits, in one piece."""
        if not self._waiting:
            return
        waiting, self._waiting = self._waiting, []
        try:
            # Made here and not one by one: the same work many times over is much quicker than between other things.
            self._stream.write("".join([self._line(*event) for event in waiting]))
            self._stream.flush()
        except (OSError, ValueError):
            return

    def _line(self, moment: datetime, name: str, allowed: frozenset[str], fields: dict[str, object]) -> str:
        at = moment.isoformat(timespec="milliseconds")
        kept = {key: value for key, value in fields.items() if key in allowed and value is not None}
        if self._style == "json":
            return _encode({"at": at, "event": name, **kept}) + "\n"
        return f"{at} {name} " + " ".join(f"{key}={_plain(value)}" for key, value in kept.items()) + "\n"

    def bug(self, name: str, error: BaseException, /, **fields: object) -> None:
        """An event with where the error happened. Not its text: that could quote a message."""
        frames = [
            f"{frame.filename.rpartition('gateway/')[2]}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)
        ]
        self.event(name, error=type(error).__name__, frames=frames[-12:], **fields)


def _encode(event: dict[str, object]) -> str:
    """One line of ASCII."""
    try:
        octets = to_json(event)
    except PydanticSerializationError:
        return _slow(event)
    return octets.decode("ascii") if octets.isascii() else _slow(event)


def _plain(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, default=str, separators=(",", ":"))
    return f'"{text}"' if " " in text else text
