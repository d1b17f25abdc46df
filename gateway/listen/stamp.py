"""Our Received field, and what the Received fields of a message say about loops. Pure.

Standards: RFC 5321 section 4.4 (trace), 6.3 (loops), RFC 3848 and 6531 (with). No `for` clause: it would tell everyone about a Bcc.

The field carries a stamp, `(outgate ID MAC)`. MAC is keyed (RFC 7693) and covers ID and the message's Message-ID: nobody else can make one,
one taken from another message does not count, and a message that comes back to us shows how often it has been here.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache

from gateway.mime.identity import message_id_octets
from gateway.model.envelope import Peer
from gateway.model.message import Arrival, Content

MOST_HOPS = 30  # Received fields from which a message is taken to go in circles (RFC 5321 section 6.3)
MOST_PASSES = 3  # times that a message may have been here before

_HEADER_OCTETS = 262_144  # trace fields stand at the top
_RECEIVED = re.compile(rb"^received[ \t]*:", re.IGNORECASE | re.MULTILINE)
_STAMP = re.compile(rb"\(outgate ([!-'*-~]{1,64}) ([0-9a-f]{32})\)")


def received(arrival: Arrival, hostname: str, key: bytes) -> bytes:
    """Our one Received field, with its line end."""
    peer = arrival.peer
    secured = f"\r\n\t(using {peer.tls})" if peer.tls else ""
    stamp = make_stamp(key, arrival.id.encode(), message_id_octets(header_section(arrival.content)))
    return (
        f"Received: from {peer.helo} ({_literal(peer)}){secured}\r\n"
        f"\tby {hostname} (outgate {arrival.id} {stamp})\r\n"
        f"\twith {arrival.protocol} id {arrival.id}; {_date(int(arrival.received_at.timestamp()))}\r\n"
    ).encode("ascii")


def hops(header: bytes, key: bytes) -> tuple[int, int]:
    """How many Received fields a header section has, and how many different valid stamps of ours."""
    count = len(_RECEIVED.findall(header))
    if b"(outgate " not in header:
        return count, 0
    identity = message_id_octets(header)
    stamps = set(_STAMP.findall(header))
    return count, sum(hmac.compare_digest(make_stamp(key, name, identity).encode(), mac) for name, mac in stamps)


def is_looping(header: bytes, key: bytes) -> bool:
    """Whether this message goes in circles."""
    if b"(outgate " not in header and header.lower().count(b"received") < MOST_HOPS:
        return False  # nearly always, and quicker than a look at each field
    count, passes = hops(header, key)
    return count >= MOST_HOPS or passes >= MOST_PASSES


def make_stamp(key: bytes, name: bytes, identity: bytes) -> str:
    """The MAC of one passage: `name` is our id of it, `identity` the Message-ID."""
    return hashlib.blake2b(b"outgate loop stamp\0" + name + b"\0" + identity, key=key, digest_size=16).hexdigest()


def header_section(content: Content) -> bytes:
    """The header section, at most its first 256 KiB."""
    octets = content.read(0, min(content.octets, _HEADER_OCTETS))
    if octets.startswith(b"\r\n"):
        return b""
    end = octets.find(b"\r\n\r\n")
    return octets if end < 0 else octets[: end + 2]


@lru_cache(maxsize=8)
def _date(second: int) -> str:
    """A moment as RFC 5322 writes it; many messages come in one second."""
    return format_datetime(datetime.fromtimestamp(second, UTC))


def _literal(peer: Peer) -> str:
    return f"[IPv6:{peer.address}]" if ":" in peer.address else f"[{peer.address}]"
