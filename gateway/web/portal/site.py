"""What every page needs: the ports, who runs the service, the words, the templates. And what a request says of its visitor.

The session cookie is server-side and opens nothing by itself: `__Host-` (RFC 6265bis) keeps it to this host, TLS and scripts out. Before a
link is opened it holds a number that nobody has kept; the token against forged forms is derived from it, so that a page that is only looked
at writes nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from gateway.config import Portal
from gateway.log import Log
from gateway.model.share import Grant, Share
from gateway.ports.clock import Clock
from gateway.ports.vault import Vault
from gateway.ports.visits import Visits
from gateway.web.portal.limits import Limiter
from gateway.web.portal.networks import Proxies, home, network
from gateway.web.portal.static import Static
from gateway.web.portal.tickets import Tickets
from gateway.web.portal.words import Words, choose

COOKIE = "outgate"
LANGUAGE = "language"
_TEMPLATES = Path(__file__).resolve().parent.parent / "templates"


@dataclass(frozen=True, slots=True)
class House:
    """Who runs the service, as its pages say it."""

    name: str
    help: str  # one line: whom to ring, and when
    help_url: str
    url: str  # of the portal
    zone: tzinfo | None = None


@dataclass(frozen=True)
class Site:
    """Everything that pages share."""

    visits: Visits
    vault: Vault
    clock: Clock
    log: Log
    settings: Portal
    house: House
    words: Mapping[str, Words]
    static: Static
    tickets: Tickets
    forms_key: bytes  # of the tokens against forged forms
    limiter: Limiter
    admits: Callable[[Share, Grant], bool]  # whether the pack in force would still have them have the files

    def __post_init__(self) -> None:
        loader = FileSystemLoader(_TEMPLATES)
        pages = Environment(
            loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, auto_reload=False
        )
        object.__setattr__(self, "_pages", pages)
        object.__setattr__(self, "_proxies", Proxies(self.settings.proxies))

    def visitor(self, request: Request, *languages: str) -> Visitor:
        """Who asks. `languages`: of the message, when it is known."""
        peer = request.client.host if request.client else ""
        client: str = self._proxies.client(peer, request.headers.getlist("x-forwarded-for"))  # type: ignore[attr-defined]
        chosen = request.query_params.get("lang", "")
        chosen = chosen if chosen in self.words else request.cookies.get(self._named(LANGUAGE), "")
        words = choose(self.words, chosen, request.headers.get("accept-language", ""), *languages)
        return Visitor(client, words, request.cookies.get(self.cookie_name, ""))

    @property
    def cookie_name(self) -> str:
        return self._named(COOKIE)

    def _named(self, name: str) -> str:
        """Over TLS with the prefix that keeps it to this host; browsers refuse that on plain loopback."""
        return f"__Host-{name}" if self.settings.is_https else name

    def csrf(self, cookie: str) -> str:
        """The token in the forms of who has this cookie."""
        return hmac.digest(self.forms_key, cookie.encode("utf-8", "replace"), hashlib.sha256).hex() if cookie else ""

    def page(self, request: Request, visitor: Visitor, name: str, status: int = 200, **values: Any) -> Response:
        """A rendered page; one with a form has a cookie to hold on to."""
        cookie = visitor.cookie or new_cookie()
        words = visitor.words
        shared = {"problem": "", "is_inside": False, "house": self.house, "words": words, "say": words.say, "static": self.static.url}
        shared |= {"languages": tuple(self.words.values()), "csrf": self.csrf(cookie)}
        text = self._pages.get_template(f"{name}.html").render({**shared, **values})  # type: ignore[attr-defined]
        response = HTMLResponse(text, status, {"content-language": words.tag, "vary": "accept-language, cookie"})
        if not visitor.cookie and name == "start":
            self.give_cookie(response, cookie)
        if request.query_params.get("lang") == words.tag:
            response.set_cookie(self._named(LANGUAGE), words.tag, path="/", secure=self.settings.is_https, httponly=True, samesite="lax")
        return response

    def said(self, request: Request, visitor: Visitor, what: str, status: int, *, back: str = "", **values: object) -> Response:
        """A page that only says something: its texts are those of the section `what`."""
        has_more = "text_2" in visitor.words.texts[what]
        return self.page(request, visitor, "said", status, what=what, values=values, has_more=has_more, back=back)

    def give_cookie(self, response: Response, cookie: str) -> None:
        """For the visit: it has no date of its own, and ends with the browser."""
        response.set_cookie(self.cookie_name, cookie, path="/", secure=self.settings.is_https, httponly=True, samesite="lax")

    def take_cookie(self, response: Response) -> None:
        response.delete_cookie(self.cookie_name, path="/", secure=self.settings.is_https, httponly=True, samesite="lax")


@dataclass(frozen=True, slots=True)
class Visitor:
    """What one request says of who asks. All of it is only their word, but the address."""

    address: str
    words: Words
    cookie: str

    @property
    def cookie_hash(self) -> bytes:
        """What the database knows of the cookie."""
        return hashlib.sha256(self.cookie.encode("utf-8", "replace")).digest()

    @property
    def home(self) -> str:
        return home(self.address)

    @property
    def network(self) -> str:
        return network(self.address)


def new_cookie() -> str:
    """256 bits."""
    return secrets.token_urlsafe(32)
