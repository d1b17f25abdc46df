"""Message to Findings: who reads what, and that nothing unread looks clean."""

import asyncio
import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from cryptography.x509.oid import NameOID

from gateway.errors import TryLater
from gateway.examine import SMALL, examine
from gateway.model.finding import FileFinding, Findings, Pattern, Patterns, Place, Readable
from gateway.model.message import Content
from gateway.parse import parse_buffer
from gateway.ports.examiner import Wanted
from tests.build import Label, docx, message, pdf, png, zip_of
from tests.stages.reading import ChildHere, Spooled

EDGES = frozenset({Place.SUBJECT_START, Place.PAGE_HEADER, Place.FIRST_LINE, Place.FILE_NAME, Place.HEADER_FIELD})
PATTERNS = Patterns(
    (Pattern("restricted", "RESTRICTED", EDGES, whole_line=True), Pattern("sensitive", "OFFICIAL-SENSITIVE", frozenset({Place.TEXT}))),
    frozenset({"nhs-number"}),
)
HTML_HEAD = b"Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: "


class Reading(ChildHere):
    """Remembers what it was asked."""

    def __init__(self) -> None:
        self.calls: list[tuple[Wanted, ...]] = []

    async def read(self, content: Content, wanted: tuple[Wanted, ...], patterns: Patterns) -> tuple[FileFinding, ...]:
        self.calls.append(wanted)
        return await super().read(content, wanted, patterns)


class Failing(Reading):
    """Its children crash on some parts, or say nothing of them."""

    def __init__(self, readable: Readable | None) -> None:
        super().__init__()
        self._readable = readable

    def one(self, content: Content, part: Wanted, patterns: Patterns) -> tuple[FileFinding, ...]:
        del content, patterns
        return (FileFinding(part.id, None, part.names, part.declared_type, "", 0, "", self._readable),) if self._readable else ()


class Busy(Reading):
    """No child becomes free."""

    def one(self, content: Content, part: Wanted, patterns: Patterns) -> tuple[FileFinding, ...]:
        raise TryLater("no worker")


def look(octets: bytes, examiner: Reading | None = None) -> Findings:
    return asyncio.run(examine(parse_buffer(octets), Spooled(octets), examiner or Reading(), PATTERNS))


def mail(subject: str = "x", text: str = "hello", html: str | None = None, **more) -> bytes:
    return message("a@a.example", "b@b.example", subject, text, html, **more)


def seen(evidence) -> list[tuple[str, int, str]]:
    return [(item.id, item.count, item.where) for item in evidence]


def test_small_plain_text_never_meets_the_examiner() -> None:
    examiner = Reading()

    findings = look(mail("Re: RESTRICTED: Smith", "Patient 943 476 5919 \u2013 OFFICIAL-SENSITIVE"), examiner)

    assert examiner.calls == []
    assert findings.files == ()
    assert findings.words_readable is Readable.YES
    assert sorted(seen(findings.words)) == [("nhs-number", 1, "body"), ("restricted", 1, "subject"), ("sensitive", 1, "body")]


def test_everything_else_goes_to_the_examiner_in_one_call() -> None:
    examiner = Reading()
    word, archive = docx(["943 476 5919"], header="RESTRICTED"), zip_of({"a.txt": b"x"})

    findings = look(
        mail(
            html="<p>RESTRICTED</p>", attachments=[("a.docx", word, "application/msword"), ("RESTRICTED.zip", archive, "application/zip")]
        ),
        examiner,
    )

    assert len(examiner.calls) == 1
    assert [part.is_words for part in examiner.calls[0]] == [False, False, True]
    assert [file.names for file in findings.outermost] == [("a.docx",), ("RESTRICTED.zip",)]
    assert [file.octets for file in findings.outermost] == [len(word), len(archive)]
    assert findings.outermost[0].sha256 == hashlib.sha256(word).hexdigest()
    assert [file.inside for file in findings.files if file.inside] == [findings.outermost[1].id]
    assert seen(findings.files[0].evidence) == [("nhs-number", 1, "text, line 2"), ("restricted", 1, "page header")]
    assert sorted(seen(findings.words)) == [("restricted", 1, "HTML body"), ("restricted", 1, "file name")]


def test_alternatives_say_the_same_thing_once() -> None:
    findings = look(mail(text="943 476 5919\n943 476 5870", html="<p>943 476 5919<p>943 476 5870"))

    assert [(item.id, item.count) for item in findings.words] == [("nhs-number", 2)]


def test_a_value_only_in_the_html_counts() -> None:
    assert [(item.id, item.count) for item in look(mail(html="943 476 5919")).words] == [("nhs-number", 1)]


