"""What strangers try: scanners, guesses, forged forms, other people's links, requests that never end."""

import json
import secrets
import socket
import ssl
import time
from datetime import timedelta

import httpx2
import pytest
import trustme

from gateway.web.portal.networks import network
from tests.peers import wait_until
from tests.web.house import RECIPIENT, SENDER, Browser, House, house

pytestmark = pytest.mark.slow

FILES = {"plan.pdf": b"the plan"}
PATHS = (
    *("/", "/help", "/asked", "/left", "/stopped", "/nothing"),
    *("/7KQ-402/code", "/7KQ-402/files", "/7KQ-402/files/1", "/7KQ-402/files/all"),
)


def token_like() -> str:
    return "".join(secrets.choice("abcdefghijklmnopqrstuvwxyz234567") for _ in range(32))


# --- scanners -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PROPFIND", "PUT", "DELETE", "PATCH", "TRACE"])
def test_looking_changes_nothing_and_sends_nothing(portal: House, method: str) -> None:
    share, tokens = portal.share(FILES)
    before = portal.wishes("share-code"), portal.rows("portal_session")
    scanner = portal.browser()
    for path in (
        *PATHS,
        f"/{share.id}/code",
        f"/{share.id}/files/1",
        f"/{share.id}/ask",
        f"/{share.id}/stop",
        "/leave",
        f"/?key={tokens[RECIPIENT]}",
    ):
        answer = scanner.client.request(method, path, headers={"sec-purpose": "prefetch"})
        assert answer.status_code < 500 or method in ("GET", "HEAD"), (path, answer.status_code)
        assert b"plan.pdf" not in answer.content
    assert (portal.wishes("share-code"), portal.rows("portal_session")) == before
    assert portal.browser().open(tokens[RECIPIENT]).status_code == 303


def test_the_first_page_writes_no_session(portal: House) -> None:
    before = portal.rows("portal_session")
    for _ in range(20):
        portal.browser().get("/")
    assert portal.rows("portal_session") == before


