"""Signatures of what we have changed or written."""

from __future__ import annotations

from typing import Protocol

from gateway.model.outcome import Copy


class Signer(Protocol):
    """Signs what the gateway has changed or created (RFC 6376): asked of nothing else, and as the last thing (act/sign.py)."""

    async def sign(self, copy: Copy) -> Copy:
        """The same copy with our signatures in front of its head, and our own broken ones left out. As it was, where we have no key for it.

        The fields of its head are signed with it, but for Received and for what next hops take off again (trigger_header).

        Raises:
            TryLater: the content cannot be read back.
        """
        ...

    def is_ours(self, signature: bytes) -> bool:
        """Whether this value of a DKIM-Signature is of a domain that we have a key for: what breaks it can be signed again."""
        ...
