"""The domains that a From field names, in the order they stand there, as A-labels (RFC 5890). Pure; what is no address is passed over.

Standards: RFC 5322 sections 3.4 and 4.4 (groups, comments, quoted strings, old routes), RFC 6532 (UTF-8).
Not here: who the author is. A From field with several addresses has several domains.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import idna

_OCTETS = 16_384  # of one field: more names nobody
_TOKEN = re.compile(r'\\.|["()]|[^"()\\]+|\\', re.DOTALL)
_ROUTE = re.compile(r"<[ \t\r\n]*@[^:<>]*:")
_MAILBOX = re.compile(r"[^,;:]+")
_DOMAIN = re.compile(r"(?=.{1,253}\Z)[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*")


def author_domains(value: bytes) -> tuple[str, ...]:
    """Of the value of one field, folded or not."""
    text = _ROUTE.sub("<", _bare(value[:_OCTETS].decode("utf-8", "replace")))
    found = (a_label(_after_at(mailbox)) for mailbox in _MAILBOX.findall(text))
    return tuple(domain for domain in found if domain is not None)


def a_label(domain: str) -> str | None:
    """The domain in lower-case ASCII; None when it is none, or an address literal."""
    name = domain.strip().rstrip(".").lower()
    if not name.isascii():
        try:
            name = idna.encode(name, uts46=True).decode("ascii")
        except (idna.IDNAError, UnicodeError):
            return None
    return name if _DOMAIN.fullmatch(name) else None


def _bare(text: str) -> str:
    return "".join(_outside(text))


def _outside(text: str) -> Iterator[str]:
    """What stands in no comment. A quoted string is a local part or a name: what it says does not matter here."""
    depth, quoted = 0, False
    for word in _TOKEN.findall(text):
        if quoted:
            quoted = word != '"'
        elif word == "(" or (word == ")" and depth):
            depth += 1 if word == "(" else -1
        elif word == '"' and not depth:
            quoted = True
            yield "q"
        elif not depth:
            yield word


def _after_at(mailbox: str) -> str:
    inside = mailbox.rpartition("<")[2].partition(">")[0]
    return inside.rpartition("@")[2] if "@" in inside else ""
