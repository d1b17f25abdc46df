"""What we write to a sender: a delivery status notification, or a plain notice about kept mail. Pure: time and identifiers are arguments.

Standards: RFC 3464 in RFC 6522, RFC 3461 section 6 for ORCPT and ENVID, RFC 6533 where the message was SMTPUTF8, RFC 3834 for
Auto-Submitted. Of the original only the header section goes back. The reverse-path of both is null; the caller sees to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import unquote_to_bytes

from gateway.mime.compose import (
    ascii_only,
    clean,
    date,
    entity,
    field,
    lines_octets,
    mailbox,
    message_id,
    multipart,
    subject_field,
    text_octets,
)

ORIGINAL_OCTETS = 64 * 1024  # of the original header section; more does not go back

_XTEXT = re.compile(r"[!-*,-<>-~]|\+[0-9A-F]{2}")
_XTEXT_ESCAPE = re.compile(r"\+([0-9A-Fa-f]{2})")
_UNICODE_ESCAPE = re.compile(r"\\x\{([0-9A-Fa-f]{2,6})\}")


@dataclass(frozen=True, slots=True)
class About:
    """What every mail of ours has: from whom, to whom, about what."""

    sender: str  # our postmaster: an address
    to: str  # the original reverse-path
    subject: str
    text: str  # for a person
    message_id: str  # without or with angle brackets; unique, ours
    at: datetime  # aware
    sender_name: str = ""
    original_message_id: str | None = None


@dataclass(frozen=True, slots=True)
class RecipientStatus:
    """What became of one recipient (RFC 3464 section 2.3)."""

    final: str  # wire text, without angle brackets
    action: str  # failed | delayed | delivered | relayed | expanded
    status: str  # enhanced status code
    diagnostic: str = ""  # "550 5.7.1 Not sent to ..."
    original: str | None = None  # ORCPT as received: "rfc822;xtext"
    case: str | None = None  # becomes the Final-Log-Id
    remote_mta: str | None = None  # host name of the hop that said so; None when it was us
    last_attempt_at: datetime | None = None
    will_retry_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What became of one message (RFC 3464 section 2.2)."""

    about: About
    reporting_mta: str  # our host name
    recipients: tuple[RecipientStatus, ...]
    original_header: bytes  # the header section as it arrived, without the empty line
    envid: str | None = None  # ENVID as received: xtext
    arrived_at: datetime | None = None
    received_from: str | None = None  # as the client named itself
    smtputf8: bool = False


def delivery_report(report: Report) -> bytes:
    """A multipart/report of three parts: words for a person, fields for a program, the original header section."""
    kind = "message/global-delivery-status" if report.smtputf8 else "message/delivery-status"
    original = "message/global-headers" if report.smtputf8 else "text/rfc822-headers"
    status = "".join((*_message_fields(report), *("".join(("\r\n", *_recipient_fields(one, report))) for one in report.recipients)))
    parts = (
        _words(report.about.text),
        entity(kind, status.encode("utf-8")),
        entity(original, lines_octets(_header_section(report.original_header))),
    )
    return _head(report.about, "auto-replied") + multipart("multipart/report; report-type=delivery-status", parts)


def notice(about: About, *, auto_submitted: str = "auto-replied") -> bytes:
    """A plain text about mail that we keep. `auto_submitted`: auto-replied, or auto-generated for what answers no mail (RFC 3834)."""
    return _head(about, auto_submitted) + _words(about.text)


def _head(about: About, auto_submitted: str) -> bytes:
    original = message_id(about.original_message_id)
    fields = (
        field("Date", date(about.at)),
        f"From: {mailbox(about.sender, about.sender_name)}\r\n",
        f"To: {mailbox(about.to)}\r\n",
        subject_field(about.subject),
        f"Message-ID: {message_id(about.message_id) or '<unknown@localhost>'}\r\n",
        f"In-Reply-To: {original}\r\nReferences: {original}\r\n" if original else "",
        field("Auto-Submitted", ascii_only(auto_submitted)),
        "MIME-Version: 1.0\r\n",
    )
    return "".join(fields).encode("utf-8")


def _words(text: str) -> bytes:
    return entity("text/plain; charset=utf-8", text_octets(text))


def _header_section(octets: bytes) -> bytes:
    """Whole fields up to the limit; an empty line would end the section early."""
    kept = octets[:ORIGINAL_OCTETS]
    if len(octets) > ORIGINAL_OCTETS:
        kept = kept[: kept.rfind(b"\r\n") + 2]
    return kept.partition(b"\r\n\r\n")[0]


def _message_fields(report: Report) -> Iterator[str]:
    if report.envid and (envid := _xtext(report.envid)):
        yield field("Original-Envelope-Id", _value(envid, utf8=False))
    yield field("Reporting-MTA", f"dns; {ascii_only(report.reporting_mta)}")
    if report.received_from:
        yield field("Received-From-MTA", f"dns; {ascii_only(report.received_from)}")
    if report.arrived_at:
        yield field("Arrival-Date", date(report.arrived_at))


def _recipient_fields(one: RecipientStatus, report: Report) -> Iterator[str]:
    utf8 = report.smtputf8
    original = _original_recipient(one.original, utf8=utf8)
    if original:
        yield field("Original-Recipient", original)
    yield field("Final-Recipient", _typed(one.final, utf8=utf8))
    yield field("Action", ascii_only(one.action))
    yield field("Status", ascii_only(one.status))
    if one.remote_mta:
        yield field("Remote-MTA", f"dns; {ascii_only(one.remote_mta)}")
    if one.diagnostic:
        yield field("Diagnostic-Code", f"smtp; {_value(one.diagnostic, utf8=utf8)}")
    if one.last_attempt_at:
        yield field("Last-Attempt-Date", date(one.last_attempt_at))
    if one.case:
        yield field("Final-Log-Id", _value(one.case, utf8=utf8))
    if one.will_retry_until:
        yield field("Will-Retry-Until", date(one.will_retry_until))


def _value(text: str, *, utf8: bool) -> str:
    return clean(text) if utf8 else ascii_only(text)


def _typed(address: str, *, utf8: bool) -> str:
    """RFC 6533 section 3: outside of UTF-8 reports a character beyond ASCII is written as its code point."""
    text = clean(address)
    if text.isascii():
        return f"rfc822; {text}"
    return f"utf-8; {text}" if utf8 else f"utf-8; {_escape(text)}"


def _escape(text: str) -> str:
    return "".join(character if "!" <= character <= "~" and character not in "\\+=" else f"\\x{{{ord(character):X}}}" for character in text)


def _original_recipient(orcpt: str | None, *, utf8: bool) -> str | None:
    """ORCPT decoded; None when it is not well formed."""
    kind, semicolon, text = (orcpt or "").partition(";")
    if not semicolon or not kind.isascii() or not kind.replace("-", "").isalnum():
        return None
    if kind.lower() == "utf-8":
        return _typed(_UNICODE_ESCAPE.sub(_character, text), utf8=utf8)
    decoded = _xtext(text)
    return f"{kind}; {_value(decoded, utf8=utf8)}" if decoded else None


def _character(escape: re.Match[str]) -> str:
    point = int(escape[1], 16)
    return chr(point) if point <= 0x10FFFF and not 0xD800 <= point <= 0xDFFF else "\N{REPLACEMENT CHARACTER}"


def _xtext(text: str) -> str | None:
    """RFC 3461 section 4, decoded; None when it is no xtext."""
    if _XTEXT.sub("", text):
        return None
    return unquote_to_bytes(_XTEXT_ESCAPE.sub(r"%\1", text.replace("%", "%25"))).decode("utf-8", "replace")
