"""What the portal computes: ranges, names, archives, tickets, addresses."""

import asyncio
import bisect
import io
import subprocess
import zipfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.web.portal.names import LONGEST, attachment, distinct, harmless
from gateway.web.portal.networks import Proxies, home, network
from gateway.web.portal.ranges import slice_of
from gateway.web.portal.tickets import LASTS_SECONDS, Tickets
from gateway.web.portal.zipped import Entry, length, zipped

AT = datetime(2026, 11, 26, 18, 0, tzinfo=UTC)
ETAG = '"abc"'


@pytest.mark.parametrize(
    ("asked", "if_range", "sent"),
    [
        (None, None, (0, 1000, True)),
        ("bytes=0-", None, (0, 1000, False)),
        ("bytes=0-0", None, (0, 1, False)),
        ("bytes=100-199", None, (100, 200, False)),
        ("BYTES=100-199", None, (100, 200, False)),
        ("bytes=900-5000", None, (900, 1000, False)),
        ("bytes=-100", None, (900, 1000, False)),
        ("bytes=-5000", None, (0, 1000, False)),
        ("bytes=1000-", None, None),
        ("bytes=-0", None, None),
        ("bytes=5-3", None, (0, 1000, True)),
        ("bytes=0-1,3-4", None, (0, 1000, True)),
        ("bytes=0-0," * 5000, None, (0, 1000, True)),
        ("bytes=a-b", None, (0, 1000, True)),
        ("bytes=\u0661-", None, (0, 1000, True)),
        ("lines=1-2", None, (0, 1000, True)),
        ("bytes=99999999999999999999-", None, (0, 1000, True)),
        ("bytes=100-", ETAG, (100, 1000, False)),
        ("bytes=100-", '"older"', (0, 1000, True)),
        ("bytes=100-", f"W/{ETAG}", (0, 1000, True)),
        ("bytes=100-", "Thu, 26 Nov 2026 18:00:00 GMT", (0, 1000, True)),
    ],
)
def test_ranges(asked: str | None, if_range: str | None, sent: tuple[int, int, bool] | None) -> None:
    found = slice_of(1000, asked, if_range, ETAG)
    assert (found and (found.start, found.end, found.is_whole)) == sent


def test_an_empty_file_has_no_ranges() -> None:
    assert slice_of(0, "bytes=0-", None, ETAG) is None
    assert slice_of(0, "bytes=-1", None, ETAG) is None
    assert slice_of(0, None, None, ETAG) is not None


@given(st.integers(0, 2000), st.text() | st.from_regex(r"bytes=\d{0,4}-\d{0,4}", fullmatch=True))
def test_no_range_leaves_the_file(octets: int, asked: str) -> None:
    found = slice_of(octets, asked, None, ETAG)
    assert found is None or 0 <= found.start <= found.end <= octets


@pytest.mark.parametrize(
    ("given_name", "shown"),
    [
        ("report.pdf", "report.pdf"),
        ("Bericht f\u00fcr M\u00fcller.docx", "Bericht f\u00fcr M\u00fcller.docx"),
        ("\u0627\u0644\u062a\u0642\u0631\u064a\u0631.pdf", "\u0627\u0644\u062a\u0642\u0631\u064a\u0631.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Windows\\system32\\evil.dll", "evil.dll"),
        ("a\uff0fb\u2215c.txt", "c.txt"),
        ("report\u202efdp.exe", "reportfdp.exe"),
        ("report\u2067\u2069.pdf", "report.pdf"),
        ("a\r\nSet-Cookie: x=1.pdf", "a Set-Cookie_ x=1.pdf"),
        ("a\x00.pdf", "a.pdf"),
        ('a".pdf', "a_.pdf"),
        ("con", "_con"),
        ("NUL.txt", "_NUL.txt"),
        ("com\u00b9.log", "_com\u00b9.log"),
        (".bashrc", "_bashrc"),
        ("...", "file"),
        ("a. . .", "a"),
        ("", "file"),
        ("\u200b\u3164", "file"),
        ("report.pdf" + " " * 200 + ".exe", "report.pdf .exe"),
        ("x" * 500 + ".pdf", "x" * (LONGEST - 4) + ".pdf"),
        ("\ud800a.pdf", "a.pdf"),
        ("a%2e%2e.pdf", "a_2e_2e.pdf"),
        ("a/", "a"),
        ("\u2025", "file"),
        ("con\uff0e\u00e9", "_con.\u00e9"),
        ("\u2024bashrc", "_bashrc"),
    ],
)
def test_names_are_made_harmless(given_name: str, shown: str) -> None:
    assert harmless(given_name) == shown


