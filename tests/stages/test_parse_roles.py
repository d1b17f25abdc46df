"""What is a file to the person who reads the mail, and what is not: in both directions."""

import base64

import pytest

from gateway.mime.roles import AUXILIARY_OCTETS, INLINE_OCTETS
from gateway.model.message import Message, Role
from gateway.parse import parse_buffer
from tests.build import message, noise, png
from tests.mime.wire import wire


def only(fields: str, body: str = "words\n") -> Role:
    """The role of a part beside a plain body."""
    octets = wire(f"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nbody\n--b\n{fields}\n\n{body}--b--\n")
    parsed = parse_buffer(octets)
    assert [part.role for part in parsed.parts[:2]] == [Role.CONTAINER, Role.BODY]
    return parsed.parts[2].role


@pytest.mark.parametrize(
    ("fields", "role"),
    [
        # words
        ("Content-Type: text/plain", Role.BODY),  # the footer of a mailing list
        ("Content-Type: text/html", Role.BODY),
        ("Content-Type: text/plain\nContent-Disposition: inline", Role.BODY),
        ("X-No: type", Role.BODY),
        # files
        ("Content-Type: text/plain; name=notes.txt", Role.FILE),
        ("Content-Type: text/plain\nContent-Disposition: inline; filename=notes.txt", Role.FILE),
        ("Content-Type: text/plain\nContent-Disposition: attachment", Role.FILE),
        ("Content-Type: text/html\nContent-Disposition: ATTACHMENT", Role.FILE),
        ("Content-Type: text/csv", Role.FILE),
        ("Content-Type: application/pdf", Role.FILE),
        ("Content-Type: application/ms-tnef; name=winmail.dat", Role.FILE),
        ("Content-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m", Role.FILE),
        ("Content-Type: message/rfc822", Role.FILE),
        ("Content-Type: message/partial; id=x", Role.FILE),
        ("Content-Type: image/png\nContent-ID: <i1>\nContent-Disposition: inline", Role.FILE),  # no HTML refers to it
        # invitations, cards, receipts, signatures
        ("Content-Type: text/calendar; method=REQUEST", Role.AUXILIARY),
        ("Content-Type: text/calendar; name=meeting.ics\nContent-Disposition: attachment; filename=meeting.ics", Role.AUXILIARY),
        ("Content-Type: text/vcard\nContent-Disposition: attachment; filename=ann.vcf", Role.AUXILIARY),
        ("Content-Type: application/pkcs7-signature; name=smime.p7s\nContent-Disposition: attachment; filename=smime.p7s", Role.AUXILIARY),
        ("Content-Type: application/pgp-signature; name=signature.asc", Role.AUXILIARY),
        ("Content-Type: message/delivery-status", Role.AUXILIARY),
        ("Content-Type: message/disposition-notification", Role.AUXILIARY),
        ("Content-Type: text/rfc822-headers; name=headers.txt", Role.AUXILIARY),
        # and what only calls itself one
        ("Content-Type: text/calendar\nContent-Disposition: attachment; filename=salaries.xlsx", Role.FILE),
        ("Content-Type: application/pkcs7-signature; name=smime.p7s\nContent-Disposition: attachment; filename=a.docx", Role.FILE),
        ("Content-Type: text/rfc822-headers\nContent-Disposition: attachment; filename=a.docx", Role.FILE),
    ],
)
def test_roles_beside_a_body(fields: str, role: Role) -> None:
    assert only(fields) is role


def test_a_signature_that_is_far_too_large_is_a_file() -> None:
    assert only("Content-Type: application/pkcs7-signature; name=smime.p7s", "x" * AUXILIARY_OCTETS + "\n") is Role.AUXILIARY
    assert only("Content-Type: application/pkcs7-signature; name=smime.p7s", "x" * (AUXILIARY_OCTETS + 1) + "\n") is Role.FILE


