"""Domains and addresses as packs write them, and sets of them. Pure.

Domains are exact: `derbyshire.gov.uk` is not `derbyshire.sch.uk` nor `mail.derbyshire.gov.uk`; `*.cjsm.net` is every domain below cjsm.net
and not cjsm.net itself. Both are kept as lower-case U-labels (IDNA 2008, RFC 5891), as model.envelope.Address has them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import idna

T = TypeVar("T")


def domain_of(text: str) -> str:
    """A domain or `*.domain` as we compare it.

    Raises:
        ValueError: it is no domain; the text says why.
    """
    star, name = ("*.", text[2:]) if text.startswith("*.") else ("", text)
    name = name.rstrip(".").lower()
    if not name or "@" in name or "*" in name or " " in name:
        raise ValueError(f"`{text}` is no domain; write example.org, or *.example.org for everything below it")
    try:
        return star + (name if name.isascii() and "xn--" not in name and _is_plain(name) else idna.decode(name, uts46=True))
    except idna.IDNAError as error:
        raise ValueError(f"`{text}` is no domain; write example.org, or *.example.org for everything below it") from error


def address_of(text: str) -> str:
    """An address as we compare it: Address.key.

    Raises:
        ValueError: it is no address.
    """
    local, at, domain = text.rpartition("@")
    if not at or not local or domain.startswith("*."):
        raise ValueError(f"`{text}` is no address; write someone@example.org")
    return f"{local.lower()}@{domain_of(domain)}"


def where_of(text: str) -> str:
    """An address, a domain, `*.domain` or `own` as we compare it.

    Raises:
        ValueError: it is none of them.
    """
    return text if text == "own" else address_of(text) if "@" in text else domain_of(text)


def own(wheres: Iterable[str], own_domains: tuple[str, ...]) -> list[str]:
    """`own` stands for the organisation's domains, `someone@own` for that mailbox in each of them."""
    found = []
    for where in wheres:
        local, at, domain = where.rpartition("@")
        found += [f"{local}{at}{one}" for one in own_domains] if domain == "own" and own_domains else [where]
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
