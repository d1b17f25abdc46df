"""The child's end of its socket: a job comes in, a frame for each part goes out. Shapes are those of gateway.model.reading.

Only recvmsg(2) and write(2) are used: the lock allows no others on it.
"""

from __future__ import annotations

import array
import json
import os
import socket
from dataclasses import dataclass
from typing import Any

from gateway.model.finding import FileFinding, Patterns
from gateway.model.message import Encoding
from gateway.model.reading import LENGTH, REPLY_LIMIT, read_patterns, write_finding
from gateway.ports.examiner import Wanted

_CHUNK = 16_384
_write = json.JSONEncoder(separators=(",", ":")).encode
_DESCRIPTOR = array.array("i", [0])


@dataclass(frozen=True, slots=True)
class Job:
    """One message's parts for this child."""

    descriptor: int  # of the whole content, read-only; ours to close
    patterns: Patterns
    parts: tuple[Wanted, ...]


class Channel:
    """The socket of one child."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._patterns = Patterns()

    def fileno(self) -> int:
        return self._end.fileno()

    def receive(self) -> Job | None:
        """Wait for a job. None when the gateway has no more for us."""
        data, ancillary, _, _ = self._end.recvmsg(_CHUNK, socket.CMSG_SPACE(_DESCRIPTOR.itemsize), socket.MSG_CMSG_CLOEXEC)
        if not data or not ancillary:
            return None
        descriptor = array.array("i", ancillary[0][2])[0]
        frame = bytearray(data)
        while len(frame) < LENGTH.size or len(frame) < LENGTH.size + LENGTH.unpack_from(frame)[0]:
            more = self._end.recvmsg(_CHUNK)[0]
            if not more:
                return None
            frame += more
        return self._job(descriptor, json.loads(frame[LENGTH.size :]))

    def found(self, part: str, findings: tuple[FileFinding, ...]) -> bool:
        """Say what was found in one part; False when it is more than may be said."""
        frame = _frame({"part": part, "found": [write_finding(finding) for finding in findings]})
        if len(frame) > REPLY_LIMIT:
            return False
        self._send(frame)
        return True

    def failed(self, part: str, why: str) -> None:
        """Say that this part was not read: exception, over-budget; or other-kind, when it is for the other kind of child."""
        self._send(_frame({"part": part, "failed": why}))

    def _job(self, descriptor: int, value: dict[str, Any]) -> Job:
        if value["patterns"] is not None:  # else those of the last job
            self._patterns = read_patterns(value["patterns"])
        return Job(descriptor, self._patterns, tuple(_wanted(*part) for part in value["parts"]))

    def _send(self, frame: bytes) -> None:
        octets = memoryview(LENGTH.pack(len(frame)) + frame)
        while octets:
            octets = octets[os.write(self._end.fileno(), octets) :]


def _frame(value: dict[str, object]) -> bytes:
    return _write(value).encode()


def _wanted(id_: str, start: int, end: int, encoding: str, names: list[str], declared: str, charset: str | None, is_words: bool) -> Wanted:
    return Wanted(id_, start, end, Encoding(encoding), tuple(names), declared, charset, is_words)
