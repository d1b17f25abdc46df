"""The terms on which a session is held: settings and everything a session asks of the world. A reload makes new terms for new sessions."""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from gateway.config import Listener
from gateway.listen.limits import Limits
from gateway.log import Log
from gateway.model.message import Arrival
from gateway.model.outcome import Answer
from gateway.ports.clock import Clock
from gateway.ports.spool import SpoolWriter

Deliver = Callable[[Arrival], Awaitable[Answer]]
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class Terms:
    """For one listener, from one reload to the next."""

    name: str  # of [listen.NAME]
    settings: Listener
    hostname: str
    deliver: Deliver
    spool: Callable[[], SpoolWriter]
    ids: Callable[[], str]
    clock: Clock
    tls: ssl.SSLContext | None
    limits: Limits
    log: Log
    stamp_key: bytes  # of the loop stamp; the same in every process and machine
    networks: tuple[Network, ...] = field(init=False)
    xforward: tuple[Network, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "networks", tuple(map(ipaddress.ip_network, self.settings.networks)))
        object.__setattr__(self, "xforward", tuple(map(ipaddress.ip_network, self.settings.xforward)))

    @property
    def is_lmtp(self) -> bool:
        return self.settings.protocol == "lmtp"

    @property
    def may_show_certificate(self) -> bool:
        """Whether a peer from anywhere could still prove who it is."""
        return self.tls is not None and self.settings.client_ca is not None and bool(self.settings.client_names)


def is_within(address: str, networks: tuple[Network, ...]) -> bool:
    """Whether an IP address is in one of these."""
    known = ipaddress.ip_address(address)
    return any(known in network for network in networks)


def plain_address(peername: object) -> tuple[str, int]:
    """Address and port of a peer; an IPv4 address in IPv6 clothes is IPv4, a zone is left out."""
    if not isinstance(peername, tuple):
        return "0.0.0.0", 0  # noqa: S104 - the client has gone already: in nobody's network
    known = ipaddress.ip_address(str(peername[0]).partition("%")[0])
    mapped = known.ipv4_mapped if isinstance(known, ipaddress.IPv6Address) else None
    return str(mapped or known), int(peername[1])
