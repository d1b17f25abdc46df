"""Fetching files: in parts, again, as often as is allowed, cut off, tampered with, and on a host of their own."""

import asyncio
import hashlib
import socket
import threading
from base64 import b64encode
from contextlib import ExitStack, suppress
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest

from gateway.edges.visits import Visits
from gateway.errors import TryLater
from gateway.web.portal.networks import network
from tests.peers import wait_until
from tests.web.house import RECIPIENT, SENDER, Browser, House, house

pytestmark = pytest.mark.slow

BODY = bytes(range(256)) * 3000  # 768,000 octets: twelve frames of the vault
SUM = hashlib.sha256(BODY).hexdigest()


def inside(portal: House, files: dict[str, bytes] | None = None, **changes: object) -> tuple[Browser, str]:
    """A recipient among the files; the path of the first."""
    _, tokens = portal.share(files or {"a.bin": BODY}, **changes)
    browser = portal.browser()
    return browser, f"/{browser.enter(tokens[RECIPIENT])}/files/1"


@pytest.mark.parametrize(
    ("asked", "status", "start", "end"),
    [
        ({}, 200, 0, len(BODY)),
        ({"range": "bytes=0-"}, 206, 0, len(BODY)),
        ({"range": "bytes=65535-65536"}, 206, 65535, 65537),
        ({"range": "bytes=700000-"}, 206, 700000, len(BODY)),
        ({"range": "bytes=-1"}, 206, len(BODY) - 1, len(BODY)),
        ({"range": "bytes=100-", "if-range": f'"{SUM}"'}, 206, 100, len(BODY)),
        ({"range": "bytes=100-", "if-range": '"another"'}, 200, 0, len(BODY)),
        ({"range": "bytes=0-1,5-6"}, 200, 0, len(BODY)),
        ({"range": "pages=1"}, 200, 0, len(BODY)),
        ({"if-none-match": f'"{SUM}"'}, 304, 0, 0),
        ({"if-match": '"another"'}, 412, 0, 0),
        ({"if-match": f'"{SUM}"', "range": "bytes=5-5"}, 206, 5, 6),
    ],
)
def test_a_file_comes_in_parts(portal: House, asked: dict[str, str], status: int, start: int, end: int) -> None:
    browser, path = inside(portal)
    answer = browser.get(path, **asked)

    assert answer.status_code == status
    assert answer.content == BODY[start:end]
    if status == 206:
        assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/{len(BODY)}"
    if status in (200, 206):
        assert answer.headers["etag"] == f'"{SUM}"'
        assert answer.headers["accept-ranges"] == "bytes"
        assert answer.headers["repr-digest"] == f"sha-256=:{b64encode(bytes.fromhex(SUM)).decode()}:"


def test_a_part_that_is_not_there_is_416_with_the_size(portal: House) -> None:
    browser, path = inside(portal)
    answer = browser.get(path, range=f"bytes={len(BODY)}-")

    assert (answer.status_code, answer.headers["content-range"]) == (416, f"bytes */{len(BODY)}")
    assert "Delete what it has saved" in answer.text


def test_head_says_all_and_counts_nothing(portal: House) -> None:
    browser, path = inside(portal, download_limit=1)
    for _ in range(5):
        answer = browser.client.head(path)
        assert (answer.status_code, answer.headers["content-length"], answer.content) == (200, str(len(BODY)), b"")
    assert browser.get(path).content == BODY


@pytest.mark.parametrize("header", ["sec-purpose", "purpose", "x-moz"])
def test_a_browser_that_asks_ahead_gets_nothing_and_counts_nothing(portal: House, header: str) -> None:
    browser, path = inside(portal, download_limit=1)
    assert browser.get(path, **{header: "prefetch;prerender"}).status_code == 503
    assert browser.get(path).content == BODY


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_page_of_somebody_else_uses_up_no_download(portal: House, site: str) -> None:
    browser, path = inside(portal, download_limit=1)
    for what in (path, f"{path.removesuffix('1')}all"):
        answer = browser.get(what, **{"sec-fetch-site": site, "sec-fetch-mode": "navigate"})
        assert (answer.status_code, answer.headers["location"]) == (303, path.removesuffix("/1"))
    assert browser.get(path, **{"sec-fetch-site": "same-origin"}).content == BODY


