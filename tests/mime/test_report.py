"""What we write to a sender, read back by the standard library."""

import email
import email.policy
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from email.message import Message
from email.utils import parsedate_to_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mime.report import About, RecipientStatus, Report, delivery_report, notice
from gateway.model.message import Role
from gateway.parse import parse_buffer
from tests.laws import tries
from tests.mime.wire import outline, wire

AT = datetime(2026, 11, 5, 14, 6, 7, tzinfo=UTC)
ABOUT = About(
    sender="postmaster@derbyshire.example",
    sender_name="Derbyshire email",
    to="ann@derbyshire.example",
    subject="Not sent to 1 of 3 people: files too big for encrypted email (case 7KQ-402)",
    text="Your email of 14:06 has not gone to surveyor@northmoor.example.\n\nThe files are 14.2 MB.\n",
    message_id="n1@gateway.derbyshire.example",
    at=AT,
    original_message_id="orig@derbyshire.example",
)
REFUSED = RecipientStatus(
    final="surveyor@northmoor.example",
    original="rfc822;Surveyor+2Boffice@northmoor.example",
    action="failed",
    status="5.2.3",
    diagnostic="550 5.2.3 Not sent to surveyor@northmoor.example: files are 14.2 MB, encrypted email takes 12 MB (case 7KQ-402)",
    case="7KQ-402",
    last_attempt_at=AT,
)
HEADER = wire("""
    Received: from a by b
     with SMTP
    From: ann@derbyshire.example
    Subject: plans
    Message-ID: <orig@derbyshire.example>
    """)
REPORT = Report(
    about=ABOUT,
    reporting_mta="gateway.derbyshire.example",
    recipients=(REFUSED,),
    original_header=HEADER,
    envid="QQ314159+2B",
    arrived_at=AT - timedelta(seconds=2),
    received_from="mail.derbyshire.example",
)


def read(octets: bytes) -> Message:
    """Also: CRLF only, ASCII only, no line over 998 octets."""
    assert octets.isascii()
    assert octets.endswith(b"\r\n")
    assert octets.replace(b"\r\n", b"").count(b"\r") == octets.replace(b"\r\n", b"").count(b"\n") == 0
    assert max(map(len, octets.split(b"\r\n"))) <= 998
    return email.message_from_bytes(octets, policy=email.policy.compat32)


def status_of(octets: bytes) -> list[Message]:
    """The blocks of the second part."""
    parts = [part for part in read(octets).walk() if part.get_content_type() == "message/delivery-status"]
    blocks = parts[0].get_payload()
    assert isinstance(blocks, list)
    return [block for block in blocks if isinstance(block, Message)]


def test_a_report_has_words_fields_and_the_original_header_section() -> None:
    message = read(delivery_report(REPORT))

    assert message.get_content_type() == "multipart/report"
    assert message.get_param("report-type") == "delivery-status"
    parts = message.get_payload()
    assert isinstance(parts, list)
    assert [part.get_content_type() for part in parts] == ["text/plain", "message/delivery-status", "text/rfc822-headers"]
    assert parts[0].get_payload(decode=True) == ABOUT.text.replace("\n", "\r\n").encode()
    assert parts[2].get_payload(decode=True) == HEADER
    assert message.defects == []


def test_the_fields_of_the_mail_itself() -> None:
    message = read(delivery_report(REPORT))

    assert message["From"] == '"Derbyshire email" <postmaster@derbyshire.example>'
    assert message["To"] == "<ann@derbyshire.example>"
    assert message["Subject"].replace("\r\n", "") == ABOUT.subject
    assert message["Message-ID"] == "<n1@gateway.derbyshire.example>"
    assert message["In-Reply-To"] == message["References"] == "<orig@derbyshire.example>"
    assert message["Auto-Submitted"] == "auto-replied"
    assert message["MIME-Version"] == "1.0"
    assert parsedate_to_datetime(message["Date"]) == AT