# --- what every answer says -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [*PATHS, "/robots.txt", "/health", "/static/none.css"])
def test_every_answer_has_the_headers(portal: House, path: str) -> None:
    headers = portal.browser().get(path).headers
    policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))

    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["form-action"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"
    assert "camera=()" in headers["permissions-policy"]
    assert "server" not in headers
    assert "strict-transport-security" not in headers  # this one is served without TLS


def test_pages_hold_nothing_of_others_and_no_inline_code(portal: House) -> None:
    share, tokens = portal.share({'<script>alert(1)</script>".pdf': b"x", "{{7*7}}.txt": b"y"})
    browser = portal.browser()
    browser.enter(tokens[RECIPIENT])
    pages = [browser.get(path).text for path in ("/", "/help", f"/{share.id}/files")]

    for page in pages:
        assert "<script>" not in page
        assert " style=" not in page
        assert " on" not in page.replace(" on ", " ").replace("one", "").split("<main")[0]
        assert "http://" not in page.replace(portal.url, "")
    assert "<bdi>_script_alert(1)_" not in pages[-1]  # what stood before the slash is a folder
    assert "<bdi>script__.pdf</bdi>" in pages[-1]
    assert "<bdi>{{7_7}}.txt</bdi>" in pages[-1]


def test_with_tls_the_cookie_is_bound_to_the_host_and_the_browser_is_told_to_stay(tmp_path) -> None:
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost")
    context = ssl.create_default_context()
    authority.configure_trust(context)
    with house(tls=certificate, portal="") as portal, httpx2.Client(verify=context, trust_env=False) as client:
        answer = client.get(f"https://localhost:{portal.port}/")
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("__Host-outgate=")
        assert {"secure", "httponly", "samesite=lax", "path=/"} <= {part.strip().lower() for part in cookie.split(";")}
        assert "domain" not in cookie.lower()
        spoken = client.get(f"https://localhost:{portal.port}/help?lang=cy")
        assert spoken.headers["set-cookie"].startswith("__Host-language=cy;")
        assert '<html lang="cy"' in client.get(f"https://localhost:{portal.port}/help").text
        assert answer.headers["strict-transport-security"] == "max-age=63072000; includeSubDomains"
        served = portal.server.config.ssl
        assert served is not None
        assert served.minimum_version == ssl.TLSVersion.TLSv1_2


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80\tx", "", "127.0.0.1:1"])
def test_no_answer_uses_the_host_or_the_path_that_a_request_names(portal: House, host: str) -> None:
    _, tokens = portal.share(FILES)
    browser = portal.browser(host=host)
    browser.get("/")
    opened = browser.post("/", key=tokens[RECIPIENT])
    if host.isprintable() and host:
        assert opened.headers["location"].startswith("/")
    help_page = browser.get("/help").text
    assert "evil" not in help_page
    for path in ("/help/", "/%2e%2e/etc/passwd", "/static/../server.py", "/static/%2e%2e%2fserver.py"):
        answer = browser.get(path)
        assert answer.status_code in (400, 403, 404), path
        assert "evil" not in answer.headers.get("location", "")


# --- guesses --------------------------------------------------------------------------------------------------------------


def test_unknown_expired_idle_and_revoked_get_one_answer_at_one_time(portal: House) -> None:
    expired, tokens_expired = portal.share(FILES)
    revoked, tokens_revoked = portal.share(FILES)
    portal.call(portal.state.share_keeping.revoke(revoked.id, "officer"))
    portal.call(portal.state.store.run("test.expire", {"share": expired.id}))
    keys = {"unknown": token_like(), "expired": tokens_expired[RECIPIENT], "revoked": tokens_revoked[RECIPIENT], "nonsense": "x"}
    answers, times = {}, {name: [] for name in keys}
    for _ in range(8):
        for name, key in keys.items():
            browser = portal.browser()
            browser.get("/")
            began = time.perf_counter()
            answer = browser.post("/", key=key)
            times[name].append(time.perf_counter() - began)
            answers[name] = (answer.status_code, answer.text, sorted(set(answer.headers) - {"date"}))

    assert len({str(answer) for answer in answers.values()}) == 1
    assert answers["unknown"][0] == 404
    quickest = [min(each) for each in times.values()]  # a busy machine only adds
    assert max(quickest) - min(quickest) < 0.05  # not before 0.15 s, whatever was found


def test_a_network_that_guesses_tokens_is_told_when_it_may_go_on(portal: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.web.portal.opening.ANSWER_SECONDS", 0.0)
    browser = portal.browser()
    browser.get("/")
    answers = [browser.post("/", key=token_like()) for _ in range(70)]

    assert [answer.status_code for answer in answers[:60]] == [404] * 60
    last = answers[-1]
    assert last.status_code == 429
    assert 0 < int(last.headers["retry-after"]) <= 11
    assert "You can try again" in last.text
    assert portal.browser().open(token_like()).status_code == 404  # somebody else


def test_a_code_has_five_tries_and_is_good_for_one_browser(portal: House) -> None:
    share, tokens = portal.share(FILES)
    browser, other = portal.browser(), portal.browser()
    browser.open(tokens[RECIPIENT])
    code = portal.mailed_code()
    other.open(tokens[RECIPIENT])
    assert other.post(f"/{share.id}/code", code=code).status_code == 422
    wrong = f"{(int(code) + 1) % 10**8:08}"
    for left in (4, 3, 2, 1):
        assert f"Tries left: \u2068{left}\u2069" in browser.post(f"/{share.id}/code", code=wrong).text
    assert "no longer works" in browser.post(f"/{share.id}/code", code=wrong).text
    assert browser.post(f"/{share.id}/code", code=code).status_code == 422
    assert browser.get(f"/{share.id}/files").status_code == 403


def test_a_code_works_once_and_for_ten_minutes(portal: House) -> None:
    share, tokens = portal.share(FILES)
    browser = portal.browser()
    browser.open(tokens[RECIPIENT])
    code = portal.mailed_code()
    portal.clock.ahead = timedelta(minutes=10, seconds=1)
    try:
        assert browser.post(f"/{share.id}/code", code=code).status_code == 422
    finally:
        portal.clock.ahead = timedelta()
    assert browser.post(f"/{share.id}/code", code=code).status_code == 303
    browser.open(tokens[RECIPIENT])
    assert browser.post(f"/{share.id}/code", code=code).status_code == 422


@pytest.mark.parametrize("written", ["{} {}", "{}-{}", "\u2067{}{}\u2069", " {}{} "])
def test_a_code_is_taken_as_people_type_it(portal: House, written: str) -> None:
    share, tokens = portal.share(FILES)
    browser = portal.browser()
    browser.open(tokens[RECIPIENT])
    code = portal.mailed_code()
    assert browser.post(f"/{share.id}/code", code=written.format(code[:4], code[4:])).status_code == 303


def test_a_code_in_the_digits_of_the_visitors_language_is_the_same_code(portal: House) -> None:
    share, tokens = portal.share(FILES)
    browser = portal.browser()
    browser.open(tokens[RECIPIENT])
    arabic = portal.mailed_code().translate({ord(str(value)): chr(0x660 + value) for value in range(10)})
    assert browser.post(f"/{share.id}/code", code=arabic).status_code == 303


def test_guessing_codes_with_ever_new_codes_locks_the_person_out_for_a_while(portal: House) -> None:
    """Also from ever new networks: it is counted by the person, in the database, and outlives the process."""
    share, tokens = portal.share(FILES)
    browser, statuses = portal.browser(), []
    browser.open(tokens[RECIPIENT])
    for attempt in range(25):
        browser.client.headers["x-forwarded-for"] = f"172.16.{attempt}.1"
        statuses.append(browser.post(f"/{share.id}/code", code=f"{secrets.randbelow(10**8):08}").status_code)

    assert statuses[:20] == [422] * 20
    assert statuses[20:] == [429] * 5


def test_five_mails_with_codes_an_hour_and_no_more(portal: House) -> None:
    share, tokens = portal.share(FILES)
    before = portal.wishes("share-code")
    for _ in range(4):
        browser = portal.browser()
        browser.open(tokens[RECIPIENT])
        portal.mailed_code()
    for _ in range(4):
        browser = portal.browser()
        assert browser.open(tokens[RECIPIENT]).status_code == 303
        if portal.wishes("share-code") - before <= 5:
            portal.mailed_code()
    assert portal.wishes("share-code") - before == 5
    assert "Several codes were sent" in browser.get(f"/{share.id}/code?said=often").text


def test_who_was_forwarded_a_link_does_not_shut_out_its_owner(portal: House) -> None:
    share, tokens = portal.share(FILES)
    network = portal.browser().address
    for _ in range(15):
        portal.browser(**{"x-forwarded-for": network}).open(tokens[RECIPIENT])
    owner = portal.browser()
    before = portal.wishes("share-code", share.id)

    assert owner.open(tokens[RECIPIENT]).headers["location"] == f"/{share.id}/code"
    assert portal.wishes("share-code", share.id) == before + 1


def test_who_holds_a_forwarded_link_leaves_an_owner_who_was_here_codes_and_tries(portal: House) -> None:
    share, tokens = portal.share(FILES)
    owner = portal.browser()
    owner.enter(tokens[RECIPIENT])
    for _ in range(5):
        stranger = portal.browser()
        stranger.open(tokens[RECIPIENT])
        portal.mailed_code()
        tried = [stranger.post(f"/{share.id}/code", code="00000000").status_code for _ in range(5)]
    assert tried[-1] == 429
    assert portal.browser().open(tokens[RECIPIENT]).headers["location"] == f"/{share.id}/code?said=often"

    again = portal.browser(**{"x-forwarded-for": owner.address})
    again.enter(tokens[RECIPIENT])
    assert again.get(f"/{share.id}/files/1").content == FILES["plan.pdf"]


def test_asking_the_sender_reveals_nothing_and_is_bounded(portal: House) -> None:
    share, tokens = portal.share(FILES)
    for _ in range(5):
        browser = portal.browser()
        browser.open(tokens[RECIPIENT])
        asked = browser.post(f"/{share.id}/ask")
        assert (asked.status_code, asked.headers["location"]) == (303, "/asked")
        assert not any(name in browser.get("/asked").text for name in (SENDER, RECIPIENT, "plan.pdf"))
    assert portal.wishes("share-ask", share.id) <= 2


# --- other people's things ------------------------------------------------------------------------------------------------


def test_a_session_is_of_one_share(portal: House) -> None:
    mine, my_tokens = portal.share(FILES)
    theirs, _ = portal.share({"secret.pdf": b"s"}, "lee@partner.example")
    browser = portal.browser()
    browser.enter(my_tokens[RECIPIENT])

    for page in ("code", "files", "files/1", "files/all", "sent", "stop"):
        answer = browser.get(f"/{theirs.id}/{page}")
        assert answer.status_code == 403
        assert "secret" not in answer.text
    assert browser.get(f"/{mine.id}/files/1").status_code == 200


def test_opening_another_link_ends_the_session_before(portal: House) -> None:
    first, tokens = portal.share(FILES)
    second, others = portal.share(FILES)
    browser = portal.browser()
    browser.enter(tokens[RECIPIENT])
    kept = browser.client.cookies["outgate"]
    browser.enter(others[RECIPIENT])

    thief = portal.browser(cookie=f"outgate={kept}")
    assert thief.get(f"/{first.id}/files").status_code == 403
    assert thief.get(f"/{second.id}/files").status_code == 403
    assert browser.get(f"/{first.id}/files").status_code == 403
    assert browser.get(f"/{second.id}/files").status_code == 200


def test_a_session_before_the_code_is_no_session_after_it(portal: House) -> None:
    """Fixation: whoever has planted a cookie has nothing when its owner has typed the code."""
    share, tokens = portal.share(FILES)
    browser, thief = portal.browser(), portal.browser()
    browser.get("/")
    planted = browser.client.cookies["outgate"]
    browser.post("/", key=tokens[RECIPIENT])
    opened = browser.client.cookies["outgate"]
    browser.post(f"/{share.id}/code", code=portal.mailed_code())

    assert len({planted, opened, browser.client.cookies["outgate"]}) == 3
    for cookie in (planted, opened):
        thief.client.cookies.set("outgate", cookie)
        assert thief.get(f"/{share.id}/files").status_code == 403


@pytest.mark.parametrize("after", [timedelta(minutes=31), timedelta(hours=13)])
def test_a_visit_ends_by_itself(portal: House, after: timedelta) -> None:
    share, tokens = portal.share(FILES)
    browser = portal.browser()
    browser.enter(tokens[RECIPIENT])
    portal.clock.ahead = after
    try:
        answer = browser.get(f"/{share.id}/files")
    finally:
        portal.clock.ahead = timedelta()
    assert answer.status_code == 403
    assert "Your visit has ended" in answer.text


# --- forms ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "fields", "status"),
    [
        ({"sec-fetch-site": "cross-site"}, {}, 403),
        ({"sec-fetch-site": "same-site"}, {}, 403),
        ({"origin": "https://evil.example"}, {}, 403),
        ({}, {"csrf": "0" * 64}, 403),
        ({}, {"csrf": ""}, 403),
        ({"content-type": "text/plain"}, {}, 403),
        ({"content-type": "multipart/form-data; boundary=x"}, {}, 403),
        ({"content-type": "application/json"}, {}, 403),
        ({}, {"code": "1" * 5000}, 413),
        ({}, {f"f{number}": "x" for number in range(20)}, 403),
        ({}, {}, 422),
    ],
)
def test_a_form_that_is_not_ours_does_nothing(portal: House, headers: dict[str, str], fields: dict[str, str], status: int) -> None:
    share, tokens = portal.share(FILES)
    browser = portal.browser()
    browser.open(tokens[RECIPIENT])
    assert browser.post(f"/{share.id}/code", headers=headers, **fields).status_code == status


@pytest.mark.parametrize("path", ["/", "/{}/code", "/{}/code/again", "/{}/ask", "/{}/stop", "/leave"])
def test_every_form_asks_for_its_token(portal: House, path: str) -> None:
    share, tokens = portal.share(FILES)
    browser = portal.browser()
    if path == "/{}/stop":
        browser.enter(tokens[SENDER])
    else:
        browser.open(tokens[RECIPIENT])
    wished = portal.wishes("share-ask"), portal.wishes("share-revoke"), portal.wishes("share-code")
    answer = browser.post(path.format(share.id), csrf="", key=tokens[RECIPIENT])

    assert answer.status_code == 403
    assert (portal.wishes("share-ask"), portal.wishes("share-revoke"), portal.wishes("share-code")) == wished


def test_without_the_cookie_the_page_says_so(portal: House) -> None:
    browser = portal.browser()
    answer = browser.client.post("/", data={"key": token_like()}, headers={"sec-fetch-site": "same-origin"})
    assert answer.status_code == 422
    assert "cookie" in answer.text
    assert browser.post("/", key=token_like()).status_code == 404  # one that keeps cookies has one now


@pytest.mark.parametrize("octets", [b"csrf=%ff%fe&key=%00", b"key=" + b"%" * 100, b"\xff\xfe", b"&" * 3000, b"key"])
def test_what_no_browser_sends_is_refused_calmly(portal: House, octets: bytes) -> None:
    browser = portal.browser()
    browser.get("/")
    answer = browser.client.post("/", content=octets, headers={"content-type": "application/x-www-form-urlencoded"})
    assert answer.status_code in (403, 422)


# --- requests that never end, and too many of them ----------------------------------------------------------------------------


def talk(portal: House, octets: bytes, seconds: float = 60) -> bytes:
    """What comes back until the connection is closed."""
    with socket.create_connection(("127.0.0.1", portal.port), seconds) as connection:
        connection.sendall(octets)
        found = b""
        while piece := connection.recv(65536):
            found += piece
        return found


FORM = (
    b"POST / HTTP/1.1\r\nHost: x\r\nCookie: outgate=x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 99\r\n\r\ncsrf="
)


@pytest.mark.parametrize("begun", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nX: ", FORM])
def test_a_request_that_does_not_come_to_its_end_is_cut_off(portal: House, monkeypatch: pytest.MonkeyPatch, begun: bytes) -> None:
    monkeypatch.setattr("gateway.web.portal.server.REQUEST_SECONDS", 0.3)
    began = time.monotonic()
    with _nothing():
        assert b" 200 " not in talk(portal, begun)
    assert time.monotonic() - began < 30


class _nothing:  # noqa: N801
    def __enter__(self) -> None: ...
    def __exit__(self, kind: object, error: object, _: object) -> bool:
        return isinstance(error, ConnectionError)


def test_a_second_request_on_a_connection_has_its_time_too(portal: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.web.portal.server.REQUEST_SECONDS", 1)
    with socket.create_connection(("127.0.0.1", portal.port), 60) as connection:
        connection.sendall(b"GET /robots.txt HTTP/1.1\r\nHost: x\r\n\r\n")
        found = connection.recv(4096)
        connection.sendall(b"GET / HTT")
        with _nothing():
            while piece := connection.recv(4096):
                found += piece
    assert found.startswith(b"HTTP/1.1 200 ")
    assert found.count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize(
    "octets",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 700_000,
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost : x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
        b"\x16\x03\x01\x00\xa5\x01\x00\r\n\r\n",
    ],
)
def test_what_is_no_request_is_400(portal: House, octets: bytes) -> None:
    with _nothing():
        assert talk(portal, octets).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("fields", [b"X: " + b"a" * 30_000, b"".join(b"X%d: a\r\n" % number for number in range(5000))[:-2]])
def test_fields_without_end_are_431(portal: House, fields: bytes) -> None:
    with _nothing():
        assert talk(portal, b"GET / HTTP/1.1\r\nHost: x\r\n" + fields + b"\r\n\r\n").startswith((b"HTTP/1.1 431 ", b"HTTP/1.1 400 "))


def test_a_path_that_looks_like_another_host_leads_nowhere(portal: House) -> None:
    for target in (b"//evil.example/", b"http://evil.example/help", b"///", b"/\\evil.example"):
        answer = talk(portal, b"GET " + target + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert b"location:" not in answer.lower()
        assert b"evil" not in answer


def test_a_path_of_some_length_is_no_path_of_ours(portal: House) -> None:
    assert portal.browser().get("/" + "a" * 2000).status_code == 404


def test_more_connections_than_are_allowed_hear_503() -> None:
    with house(settings={"max_connections": 5, "proxies": ()}) as portal:
        open_ones = [socket.create_connection(("127.0.0.1", portal.port), 60) for _ in range(5)]
        wait_until(lambda: len(portal.server.server_state.connections) >= 5, "all are in")
        assert talk(portal, b"").startswith(b"HTTP/1.1 503 ")
        for one in open_ones:
            one.close()
        wait_until(lambda: not portal.server.server_state.connections, "all have left")
        assert b" 200 " in talk(portal, b"GET /robots.txt HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")


def test_one_network_does_not_take_all_the_room() -> None:
    with house(settings={"max_connections_per_peer": 3, "proxies": ()}) as portal:
        open_ones = [socket.create_connection(("127.0.0.1", portal.port), 60) for _ in range(3)]
        wait_until(lambda: len(portal.server.server_state.connections) >= 3, "they are in")
        assert talk(portal, b"").startswith(b"HTTP/1.1 503 ")
        for one in open_ones:
            one.close()


# --- when something of ours is broken -----------------------------------------------------------------------------------------


def test_an_error_of_ours_is_a_page_that_tells_nothing(portal: House) -> None:
    share, tokens = portal.share(FILES)
    browser = portal.browser()
    browser.enter(tokens[RECIPIENT])

    def broken(_share: object, _grant: object) -> bool:
        msg = "secret detail"
        raise ZeroDivisionError(msg)

    portal.admits = broken
    try:
        answer = browser.get(f"/{share.id}/files")
    finally:
        portal.admits = lambda _share, _grant: True
    assert answer.status_code == 503
    assert "not available just now" in answer.text
    assert "secret detail" not in answer.text + portal.log.getvalue()
    wait_until(lambda: '"error":"ZeroDivisionError"' in portal.log.getvalue(), "the operator is told where")
    assert "secret detail" not in portal.log.getvalue()


def test_the_log_has_no_token_code_name_or_address(portal: House) -> None:
    share, tokens = portal.share(FILES)
    browser: Browser = portal.browser()
    browser.enter(tokens[RECIPIENT])
    browser.get(f"/{share.id}/files/1")
    log = portal.log.getvalue()

    assert f'"share":"{share.id}"' in log
    for secret in (tokens[RECIPIENT], "plan.pdf", RECIPIENT, browser.client.cookies["outgate"], browser.address):
        assert secret not in log


def test_what_is_refused_is_logged(portal: House) -> None:
    share, tokens = portal.share(FILES)
    browser = portal.browser()
    browser.open(tokens[RECIPIENT])
    browser.post(f"/{share.id}/code", code="12345678")
    browser.post(f"/{share.id}/code", csrf="0")
    browser.get(f"/{share.id}/files")
    refused = [row for row in map(json.loads, portal.log.getvalue().splitlines()) if row["event"] == "share.refused"][-3:]

    assert [row["why"] for row in refused] == ["wrong code", "its token is not that of this visitor", "the mailbox is not proved"]
    assert refused[-1]["network"] == network(browser.address)
