"""One locked child: decodes the parts it is given, hands them to the reader, says what was found, and ends when its turn is over.

What goes wrong in a reader ends the child: after an exception its memory is not to be trusted. The processor time of each file is kept by
a timer whose signal kills, also inside a library that never comes back.
"""

from __future__ import annotations

import hashlib
import io
import mmap
import os
import signal
from dataclasses import dataclass, replace

from gateway.mime.decode import decode
from gateway.mime.doubtful import other_octets
from gateway.model.finding import FileFinding, Patterns, Readable
from gateway.model.message import Buffer, DefectName, Span
from gateway.model.reading import HEAD, Kind, is_office_inside, kind_of
from gateway.ports import Wanted
from gateway.worker.lock import Limits
from gateway.worker.reader import Reader
from gateway.worker.wire import Channel, Job


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
        try:
            return all(self._part(content or b"", part, job.patterns, channel) for part in job.parts)
        finally:
            if content is not None:
                content.close()

    def _part(self, content: Buffer, part: Wanted, patterns: Patterns, channel: Channel) -> bool:
        signal.setitimer(signal.ITIMER_PROF, self.limits.seconds)  # SIGPROF is left to kill
        try:
            defects: set[DefectName] = set()
            data = _decoded(content, part, defects)
            others = _others(content, part, data) if defects else ()
            if any(self._is_not_ours(octets) for octets in (data, *(octets for _, octets in others))):
                channel.failed(part.id, "other-kind")
                return True
            found = self.reader(data, part, patterns)
            if defects:
                found = self._with_others(found, part, patterns, others, defects)
        except MemoryError:
            channel.failed(part.id, "over-budget")
            return False
        except Exception:  # noqa: BLE001 - whatever a library raises on hostile input
            channel.failed(part.id, "exception")
            return False
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
        return channel.found(part.id, found) or channel.found(part.id, _too_much(part, data))

    def _is_not_ours(self, data: bytes) -> bool:
        return self.kind is Kind.REUSABLE and kind_of(data[:HEAD], office=is_office_inside(data)) is Kind.ONE_SHOT

    def _with_others(
        self,
        found: tuple[FileFinding, ...],
        part: Wanted,
        patterns: Patterns,
        others: tuple[tuple[str, bytes], ...],
        defects: set[DefectName],
    ) -> tuple[FileFinding, ...]:
        """What was found, and what other readers would find in the same octets: it counts as inside of it."""
        main = replace(found[0], oddities=tuple(dict.fromkeys((*found[0].oddities, *sorted(defects)))))
        more: list[FileFinding] = []
        for name, octets in others:
            other = self.reader(octets, replace(part, id=f"{part.id}/as-{name}"), patterns)
            # One that makes no sense does not count beside one that does.
            if other[0].readable is Readable.YES or main.readable is not Readable.YES:
                more.extend((replace(other[0], inside=part.id), *other[1:]))
        return (main, *found[1:], *more)


def _others(content: Buffer, part: Wanted, data: bytes) -> tuple[tuple[str, bytes], ...]:
    return tuple(other_octets(content, Span(part.start, part.end), part.encoding, data))


def _decoded(content: Buffer, part: Wanted, defects: set[DefectName]) -> bytes:
    """The file, put together as its pieces come: it never stands in memory twice."""
    whole = io.BytesIO()
    for piece in decode(content, Span(part.start, part.end), part.encoding, defects=defects):
        whole.write(piece)
    return whole.getvalue()


def _too_much(part: Wanted, data: bytes) -> tuple[FileFinding, ...]:
    """For a file in which more was found than a reply may hold."""
    digest = hashlib.sha256(data).hexdigest()
    return (FileFinding(part.id, None, part.names, part.declared_type, "", len(data), digest, Readable.OVER_BUDGET),)
