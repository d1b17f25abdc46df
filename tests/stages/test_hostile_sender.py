"""Somebody of ours who wants something classified to go out in clear, and what the packs we ship make of it."""

import asyncio
import time
from base64 import encodebytes
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile
from zlib import compress, crc32

import pytest

from gateway.decide import decide
from gateway.edges.packs import read_pack
from gateway.examine import SMALL, examine
from gateway.gather import Context, gather
from gateway.listen.grammar import parse_path
from gateway.model.decision import Decision, Verdict
from gateway.model.envelope import Recipient
from gateway.model.finding import Findings, Readable
from gateway.parse import parse_buffer
from gateway.policy.parse_pack import load_pack
from tests.build import docx, png
from tests.stages.test_examine import Reading, Spooled, signature

OURS = "ours.example"
STARTER = load_pack(read_pack(Path(__file__).resolve().parents[2] / "rules" / "starter"), (OURS,)).bind(
    frozenset({"mailboxes", "internet", "encrypted"})
)  # without a place for links
SECRET = "CONFIDENTIAL\n\nNHS number: 943 476 5919\n"
HEAD = "From: a@ours.example\nMessage-ID: <1@ours.example>\nMIME-Version: 1.0\n"
ENVELOPE = bytes.fromhex("308006092a864886f70d010703a080") + bytes(200)
RIGHTS = bytes.fromhex("76e80460c411e386") + bytes(200)
MANY = "".join(f"X-Filler-{number}: {'x' * 900}\n" for number in range(75))  # more than 64 KiB


PATIENTS = "Patient Alex Doe, NHS number: 485 777 3457\n"
GIF = b"GIF89a\1\0\1\0\0\0\0"
JPEG_END = b"\xff\xda\0\2" + bytes(20) + b"\xff\xd9"


def zipped(text: str) -> bytes:
    file = BytesIO()
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        archive.writestr("list.txt", text)
    return file.getvalue()


def packed_comment(text: str) -> bytes:
    body = b"zTXtComment\0\0" + compress(text.encode())
    return (len(body) - 4).to_bytes(4) + body + crc32(body).to_bytes(4)


