"""What comes again is known by its digest; what comes once costs none."""

import asyncio
import base64
import hashlib
from pathlib import Path

from gateway.edges.sandbox_familiar import Familiar
from gateway.edges.spool import Spool
from gateway.model.message import Encoding
from gateway.ports.examiner import Wanted


def wanted(octets: bytes, encoding: Encoding = Encoding.BASE64) -> Wanted:
    return Wanted("2", 0, len(octets), encoding, ("a.pdf",), "application/pdf", None, is_words=False)


def look(familiar: Familiar, folder: Path, octets: bytes) -> Wanted:
    content = Spool(folder).content(octets)
    (found,) = asyncio.run(familiar.digested(content, (wanted(octets),)))
    content.close()
    return found


def test_the_third_time_it_has_its_digest(tmp_path):
    plain = bytes(range(256)) * 3
    octets = base64.encodebytes(plain).replace(b"\n", b"\r\n")
    familiar = Familiar()
    assert [look(familiar, tmp_path, octets).sha256 for _ in range(2)] == ["", ""], "known by its looks; known by its checksum"
    again = look(familiar, tmp_path, octets)
    assert (again.sha256, again.octets) == (hashlib.sha256(plain).hexdigest(), len(plain))


def with_middle(octet: bytes) -> bytes:
    return base64.encodebytes(b"a" * 300 + octet + b"z" * 300).replace(b"\n", b"\r\n")


def test_alike_at_both_ends_costs_no_digest(tmp_path):
    familiar = Familiar()
    assert [look(familiar, tmp_path, with_middle(b"%d" % number)).sha256 for number in range(5)] == [""] * 5


def test_each_of_those_alike_has_a_digest_of_its_own(tmp_path):
    familiar = Familiar()
    first, second = [[look(familiar, tmp_path, with_middle(octet)) for _ in range(3)][-1] for octet in (b"1", b"2")]
    assert "" != first.sha256 != second.sha256 != ""


def test_the_sums_of_many_alike_are_forgotten_in_turn(tmp_path):
    familiar = Familiar()
    for number in range(10):
        look(familiar, tmp_path, with_middle(b"%d" % number))
    assert look(familiar, tmp_path, with_middle(b"9")).sha256 != ""
    assert look(familiar, tmp_path, with_middle(b"1")).sha256 == ""


def test_the_longest_unseen_is_forgotten(tmp_path):
    familiar = Familiar(room=1)
    first, second = base64.encodebytes(b"first" * 9), base64.encodebytes(b"second" * 9)
    look(familiar, tmp_path, first)
    look(familiar, tmp_path, second)
    assert look(familiar, tmp_path, first).sha256 == ""


def test_what_is_oddly_encoded_is_more_than_one_content_and_is_never_remembered(tmp_path):
    octets = base64.encodebytes(b"first" * 8).replace(b"\n", b"\r\n") + base64.encodebytes(b"second" * 8).replace(b"\n", b"\r\n")
    familiar = Familiar()
    assert [look(familiar, tmp_path, octets).sha256 for _ in range(4)] == [""] * 4
