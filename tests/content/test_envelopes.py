"""S/MIME and OpenPGP: what is only signed is read, what is enveloped says so."""

import base64

import pytest

from gateway.model.finding import Readable
from tests.build import docx, noise, pdf
from tests.build.signers import pgp, smime
from tests.content.reading import look, seen

ENTITY = b"Content-Type: text/plain; charset=utf-8\r\n\r\nRESTRICTED\r\n"
WITH_FILE = (
    b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nhello\r\n--b\r\n'
    b'Content-Type: application/octet-stream\r\nContent-Disposition: attachment; filename="a.docx"\r\n'
    b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(docx(["x"], header="RESTRICTED")) + b"\r\n--b--\r\n"
)


@pytest.mark.parametrize("how", ["signed", "signed-streamed", "signed-pem", "digested"])
def test_an_opaque_signed_message_is_read(how: str) -> None:
    outer, message_ = look(smime(how, ENTITY), "smime.p7m", "application/pkcs7-mime")

    assert (outer.readable, outer.detected_type) == (Readable.YES, "application/pkcs7-mime")
    assert (message_.detected_type, message_.readable) == ("message/rfc822", Readable.YES)
    assert ("restricted", "first_line") in seen(message_)


def test_the_files_of_an_opaque_signed_message_are_read() -> None:
    *_, file = look(smime("signed", WITH_FILE), "smime.p7m", "application/pkcs7-mime")

    assert (file.id, file.names) == ("2/1/1", ("a.docx",))
    assert ("restricted", "page_header") in seen(file)


def test_signed_twice_is_read() -> None:
    inner = smime("signed", ENTITY)
    entity = b"Content-Type: application/pkcs7-mime; smime-type=signed-data\r\nContent-Transfer-Encoding: base64\r\n\r\n"

    found = look(smime("signed", entity + base64.encodebytes(inner)), "smime.p7m", "application/pkcs7-mime")

    assert ("restricted", "first_line") in seen(found[-1])
    assert {file.readable for file in found} == {Readable.YES}


@pytest.mark.parametrize("pack", [lambda octets: octets, base64.encodebytes], ids=["der", "base64"])
def test_a_signed_file_is_the_file(pack) -> None:
    _, file = look(pack(smime("signed", pdf(["x"], header="RESTRICTED"))), "report.pdf.p7m")

    assert (file.names, file.detected_type) == (("report.pdf",), "application/pdf")
    assert ("restricted", "page_header") in seen(file)


def test_a_signature_alone_has_no_words() -> None:
    (finding,) = look(smime("detached", ENTITY), "smime.p7s", "application/pkcs7-signature")

    assert finding.readable is Readable.YES


@pytest.mark.parametrize(
    ("how", "readable"),
    [
        ("enveloped", Readable.ENVELOPED),
        ("enveloped-pem", Readable.ENVELOPED),
        ("encrypted", Readable.ENCRYPTED),
        ("data", Readable.UNSUPPORTED),
    ],
)
def test_what_is_sealed_says_so(how: str, readable: Readable) -> None:
    assert look(smime(how, ENTITY), "smime.p7m", "application/pkcs7-mime")[0].readable is readable


@pytest.mark.parametrize("how", ["signed", "signed-streamed"])
def test_no_cut_of_what_is_signed_is_clean(how: str) -> None:
    data = smime(how, ENTITY)

    for cut in range(20, len(data) - 1, 37):
        found = look(data[:cut], "smime.p7m", "application/pkcs7-mime")
        assert any(file.readable is not Readable.YES for file in found)


def test_no_bent_octet_breaks_it() -> None:
    data = smime("signed", ENTITY)

    for at in range(0, 200, 3):
        look(data[:at] + bytes((data[at] ^ 0x81,)) + data[at + 1 :], "smime.p7m")


# --- OpenPGP -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["signed", "signed-armoured", "signed-uncompressed", "signed-bzip2", "signed-zip", "stored"])
def test_what_is_only_signed_is_read(how: str) -> None:
    outer, member, *_ = look(pgp(how, docx(["x"], header="RESTRICTED"), "a.docx"), "b.docx.gpg")

    assert outer.readable is Readable.YES
    assert member.names == ("a.docx", "b.docx")
    assert ("restricted", "page_header") in seen(member)


def test_a_large_one_comes_in_pieces() -> None:
    _, member = look(pgp("signed-uncompressed", b"RESTRICTED\n" + noise(300_000, "x")), "a.gpg")

    assert member.octets == 300_011


@pytest.mark.slow
@pytest.mark.parametrize("how", ["symmetric", "encrypted", "encrypted-armoured"])
def test_what_is_encrypted_is_enveloped(how: str) -> None:
    data = pgp(how, b"RESTRICTED")

    assert look(data, "a.gpg")[0].readable is Readable.ENVELOPED
    if how == "encrypted-armoured":
        (finding,) = look(b"Hello\r\n\r\n" + data, "a.txt", "text/plain")
        assert finding.readable is Readable.ENVELOPED


@pytest.mark.parametrize("is_words", [True, False])
def test_clear_signed_text_is_text_and_its_first_line_is_the_first(is_words: bool) -> None:
    (finding,) = look(pgp("clear", b"RESTRICTED\n- - a dash\nplans\n"), "", "text/plain", is_words=is_words)

    assert finding.readable is Readable.YES
    assert ("restricted", "first_line") in seen(finding)


def test_a_small_body_under_a_clear_signature_is_read_alike() -> None:
    from gateway.mime.text import body_text
    from gateway.parse import parse_buffer

    octets = b"Content-Type: text/plain\r\n\r\n" + pgp("clear", b"RESTRICTED\n-----\nplans\n").replace(b"\n", b"\r\n")

    assert body_text(octets, parse_buffer(octets).parts[0], set()).startswith("RESTRICTED\n-----\nplans\n")


def test_a_detached_signature_is_text() -> None:
    assert look(pgp("detached", b"x"), "a.asc", "application/pgp-signature")[0].readable is Readable.YES


def test_no_cut_of_a_signed_message_is_clean() -> None:
    data = pgp("signed-uncompressed", b"RESTRICTED\n")

    for cut in range(5, len(data)):
        found = look(data[:cut], "a.gpg")
        assert found[0].readable is not Readable.YES or ("restricted", "first_line") in seen(found[-1]), cut


def test_text_around_an_armoured_message_is_read() -> None:
    (finding, *_) = look(pgp("signed-armoured", b"x") + b"OFFICIAL-SENSITIVE\n", "a.asc")

    assert "sensitive" in {id_ for id_, _ in seen(finding)}


# --- mailboxes ---------------------------------------------------------------------------------------------------------


def test_each_message_of_a_mailbox_is_read() -> None:
    first = b"From: a@example.org\nSubject: RESTRICTED\n\nx\n"
    data = b"From a@example.org Thu Nov 26 12:00:00 2026\n" + first + b"\nFrom here on it is text.\n\n"
    data += b"From b@example.org Thu Nov 26 12:00:00 2026\n" + WITH_FILE.replace(b"\r\n", b"\n")

    outer, one, two, file = look(data, "mail.mbox")

    assert outer.detected_type == "application/mbox"
    assert ("restricted", "subject_start") in seen(one)
    assert two.detected_type == "message/rfc822"
    assert ("restricted", "page_header") in seen(file)