def octets(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode()


def base64(data: bytes) -> str:
    return f"Content-Transfer-Encoding: base64\n\n{encodebytes(data).decode()}"


def multipart(*members: str, kind: str = "mixed", preamble: str = "", epilogue: str = "", subject: str = "hello") -> str:
    body = "".join(f"\n--b\n{member}" for member in members)
    return f'{HEAD}Subject: {subject}\nContent-Type: multipart/{kind}; boundary="b"\n\n{preamble}{body}\n--b--\n{epilogue}'


def attached(text: str) -> str:
    """The same as an attached message."""
    outer = f'{HEAD}Subject: hello\nContent-Type: multipart/mixed; boundary="outer"\n\n--outer\n{HELLO}'
    return f"{outer}--outer\nContent-Type: message/rfc822\n\n{text}\n--outer--\n"


def judged(text: str, to: str = "b@elsewhere.example") -> tuple[Findings, Decision]:
    raw = octets(text)
    message = parse_buffer(raw)
    findings = asyncio.run(examine(message, Spooled(raw), Reading(), STARTER.patterns))
    context = Context("smtp", parse_path(f"a@{OURS}"), ours=True)
    recipients = (Recipient(parse_path(to)),)
    (facts,) = gather(message, findings, context, recipients, STARTER.snapshot, datetime(2026, 11, 20, tzinfo=UTC))
    return findings, decide(facts, STARTER)


def route(text: str) -> str | None:
    return judged(text)[1].route


HELLO = "Content-Type: text/plain\n\nhello\n"
SHOWN = 'Content-Type: text/html\n\n<img src="cid:a">\n'


def test_what_is_innocent_goes_as_it_is() -> None:
    assert route(multipart(HELLO, preamble="This is a multi-part message in MIME format.\n", epilogue="\n")) == "plain"


# --- protected by the sender ------------------------------------------------------------------------------------------


def smime(subject: str) -> str:
    return f"{HEAD}Subject: {subject}\nContent-Type: application/pkcs7-mime; name=smime.p7m\n{base64(ENVELOPE)}"


def microsoft(words: str, subject: str = "hello") -> str:
    protected = f"Content-Type: application/x-microsoft-rpmsg-message; name=message.rpmsg\n{base64(RIGHTS)}"
    return multipart(f"Content-Type: text/plain\n\n{words}\n", protected, subject=subject)


def pgp(version: str = "Version: 1\n", behind: str = "", epilogue: str = "", inside: str = "hQEMAxxxx") -> str:
    armour = f"-----BEGIN PGP MESSAGE-----\n\n{inside}\n-----END PGP MESSAGE-----\n{behind}"
    members = (f"Content-Type: application/pgp-encrypted\n\n{version}", f"Content-Type: application/octet-stream\n\n{armour}")
    return multipart(*members, kind='encrypted; protocol="application/pgp-encrypted"', epilogue=epilogue)


@pytest.mark.parametrize("text", [smime("hello"), microsoft("This message is protected."), pgp()])
def test_what_the_sender_has_encrypted_as_a_whole_needs_no_other_protection(text: str) -> None:
    assert route(text) == "already-protected"


@pytest.mark.parametrize(
    "text",
    [
        smime("CONFIDENTIAL: Smith"),
        smime("943 476 5919"),
        microsoft(SECRET),
        microsoft("hello", subject="CONFIDENTIAL: Smith"),
        pgp(version=f"Version: 1\n{SECRET}"),
        pgp(behind=SECRET),
        pgp(epilogue=SECRET),
        pgp(inside=f"hQEMAxxxx\n{SECRET}"),
    ],
)
def test_words_beside_what_the_sender_has_encrypted_are_not_protected_by_it(text: str) -> None:
    assert route(text) == "encrypted"


def encrypted_to(octets_: bytes) -> str:
    return f"{HEAD}Subject: hello\nContent-Type: application/pkcs7-mime; name=smime.p7m\n{base64(octets_)}"


def armoured(octets_: bytes) -> str:
    return pgp(inside=encodebytes(octets_).decode().strip())


@pytest.mark.parametrize("secret", [PATIENTS.encode(), PATIENTS.encode("utf-16-le"), zipped(PATIENTS)])
def test_an_envelope_in_which_something_can_be_read_protects_nothing(secret: bytes) -> None:
    rights = f"Content-Type: application/x-microsoft-rpmsg-message; name=message.rpmsg\n{base64(RIGHTS + secret)}"

    assert route(encrypted_to(ENVELOPE + secret)) == "encrypted"
    assert route(multipart(HELLO, rights)) == "encrypted"


def test_an_armour_in_which_something_can_be_read_protects_nothing() -> None:
    assert route(armoured(b"\x85\x01\x0c\x03" + bytes(9))) == "already-protected"
    assert route(armoured(b"\x85\x01\x0c\x03" + PATIENTS.encode())) == "encrypted"


@pytest.mark.parametrize("name", ["list.pfile", "list.rpmsg", "list.ptxt", "list.p7m"])
def test_the_name_of_a_protection_hides_nothing(name: str) -> None:
    findings, decision = judged(multipart(HELLO, f"Content-Type: application/octet-stream; name={name}\n{base64(PATIENTS.encode())}"))

    assert "nhs-number" in {item.id for item in findings.files[0].evidence}
    assert decision.route == "encrypted"


# --- what is shown or checked, not read -------------------------------------------------------------------------------


PICTURE = png(9, 9, "x")
COMMENT = b"tEXt" + b"Comment\0" + PATIENTS.encode()
PICTURES = {
    "a document behind it": PICTURE + zipped(PATIENTS),
    "words behind it": PICTURE + PATIENTS.encode(),
    "a comment": PICTURE[:33] + (len(COMMENT) - 4).to_bytes(4) + COMMENT + crc32(COMMENT).to_bytes(4) + PICTURE[33:],
    "a packed comment": PICTURE[:33] + packed_comment(PATIENTS) + PICTURE[33:],
    "a comment of JPEG": b"\xff\xd8\xff\xfe" + (len(PATIENTS) + 2).to_bytes(2) + PATIENTS.encode() + JPEG_END,
    "words behind a JPEG": b"\xff\xd8" + JPEG_END + PATIENTS.encode(),
    "a comment of GIF": GIF + b"\x21\xfe" + bytes((len(PATIENTS),)) + PATIENTS.encode() + b"\0;",
    "words behind a GIF": GIF + b";" + PATIENTS.encode(),
    "two letters of a bitmap": b"BM\0\n" + PATIENTS.encode(),
    "the begin of a metafile": b"\x01\0\0\0\n" + PATIENTS.encode(),
    "the begin of HEIC": b"\0\0\0\x18ftypheic" + PATIENTS.encode(),
}


@pytest.mark.parametrize("octets_", PICTURES.values(), ids=PICTURES.keys())
def test_a_small_picture_that_is_shown_hides_nothing(octets_: bytes) -> None:
    shown = multipart(SHOWN, f"Content-Type: image/png\nContent-ID: <a>\n{base64(octets_)}", kind="related")
    filed = multipart(HELLO, f"Content-Type: image/png; name=a.png\n{base64(octets_)}")

    assert route(shown) == "encrypted"
    assert route(filed) == "encrypted"


def test_a_small_picture_that_is_shown_and_hides_nothing_goes_as_it_is() -> None:
    assert route(multipart(SHOWN, f"Content-Type: image/png\nContent-ID: <a>\n{base64(PICTURE)}", kind="related")) == "plain"


@pytest.mark.parametrize("more", [b"", PATIENTS.encode(), zipped(PATIENTS)], ids=["nothing", "words", "a document"])
def test_a_picture_inside_a_document_hides_nothing(more: bytes) -> None:
    document = BytesIO(docx(["hello"]))
    with ZipFile(document, "a") as archive:
        archive.writestr("word/media/image1.png", PICTURE + more)
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

    assert route(multipart(HELLO, f"Content-Type: {kind}; name=a.docx\n{base64(document.getvalue())}")) == (
        "encrypted" if more else "plain"
    )


def checked(signature_: bytes) -> str:
    signed = f"Content-Type: application/pkcs7-signature; name=smime.p7s\n{base64(signature_)}"
    return multipart(HELLO, signed, kind='signed; protocol="application/pkcs7-signature"')


@pytest.mark.parametrize("more", [PATIENTS.encode(), PATIENTS.encode("utf-16-be"), zipped(PATIENTS)])
def test_a_signature_hides_nothing_behind_it(more: bytes) -> None:
    real = signature(b"hello", detached=True)

    assert route(checked(real)) == "plain"
    assert route(checked(real + more)) == "encrypted"


@pytest.mark.parametrize(
    ("kind", "begin"),
    [
        ("audio/wav", b"RIFF\0\0\0\0WAVEfmt "),
        ("video/mp4", b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom"),
        ("font/ttf", b"\0\1\0\0\0\x0b"),
    ],
)
def test_sounds_films_and_fonts_hide_nothing(kind: str, begin: bytes) -> None:
    octets_ = begin + bytes(200) + PATIENTS.encode()

    assert route(multipart(HELLO, f"Content-Type: {kind}; name=a.{kind[-3:]}\n{base64(octets_)}")) == "encrypted"


# --- what is shown of the header section ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "field",
    ["Comments: {}", "Keywords: {}", "Thread-Topic: {}", 'To: "{}" <b@elsewhere.example>', "Cc: =?utf-8?Q?{}?= <b@elsewhere.example>"],
)
def test_fields_that_people_see_are_words(field: str) -> None:
    said = "NHS=20number=20485=20777=203457" if "=?" in field else "NHS number 485 777 3457"

    assert route(f"{field.format(said)}\n{HEAD}Subject: hello\n\nhello\n") == "encrypted"


def test_addresses_and_the_numbers_of_machines_are_no_words() -> None:
    fields = "To: 4857773457@elsewhere.example, <485-777-3457@elsewhere.example>\nX-Number: NHS number 485 777 3457\n"

    assert route(f"{fields}{HEAD}Subject: hello\n\nhello\n") == "plain"


# --- words that no mail program shows ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        multipart(HELLO, preamble=SECRET),
        multipart(HELLO, epilogue=SECRET),
        multipart('Content-Type: multipart/mixed; boundary="c"\n\n' + SECRET + "\n--c\n\nhello\n--c--\n"),
        f"From: a@ours.example\nSubject: hello\n{SECRET.replace(chr(10) * 2, chr(10))}Message-ID: <1@ours.example>\n\nhello\n",
        f" {SECRET.splitlines()[2]}\nSubject: hello\n\nhello\n",
        f"{HEAD}Subject: hello\nSubject: CONFIDENTIAL: Smith\n\nhello\n",
    ],
    ids=["preamble", "epilogue", "inner preamble", "among the fields", "before the fields", "second subject"],
)
def test_words_outside_of_the_parts_are_words(text: str) -> None:
    assert route(text) == "encrypted"
    assert route(attached(text)) == "encrypted"


