"""Where a request comes from: the peer's address, or what a proxy that we trust says of it. Pure.

Of X-Forwarded-For the last entries count, those that our own proxies wrote; what a client wrote before them is nobody's word.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_V4_PREFIX, _V6_PREFIX, _V6_HOME = 24, 48, 64


class Proxies:
    """The networks whose X-Forwarded-For is believed."""

    def __init__(self, networks: Sequence[str]) -> None:
        self._networks = tuple(ipaddress.ip_network(network) for network in networks)

    def trust(self, address: str) -> bool:
        known = _parsed(address)
        return known is not None and any(known.version == network.version and known in network for network in self._networks)

    def client(self, peer: str, forwarded: Sequence[str]) -> str:
        """The address nearest to us that is none of our proxies. `forwarded`: the values of X-Forwarded-For in their order."""
        hops = [peer, *(hop.strip() for value in reversed(forwarded) for hop in reversed(value.split(",")))]
        for position, hop in enumerate(hops):
            if not self.trust(hop):
                return hop if _parsed(hop) is not None else hops[max(position - 1, 0)]
        return hops[-1]


def home(address: str) -> str:
    """What one subscriber has: an IPv4 address, or a /64."""
    return _within(address, 32, _V6_HOME)


def network(address: str) -> str:
    """What one provider gives to one customer of some size: a /24, or a /48."""
    return _within(address, _V4_PREFIX, _V6_PREFIX)


def _within(address: str, v4: int, v6: int) -> str:
    known = _parsed(address)
    if known is None:
        return "unknown"
    return str(ipaddress.ip_network((known, v4 if known.version == 4 else v6), strict=False))


def _parsed(address: str) -> _Address | None:
    bare = address.strip().removeprefix("[").partition("]")[0].partition("%")[0]
    try:
        found = ipaddress.ip_address(bare if bare.count(":") != 1 else bare.partition(":")[0])
    except ValueError:
        return None
    return found.ipv4_mapped or found if isinstance(found, ipaddress.IPv6Address) else found
