"""The local vault: encrypted objects as files, synced before anybody is told that they are kept.

A file comes into being whole: temporary name, write, fsync, rename, fsync of its folder and of every folder that is new. Octets are
streamed in threads, a quarter of a megabyte at a time, so that a large message is never whole in memory.
Limits: one machine, or a file system that all machines share and that keeps fsync's promise; object stores come with their own edge.
"""

from __future__ import annotations

import asyncio
import errno
import os
import re
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, TypeVar

from gateway.edges.keys import Family
from gateway.edges.sealed import LONGEST_HEADER, read_header, seal, unseal
from gateway.edges.syncing import sync_folder
from gateway.errors import TryLater, WillNotDo
from gateway.model.message import Content
from gateway.ports import SpoolWriter

PIECE = 262_144  # octets read at a time
CHECK_SECONDS = 2.0  # a check this young is not repeated
RESERVE = 256 * 1024 * 1024  # octets that must be free for the vault to count as working

_ID = re.compile(r"([a-z]+)-([0-9a-f]{32})")
_NEW = ".new-"  # temporary names
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})

T = TypeVar("T")


class Vault:
    """ports.Vault over a folder. `keys` as load_keys gives them; `spool` makes the private spool of what is read."""

    def __init__(
        self,
        folder: Path,
        keys: Mapping[str, Family],
        spool: Callable[[], SpoolWriter],
        *,
        threads: int = 4,
        reserve_octets: int = RESERVE,
    ) -> None:
        self._folder = folder
        self._keys = keys
        self._spool = spool
        self._reserve = reserve_octets
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="vault")
        self._checked_at = float("-inf")
        self._made: set[Path] = set()  # folders that this process knows to be on the disk

    async def put(self, purpose: str, content: Content, head: bytes = b"") -> str:
        """Keep head + content; on return it survives a power cut. The new object's id. Raises TryLater."""
        family = self._family(purpose)
        return await self._in_thread(lambda: self._put(purpose, family, content, head))

    async def get(self, object_id: str) -> Content:
        """The plain octets, all authenticated, in a private spool that the caller closes. Raises WillNotDo, TryLater."""
        path, purpose = self._path(object_id)
        family = self._family(purpose)
        return await self._in_thread(lambda: self._get(path, object_id, family))

    async def delete(self, object_id: str) -> None:
        """Remove it; removing what is not there is no error. Raises TryLater."""
        path, _ = self._path(object_id)
        await self._in_thread(lambda: self._delete(path))

    async def check(self) -> None:
        """Raise TryLater when nothing could be put now (down, read-only, full)."""
        if time.monotonic() - self._checked_at >= CHECK_SECONDS:
            await self._in_thread(self._check)
            self._checked_at = time.monotonic()

    async def ids(self, before: datetime) -> tuple[str, ...]:
        """Objects written before then; what was begun before then and never finished is removed on the way. Raises TryLater."""
        return await self._in_thread(lambda: tuple(self._walk(before.timestamp())))

    def close(self) -> None:
        self._threads.shutdown()

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, _translated, work)

    def _family(self, purpose: str) -> Family:
        family = self._keys.get(purpose)
        if family is None:
            raise WillNotDo(f"there is no key for {purpose}")
        return family

    def _path(self, object_id: str) -> tuple[Path, str]:
        match = _ID.fullmatch(object_id)
        if match is None:
            raise WillNotDo("this is no id of an object")
        return self._folder / match[1] / match[2][:2] / match[2], match[1]

    # --- in threads ---------------------------------------------------------------------------------------------------

    def _put(self, purpose: str, family: Family, content: Content, head: bytes) -> str:
        raw = secrets.token_bytes(16)
        object_id = f"{purpose}-{raw.hex()}"
        path, _ = self._path(object_id)
        self._make(path.parent)
        new = path.with_name(_NEW + path.name)
        try:
            _write_synced(new, seal(_pieces(content, head), purpose, raw, family))
            new.rename(path)
        except BaseException:
            with suppress(OSError):
                new.unlink()
            raise
        sync_folder(path.parent)
        return object_id

    def _get(self, path: Path, object_id: str, family: Family) -> Content:
        try:
            file = path.open("rb")
        except FileNotFoundError as error:
            raise WillNotDo("there is no such object") from error
        writer = self._spool()
        with file:
            try:
                for piece in _opened(file, object_id, family):
                    writer.write(piece)
                return writer.finish()
            except BaseException:
                writer.discard()
                raise

    def _make(self, folder: Path) -> None:
        """The folder and those above it; each is on the disk before anything is put into it. Another process may have made it just now
        and not synced it yet, so the first time we do it ourselves.
        """
        if folder in self._made:
            return
        if self._folder in folder.parents or not folder.parent.is_dir():
            self._make(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
        sync_folder(folder.parent)
        self._made.add(folder)

    def _delete(self, path: Path) -> None:
        with suppress(FileNotFoundError):
            path.unlink()
            sync_folder(path.parent)

    def _check(self) -> None:
        self._make(self._folder)
        space = os.statvfs(self._folder)
        if space.f_bavail * space.f_frsize < self._reserve:
            raise TryLater(f"the vault has only {space.f_bavail * space.f_frsize} octets left", "4.3.1")
        probe = self._folder / f"{_NEW}{secrets.token_hex(8)}"
        try:
            _write_synced(probe, iter((b"probe",)))
        finally:
            with suppress(OSError):
                probe.unlink()

    def _walk(self, before: float) -> Iterator[str]:
        for path in self._folder.glob("*/*/*"):
            with suppress(FileNotFoundError):
                if path.stat().st_mtime >= before:
                    continue
                if path.name.startswith(_NEW):
                    path.unlink()
                elif _ID.fullmatch(object_id := f"{path.parts[-3]}-{path.name}"):
                    yield object_id


def _translated(work: Callable[[], T]) -> T:
    try:
        return work()
    except OSError as error:
        status = "4.3.1" if error.errno in _FULL else "4.3.0"
        raise TryLater(f"vault: {error.strerror or error}", status) from error


def _pieces(content: Content, head: bytes) -> Iterator[bytes]:
    yield head
    for start in range(0, content.octets, PIECE):
        yield content.read(start, min(start + PIECE, content.octets))


def _opened(file: BinaryIO, object_id: str, family: Family) -> Iterator[bytes]:
    header, length = read_header(file.read(LONGEST_HEADER))
    if f"{header.purpose}-{header.id.hex()}" != object_id:
        raise WillNotDo("the object is another than its name says")
    file.seek(length)
    yield from unseal(iter(lambda: file.read(PIECE), b""), header, family)


def _write_synced(path: Path, pieces: Iterator[bytes]) -> None:
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb", buffering=PIECE) as file:
        for piece in pieces:
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
