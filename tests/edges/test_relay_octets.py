"""What leaves on the wire is what arrived: dots, chunk borders, what is spliced, and the end."""

import re

from hypothesis import example, given
from hypothesis import strategies as st

from gateway.edges.outgoing import octets_on_the_wire, pieces, written
from gateway.model.outcome import Copy, Splice
from tests.edges.relaying import LARGE, SMALL, Octets, copy_of, hand_over
from tests.peers.hop import hop

LINES = st.lists(st.sampled_from([b"", b".", b"..", b"...", b"a", b".a", b"a.", b"\t.", b"abc", b"."]), max_size=12)


@st.composite
def copies(draw) -> tuple[Copy, bytes]:
    """A copy of lines that end in CRLF, the last perhaps not, with other octets in place of any range; and its octets by the plain way."""
    content = b"\r\n".join(draw(LINES)) + draw(st.sampled_from([b"", b"\r\n", b"\r\n.", b"\r\n.\r\n"]))
    cuts = sorted(draw(st.lists(st.integers(0, len(content)), max_size=6, unique=True)))
    instead = st.sampled_from([b"", b".", b"\r\n.", b"b\r\n"])
    splices = tuple(Splice(start, end, draw(instead)) for start, end in zip(cuts[::2], cuts[1::2], strict=False))
    head = draw(st.sampled_from([b"", b"R: x\r\n", b".\r\n", b"..a\r\n"]))
    left, at = b"", 0
    for splice in (*splices, Splice(len(content), len(content))):
        left += content[at : splice.start] + splice.octets
        at = splice.end
    return copy_of(content, splices=splices, head=head), head + left


def on_the_wire(octets: bytes) -> bytes:
    """RFC 5321 section 4.5.2, line by line."""
    lines = octets.split(b"\n")
    stuffed = b"\n".join(b"." + line if line.startswith(b".") else line for line in lines)
    return stuffed + (b"" if octets.endswith(b"\r\n") or not octets else b"\r\n") + b".\r\n"


@given(copies(), st.integers(1, 9))
@example((copy_of(b"", head=b""), b""), 1)
@example((copy_of(b"a\r\n.\r\nb", head=b""), b"a\r\n.\r\nb"), 3)
def test_dots_are_doubled_at_line_starts_wherever_the_chunks_end(made: tuple[Copy, bytes], chunk: int) -> None:
    copy, octets = made

    found = list(pieces(copy, chunk))

    assert b"".join(found) == on_the_wire(octets)
    assert found[-1].endswith(b".\r\n")
    assert octets_on_the_wire(copy) == len(octets)
    assert b"".join(written(copy)) == octets


@given(copies(), st.integers(1, 9))
def test_the_content_cannot_end_the_message(made: tuple[Copy, bytes], chunk: int) -> None:
    """The first CRLF.CRLF is ours, so nothing behind it is read as commands; nor is there one for a hop that takes LF alone."""
    wire = b"\r\n" + b"".join(pieces(made[0], chunk))

    assert wire.find(b"\r\n.\r\n") == len(wire) - 5
    assert not re.search(rb"\n\.[\r\n]", wire[:-4])


def test_it_arrives_as_it_is() -> None:
    contents = [SMALL, b"", b".", b"..\r\n.\r\n", b"no end", b"Subject: x\r\n\r\n" + bytes(range(14, 256)) + b"\r\n", LARGE]
    with hop() as peer:
        hand_over(peer, *[copy_of(content, "a@x.example") for content in contents])

        for content, taken in zip(contents, peer.messages, strict=True):
            copy = copy_of(content)
            assert taken.octets == copy.head + content + (b"" if not content or content.endswith(b"\r\n") else b"\r\n")


def test_memory_stays_flat() -> None:
    """Never more than two chunks at once: what was yielded is gone before the next is read."""

    class Counting(Octets):
        longest = 0

        def read(self, start: int, end: int) -> bytes:
            Counting.longest = max(Counting.longest, end - start)
            return super().read(start, end)

    copy = copy_of(LARGE)
    sizes = [
        len(piece)
        for piece in pieces(Copy(copy.reverse_path, copy.recipients, copy.head, Counting(LARGE), eight_bit=False, smtputf8=False))
    ]

    assert Counting.longest <= 262_144
    assert max(sizes) <= 2 * 262_144
