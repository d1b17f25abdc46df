"""The parameters of MAIL and RCPT: text to values, or the reply that refuses them. Pure. Raw case is kept.

Standards: RFC 5321 section 4.1.2 (esmtp-param), RFC 1870 (SIZE), RFC 6152 (8BITMIME), RFC 3461 (DSN), RFC 6531 and 6533 (SMTPUTF8).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from gateway.model.outcome import Reply

_PARAMETER = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]*)(?:=([!-<>-~\u0080-\U0010ffff]+))?")
_XTEXT = re.compile(r"(?:[!-*,-<>-~]|\+[0-9A-Fa-f]{2})+")  # RFC 3461 section 4; lower-case digits are common and harmless
_ORCPT = re.compile(r"([A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+);(.+)")
_UNITEXT = re.compile(r"(?:[!-*,-<>-\[\]-~\u0080-\U0010ffff]|\\x\{[0-9A-F]{2,6}\}|\+[0-9A-Fa-f]{2})+")  # RFC 6533 section 3


class Refused(Exception):
    """The command cannot be taken; `reply` says why."""

    def __init__(self, code: int, status: str, text: str) -> None:
        super().__init__(text)
        self.reply = Reply(code, status, text)


@dataclass(frozen=True, slots=True)
class MailParameters:
    """What MAIL said beside the reverse-path."""

    body: str = "7BIT"
    smtputf8: bool = False
    size: int | None = None
    ret: str | None = None
    envid: str | None = None


@dataclass(frozen=True, slots=True)
class RcptParameters:
    """What RCPT said beside the forward-path."""

    notify: frozenset[str] | None = None
    orcpt: str | None = None


_NO_MAIL = MailParameters()
_NO_RCPT = RcptParameters()


def mail_parameters(text: str) -> MailParameters:
    """Raises Refused."""
    if not text:
        return _NO_MAIL
    given = _pairs(text, "MAIL", frozenset({"BODY", "SMTPUTF8", "SIZE", "RET", "ENVID"}))
    body = _one_of(given, "BODY", "7BIT", "8BITMIME") or "7BIT"
    if "SMTPUTF8" in given and given["SMTPUTF8"] is not None:
        raise Refused(501, "5.5.4", "SMTPUTF8 takes no value")
    return MailParameters(body, "SMTPUTF8" in given, _size(given), _one_of(given, "RET", "FULL", "HDRS"), _envid(given))


def rcpt_parameters(text: str, *, utf8: bool) -> RcptParameters:
    """Raises Refused."""
    if not text:
        return _NO_RCPT
    given = _pairs(text, "RCPT", frozenset({"NOTIFY", "ORCPT"}))
    return RcptParameters(_notify(given), _orcpt(given, utf8=utf8))


def unxtext(text: str) -> str | None:
    """Xtext decoded (RFC 3461 section 4), or None when it is none. Octets beyond ASCII are read as UTF-8."""
    if not _XTEXT.fullmatch(text):
        return None
    octets = re.sub(rb"\+([0-9A-Fa-f]{2})", lambda match: bytes((int(match[1], 16),)), text.encode("ascii"))
    return octets.decode("utf-8", "replace")


def _pairs(text: str, verb: str, known: frozenset[str]) -> dict[str, str | None]:
    pairs: dict[str, str | None] = {}
    for word in text.split(" "):
        match = _PARAMETER.fullmatch(word)
        if match is None:
            raise Refused(501, "5.5.4", f"A parameter of {verb} is not in the grammar")
        name = match[1].upper()
        if name not in known:
            raise Refused(555, "5.5.4", f"A parameter of {verb} is not supported")
        if name in pairs:
            raise Refused(501, "5.5.4", f"{name} stands twice")
        pairs[name] = match[2]
    return pairs


def _one_of(given: dict[str, str | None], name: str, *values: str) -> str | None:
    if name not in given:
        return None
    value = (given[name] or "").upper()
    if value not in values:
        raise Refused(501, "5.5.4", f"{name} is one of {' '.join(values)}")
    return value


def _size(given: dict[str, str | None]) -> int | None:
    if "SIZE" not in given:
        return None
    value = given["SIZE"] or ""
    if not (value.isascii() and value.isdigit() and len(value) <= 20):
        raise Refused(501, "5.5.4", "SIZE is a number of octets")
    return int(value)


def _envid(given: dict[str, str | None]) -> str | None:
    if "ENVID" not in given:
        return None
    value = given["ENVID"] or ""
    if len(value) > 100 or not _printable(unxtext(value)):  # RFC 3461 section 4.4
        raise Refused(501, "5.5.4", "ENVID is xtext of at most 100 characters")
    return value


def _notify(given: dict[str, str | None]) -> frozenset[str] | None:
    if "NOTIFY" not in given:
        return None
    words = (given["NOTIFY"] or "").upper().split(",")
    if words != ["NEVER"] and not set(words) <= {"SUCCESS", "FAILURE", "DELAY"}:
        raise Refused(501, "5.5.4", "NOTIFY is NEVER, or some of SUCCESS,FAILURE,DELAY")
    return frozenset(words)


def _orcpt(given: dict[str, str | None], *, utf8: bool) -> str | None:
    if "ORCPT" not in given:
        return None
    value = given["ORCPT"] or ""
    match = _ORCPT.fullmatch(value)
    if match is None or len(value) > 500:  # RFC 3461 section 4.2
        raise Refused(501, "5.5.4", "ORCPT is a type, a semicolon and xtext")
    international = match[1].lower() == "utf-8" and _UNITEXT.fullmatch(match[2]) and (utf8 or value.isascii())
    if not international and not _printable(unxtext(match[2])):
        raise Refused(501, "5.5.4", "ORCPT is a type, a semicolon and xtext")
    return value


def _printable(decoded: str | None) -> bool:
    return decoded is not None and decoded.isascii() and decoded.isprintable()
