"""Saved mail and web pages, however they begin and whatever they are called."""

import base64

import pytest

from gateway.model.finding import Readable
from tests.build import docx, noise, zip_of
from tests.content.reading import look, seen

REST = (
    b'multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: application/octet-stream; name=a.docx\r\n'
    b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(docx(["x"], header="RESTRICTED")) + b"\r\n--b--\r\n"
)
BEGINNINGS = {
    "version": b"MIME-Version: 1.0\r\nContent-Type: ",
    "type": b"Content-Type: ",
    "subject": b"Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: ",
    "folded": b"X-Note: a\r\n b\r\nContent-Type: ",
    "empty lines": b"\r\n\r\nMIME-Version: 1.0\r\nContent-Type: ",
    "byte order mark": b"\xef\xbb\xbfFrom: a@b\r\nContent-Type: ",
    "number of octets": b"1234\nFrom: a@b\nContent-Type: ",
    "browser": b"From: <Saved by Blink>\r\nSnapshot-Content-Location: http://a/\r\nMIME-Version: 1.0\r\nContent-Type: ",
}


@pytest.mark.parametrize("name", ["a.eml", "a.emlx", "a.mht", "a.mhtml", "a.txt", ""])
@pytest.mark.parametrize("beginning", BEGINNINGS)
def test_the_files_of_a_saved_mail_are_read(beginning: str, name: str) -> None:
    outer, file = look(BEGINNINGS[beginning] + REST, name)

    assert outer.detected_type == "message/rfc822"
    assert "file-in-text" not in outer.oddities
    assert ("restricted", "page_header") in seen(file)


def test_what_only_looks_like_a_header_is_read_as_text_too() -> None:
    (finding,) = look(b"Owner: OFFICIAL-SENSITIVE\nContent-Type: a list\n\nRESTRICTED\n", "notes.txt")

    assert "sensitive" in {id_ for id_, _ in seen(finding)}


SAVED = "From: Kim <a@b.example>\r\n{}\r\nSubject: x\r\nMIME-Version: 1.0\r\n\r\nHello.\r\n"


@pytest.mark.parametrize("field", ["Comments: 943 476 5919", "Keywords: 943 476 5919", "To: Kim 943 476 5919 <a@b.example>"])
def test_what_a_program_shows_of_an_attached_mails_header_is_words(field: str) -> None:
    assert seen(look(SAVED.format(field).encode(), "a.eml")[0]) == {("nhs-number", "text")}


@pytest.mark.parametrize("field", ["X-Classification", "Keywords", "Comments", "Sensitivity"])
def test_a_field_of_an_attached_mail_may_carry_a_marking(field: str) -> None:
    assert seen(look(SAVED.format(f"{field}: OFFICIAL-SENSITIVE").encode(), "a.eml")[0]) == {("sensitive", "header_field")}


@pytest.mark.parametrize(
    "field", ["X-Id: 943 476 5919", "To: <9434765919@b.example>, 9434765919@c.example", "Message-ID: <943-476-5919@b.example>"]
)
def test_numbers_of_machines_in_an_attached_mail_are_no_words(field: str) -> None:
    assert look(SAVED.format(field).encode(), "a.eml")[0].evidence == ()


def test_a_notebook_is_unsupported_and_not_text() -> None:
    data = bytes.fromhex("e4525c7b8cd8a74daeb15378d02996d3") + noise(3000, "x") + bytes(200)

    assert look(data, "a.one")[0].readable is Readable.UNSUPPORTED


def test_an_archive_behind_what_a_mac_keeps_is_found() -> None:
    outer, member = look(bytes(4).join([b"\0\5\x16\7\0\2\0\0", b"x" * 99]) + zip_of({"a.txt": b"RESTRICTED"}), "._a.docx")

    assert "polyglot" in outer.oddities
    assert ("restricted", "first_line") in seen(member)