@pytest.mark.parametrize(
    ("fields", "role"),
    [
        ("Content-Type: text/plain", Role.BODY),
        ("Content-Type: text/html; name=mail.html", Role.BODY),
        ("Content-Type: text/x-amp-html", Role.BODY),
        ("Content-Type: text/calendar; method=REQUEST", Role.AUXILIARY),
        ("Content-Type: text/html\nContent-Disposition: attachment; filename=a.html", Role.FILE),
        ("Content-Type: text/csv; name=people.csv", Role.FILE),
        ("Content-Type: application/pdf", Role.FILE),  # some readers show it as a file
    ],
)
def test_roles_of_alternatives(fields: str, role: Role) -> None:
    octets = wire(f"MIME-Version: 1.0\nContent-Type: multipart/alternative; boundary=b\n\n--b\n\none\n--b\n{fields}\n\nother\n--b--\n")

    assert parse_buffer(octets).parts[2].role is role


@pytest.mark.parametrize(("disposition", "role"), [("", Role.BODY), ("Content-Disposition: attachment\n", Role.FILE)])
def test_the_whole_message_may_be_a_file(disposition: str, role: Role) -> None:
    assert parse_buffer(wire(f"MIME-Version: 1.0\nContent-Type: text/plain\n{disposition}\nwords\n")).parts[0].role is role


# --- pictures ---------------------------------------------------------------------------------------------------------


def picture(
    html: str, content_id: str = "logo@x", name: str = "logo.png", octets: bytes | None = None, media_type: str = "image/png"
) -> Role:
    mail = message("a@x.example", "b@y.example", "s", "t", html, inline=[(content_id, name, octets or png(), media_type)])
    return parse_buffer(mail).parts[-1].role


@pytest.mark.parametrize(
    "html",
    [
        '<img src="cid:logo@x">',
        "<img src='CID:logo@x'>",
        "<td background=cid:logo@x>",
        '<img src="cid:logo%40x">',
        "<style>a{background:url(cid:logo@x)}",
    ],
)
def test_a_picture_that_the_html_shows_is_inline(html: str) -> None:
    assert picture(html) is Role.INLINE
    assert picture(html + "£" * 100) is Role.INLINE  # the HTML is quoted-printable then


@pytest.mark.parametrize("html", ["<p>no picture</p>", '<img src="cid:other@x">', '<img src="cid:logo@x.example">', "logo@x"])
def test_a_picture_that_the_html_does_not_show_is_a_file(html: str) -> None:
    assert picture(html) is Role.FILE


