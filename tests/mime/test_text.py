"""The words of small text parts."""

import pytest

from gateway.mime.text import body_text
from gateway.parse import parse_buffer


def text(fields: bytes, body: bytes) -> str:
    octets = b"MIME-Version: 1.0\r\n" + fields + b"\r\n" + body
    return body_text(octets, parse_buffer(octets).parts[0], set())


@pytest.mark.parametrize(
    ("fields", "body", "read"),
    [
        (b"", b"two\r\nlines\r\n", "two\nlines\n"),
        (b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n", "£5".encode(), "£5"),
        (
            b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n",
            b"RESTR=\r\nICTED =C2=A35",
            "RESTRICTED £5",
        ),
        (b"Content-Type: text/plain; charset=utf-16le\r\nContent-Transfer-Encoding: base64\r\n", b"aABpAA==\r\n", "hi"),
        (b"Content-Type: text/plain; charset=no-such\r\n", b"caf\xe9", "café"),
        (b"", b"", ""),
    ],
)
def test_text_is_what_a_person_reads(fields: bytes, body: bytes, read: str) -> None:
    assert text(fields, body) == read


def test_an_encoding_in_doubt_gives_every_reading() -> None:
    fields = b"Content-Transfer-Encoding: 7bit\r\nContent-Transfer-Encoding: base64\r\n"

    assert "RESTRICTED" in text(fields, b"UkVTVFJJQ1RFRA==\r\n")
    assert "RESTRICTED" in text(fields, b"RESTRICTED\r\n")
