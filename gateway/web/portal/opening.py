"""Opening a link: the token, the one-time code, and the way for those to whom it was forwarded.

Looking (GET, HEAD, OPTIONS, whatever a scanner does with scripts) changes nothing and sends nothing. A token that is unknown, expired,
idle, revoked or undone gets one and the same answer, not before ANSWER_SECONDS. Who has shown a token gets a new session, and another one
when the code was right.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from dataclasses import replace
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from gateway.model.share import Session, WishKind
from gateway.ports.visits import Limit
from gateway.web.portal.forms import read_form
from gateway.web.portal.guests import Guest, Limited, Outside, guest_of
from gateway.web.portal.limits import Rate
from gateway.web.portal.site import Site, Visitor, new_cookie

ANSWER_SECONDS = 0.15  # an answer to a token is never quicker: far above what any of the look-ups takes
# A whole organisation may come from one address; whoever guesses 160 bits is as far from them at any rate.
_OPEN_BY_HOME, _OPEN_BY_NETWORK, _OPEN_BY_TOKEN = Rate(60, 10.0), Rate(300, 2.0), Rate(10, 60.0)  # the last within a network
_CODE_BY_GRANT, _CODE_BY_NETWORK = (20, timedelta(hours=1)), (200, timedelta(seconds=30))
_MOST_CODES = 5  # mails with a code to one person in an hour; so many again from where the mailbox was proved before
_MAIL_BY_NETWORK = (4, timedelta(minutes=20))  # of those: who holds a forwarded link and wastes them leaves one to its owner
_MOST_ASKS = 2  # mails to the sender in a day, of one link
_CODE = re.compile(r"[0-9]{8}")
_FOREIGN_DIGITS = {ord(letter): str(value) for value, letter in enumerate("\u0660\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668\u0669")}
_FOREIGN_DIGITS |= {ord(letter): str(value) for value, letter in enumerate("\u06f0\u06f1\u06f2\u06f3\u06f4\u06f5\u06f6\u06f7\u06f8\u06f9")}


class Opening:
    """The pages before the files."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def start(self, request: Request) -> Response:
        """GET /: what is done here, and a form for the token."""
        return self._site.page(request, self._site.visitor(request), "start")

    async def open(self, request: Request) -> Response:
        """POST /: a session for who has a token, and a code to the mailbox that it was sent to. Raises Limited."""
        site, visitor = self._site, self._site.visitor(request)
        began = asyncio.get_running_loop().time()
        if not visitor.cookie:
            return self._again(request, visitor, "start.no_cookies")
        fields = await read_form(request, site, visitor)
        token = _token(fields.get("key", ""))
        if not token:
            return self._again(request, visitor, "start.empty")
        self._limit(visitor, token)
        found = await site.visits.find(token, site.clock.now())
        if found is not None:
            share = await site.visits.get(found[0])
            grant = next((grant for grant in share.grants if grant.id == found[1]), None) if share is not None else None
            found = found if share is not None and grant is not None and site.admits(share, grant) else None
        response = await self._opened(visitor, *found) if found is not None else site.said(request, visitor, "closed", 404)
        await asyncio.sleep(began + ANSWER_SECONDS - asyncio.get_running_loop().time())
        return response

    async def code(self, request: Request) -> Response:
        """GET /SHARE/code."""
        guest = await self._guest(request)
        if guest.is_proved:
            return _to(guest, "sent" if guest.is_sender else "files")
        note = {"again": "code.sent_again", "often": "code.too_often"}.get(request.query_params.get("said", ""), "")
        return self._code_page(request, guest, note=note)

    async def prove(self, request: Request) -> Response:
        """POST /SHARE/code. Raises Limited."""
        site, guest = self._site, await self._guest(request)
        fields = await read_form(request, site, guest.visitor)
        if guest.is_proved:
            return _to(guest, "code")
        code = re.sub(r"[\s\-\u200e\u200f\u2066-\u2069]", "", fields.get("code", "")[:100]).translate(_FOREIGN_DIGITS)
        if not _CODE.fullmatch(code):
            return self._code_page(request, guest, 422, problem=guest.visitor.words.say("code.empty"))
        now = site.clock.now()
        wait = await site.visits.take(_code_limits(guest, is_known=await site.visits.was_here(guest.session)), now)
        if wait > timedelta(0):
            site.log.event("share.refused", share=guest.share.id, why="too many codes")
            raise Limited(wait.total_seconds())
        tried = await site.visits.try_code(guest.session, code, now)
        if not tried.is_right:
            site.log.event("share.refused", share=guest.share.id, why="wrong code")
            says = (
                guest.visitor.words.say("code.wrong", left=tried.tries_left) if tried.tries_left else guest.visitor.words.say("code.over")
            )
            return self._code_page(request, guest, 422, problem=says)
        return await self._proved(guest)

    async def again(self, request: Request) -> Response:
        """POST /SHARE/code/again: another code."""
        guest = await self._guest(request)
        await read_form(request, self._site, guest.visitor)
        return _to(guest, "code", "again" if await self._send_code(guest.session, guest.visitor) else "often")

    async def ask(self, request: Request) -> Response:
        """POST /SHARE/ask: the link was forwarded, and its new holder asks the sender. Nobody learns who the other is."""
        site, guest = self._site, await self._guest(request)
        await read_form(request, site, guest.visitor)
        if guest.is_sender:
            return _to(guest, "code")
        day = timedelta(days=1)
        await site.visits.wish(WishKind.ASK, guest.session, "", site.clock.now(), most=_MOST_ASKS, within=day)
        return RedirectResponse("/asked", 303)

    # --- private ------------------------------------------------------------------------------------------------------

    async def _guest(self, request: Request) -> Guest:
        return await guest_of(self._site, request)

    def _again(self, request: Request, visitor: Visitor, why: str) -> Response:
        site = self._site
        return site.page(request, visitor, "start", 422, problem=visitor.words.say(why), problem_at="key")

    def _limit(self, visitor: Visitor, token: str) -> None:
        rates = {visitor.home: _OPEN_BY_HOME, f"network {visitor.network}": _OPEN_BY_NETWORK}
        # Within a network: who was forwarded a link does not shut out its owner.
        rates[hashlib.sha256(f"{token} {visitor.network}".encode()).hexdigest()] = _OPEN_BY_TOKEN
        wait = self._site.limiter.take("open", rates)
        if wait > 0:
            self._site.log.event("share.refused", why="too many links", network=visitor.network)
            raise Limited(wait)

    async def _opened(self, visitor: Visitor, share_id: str, grant_id: str) -> Response:
        """A session in the place of any other that this browser has."""
        site, now, cookie = self._site, self._site.clock.now(), new_cookie()
        if visitor.cookie:
            await site.visits.close_session(visitor.cookie_hash)
        opened = replace(visitor, cookie=cookie)
        session = Session(
            cookie_hash=opened.cookie_hash,
            share=share_id,
            grant=grant_id,
            csrf=site.csrf(cookie),
            network=visitor.network,
            made_at=now,
            idle_until=now + timedelta(seconds=site.settings.idle),
            ends_at=now + timedelta(seconds=site.settings.session),
        )
        await site.visits.open_session(session)
        said = "" if await self._send_code(session, visitor) else "?said=often"
        site.log.event("share.opened", share=share_id)
        response = RedirectResponse(f"/{share_id}/code{said}", 303)
        site.give_cookie(response, cookie)
        return response

    async def _send_code(self, session: Session, visitor: Visitor) -> bool:
        """Whether one is on its way, in the language of the page."""
        now, language = self._site.clock.now(), visitor.words.tag
        if await self._site.visits.take((Limit("mail", f"{session.grant} {visitor.network}", *_MAIL_BY_NETWORK),), now):
            return False
        return await self._site.visits.wish(WishKind.CODE, session, "", now, language, most=_MOST_CODES) is not None

    async def _proved(self, guest: Guest) -> Response:
        """Whoever knew the cookie before knows it no more."""
        site, cookie = self._site, new_cookie()
        renewed = replace(guest.visitor, cookie=cookie)
        if not await site.visits.rename_session(guest.session.cookie_hash, renewed.cookie_hash, site.csrf(cookie)):
            raise Outside("the session has just ended")
        site.log.event("share.proved", share=guest.share.id, role=guest.grant.role)
        response = _to(guest, "sent" if guest.is_sender else "files")
        site.give_cookie(response, cookie)
        return response

    def _code_page(self, request: Request, guest: Guest, status: int = 200, *, problem: str = "", note: str = "") -> Response:
        values = {"share": guest.share.id, "mailbox": masked(guest.grant.address), "problem": problem, "problem_at": "code"}
        note = guest.visitor.words.say(note) if note else ""
        return self._site.page(request, guest.visitor, "code", status, note=note, may_ask=not guest.is_sender, **values)


def masked(address: str) -> str:
    """So much of an address that its owner knows the mailbox: "k•••@example.org"."""
    local, _, domain = address.rpartition("@")
    return f"{local.strip(chr(34))[:1]}\u2022\u2022\u2022@{domain}"


def _token(pasted: str) -> str:
    """The token, also out of a whole link."""
    return pasted.strip().rpartition("#")[2].strip().strip("<>.,\"'")


def _code_limits(guest: Guest, *, is_known: bool) -> tuple[Limit, ...]:
    """Who holds a forwarded link and tries all that may be tried leaves its owner theirs, where that one has been before."""
    return (
        Limit("code", f"{guest.grant.id} known" if is_known else guest.grant.id, *_CODE_BY_GRANT),
        Limit("code", guest.visitor.network, *_CODE_BY_NETWORK),
    )


def _to(guest: Guest, page: str, said: str = "") -> Response:
    """See other: what was posted is not posted again by a reload."""
    return RedirectResponse(f"/{guest.share.id}/{page}{f'?said={said}' if said else ''}", 303)
