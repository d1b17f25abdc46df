"""What can be taken out of a message and what cannot, on messages as they stand on the wire."""

import pytest

from gateway.mime.taking import find_fixed
from gateway.model.message import Fixed, Role
from gateway.parse import parse_buffer
from tests.mime.wire import wire

WORDS = "Content-Type: text/plain\n\nWords.\n"
PDF = "Content-Type: application/pdf\nContent-Disposition: attachment; filename=a.pdf\nContent-Transfer-Encoding: base64\n\nJVBERi0=\n"


def multipart(kind: str, *parts: str, boundary: str = "b", more: str = "") -> str:
    body = "".join(f"--{boundary}\n{part}\n" for part in parts)
    return f"Content-Type: multipart/{kind}; boundary={boundary}{more}\n\n{body}--{boundary}--\n"


def file(kind: str, name: str = "x.bin", encoding: str = "base64", body: str = "AAAA") -> str:
    fields = f"Content-Type: {kind}\nContent-Disposition: attachment; filename={name}\nContent-Transfer-Encoding: {encoding}\n"
    return f"{fields}\n{body}\n"


def fixed(text: str) -> dict[str, Fixed]:
    message = parse_buffer(wire("From: a@own.example\nMIME-Version: 1.0\n" + text))
    return find_fixed(message, [part.id for part in message.parts if part.role is Role.FILE])


SIGNED = multipart(
    "signed", multipart("mixed", WORDS, PDF, boundary="inner"), file("application/pkcs7-signature", "smime.p7s"), more="; protocol=x"
)
ENVELOPE = multipart("encrypted", file("application/pgp-encrypted"), file("application/octet-stream"), more="; protocol=x")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (multipart("mixed", WORDS, PDF), {}),
        (multipart("mixed", WORDS, file("message/rfc822", "a.eml", "7bit", f"Subject: x\n\n{WORDS}")), {}),
        (PDF, {}),
        (SIGNED, {"1.2": Fixed.SIGNED}),
        (multipart("mixed", SIGNED, PDF, boundary="outer"), {"1.1.2": Fixed.SIGNED}),
        (ENVELOPE, {"1": Fixed.ENCRYPTED, "2": Fixed.ENCRYPTED}),
        (multipart("mixed", WORDS, file("application/ms-tnef", "winmail.dat")), {"2": Fixed.FOREIGN}),
        (file("application/pkcs7-mime; smime-type=signed-data", "smime.p7m"), {"1": Fixed.FOREIGN}),
        (multipart("mixed", WORDS, file("application/x-microsoft-rpmsg-message", "message.rpmsg")), {"2": Fixed.ENCRYPTED}),
        (multipart("mixed", WORDS, file("application/pdf", "a.pdf", "x-strange")), {"2": Fixed.ENCODING}),
        (multipart("mixed", WORDS, file("message/external-body; access-type=x", "a", "7bit", "\n")), {"2": Fixed.PIECE}),
    ],
    ids=["plain", "message", "alone", "signed", "signed beside", "pgp", "tnef", "opaque", "rights", "encoding", "elsewhere"],
)  # fmt: skip
def test_why_a_file_stays_in_its_message(text: str, expected: dict[str, Fixed]) -> None:
    assert fixed(text) == expected


def test_nothing_is_taken_out_of_what_two_readers_see_differently() -> None:
    text = multipart("mixed", WORDS, PDF).replace("boundary=b", "boundary=b; boundary=c") + "--c\n" + PDF + "--c--\n"

    assert set(fixed(text).values()) == {Fixed.READINGS}


def test_nothing_is_taken_out_of_what_is_protected_as_a_whole() -> None:
    body = "MIAGCSqGSIb3DQEHA6CAMIACAQA=\n"
    text = f"Content-Type: application/pkcs7-mime; smime-type=enveloped-data\nContent-Transfer-Encoding: base64\n\n{body}"

    assert fixed(text) == {"1": Fixed.ENCRYPTED}


def test_a_file_in_the_middle_of_words_has_no_part_to_take() -> None:
    message = parse_buffer(wire("From: a@own.example\n\nbegin 644 a.txt\n#86)C\n`\nend\n"))

    assert find_fixed(message, ["1/1"]) == {"1/1": Fixed.IN_WORDS}
