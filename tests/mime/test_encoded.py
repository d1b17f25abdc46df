"""Base64 in the middle of text: where a run begins and ends, what it is taken for, and what is passed over."""

import base64
import random
import struct
import time

import pytest

from gateway.mime.encoded import encoded_in, may_hold_encoded
from tests.build import pdf

_NOISE = random.Random(1)
FILE = b"%PDF-1.7\n" + _NOISE.randbytes(301)
ONE = base64.b64encode(FILE)
LINES = base64.encodebytes(FILE)
OTHER = b"PK\x03\x04" + _NOISE.randbytes(401)
WORDS = b"NHS number: 485 777 3457, and some more words that stand behind it."


def found(text: bytes) -> list[bytes]:
    return [run.octets for run in encoded_in(text) if run is not None]


@pytest.mark.parametrize(
    "text",
    [
        ONE,
        b'var f = "' + ONE + b'"; atob(f)',
        b"{'a':'" + LINES.replace(b"\n", b"\\n") + b"'}",
        b'"see\\n' + ONE + b'"',
        b'"' + ONE.replace(b"/", b"\\/").replace(b"+", b"\\u002b").replace(b"=", b"\\u003D") + b'"',
        b'"' + ONE[:100] + b"\\\n" + ONE[100:] + b'"',
        b"<a>" + LINES + b"</a>",
        b"<a>" + LINES.replace(b"\n", b"&#13;\n") + b"</a>",
        b"Attached:\n" + LINES.replace(b"\n", b"<br>\r\n"),
        b"See below\r\n" + LINES.replace(b"\n", b"\r\n") + b"\r\nKind regards",
        b"> " + LINES.replace(b"\n", b"\n> "),
        b"    " + LINES.replace(b"\n", b"\n    "),
        b'"application/pdf;base64,' + ONE + b'"',
        b"OBX|1|ED|PDF^Application^PDF^Base64^" + ONE + b"|",
    ],
)
def test_a_file_wherever_it_stands(text: bytes) -> None:
    assert may_hold_encoded(text)
    assert found(text) == [FILE]


def test_without_a_padding_words_that_follow_are_taken_for_more_of_it() -> None:
    (run,) = found(base64.encodebytes(FILE[:300]) + b"Kind regards\n\nKim\n")

    assert run.startswith(FILE[:300])


def test_two_files_below_each_other_are_two() -> None:
    assert found(base64.encodebytes(FILE[:300]) + base64.encodebytes(OTHER)) == [FILE[:300], OTHER]
    assert found(ONE + b" " + base64.b64encode(OTHER)) == [FILE, OTHER]


@pytest.mark.parametrize(
    "words", [WORDS, WORDS.decode().encode("utf-16-le"), WORDS.decode().encode("utf-16"), WORDS.decode().encode("utf-8-sig")]
)
def test_words_are_words(words: bytes) -> None:
    (run,) = [run for run in encoded_in(b'data: "' + base64.b64encode(words) + b'"') if run is not None]

    assert run == (words, False, False)


@pytest.mark.parametrize(
    "text",
    [
        b"data:application/pdf;base64," + ONE,
        b"begin-base64 644 a.pdf\n" + LINES,
        base64.b64encode(_NOISE.randbytes(3000)),
        base64.encodebytes(_NOISE.randbytes(3000)),
        b"The responsibilities of the interdepartmental environmental committee are internationally misunderstood.\n" * 40,
        b"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 " * 9,
        b"https://x.example/?c=H4sIAAAAAAAA" + base64.b64encode(_NOISE.randbytes(300)).replace(b"+", b"%2B").replace(b"/", b"_"),
        b"eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9."
        + base64.b64encode(b'{"sub":"1234567890","name":"Doe","admin":true,"iat":1516239022,"x":1}')
        + b".x",
        base64.b64encode(b"%PDF-1.7\n"),
        b"JVBERi0x is how a PDF begins in base64",
        b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/" * 3,
        b"a" * 300,
    ],
)
def test_what_is_passed_over(text: bytes) -> None:
    assert found(text) == []


def is_piece(text: bytes) -> list[bool]:
    return [run.is_piece for run in encoded_in(text) if run is not None]


PAGE = pdf(["x"]).partition(b"xref")[0]
SEVEN = b"7z\xbc\xaf\x27\x1c\0\4" + struct.pack("<IQQI", 1, 90, 30, 1) + bytes(120)
CABINET = b"MSCF\0\0\0\0" + struct.pack("<I", 200) + bytes(188)
OLE = (bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(14)).ljust(1024, b"\0")
PACKED = b"H4sIAAAAAAAA" + base64.b64encode(_NOISE.randbytes(600))


