"""Base64 in text: a file is a member, a picture is shown where it stands, words are read."""

import base64
import json

import pytest

from gateway.content import Budget
from gateway.model.finding import Readable
from tests.build import docx, png
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


def test_more_than_the_budget_allows_is_over_budget() -> None:
    text = b",".join(base64.b64encode(b"{\\rtf1 a page of words, number %06d, and nothing else on it.}" % number) for number in range(60))

    assert look(text, "a.txt", budget=Budget(entries=50))[0].readable is Readable.OVER_BUDGET
