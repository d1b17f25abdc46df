"""Cut off and bent containers of every kind: an answer each time, in time, and never a clean one that lacks something."""

import time

import pytest

from gateway.model.finding import Readable
from tests.build.packers import packed
from tests.content.reading import look

FILES = {"a.txt": b"RESTRICTED\n" + b"one two three\n" * 40, "b.txt": b"x" * 700, "c.txt": b"943 476 5919\n" + b"four five\n" * 30}
SINGLE = ("gz", "bz2", "xz", "lzma", "zst", "lz4", "lzip")
MANY = (
    *("7z", "7z-Copy", "7z-encrypted", "cab", "cab-mszip", "iso", "cpio", "ar", "tar", "tar-gz", "tar-xz", "xar"),
    *("zip", "zip-LZMA", "zip-encrypted"),
)
CUTS = 12
FLIPS = 30
SECONDS = 2.0  # for one look: these take a few milliseconds


def found(data: bytes, name: str = "") -> tuple[set[str], bool]:
    """What was found anywhere, and whether all of it is said to be read."""
    began = time.perf_counter()
    files = look(data, name)
    assert time.perf_counter() - began < SECONDS
    return {item.id for file in files for item in file.evidence}, all(file.readable is Readable.YES for file in files)


@pytest.mark.parametrize("how", [*SINGLE, *MANY])
def test_what_is_cut_off_is_never_clean(how: str) -> None:
    data = packed(how, FILES)
    whole, _ = found(data)

    for cut in range(1, CUTS):
        evidence, clean = found(data[: max(len(data) * cut // CUTS, 16)])
        assert not clean or whole in (evidence, {"encrypted"}), cut


@pytest.mark.parametrize("how", [*SINGLE, *MANY])
def test_what_is_bent_is_answered(how: str) -> None:
    data = packed(how, FILES)

    for number in range(FLIPS):
        at = len(data) * number // FLIPS
        found(data[:at] + bytes((data[at] ^ 1 << number % 8,)) + data[at + 1 :])