def test_the_limit_is_of_each_file_for_each_person(portal: House) -> None:
    share, tokens = portal.share({"a.bin": BODY, "b.bin": b"b"}, RECIPIENT, "lee@partner.example", download_limit=2)
    kim, lee = portal.browser(), portal.browser()
    for browser, who in ((kim, RECIPIENT), (lee, "lee@partner.example")):
        browser.enter(tokens[who])
    assert "Downloads left: \u20682\u2069" in kim.get(f"/{share.id}/files").text
    for _ in range(2):
        assert kim.get(f"/{share.id}/files/1").status_code == 200
    assert kim.get(f"/{share.id}/files/1").status_code == 403
    assert kim.get(f"/{share.id}/files/all").status_code == 403
    assert "as often as is allowed" in kim.get(f"/{share.id}/files").text
    assert kim.get(f"/{share.id}/files/2").status_code == 200
    assert lee.get(f"/{share.id}/files/all").status_code == 200


def test_a_download_that_goes_on_is_the_same_download(portal: House) -> None:
    browser, path = inside(portal, download_limit=1)
    first = browser.get(path, range="bytes=0-99999")
    second = browser.get(path, range="bytes=100000-", **{"if-range": first.headers["etag"]})

    assert first.content + second.content == BODY
    assert browser.get(path).status_code == 403


