"""Octets that are kept, encrypted, until they are deleted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

from gateway.model.message import Content


class Opened(Protocol):
    """One object of the vault, to be read in parts. It holds nothing while nobody reads: there is nothing to close."""

    @property
    def octets(self) -> int:
        """How long the plain text is; authenticated."""
        ...

    def pieces(self, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """Plain octets from start to before end, in pieces of at most 512 KiB, each authenticated before it is given.

        Raises:
            TryLater: the vault cannot be read now.
            WillNotDo: the object is gone, or what was read was changed. What was given before was right.
        """
        ...


class Vault(Protocol):
    """Encrypted objects. `purpose` picks the family of master keys: holds | shares | notices."""

    async def put(self, purpose: str, content: Content, head: bytes = b"") -> str:
        """Keep head + content; on return it survives a power cut. The new object's id. Raises TryLater."""
        ...

    async def get(self, object_id: str) -> Content:
        """The plain octets, in a private spool that the caller closes. Raises WillNotDo when there is no such object or it was changed."""
        ...

    async def open(self, object_id: str) -> Opened:
        """To be read in parts. Raises TryLater; WillNotDo when there is no such object or it is not whole."""
        ...

    async def delete(self, object_id: str) -> None:
        """Remove it; removing what is not there is no error."""
        ...

    async def check(self) -> None:
        """Raise TryLater when nothing could be put now (down, read-only, full)."""
        ...
