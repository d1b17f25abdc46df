"""Foreign formats are read by somebody else: what is to be read, and who reads it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from gateway.model.finding import FileFinding, Patterns
from gateway.model.message import Content, Encoding


@dataclass(frozen=True, slots=True)
class Wanted:
    """One leaf part to be read by the worker."""

    id: str  # the part's id
    start: int  # of the encoded body in the content
    end: int
    encoding: Encoding
    names: tuple[str, ...]
    declared_type: str
    charset: str | None
    is_words: bool  # a body, not a file: its text counts as words
    sha256: str = ""  # hex, of the decoded octets, when known: what was found in the same file before need not be looked for again
    octets: int = 0  # decoded, when known: said of a file whose reader did not live to say it


class Examiner(Protocol):
    """The sandboxed child processes that read foreign formats."""

    async def read(self, content: Content, wanted: tuple[Wanted, ...], patterns: Patterns) -> tuple[FileFinding, ...]:
        """Read parts: a FileFinding for each wanted one (same id) and one for each archive member or nested file found inside.

        Raises:
            TryLater: no worker became free, or the wall clock ran out; nothing is known (never cached).
        """
        ...

    async def close(self) -> None: ...