@pytest.mark.parametrize(
    "text",
    [
        b'{"content":"' + ONE[:100] + b'...(truncated)"}',
        b'{"content":"' + ONE[:100] + b'"}',
        *(
            b'"' + base64.b64encode(OTHER + FILE)[:800] + cut
            for cut in (b'..."', b'"...', b"\xe2\x80\xa6", b'\\u2026"', b" [truncated]", b"&hellip;")
        ),
        b'["' + ONE[:100] + b'...", "' + ONE[:120] + b'..."]',
        *(
            base64.b64encode(begin) + b" .."
            for begin in (PAGE.partition(b"stream")[0], PAGE.partition(b"/Type /Page ")[0], SEVEN[:-3], CABINET[:-3], OLE[:-3])
        ),
        b'{"file":"' + ONE[:100] + b'...","signature":"' + base64.b64encode(_NOISE.randbytes(64)) + b'"}',
        b"https://x.example/a?b=1&ctx=" + PACKED + b" Kim",
        b"https://x.example/#" + PACKED + b"\nKim",
    ],
)
def test_a_short_beginning_of_a_file_is_a_piece_of_one(text: bytes) -> None:
    pieces = is_piece(text)

    assert pieces
    assert all(pieces)


@pytest.mark.parametrize(
    "text",
    [
        b'{"content":"' + ONE + b'"}',
        b'{"content":"' + base64.b64encode(_NOISE.randbytes(2) + OTHER * 4)[:2] + b'"}' + ONE,
        base64.b64encode(OTHER * 4)[:2100] + b"...",
        base64.b64encode(b"%PDF-1.4 " + b"x" * 60 + b" startxref 1 %%EOF") + b"...",
        base64.b64encode(b"PK\x03\x04" + b"x" * 60 + b"PK\x05\x06" + bytes(18)) + b"...",
        b"f = '" + ONE[:100] + b"' +\n    '" + ONE[100:] + b"'",
        ONE[:100] + b"...\n" + ONE[100:],
        ONE[:100] + b"...(truncated)...\n" + ONE[100:],
        b"1: " + ONE[:76] + b"\n2: " + ONE[76:152] + b"\n3: " + ONE[152:],
        *(base64.b64encode(whole) + b" .." for whole in (PAGE, PAGE.replace(b"/Page ", b"/P#61ge "), SEVEN, CABINET, OLE)),
        base64.b64encode(b"%PDF-1.7\n1 0 obj<</Type/ObjStm/N 3/First 15/Length 99>>stream\n" + _NOISE.randbytes(99)) + b" ..",
        base64.b64encode(b"PK\x03\x04" + b"x" * 60 + b"PK\x01\x02" + bytes(18)) + b"...",
        b"page 1: " + ONE[:76] + b"...\npage 2: " + ONE[76:152],
        b"?ctx=" + base64.b64encode(b"\x1f\x8b\x08" + _NOISE.randbytes(3100)),
        b"id=" + PACKED,
        b"data: " + base64.b64encode(WORDS),
    ],
)
def test_what_is_long_or_whole_or_goes_on_is_no_piece(text: bytes) -> None:
    pieces = is_piece(text)

    assert pieces
    assert not pieces[0]


def test_many_that_nearly_are_one_are_left_to_who_has_time() -> None:
    assert may_hold_encoded(b"JVBERi0xaaaaaaaa " * 40)
    assert not may_hold_encoded(b"JVBERi0xaaaaaaaa " * 20)


@pytest.mark.slow
@pytest.mark.parametrize(
    "piece",
    [
        b"JVBERi0xaaaaaaaa ",
        b"data:a/b;base64," + ONE + b",",
        ONE + b",",
        b"JVBERi0x" * 8 + b"\n" * 900,
        b"\\n",
        b"<br>",
        b"A" * 17 + b" ",
        ONE[:100] + b"...," + b"\n" * 24,
    ],
)
def test_the_time_grows_with_the_text_alone(piece: bytes) -> None:
    def seconds(size: int) -> float:
        text = piece * (size // len(piece))
        start = time.process_time()
        found(text)
        return time.process_time() - start

    small = min(seconds(125_000) for _ in range(3))

    assert seconds(500_000) < max(0.05, small * 16)
