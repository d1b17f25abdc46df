"""What lets a download in on the other host name, where the session's cookie is not: for one file, one session, a quarter of an hour. Pure.

A ticket names the session by its number in the database, which opens nothing by itself; the session and all else are looked at again as for
any request. It is signed (HMAC-SHA-256) by a key derived from the newest of the family `shares` (RFC 5869), so that it outlives a restart.
"""

from __future__ import annotations

import hashlib
import hmac
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime

LASTS_SECONDS = 900.0
_SESSION, _MAC = 32, 32
_UNTIL = struct.Struct(">Q")


@dataclass(frozen=True, slots=True)
class Tickets:
    """Signs and reads them. `key`: 32 octets of its own."""

    key: bytes

    def sign(self, session: bytes, path: str, now: datetime) -> str:
        """A ticket for this path, of the session with this hash."""
        said = session + _UNTIL.pack(int(now.timestamp() + LASTS_SECONDS))
        return urlsafe_b64encode(said + self._mac(said, path)).rstrip(b"=").decode()

    def read(self, ticket: str, path: str, now: datetime) -> bytes | None:
        """The hash of the session that it is for; None when it is not ours, not for this path, or over."""
        try:
            octets = urlsafe_b64decode(ticket.encode("ascii") + b"=" * (-len(ticket) % 4))
        except (ValueError, UnicodeEncodeError):
            return None
        if len(octets) != _SESSION + _UNTIL.size + _MAC:
            return None
        said, mac = octets[:-_MAC], octets[-_MAC:]
        if not hmac.compare_digest(mac, self._mac(said, path)):
            return None
        (until,) = _UNTIL.unpack(said[_SESSION:])
        return said[:_SESSION] if now.timestamp() < until else None

    def _mac(self, said: bytes, path: str) -> bytes:
        return hmac.digest(self.key, said + path.encode(), hashlib.sha256)