@pytest.mark.parametrize(
    "text",
    [
        f"{HEAD}Subject: hello\n{MANY}Content-Type: text/plain\n{base64(SECRET.encode())}",
        f"{HEAD}{MANY}Subject: CONFIDENTIAL: Smith\n\nhello\n",
        HEAD + "X: y\n" * 1000 + "Subject: CONFIDENTIAL: Smith\n\nhello\n",
        multipart(f"Content-Type: text/plain\n{MANY}{base64(SECRET.encode())}"),
        multipart(*[HELLO] * 1001, f"Content-Type: text/plain\n{base64(SECRET.encode())}"),
    ],
    ids=["encoding", "subject", "fields", "part", "parts"],
)
def test_what_lies_beyond_a_limit_of_the_index_is_not_clean(text: str) -> None:
    findings, decision = judged(text)

    assert findings.words_readable is Readable.OVER_BUDGET
    assert decision.route == "encrypted"
    inner, decision = judged(attached(text))
    assert inner.files[0].readable is Readable.OVER_BUDGET
    assert decision.route == "encrypted"


@pytest.mark.parametrize(
    ("kind", "name", "start"),
    [
        ("application/pkcs7-signature", "smime.p7s", "0 "),
        ("application/pgp-signature", "signature.asc", "-----BEGIN PGP SIGNATURE-----\n\n"),
        ("image/bmp", "a.bmp", "BM "),
        ("image/webp", "a.webp", "RIFF "),
        ("image/gif", "a.gif", "GIF89a "),
        ("image/heic", "a.heic", "xxxxftyp "),
        ("application/applefile", "._a", "\x00\x05\x16\x07"),
    ],
)
def test_text_that_begins_like_a_signature_or_a_picture_is_read(kind: str, name: str, start: str) -> None:
    cloak = f'Content-Type: {kind}; name="{name}"\nContent-ID: <a>\n{base64((start + SECRET).encode())}'

    assert route(multipart(SHOWN, cloak, kind="related")) == "encrypted"


