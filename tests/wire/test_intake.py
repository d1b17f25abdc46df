"""Octets on the wire to content: against a reference that looks at one octet after another."""

import random
import re
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import TryLater
from gateway.listen.intake import Counted, Dotted, Intake
from gateway.listen.lines import Lines, _run
from gateway.model.message import DefectName
from tests.laws import tries


class Kept:
    """A spool writer that keeps what it got."""

    def __init__(self, room: int = 1 << 30) -> None:
        self.octets = b""
        self.is_discarded = False
        self._room = room

    def write(self, data: bytes) -> None:
        assert not self.is_discarded
        self.octets += data
        if len(self.octets) > self._room:
            raise TryLater("full", "4.3.1")

    def finish(self):
        return self.octets

    def discard(self) -> None:
        self.is_discarded = True


def intake(writer=None, **options) -> Intake:
    return Intake(writer or Kept(), **({"most_octets": 1 << 30, "strict": False} | options))


def reference(wire: bytes) -> tuple[bytes, bytes] | None:
    """Content and rest by the letter of RFC 5321 section 4.5.2, then the line ends; None when the end never comes."""
    lines, line = [], b""
    for at in range(len(wire)):
        line += wire[at : at + 1]
        if not line.endswith(b"\r\n"):
            continue
        if line == b".\r\n":
            return mended(b"".join(lines)), wire[at + 1 :]
        lines.append(line.removeprefix(b"."))
        line = b""
    return None


def mended(octets: bytes) -> bytes:
    out = re.sub(rb"\r\n|\r|\n", b"\r\n", octets.replace(b"\0", b""))
    return out if not out or out.endswith(b"\r\n") else out + b"\r\n"


odd_octets = st.lists(st.sampled_from([b"\r", b"\n", b".", b"\r\n", b"\r\n.", b"\r\n.\r\n", b"a", b"bc", b"\0"]), max_size=40).map(b"".join)


@given(odd_octets, st.randoms(use_true_random=False))
@tries(400)
def test_however_it_is_cut_content_is_what_the_reference_reads(wire: bytes, chance: random.Random) -> None:
    wire += b"\r\n.\r\n"
    expected = reference(wire)
    taken = intake()
    dotted = Dotted(taken)
    rest, at = None, 0
    while rest is None:
        end = min(len(wire), at + chance.choice((1, 1, 2, 3, 7, 50)))
        assert at < end, "the end was missed"
        rest = dotted.feed(wire[at:end])
        at = end

    assert (taken.finish(), rest + wire[at:]) == expected


@given(odd_octets, st.randoms(use_true_random=False))
@tries(200)
def test_counted_octets_are_taken_as_they_are_cut(content: bytes, chance: random.Random) -> None:
    taken = intake()
    counted = Counted(taken, len(content))
    rest, at, wire = None if content else b"", 0, content + b"NEXT"
    while rest is None:
        end = min(len(wire), at + chance.choice((1, 2, 5, 50)))
        rest = counted.feed(wire[at:end])
        at = end

    assert rest + wire[at:] == b"NEXT" or not content
    assert taken.finish() == mended(content)


@pytest.mark.parametrize("almost", [b"\n.\n", b"\r.\r", b"\n.\r\n", b"\r\n.\n", b"\r\n.\r", b"\r\n.\r\r\n", b"\r\n.\n\r\n", b"\r\n.\0\r\n"])
def test_only_crlf_dot_crlf_ends_data(almost: bytes) -> None:
    taken = intake()
    dotted = Dotted(taken)

    assert dotted.feed(b"text" + almost + b"MAIL FROM:<a@b>\r\n") is None
    assert dotted.feed(b".\r\nREST") == b"REST"
    assert b"MAIL FROM:<a@b>\r\n" in taken.finish()


