"""A message in seven bits: decoded, every part is what it was; not encoded, every octet is; and what would break is left alone."""

import email
import email.policy
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mime.sevenbit import MOST_OCTETS, to_seven_bit
from gateway.model.outcome import Splice
from gateway.parse import parse_buffer
from tests.mime.oracle import entities, leaves_of, stdlib_leaves

TEXT = "Grüße aus Köln -- und mehr, so daß es für quoted-printable reicht.\r\n"
BARE = re.compile(rb"(?<!\r)\n|\r(?!\n)")
PLAIN = (
    b"Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + TEXT.encode()
)


def converted(octets: bytes) -> bytes | None:
    splices = to_seven_bit(octets, parse_buffer(octets))
    return None if splices is None else spliced(octets, splices)


def spliced(octets: bytes, splices: tuple[Splice, ...]) -> bytes:
    assert list(splices) == sorted(splices)
    found, at = b"", 0
    for splice in (*splices, Splice(len(octets), len(octets))):
        assert at <= splice.start <= splice.end
        found += octets[at : splice.start] + splice.octets
        at = splice.end
    return found


def test_a_plain_text_whole():
    assert converted(PLAIN) == (
        b"Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
        b"Gr=C3=BC=C3=9Fe aus K=C3=B6ln -- und mehr, so da=C3=9F es f=C3=BCr quoted-p=\r\nrintable reicht.\r\n"
    )


def test_only_the_part_and_the_fields_around_it_change():
    mail = (
        b"MIME-Version: 1.0\r\n%s\r\nContent-Type: multipart/mixed; boundary=b\r\nX: y\r\n\r\nfor old readers\r\n"
        b"--b\r\n\r\nseven\r\n--b\r\nContent-Type: image/png\r\n%s\r\n%s\r\n"
        b"--b\r\nContent-Type: text/html\r\n%s\r\n%s\r\n--b--\r\nbehind\r\n"
    )
    html = b"<p>x</p>" + b" " * 40
    eight = (b"content-transfer-encoding:\r\n 8bit", b"", b"\x89PNG\xff\xfe", b"", html.replace(b"x", b"\xc3\xa4"))
    seven = (
        b"Content-Transfer-Encoding: 7bit",
        b"Content-Transfer-Encoding: base64\r\n",
        b"iVBOR//+\r\n",
        b"Content-Transfer-Encoding: quoted-printable\r\n",
        html.replace(b"x", b"=C3=A4")[:-1] + b"=20",
    )

    assert converted(mail % eight) == mail % seven


@given(entities(), st.sampled_from([b"", b"Content-Language: de\r\n"]))
def test_decoded_it_is_the_same_and_what_was_not_encoded_is_untouched(entity, more):
    octets = b"MIME-Version: 1.0\r\n" + more + entity
    before = parse_buffer(octets)
    splices = to_seven_bit(octets, before)
    if splices is None:
        return
    new = spliced(octets, splices)
    after = parse_buffer(new)

    assert new.isascii()
    assert max(map(len, new.split(b"\r\n"))) <= max(78, *map(len, octets.split(b"\r\n")))
    assert not BARE.search(new)
    assert [(part.id, part.media_type, part.names, part.charset) for part in after.parts] == [
        (part.id, part.media_type, part.names, part.charset) for part in before.parts
    ]
    assert leaves_of(new, after) == leaves_of(octets, before)
    assert [kind for kind, _ in leaves_of(new, after)] == [kind for kind, _ in stdlib_leaves(email.message_from_bytes(new))]
    changed = [part for part in before.parts if any(splice.start == part.body.start < splice.end for splice in splices)]
    assert all(not octets[part.body.start : part.body.end].isascii() for part in changed)
    kept = [
        octets[start:end] for start, end in zip([0, *(s.end for s in splices)], [*(s.start for s in splices), len(octets)], strict=True)
    ]
    assert all(piece in new for piece in kept)


