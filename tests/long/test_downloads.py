"""A thousand downloads that stand open at once: pages and downloads of others go on, and nothing is left of them."""

import socket
from contextlib import ExitStack

import pytest

from tests.peers import wait_until
from tests.web.house import RECIPIENT, house

COUNT = 1000


@pytest.mark.long
def test_a_thousand_open_downloads_keep_nobody_waiting() -> None:
    body = bytes(16 * 1_048_576)
    with house() as portal, ExitStack() as stack:
        share, tokens = portal.share({"a.bin": body})
        browser = portal.browser()
        browser.enter(tokens[RECIPIENT])
        cookie = browser.client.cookies["outgate"]
        request = f"GET /{share.id}/files/1 HTTP/1.1\r\nHost: x\r\nCookie: outgate={cookie}\r\nConnection: close\r\n\r\n".encode()
        readers = []
        for _ in range(COUNT):
            reader = stack.enter_context(socket.socket())
            reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
            reader.settimeout(60)
            reader.connect(("127.0.0.1", portal.port))
            reader.sendall(request)
            assert reader.recv(1000).startswith(b"HTTP/1.1 200 ")
            readers.append(reader)

        assert portal.browser().get("/").status_code == 200
        assert browser.get(f"/{share.id}/files/1").content == body
        for reader in readers:
            reader.close()
        wait_until(lambda: len(portal.server.server_state.connections) < 10, "they have all left", 60)
        wait_until(lambda: all(one.ended_at for one in portal.call(portal.state.visits.accesses(share.id))), "each is noted", 60)
