"""Every page in a real Chromium, by WCAG 2.2 AA: axe-core finds nothing; the keyboard, 320 pixels and no scripts are enough."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page

from tests.web.chromium import DESKTOP, NARROW, PHONE, chromium, context, is_wider_than_its_window, violations
from tests.web.house import RECIPIENT, SENDER, House

pytestmark = [pytest.mark.peer, pytest.mark.slow]

FILES = {
    "Annual report 2026 \u2013 annex 3 (confidential) with a name that is rather long.pdf": b"a" * 3_400_000,
    "\u0627\u0644\u062a\u0642\u0631\u064a\u0631.docx": b"b",
}


@dataclass
class Visit:
    """A page, and what a person does in it."""

    portal: House
    page: Page
    token: str
    number: str = ""

    def go(self, path: str) -> None:
        self.page.goto(self.portal.url + path)

    def press(self) -> None:
        self.page.locator("main form button").first.click()

    def link(self) -> None:
        self.go("/help")
        self.go(f"/#{self.token}")

    def opened(self) -> None:
        self.link()
        self.press()
        self.number = self.page.url.split("/")[3]

    def wrong_code(self) -> None:
        self.opened()
        self.page.fill("#code", "1")
        self.press()

    def all_open(self) -> None:
        for more in self.page.locator("details").all():
            more.locator("summary").click()

    def inside(self) -> None:
        self.opened()
        self.page.fill("#code", self.portal.mailed_code())
        self.press()

    def nothing_pasted(self) -> None:
        self.go("/")
        self.press()

    def unknown(self) -> None:
        self.go("/")
        self.page.fill("#key", "unknown")
        self.press()


def code_again(visit: Visit) -> None:
    visit.opened()
    visit.go(f"/{visit.number}/code?said=again")
    visit.all_open()


def files(visit: Visit) -> None:
    visit.inside()
    visit.all_open()


STATES = {
    "start": lambda visit: visit.go("/"),
    "start, nothing pasted": Visit.nothing_pasted,
    "start, by the link": Visit.link,
    "code": Visit.opened,
    "code, wrong": Visit.wrong_code,
    "code, sent again": code_again,
    "files": files,
    "help": lambda visit: visit.go("/help"),
    "asked": lambda visit: visit.go("/asked"),
    "left": lambda visit: visit.go("/left"),
    "stopped": lambda visit: visit.go("/stopped"),
    "closed": Visit.unknown,
    "outside": lambda visit: visit.go("/AAA-111/files"),
    "missing": lambda visit: visit.go("/no/such/page"),
}
LOOKS = {
    "desktop": {"viewport": DESKTOP},
    "dark phone": {"viewport": PHONE, "color_scheme": "dark"},
    "narrow": {"viewport": NARROW, "locale": "es"},
    "arabic, forced colours": {"viewport": PHONE, "locale": "ar", "forced_colors": "active"},
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


def visits(portal: House, browser: Browser, who: str = RECIPIENT, **options: object) -> Iterator[Visit]:
    _, tokens = portal.share(FILES, RECIPIENT, "a.person.with.a.long.name@a-long-name-of-an-organisation.example")
    extra = {"x-forwarded-for": portal.browser().address}
    with context(browser, extra_http_headers=extra, **options) as opened:
        yield Visit(portal, opened.new_page(), tokens[who])


@pytest.mark.parametrize("look", LOOKS)
def test_axe_finds_nothing_in_any_state(portal: House, browser: Browser, look: str) -> None:
    found: dict[str, list[str]] = {}
    for state, reach in STATES.items():
        for visit in visits(portal, browser, **LOOKS[look]):
            reach(visit)
            found[state] = violations(visit.page) + (["it is wider than its window"] if is_wider_than_its_window(visit.page) else [])
    assert not {state: said for state, said in found.items() if said}


@pytest.mark.parametrize("look", LOOKS)
def test_axe_finds_nothing_in_what_the_sender_sees(portal: House, browser: Browser, look: str) -> None:
    for visit in visits(portal, browser, SENDER, **LOOKS[look]):
        visit.inside()
        assert violations(visit.page) == []
        assert not is_wider_than_its_window(visit.page)
        visit.go(f"/{visit.number}/stop")
        assert violations(visit.page) == []


def test_the_keyboard_is_enough(portal: House, browser: Browser) -> None:
    for visit in visits(portal, browser):
        page = visit.page
        visit.go("/")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to main content"
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.id") == "key"
        page.keyboard.type(visit.token)
        page.keyboard.press("Enter")
        page.wait_for_url("**/code")
        tab_to(page, "code")
        page.keyboard.type(portal.mailed_code())
        page.keyboard.press("Enter")
        page.wait_for_url("**/files")
        with page.expect_download() as fetched:
            tab_to(page, "", text="Download")
            page.keyboard.press("Enter")
        assert fetched.value.suggested_filename.endswith(".pdf")


def tab_to(page: Page, id_: str, text: str = "") -> None:
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == id_ and page.evaluate("document.activeElement.textContent").strip() == text:
            return
    pytest.fail("the keyboard does not come there")


def test_what_has_the_focus_is_seen(portal: House, browser: Browser) -> None:
    for visit in visits(portal, browser):
        visit.go("/")
        for _ in range(6):
            visit.page.keyboard.press("Tab")
            width = visit.page.evaluate("parseFloat(getComputedStyle(document.activeElement).outlineWidth)")
            style = visit.page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert (width >= 2, style) == (True, "solid")


def test_an_error_takes_the_focus_and_leads_to_its_field(portal: House, browser: Browser) -> None:
    for visit in visits(portal, browser):
        visit.wrong_code()
        page = visit.page
        assert page.title().startswith("Error: ")
        assert page.evaluate("document.activeElement.className") == "summary"
        assert page.get_attribute("#code", "aria-invalid") == "true"
        described = page.get_attribute("#code", "aria-describedby").split()
        assert "Enter the 8 digits" in page.text_content(f"#{described[-1]}")
        page.locator(".summary a").click()
        assert page.evaluate("document.activeElement.id") == "code"


def test_targets_are_large_enough(portal: House, browser: Browser) -> None:
    """WCAG 2.2, 2.5.8: 24 by 24 CSS pixels; links within a sentence may be smaller, and there are none."""
    targets = "[...document.querySelectorAll('a:not(.skip), button, input:not([type=hidden]), summary')].filter(e => e.offsetParent)"
    small = f"{targets}.map(e => [e.textContent, e.offsetWidth, e.offsetHeight]).filter(([t, w, h]) => w < 24 || h < 24)"
    for state in ("start", "code, wrong", "files", "help"):
        for visit in visits(portal, browser, viewport=PHONE):
            STATES[state](visit)
            assert visit.page.evaluate(small) == [], state


def test_the_code_is_filled_in_by_phones(portal: House, browser: Browser) -> None:
    for visit in visits(portal, browser):
        visit.opened()
        assert visit.page.get_attribute("#code", "autocomplete") == "one-time-code"
        assert visit.page.get_attribute("#code", "inputmode") == "numeric"


def test_every_page_inside_has_a_way_out(portal: House, browser: Browser) -> None:
    for who, pages in {RECIPIENT: ("files",), SENDER: ("sent", "stop")}.items():
        for visit in visits(portal, browser, who):
            visit.inside()
            for page in pages:
                visit.go(f"/{visit.number}/{page}")
                assert visit.page.locator("form.leave button").is_visible()
            visit.page.locator("form.leave button").click()
            assert visit.page.url == f"{portal.url}/left"


def test_the_token_leaves_the_address_and_the_history(portal: House, browser: Browser) -> None:
    asked: list[str] = []
    for visit in visits(portal, browser):
        visit.page.on("request", lambda request: asked.append(f"{request.url} {request.headers.get('referer', '')}"))
        visit.link()
        assert visit.page.url == f"{portal.url}/"
        visit.press()
        assert not any(visit.token in one for one in asked)
        assert visit.page.evaluate("document.referrer") == ""
        visit.page.go_back()
        assert visit.token not in visit.page.url


def test_a_scanner_that_runs_scripts_has_consumed_nothing(portal: House, browser: Browser) -> None:
    for visit in visits(portal, browser):
        before = portal.wishes("share-code"), portal.rows("portal_session")
        visit.link()
        visit.page.wait_for_timeout(500)
        assert (portal.wishes("share-code"), portal.rows("portal_session")) == before


def test_the_link_s_token_outlives_a_change_of_language(portal: House, browser: Browser) -> None:
    for visit in visits(portal, browser):
        visit.link()
        visit.page.locator(".languages a").first.click()
        assert visit.page.get_attribute("html", "dir") == "rtl"
        visit.press()
        assert visit.page.url.endswith("/code")


def test_a_print_of_the_files_has_their_checksums_and_no_buttons(portal: House, browser: Browser) -> None:
    for visit in visits(portal, browser):
        visit.inside()
        visit.page.emulate_media(media="print")
        assert not visit.page.locator(".files .button").first.is_visible()
        assert visit.page.locator(".files .name").first.is_visible()
