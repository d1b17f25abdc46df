"""An examiner without a sandbox: the code of a real child, in this process."""

from collections.abc import Iterator
from contextlib import contextmanager

from gateway.content import Budget, read
from gateway.model.finding import FileFinding, Patterns
from gateway.model.message import Content
from gateway.ports import Wanted
from gateway.worker.decoded import decoded, find


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
        with content.view() as buffer:
            return tuple(finding for part in wanted for finding in find(decoded(buffer, part), part, patterns, _reader))

    async def close(self) -> None:
        pass


def _reader(data: bytes, part: Wanted, patterns: Patterns) -> tuple[FileFinding, ...]:
    return read(
        data,
        id=part.id,
        names=part.names,
        declared_type=part.declared_type,
        charset=part.charset,
        is_words=part.is_words,
        patterns=patterns,
        budget=Budget(),
    )
