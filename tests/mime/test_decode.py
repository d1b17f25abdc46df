"""Decoding in pieces: the same octets whatever the piece size, and nothing hidden behind an early padding."""

import base64
import binascii
import hashlib
import quopri

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mime.decode import READINGS, decode, digest, head
from gateway.mime.doubtful import other_octets
from gateway.mime.groups import decode_groups
from gateway.model.message import DefectName, Digest, Encoding, Span
from gateway.parse import parse_buffer
from tests.build import message, noise

CHUNKS = st.integers(1, 200)


def decoded(octets: bytes, encoding: Encoding, chunk: int = 320 * 1024) -> tuple[bytes, set[DefectName]]:
    defects: set[DefectName] = set()
    return b"".join(decode(octets, Span(0, len(octets)), encoding, chunk, defects)), defects


def lines(text: bytes, length: int) -> bytes:
    return b"".join(text[at : at + length] + b"\r\n" for at in range(0, len(text), length))


@given(st.binary(max_size=2000), st.integers(1, 100), CHUNKS)
def test_base64_of_any_line_length_in_any_pieces(octets: bytes, length: int, chunk: int) -> None:
    assert decoded(lines(base64.b64encode(octets), length), Encoding.BASE64, chunk) == (octets, set())


@given(st.binary(max_size=2000), CHUNKS)
def test_base64_in_one_long_line(octets: bytes, chunk: int) -> None:
    assert decoded(base64.b64encode(octets), Encoding.BASE64, chunk) == (octets, set())


@given(st.lists(st.binary(min_size=1, max_size=50), min_size=2, max_size=8), CHUNKS)
def test_base64_runs_that_were_joined_are_all_read(pieces: list[bytes], chunk: int) -> None:
    text = b"".join(lines(base64.b64encode(piece), 76) for piece in pieces)
    octets, defects = decoded(text, Encoding.BASE64, chunk)

    assert octets == b"".join(pieces)
    assert (defects == {DefectName.BAD_BASE64}) == (b"=" in b"".join(base64.b64encode(piece) for piece in pieces[:-1]))


@pytest.mark.parametrize(
    ("text", "octets"),
    [
        (b"QQ==\r\nU0VDUkVU\r\n", b"ASECRET"),  # goes on behind a padding
        (b"QUJD*#!RUY=\r\n", b"ABCEF"),  # junk between the characters
        (b"QUI\r\n", b"AB"),  # padding forgotten
        (b"QUJDR", b"ABC"),  # a character too many
        (b"QUJD====QUJD", b"ABCABC"),
        (b"====", b""),
        (b"Q=Q=", b""),  # two characters that mean nothing
        (b"\xff\xfe", b""),
    ],
)
@pytest.mark.parametrize("chunk", [1, 2, 3, 5, 1000])
def test_odd_base64_is_read_and_named(text: bytes, octets: bytes, chunk: int) -> None:
    assert decoded(text, Encoding.BASE64, chunk) == (octets, {DefectName.BAD_BASE64})


@given(st.binary(max_size=300), CHUNKS)
def test_base64_never_raises_and_pieces_do_not_matter(text: bytes, chunk: int) -> None:
    octets, odd = decode_groups(text)

    assert decoded(text, Encoding.BASE64, chunk) == (octets, {DefectName.BAD_BASE64} if odd else set())


def test_a_file_hidden_behind_a_full_line_of_padding_is_found() -> None:
    canonical = lines(base64.b64encode(noise(57 * 100)), 76)
    octets, defects = decoded(b"QUJDRA==\r\n" + canonical, Encoding.BASE64, 780)

    assert octets == b"ABCD" + noise(57 * 100)
    assert defects == {DefectName.BAD_BASE64}


def test_padding_at_the_end_of_a_piece_is_odd_when_more_follows() -> None:
    full = base64.b64encode(noise(57 * 10))
    padded = base64.b64encode(noise(56))
    octets, defects = decoded(lines(full[:-76] + padded + full, 76), Encoding.BASE64, 780)

    assert octets == noise(57 * 10)[:-57] + noise(56) + noise(57 * 10)
    assert defects == {DefectName.BAD_BASE64}


@given(st.binary(max_size=1000), CHUNKS)
def test_quoted_printable_in_any_pieces(octets: bytes, chunk: int) -> None:
    text = octets.replace(b"\r", b"").replace(b"\n", b"\r\n")

    assert decoded(binascii.b2a_qp(text, istext=True), Encoding.QUOTED_PRINTABLE, chunk) == (text, set())


