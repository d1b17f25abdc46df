"""The vault: encrypted objects over an ObjectStore, a folder of this machine or a bucket.

What it has said it keeps is kept, and comes back as it was or not at all. Octets are streamed in threads, so that a large message is never
whole in memory; an object that is read in parts (open) holds nothing while its reader is slow, no thread and no descriptor.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from gateway.edges.keys import Family, Keyring
from gateway.edges.objects import ObjectStore
from gateway.edges.sealed import seal
from gateway.edges.vault_opened import Opened, whole
from gateway.edges.vault_usage import Usage
from gateway.edges.vault_wraps import Wraps, key_for
from gateway.errors import WillNotDo
from gateway.model.message import Content
from gateway.ports.spool import SpoolWriter

PIECE = 262_144  # octets read at a time

_ID = re.compile(r"([a-z]+)-([0-9a-f]{32})")

T = TypeVar("T")


class Vault:
    """ports.Vault. `keys` as load_keys gives them; `spool` makes the private spool of what is read; `usage` None: nobody counts."""

    def __init__(self, store: ObjectStore, keys: Keyring, spool: Callable[[], SpoolWriter], usage: Usage | None = None) -> None:
        self.store = store
        self.wraps = Wraps(store, keys)
        self.usage = usage
        self._spool = spool
        self._threads = ThreadPoolExecutor(store.threads, thread_name_prefix="vault")
        self._checked_at = float("-inf")
        self._checking: asyncio.Future[None] | None = None  # one for all who wait for it

    async def put(self, purpose: str, content: Content, head: bytes = b"") -> str:
        """Keep head + content; on return it survives a power cut. The new object's id. Raises TryLater."""
        family = self.wraps.family(purpose)
        return await self.in_thread(lambda: self._put(purpose, family, content, head))

    async def get(self, object_id: str) -> Content:
        """The plain octets, all authenticated, in a private spool that the caller closes. Raises WillNotDo, TryLater."""
        key = key_of(object_id)
        return await self.in_thread(lambda: self._get(key))

    async def open(self, object_id: str) -> Opened:
        """To be read in parts; it is there, it is whole in length, and its keys are at hand. Raises WillNotDo, TryLater."""
        key = key_of(object_id)
        return await self.in_thread(lambda: whole(self.store, key, *self.wraps.unlock(key)))

    async def delete(self, object_id: str) -> None:
        """Remove it; removing what is not there is no error. Raises TryLater."""
        key = key_of(object_id)
        await self.in_thread(lambda: self._delete(key))

    async def check(self) -> None:
        """Raise TryLater when nothing could be put now (down, read-only, full)."""
        if time.monotonic() - self._checked_at >= self.store.check_seconds:
            if self._checking is None or self._checking.done():
                self._checking = asyncio.ensure_future(self.in_thread(self._check))
            await asyncio.shield(self._checking)

    def close(self) -> None:
        self._threads.shutdown()
        self.store.close()

    async def in_thread(self, work: Callable[[], T]) -> T:
        """Something that blocks, beside what the vault does itself."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    # --- in threads ---------------------------------------------------------------------------------------------------

    def _put(self, purpose: str, family: Family, content: Content, head: bytes) -> str:
        number = secrets.token_bytes(16)
        if self.usage is not None:
            self.usage.require(len(head) + content.octets)
        sealed = _Counted(seal(_pieces(content, head), purpose, number, family))
        self.store.put(key_for(purpose, number), iter(sealed))
        if self.usage is not None:
            self.usage.add(sealed.octets)
        return f"{purpose}-{number.hex()}"

    def _get(self, key: str) -> Content:
        unlocked, at, _ = self.wraps.unlock(key)
        writer = self._spool()
        try:
            for piece in unlocked.unseal(self.store.pieces(key, at)):
                writer.write(piece)
            return writer.finish()
        except BaseException:
            writer.discard()
            raise

    def _delete(self, key: str) -> None:
        size = self.store.size(key) if self.usage is not None else 0
        self.store.delete(key)
        self.wraps.forget(key)
        if self.usage is not None:
            self.usage.add(-size)

    def _check(self) -> None:
        if self.usage is not None:
            self.usage.require(1)
        self.store.check()
        self._checked_at = time.monotonic()


def key_of(object_id: str) -> str:
    """Where it stands. Raises WillNotDo."""
    match = _ID.fullmatch(object_id)
    if match is None:
        raise WillNotDo("this is no id of an object")
    return key_for(match[1], bytes.fromhex(match[2]))


def id_of(key: str) -> str | None:
    """What stands there; None for what is no object of ours."""
    purpose, _, name = key.partition("/")
    object_id = f"{purpose}-{name.rpartition('/')[2]}"
    return object_id if _ID.fullmatch(object_id) and key_of(object_id) == key else None


class _Counted:
    """The same pieces, and how many octets they were."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self.octets = 0

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            self.octets += len(piece)
            yield piece


def _pieces(content: Content, head: bytes) -> Iterator[bytes]:
    yield head
    for start in range(0, content.octets, PIECE):
        yield content.read(start, min(start + PIECE, content.octets))