def test_seven_bits_need_nothing():
    assert to_seven_bit(b"MIME-Version: 1.0\r\n\r\nhello\r\n", parse_buffer(b"MIME-Version: 1.0\r\n\r\nhello\r\n")) == ()


@given(st.binary(max_size=400), st.sampled_from(["text/plain", "application/octet-stream"]), st.sampled_from([b"\r\n", b""]))
def test_any_octets_come_back(octets, kind, end):
    body = octets.replace(b"\r", b"").replace(b"\n", b"\r\n").replace(b"\0", b"") + "ä".encode() + end
    new = converted(f"MIME-Version: 1.0\r\nContent-Type: {kind}\r\n\r\n".encode() + body)

    assert new is not None
    assert email.message_from_bytes(new, policy=email.policy.compat32).get_payload(decode=True) == body


@pytest.mark.parametrize("where", range(60, 90))
def test_a_soft_break_makes_no_delimiter(where):
    """A boundary in the middle of a line must not come to stand at the beginning of one."""
    line = "ä" + "x" * where + "--b"
    mail = (
        f"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n{line}\r\n--b\r\n\r\ntwo\r\n--b--\r\n".encode()
    )

    new = converted(mail)
    assert new is not None
    assert leaves_of(new, parse_buffer(new)) == [("text/plain", line.encode()), ("text/plain", b"two")]
    assert b"quoted-printable" in new
    assert not BARE.search(new)


SIGNED = PLAIN.replace(b"Subject: x\r\n", b"DKIM-Signature: v=1; b=x\r\n")
MIXED = b"MIME-Version: 1.0\r\nContent-Type: multipart/%s; boundary=b\r\n\r\n%s--b\r\n%s\r\n--b--\r\n%s"
UMLAUT = "\r\nä".encode()  # a part: no field, a letter


@pytest.mark.parametrize(
    "octets",
    [
        PLAIN.replace(b"MIME-Version: 1.0\r\n", b""),  # nobody says what the octets are
        PLAIN.replace(b"Subject: x", "Subject: ä".encode()),
        SIGNED,
        MIXED % (b"signed", b"", UMLAUT, b""),
        MIXED % (b"encrypted", b"", UMLAUT, b""),
        MIXED % (b"mixed", "ä\r\n".encode(), UMLAUT, b""),  # between the parts
        MIXED % (b"mixed", b"", UMLAUT, "ä".encode()),
        MIXED % (b"mixed", b"", b"Content-Type: message/rfc822\r\n\r\n" + SIGNED, b""),
        PLAIN.replace(b"text/plain; charset=utf-8", b"message/partial; id=x; number=1"),
        PLAIN.replace(b"8bit", b"base64"),
        PLAIN.replace(b"8bit", b"x-own"),
        PLAIN.replace(b"8bit", b"8bit\r\nContent-Transfer-Encoding: base64"),  # two readers, two mails
        PLAIN + b"x" * (MOST_OCTETS + 1),
    ],
)  # fmt: skip
def test_what_would_be_broken_is_not_converted(octets):
    assert converted(octets) is None


def test_a_signature_that_can_be_made_again_may_be_broken():
    def ours(value: bytes) -> bool:
        return b"b=x" in value

    nested = MIXED % (b"mixed", b"", b"Content-Type: message/rfc822\r\n\r\n" + SIGNED, b"")

    assert to_seven_bit(SIGNED, parse_buffer(SIGNED), ours) is not None
    assert to_seven_bit(SIGNED.replace(b"b=x", b"b=y"), parse_buffer(SIGNED), ours) is None
    assert to_seven_bit(nested, parse_buffer(nested), ours) is None  # of somebody else's mail, inside


def test_a_signature_of_seven_bits_beside_is_kept_as_it_is():
    inner = b"Content-Type: multipart/signed; boundary=s\r\n\r\n--s\r\n\r\nhello\r\n--s\r\n\r\nsig\r\n--s--"
    mail = MIXED % (b"mixed", b"", inner + b"\r\n--b\r\n" + UMLAUT, b"")

    new = converted(mail)
    assert new is not None
    assert inner in new
