"""Guesses in great numbers, straight into the portal's application: what a thousand machines at once would send it."""

import asyncio
import base64
import hashlib
import itertools
import secrets
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import urlencode

from starlette.types import Message

from gateway.model.share import Session
from gateway.web.portal.application import make_application
from tests.web.house import House

AT_ONCE = 64


@dataclass
class Guesser:
    """`one_network`: all come from there; else each from another."""

    portal: House
    one_network: bool = False
    seen: Counter[int] = field(default_factory=Counter)
    numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1000))

    def tokens(self, times: int) -> Counter[int]:
        """The statuses of so many guesses of a token."""
        cookie = secrets.token_urlsafe(32)
        return self._all(lambda: self._post("/", cookie, key=base64.b32encode(secrets.token_bytes(20)).decode().lower()), times)

    def codes(self, times: int, sessions: list[tuple[str, str]]) -> Counter[int]:
        """Of a code, in turn for these sessions: the share's number and the cookie."""
        turns = itertools.cycle(sessions)

        def guess():
            number, cookie = next(turns)
            return self._post(f"/{number}/code", cookie, code=f"{secrets.randbelow(10**8):08}")

        return self._all(guess, times)

    def session(self, number: str, grant: str) -> tuple[str, str]:
        """A browser that has shown the token of this grant, and for which a code was mailed."""
        cookie, now = secrets.token_urlsafe(32), self.portal.clock.now()
        hashed = hashlib.sha256(cookie.encode()).digest()
        made = Session(hashed, number, grant, "", "10.0.0.0/24", now, now + timedelta(hours=1), now + timedelta(hours=1))
        self.portal.call(self.portal.state.visits.open_session(made))
        self.portal.code_for(grant, hashed)
        return number, cookie

    def _all(self, guess, times: int) -> Counter[int]:
        async def run() -> None:
            left = iter(range(times))

            async def one() -> None:
                for _ in left:
                    self.seen[await guess()] += 1

            await asyncio.gather(*(one() for _ in range(AT_ONCE)))

        self.application = make_application(self.portal.site)
        asyncio.run_coroutine_threadsafe(run(), self.portal.loop).result()
        return self.seen

    async def _post(self, path: str, cookie: str, **fields: str) -> int:
        number = 1 if self.one_network else next(self.numbers)
        address = f"{11 + number // 65536 % 100}.{number // 256 % 256}.{number % 256}.1"
        body = urlencode({"csrf": self.portal.site.csrf(cookie), **fields}).encode()
        said = {"content-type": "application/x-www-form-urlencoded", "cookie": f"outgate={cookie}", "x-forwarded-for": address}
        status = 0

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)

        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": "POST",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
            "headers": [(name.encode(), value.encode()) for name, value in said.items()],
        }
        await self.application(scope, receive, send)
        return status
