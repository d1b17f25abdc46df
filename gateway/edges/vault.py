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
from datetime import datetime
from typing import TypeVar

from gateway.edges.keys import VAULT_FAMILIES, Family, Keyring
from gateway.edges.objects import ObjectStore
from gateway.edges.sealed import LONGEST_HEADER, Header, Unlocked, read_header, seal, unlock
from gateway.edges.vault_opened import Opened, whole
from gateway.errors import WillNotDo
from gateway.model.message import Content
from gateway.ports import SpoolWriter

PIECE = 262_144  # octets read at a time

_ID = re.compile(r"([a-z]+)-([0-9a-f]{32})")

T = TypeVar("T")


class Vault:
    """ports.Vault. `keys` as load_keys gives them; `spool` makes the private spool of what is read."""

    def __init__(self, store: ObjectStore, keys: Keyring, spool: Callable[[], SpoolWriter]) -> None:
        self._store = store
        self._keys = keys
        self._spool = spool
        self._threads = ThreadPoolExecutor(store.threads, thread_name_prefix="vault")
        self._checked_at = float("-inf")

    async def put(self, purpose: str, content: Content, head: bytes = b"") -> str:
        """Keep head + content; on return it survives a power cut. The new object's id. Raises TryLater."""
        family = self._family(purpose)
        return await self._in_thread(lambda: self._put(purpose, family, content, head))

    async def get(self, object_id: str) -> Content:
        """The plain octets, all authenticated, in a private spool that the caller closes. Raises WillNotDo, TryLater."""
        key = _key(object_id)
        return await self._in_thread(lambda: self._get(key, object_id))

    async def open(self, object_id: str) -> Opened:
        """To be read in parts; it is there, it is whole in length, and its keys are at hand. Raises WillNotDo, TryLater."""
        key = _key(object_id)
        return await self._in_thread(lambda: self._open(key, object_id))

    async def delete(self, object_id: str) -> None:
        """Remove it; removing what is not there is no error. Raises TryLater."""
        key = _key(object_id)
        await self._in_thread(lambda: self._store.delete(key))

    async def check(self) -> None:
        """Raise TryLater when nothing could be put now (down, read-only, full)."""
        if time.monotonic() - self._checked_at >= self._store.check_seconds:
            await self._in_thread(self._store.check)
            self._checked_at = time.monotonic()

    async def ids(self, before: datetime) -> tuple[str, ...]:
        """Objects written before then; what was begun before then and never finished is removed on the way. Raises TryLater."""
        return await self._in_thread(lambda: tuple(self._ids(before.timestamp())))

    def close(self) -> None:
        self._threads.shutdown()
        self._store.close()

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def _family(self, purpose: str) -> Family:
        family = self._keys.get(purpose)
        if family is None:
            raise WillNotDo(f"there is no key for {purpose}")
        return family

    # --- in threads ---------------------------------------------------------------------------------------------------

    def _put(self, purpose: str, family: Family, content: Content, head: bytes) -> str:
        raw = secrets.token_bytes(16)
        object_id = f"{purpose}-{raw.hex()}"
        self._store.put(_key(object_id), seal(_pieces(content, head), purpose, raw, family))
        return object_id

    def _get(self, key: str, object_id: str) -> Content:
        octets, _ = self._store.head(key, LONGEST_HEADER)
        unlocked, at = self._unlocked(octets, object_id)
        writer = self._spool()
        try:
            for piece in unlocked.unseal(self._store.pieces(key, at)):
                writer.write(piece)
            return writer.finish()
        except BaseException:
            writer.discard()
            raise

    def _open(self, key: str, object_id: str) -> Opened:
        octets, size = self._store.head(key, LONGEST_HEADER)
        unlocked, at = self._unlocked(octets, object_id)
        return whole(self._store, key, unlocked, at, size)

    def _unlocked(self, octets: bytes, object_id: str) -> tuple[Unlocked, int]:
        header, at = read_header(octets)
        if f"{header.purpose}-{header.id.hex()}" != object_id:
            raise WillNotDo("the object is another than its name says")
        return unlock(header, self._family_with(header)), at

    def _family_with(self, header: Header) -> Family:
        """Another process may have sealed it by a key that was made after we had read ours."""
        if header.key_id not in self._family(header.purpose).keys:
            self._keys.read_again()
        return self._family(header.purpose)

    def _ids(self, before: float) -> Iterator[str]:
        for purpose in VAULT_FAMILIES:
            for entry in self._store.walk(purpose, before):
                if _ID.fullmatch(object_id := f"{purpose}-{entry.key.rpartition('/')[2]}"):
                    yield object_id


def _key(object_id: str) -> str:
    """Where it stands. Raises WillNotDo."""
    match = _ID.fullmatch(object_id)
    if match is None:
        raise WillNotDo("this is no id of an object")
    return f"{match[1]}/{match[2][:2]}/{match[2]}"


def _pieces(content: Content, head: bytes) -> Iterator[bytes]:
    yield head
    for start in range(0, content.octets, PIECE):
        yield content.read(start, min(start + PIECE, content.octets))