@given(st.lists(st.sampled_from([b"=", b"=4", b"=41", b"=\r\n", b" ", b"x", b"\r\n", b"==", b"=ZZ"]), max_size=30), CHUNKS)
def test_broken_quoted_printable_in_any_pieces(pieces: list[bytes], chunk: int) -> None:
    text = b"".join(pieces).replace(b"= ", b"=_")

    assert decoded(text, Encoding.QUOTED_PRINTABLE, chunk)[0] == quopri.decodestring(text)


def test_blanks_behind_a_soft_line_break_are_no_text() -> None:
    assert decoded(b"RESTR= \t\r\nICTED\r\n", Encoding.QUOTED_PRINTABLE)[0] == b"RESTRICTED\r\n"


@given(st.binary(max_size=1000), CHUNKS)
def test_uuencode_in_any_pieces(octets: bytes, chunk: int) -> None:
    body = b"".join(binascii.b2a_uu(octets[at : at + 45]).replace(b"\n", b"\r\n") for at in range(0, len(octets), 45))
    text = b"words before\r\nbegin 644 a.docx\r\n" + body + b"`\r\nend\r\nwords after\r\n"

    assert decoded(text, Encoding.UUENCODE, chunk) == (octets, set())


def test_what_is_declared_as_uuencode_and_is_not_is_given_as_it_stands() -> None:
    assert decoded(b"plain words\r\n", Encoding.UUENCODE) == (b"plain words\r\n", {DefectName.ODD_ENCODING})


@given(st.binary(max_size=400), st.sampled_from(Encoding), CHUNKS)
def test_no_encoding_raises_on_anything(text: bytes, encoding: Encoding, chunk: int) -> None:
    decoded(text, encoding, chunk)
    decoded(b"begin 644 x\n" + text, encoding, chunk)


def test_a_digest_is_size_and_sha256_of_the_decoded_file() -> None:
    content = noise(1_000_003)
    octets = message("a@x.example", "b@y.example", "s", "t", attachments=[("a.bin", content, "application/octet-stream")])
    part = parse_buffer(octets).parts[-1]

    assert digest(octets, part) == Digest("2", 1_000_003, hashlib.sha256(content).hexdigest())
    assert head(octets, part, 100) == content[:100]


def test_a_digest_says_when_the_base64_was_odd() -> None:
    octets = b"Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nQQ==\r\nQUJD\r\n"

    assert digest(octets, parse_buffer(octets).parts[0]).defects == (DefectName.BAD_BASE64,)


def test_an_unknown_encoding_is_read_in_every_way() -> None:
    assert READINGS[Encoding.UNKNOWN] == (Encoding.IDENTITY, Encoding.BASE64, Encoding.QUOTED_PRINTABLE, Encoding.UUENCODE)
    assert READINGS[Encoding.UUENCODE] == (Encoding.UUENCODE, Encoding.IDENTITY)
    assert all(READINGS[encoding] == (encoding,) for encoding in (Encoding.IDENTITY, Encoding.BASE64, Encoding.QUOTED_PRINTABLE))


@pytest.mark.parametrize(
    ("encoding", "text", "others"),
    [
        (
            Encoding.BASE64,
            b"QUJDRA==\r\nRUZH",
            {"up-to-padding": b"ABCD", "joined": base64.b64decode(b"QUJDRARUZH=="), "it-stands": b"QUJDRA==\r\nRUZH"},
        ),
        (Encoding.BASE64, b"QUJD!RUZH", {"up-to-junk": b"ABC", "it-stands": b"QUJD!RUZH"}),
        (Encoding.BASE64, b"_-_-", {"url-base64": b"\xff\xef\xfe", "it-stands": b"_-_-"}),
        (Encoding.BASE64, b"plain words", {"it-stands": b"plain words"}),
        (Encoding.QUOTED_PRINTABLE, b"a=b =41 ==c", {"loose": b"ab A c", "it-stands": b"a=b =41 ==c"}),
        (Encoding.IDENTITY, b"QUJD", {}),
    ],
)
def test_an_odd_body_as_other_readers_decode_it(encoding: Encoding, text: bytes, others: dict[str, bytes]) -> None:
    whole, _ = decoded(text, encoding)
    found = dict(other_octets(text, Span(0, len(text)), encoding, whole))

    assert {name: octets for name, octets in found.items() if name in others} == others
    assert whole not in found.values()


@pytest.mark.parametrize(
    ("text", "is_odd"),
    [
        (b"a=3Db=\r\nc =20\r\n", False),
        (b"soft =  \r\nbreak", False),
        (b"=3d=E4=\r\n", False),
        (b"", False),
        (b"a=b", True),
        (b"a==3D", True),
        (b"=4", True),
        (b"= a", True),
    ],
)
def test_odd_quoted_printable(text: bytes, *, is_odd: bool) -> None:
    assert decoded(text, Encoding.QUOTED_PRINTABLE)[1] == ({DefectName.BAD_QUOTED_PRINTABLE} if is_odd else set())