@given(st.text(max_size=400))
def test_a_harmless_name_is_one_for_every_disk_and_stays_so(given_name: str) -> None:
    name = harmless(given_name)

    assert 0 < len(name.encode()) <= LONGEST
    assert not set(name) & set('/\\<>:"|?*%\r\n\t\0')
    assert name == name.strip(". ")
    assert harmless(name) == name
    field = attachment(name)
    assert field.isascii()
    assert field.isprintable()
    assert field.count('"') == 2


def test_names_are_told_apart_where_capitals_count_for_nothing() -> None:
    given_names = ("a.pdf", "A.pdf", "a (2).pdf", "b", "b", ".x", ".x")
    assert distinct(given_names) == ("a.pdf", "A (2).pdf", "a (2) (2).pdf", "b", "b (2)", ".x", ".x (2)")


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("a.pdf", 'attachment; filename="a.pdf"'),
        ("\u00fc.pdf", "attachment; filename=\"u.pdf\"; filename*=UTF-8''%C3%BC.pdf"),
        ("\u4e2d\u6587.pdf", "attachment; filename=\"file.pdf\"; filename*=UTF-8''%E4%B8%AD%E6%96%87.pdf"),
        ("\uff43\uff4f\uff4e.pdf", "attachment; filename=\"_con.pdf\"; filename*=UTF-8''%EF%BD%83%EF%BD%8F%EF%BD%8E.pdf"),
        ("a;b'c.pdf", "attachment; filename=\"a_b_c.pdf\"; filename*=UTF-8''a%3Bb%27c.pdf"),
    ],
)
def test_content_disposition(name: str, field: str) -> None:
    assert attachment(name) == field


