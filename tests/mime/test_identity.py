"""What makes two deliveries attempts at one transaction."""

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from gateway.mime.identity import digest_without_trace, identity
from tests.build import message

DIGEST = bytes(32)
MAIL = message("a@x.example", "b@y.example", "s", "Received: is no field here")
TEXT = st.text(max_size=5)


def test_a_retry_through_another_relay_has_the_same_digest() -> None:
    first = b"Received: from a\r\n\tby b; Mon, 05 Jan 2026 09:00:00 +0000\r\n" + MAIL
    again = b"Return-Path: <a@x.example>\r\nDelivered-To: b@y.example\r\nRECEIVED : from c\r\n by d\r\nReceived: from a\r\n by b\r\n" + MAIL

    assert digest_without_trace(first) == digest_without_trace(again) == digest_without_trace(MAIL) == hashlib.sha256(MAIL).digest()


def test_everything_else_counts() -> None:
    other = [
        MAIL.replace(b"Subject: s", b"Subject: t"),
        MAIL.replace(b"no field", b"No field"),
        MAIL.replace(b"Date:", b"X-Received: by us\r\nDate:"),
        MAIL.replace(b"\r\n\r\n", b"\r\n\r\nReceived: in the body\r\n", 1),
        MAIL + b"\r\n",
    ]

    assert len({digest_without_trace(octets) for octets in (MAIL, *other)}) == 6


@given(st.binary(max_size=300))
def test_any_octets_have_a_digest(octets: bytes) -> None:
    assert len(digest_without_trace(octets)) == 32


def test_a_large_message_and_a_large_header_section() -> None:
    body = b"x" * 1_000_000

    assert digest_without_trace(b"Received: a\r\nA: b\r\n\r\n" + body) == hashlib.sha256(b"A: b\r\n\r\n" + body).digest()
    assert digest_without_trace(b"A: b\r\n" * 50_000) == hashlib.sha256(b"A: b\r\n" * 50_000).digest()


def test_without_ident_and_message_id_nothing_is_ever_skipped() -> None:
    assert identity("in", "", "a@x.example", None, None, DIGEST) is None
    assert identity("in", "", "a@x.example", "", "", DIGEST) is None


def test_neighbours_do_not_run_together() -> None:
    assert identity("ab", "c", "d", "e", None, DIGEST) != identity("a", "bc", "d", "e", None, DIGEST)


def test_ident_outranks_the_message_id() -> None:
    assert identity("in", "", "a", "4ABC", "m1", DIGEST) == identity("in", "", "a", "4ABC", "m2", DIGEST)
    assert identity("in", "", "a", "4ABC", None, DIGEST) != identity("in", "", "a", None, "4ABC", DIGEST)


@given(st.tuples(TEXT, TEXT, TEXT, TEXT), st.tuples(TEXT, TEXT, TEXT, TEXT), st.binary(min_size=32, max_size=32))
def test_equal_only_when_everything_is(one: tuple[str, ...], other: tuple[str, ...], digest: bytes) -> None:
    first, second = ("x" + one[3], "x" + other[3])

    same = identity(*one[:3], first, None, digest) == identity(*other[:3], second, None, digest)
    assert same == (one == other)
    assert identity(*one[:3], first, None, digest) != identity(*one[:3], first, None, b"\1" * 33)