@pytest.mark.parametrize("body", [b"text/plain; charset=utf-16\r\n\r\nx", b"text/plain\r\n\r\n" + b"word " * (SMALL // 5 + 1)])
def test_large_or_foreign_plain_text_goes_to_the_examiner(body: bytes) -> None:
    examiner = Reading()
    look(HTML_HEAD + body, examiner)

    assert [part.is_words for part in examiner.calls[0]] == [True]


def test_a_label_in_the_header() -> None:
    label = Label("aaaaaaaa-1111-4222-8333-444444444444")

    (evidence,) = look(mail(headers=[("msip_labels", label.header_value())])).words

    assert (evidence.id, evidence.tenant) == (label.id, label.site_id)


def test_a_marking_in_a_header_field() -> None:
    assert seen(look(mail(headers=[("X-Classification", "Restricted"), ("Received", "RESTRICTED")])).words) == [
        ("restricted", 1, "header field X-Classification")
    ]
    assert seen(look(mail(headers=[("X-Restricted", "no")])).words) == []


def test_a_large_inline_picture_is_read_as_words_and_is_no_file() -> None:
    examiner = Reading()
    screenshot = png(60, 60, "noise that does not pack")
    findings = look(mail(html="<p>x<img src=cid:shot>", inline=[("shot", "a.png", screenshot, "image/png")]), examiner)

    assert findings.files == ()
    assert [(wanted.declared_type, wanted.is_words) for wanted in examiner.calls[0]] == [("text/html", True), ("image/png", True)]


def test_a_small_inline_picture_is_read_too() -> None:
    examiner = Reading()
    findings = look(mail(html="<p>x<img src=cid:logo>", inline=[("logo", "a.png", png(9, 9, "x"), "image/png")]), examiner)

    assert findings.files == ()
    assert len(examiner.calls[0]) == 2


def test_a_document_under_the_cloak_of_an_inline_picture_is_a_file() -> None:
    findings = look(mail(html="<p>x<img src=cid:logo>", inline=[("logo", "a.png", docx(["x"], header="RESTRICTED"), "image/png")]))

    (file,) = findings.files
    assert "type-disagrees" in file.oddities
    assert ("restricted", 1, "page header") in seen(file.evidence)


def test_a_signature_is_no_file_but_must_be_one() -> None:
    def signed(octets: bytes) -> bytes:
        return mail(attachments=[("smime.p7s", octets, "application/pkcs7-signature")])

    assert look(signed(signature(b"943 476 5919", detached=True))).files == ()
    assert len(look(signed(docx(["x"]))).files) == 1


def test_a_signature_that_holds_what_it_signs_is_a_file_and_is_read() -> None:
    signed = mail(attachments=[("smime.p7s", signature(b"943 476 5919", detached=False), "application/pkcs7-signature")])

    _, inside = look(signed).files

    assert seen(inside.evidence) == [("nhs-number", 1, "text")]


def signature(words: bytes, *, detached: bool) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "A Sender")])
    start = datetime(2026, 1, 1, tzinfo=UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(7)
    certificate = made.not_valid_before(start).not_valid_after(start + timedelta(days=1)).sign(key, hashes.SHA256())
    options = [pkcs7.PKCS7Options.Binary, *([pkcs7.PKCS7Options.DetachedSignature] if detached else [])]
    return pkcs7.PKCS7SignatureBuilder().set_data(words).add_signer(certificate, key, hashes.SHA256()).sign(Encoding.DER, options)


def test_what_is_in_an_attached_message_is_read_with_it() -> None:
    inner = mail("RESTRICTED", "hello", attachments=[("a.txt", b"943 476 5919", "text/plain")])
    raw = (
        HTML_HEAD + b'multipart/mixed; boundary="b"\r\n\r\n--b\r\n\r\nhello\r\n--b\r\nContent-Type: message/rfc822\r\n'
        b'Content-Disposition: attachment; filename="m.eml"\r\n\r\n' + inner + b"\r\n--b--\r\n"
    )

    findings = look(raw)

    assert seen(findings.words) == []
    assert [(file.id, file.inside) for file in findings.files] == [("2", None), ("2/1", "2")]
    assert seen(findings.files[0].evidence) == [("restricted", 1, "subject")]
    assert seen(findings.files[1].evidence) == [("nhs-number", 1, "text")]


@pytest.mark.parametrize("readable", [Readable.CRASHED, Readable.OVER_BUDGET, None])
def test_size_and_digest_are_known_even_of_a_file_that_killed_its_reader(readable: Readable | None) -> None:
    data = pdf(["x"])
    (file,) = look(mail(attachments=[("a.pdf", data, "application/pdf")]), Failing(readable)).files

    assert file.readable is (readable or Readable.CRASHED)
    assert (file.octets, file.sha256) == (len(data), hashlib.sha256(data).hexdigest())


@pytest.mark.parametrize("readable", [Readable.CRASHED, Readable.OVER_BUDGET, None])
def test_an_unread_html_body_is_not_clean(readable: Readable | None) -> None:
    findings = look(mail(html="<p>x"), Failing(readable))

    assert findings.words_readable is (readable or Readable.CRASHED)
    assert [item.id for item in findings.words] == [(readable or Readable.CRASHED).value]


def test_an_encrypted_body_is_not_clean() -> None:
    findings = look(mail(text="hello\n-----BEGIN PGP MESSAGE-----\n\nabc\n-----END PGP MESSAGE-----"))

    assert findings.words_readable is Readable.ENVELOPED


def test_nothing_is_known_when_no_child_is_free() -> None:
    with pytest.raises(TryLater):
        look(mail(html="<p>x"), Busy())


def test_a_file_in_a_doubtful_encoding_is_read_in_each() -> None:
    import base64

    word = base64.encodebytes(docx(["x"], header="RESTRICTED")).replace(b"\n", b"\r\n")
    raw = HTML_HEAD + b'application/octet-stream; name="a.docx"\r\nContent-Transfer-Encoding: x-odd\r\n\r\n' + word

    files = look(raw).files

    assert files[0].inside is None
    assert all(file.inside is not None and file.inside.partition("/")[0] == files[0].id for file in files[1:])
    assert any(("restricted", 1, "page header") in seen(file.evidence) for file in files)
