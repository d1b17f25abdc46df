"""Whatever the standard library finds in a badly built message is among what is examined, and no octet of a body is left out.

The messages are heaps of lines that mean something: fields, delimiters, base64, encoded text, well and badly written.
"""

import base64
import email
import email.policy
import re
import warnings
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.mime.doubtful import all_octets
from gateway.mime.outside import outside_text
from gateway.mime.sizes import enclosing_files
from gateway.model.message import Part, Role
from gateway.parse import parse_buffer
from tests.laws import tries

pytestmark = pytest.mark.slow

FIELDS = [
    b"Content-Type: multipart/mixed; boundary=b",
    b'Content-Type: multipart/mixed; boundary="bb"',
    b"Content-Type: multipart/mixed; boundary=b; boundary=c",
    b"Content-Type: multipart/mixed; boundary*=utf-8''%63",
    b"Content-Type: multipart/mixed",
    b"Content-Type : multipart/mixed; boundary=b",
    b"Content-Type: multipart/alternative;\r\n boundary=c",
    b"Content-Type: text/plain",
    b"Content-Type: application/zip; name=a.zip",
    b"Content-Type: message/rfc822",
    b"Content-Type: multipart/digest; boundary=c",
    b"Content-Type: nonsense",
    b"Content-Transfer-Encoding: base64",
    b"Content-Transfer-Encoding: base64;",
    b"Content-Transfer-Encoding: quoted-printable",
    b"Content-Transfer-Encoding: 7bit",
    b"Content-Transfer-Encoding: x-uuencode",
    b"Content-Disposition: attachment; filename=b.exe",
    b"no field",
    b" ",
    b"X-A: b",
    b"MIME-Version: 1.0",
]
LINES = [
    b"--b", b"--b--", b"--b ", b"--bb", b"--bb--", b"--c", b"--c--", b"--bx", b"--", b"",
    base64.b64encode(b"a file of one line"), base64.b64encode(b"abcd"), base64.b64encode(b"12345"), b"QUJ", b"=",
    b"words", b"=41=42=4", b"=3D", b"begin 644 a.txt", b"#86)C", b"end",
]  # fmt: skip
# What says nothing to a person who sees it as words: fields, and base64 that was not decoded.
STRUCTURE = {line for field in FIELDS for line in field.split(b"\r\n")} | {b"Subject: x", *LINES[10:15]}
HEADER = st.lists(st.sampled_from(FIELDS), max_size=4).map(lambda fields: b"".join(field + b"\r\n" for field in fields))
ENTITY = st.tuples(HEADER, st.sampled_from([b"\r\n", b"\r\n", b" \r\n", b""]), st.lists(st.sampled_from(LINES), max_size=6)).map(
    lambda entity: entity[0] + entity[1] + b"".join(line + b"\r\n" for line in entity[2])
)
BETWEEN = st.sampled_from([line + b"\r\n" for line in LINES[:10]])
MESSAGE = st.tuples(HEADER, st.sampled_from([b"\r\n", b""]), st.lists(ENTITY | BETWEEN, max_size=8)).map(
    lambda message: b"Subject: x\r\n" + message[0] + message[1] + b"".join(message[2])
)


def examined(octets: bytes, depth: int = 0) -> Iterator[bytes]:
    """What every leaf holds under every reading, and those of messages and multiparts that are files."""
    parsed = parse_buffer(octets)
    inside = enclosing_files(parsed)
    for part in (*parsed.parts, *parsed.otherwise):
        if part.role is not Role.CONTAINER and inside.get(part.id) is None:
            for held in all_octets(octets, part, set()):
                yield held
                yield from _within(held, part, depth)


def _within(held: bytes, part: Part, depth: int) -> Iterator[bytes]:
    if depth < 6 and part.media_type.startswith("message/"):
        yield from examined(held, depth + 1)
    elif depth < 6 and part.media_type.startswith("multipart/"):
        yield from examined(b"Content-Type: multipart/mixed\r\nMIME-Version: 1.0\r\n\r\n" + held, depth + 1)


def outside_words(octets: bytes) -> bytes:
    """What stands outside of the parts and is read as words."""
    return (outside_text(octets, parse_buffer(octets), len(octets)) or "").encode()


class Found(NamedTuple):
    """What the standard library found in a message: a file, or a line of words."""

    held: bytes
    is_words: bool


def found_by_stdlib(octets: bytes) -> Iterator[Found]:
    """Its files as a whole; of words and of what it cannot split each line that says something."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for part in email.message_from_bytes(octets, policy=email.policy.compat32).walk():
            held = part.get_payload(decode=True)
            if part.is_multipart() or not isinstance(held, bytes):
                continue
            says = [line for line in held.splitlines() if line.strip() and not line.startswith(b"--") and line not in STRUCTURE]
            if part.get_content_maintype() in {"text", "multipart"} and not part.get_filename():
                yield from (Found(line, is_words=True) for line in says)
            elif says:
                yield Found(held, is_words=False)


# It takes the last delimiter of a digest for the header section of a member, and what no reader shows for its words.
@example(b"Content-Type: multipart/digest; boundary=c\r\n\r\n\r\n--c\r\n--c--\r\nwords\r\n")
@tries(400)
@given(MESSAGE)
def test_what_the_standard_library_finds_is_examined(octets: bytes) -> None:
    ours = {b"".join(held.split()) for held in examined(octets)}
    around = outside_words(octets)

    for found in found_by_stdlib(octets):
        # Of what it cannot decode the library leaves the line ends out.
        wanted = b"".join(found.held.split())
        assert any(wanted in each for each in ours) or (found.is_words and found.held.strip() in around), found


@tries(400)
@given(MESSAGE)
def test_every_octet_of_the_body_is_examined_or_known_structure(octets: bytes) -> None:
    """Known structure are header sections of parts and delimiter lines; what else stands outside of the parts is read as words."""
    parsed = parse_buffer(octets)
    inside = enclosing_files(parsed)
    left = bytearray(octets[parsed.parts[0].body.start :])
    start = len(octets) - len(left)
    for part in (*parsed.parts, *parsed.otherwise):
        spans = [part.header] if part.id != parsed.parts[0].id else []
        if part.role is not Role.CONTAINER and inside.get(part.id) is None:
            spans.append(part.body)
        for span in spans:
            begin, end = max(span.start - start, 0), max(span.end - start, 0)
            left[begin:end] = b"\0" * (end - begin)
    words = outside_words(octets)
    for line in re.split(rb"[\0\r\n]+", bytes(left)):
        assert not line.strip() or line.startswith(b"--") or line in words, line
