"""Structure made to take long is answered within seconds, whatever it is made of, and what was not looked at is not clean.

The times are of the processor, for messages of some twenty megabytes; nearly all of them take a tenth of what they may.
"""

import resource
import time
from collections.abc import Callable

import pytest

from gateway.mime.outside import is_indexed_whole
from gateway.parse import parse_buffer

pytestmark = pytest.mark.slow

SECONDS = 4.0
MEMORY_KIB = 100 * 1024  # that parsing may add to the process, beside the message itself
MB = 1024 * 1024
MULTIPART = b"Content-Type: multipart/mixed; boundary="
START = b"MIME-Version: 1.0\r\n" + MULTIPART + b"b\r\n\r\n"

HOSTILE: dict[str, Callable[[], bytes]] = {
    "10,000 multiparts in one another": lambda: (
        b"MIME-Version: 1.0\r\n"
        + b"".join(MULTIPART + b"b%dx\r\n\r\n--b%dx\r\n" % (at, at) for at in range(10_000)) + b"x" * 20 * MB
    ),
    "10,000 multiparts with one boundary": lambda: b"MIME-Version: 1.0\r\n" + (MULTIPART + b"b\r\n\r\n--b\r\n") * 10_000,
    "10,000 messages in one another": lambda: b"MIME-Version: 1.0\r\n" + b"Content-Type: message/rfc822\r\n\r\n" * 10_000,
    "100,000 parts": lambda: START + b"--b\r\n\r\nx\r\n" * 100_000 + b"--b--\r\n",
    "100,000 files in a doubtful encoding": lambda: (
        START + b"--b\r\nContent-Type: application/zip; name=a.zip\r\nContent-Transfer-Encoding: base64;\r\n\r\nQUJD\r\n" * 100_000
    ),
    "header sections of 64 KiB": lambda: START + (b"--b\r\n" + b"X-A: b\r\n" * 8000 + b"\r\nx\r\n") * 300,
    "header sections of lines that are no fields": lambda: START + (b"--b\r\n" + b"no field\r\n" * 6400 + b"\r\nx\r\n") * 300,
    "header sections that nobody reads alike": lambda: (
        START + (b"--b\r\nContent-Type : text/html\r\n \r\n" + b"no field\r\nA: b\r\n" * 4000 + b"\r\nx\r\n") * 300
    ),
    "comments that never close": lambda: START + (b"--b\r\n" + MULTIPART + b"(" * 60_000 + b"\r\n\r\nx\r\n") * 300,
    "quotes that never close": lambda: START + (b"--b\r\nContent-Type: multipart/mixed" + b'; boundary="a' * 4600 + b"\r\n\r\nx\r\n") * 300,
    "names of encoded-words": lambda: (
        START + (b"--b\r\nContent-Disposition: attachment; filename=" + b"=?utf-8?q?=00?= " * 4000 + b"\r\n\r\nx\r\n") * 300
    ),
    "multiparts that go on to the end": lambda: (
        START
        + b"".join(b"--b\r\n" + MULTIPART + b"i%d\r\n\r\n--i%d\r\n\r\nx\r\n" % (at, at) for at in range(990)) + b"-- x y\r\n" * (2 * MB)
    ),
    "lines that look like delimiters": lambda: START + b"--b\r\n\r\nx\r\n" + b"--bx\r\n" * (3 * MB),
    "many boundaries on many levels": lambda: (
        b"MIME-Version: 1.0\r\n"
        + b"".join(MULTIPART + b"a%d; boundary=b%d; boundary=c%d; boundary=d%d\r\n\r\n--a%d\r\n" % ((at,) * 5) for at in range(40))
        + b"--\r\n" * (5 * MB)
    ),
    "everything that readers differ about": lambda: (
        MULTIPART + b"a; boundary=c\r\nno field\r\n \r\n" + START
        + (b"--a\r\n\r\n--b \r\n\r\n--c\r\n\r\n--ax\r\n\r\n") * 300
        + b"--a--\r\n--b--\r\n--a\r\n--b\r\n" + (b"-" * 70 + b"\r\n") * (MB // 4)
    ),
    "parts before and behind the parts": lambda: (
        START + (b"--b\r\n" + MULTIPART + b"c\r\n\r\nContent-Type: a/b\r\n\r\n--c\r\n\r\nx\r\n--c--\r\nContent-Type: a/b\r\n\r\n") * 100_000
    ),
    "boundaries to be guessed": lambda: (
        b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed\r\n\r\n"
        + b"".join(b"--x%d\r\nContent-Type: multipart/mixed\r\n\r\n" % at for at in range(100_000))
    ),
    "delimiters under an encoding": lambda: (
        b"MIME-Version: 1.0\r\n"
        + MULTIPART + b"b\r\nContent-Transfer-Encoding: x-odd\r\n\r\n--b\r\n\r\nx\r\n" + (b"=2D-b" * 14 + b"\r\n") * (MB // 4)
    ),
    "empty lines": lambda: b"\r\n" * (10 * MB),
    "one line": lambda: b"x" * 20 * MB,
}  # fmt: skip


@pytest.mark.parametrize("made", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_structure_is_answered_soon(made: Callable[[], bytes]) -> None:
    octets = made()
    before, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    parsed = parse_buffer(octets)

    assert time.process_time() - started < SECONDS
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MEMORY_KIB
    assert len(parsed.parts) + len(parsed.otherwise) < 2100


@pytest.mark.parametrize("name", [name for name in HOSTILE if "lines" not in name and name != "one line"])
def test_what_was_not_looked_at_is_not_clean(name: str) -> None:
    parsed = parse_buffer(HOSTILE[name]())

    # What is in an attached message is read, and limited, with its file.
    assert not is_indexed_whole(parsed) or name in ("10,000 messages in one another", "delimiters under an encoding")