@pytest.mark.parametrize(
    ("changed", "role"),
    [
        ({"name": "scan.jpeg", "media_type": "image/jpeg"}, Role.INLINE),
        ({"name": "image001"}, Role.INLINE),
        ({"name": "salaries.xlsx"}, Role.FILE),
        ({"media_type": "application/pdf"}, Role.FILE),
        ({"media_type": "image/svg+xml", "name": "logo.svg"}, Role.FILE),
        ({"octets": noise(INLINE_OCTETS)}, Role.INLINE),
        ({"octets": noise(INLINE_OCTETS + INLINE_OCTETS // 8)}, Role.FILE),
    ],
)
def test_what_else_makes_a_picture_a_file(changed: dict[str, object], role: Role) -> None:
    assert picture('<img src="cid:logo@x">', **changed) is role  # type: ignore[arg-type]


def test_a_picture_sent_as_attachment_is_a_file_even_when_shown() -> None:
    mail = message("a@x.example", "b@y.example", "s", "t", '<img src="cid:logo@x">', inline=[("logo@x", "logo.png", png(), "image/png")])

    assert parse_buffer(mail.replace(b"Content-Disposition: inline", b"Content-Disposition: attachment")).parts[-1].role is Role.FILE


def test_a_picture_is_shown_by_the_html_of_its_own_message_only() -> None:
    html = "Content-Type: text/html\n\n<img src='cid:logo@x'>\n"
    image = "Content-Type: image/png\nContent-ID: <logo@x>\n\nx\n"
    octets = wire(f"""\
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
{html}--b
Content-Type: message/rfc822

Content-Type: multipart/mixed; boundary=c

--c

no HTML in here
--c
{image}--c--
--b--
""")
    assert parse_buffer(octets).parts[-1].role is Role.FILE


# --- whole messages inside a protection -------------------------------------------------------------------------------

ENVELOPED = bytes.fromhex("308201a006092a864886f70d010703a0820191") + noise(400)
AUTH_ENVELOPED = bytes.fromhex("3080060b2a864886f70d0109100117a080") + noise(400)
SIGNED = bytes.fromhex("308201a006092a864886f70d010702a0820191") + noise(400)
RPMSG = bytes.fromhex("76e80460c411e386a00f000000100000") + noise(400)


def wrapped(content_type: str, octets: bytes) -> Message:
    body = base64.encodebytes(octets).decode()
    return parse_buffer(wire(f"MIME-Version: 1.0\nContent-Type: {content_type}\nContent-Transfer-Encoding: base64\n\n{body}"))


@pytest.mark.parametrize(
    ("octets", "sent_as"),
    [(ENVELOPED, "smime"), (AUTH_ENVELOPED, "smime"), (SIGNED, None), (b"PK\x03\x04 no envelope at all", None), (b"", None)],
)
def test_smime_is_believed_only_when_it_is_an_envelope(octets: bytes, sent_as: str | None) -> None:
    assert wrapped("application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m", octets).sent_as == sent_as


def pgp(armour: str, more: str = "") -> str | None:
    octets = wire(f"""\
MIME-Version: 1.0
Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary=b

--b
Content-Type: application/pgp-encrypted

Version: 1

--b
Content-Type: application/octet-stream; name=encrypted.asc

{armour}
{more}--b--
""")
    return parse_buffer(octets).sent_as


SESSION_KEY = base64.b64encode(bytes([0xC1, 0x8C]) + noise(60)).decode()
SIGNED_ONLY = base64.b64encode(bytes([0xC4, 0x8C]) + noise(60)).decode()


@pytest.mark.parametrize(
    ("armour", "more", "sent_as"),
    [
        (f"-----BEGIN PGP MESSAGE-----\nVersion: x\n\n{SESSION_KEY}\n-----END PGP MESSAGE-----", "", "pgp"),
        (f"-----BEGIN PGP MESSAGE-----\n\n{SESSION_KEY}\n-----END PGP MESSAGE-----", "--b\n\nwords outside\n", None),
        (
            f"-----BEGIN PGP MESSAGE-----\n\n{SESSION_KEY}\n-----END PGP MESSAGE-----",
            "--b\nContent-Type: multipart/mixed; boundary=c\n\n--c--\n",
            None,
        ),
        (f"-----BEGIN PGP MESSAGE-----\n\n{SIGNED_ONLY}\n-----END PGP MESSAGE-----", "", None),
        ("plain words", "", None),
        ("", "", None),
    ],
)
def test_pgp_is_believed_only_when_all_is_inside(armour: str, more: str, sent_as: str | None) -> None:
    assert pgp(armour, more) == sent_as


@pytest.mark.parametrize(
    ("files", "sent_as"),
    [
        ([("message.rpmsg", RPMSG, "application/x-microsoft-rpmsg-message")], "microsoft-365"),
        ([("message.rpmsg", RPMSG, "application/x-microsoft-rpmsg-message"), ("a.pdf", b"%PDF", "application/pdf")], None),
        ([("message.rpmsg", b"not protected", "application/x-microsoft-rpmsg-message")], None),
        ([("a.pdf", RPMSG, "application/pdf")], None),
    ],
)
def test_microsoft_protection(files: list[tuple[str, bytes, str]], sent_as: str | None) -> None:
    assert parse_buffer(message("a@x.example", "b@y.example", "s", "You have a protected message", attachments=files)).sent_as == sent_as
