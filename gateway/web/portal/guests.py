"""Who is inside: a session of this share, its mailbox proved, and everything that could have changed since looked at again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from starlette.requests import Request

from gateway.errors import OutgateError
from gateway.model.share import Grant, Session, Share
from gateway.web.portal.site import Site, Visitor


class Outside(OutgateError):
    """There is no session, or it is of another share."""


class Closed(OutgateError):
    """The files are not to be had: they are not there any more, or the pack in force would not have this person have them."""


class Limited(OutgateError):
    """Too many tries."""

    def __init__(self, seconds: float) -> None:
        super().__init__("too many tries")
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody with a session, proved or not."""

    visitor: Visitor
    session: Session
    share: Share
    grant: Grant

    @property
    def is_proved(self) -> bool:
        return self.session.proved_at is not None

    @property
    def is_sender(self) -> bool:
        return self.grant.role == "sender"


async def guest_of(site: Site, request: Request, *, by_session: bytes | None = None) -> Guest:
    """The guest of the share that the path names. `by_session`: what a ticket says, in place of the cookie.

    Raises:
        Outside: no session that lives, or one of another share.
        Closed: the share or this person's part of it.
        TryLater: the database cannot be asked.
    """
    visitor = site.visitor(request)
    cookie_hash = by_session if by_session is not None else visitor.cookie_hash if visitor.cookie else None
    if cookie_hash is None:
        raise Outside("no session")
    session = await site.visits.session(cookie_hash, site.clock.now(), timedelta(seconds=site.settings.idle))
    if session is None or session.share != request.path_params["share"]:
        raise Outside("no session of this share")
    share = await site.visits.get(session.share)
    grant = next((grant for grant in share.grants if grant.id == session.grant), None) if share is not None else None
    if share is None or grant is None or not site.admits(share, grant):
        raise Closed("not open for this person")
    return Guest(site.visitor(request, share.language), session, share, grant)


async def inside(site: Site, request: Request, *, by_session: bytes | None = None) -> Guest:
    """The same, with a mailbox that was proved. Raises Outside too when it was not."""
    guest = await guest_of(site, request, by_session=by_session)
    if not guest.is_proved:
        raise Outside("the mailbox is not proved")
    return guest
