"""Archives by real programs: what people pack is read, what is locked is said, and nothing is lost in silence."""

import hashlib

import pytest

from gateway.content import Budget
from gateway.model.finding import Readable
from tests.build import noise
from tests.build.packers import packed
from tests.content.reading import look, seen

FILES = {"a.txt": b"RESTRICTED\n", "Überblick.txt": b"RESTRICTED\n", "d/w.txt": b"RESTRICTED\n" + noise(30_000, "w").hex().encode()}
ASCII = {"a.txt": b"RESTRICTED\n", "d/w.txt": FILES["d/w.txt"]}
EVERY_NAME = ("7z", "7z-LZMA", "7z-BZip2", "7z-PPMd", "7z-Deflate", "7z-Copy", "iso", "cpio", "tar", "tar-pax", "tar-v7", "zip")
SOME_NAMES = ("cab", "cab-mszip", "cpio-odc", "cpio-bin", "ar", "xar", "warc", "zip-LZMA", "zip-BZip2", "zip-Deflate", "zip-Copy")


@pytest.mark.parametrize("how", EVERY_NAME)
def test_every_file_of_an_archive_is_read(how: str) -> None:
    outer, *members = look(packed(how, FILES), "")

    assert outer.readable is Readable.YES
    assert [seen(member) for member in members] == [{("restricted", "first_line")}] * 3
    assert {member.names[0].rpartition("/")[2] for member in members} == {"a.txt", "Überblick.txt", "w.txt"}


@pytest.mark.parametrize("how", SOME_NAMES)
def test_every_kind_of_archive_is_read(how: str) -> None:
    outer, *members = look(packed(how, ASCII), "")

    assert outer.readable is Readable.YES
    assert len(members) == 2
    assert all(("restricted", "first_line") in seen(member) for member in members) or how == "warc"  # there the headers of HTTP come first
    assert {member.names[0].rpartition("/")[2] for member in members} == {"a.txt", "w.txt"}


@pytest.mark.parametrize("how", ["tar-gz", "tar-xz", "tar-zst", "tar-Z"])
def test_a_compressed_tar_of_every_kind(how: str) -> None:
    outer, tar, *members = look(packed(how, ASCII), "a.tar.gz")

    assert (outer.readable, tar.readable, tar.detected_type, tar.names) == (Readable.YES, Readable.YES, "application/x-tar", ("a.tar",))
    assert len(members) == 2


@pytest.mark.parametrize("how", ["gz", "bz2", "xz", "lzma", "zst", "lz4", "lzip", "compress"])
def test_one_compressed_file_of_every_kind(how: str) -> None:
    outer, member = look(packed(how, ASCII), "b.txt.gz")

    assert (outer.readable, member.names[0]) == (Readable.YES, "b.txt")
    assert ("restricted", "first_line") in seen(member)


def test_the_other_name_that_gzip_keeps_is_a_name_too() -> None:
    import gzip
    import io

    target = io.BytesIO()
    with gzip.GzipFile("plans RESTRICTED.exe", "wb", fileobj=target) as file:
        file.write(b"x")

    assert look(target.getvalue(), "b.txt.gz")[1].names == ("b.txt", "plans RESTRICTED.exe")


@pytest.mark.parametrize(("how", "visible"), [("7z-encrypted", 2), ("7z-hidden-names", 0), ("zip-encrypted", 2), ("zip-aes", 2)])
def test_an_encrypted_archive_says_so_and_shows_its_names(how: str, visible: int) -> None:
    outer, *members = look(packed(how, ASCII), "")

    assert outer.readable is Readable.ENCRYPTED
    assert [member.readable for member in members] == [Readable.ENCRYPTED] * visible


@pytest.mark.parametrize("how", ["7z-Deflate64", "zip-Deflate64"])
def test_what_no_library_unpacks_we_do(how: str) -> None:
    files = {
        "a.txt": b"RESTRICTED\n",
        "b.txt": b"RESTRICTED\n" + noise(40_000, "x").hex().encode() * 3,
        "c.txt": b"RESTRICTED\n" + b"x" * 200_000,
    }

    outer, *members = look(packed(how, files), "")

    assert outer.readable is Readable.YES
    assert [member.sha256 for member in members] == [hashlib.sha256(octets).hexdigest() for octets in files.values()]
    assert all(("restricted", "first_line") in seen(member) for member in members)


def test_what_is_bent_in_deflate64_is_never_clean() -> None:
    data = packed("zip-Deflate64", {"a.txt": b"RESTRICTED\n" + noise(3000, "x").hex().encode()})

    for at in range(40, len(data) - 200, 29):
        outer, *_ = look(data[:at] + bytes((data[at] ^ 0x10,)) + data[at + 1 :], "")
        assert outer.readable is Readable.DAMAGED


def test_a_disc_image_with_a_directory_that_we_do_not_read_is_unsupported() -> None:
    assert look(packed("iso-udf", {"a.txt": b"x"}), "")[0].readable is Readable.UNSUPPORTED


@pytest.mark.slow
@pytest.mark.parametrize("how", ["7z", "cab-mszip", "tar-gz", "tar-xz", "tar-zst", "xz", "zst", "bz2", "lzma", "gz"])
def test_a_bomb_of_every_kind_is_over_budget(how: str) -> None:
    outer, *_ = look(packed(how, {"zeros": bytes(24 << 20)}), "", budget=Budget(octets=20 << 20))

    assert outer.readable is Readable.OVER_BUDGET


def test_a_sparse_file_is_as_large_as_it_unpacks() -> None:
    import subprocess
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        subprocess.run("truncate -s 1T hole; echo x >> hole", cwd=folder, check=True, shell=True)  # noqa: S602
        subprocess.run(["tar", "-S", "-cf", "out.tar", "hole"], cwd=folder, check=True)
        with open(f"{folder}/out.tar", "rb") as file:  # noqa: PTH123
            data = file.read()

    assert look(data, "")[0].readable is Readable.OVER_BUDGET


def test_a_second_archive_behind_the_end_of_the_first_is_read() -> None:
    outer, *members = look(packed("tar", {"a.txt": b"x"}) + packed("tar", {"b.txt": b"RESTRICTED"}), "")

    assert [member.names for member in members] == [("a.txt",), ("b.txt",)]
    assert ("restricted", "first_line") in seen(members[1])
    assert outer.readable is Readable.YES


def test_a_zstd_frame_that_is_to_be_skipped_hides_nothing() -> None:
    skipped = bytes.fromhex("502a4d1804000000") + b"skip"

    assert ("restricted", "first_line") in seen(look(skipped + packed("zst", ASCII), "a.txt.zst")[1])