def test_the_fields_for_a_program() -> None:
    about, one = status_of(delivery_report(REPORT))

    assert about["Reporting-MTA"] == "dns; gateway.derbyshire.example"
    assert about["Original-Envelope-Id"] == "QQ314159+"
    assert about["Received-From-MTA"] == "dns; mail.derbyshire.example"
    assert parsedate_to_datetime(about["Arrival-Date"]) == AT - timedelta(seconds=2)
    assert one["Original-Recipient"] == "rfc822; Surveyor+office@northmoor.example"
    assert one["Final-Recipient"] == "rfc822; surveyor@northmoor.example"
    assert (one["Action"], one["Status"], one["Final-Log-Id"]) == ("failed", "5.2.3", "7KQ-402")
    assert one["Diagnostic-Code"].replace("\r\n", "") == f"smtp; {REFUSED.diagnostic}"
    assert parsedate_to_datetime(one["Last-Attempt-Date"]) == AT
    assert "Will-Retry-Until" not in one


def test_one_block_for_each_recipient() -> None:
    late = RecipientStatus("b@y.example", "delayed", "4.4.1", "451 4.4.1 later", will_retry_until=AT, remote_mta="mx.y.example")
    _, first, second = status_of(delivery_report(replace(REPORT, recipients=(REFUSED, late))))

    assert first["Final-Recipient"] == "rfc822; surveyor@northmoor.example"
    assert (second["Action"], second["Remote-MTA"]) == ("delayed", "dns; mx.y.example")
    assert parsedate_to_datetime(second["Will-Retry-Until"]) == AT


def test_our_own_reader_finds_no_file_in_a_report() -> None:
    message = parse_buffer(delivery_report(REPORT))

    assert outline(message) == [
        "0 multipart/report container",
        "1 text/plain body",
        "2 message/delivery-status auxiliary",
        "3 text/rfc822-headers auxiliary",
    ]
    assert message.defects == ()
    assert Role.FILE not in [part.role for part in message.parts]


def test_a_text_that_is_not_ascii_is_quoted_printable() -> None:
    text = "„Straße“ costs £5\n\n" + "long " * 400 + "\nFrom here\n.\n"
    message = read(notice(replace(ABOUT, text=text, subject="Nicht gesendet: Größe (7KQ-402) " * 5, sender_name="Poststelle Köln")))

    assert message.get_content_type() == "text/plain"
    body = message.get_payload(decode=True)
    assert isinstance(body, bytes)
    assert body.decode() == text.replace("\n", "\r\n")
    parsed = email.message_from_bytes(notice(replace(ABOUT, subject="Größe", sender_name="Köln")), policy=email.policy.default)
    assert parsed["Subject"] == "Größe"
    assert str(parsed["From"]) == "Köln <postmaster@derbyshire.example>"


def test_a_notice_says_what_made_it() -> None:
    assert read(notice(ABOUT))["Auto-Submitted"] == "auto-replied"
    message = read(notice(replace(ABOUT, original_message_id=None), auto_submitted="auto-generated"))

    assert message["Auto-Submitted"] == "auto-generated"
    assert "In-Reply-To" not in message


def test_a_report_about_an_internationalised_message() -> None:
    one = RecipientStatus(
        "jürgen@bücher.example", "failed", "5.7.1", "550 5.7.1 für Sie", original="utf-8;j\\x{FC}rgen@b\\x{FC}cher.example"
    )
    octets = delivery_report(replace(REPORT, recipients=(one,), smtputf8=True, original_header="Subject: Größe\r\n".encode()))
    parts = read(octets).get_payload()
    assert isinstance(parts, list)

    assert [part.get_content_type() for part in parts] == ["text/plain", "message/global-delivery-status", "message/global-headers"]
    # The standard library reads message/* as messages of their own and leaves them undecoded: our own reader does not.
    message = parse_buffer(octets)
    status = _decoded(octets, message, "2")
    assert "Final-Recipient: utf-8; jürgen@bücher.example\r\n" in status
    assert "Original-Recipient: utf-8; jürgen@bücher.example\r\n" in status
    assert "Diagnostic-Code: smtp; 550 5.7.1 für Sie\r\n" in status
    assert _decoded(octets, message, "3") == "Subject: Größe\r\n"