def test_a_download_is_noted_before_the_next_request_on_its_connection(portal: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Found: where the note took its time, the next request was taken for the same download gone on with, and did not count."""
    end = Visits.end

    async def slowly(*given: object, **named: object) -> None:
        await asyncio.sleep(0.2)
        await end(*given, **named)

    monkeypatch.setattr(Visits, "end", slowly)
    browser, path = inside(portal, download_limit=2)

    assert [browser.get(path).status_code for _ in range(3)] == [200, 200, 403]


def test_an_empty_file_is_fetched(portal: House) -> None:
    browser, path = inside(portal, {"a.bin": b""}, download_limit=1)

    assert [browser.get(path).status_code for _ in range(2)] == [200, 403]


def test_who_asks_many_times_at_once_is_not_sent_more_than_the_limit(portal: House) -> None:
    share, tokens = portal.share({"a.bin": bytes(20 * len(BODY))}, download_limit=1)
    browser = portal.browser()
    browser.enter(tokens[RECIPIENT])
    with ExitStack() as stack:
        statuses = [stack.enter_context(browser.client.stream("GET", f"/{share.id}/files/1")).status_code for _ in range(6)]
        assert browser.get(f"/{share.id}/files/1", range="bytes=0-9").status_code == 403

    assert statuses == [200, 200, 403, 403, 403, 403]  # the second may be the first, gone on with
    wait_until(lambda: browser.get(f"/{share.id}/files/1").status_code == 200, "what was broken off goes on")


def test_what_was_refused_or_broken_off_leaves_nothing_on_the_way(portal: House, monkeypatch: pytest.MonkeyPatch) -> None:
    share, tokens = portal.share({"a.bin": BODY, "b.bin": BODY}, download_limit=2)
    browser = portal.browser()
    browser.enter(tokens[RECIPIENT])

    async def late(*_: object, **__: object) -> None:
        raise TryLater("the database is away")

    with monkeypatch.context() as away:
        away.setattr(Visits, "end", late)
        for tried in range(1, 6):
            with suppress(httpx2.HTTPError):
                browser.get(f"/{share.id}/files/all")
            # It is over for the portal a moment after it is for the browser: the real `end` must not see it.
            wait_until(lambda done=2 * tried: portal.log.getvalue().count("could not be noted") == done, "both files were given up")
    # Nothing was noted: nothing counts.
    assert [browser.get(f"/{share.id}/files/{number}").status_code for number in (1, 1, 1, 2, 2, 2)] == [200, 200, 403] * 2


def test_each_fetch_is_noted_with_how_far_it_came(portal: House) -> None:
    share, tokens = portal.share({"a.bin": BODY})
    browser = portal.browser()
    browser.enter(tokens[RECIPIENT])
    browser.get(f"/{share.id}/files/1", range="bytes=0-9")

    def found() -> list[tuple[str, int, bool, str]]:
        return [(one.file, one.octets, one.is_whole, one.network) for one in portal.call(portal.state.visits.accesses(share.id))]

    wait_until(lambda: found() == [("1", 10, False, network(browser.address))], "ten octets are noted")
    browser.get(f"/{share.id}/files/1", range="bytes=10-")
    wait_until(lambda: found() == [("1", len(BODY), True, network(browser.address))], "the rest is noted with them")


@pytest.mark.parametrize("number", ["0", "2", "99999999999999999999"])
def test_a_file_that_is_not_there(portal: House, number: str) -> None:
    browser, path = inside(portal)
    assert browser.get(path[:-1] + number).status_code == 403


def test_a_person_gets_their_own_files_alone(portal: House) -> None:
    """Grants of one share may have different files."""
    share, tokens = portal.share({"a.bin": b"a", "b.bin": b"b"}, RECIPIENT, "lee@partner.example")
    mine = next(grant for grant in share.grants if grant.address == RECIPIENT)
    portal.call(portal.state.store.run("test.only", {"grant": mine.id, "files": '["2"]'}))
    browser = portal.browser()
    browser.enter(tokens[RECIPIENT])

    assert browser.get(f"/{share.id}/files/1").content == b"b"
    assert browser.get(f"/{share.id}/files/2").status_code == 403


# --- what went wrong ----------------------------------------------------------------------------------------------------


def object_of(portal: House, number: str) -> Path:
    share = portal.call(portal.state.shares.get(number))
    assert share is not None
    (path,) = (portal.directory / "vault").rglob(share.files[0].object_id.rpartition("-")[2])
    return path


def test_an_object_that_was_changed_is_never_served(portal: House) -> None:
    browser, path = inside(portal)
    kept = object_of(portal, path.split("/")[1])
    octets = bytearray(kept.read_bytes())
    octets[400_000] ^= 1
    kept.write_bytes(octets)

    with pytest.raises(httpx2.RemoteProtocolError):  # shorter than was said: the browser tells
        browser.get(path)
    assert browser.get(path, range="bytes=0-9").content == BODY[:10]  # a frame that was not changed
    assert '"what":"a shared file was changed or is gone"' in portal.log.getvalue()


@pytest.mark.parametrize(
    "harm", [lambda path: path.unlink(), lambda path: path.write_bytes(path.read_bytes()[:-70_000]), lambda path: path.write_bytes(b"")]
)
def test_an_object_that_is_gone_or_cut_off_is_a_page_and_an_alarm(portal: House, harm) -> None:
    browser, path = inside(portal)
    harm(object_of(portal, path.split("/")[1]))
    answer = browser.get(path)

    assert answer.status_code == 503
    assert "your files are safe" in answer.text
    assert '"what":"a shared file cannot be opened"' in portal.log.getvalue()


def test_a_vault_that_is_gone_for_a_while_is_503_and_nothing_is_counted(portal: House) -> None:
    browser, path = inside(portal, download_limit=1)
    vault = portal.directory / "vault"
    vault.rename(portal.directory / "away")
    try:
        answer = browser.get(path)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "120")
    finally:
        (portal.directory / "away").rename(vault)
    assert browser.get(path).content == BODY


def read_some(portal: House, browser: Browser, path: str, until: threading.Event) -> bytes:
    """A reader that takes a little, waits, and takes the rest."""
    with socket.create_connection(("127.0.0.1", portal.port), 30) as reader:
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 131072)
        cookie = browser.client.cookies["outgate"]
        reader.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nCookie: outgate={cookie}\r\nConnection: close\r\n\r\n".encode())
        found = reader.recv(2000)
        until.wait(30)
        with suppress(ConnectionError):
            while piece := reader.recv(1 << 20):
                found += piece
        return found.partition(b"\r\n\r\n")[2]


def test_a_share_that_is_revoked_ends_a_running_download(portal: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.web.portal.stream.LOOK_SECONDS", 0.0)
    large = BODY * 30
    browser, path = inside(portal, {"a.bin": large})
    revoked, came = threading.Event(), []
    reader = threading.Thread(target=lambda: came.append(read_some(portal, browser, path, revoked)))
    reader.start()
    wait_until(lambda: bool(portal.call(portal.state.visits.accesses(path.split("/")[1]))), "the download has begun")
    portal.call(portal.state.share_keeping.revoke(path.split("/")[1], "officer"))
    revoked.set()
    reader.join(60)

    assert 0 < len(came[0]) < len(large)
    assert large.startswith(came[0])
    assert browser.get(path).status_code == 403


def test_who_takes_nothing_is_cut_off(portal: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.web.portal.server.STALL_SECONDS", 0.2)
    large = BODY * 60
    browser, path = inside(portal, {"a.bin": large})
    number, cut, came = path.split("/")[1], threading.Event(), []
    reader = threading.Thread(target=lambda: came.append(read_some(portal, browser, path, cut)))
    reader.start()
    wait_until(lambda: any(one.ended_at for one in portal.call(portal.state.visits.accesses(number))), "it is cut off")
    cut.set()
    reader.join(60)

    assert len(came[0]) < len(large)


# --- looked at again each time --------------------------------------------------------------------------------------------


def expired(portal: House, _number: str) -> None:
    portal.clock.ahead = timedelta(days=61)


def revoked(portal: House, number: str) -> None:
    portal.call(portal.state.share_keeping.revoke(number, "officer"))


def not_admitted(portal: House, _number: str) -> None:
    portal.admits = lambda _share, _grant: False


@pytest.mark.parametrize("end", [expired, revoked, not_admitted])
def test_what_has_ended_is_not_served(portal: House, end) -> None:
    browser, path = inside(portal)
    number, pages = path.split("/")[1], ("files", "files/1", "files/all")
    try:
        end(portal, number)
        answers = [browser.get(f"/{number}/{page}") for page in pages]
    finally:
        portal.clock.ahead, portal.admits = timedelta(), lambda _share, _grant: True

    assert {answer.status_code for answer in answers} <= {403, 410}
    assert not any("a.bin" in answer.text for answer in answers)


def test_a_share_that_nobody_uses_ends(portal: House) -> None:
    _, tokens = portal.share({"a.bin": b"a"}, idle=timedelta(days=30))
    browser = portal.browser()
    portal.clock.ahead = timedelta(days=31)
    try:
        assert browser.open(tokens[RECIPIENT]).status_code == 404
    finally:
        portal.clock.ahead = timedelta()


# --- a host of their own ----------------------------------------------------------------------------------------------------


def test_files_come_from_a_host_of_their_own_by_a_ticket() -> None:
    with house(settings={"downloads_url": "http://localhost:1"}) as portal:
        browser, path = inside(portal, download_limit=3)
        sent = browser.get(path)
        assert sent.status_code == 303
        assert sent.headers["location"].startswith(f"http://localhost:1{path}?ticket=")
        query = sent.headers["location"].partition("?")[2]
        stranger = portal.browser()

        answer = stranger.get(f"{path}?{query}", range="bytes=10-19")
        assert (answer.status_code, answer.content) == (206, BODY[10:20])
        assert stranger.get(f"{path.removesuffix('1')}all?{query}").status_code == 403
        assert stranger.get(f"{path}?ticket={'A' * 96}").status_code == 403
        # A Host cannot make another path of it.
        assert stranger.get(f"{path.removesuffix('1')}all?{query}", host=f"x{path}?").status_code == 403
        portal.clock.ahead = timedelta(minutes=16)
        assert stranger.get(f"{path}?{query}").status_code == 403
        portal.clock.ahead = timedelta()
        assert browser.post("/leave").status_code == 303
        assert stranger.get(f"{path}?{query}").status_code == 403  # the ticket lives no longer than the session


def test_the_sender_gets_no_files(portal: House) -> None:
    share, tokens = portal.share({"a.bin": BODY})
    browser = portal.browser()
    browser.enter(tokens[SENDER])
    assert {browser.get(f"/{share.id}/files/{what}").status_code for what in ("1", "all")} == {403}
