"""Objects as files below a folder, synced before anybody is told that they are there.

A file comes into being whole: temporary name, write, fsync, rename, fsync of its folder and of every folder that is new.
Limits: one machine, or a file system that all machines share and that keeps fsync's promise.
"""

from __future__ import annotations

import asyncio
import errno
import os
import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

from gateway.edges.objects import Entry, ObjectStore
from gateway.edges.syncing import sync_folder
from gateway.errors import Missing, OutgateError, TryLater, WillNotDo

RESERVE = 256 * 1024 * 1024  # octets that must be free for the vault to count as working
PIECE = 262_144  # octets read at a time

_NEW = ".new-"  # temporary names
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class Folder(ObjectStore):
    """ObjectStore over a folder."""

    def __init__(self, folder: Path, *, threads: int = 4, reserve_octets: int = RESERVE) -> None:
        self.threads = threads
        self._folder = folder
        self._reserve = reserve_octets
        self._readers = ThreadPoolExecutor(threads, thread_name_prefix="vault-reader")  # none is started before the first read
        self._made: set[Path] = set()  # folders that this process knows to be on the disk

    def __str__(self) -> str:
        return str(self._folder)

    def put(self, key: str, pieces: Iterator[bytes]) -> None:
        path = self._folder / key
        with _translated():
            self._make(path.parent)
            self._write(path, pieces)

    def replace(self, key: str, octets: bytes) -> None:
        self.put(key, iter((octets,)))  # rename(2) writes over what is there

    def head(self, key: str, octets: int) -> tuple[bytes, int]:
        with self._opened(key) as descriptor:
            return _read(descriptor, 0, octets), os.fstat(descriptor).st_size

    def read(self, key: str, start: int, end: int) -> bytes:
        with self._opened(key) as descriptor:
            return _read(descriptor, start, end - start)

    def pieces(self, key: str, start: int) -> Iterator[bytes]:
        with self._opened(key) as descriptor:
            while piece := _read(descriptor, start, PIECE):
                yield piece
                start += len(piece)

    async def stream(self, key: str, start: int, end: int, size: Callable[[], int]) -> AsyncIterator[bytes | bytearray]:
        # Opened anew for each piece: a thousand slow readers hold no thousand descriptors.
        loop, at = asyncio.get_running_loop(), start
        while at < end:
            until = min(at + size(), end)
            found: bytes | bytearray | None = self._at_once(key, at, until)
            read = [await loop.run_in_executor(self._readers, self.read, key, at, until) if found is None else found]
            del found
            is_whole, at = len(read[0]) == until - at, until
            yield read.pop()
            if not is_whole:
                return
            await asyncio.sleep(0)  # what comes from memory waits for nothing: the others' turn

    def _at_once(self, key: str, start: int, end: int) -> bytearray | None:
        """What is in the page cache: it takes less than the way to a thread. None: the disk must be asked, or something is wrong."""
        try:
            with self._opened(key) as descriptor:
                found = bytearray(end - start)
                return found if os.preadv(descriptor, [found], start, os.RWF_NOWAIT) == len(found) else None
        except (OutgateError, OSError):
            return None

    def small(self, key: str) -> bytes | None:
        try:
            with self._opened(key) as descriptor:
                return _read(descriptor, 0, PIECE)
        except WillNotDo:
            return None

    def size(self, key: str) -> int:
        with _translated(), suppress(FileNotFoundError):
            return (self._folder / key).stat().st_size
        return 0

    def delete(self, key: str) -> None:
        path = self._folder / key
        with _translated(), suppress(FileNotFoundError):
            path.unlink()
            sync_folder(path.parent)

    def walk(self, prefix: str) -> Iterator[Entry]:
        with _translated():
            for path in self._folder.glob(f"{prefix}/*/*"):
                with suppress(FileNotFoundError):
                    if not path.name.startswith(_NEW):
                        state = path.stat()
                        yield Entry(str(path.relative_to(self._folder)), state.st_size, state.st_mtime)

    def forget_unfinished(self, before: float) -> None:
        with _translated():
            for path in self._folder.glob(f"**/{_NEW}*"):
                with suppress(FileNotFoundError):
                    if path.stat().st_mtime < before:
                        path.unlink()

    def check(self) -> None:
        with _translated():
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

    def close(self) -> None:
        self._readers.shutdown()

    @contextmanager
    def _opened(self, key: str) -> Iterator[int]:
        with _translated():
            try:
                descriptor = os.open(self._folder / key, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
            except FileNotFoundError as error:
                if self._is_gone():
                    raise
                raise Missing("there is no such object") from error
            try:
                yield descriptor
            finally:
                os.close(descriptor)

    def _is_gone(self) -> bool:
        """The folder was taken away, or nothing is mounted on it now: what we look for may well be in it."""
        with suppress(FileNotFoundError), os.scandir(self._folder) as entries:
            return not any(entry.is_dir() for entry in entries)
        return True

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

    def _write(self, path: Path, pieces: Iterator[bytes]) -> None:
        new = path.with_name(f"{_NEW}{path.name}-{secrets.token_hex(4)}")
        try:
            _write_synced(new, pieces)
            new.rename(path)
        except BaseException:
            with suppress(OSError):
                new.unlink()
            raise
        sync_folder(path.parent)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        status = "4.3.1" if error.errno in _FULL else "4.3.0"
        raise TryLater(f"vault: {error.strerror or error}", status) from error


def _read(descriptor: int, start: int, octets: int) -> bytes:
    """pread, which may read less than it was asked for."""
    piece = os.pread(descriptor, octets, start)
    while len(piece) < octets and (more := os.pread(descriptor, octets - len(piece), start + len(piece))):
        piece += more
    return piece


def _write_synced(path: Path, pieces: Iterator[bytes]) -> None:
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb", buffering=PIECE) as file:
        for piece in pieces:
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