DOCUMENT = docx(["Words."], header="CONFIDENTIAL")


@pytest.mark.parametrize("start", [b"", b"Hello,\r\n\r\n", b"Hello. " * 200])
@pytest.mark.parametrize(
    "kind",
    [
        *("text/calendar", "text/vcard", "text/plain", "text/html", "application/pgp-signature"),
        *("message/delivery-status", "text/rfc822-headers", "application/ics"),
    ],
)
def test_a_document_under_the_cloak_of_words_is_a_file(kind: str, start: bytes) -> None:
    cloak = f"Content-Type: {kind}\n{base64(start + DOCUMENT)}"

    assert route(multipart(HELLO, cloak)) == "encrypted"


def test_a_document_under_the_cloak_of_words_is_a_file_inside_an_attached_message_too() -> None:
    cloak = f"Content-Type: text/calendar\n{base64(DOCUMENT)}"
    findings, _ = judged(attached(multipart(HELLO, cloak)))

    assert any(file.inside is not None and "document" in (file.detected_type or "") for file in findings.files)


# --- addresses --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("local", ["victim%elsewhere.example", "elsewhere.example!victim", '"victim@elsewhere.example"', "a%b%c"])
def test_an_address_of_ours_that_leads_elsewhere_is_no_colleague(local: str) -> None:
    _, decision = judged(f"{HEAD}Subject: RESTRICTED: Smith\n\nhello\n", f"{local}@{OURS}")

    assert decision.audiences == ("outsiders",)
    assert decision.verdict is Verdict.HOLD
    # Also where it leads back to a list that few may write to.
    assert judged(f"{HEAD}Subject: hello\n\nhello\n", f"{local}@{OURS}")[1].verdict is Verdict.HOLD


def test_a_subaddress_of_a_list_is_the_list() -> None:
    assert judged(f"{HEAD}Subject: hello\n\nhello\n", f"everyone@{OURS}")[1].verdict is Verdict.REFUSE
    assert judged(f"{HEAD}Subject: hello\n\nhello\n", f"Everyone+x@{OURS}")[1].verdict is Verdict.REFUSE
    assert judged(f"{HEAD}Subject: hello\n\nhello\n", f"bob+x@{OURS}")[1].verdict is Verdict.RELEASE


@pytest.mark.parametrize(("one", "other"), [("x@straße.example", "x@strasse.example"), ("straße@x.example", "strasse@x.example")])
def test_two_mailboxes_are_two_even_where_case_folding_makes_them_one(one: str, other: str) -> None:
    assert parse_path(one, utf8=True).key != parse_path(other, utf8=True).key


# --- time -------------------------------------------------------------------------------------------------------------


def seconds(text: str) -> float:
    start = time.process_time()
    judged(text)
    return time.process_time() - start


@pytest.mark.parametrize(
    "text",
    [
        multipart(*[f"Content-Type: text/plain{';' * 8000}\nContent-Disposition: inline{';' * 8000}\n\nhello\n"] * 10),
        f"{HEAD}Content-Type: text/plain; charset=utf-8\n\na" + "\u0301\u0316" * 25_000,
    ],
    ids=["semicolons", "combining marks"],
)
def test_a_small_message_takes_little_time(text: str) -> None:
    assert min(seconds(text) for _ in range(3)) < 1.0  # each took more than two; the shortest of three, for a busy machine


def test_many_small_texts_are_not_all_read_in_the_process_that_serves_others() -> None:
    raw = octets(multipart(*["Content-Type: text/plain\n\n" + "words " * (SMALL // 8)] * 5))
    examiner = Reading()
    asyncio.run(examine(parse_buffer(raw), Spooled(raw), examiner, STARTER.patterns))

    assert len(examiner.calls[0]) == 4
