"""What files really are: text, HTML, messages, envelopes, pictures, and what is unknown."""

import resource
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.content import Budget
from gateway.content.markup import to_text
from gateway.model.finding import Readable
from tests.build import docx, message, noise, pdf, png, pptx, xlsx, zip_of
from tests.content.reading import look, seen
from tests.laws import tries

CMS = bytes.fromhex("3082010006092a864886f70d010703a08201")


@pytest.mark.parametrize(
    ("data", "name", "declared", "detected", "readable"),
    [
        (b"", "a.txt", "text/plain", "inode/x-empty", Readable.YES),
        (b"a,b\n1,2\n", "a.csv", "application/vnd.ms-excel", "text/", Readable.YES),
        (b'{"a": 1}', "a.json", "application/json", "application/json", Readable.YES),
        (png(3, 3, "x"), "a.png", "image/png", "image/png", Readable.YES),
        (noise(3000, "x"), "a.bin", "application/octet-stream", "", Readable.UNSUPPORTED),
        (b"{\\rtf1 hello}", "a.rtf", "application/rtf", "application/rtf", Readable.YES),
        (bytes.fromhex("789f3e22") + bytes(90), "winmail.dat", "application/ms-tnef", "application/ms-tnef", Readable.DAMAGED),
        (CMS + noise(200, "x"), "smime.p7m", "application/pkcs7-mime", "application/pkcs7-mime", Readable.ENVELOPED),
        (b"x", "smime.p7m", "application/pkcs7-mime", "text/plain", Readable.ENVELOPED),
        (b"-----BEGIN PGP MESSAGE-----\n\nabc\n", "a.asc", "text/plain", "application/pgp-encrypted", Readable.ENVELOPED),
        (b"hello\n-----BEGIN PGP MESSAGE-----\n\nabc\n", "a.txt", "text/plain", "text/plain", Readable.ENVELOPED),
        (bytes.fromhex("76e80460c411e386") + noise(99, "x"), "message.rpmsg", "application/x", "", Readable.RIGHTS_PROTECTED),
        (noise(99, "x"), "a.docx.pfile", "application/octet-stream", "", Readable.RIGHTS_PROTECTED),
        (bytes.fromhex("00051607") + bytes(99), "._a.docx", "application/octet-stream", "application/applefile", Readable.YES),
    ],
)
def test_kinds(data: bytes, name: str, declared: str, detected: str, readable: Readable) -> None:
    (finding,) = look(data, name, declared)

    assert finding.detected_type.startswith(detected)
    assert finding.readable is readable
    assert ("type-disagrees" in finding.oddities) == (name == "._a.docx")


@pytest.mark.parametrize(
    ("data", "name", "declared"),
    [
        (docx(["x"]), "a.pdf", "application/octet-stream"),
        (docx(["x"]), "a.docx", "image/png"),
        (pdf(["x"]), "a.txt", "application/pdf"),
        (zip_of({"a": b"b"}), "a.docx", "application/zip"),
        (b"hello", "a.png", "image/png"),
    ],
)
def test_a_name_or_type_that_disagrees(data: bytes, name: str, declared: str) -> None:
    assert "type-disagrees" in look(data, name, declared)[0].oddities


@pytest.mark.parametrize(
    ("octets", "charset"),
    [
        ("RESTRICTED\nnaïve".encode(), "utf-8"),
        ("RESTRICTED\nnaïve".encode("cp1252"), "us-ascii"),
        ("RESTRICTED\nnaïve".encode("utf-16"), None),
        ("RESTRICTED\nnaïve".encode("utf-16-le"), None),
        ("RESTRICTED\nnaïve".encode("utf-16-be"), "utf-8"),
        ("RESTRICTED\n".encode("cp037"), "cp037"),
        (b"RESTRICTED\n", "utf-16"),
        (b"RESTRICTED\n", "no-such-charset"),
        (b"+AFI-ESTRICTED\n", "utf-7"),
        (b"\xef\xbb\xbfRESTRICTED\n", None),
    ],
)
def test_text_under_any_charset(octets: bytes, charset: str | None) -> None:
    (finding,) = look(octets, "", "text/plain", charset=charset, is_words=True)

    assert ("restricted", "first_line") in seen(finding)


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<p>OFFICIAL-<b>SENSITIVE</b></p>", "\nOFFICIAL-SENSITIVE\n"),
        ("a<br>b", "a\nb"),
        ("a\r\n  b", "a b"),
        ("<pre>a\n b</pre>", "\na\n b\n"),
        ("<td>1</td><td>2</td>", "\t1\t\t2\t"),
        ("a&nbsp;&lt;b&gt;&#x52;", "a\xa0<b>R"),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
        ('<blockquote type="cite">a<br>b</blockquote>c', "\n> a\n> b\nc"),
        ("<div" + " <div" * 3, "<div" + " <div" * 3),
    ],
)
def test_markup_to_text(markup: str, text: str) -> None:
    assert to_text(markup) == text