def entry(name: str, octets: bytes, pieces: int = 7) -> Entry:
    async def read() -> AsyncIterator[bytes]:
        for at in range(0, len(octets), max(len(octets) // pieces, 1)):
            yield octets[at : at + max(len(octets) // pieces, 1)]

    return Entry(name, len(octets), read)


def gathered(entries: list[Entry]) -> bytes:
    async def gather() -> bytes:
        return b"".join([piece async for piece in zipped(entries, AT)])

    return asyncio.run(gather())


@given(st.lists(st.integers(0, 200_000), max_size=4), st.integers(1, 9))
def test_an_archive_holds_its_files_and_is_as_long_as_was_said(sizes: list[int], pieces: int) -> None:
    files = {f"{number} \u00fc.bin": bytes([number]) * size for number, size in enumerate(sizes)}
    entries = [entry(name, octets, pieces) for name, octets in files.items()]
    archive = gathered(entries)

    assert len(archive) == length(entries)
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        assert {name: opened.read(name) for name in opened.namelist()} == files


def test_other_programs_read_the_archive_and_its_stream(tmp_path) -> None:
    path = tmp_path / "all.zip"
    path.write_bytes(gathered([entry("a.bin", b"a" * 150_000), entry("\u00fc.txt", b"words"), entry("empty", b"")]))

    for command in (["7z", "t", str(path)], ["bsdtar", "-xOf", "-"]):  # bsdtar goes through the stream, as what unpacks while it loads
        with path.open("rb") as stream:
            done = subprocess.run(command, capture_output=True, check=False, stdin=stream)
        assert done.returncode == 0, (command, done.stdout, done.stderr)


class Sparse(io.RawIOBase):
    """Octets that are too many to hold: pieces that are the same object count once."""

    def __init__(self, pieces: list[bytes]) -> None:
        self.pieces, self.starts, self.at = pieces, [0], 0
        for piece in pieces:
            self.starts.append(self.starts[-1] + len(piece))

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.at

    def seek(self, at: int, whence: int = 0) -> int:
        self.at = at + (self.at if whence == 1 else self.starts[-1] if whence == 2 else 0)
        return self.at

    def read(self, size: int = -1) -> bytes:
        found = bytearray()
        want = self.starts[-1] - self.at if size < 0 else min(size, self.starts[-1] - self.at)
        while len(found) < want:
            number = bisect.bisect_right(self.starts, self.at) - 1
            piece = self.pieces[number][self.at - self.starts[number] :][: want - len(found)]
            found += piece
            self.at += len(piece)
        return bytes(found)


@pytest.mark.slow
def test_an_archive_of_more_than_four_gigabytes_is_zip64() -> None:
    block = bytes(65_535 * 64)
    times = 1100  # 4.6 GB

    async def read() -> AsyncIterator[bytes]:
        for _ in range(times):
            yield block

    entries = [Entry("large.bin", len(block) * times, read), entry("behind.txt", b"behind four gigabytes")]
    same: dict[bytes, bytes] = {}

    async def gather() -> list[bytes]:
        return [same.setdefault(piece, piece) async for piece in zipped(entries, AT)]

    archive = Sparse(asyncio.run(gather()))
    assert archive.starts[-1] == length(entries)
    with zipfile.ZipFile(archive) as opened:  # type: ignore[arg-type]
        large, behind = opened.infolist()
        assert (large.file_size, large.compress_size) == (len(block) * times, entries[0].packed)
        assert behind.header_offset > 1 << 32
        assert opened.read(behind) == b"behind four gigabytes"


def test_a_file_that_is_not_what_it_said_ends_the_archive() -> None:
    short = Entry("a", 10, entry("a", b"only 9 oc").read)
    with pytest.raises(RuntimeError):
        gathered([short])


def test_a_ticket_is_good_for_its_file_and_its_time() -> None:
    tickets, session = Tickets(b"k" * 32), bytes(range(32))
    ticket = tickets.sign(session, "/7KQ-402/files/1", AT)

    assert tickets.read(ticket, "/7KQ-402/files/1", AT + timedelta(seconds=LASTS_SECONDS - 1)) == session
    assert tickets.read(ticket, "/7KQ-402/files/2", AT) is None
    assert tickets.read(ticket, "/7KQ-402/files/1", AT + timedelta(seconds=LASTS_SECONDS)) is None
    assert Tickets(b"K" * 32).read(ticket, "/7KQ-402/files/1", AT) is None
    assert tickets.read("\u00fc", "/", AT) is None


@given(st.integers(0, 95), st.integers(1, 255))
def test_a_ticket_with_one_letter_changed_is_none(position: int, turn: int) -> None:
    tickets = Tickets(b"k" * 32)
    letters = list(tickets.sign(bytes(32), "/a", AT))
    changed = chr((ord(letters[position]) + turn) % 128)
    before, letters[position] = letters[position], changed

    assert changed == before or tickets.read("".join(letters), "/a", AT) is None


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("192.0.2.1", [], "192.0.2.1"),
        ("192.0.2.1", ["198.51.100.7"], "192.0.2.1"),  # no proxy of ours: what it says is its own word
        ("10.0.0.1", ["198.51.100.7"], "198.51.100.7"),
        ("10.0.0.1", ["203.0.113.9, 198.51.100.7"], "198.51.100.7"),
        ("10.0.0.1", ["203.0.113.9", "198.51.100.7, 10.0.0.2"], "198.51.100.7"),
        ("10.0.0.1", ["nonsense"], "10.0.0.1"),
        ("10.0.0.1", ["10.0.0.2"], "10.0.0.2"),
        ("10.0.0.1", [" [2001:db8::1]:443 "], "[2001:db8::1]:443"),
        ("::ffff:10.0.0.1", ["198.51.100.7"], "198.51.100.7"),
    ],
)
def test_who_asks(peer: str, forwarded: list[str], client: str) -> None:
    assert Proxies(("10.0.0.0/8",)).client(peer, forwarded) == client


def test_networks() -> None:
    assert (home("198.51.100.7"), network("198.51.100.7")) == ("198.51.100.7/32", "198.51.100.0/24")
    assert (home("2001:db8:1:2:3::4"), network("[2001:db8:1:2::4]:5")) == ("2001:db8:1:2::/64", "2001:db8:1::/48")
    assert (home("::ffff:198.51.100.7"), network("nonsense")) == ("198.51.100.7/32", "unknown")
