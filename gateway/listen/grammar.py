"""The addresses of SMTP: `MAIL FROM:<path> parameters` to Address. Pure; strict; what is not in the grammar is refused.

Standards: RFC 5321 section 4.1.2 (Path, Mailbox, address literals), RFC 6531 section 3.3 (UTF-8 with SMTPUTF8), RFC 5891 (A-labels
are read as U-labels). A source route is accepted and ignored. Not here: comments, folding and display names, which no envelope has.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from functools import lru_cache

import idna

from gateway.model.envelope import Address

NULL = Address(wire="", local_part="", domain="")  # the null reverse-path, <>

MOST_PATH_OCTETS = 512  # RFC 5321 section 4.5.3.1.3 asks for 256 at least; variable reverse-paths are longer

_ATEXT = r"-A-Za-z0-9!#$%&'*+/=?^_`{|}~"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_DOMAIN = rf"{_LABEL}(?:\.{_LABEL})*"
_PLAIN = re.compile(rf"([{_ATEXT}]+(?:\.[{_ATEXT}]+)*)@({_DOMAIN})")  # nearly every address there is
_BRACKETS = re.compile(r' ?<((?:[^<>"\\ ]|"(?:[^"\\]|\\.)*")*)>(?: +(.*))?', re.DOTALL)
_ROUTE = re.compile(rf"@{_DOMAIN}(?:,@{_DOMAIN})*:")
_MAILBOX = re.compile(r'("(?:[^"\\]|\\.)*"|[^"@]+)@(.+)', re.DOTALL)
_DOT_STRING = re.compile(rf"[{_ATEXT}\u0080-\U0010ffff]+(?:\.[{_ATEXT}\u0080-\U0010ffff]+)*")
_QUOTED = re.compile(r'"((?:[ !#-\[\]-~\u0080-\U0010ffff]|\\[ -~])+)"')
_LDH = re.compile(_DOMAIN)


class BadPath(ValueError):
    """This is no address we take. The message is for the client; `needs_utf8` when SMTPUTF8 alone was missing."""

    def __init__(self, says: str, *, needs_utf8: bool = False) -> None:
        super().__init__(says)
        self.needs_utf8 = needs_utf8


def split_path(text: str) -> tuple[str, str]:
    """What follows `FROM:` or `TO:`, as the path without its angle brackets and the parameters.

    Raises:
        BadPath: there are no angle brackets, or they do not close.
    """
    match = _BRACKETS.fullmatch(text)
    if match is None:
        raise BadPath("a path stands between < and >")
    return match[1], (match[2] or "").strip(" ")


@lru_cache(maxsize=4096)  # the same people write to the same people
def parse_path(text: str, *, utf8: bool = False, postmaster_domain: str = "") -> Address:
    """A path without its angle brackets. `postmaster_domain`: where `<Postmaster>` without a domain belongs; empty refuses it.

    Raises:
        BadPath: it is not in the grammar.
    """
    if not text:
        return NULL
    plain = _PLAIN.fullmatch(text)
    if plain is not None and len(text) <= MOST_PATH_OCTETS:
        return Address(wire=text, local_part=plain[1], domain=_domain(plain[2]))
    if postmaster_domain and text.casefold() == "postmaster":  # RFC 5321 section 4.5.1
        return Address(wire=text, local_part=text, domain=postmaster_domain)
    return _unusual(text, utf8=utf8)


def _unusual(text: str, *, utf8: bool) -> Address:
    """Everything but `local@domain` in plain letters."""
    if len(text.encode("utf-8", "surrogateescape")) > MOST_PATH_OCTETS:
        raise BadPath("the path is too long")
    if not text.isascii():
        _check_characters(text, utf8=utf8)
    route = _ROUTE.match(text)
    mailbox = text[route.end() :] if route else text  # RFC 5321 section 4.1.1.3: a source route SHOULD be ignored
    match = _MAILBOX.fullmatch(mailbox)
    if match is None:
        raise BadPath("a mailbox is local-part@domain")
    return Address(wire=mailbox, local_part=_local_part(match[1]), domain=_domain(match[2]))


def _check_characters(text: str, *, utf8: bool) -> None:
    if not utf8:
        raise BadPath("an address beyond ASCII needs SMTPUTF8", needs_utf8=True)
    for character in text:
        kind = unicodedata.category(character)
        # Line separators, blanks and invisible characters would make one address look like another; joiners are part of real words.
        if not character.isascii() and (kind in {"Cc", "Cs", "Cn", "Zs", "Zl", "Zp"} or (kind == "Cf" and character not in "\u200c\u200d")):
            raise BadPath("the address has a character that no address has")


def _local_part(text: str) -> str:
    if _DOT_STRING.fullmatch(text):
        return text
    quoted = _QUOTED.fullmatch(text)
    if quoted is None:
        raise BadPath("the local part is neither words with dots between nor a quoted string")
    return re.sub(r"\\(.)", r"\1", quoted[1])


@lru_cache(maxsize=4096)
def _domain(text: str) -> str:
    """Lower-case U-label, or an address literal."""
    if text.startswith("["):
        return _literal(text)
    if text.isascii() and not _LDH.fullmatch(text):
        raise BadPath("the domain is not in the grammar")
    lower = text.lower()
    if lower.isascii() and "xn--" not in lower:
        _check_length(lower)
        return lower
    try:
        # Both ways, so that every domain has one spelling, and one that no DNS has is refused.
        return idna.decode(idna.encode(lower, strict=True), strict=True)
    except (idna.IDNAError, UnicodeError) as error:
        raise BadPath("the domain is not valid in IDNA 2008") from error


def _check_length(domain: str) -> None:
    if len(domain) > 253:  # RFC 1035 section 2.3.4, without the root and the first length octet
        raise BadPath("the domain is too long")
    if domain.rsplit(".", 1)[-1].isdigit():  # RFC 3696 section 2: such a name would be read as an address by some
        raise BadPath("an IP address stands in square brackets")


def _literal(text: str) -> str:
    """RFC 5321 section 4.1.3."""
    inside = text[1:-1] if text.endswith("]") and "%" not in text else ""
    try:
        if inside[:5].lower() == "ipv6:":
            return f"[ipv6:{ipaddress.IPv6Address(inside[5:]).compressed}]"
        return f"[{ipaddress.IPv4Address(inside)}]"
    except ValueError as error:
        raise BadPath("the address literal is not in the grammar") from error
