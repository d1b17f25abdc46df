"""What every answer says to the browser, and what no request gets past: the outermost layer of the application.

Standards: CSP Level 3, RFC 6797 (HSTS), RFC 9111 (no-store), Fetch (CORP, nosniff), HTML (COOP), Permissions Policy, Referrer Policy.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.log import Log

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
_UNUSED = (
    *(
        "accelerometer",
        "camera",
        "clipboard-read",
        "display-capture",
        "fullscreen",
        "geolocation",
        "gyroscope",
        "hid",
        "identity-credentials-get",
    ),
    *(
        "magnetometer",
        "microphone",
        "midi",
        "payment",
        "publickey-credentials-get",
        "screen-wake-lock",
        "serial",
        "usb",
        "xr-spatial-tracking",
    ),
)
HEADERS: Mapping[str, str] = {
    "content-security-policy": CSP,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
    "origin-agent-cluster": "?1",
    "permissions-policy": ", ".join(f"{name}=()" for name in _UNUSED),
    "x-frame-options": "DENY",  # for browsers older than frame-ancestors
    "x-robots-tag": "noindex, nofollow, noarchive",
    "cache-control": "no-store",
}
HSTS = "max-age=63072000; includeSubDomains"
LONGEST_PATH = 512
LARGEST_HEAD = 16_384  # octets of all fields together

Answer = Callable[[Scope, Receive, Send], Awaitable[None]]


class Guard:
    """Adds the headers, and ends what went wrong with `broken`: nothing of an error reaches the visitor."""

    def __init__(self, app: ASGIApp, log: Log, broken: Answer, *, is_https: bool) -> None:
        self._app = app
        self._log = log
        self._broken = broken
        said = {**HEADERS, **({"strict-transport-security": HSTS} if is_https else {})}
        self._headers = [(name.encode(), value.encode()) for name, value in said.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return  # no WebSockets; lifespan is off
        has_begun = False

        async def answer(message: Message) -> None:
            nonlocal has_begun
            if message["type"] == "http.response.start":
                has_begun = True
                own = list(message["headers"])
                there = {name for name, _ in own}
                message = {**message, "headers": own + [field for field in self._headers if field[0] not in there]}
            await send(message)

        try:
            if status := _refusal(scope):
                await Response(None, status, {"connection": "close"})(scope, receive, answer)
                return
            if len(scope["raw_path"]) + len(scope["query_string"]) > LONGEST_PATH:
                scope = {**scope, "path": "/-", "raw_path": b"/-", "query_string": b""}
            await self._app(scope, receive, answer)
        except Exception as error:  # noqa: BLE001 - the visitor sees a page, the operator where it happened
            self._log.bug("portal.failed", error)
            if not has_begun:
                await self._broken(scope, receive, answer)


def _refusal(scope: Scope) -> int:
    """What no browser sends: fields without end; two ways of saying where a request ends, which a proxy may read otherwise than we do."""
    names = [name for name, _ in scope["headers"]]
    if sum(len(name) + len(value) + 4 for name, value in scope["headers"]) > LARGEST_HEAD:
        return 431
    if b"transfer-encoding" in names and (b"content-length" in names or scope["http_version"] == "1.0"):
        return 400
    return 0
