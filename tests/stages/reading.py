"""An examiner without a sandbox: the code of a real child, in this process."""

from collections.abc import Iterator
from contextlib import contextmanager

from gateway.content import Budget, read
from gateway.model.finding import FileFinding, Patterns
from gateway.model.message import Content
from gateway.ports.examiner import Wanted
from gateway.worker.decoded import decoded, find
from gateway.worker.reader import reader_of

READER = reader_of(read, lambda _: Budget())


class Spooled:
    """A message in memory."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets

    @property
    def octets(self) -> int:
        return len(self._octets)

    @contextmanager
    def view(self) -> Iterator[bytes]:
        yield self._octets

    def read(self, start: int, end: int) -> bytes:
        return self._octets[start:end]

    def descriptor(self) -> int:
        raise NotImplementedError

    def close(self) -> None:
        pass


class ChildHere:
    """ports.Examiner."""

    async def read(self, content: Content, wanted: tuple[Wanted, ...], patterns: Patterns) -> tuple[FileFinding, ...]:
        return tuple(finding for part in wanted for finding in self.one(content, part, patterns))

    def one(self, content: Content, part: Wanted, patterns: Patterns) -> tuple[FileFinding, ...]:
        with content.view() as buffer:
            return find(decoded(buffer, part), part, patterns, READER)

    async def close(self) -> None:
        pass