@cache
def base64_lines(width: int) -> bytes:
    chance = random.Random(width)
    return b"".join(bytes(chance.choices(b"ABCDabcd0123+/", k=width)) + b"\r\n" for _ in range(4000 // width))


@given(
    st.integers(1, 20),
    st.sampled_from([76, 64, 997, 3]),
    st.lists(
        st.tuples(st.floats(0, 1), st.sampled_from([b"\r", b"\n", b"\0", b"x", b"", b"--b\r\n", b"\r\n", b"longer" * 300])), max_size=3
    ),
    st.randoms(use_true_random=False),
)
@tries(120)
def test_runs_of_equal_lines_hide_nothing(repeats: int, width: int, planted, chance: random.Random) -> None:
    """The fast way over base64 sees every planted oddity."""
    octets = bytearray(b"Header: of another length\r\n\r\n" + base64_lines(width) * repeats)
    for place, what in planted:
        at = int(place * len(octets))
        octets[at : at + chance.randrange(2)] = what
    octets = bytes(octets)
    lines, cut, out = Lines(), chance.randrange(len(octets)), b""
    for piece in (octets[:cut], octets[cut:]):
        out += lines.feed(piece)
    out += lines.end()

    assert out == mended(octets)
    bare = octets.replace(b"\0", b"").replace(b"\r\n", b"")
    assert (DefectName.BARE_LINE_END in lines.defects) == (b"\r" in bare or b"\n" in bare)
    assert (DefectName.NUL in lines.defects) == (b"\0" in octets)
    assert (DefectName.LONG_LINE in lines.defects) == any(len(line) > 998 for line in out.split(b"\r\n"))


def test_base64_takes_the_fast_way() -> None:
    octets = b"Header: x\r\n\r\n" + base64_lines(76) * 20 + b"--end--\r\n"
    start, end = _run(octets)

    assert end - start > len(octets) - 300
    assert octets[start - 2 : start] == octets[end - 2 : end] == b"\r\n"


@pytest.mark.parametrize("what", [b"\r", b"\n", b"\0"])
@pytest.mark.parametrize("column", [0, 40, 75, 76, 77])
@pytest.mark.parametrize("row", [0, 1, 300, 512, 839, 1000, 1039])
def test_one_wrong_octet_in_a_run_is_seen_wherever_it_stands(row: int, column: int, what: bytes) -> None:
    octets = bytearray(base64_lines(76) * 20)
    at = row * 78 + column
    was = octets[at : at + 1]
    octets[at : at + 1] = what
    lines = Lines()

    assert lines.feed(bytes(octets)) + lines.end() == mended(bytes(octets))
    assert bool(lines.defects) == (was != what)


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\n\n", b"x\n", b"\n\r"])
def test_a_whole_run_with_wrong_ends_is_seen(end: bytes) -> None:
    octets = base64_lines(76).replace(b"\r\n", end) * 20
    lines = Lines()

    assert lines.feed(octets) + lines.end() == mended(octets)
    assert lines.defects == {DefectName.BARE_LINE_END}


@pytest.mark.parametrize("size", [1, 7, 999, 1000, 5000, 70_000])
@pytest.mark.parametrize("octets", [998, 999, 65_536, 65_537])
def test_a_long_line_is_seen_however_it_is_cut(octets: int, size: int) -> None:
    lines = Lines()
    text = b"short\r\n" + b"x" * octets + b"\r\nshort\r\n"
    out = b"".join(lines.feed(text[at : at + size]) for at in range(0, len(text), size)) + lines.end()

    assert out == text
    assert (DefectName.LONG_LINE in lines.defects) == (octets > 998)
    assert lines.is_too_long == (octets > 65_536)


def test_a_last_line_without_end_gets_one_silently() -> None:
    taken = intake(strict=True)
    taken.take(b"Subject: x\r\n\r\nno end")

    assert taken.finish() == b"Subject: x\r\n\r\nno end\r\n"
    assert taken.defects == ()


@pytest.mark.parametrize(("most", "fits"), [(19, True), (18, False)])
def test_the_limit_counts_content_without_stuffing_and_is_inclusive(most: int, fits: bool) -> None:
    writer = Kept()
    taken = intake(writer, most_octets=most)
    Dotted(taken).feed(b"..234567\r\n" + b"..2345678\r\n" + b".\r\n")

    assert (taken.finish() is not None) == fits
    assert writer.is_discarded == (not fits)
    assert fits or (taken.fault.code, taken.fault.status) == (552, "5.3.4")


def test_a_full_disk_is_a_452_and_the_rest_is_swallowed() -> None:
    taken = intake(Kept(room=10))
    dotted = Dotted(taken)

    assert dotted.feed(b"0123456789abcdef\r\nmore\r\n") is None
    assert dotted.feed(b"more\r\n.\r\nREST") == b"REST"
    assert taken.finish() is None
    assert (taken.fault.code, taken.fault.status, taken.detail) == (452, "4.3.1", "full")
    assert "full" not in taken.fault.text
