"""Base64 in text: a file is a member, a picture is shown where it stands, words are read."""

import base64
import gzip
import json
import lzma

import pytest

from gateway.content import Budget
from gateway.model.finding import Readable
from tests.build import docx, noise, pdf, png, prose, zip_of
from tests.content.reading import look, seen

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
FILE = docx(["x"], header="RESTRICTED")
ONE = base64.b64encode(FILE).decode()
PERSON = b"Patient Alex Doe, NHS number: 485 777 3457, seen today."


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (f'<html><script>var f = "{ONE}"; save(atob(f))</script>', "a.html"),
        (f"<p>See below.</p>{base64.encodebytes(FILE).decode()}", "a.html"),
        (json.dumps({"resourceType": "Binary", "contentType": DOCX, "data": ONE}), "a.json"),
        (json.dumps({"data": base64.encodebytes(FILE).decode()}), "a.json"),
        (f'<?xml version="1.0"?><a><file>{ONE}</file></a>', "a.xml"),
        (base64.encodebytes(FILE).decode(), "a.txt"),
    ],
)
def test_a_file_in_a_text_is_a_file(text: str, name: str) -> None:
    outer, member = look(text.encode(), name)

    assert outer.readable is Readable.YES
    assert "file-in-text" in outer.oddities
    assert member.detected_type == DOCX
    assert ("restricted", "page_header") in seen(member)


def test_a_file_in_a_body_is_a_file() -> None:
    _, member = look(base64.encodebytes(FILE), "", "text/plain", is_words=True)

    assert ("restricted", "page_header") in seen(member)


@pytest.mark.parametrize("words", [PERSON, PERSON.decode().encode("utf-16-le")])
def test_words_are_read_where_they_stand(words: bytes) -> None:
    (finding,) = look(json.dumps({"content": base64.b64encode(words).decode()}).encode(), "a.json")

    assert ("nhs-number", "text") in seen(finding)
    assert not finding.oddities


def test_a_page_in_a_script_is_a_file_and_so_is_what_is_in_it() -> None:
    page = f'<html><script>var f = "{ONE}"</script></html>'.encode()

    found = look(b'<script>var f = "' + base64.b64encode(page) + b'"</script>', "a.html")

    assert [member.detected_type for member in found] == ["text/html", "text/html", DOCX]


def test_a_picture_in_a_notebook_is_no_file() -> None:
    text = json.dumps({"image/png": base64.encodebytes(png(900, 400, "plot")).decode()})

    assert len(look(text.encode(), "a.ipynb")) == 1


def test_what_a_calendar_attaches_is_found_once() -> None:
    lines = "BEGIN:VCALENDAR", "BEGIN:VEVENT", f"ATTACH;ENCODING=BASE64;VALUE=BINARY;FILENAME=a.docx:{ONE}", "END:VEVENT", "END:VCALENDAR"

    _, member = look("\r\n".join(lines).encode(), "a.ics", "text/calendar")

    assert member.names == ("a.docx",)


BEGINNINGS = {
    "pdf": pdf([prose(400)]),
    "docx": FILE,
    "ole": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + noise(900, "ole"),
    "7z": b"7z\xbc\xaf\x27\x1c\0\4" + noise(900, "7z"),
    "gzip": gzip.compress(noise(900, "gzip"), mtime=0),
    "xz": lzma.compress(prose(400).encode()),
    "rtf": b"{\\rtf1 " + prose(200).encode() + b"}",
}


@pytest.mark.parametrize("kept", [100, 200, 250])
@pytest.mark.parametrize("name", BEGINNINGS)
def test_the_beginning_of_a_file_in_a_log_is_nothing_that_could_not_be_read(name: str, kept: int) -> None:
    text = f'Upstream said {{"content":"{base64.b64encode(BEGINNINGS[name]).decode()[:kept]}...(truncated)"}}'

    assert all(finding.readable is Readable.YES for finding in look(text.encode(), "", "text/plain", is_words=True))


@pytest.mark.parametrize("file", [noise(500, "x"), prose(300).encode(), b"\0\1" + noise(40, "y")])
@pytest.mark.parametrize("kept", [220, -8])
def test_a_token_of_a_link_that_does_not_open_is_no_file(file: bytes, kept: int) -> None:
    token = base64.b64encode(gzip.compress(file + noise(200, "z"), mtime=0)).decode()[:kept]

    (finding,) = look(f"Join at https://x.example/?d={token} or call.".encode(), "", "text/plain", is_words=True)

    assert finding.readable is Readable.YES
    assert not finding.oddities


SHORT = {
    "a page whose end is cut off": (lambda: pdf([PERSON.decode()]).partition(b"startxref")[0]),
    "a zip whose end is cut off": (lambda: zip_of({"a.txt": PERSON}).partition(b"PK\x01\x02")[0]),
    "a whole zip": (lambda: zip_of({"a.txt": PERSON})),
    "a stream without its checksum": (lambda: gzip.compress(PERSON + prose(300).encode(), mtime=0)[:-8]),
    "words in clear": (lambda: b"%PDF-1.4\n1 0 obj\n% " + PERSON),
}


@pytest.mark.parametrize("name", SHORT)
@pytest.mark.parametrize("around", ['"{}..."', "{}...(truncated)", "https://x.example/?d={} "])
def test_what_opens_without_its_end_is_read_whatever_stands_behind_it(name: str, around: str) -> None:
    text = around.format(base64.b64encode(SHORT[name]()).decode())

    found = look(text.encode(), "", "text/plain", is_words=True)

    assert any(("nhs-number", "text") in seen(finding) for finding in found)


@pytest.mark.parametrize("most", [3000, 9000])
def test_a_long_beginning_is_a_damaged_file(most: int) -> None:
    text = base64.b64encode(b"%PDF-1.7\n" + noise(9000, "x")).decode()[:most] + "...(truncated)"

    assert look(text.encode(), "", "text/plain", is_words=True)[1].readable is Readable.DAMAGED


def test_a_piece_that_nobody_can_open_but_with_a_password_is_a_file() -> None:
    locked = bytearray(zip_of({"a.txt": PERSON}))
    locked[6] |= 1

    found = look(base64.b64encode(bytes(locked).partition(b"PK\x01\x02")[0]) + b"...", "", "text/plain", is_words=True)

    assert any(finding.readable is Readable.ENCRYPTED for finding in found)


def test_more_than_the_budget_allows_is_over_budget() -> None:
    text = b",".join(base64.b64encode(b"{\\rtf1 a page of words, number %06d, and nothing else on it.}" % number) for number in range(60))

    assert look(text, "a.txt", budget=Budget(entries=50))[0].readable is Readable.OVER_BUDGET
