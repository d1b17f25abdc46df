"""The size model: what a file weighs on the wire, and how it is said."""

import base64
from collections.abc import Collection

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mime.sizes import (
    MB,
    enclosing_files,
    encoded_octets,
    human,
    human_pair,
    largest_decoded,
    removal,
    wire_after,
)
from gateway.model.message import Message, Span
from gateway.parse import parse_buffer
from tests.mime.wire import outline, wire


@given(st.integers(0, 5000))
def test_encoded_octets_is_what_an_encoder_makes(octets: int) -> None:
    assert encoded_octets(octets) == len(base64.encodebytes(bytes(octets)).replace(b"\n", b"\r\n"))


@given(st.integers(0, 2**40), st.integers(0, 10_000))
def test_largest_decoded_fits_and_one_octet_more_does_not(limit: int, overhead: int) -> None:
    most = largest_decoded(limit, overhead)

    assert most == 0 or encoded_octets(most) + overhead <= limit
    assert encoded_octets(most + 1) + overhead > limit


@pytest.mark.parametrize(("wire_mb", "files_mb"), [(20, 14.62), (25, 18.27), (35, 25.58)])
def test_wire_limits_hold_the_known_sizes_of_files(wire_mb: int, files_mb: float) -> None:
    assert round(largest_decoded(wire_mb * MB) / MB, 2) == files_mb


@pytest.mark.parametrize(
    ("octets", "said"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (1023, "1023 bytes"),
        (1024, "1 KB"),
        (340 * 1024 + 600, "341 KB"),
        (MB - 1, "1 MB"),
        (MB, "1 MB"),
        (12 * MB, "12 MB"),
        (int(14.2 * MB), "14.2 MB"),
        (int(14.96 * MB), "15 MB"),
        (100 * 1024 * MB, "102,400 MB"),
    ],
)
def test_a_size_is_said_as_the_senders_computer_shows_it(octets: int, said: str) -> None:
    assert human(octets) == said


@pytest.mark.parametrize(
    ("octets", "limit", "said"),
    [
        (int(14.2 * MB), 12 * MB, ("14.2 MB", "12 MB")),
        (12 * MB, 12 * MB, ("12 MB", "12 MB")),
        (int(12.04 * MB), 12 * MB, ("12.04 MB", "12 MB")),
        (12 * MB + 1, 12 * MB, ("12,582,913 bytes", "12,582,912 bytes")),
    ],
)
def test_two_sizes_that_differ_are_said_differently(octets: int, limit: int, said: tuple[str, str]) -> None:
    assert human_pair(octets, limit) == said


@given(st.integers(0, 2**34), st.integers(0, 2**34))
def test_a_pair_reads_equal_only_when_it_is(octets: int, limit: int) -> None:
    size, bound = human_pair(octets, limit)

    assert (size == bound) == (octets == limit)


NESTED = wire("""
    Content-Type: multipart/mixed; boundary=a
    MIME-Version: 1.0

    --a

    covering words
    --a
    Content-Type: application/pdf; name=one.pdf

    12345
    --a
    Content-Type: message/rfc822

    Subject: inner
    Content-Type: multipart/mixed; boundary=b

    --b

    inner words
    --b
    Content-Type: application/zip; name=two.zip

    1234567
    --b--
    --a--
    """)


def test_files_of_an_attached_message_are_inside_it() -> None:
    parsed = parse_buffer(NESTED)

    assert outline(parsed) == [
        "0 multipart/mixed container",
        "1 text/plain body",
        "2 application/pdf file",
        "3 message/rfc822 file",
        "3.0 multipart/mixed container",
        "3.1 text/plain body",
        "3.2 application/zip file",
    ]
    assert enclosing_files(parsed) == {"0": None, "1": None, "2": None, "3": None, "3.0": "3", "3.1": "3", "3.2": "3"}


@pytest.mark.parametrize("removed", [{"1"}, {"2"}, {"3"}, {"1", "2"}, {"2", "3"}, {"1", "3"}, {"3.1"}, {"3.2"}, {"3", "3.2"}, set()])
def test_what_is_removed_is_gone_and_nothing_else(removed: set[str]) -> None:
    before = parse_buffer(NESTED)
    spans = removal(before, removed)
    after = parse_buffer(_without(NESTED, spans))

    gone = {part.id for part in before.parts if any(part.id == one or part.id.startswith(f"{one}.") for one in removed)}
    assert _leaves(_without(NESTED, spans), after) == _leaves(NESTED, before, gone)
    assert after.defects == before.defects
    assert wire_after(before, removed) == after.octets


def test_a_multipart_that_loses_everything_stays_well_formed() -> None:
    spans = removal(parse_buffer(NESTED), {"1", "2", "3"})
    after = parse_buffer(_without(NESTED, spans))

    assert outline(after) == ["0 multipart/mixed container", "1 text/plain body"]
    assert len(after.parts[1].body) == 0


def test_a_message_of_one_part_loses_its_body() -> None:
    parsed = parse_buffer(b"Subject: x\r\n\r\nbody\r\n")

    assert removal(parsed, {"1"}) == (Span(14, 20),)


def test_added_parts_count_as_base64() -> None:
    parsed = parse_buffer(NESTED)

    assert wire_after(parsed, added=[3_000_000]) > len(NESTED) + encoded_octets(3_000_000)


def _leaves(octets: bytes, message: Message, gone: Collection[str] = ()) -> list[bytes]:
    """The octets of everything that holds no other part."""
    holders = {part.parent for part in message.parts}
    return [octets[part.body.start : part.body.end] for part in message.parts if part.id not in holders and part.id not in gone]


def _without(octets: bytes, spans: tuple[Span, ...]) -> bytes:
    for span in reversed(spans):
        octets = octets[: span.start] + octets[span.end :]
    return octets
