"""The spool: small messages in memory, large ones in a file without a name, and nothing left behind."""

import errno
import fcntl
import gc
import mmap
import os
import resource
import signal
import stat
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from gateway.edges import spool as module
from gateway.edges.spool import InFile, InMemory, Spool
from gateway.errors import TryLater
from tests.laws import tries

MB = 1_048_576


def write(spool: Spool, *pieces: bytes):
    writer = spool()
    for piece in pieces:
        writer.write(piece)
    return writer.finish()


@pytest.mark.parametrize(("octets", "kind"), [(0, InMemory), (MB, InMemory), (MB + 1, InFile)])
def test_up_to_a_megabyte_stays_in_memory(tmp_path, octets: int, kind) -> None:
    content = write(Spool(tmp_path), b"x" * octets)

    assert isinstance(content, kind)
    assert content.octets == octets
    content.close()


@given(st.lists(st.binary(max_size=400), max_size=60), st.integers(0, 500), st.integers(0, 500))
@tries(60, suppress=[HealthCheck.function_scoped_fixture])
def test_every_way_to_read_gives_what_was_written(tmp_path, pieces: list[bytes], start: int, end: int) -> None:
    whole = b"".join(pieces)
    content = write(Spool(tmp_path, memory_octets=2000), *pieces)

    assert content.octets == len(whole)
    assert content.read(start, end) == whole[start:end]
    assert content.read(0, content.octets + 5) == whole
    with content.view() as view:
        assert (len(view), view[start:end], view.find(b"\x01"), view.rfind(b"\x01")) == (
            len(whole), whole[start:end], whole.find(b"\x01"), whole.rfind(b"\x01"),
        )  # fmt: skip
    assert os.pread(content.descriptor(), len(whole) + 5, 0) == whole
    content.close()


@pytest.mark.parametrize("octets", [100, 2 * MB])
def test_a_descriptor_cannot_change_the_message(tmp_path, octets: int) -> None:
    content = write(Spool(tmp_path), b"x" * octets)
    descriptor = content.descriptor()

    assert descriptor == content.descriptor()
    assert os.fstat(descriptor).st_size == octets
    assert os.lseek(descriptor, 0, os.SEEK_CUR) == 0
    for change in (lambda: os.pwrite(descriptor, b"y", 0), lambda: os.ftruncate(descriptor, 1)):
        with pytest.raises(OSError, match=r"not permitted|Bad file|Invalid") as caught:
            change()
        assert caught.value.errno in {errno.EPERM, errno.EBADF, errno.EINVAL}
    assert fcntl.fcntl(descriptor, fcntl.F_GETFD) & fcntl.FD_CLOEXEC
    content.close()
    with pytest.raises(OSError, match="Bad file"):
        os.fstat(descriptor)


def test_the_file_is_private_and_has_no_name(tmp_path) -> None:
    folder = tmp_path / "spool"
    content = write(Spool(folder), b"x" * MB, b"y")

    status = os.fstat(content.descriptor())
    assert stat.S_IMODE(status.st_mode) == 0o600
    assert status.st_nlink == 0
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert list(folder.iterdir()) == []
    content.close()


def test_without_nameless_files_the_name_is_gone_at_once(tmp_path) -> None:
    writer, reader = module._unlinked(tmp_path)
    with writer, reader:
        assert list(tmp_path.iterdir()) == []
        assert os.fstat(reader.fileno()).st_nlink == 0
        os.write(writer.fileno(), b"abc")
        assert os.pread(reader.fileno(), 9, 0) == b"abc"


def test_what_was_given_back_cannot_be_read_and_closing_twice_is_no_error(tmp_path) -> None:
    for octets in (10, 2 * MB):
        content = write(Spool(tmp_path), b"x" * octets)
        content.close()
        content.close()
        with pytest.raises(ValueError, match=r"closed|given back"):
            content.read(0, 1)


def test_no_descriptor_is_left_open(tmp_path) -> None:
    spool = Spool(tmp_path)
    gc.collect()
    before = _open_descriptors()
    for octets in (10, 2 * MB):
        content = write(spool, b"x" * octets)
        content.descriptor()
        with content.view():
            pass
        content.close()
        writer = spool()
        writer.write(b"x" * octets)
        writer.discard()
        writer.discard()

    assert _open_descriptors() == before


def test_a_missing_folder_is_no_room(tmp_path) -> None:
    folder = tmp_path / "spool"
    spool = Spool(folder)
    folder.rmdir()
    writer = spool()
    writer.write(b"x" * MB)

    with pytest.raises(TryLater) as caught:
        writer.write(b"y")
    assert caught.value.status == "4.3.1"
    writer.discard()


def test_a_full_disk_is_no_room_and_leaves_nothing_open(tmp_path) -> None:
    """A real limit on file size stands for the full disk: the kernel refuses the write."""
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = _open_descriptors()
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (MB, limit[1]))
    try:
        writer = Spool(tmp_path)()
        writer.write(b"x" * 900_000)
        with pytest.raises(TryLater) as caught:
            writer.write(b"x" * 900_000)
        assert caught.value.status == "4.3.1"
        writer.discard()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        signal.signal(signal.SIGXFSZ, ignored)
    assert _open_descriptors() == before


def test_twenty_large_messages_at_once_weigh_little(tmp_path) -> None:
    spool = Spool(tmp_path)
    writers = [spool() for _ in range(20)]
    before = _resident()
    for _ in range(35):
        for writer in writers:
            for _ in range(4):
                writer.write(bytes(262_144))
    during = _resident()
    contents = [writer.finish() for writer in writers]
    with contents[0].view() as view:
        assert view.find(b"\1") == -1  # touches every page
    after = _resident()
    for content in contents:
        assert content.octets == 35 * MB
        content.close()

    assert during - before < 20 * 2 * MB
    assert after - before < 20 * 2 * MB


def _open_descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * mmap.PAGESIZE
