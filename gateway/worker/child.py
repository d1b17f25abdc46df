"""One locked child: decodes the parts it is given, hands them to the reader, says what was found, and ends when its turn is over.

What goes wrong in a reader ends the child: after an exception its memory is not to be trusted. The processor time of each file is kept by
a timer whose signal kills, also inside a library that never comes back.
"""

from __future__ import annotations

import hashlib
import mmap
import os
import signal
import time
from dataclasses import dataclass
from functools import partial

from gateway.model.finding import FileFinding, Patterns, Readable
from gateway.model.message import Buffer
from gateway.model.reading import HEAD, Kind, is_office_inside, kind_of
from gateway.ports.examiner import Wanted
from gateway.worker.decoded import decoded, find
from gateway.worker.lock import Limits
from gateway.worker.reader import PictureTime, Reader
from gateway.worker.wire import Channel, Job

_TIRED = 0.75  # of the processor time of one file: as much as its reader uses at most before it gives up by itself
_FILES = 4  # of a message that may use all their time for pictures: many beside one another keep no mail waiting for minutes


@dataclass(slots=True)
class _Spent:
    """What the files of one message have cost."""

    until: float  # of the process's clock: all that a message with a file over budget may use
    pictures: PictureTime
    is_over: bool = False


@dataclass(frozen=True, slots=True)
class Child:
    """What a child knows about itself."""

    kind: Kind
    limits: Limits
    reader: Reader

    def serve(self, channel: Channel) -> None:
        """Until the gateway has no more, or this kind's number of messages is reached, or something went wrong."""
        for _ in range(self.limits.messages):
            job = channel.receive()
            if job is None or not self._do(job, channel):
                return

    def _do(self, job: Job, channel: Channel) -> bool:
        """Whether this child may go on."""
        octets = os.fstat(job.descriptor).st_size
        content = mmap.mmap(job.descriptor, octets, prot=mmap.PROT_READ) if octets else None
        os.close(job.descriptor)
        spent = _Spent(time.process_time() + self.limits.seconds * _TIRED, PictureTime(self.limits.picture_seconds * _FILES))
        try:
            return all(self._part(content or b"", part, job.patterns, channel, spent) for part in job.parts)
        finally:
            if content is not None:
                content.close()

    def _part(self, content: Buffer, part: Wanted, patterns: Patterns, channel: Channel, spent: _Spent) -> bool:
        if spent.is_over and time.process_time() > spent.until:  # a bomb beside another: the gateway gives up the rest of the message
            channel.failed(part.id, "over-budget")
            return False
        signal.setitimer(signal.ITIMER_PROF, self.limits.seconds)  # SIGPROF is left to kill; content/pictures.py has it wait for pictures
        try:
            octets = decoded(content, part)
            if any(self._is_not_ours(data) for data in (octets.data, *(other for _, other in octets.others))):
                channel.failed(part.id, "other-kind")
                return True
            found = find(octets, part, patterns, partial(self.reader, pictures=spent.pictures))
        except MemoryError:
            channel.failed(part.id, "over-budget")
            return False
        except Exception:  # noqa: BLE001 - whatever a library raises on hostile input
            channel.failed(part.id, "exception")
            return False
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
        spent.is_over = spent.is_over or any(file.readable is Readable.OVER_BUDGET for file in found)
        return channel.found(part.id, found) or channel.found(part.id, _too_much(part, octets.data))

    def _is_not_ours(self, data: bytes) -> bool:
        return self.kind is Kind.REUSABLE and kind_of(data[:HEAD], office=is_office_inside(data)) is Kind.ONE_SHOT


def _too_much(part: Wanted, data: bytes) -> tuple[FileFinding, ...]:
    """For a file in which more was found than a reply may hold."""
    digest = hashlib.sha256(data).hexdigest()
    return (FileFinding(part.id, None, part.names, part.declared_type, "", len(data), digest, Readable.OVER_BUDGET),)
