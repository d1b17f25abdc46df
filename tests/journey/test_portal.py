"""`outgate serve` with a portal: a link opened in Chromium by the code that was mailed, asked for, ended. All parts are real."""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import Browser, Page

from tests.journey.gateway import Gateway, gateway, pack_in
from tests.journey.shared import ROUTE, share_by
from tests.peers import folder, free_port, wait_until
from tests.peers.hop import Peer, hop
from tests.web.chromium import PHONE, chromium, context, violations

pytestmark = [pytest.mark.peer, pytest.mark.slow]

SENDER = "ann@sender.example"
FILES = {"Report \u2013 final.pdf": b"%PDF-1.7 " + bytes(range(256)) * 4000, "table.xlsx": b"PK" + b"t" * 5000}


@dataclass
class Place:
    gateway: Gateway
    mail: Peer
    url: str

    def code(self, address: str, count: int = 1) -> str:
        """The latest that this address has got, once there are so many."""
        self.mail.wait(lambda _: len(self.codes(address)) >= count)
        return self.codes(address)[-1]

    def codes(self, address: str) -> list[str]:
        """Out of their mails. Who sent files gets others between them: of what was fetched, of who asks."""
        return ["".join(found) for text in self.told(address) for found in re.findall(r"^ {4}(\d{4}) (\d{4})\s*$", text, re.MULTILINE)]

    def told(self, address: str) -> list[str]:
        """The plain text of each mail that this address has got."""
        mails = [message_from_bytes(taken.octets) for taken in list(self.mail.messages) if address in taken.recipients]
        texts = [next(part for part in mail.walk() if part.get_content_type() == "text/plain") for mail in mails]
        return [bytes(part.get_payload(decode=True) or b"").decode() for part in texts]


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    with folder("pack") as directory, hop() as mail:
        pack = pack_in(directory, {}, replace={"\nno_route:": f"{ROUTE}\nno_route:"})
        url = f"http://127.0.0.1:{free_port()}"
        extra = f'[portal]\nurl = "{url}"\naddress = "{url.removeprefix("http://")}"\n[place.own]\nkind = "own"\n'
        hops = {name: {"host": "127.0.0.1", "port": mail.port} for name in ("mailboxes", "internet", "encrypted")}
        with gateway(hops, pack=pack, extra=extra) as running:
            yield Place(running, mail, url)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


def go_on(page: Page) -> None:
    """The button of the page's form."""
    page.locator("main form button").first.click()


VISITS: dict[str, dict[str, object]] = {
    "desktop": {},
    "phone": {"viewport": PHONE, "locale": "ar"},
    "noscript": {"java_script_enabled": False},
}


@pytest.mark.parametrize("kind", VISITS)
def test_a_recipient_gets_the_files_with_the_code_from_the_mail(place: Place, browser: Browser, tmp_path: Path, kind: str) -> None:
    options, address = VISITS[kind], f"{kind}@partner.example"
    share, links = share_by(place.gateway.config, FILES, SENDER, address)
    with context(browser, **options) as visit:
        page = visit.new_page()
        page.goto(links[address])
        if not options.get("java_script_enabled", True):
            page.fill("#key", links[address])
        else:
            assert page.url == f"{place.url}/"
        go_on(page)
        page.fill("#code", place.code(address))
        go_on(page)
        assert page.url == f"{place.url}/{share.id}/files"
        if options.get("java_script_enabled", True):
            assert violations(page) == []
        for number, (name, octets) in enumerate(FILES.items()):
            with page.expect_download() as fetched:
                page.locator(".files a.button").nth(number).click()
            path = tmp_path / str(number)
            fetched.value.save_as(path)
            assert hashlib.sha256(path.read_bytes()).digest() == hashlib.sha256(octets).digest()
            assert fetched.value.suggested_filename == name


