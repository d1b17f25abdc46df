"""HTML, RTF, calendars and text that are cut off or have a wrong bit: their readers never fail, and say everything that is left."""

from collections.abc import Iterator
from contextlib import suppress

import pytest

from gateway.content import Budget, rtf, text, words
from gateway.content.reading import Reader, Source, Spent, Unreadable
from tests.content.test_charsets import FOREIGN
from tests.content.test_markup import SENSITIVE as HTML
from tests.content.test_records import SENSITIVE as RECORDS
from tests.content.test_rtf import START

RTF = START + b"{\\v x}\\u82?{\\field{\\*\\fldinst a}{\\fldrslt b}}{\\object{\\*\\objdata 0105 0000}}\\'c4\\f9 \\'ff\\bin4 abcd}"
SAMPLES: dict[str, tuple[Reader, str, bytes]] = {
    **{f"HTML, {name}": (words.read_words, "text/html", html.encode()) for name, html in HTML.items()},
    **{f"record, {name}": (words.read_words, "text/calendar", record.encode()) for name, record in RECORDS.items()},
    **{f"text in {codec}": (words.read_words, "text/plain", said.encode(codec)) for codec, said in FOREIGN.items()},
    "RTF": (rtf.read_rtf, "application/rtf", RTF),
    "a shortcut": (text.read_strings, "application/x-ms-shortcut", b"L\0\0\0" + "\\\\server\\a".encode("utf-16-le")),
}
CHARSETS = (None, "utf-7", "utf-16", "iso-2022-jp", "iso-2022-kr", "hz", "x-unknown")


def broken(data: bytes) -> Iterator[bytes]:
    """Cut off, a bit turned, something put in: at some places each."""
    for at in range(0, len(data), max(1, len(data) // 12)):
        yield data[:at]
        yield data[:at] + bytes([data[at] ^ 0x41]) + data[at + 1 :]
        yield from (data[:at] + sign + data[at:] for sign in (b"<", b'"', b"\\", b"{", b"\0", b"\xff", b"\x1b$B", b"~{", b"+AE", b"="))


@pytest.mark.slow
@pytest.mark.parametrize("name", SAMPLES)
def test_broken_octets_break_no_reader(name: str) -> None:
    reader, declared, whole = SAMPLES[name]
    for number, octets in enumerate(broken(whole)):
        source = Source(octets, (), declared, CHARSETS[number % len(CHARSETS)], is_words=True)
        with suppress(Unreadable):  # which is an answer
            assert all(item is not None for item in reader(source, Spent(Budget())))
