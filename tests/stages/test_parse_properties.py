"""Any octets are understood somehow; what is well formed is understood as the standard library does."""

import email
import email.policy
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mime.decode import digest
from gateway.mime.identity import digest_without_trace
from gateway.mime.labels import header_labels
from gateway.mime.removal import removal
from gateway.mime.sizes import enclosing_files
from gateway.mime.text import body_text
from gateway.model.message import DefectName, Message
from gateway.parse import parse_buffer
from tests.build import Label, message, noise, png
from tests.laws import tries
from tests.mime.oracle import entities, leaves_of, stdlib_leaves

SAMPLE = message(
    '"Smith, Ann" <a@x.example>',
    ["b@y.example", "c@y.example"],
    "Größe",
    "words £\n" * 5,
    "<img src='cid:i1'>",
    [("räte.pdf", noise(300), "application/pdf"), ("old.eml", message("a@x.example", "b@y.example", "s", "t"), "message/rfc822")],
    [("i1", "i.png", png(), "image/png")],
    headers=[("msip_labels", Label("aaaaaaaa-1111-4111-8111-111111111111").header_value())],
)
ODD_PIECES = [
    b"\r\n", b"\r\n\r\n", b"--", b"--b", b"--b\r\n", b"--b--\r\n", b"=?utf-8?q?", b"?=", b'"', b"(", b";", b"boundary=b",
    b"\0", b"\r", b"\n",
    b"Content-Type: multipart/mixed; boundary=b\r\n", b"Content-Type: message/rfc822\r\n", b"Content-Transfer-Encoding: base64\r\n",
    b"filename*0*=", b"%", b"\xff", b" ", b"\t", b":", b"<", b"@",
    b"Content-Type: multipart/mixed; boundary=b; boundary=c\r\n", b"Content-Type : text/html\r\n", b"--b \r\n", b"--c--\r\n", b" \r\n",
    b"Content-Disposition: attachment; filename=a.b\r\n", b"begin 644 a\r\n#86)C\r\nend\r\n", b"=ybegin name=a\r\n", b"no field\r\n", b"==",
]  # fmt: skip
MUTATION = st.tuples(st.integers(0, len(SAMPLE)), st.integers(0, 40), st.sampled_from(ODD_PIECES) | st.binary(max_size=6))


def everything(octets: bytes) -> Message:
    """All that the front process does with a message."""
    parsed = parse_buffer(octets)
    for part in parsed.parts:
        assert digest(octets, part).octets >= 0
        body_text(octets, part, set())
    header_labels(parsed.fields)
    digest_without_trace(octets)
    removal(parsed, {part.id for part in parsed.parts[1::2]})
    return parsed


def check(parsed: Message, octets: bytes) -> None:
    """What is true of every index."""
    ids = [part.id for part in parsed.parts]
    places = {part.id: part for part in parsed.parts}
    assert len(ids) == len(set(ids)) >= 1
    assert parsed.parts[0].parent is None
    for part in parsed.parts:
        assert 0 <= part.header.start <= part.header.end <= part.body.start <= part.body.end <= len(octets)
        if part.parent is not None:
            around = places[part.parent]
            assert ids.index(around.id) < ids.index(part.id)
            assert around.body.start <= part.header.start <= part.body.end <= around.body.end
    for part in parsed.otherwise:
        assert 0 <= part.header.start <= part.header.end <= part.body.start < part.body.end <= len(octets)
        assert part.parent is None or part.parent in places
    assert len({part.id for part in parsed.otherwise} | set(ids)) == len(parsed.otherwise) + len(ids)
    # Siblings do not overlap, and stand in order.
    for parent in {part.parent for part in parsed.parts}:
        members = [part for part in parsed.parts if part.parent == parent]
        assert all(one.body.end <= other.header.start for one, other in pairwise(members))
    assert set(enclosing_files(parsed)) == set(ids)


@given(st.binary(max_size=400))
def test_any_octets_are_understood(octets: bytes) -> None:
    check(everything(octets), octets)


@given(st.lists(st.sampled_from(ODD_PIECES), max_size=40))
def test_any_heap_of_pieces_is_understood(pieces: list[bytes]) -> None:
    octets = b"".join(pieces)

    check(everything(octets), octets)


@pytest.mark.slow
@tries(150)
@given(st.lists(MUTATION, min_size=1, max_size=8))
def test_any_mutation_of_a_real_message_is_understood(mutations: list[tuple[int, int, bytes]]) -> None:
    octets = SAMPLE
    for at, gone, piece in mutations:
        octets = octets[:at] + piece + octets[at + gone :]

    check(everything(octets), octets)


@tries(200)
@given(entities())
def test_a_well_formed_message_has_the_leaves_that_the_standard_library_finds(entity: bytes) -> None:
    octets = b"MIME-Version: 1.0\r\nSubject: x\r\n" + entity
    parsed = parse_buffer(octets)
    check(parsed, octets)

    if b" \t" not in octets:  # blanks behind a delimiter, which not every reader allows
        assert parsed.defects == ()
        assert parsed.otherwise == ()
    assert leaves_of(octets, parsed) == stdlib_leaves(email.message_from_bytes(octets, policy=email.policy.compat32))


def test_the_sample_too() -> None:
    theirs = stdlib_leaves(email.message_from_bytes(SAMPLE, policy=email.policy.compat32))
    parsed = everything(SAMPLE)

    # Of a message under base64 the standard library sees an empty one; to us it is a file that is read as a whole.
    assert [leaf for leaf in leaves_of(SAMPLE, parsed) if leaf[0] != "message/rfc822"] == [leaf for leaf in theirs if leaf[1]][:4]
    assert [(defect.name, defect.where) for defect in parsed.defects] == [(DefectName.ENCODED_COMPOSITE, "3")]
