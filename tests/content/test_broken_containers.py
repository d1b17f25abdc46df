"""Cut off and bent containers of every kind: an answer each time, in time, and never a clean one that lacks something."""

import bz2
import gzip
import struct
import time

import pytest

from gateway.model.finding import Readable
from tests.build import docx, noise
from tests.build.outlook import attribute, msg, packed_rtf, tnef
from tests.build.packers import packed
from tests.build.rar import rar4, rar5
from tests.build.signers import pgp, smime
from tests.content.reading import look
from tests.content.test_objects import native, old_word

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


def _wrapped() -> dict[str, bytes]:
    text = FILES["a.txt"]
    rtf = [(0x1009, 0x102, packed_rtf(b"{\\rtf1 RESTRICTED\\par x}"))]
    return {
        "winmail.dat": tnef({"a.docx": docx(["x"], header="RESTRICTED")}, subject="x", body="RESTRICTED", properties=rtf),
        "a.msg": msg({"a.txt": text}, streams={"1000001F": "RESTRICTED".encode("utf-16-le"), "0037001F": b"x\0"}, named={"a": "b"}),
        "a.p7m": smime("signed-streamed", text),
        "a.gpg": pgp("signed-bzip2", text),
        "a.asc": pgp("signed-armoured", text),
        "a.rar": rar4({"a.txt": text}),
        "b.rar": rar5({"a.txt": text}),
        "a.doc": old_word({("_1", "\x01Ole10Native"): native("a.txt", text)}),
        "a.mbox": b"From a@b Thu Nov 26 12:00:00 2026\nSubject: x\n\n" + text,
    }


@pytest.mark.parametrize("name", _wrapped())
def test_what_is_cut_off_or_bent_in_a_wrapping_is_answered(name: str) -> None:
    data = _wrapped()[name]

    for number in range(2 * FLIPS):
        at = len(data) * number // (2 * FLIPS)
        found(data[:at] + bytes((data[at] ^ 1 << number % 8,)) + data[at + 1 :], name)
        found(data[:at], name)


LOCAL = b"PK\x03\x04" + struct.pack("<HHHHHIIIHH", 20, 0, 0, 0, 0, 0, 0, 0, 1, 0) + b"a"
INDEFINITE = bytes.fromhex("308006092a864886f70d010702a08030800201013100308006092a864886f70d010701a0802480")
ENDLESS = {
    "signs of entries": b"PK\x03\x04" * 300_000,
    "signs of entries behind a picture": b"\xff\xd8\xff\0" + b"PK\x03\x04" * 300_000,
    "entries": LOCAL * 30_000,
    "ends": b"PK\x05\x06" * 300_000,
    "messages": b"From a\nA:\n" * 100_000,
    "half a data URI": b"data:" * 300_000,
    "data URIs": b"<a href=data:a/b,x>" * 60_000,
    "quotes of data URIs": b'"data:a/b;base64,' * 60_000,
    "beginnings of PGP": b"-----BEGIN PGP MESSAGE-----\n\n" * 30_000,
    "headers of PGP": b"-----BEGIN PGP MESSAGE-----\n" + b"A: b\n" * 200_000,
    "BER without end": INDEFINITE + b"\x30\x80" * 100_000,
    "pieces of BER": INDEFINITE + b"\x04\x01x" * 300_000,
    "attributes": b"\x78\x9f\x3e\x22\1\0" + attribute(1, 0x9003, b"") * 80_000,
    "properties": b"\x78\x9f\x3e\x22\1\0" + attribute(1, 0x9003, struct.pack("<I", 10**6) + struct.pack("<HHI", 3, 0x36, 0) * 10**5),
    "references of LZFu": tnef(properties=[(0x1009, 0x102, struct.pack("<IIII", 1 << 20, 1, 0x75465A4C, 0) + b"\xff\0\x0f" * 300_000)]),
    "streams of gzip": gzip.compress(b"") * 50_000,
    "streams of bzip2": bz2.compress(b"") * 50_000,
    "blocks of RAR": b"Rar!\x1a\x07\x01\0" + b"\0\0\0\0\x02\x02\x00" * 100_000,
    "blanks of a p7m": b" " * 1_000_000,
    "octets": noise(1_000_000, "x"),
}


@pytest.mark.slow
@pytest.mark.parametrize("what", ENDLESS)
def test_what_never_seems_to_end_is_answered_soon(what: str) -> None:
    began = time.process_time()

    files = look(ENDLESS[what], "a.p7m" if what in ("blanks of a p7m", "BER without end", "pieces of BER") else "a")

    assert time.process_time() - began < 4
    assert files[0].readable is not Readable.YES or what == "half a data URI"


def test_a_cabinet_that_claims_more_blocks_than_it_has_crashes_nobody() -> None:
    """Found: asked for another file after a fatal error, libarchive 3.6 reads where nothing is."""
    data = bytearray(packed("cab", FILES))
    data[40] = 0xFF  # [MS-CAB] 2.2: cCFData of the only folder

    outer, *_ = look(bytes(data), "a.cab")

    assert outer.readable is Readable.DAMAGED
