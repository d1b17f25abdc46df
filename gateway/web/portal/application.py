"""The portal as one ASGI application: which path is whose, and what each error is to a visitor.

`not found`, `not yours` and `gone` have faces that tell nobody which files there are. Methods that change something are POST alone.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.errors import TryLater, WillNotDo
from gateway.web.portal.download import Downloads, NoSuchPart, Prefetched, Spent
from gateway.web.portal.files import Files
from gateway.web.portal.forms import Forged, TooLarge
from gateway.web.portal.guests import Closed, Limited, Outside
from gateway.web.portal.headers import Guard
from gateway.web.portal.opening import Opening
from gateway.web.portal.site import Site
from gateway.web.portal.static import NoSuchFile

_SHARE = "/{share:str}"
_LONGEST_WAIT_MINUTES = 60

Handler = Callable[[Request], Awaitable[Response]]


def make_application(site: Site) -> ASGIApp:
    """The whole of it."""
    opening, files, downloads, errors = Opening(site), Files(site), Downloads(site), Errors(site)
    routes = [
        _route("/", opening.start, "GET"),
        _route("/", opening.open, "POST"),
        _route(f"{_SHARE}/code", opening.code, "GET"),
        _route(f"{_SHARE}/code", opening.prove, "POST"),
        _route(f"{_SHARE}/code/again", opening.again, "POST"),
        _route(f"{_SHARE}/ask", opening.ask, "POST"),
        _route(f"{_SHARE}/files", files.show, "GET"),
        _route(f"{_SHARE}/files/all", downloads.all, "GET"),
        _route(f"{_SHARE}/files/{{number:int}}", downloads.one, "GET"),
        _route(f"{_SHARE}/sent", files.sent, "GET"),
        _route(f"{_SHARE}/stop", files.stop, "GET"),
        _route(f"{_SHARE}/stop", files.stop, "POST"),
        _route("/leave", files.leave, "POST"),
        _route("/help", _page(site, "help"), "GET"),
        _route("/asked", _said(site, "asked"), "GET"),
        _route("/stopped", _said(site, "stopped"), "GET"),
        _route("/left", _said(site, "ended"), "GET"),
        _route("/static/{name:str}", site.static.answer, "GET"),
        _route("/robots.txt", _robots, "GET"),
        _route("/health", _health(site), "GET"),
    ]
    application = Starlette(routes=routes, exception_handlers=errors.handlers)
    application.router.redirect_slashes = False  # it would name the Host that the request named
    return Guard(application, site.log, errors.broken_page, is_https=site.settings.is_https)


def _route(path: str, handler: Handler, method: str) -> Route:
    return Route(path, handler, methods=[method])


def _page(site: Site, name: str) -> Handler:
    async def show(request: Request) -> Response:
        return site.page(request, site.visitor(request), name)

    return show


def _said(site: Site, what: str) -> Handler:
    async def show(request: Request) -> Response:
        return site.said(request, site.visitor(request), what, 200)

    return show


async def _robots(_request: Request) -> Response:
    return PlainTextResponse("User-agent: *\nDisallow: /\n")


def _health(site: Site) -> Handler:
    """For a reverse proxy: whether the database answers. It says nothing else."""

    async def answer(_request: Request) -> Response:
        await site.visits.find("", site.clock.now())
        return PlainTextResponse("ok\n")

    return answer


class Errors:
    """What went wrong, as a page."""

    def __init__(self, site: Site) -> None:
        self._site = site

    @property
    def handlers(self) -> dict[type[Exception], Callable[[Request, Exception], Awaitable[Response]]]:
        """For Starlette, by the kind of error."""
        return {
            HTTPException: self._http,
            Exception: self._later,  # the page; headers.py tells the operator where it happened
            NoSuchFile: self._http,
            Outside: self._says("over", 403),
            Closed: self._says("closed", 410),
            Forged: self._says("refused", 403),
            TooLarge: self._says("large", 413),
            Spent: self._says("spent", 403),
            Prefetched: self._says("broken", 503),
            Limited: self._limited,
            NoSuchPart: self._range,
            TryLater: self._later,
            WillNotDo: self._later,
        }

    async def broken_page(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A bug: the page for it."""
        response = await self._later(Request(scope, receive), Exception())
        await response(scope, receive, send)

    def _says(self, what: str, status: int) -> Callable[[Request, Exception], Awaitable[Response]]:
        async def show(request: Request, error: Exception) -> Response:
            visitor = self._site.visitor(request)
            self._site.log.event("share.refused", why=str(error), network=visitor.network)  # of our own words
            return self._site.said(request, visitor, what, status)

        return show

    async def _http(self, request: Request, error: Exception) -> Response:
        """Of Starlette: no such path, no such method."""
        status = error.status_code if isinstance(error, HTTPException) else 404  # NoSuchFile
        response = self._site.said(request, self._site.visitor(request), "missing", status)
        if isinstance(error, HTTPException) and error.headers and "allow" in (names := {k.lower(): v for k, v in error.headers.items()}):
            response.headers["allow"] = names["allow"]
        return response

    async def _limited(self, request: Request, error: Exception) -> Response:
        seconds = error.seconds if isinstance(error, Limited) else 60.0
        visitor, minutes = self._site.visitor(request), min(int(seconds // 60) + 1, _LONGEST_WAIT_MINUTES)
        when = visitor.words.say("limited.soon") if minutes == 1 else visitor.words.say("limited.minutes", minutes=minutes)
        response = self._site.said(request, visitor, "limited", 429, when=when)
        response.headers["retry-after"] = str(int(seconds) + 1)
        return response

    async def _range(self, request: Request, error: Exception) -> Response:
        response = self._site.said(request, self._site.visitor(request), "range", 416)
        if isinstance(error, NoSuchPart):
            response.headers["content-range"] = f"bytes */{error.octets}"
        return response

    async def _later(self, request: Request, _error: Exception) -> Response:
        response = self._site.said(request, self._site.visitor(request), "broken", 503)
        response.headers["retry-after"] = "120"
        return response
