"""Whatever is asked, in whatever form: an answer with a page or without, the headers on it, and no error of ours."""

import asyncio
from urllib.parse import quote

from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Message

from gateway.web.portal.application import make_application
from tests.laws import tries
from tests.web.house import RECIPIENT, House

EXPECTED = {200, 206, 303, 304, 400, 403, 404, 405, 410, 412, 413, 416, 422, 429, 431, 503}
WORDS = st.sampled_from(
    ["", "files", "code", "again", "ask", "sent", "stop", "all", "1", "0", "-1", "leave", "help", "static", "..", "%2e", "\u00fc"]
)
METHODS = st.sampled_from(["GET", "HEAD", "POST", "OPTIONS", "PUT", "BREW"])
NAMES = st.sampled_from(
    [
        *("host", "cookie", "origin", "sec-fetch-site", "range", "if-range", "if-match", "if-none-match", "accept-language"),
        *("content-type", "content-length", "x-forwarded-for", "sec-purpose", "transfer-encoding", "expect"),
    ]
)
VALUES = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n\0"), max_size=60) | st.sampled_from(
    ["bytes=0-", "bytes=-1", "*", '""', "same-origin", "null", "application/x-www-form-urlencoded", "outgate=x", "language=ar", "5"]
)


@tries(400)
@given(
    method=METHODS,
    path=st.lists(WORDS | st.text(max_size=8), max_size=4),
    query=st.sampled_from(["", "lang=ar", "lang=%00", "ticket=x", "said=again", "a=b&a=c", "%"]),
    fields=st.lists(st.tuples(NAMES, VALUES), max_size=6),
    body=st.binary(max_size=200) | st.just(b"key=x&csrf=y&code=12345678"),
    inside=st.booleans(),
)
def test_no_request_is_answered_by_an_error_of_ours(
    portal: House, method: str, path: list[str], query: str, fields: list[tuple[str, str]], body: bytes, *, inside: bool
) -> None:
    if not portal.visits:
        share, tokens = portal.share({"a.bin": b"octets", "b.bin": b""})
        browser = portal.browser()
        browser.enter(tokens[RECIPIENT])
        portal.visits.append((share.id, browser.client.cookies["outgate"]))
    number, cookie = portal.visits[0]
    target = "/" + "/".join([number, *path] if inside else path)
    headers = [(name.encode(), value.encode("latin-1", "replace")) for name, value in fields]
    headers += [(b"cookie", f"outgate={cookie}".encode())] if inside else []
    before = portal.log.getvalue().count("portal.failed")
    status, names = portal.call(ask(portal, method, target, query, headers, body))

    assert status in EXPECTED
    assert {b"content-security-policy", b"x-content-type-options", b"cache-control"} <= names
    assert portal.log.getvalue().count("portal.failed") == before


async def ask(portal: House, method: str, path: str, query: str, headers: list[tuple[bytes, bytes]], body: bytes) -> tuple[int, set[bytes]]:
    status, names, asked = 0, set(), False

    async def receive() -> Message:
        nonlocal asked
        if asked:
            await asyncio.sleep(3600)
        asked = True
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        nonlocal status, names
        if message["type"] == "http.response.start":
            status, names = message["status"], {name for name, _ in message["headers"]}

    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": quote(path).encode(),
        "query_string": query.encode(),
        "root_path": "",
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "headers": headers,
    }
    await make_application(portal.site)(scope, receive, send)
    return status, names
