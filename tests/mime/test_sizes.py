"""The size model: what a file weighs on the wire, and how it is said."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mime.sizes import (
    MB,
    encoded_octets,
    human,
    human_pair,
    largest_decoded,
)


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
