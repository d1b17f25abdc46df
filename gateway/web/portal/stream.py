"""Octets on their way to a browser: flat in memory, noted as they went, cut off when they may not go on.

Every LOOK_SECONDS it is asked again whether the guest may still have the file: a share that is revoked ends running downloads too. What
breaks off in the middle leaves a file shorter than was said, which every browser tells. Who reads too slowly is cut off by server.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.errors import OutgateError

LOOK_SECONDS = 15.0


class Stream(Response):
    """`pieces` as the body of an answer whose length is known. `sent` hears how many octets went when it is over, however it ends.

    `failed` hears what went wrong in the middle, when nothing can be said to the browser any more.
    """

    def __init__(
        self,
        pieces: AsyncIterator[bytes],
        octets: int,
        status: int,
        headers: dict[str, str],
        *,
        may_go_on: Callable[[], Awaitable[bool]],
        sent: Callable[[int], Awaitable[None]],
        failed: Callable[[OutgateError], None],
    ) -> None:
        super().__init__(None, status, {**headers, "content-length": str(octets)}, "application/octet-stream")
        self._pieces = pieces
        self._octets = octets
        self._may_go_on = may_go_on
        self._sent = sent
        self._failed = failed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - the shape of ASGI
        gone = asyncio.ensure_future(_gone(receive))
        went = 0
        try:
            # The first piece before the first line: what cannot be read at all is an error page, not a broken file.
            pieces = aiter(self._pieces)
            ahead = await anext(pieces, b"")
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            went = await self._send_all(ahead, pieces, send, gone)
        finally:
            gone.cancel()
            with suppress(AttributeError):
                await self._pieces.aclose()  # type: ignore[attr-defined]
            await asyncio.shield(self._sent(went))
        if went == self._octets:
            # Only now: the next request on this connection is heard after it, and finds this download noted.
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _send_all(self, piece: bytes, pieces: AsyncIterator[bytes], send: Send, gone: asyncio.Future[None]) -> int:
        loop = asyncio.get_running_loop()
        went, look_at = 0, loop.time() + LOOK_SECONDS
        while piece:
            if loop.time() >= look_at:
                look_at = loop.time() + LOOK_SECONDS
                if not await self._may_go_on():
                    return went
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            if gone.done():
                return went
            went += len(piece)
            if went >= self._octets:
                return went
            try:
                piece = await anext(pieces, b"")
            except OutgateError as error:
                self._failed(error)
                return went
        return went


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
