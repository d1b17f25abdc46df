"""The files of a share as their recipient sees them, and as their sender does: who fetched what, and the end of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from gateway.model.share import Grant, Share, SharedFile, Standing, WishKind
from gateway.web.portal.forms import read_form
from gateway.web.portal.guests import Guest, Outside, inside
from gateway.web.portal.names import distinct, harmless
from gateway.web.portal.site import Site
from gateway.web.portal.zipped import Entry, length

_MOST_SHOWN = 500  # accesses on the sender's page, the newest


@dataclass(frozen=True, slots=True)
class Row:
    """One file on the page."""

    number: int  # in the links, from 1
    name: str
    size: str
    sha256: str
    left: int | None  # downloads; None: no limit


class Files:
    """The pages behind the code."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def show(self, request: Request) -> Response:
        """GET /SHARE/files."""
        site, guest = self._site, await inside(self._site, request)
        if guest.is_sender:
            return RedirectResponse(f"/{guest.share.id}/sent", 303)
        files = files_of(guest.share, guest.grant)
        left = await self._left(guest, files)
        names = names_of(files)
        size = guest.visitor.words.size
        rows = [
            Row(number, name, size(file.octets), file.sha256, left.get(file.id))
            for number, (file, name) in enumerate(zip(files, names, strict=True), 1)
        ]
        can_all = len(files) > 1 and all(row.left != 0 for row in rows)
        all_size = size(length([Entry(name, file.octets, _nothing) for file, name in zip(files, names, strict=True)])) if can_all else ""
        values: dict[str, Any] = {"files": rows, "all_size": all_size, "sender": guest.share.sender, "recipient": guest.grant.address}
        return site.page(request, guest.visitor, "files", is_inside=True, share=guest.share.id, until=self._until(guest), **values)

    async def sent(self, request: Request) -> Response:
        """GET /SHARE/sent: for the sender."""
        site, guest = self._site, await self._sender(request)
        share, words = guest.share, guest.visitor.words
        files = [Row(0, harmless(file.name), words.size(file.octets), file.sha256, None) for file in share.files]
        addresses, names = {grant.id: grant.address for grant in share.grants}, {file.id: harmless(file.name) for file in share.files}
        people = [
            {"address": grant.address, "is_open": grant.state is Standing.OPEN, "opened": self._date(guest, grant.opened_at)}
            for grant in share.grants
            if grant.role == "recipient" and grant.state is not Standing.UNDONE
        ]
        accesses = [
            {
                "when": self._date(guest, one.began_at),
                "person": addresses.get(one.grant, ""),
                "file": names.get(one.file, ""),
                "is_whole": one.is_whole,
            }
            for one in reversed((await site.visits.accesses(share.id))[-_MOST_SHOWN:])
        ]
        values: dict[str, Any] = {"files": files, "people": people, "accesses": accesses, "until": self._until(guest)}
        return site.page(request, guest.visitor, "sent", is_inside=True, share=share.id, **values)

    async def stop(self, request: Request) -> Response:
        """GET and POST /SHARE/stop: the sender ends the share, after a second look."""
        site, guest = self._site, await self._sender(request)
        if request.method != "POST":
            return site.page(request, guest.visitor, "stop", is_inside=True, share=guest.share.id)
        await read_form(request, site, guest.visitor)
        await site.visits.wish(WishKind.REVOKE, guest.session, guest.grant.address, site.clock.now())
        site.log.event("share.stopped", share=guest.share.id)
        return RedirectResponse("/stopped", 303)

    async def leave(self, request: Request) -> Response:
        """POST /leave: the session ends here, not only in the browser."""
        site, visitor = self._site, self._site.visitor(request)
        await read_form(request, site, visitor)
        await site.visits.close_session(visitor.cookie_hash)
        response = RedirectResponse("/left", 303)
        response.headers["clear-site-data"] = '"cache", "cookies", "storage"'
        site.take_cookie(response)
        return response

    # --- private ------------------------------------------------------------------------------------------------------

    async def _sender(self, request: Request) -> Guest:
        guest = await inside(self._site, request)
        if not guest.is_sender:
            raise Outside("only the sender sees this")
        return guest

    async def _left(self, guest: Guest, files: tuple[SharedFile, ...]) -> dict[str, int]:
        limit = guest.share.download_limit
        if limit is None:
            return {}
        used = Counter(one.file for one in await self._site.visits.accesses(guest.share.id) if one.grant == guest.grant.id)
        return {file.id: max(limit - used[file.id], 0) for file in files}

    def _until(self, guest: Guest) -> str:
        return self._date(guest, guest.share.ends_at)

    def _date(self, guest: Guest, moment: datetime | None) -> str:
        return guest.visitor.words.date(moment, self._site.house.zone) if moment is not None else ""


def files_of(share: Share, grant: Grant) -> tuple[SharedFile, ...]:
    """Those that this person may have, in the order of the message."""
    return tuple(file for file in share.files if file.id in grant.files)


def names_of(files: tuple[SharedFile, ...]) -> tuple[str, ...]:
    """As they are shown and saved: harmless, each once."""
    return distinct(harmless(file.name) for file in files)


async def _nothing() -> AsyncIterator[bytes]:
    """Only the length of the archive is asked for."""
    yield b""
