"""Domains and addresses as packs write them, and sets of them. Pure.

Domains are exact: `derbyshire.gov.uk` is not `derbyshire.sch.uk` nor `mail.derbyshire.gov.uk`; `*.cjsm.net` is every domain below cjsm.net
and not cjsm.net itself. Both are kept as lower-case U-labels (IDNA 2008, RFC 5891), as model.envelope.Address has them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import idna

T = TypeVar("T")

_SEVERAL = re.compile(r"@.*[;,]")
_NEVER_PLAIN = re.compile(r"[\s@<>\"(),:;\[\]\\]")
_IP_ADDRESS = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")


def domain_of(text: str) -> str:
    """A domain or `*.domain` as we compare it.

    Raises:
        ValueError: it is no domain; the text says why.
    """
    star, name = ("*.", text[2:]) if text.startswith("*.") else ("", text)
    name = name.rstrip(".").lower()
    if not name or "@" in name or "*" in name or " " in name:
        raise ValueError(f"`{text}` is no domain; write example.org, or *.example.org for everything below it")
    if name.endswith((".yaml", ".yml")):
        raise ValueError(f"`{text}` is a file, and here stands a domain or an address")
    if _IP_ADDRESS.fullmatch(name):
        raise ValueError(f"`{text}` is the address of a machine, and here stands a domain or an address of mail; write example.org")
    try:
        return star + (name if name.isascii() and "xn--" not in name and _is_plain(name) else idna.decode(name, uts46=True))
    except idna.IDNAError as error:
        raise ValueError(f"`{text}` is no domain; write example.org, or *.example.org for everything below it") from error


def address_of(text: str) -> str:
    """An address as we compare it: Address.key.

    Raises:
        ValueError: it is no address, or one that nobody writes without quotes (RFC 5322 section 3.2.3); the text says why.
    """
    local, at, domain = text.rpartition("@")
    if not at or not local or domain.startswith("*."):
        raise ValueError(f"`{text}` is no address; write someone@example.org")
    if _SEVERAL.search(text):
        raise ValueError(f"`{text}` is more than one address; write one, or where several may stand [ann@example.org, bea@example.org]")
    if local.startswith("mailto:"):
        raise ValueError(f"`{text}` has more than the address; write {text.removeprefix('mailto:')} alone")
    if not local.isprintable():
        raise ValueError(f"`{text}` has a character that cannot be seen; type the address anew")
    if (sign := _NEVER_PLAIN.search(local)) is not None:
        raise ValueError(f"`{text}` is no address: no `{sign[0]}` stands before the last @; write someone@example.org")
    return f"{local.lower()}@{domain_of(domain)}"


def where_of(text: str) -> str:
    """An address, a domain, `*.domain` or `own` as we compare it.

    Raises:
        ValueError: it is none of them.
    """
    return text if text == "own" else address_of(text) if "@" in text else domain_of(text)


def own(wheres: Iterable[str], own_domains: tuple[str, ...]) -> list[str]:
    """`own` stands for the organisation's domains, `*.own` for all below them, `someone@own` for that mailbox in each of them."""
    found = []
    for where in wheres:
        before = where.removesuffix("own")
        stands = where == "own" or (where.endswith("own") and before.endswith("@")) or where == "*.own"
        found += [f"{before}{one}" for one in own_domains] if stands and own_domains else [where]
    return found


def home(address: str, own_domains: tuple[str, ...]) -> str:
    """`someone@own` at the first of the organisation's domains."""
    return own([address], own_domains[:1])[0]


def _is_plain(name: str) -> bool:
    return all(label and len(label) <= 63 and label.replace("-", "a").replace("_", "a").isalnum() for label in name.split("."))


@dataclass(frozen=True, slots=True, eq=False)
class Places(Generic[T]):
    """What is known of addresses, domains and everything below a domain. The closest entry speaks."""

    addresses: Mapping[str, T] = field(default_factory=dict)
    domains: Mapping[str, T] = field(default_factory=dict)
    below: Mapping[str, T] = field(default_factory=dict)  # keys without "*."

    @classmethod
    def of(cls, entries: Iterable[tuple[str, T]]) -> Places[T]:
        """From normalised texts (`domain_of`, `address_of`)."""
        found: tuple[dict[str, T], dict[str, T], dict[str, T]] = ({}, {}, {})
        for text, value in entries:
            kind = 0 if "@" in text else 2 if text.startswith("*.") else 1
            found[kind][text.removeprefix("*.")] = value
        return cls(*found)

    def find(self, address: str, domain: str) -> T | None:
        """What the closest entry says: the address, its domain, the nearest domain above it."""
        if address in self.addresses:
            return self.addresses[address]
        if domain in self.domains:
            return self.domains[domain]
        above = domain
        while self.below and "." in above:
            above = above.partition(".")[2]
            if above in self.below:
                return self.below[above]
        return None

    def __len__(self) -> int:
        return len(self.addresses) + len(self.domains) + len(self.below)