@pytest.mark.parametrize(
    ("html", "place"),
    [
        ("<html><head><title>x</title></head><body><p>RESTRICTED</p><p>x</p>", "first_line"),
        ("<div>" * 3000 + "RESTRICTED", "first_line"),
        ("<!-- x --><style>p {}</style><p>RESTRICTED", "first_line"),
    ],
)
def test_the_first_line_of_html(html: str, place: str) -> None:
    assert ("restricted", place) in seen(look(html.encode(), "", "text/html", is_words=True)[0])


@pytest.mark.parametrize(
    "html",
    [
        "<p style='display:none'>OFFICIAL-SENSITIVE</p>",
        "<!-- OFFICIAL-SENSITIVE -->",
        "<!-- OFFICIAL-SENSITIVE",
        "<script>var a = 'OFFICIAL-SENSITIVE'</script>",
        "<script>OFFICIAL-SENSITIVE",
        "<img alt='OFFICIAL-SENSITIVE'>",
        "<p title=it's>OFFICIAL-SENSITIVE</p><p title='x'>",
        "<style>p {}</style>OFFICIAL-SENSITIVE",
        "<![CDATA[ OFFICIAL-SENSITIVE",
        "<head><title>OFFICIAL-SENSITIVE</title></head><body>x",
    ],
)
def test_nothing_hides_in_html(html: str) -> None:
    assert "sensitive" in {found for found, _ in seen(look(html.encode(), "", "text/html", is_words=True)[0])}


@tries(60)
@given(
    st.binary(max_size=600),
    st.sampled_from([b"", b"PK\x03\x04", b"%PDF-1.4 ", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"\x1f\x8b\x08", b"<html>", b"ustar"]),
)
def test_no_octets_break_the_reader(data: bytes, start: bytes) -> None:
    found = look(start + data, "a.docx")

    assert found[0].octets == len(start) + len(data)


def test_a_damaged_document_is_never_clean() -> None:
    for data in (docx(["x"], header="RESTRICTED"), xlsx([["x"]]), pptx(["x"])):
        for at in range(60, len(data) - 60, 211):
            broken = data[:at] + bytes((data[at] ^ 0x55,)) + data[at + 1 :]
            found = look(broken, "a.docx")
            read_all_the_same = {item.id for item in found[0].evidence} >= {item.id for item in look(data, "a.docx")[0].evidence}
            assert read_all_the_same or any(file.readable is not Readable.YES for file in found)


def test_the_time_of_the_budget() -> None:
    assert look(pdf(["x"] * 50), budget=Budget(seconds=0.0))[0].readable is Readable.OVER_BUDGET


# --- messages ---------------------------------------------------------------------------------------------------------


def test_a_message_as_a_file() -> None:
    inner = message(
        "a@a.example",
        "b@b.example",
        "RESTRICTED: x",
        "Dear all",
        "<p>OFFICIAL-<b>SENSITIVE</b>",
        [("a.docx", docx(["943 476 5919"]), "application/octet-stream")],
    )

    outer, member = look(inner, "a.eml", "message/rfc822")

    assert outer.detected_type == "message/rfc822"
    assert {("restricted", "subject_start"), ("sensitive", "text")} <= seen(outer)
    assert (member.inside, member.names) == ("2", ("a.docx",))
    assert ("nhs-number", "text") in seen(member)


def test_a_message_in_a_message_in_a_message() -> None:
    inner = message("a@a.example", "b@b.example", "x", "RESTRICTED")
    for _ in range(2):
        inner = message("a@a.example", "b@b.example", "x", "hello", attachments=[("m.eml", inner, "message/rfc822")])

    found = look(inner, "a.eml", "message/rfc822")

    assert [file.id for file in found] == ["2", "2/1", "2/1/1"]
    assert ("restricted", "first_line") in seen(found[2])


def test_a_document_under_the_cloak_of_a_picture_in_an_attached_message() -> None:
    cloaked = ("logo", "a.png", docx(["x"], header="RESTRICTED"), "image/png")
    inner = message("a@a.example", "b@b.example", "x", "hello", "<img src=cid:logo>", inline=[cloaked])

    _, member = look(inner, "a.eml", "message/rfc822")

    assert ("restricted", "page_header") in seen(member)


# --- the lock ---------------------------------------------------------------------------------------------------------

_LOCKED = """
import resource, sys
from gateway.content import preload
from tests.content.test_files import everything
preload()
resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
print(*everything())
"""


def everything() -> list[str]:
    """One file of each kind, read."""
    files = [
        docx(["x"]),
        xlsx([["x"]]),
        pptx(["x"]),
        pdf(["x"]),
        zip_of({"a.txt": b"x"}),
        message("a@a.example", "b@b.example", "x", "é", "<p>x"),
    ]
    files += [png(3, 3, "x"), b"hello", "é".encode("utf-16"), noise(99, "x"), b"{\\rtf1}", CMS, "é".encode("cp1250")]
    found = [look(data, "", "text/plain", charset="cp1250")[0] for data in files]
    return [f"{file.detected_type}={file.readable.value}" for file in found]


def test_after_preload_no_file_is_opened() -> None:
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] > 0
    root = Path(__file__).parents[2]

    locked = subprocess.run([sys.executable, "-c", _LOCKED], cwd=root, capture_output=True, text=True, check=True, timeout=60)

    assert locked.stdout.split() == everything()
