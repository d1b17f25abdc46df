"""Who sends to whom, and from where it came to us: the envelope of RFC 5321 with each recipient's own parameters."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Address:
    """A mailbox as RFC 5321 section 4.1.2 writes it. The decided address and the sent address are the same text: `wire`."""

    wire: str  # between the angle brackets, as received, without them; "" is the null reverse-path
    local_part: str  # decoded: no quotes, no backslashes; case kept
    domain: (
        str  # lower-case U-label (IDNA 2008), no trailing dot; "[192.0.2.1]" for an address literal; empty only in the null reverse-path
    )

    @property
    def is_null(self) -> bool:
        """Whether this is the null reverse-path."""
        return not self.wire

    @property
    def key(self) -> str:
        """The text under which two spellings of one mailbox are the same to us: lower-case, no more. Case folding would make one of two."""
        return _key(self.local_part, self.domain) if self.wire else ""


@dataclass(frozen=True, slots=True)
class Recipient:
    """A forward-path with its own DSN parameters (RFC 3461)."""

    address: Address
    notify: frozenset[str] | None = None  # NEVER, or of SUCCESS FAILURE DELAY; None: not given
    orcpt: str | None = None  # "rfc822;xtext" as received


@dataclass(frozen=True, slots=True)
class Peer:
    """The client at the other end of the connection."""

    address: str  # IP address, no port
    port: int
    helo: str  # as the client named itself in EHLO, HELO or LHLO
    tls: str | None = None  # "TLSv1.3 with cipher TLS_AES_256_GCM_SHA384"; None in clear
    certificate: str | None = None  # subject of a verified client certificate, RFC 4514 text
    xforward: tuple[tuple[str, str], ...] = ()  # attributes a trusted peer sent (Postfix XFORWARD_README), names upper-case, xtext decoded

    def forwarded(self, name: str) -> str | None:
        """What XFORWARD said of `name`; None when unsaid or [UNAVAILABLE]."""
        if not self.xforward:
            return None
        return next((value for key, value in self.xforward if key == name and value != "[UNAVAILABLE]"), None)


@dataclass(frozen=True, slots=True)
class Envelope:
    """Everything the transaction said outside the message itself."""

    reverse_path: Address
    recipients: tuple[Recipient, ...]  # in the order given; a mailbox named twice stands twice
    body: str = "7BIT"  # 7BIT | 8BITMIME | BINARYMIME is not offered
    smtputf8: bool = False
    ret: str | None = None  # FULL | HDRS
    envid: str | None = None  # xtext as received


@lru_cache(maxsize=4096)  # asked for many times for each message
def _key(local_part: str, domain: str) -> str:
    return f"{local_part}@{domain}".lower()
