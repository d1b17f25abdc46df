"""The spool: messages while they are being carried, private to this process and gone with it.

In: octets in pieces. Out: Content. Up to 1 MiB stays in memory; more goes to a file without a name, mode 0600, in a folder of mode 0700.
Nothing is synced: relayed mail is never ours to keep, the client still has it. Writes happen in the event loop, 256 KiB at a time: they end
in the page cache, where they cost less than a hop to a thread.

Linux gives files without a name (O_TMPFILE) and memory that can be sealed (memfd_create); elsewhere a file is made and its name removed.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
from contextlib import AbstractContextManager, nullcontext
from io import FileIO
from pathlib import Path

from gateway.errors import TryLater
from gateway.mime.pieces import Pieces
from gateway.model.message import Buffer, Content

MEMORY_OCTETS = 1_048_576
_WRITE_OCTETS = 262_144
_MOST_PIECES = 512  # of one writev; the system takes 1024


class Spool:
    """Gives out writers. `folder` is made when it is missing."""

    def __init__(self, folder: Path, *, memory_octets: int = MEMORY_OCTETS) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = folder
        self._memory_octets = memory_octets

    def __call__(self) -> Writer:
        """A writer for one message."""
        return Writer(self._folder, self._memory_octets)

    def content(self, octets: bytes) -> Content:
        """Content over octets we made."""
        writer = self()
        try:
            writer.write(octets)
            return writer.finish()
        except TryLater:
            writer.discard()
            raise


class Writer:
    """ports.SpoolWriter."""

    def __init__(self, folder: Path, memory_octets: int) -> None:
        self._folder = folder
        self._memory_octets = memory_octets
        self._pieces: list[bytes] = []
        self._pending = 0  # octets in _pieces
        self._written = 0  # octets in the file
        self._file: FileIO | None = None
        self._reader: FileIO | None = None

    def write(self, data: bytes) -> None:
        """Append. Raises TryLater."""
        self._pieces.append(data)
        self._pending += len(data)
        if self._file is not None:
            if self._pending >= _WRITE_OCTETS or len(self._pieces) >= _MOST_PIECES:
                self._flush(self._file)
        elif self._pending > self._memory_octets:
            self._flush(self._open())
        elif len(self._pieces) >= _MOST_PIECES:
            self._pieces = [b"".join(self._pieces)]  # many tiny pieces would weigh more than their octets

    def finish(self) -> Content:
        """Raises TryLater."""
        if self._file is None:
            small = InMemory(self._folder, self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces))
            self._pieces = []
            return small
        self._flush(self._file)
        reader, self._reader = self._reader, None
        assert reader is not None  # noqa: S101 - opened together with _file
        self.discard()
        return InFile(reader, self._written)

    def discard(self) -> None:
        """Give everything back."""
        self._pieces = []
        for file in (self._file, self._reader):
            if file is not None:
                file.close()
        self._file = self._reader = None

    def _open(self) -> FileIO:
        try:
            self._file, self._reader = _nameless(self._folder)
        except OSError as error:
            raise _no_room(error) from error
        return self._file

    def _flush(self, file: FileIO) -> None:
        try:
            _write_all(file.fileno(), self._pieces)
        except OSError as error:
            raise _no_room(error) from error
        self._written += self._pending
        self._pieces.clear()
        self._pending = 0


class InMemory:
    """model.message.Content: a small message."""

    def __init__(self, folder: Path, octets: bytes) -> None:
        self._folder = folder
        self._octets: bytes | None = octets
        self._size = len(octets)
        self._file: FileIO | None = None

    @property
    def octets(self) -> int:
        return self._size

    def view(self) -> AbstractContextManager[Buffer]:
        return nullcontext(self._open())

    def read(self, start: int, end: int) -> bytes:
        return self._open()[start:end]

    def descriptor(self) -> int:
        """Sealed memory, made when it is first asked for. Its file offset is shared by all who have it: use offsets of your own."""
        if self._file is None:
            try:
                self._file = _sealed(self._open(), self._folder)
            except OSError as error:
                raise _no_room(error) from error
        return self._file.fileno()

    def close(self) -> None:
        self._octets = None
        if self._file is not None:
            self._file.close()
            self._file = None

    def _open(self) -> bytes:
        if self._octets is None:
            raise ValueError("the spool was given back")
        return self._octets


class InFile:
    """model.message.Content: a large message. Nothing of it is in our memory but what somebody is looking at."""

    def __init__(self, file: FileIO, size: int) -> None:
        self._file = file
        self._size = size

    @property
    def octets(self) -> int:
        return self._size

    def view(self) -> AbstractContextManager[Buffer]:
        """Read piece by piece as it is looked at. A map would be no quicker, and its pages would count as ours."""
        return nullcontext(Pieces(self))

    def read(self, start: int, end: int) -> bytes:
        pieces = []
        end = min(end, self._size)
        while start < end:
            try:
                piece = os.pread(self._file.fileno(), end - start, start)
            except OSError as error:
                raise TryLater(f"spool: {error.strerror}") from error
            if not piece:
                raise TryLater("spool: the file is shorter than what was written", "4.3.0")
            pieces.append(piece)
            start += len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def descriptor(self) -> int:
        """Read-only. Its file offset is shared by all who have it: use offsets of your own."""
        return self._file.fileno()

    def close(self) -> None:
        self._file.close()


def _nameless(folder: Path) -> tuple[FileIO, FileIO]:
    """A file without a name, opened for writing and once more for reading only."""
    if hasattr(os, "O_TMPFILE"):
        try:
            writer = FileIO(os.open(folder, os.O_TMPFILE | os.O_WRONLY | os.O_CLOEXEC, 0o600), "wb")
        except OSError:
            return _unlinked(folder)  # a file system without it
        try:
            return writer, FileIO(os.open(f"/proc/self/fd/{writer.fileno()}", os.O_RDONLY | os.O_CLOEXEC), "rb")
        except OSError:
            writer.close()
            raise
    return _unlinked(folder)


def _unlinked(folder: Path) -> tuple[FileIO, FileIO]:
    descriptor, name = tempfile.mkstemp(dir=folder)  # mode 0600
    writer = FileIO(descriptor, "wb")
    try:
        return writer, FileIO(name, "rb")
    except OSError:
        writer.close()
        raise
    finally:
        Path(name).unlink()


def _sealed(octets: bytes, folder: Path) -> FileIO:
    """The octets behind a descriptor through which nobody can change them."""
    if not hasattr(os, "memfd_create"):
        writer, reader = _unlinked(folder)
        with writer:
            _write_all(writer.fileno(), [octets])
        return reader
    file = FileIO(os.memfd_create("message", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING), "r+b")
    try:
        _write_all(file.fileno(), [octets])
        fcntl.fcntl(file.fileno(), fcntl.F_ADD_SEALS, fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE)
        os.lseek(file.fileno(), 0, os.SEEK_SET)
    except OSError:
        file.close()
        raise
    return file


def _write_all(descriptor: int, pieces: list[bytes]) -> None:
    """writev, which may write less than it was given."""
    left = [piece for piece in pieces if piece]
    while left:
        written = os.writev(descriptor, left)
        while left and written >= len(left[0]):
            written -= len(left.pop(0))
        if written:
            left[0] = left[0][written:]


def _no_room(error: OSError) -> TryLater:
    return TryLater(f"spool: {error.strerror}", "4.3.1")
