"""HTTP as places speak it: one question, asked again while the other side is busy, answered or given up within a deadline.

Throttled (429, 503) and failing (500, 502, 504) services are asked again when they say, else after 1, 2, 4 ... seconds; the wait that would
pass the deadline is not begun: TryLater. A service that cannot be reached in three attempts is dead: Unusable. What else it answers
is the caller's to judge. Octets are streamed from the spool, a quarter of a megabyte at a time.

Nothing that is raised here names an address, a file or a URL: only the place, what was being done, the status and the service's own code.
"""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import httpx2

from gateway.edges.place_manners import REACH_ATTEMPTS, Sleep
from gateway.errors import TryLater, Unusable
from gateway.model.message import Content
from gateway.ports.clock import Clock

PIECE = 262_144  # octets read from a spool at a time
MOST_ANSWER = 4 * 1_048_576  # octets of an answer that are read: they are all small JSON
LONGEST_PAUSE = 30.0  # seconds between two attempts, where the service names none

_CONNECT_SECONDS = 10.0
_SILENCE_SECONDS = 60.0  # without an octet either way
_BUSY = frozenset({429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Answer:
    """What the service said."""

    status: int
    headers: Mapping[str, str]  # names in lower case
    data: Any  # the JSON in it, or None

    def text(self, *path: str) -> str:
        """A string somewhere in the answer; "" when it is not there."""
        found = self.data
        for step in path:
            found = found.get(step) if isinstance(found, dict) else None
        return found if isinstance(found, str) else str(found) if isinstance(found, int) else ""

    def rows(self, name: str) -> list[dict[str, Any]]:
        """A list of objects in the answer."""
        found = self.data.get(name) if isinstance(self.data, dict) else None
        return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []


class Caller:
    """Asks one service. `place` is the name under which it is spoken of."""

    def __init__(self, place: str, clock: Clock, trust: ssl.SSLContext, *, connections: int, sleep: Sleep = asyncio.sleep) -> None:
        self.place = place
        self._clock = clock
        self._sleep = sleep
        limits = httpx2.Limits(max_connections=connections, max_keepalive_connections=connections)
        self._client = httpx2.AsyncClient(verify=trust, limits=limits, follow_redirects=False)

    async def ask(
        self,
        method: str,
        url: str,
        deadline: float,
        *,
        doing: str,
        headers: Mapping[str, str] | None = None,
        body: object = None,
        octets: tuple[Content, int, int] | None = None,
    ) -> Answer:
        """The service's answer. `body` goes as JSON; `octets` are a content's, from one offset up to another.

        Raises:
            TryLater: it is busy or failing, and the deadline comes before the next attempt.
            Unusable: it cannot be reached.
        """
        pause, unreached = 1.0, 0
        while True:
            left = self.left(deadline, doing)
            try:
                answer = await self._once(method, url, left, headers or {}, body, octets)
            except (httpx2.TransportError, TimeoutError) as error:
                unreached += 1
                if unreached >= REACH_ATTEMPTS:
                    raise self._dead(doing, error) from error
                await self.pause(pause, deadline, f"{doing}: it cannot be reached")
            except (httpx2.HTTPError, httpx2.InvalidURL) as error:
                raise Unusable(f"place {self.place}, {doing}: {type(error).__name__}") from error
            else:
                if answer.status not in _BUSY:
                    return answer
                await self.pause(self._asked(answer, pause), deadline, f"{doing}: it answers {answer.status}")
            pause = min(pause * 2, LONGEST_PAUSE)

    def left(self, deadline: float, doing: str) -> float:
        """Seconds left. Raises TryLater when there are none."""
        left = deadline - self._clock.monotonic()
        if left <= 0:
            raise TryLater(f"place {self.place}, {doing}: no time is left", "4.4.1")
        return left

    async def pause(self, seconds: float, deadline: float, why: str) -> None:
        """Wait. Raises TryLater when the deadline comes first."""
        if self._clock.monotonic() + seconds >= deadline:
            raise TryLater(f"place {self.place}, {why}; the next attempt would be in {seconds:.0f} seconds", "4.4.1")
        await self._sleep(seconds)

    async def close(self) -> None:
        await self._client.aclose()

    async def _once(
        self, method: str, url: str, left: float, headers: Mapping[str, str], body: object, octets: tuple[Content, int, int] | None
    ) -> Answer:
        sent = dict(headers)
        content: bytes | AsyncIterator[bytes] | None = None
        if body is not None:
            content, sent["Content-Type"] = json.dumps(body).encode(), "application/json"
        elif octets is not None:
            content, sent["Content-Length"] = _pieces(*octets), str(octets[2] - octets[1])
        silence = min(_SILENCE_SECONDS, left)
        timeout = httpx2.Timeout(silence, connect=min(_CONNECT_SECONDS, left), pool=left)
        async with (
            asyncio.timeout(left),
            self._client.stream(method, url, headers=sent, content=content, timeout=timeout) as response,
        ):
            return Answer(response.status_code, {name.lower(): text for name, text in response.headers.items()}, await _json(response))

    def _asked(self, answer: Answer, otherwise: float) -> float:
        """Seconds that it asks us to wait (RFC 9110 section 10.2.3)."""
        said = answer.headers.get("retry-after", "").strip()
        if said.isdigit():
            return float(said)
        try:
            at = parsedate_to_datetime(said)
        except ValueError:
            return otherwise
        return max(0.0, (at.replace(tzinfo=at.tzinfo or UTC) - self._clock.now()).total_seconds())

    def _dead(self, doing: str, error: Exception) -> Unusable:
        cause = error
        while cause.__cause__ is not None and isinstance(cause.__cause__, Exception):
            cause = cause.__cause__
        why = "its certificate is not trusted" if isinstance(cause, ssl.SSLCertVerificationError) else type(error).__name__
        return Unusable(f"place {self.place}, {doing}: it cannot be reached ({why})")


def trust(ca: Path | None) -> ssl.SSLContext:
    """Whose certificates are believed: those of `ca`, or the system's."""
    return ssl.create_default_context(cafile=ca) if ca is not None else httpx2.create_ssl_context()


async def _pieces(content: Content, start: int, end: int) -> AsyncIterator[bytes]:
    for at in range(start, end, PIECE):
        yield content.read(at, min(at + PIECE, end))


async def _json(response: httpx2.Response) -> Any:
    octets = bytearray()
    async for piece in response.aiter_bytes():
        octets += piece
        if len(octets) > MOST_ANSWER:
            return None
    try:
        return json.loads(octets) if octets else None
    except ValueError:
        return None