def test_an_address_beyond_ascii_in_an_ordinary_report() -> None:
    one = RecipientStatus("jürgen@y.example", "failed", "5.7.1", "550 5.7.1 für Sie")
    (_, block) = status_of(delivery_report(replace(REPORT, recipients=(one,))))

    assert block["Final-Recipient"] == "utf-8; j\\x{FC}rgen@y.example"
    assert block["Diagnostic-Code"] == "smtp; 550 5.7.1 f?r Sie"


def test_a_header_section_that_is_broken_is_still_carried() -> None:
    broken = b"Subject: caf\xe9 " + b"x" * 2000 + b"\r\nbare\nline\rends\0\r\n\r\nBODY MUST NOT GO BACK\r\n"
    parts = read(delivery_report(replace(REPORT, original_header=broken))).get_payload()
    assert isinstance(parts, list)
    carried = parts[2].get_payload(decode=True)

    assert carried == b"Subject: caf\xe9 " + b"x" * 2000 + b"\r\nbare\r\nline\r\nends\r\n"
    large = read(delivery_report(replace(REPORT, original_header=b"A: b\r\n" * 100_000))).get_payload()
    assert isinstance(large, list)
    assert len(large[2].get_payload(decode=True)) <= 64 * 1024


@pytest.mark.parametrize("orcpt", ["", "rfc822", "rfc822;a b", "rfc822;+0", ";x", "rf c;x", "rfc822;\r\nX: y"])
def test_an_orcpt_that_is_none_is_left_out(orcpt: str) -> None:
    (_, block) = status_of(delivery_report(replace(REPORT, recipients=(replace(REFUSED, original=orcpt),))))

    assert "Original-Recipient" not in block


@pytest.mark.parametrize("address", ["", "a@b@c", "a@b,c@d", "a@b>, <c@d", "a@b\r\nBcc: c@d", "a b@c", "x" * 400 + "@y.example"])
def test_an_address_that_is_none_addresses_nobody(address: str) -> None:
    message = read(notice(replace(ABOUT, to=address)))

    assert message["To"] == "undisclosed-recipients:;"
    assert message["Bcc"] is None


def test_a_domain_beyond_ascii_goes_as_a_labels_and_a_local_part_as_it_is() -> None:
    assert read(notice(replace(ABOUT, to="a@straße.example")))["To"] == "<a@xn--strae-oqa.example>"
    assert "To: <jürgen@y.example>\r\n".encode() in notice(replace(ABOUT, to="jürgen@y.example"))
    assert read(notice(replace(ABOUT, to='"a, b"@y.example')))["To"] == '<"a, b"@y.example>'


def test_a_time_zone_is_kept() -> None:
    message = read(notice(replace(ABOUT, at=AT.astimezone(timezone(timedelta(hours=-5, minutes=-30))))))

    assert message["Date"] == "Thu, 05 Nov 2026 08:36:07 -0530"


HOSTILE = st.text(st.sampled_from('ab \r\n\0\t:;<>@,"\\=?é\u2028\x85+0D'), max_size=25).map(
    lambda text: text + "\r\nX-Injected: yes\r\n\r\nbody"
)


@tries(30)
@given(st.lists(HOSTILE, min_size=17, max_size=17))
def test_no_argument_can_inject_a_field_or_a_body(texts: list[str]) -> None:
    take = iter(texts)
    about = About(next(take), next(take), next(take), "text", next(take), AT, next(take), next(take))
    one = RecipientStatus(next(take), next(take), next(take), next(take), next(take), next(take), next(take))
    report = Report(about, next(take), (one,), HEADER, next(take), AT, next(take))
    octets = delivery_report(report)
    message = read(octets)

    assert "X-Injected" not in message
    parts = message.get_payload()
    assert isinstance(parts, list)
    assert len(parts) == 3
    assert parts[0].get_payload() == "text\r\n"
    blocks = status_of(octets)
    assert len(blocks) == 2
    assert not any("X-Injected" in block for block in blocks)
    assert "X-Injected" not in read(notice(about, auto_submitted=next(take)))


def _decoded(octets: bytes, message: object, part: str) -> str:
    from gateway.mime.decode import decode
    from gateway.model.message import Message as Understood

    assert isinstance(message, Understood)
    found = next(one for one in message.parts if one.id == part)
    return b"".join(decode(octets, found.body, found.encoding)).decode()
