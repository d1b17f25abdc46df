"""Octets on their way, private to one process and gone with it."""

from __future__ import annotations

from typing import Protocol

from gateway.model.message import Content


class SpoolWriter(Protocol):
    """One message being spooled. Used up by finish() or discard()."""

    def write(self, data: bytes) -> None:
        """Append. Raises TryLater (4.3.1): disk full or broken; discard() is then still owed."""
        ...

    def finish(self) -> Content:
        """The content, private and not synced; the caller closes it. Raises TryLater (4.3.1)."""
        ...

    def discard(self) -> None:
        """Give everything back; may be called at any time, more than once."""
        ...