def test_a_forwarded_link_does_not_open_and_asks_the_sender(place: Place, browser: Browser) -> None:
    share, links = share_by(place.gateway.config, FILES, SENDER, "lee@partner.example")
    with context(browser) as visit:
        page = visit.new_page()
        page.goto(links["lee@partner.example"])
        go_on(page)
        forwarded = page.locator("details").nth(1)
        forwarded.locator("summary").click()
        forwarded.locator("button").click()
        assert page.url == f"{place.url}/asked"
    place.mail.wait(lambda _: any("lee@partner.example" in text for text in place.told(SENDER)))
    assert place.gateway.wait_event("share.asked", share=share.id)


def test_the_sender_ends_a_share_and_a_running_page_ends_with_it(place: Place, browser: Browser) -> None:
    share, links = share_by(place.gateway.config, FILES, SENDER, "max@partner.example")
    with context(browser) as theirs, context(browser) as own:
        page, sent = theirs.new_page(), own.new_page()
        page.goto(links["max@partner.example"])
        go_on(page)
        page.fill("#code", place.code("max@partner.example"))
        go_on(page)
        before = len(place.codes(SENDER))
        sent.goto(links[SENDER])
        go_on(sent)
        sent.fill("#code", place.code(SENDER, before + 1))
        go_on(sent)
        assert sent.url == f"{place.url}/{share.id}/sent"
        assert violations(sent) == []
        sent.locator("a.warn").click()
        go_on(sent)
        place.gateway.wait_event("share.revoked", share=share.id)

        answer = page.request.get(f"{place.url}/{share.id}/files/1")
        assert answer.status in (403, 410)
        page.goto(links["max@partner.example"])
        go_on(page)
        assert "This link does not open any files" in page.content()


def test_a_route_that_the_pack_takes_away_closes_its_links_at_the_next_reload(place: Place, browser: Browser) -> None:
    share, links = share_by(place.gateway.config, FILES, SENDER, "pat@partner.example")
    pack = Path(re.search(r'source = "([^"]+)"', place.gateway.config.read_text())[1]) / "pack.yaml"  # type: ignore[index]
    with context(browser) as visit:
        page = visit.new_page()
        page.goto(links["pat@partner.example"])
        go_on(page)
        page.fill("#code", place.code("pat@partner.example"))
        go_on(page)
        assert page.request.get(f"{place.url}/{share.id}/files/2").body() == FILES["table.xlsx"]
        before = pack.read_text()
        try:
            pack.write_text(before.replace(ROUTE, ""))
            place.gateway.reload()
            wait_until(lambda: page.request.get(f"{place.url}/{share.id}/files").status == 410, "the files are closed")
            assert page.request.get(f"{place.url}/{share.id}/files/2").status == 410
        finally:
            pack.write_text(before)
            place.gateway.reload()
        wait_until(lambda: page.request.get(f"{place.url}/{share.id}/files").status == 200, "the files are open again")


ALLOWED = {"at", "event", "share", "role", "octets", "is_whole", "why", "network", "place"}


def test_no_token_code_name_or_address_reaches_the_log(place: Place) -> None:
    """After all that the tests above have done."""
    log = place.gateway.log()
    codes = {
        "".join(found) for taken in place.mail.messages for found in re.findall(r" {4}(\d{4}) (\d{4})", taken.octets.decode("latin-1"))
    }
    assert "share.fetched" in log
    assert codes
    for secret in ("partner.example", "Report", "table.xlsx", "/#", "key=", *codes):
        assert secret not in log, secret
    events = [json.loads(line) for line in log.splitlines() if '"event":"share.' in line]
    assert set().union(*events) <= ALLOWED


def test_the_portal_stops_in_order_and_starts_again(place: Place) -> None:
    (pid,) = place.gateway.pids("portal")
    place.gateway.signal(pid, "KILL")
    wait_until(lambda: place.gateway.pids("portal") != [pid], "it is started again")

    def answers() -> bool:
        try:
            return httpx2.get(f"{place.url}/health", trust_env=False).status_code == 200
        except httpx2.TransportError:
            return False

    wait_until(answers, "the portal answers again")
