"""Fetching: one file, or a range of it, or all files as one archive. What was fetched is noted before its first octet leaves.

Standards: RFC 9110 sections 13 and 14 (one range, If-Range, If-Match, If-None-Match), RFC 6266. Everything goes as an attachment of type
application/octet-stream: nothing that was sent to somebody is shown as a page of ours. Where `downloads_url` is configured, the files come
from that host alone, by a ticket.
"""

from __future__ import annotations

from base64 import b64encode
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from gateway.errors import OutgateError, TryLater, WillNotDo
from gateway.model.share import Access, SharedFile
from gateway.ports.vault import Opened
from gateway.web.portal.files import files_of, names_of
from gateway.web.portal.guests import Closed, Guest, Outside, inside
from gateway.web.portal.names import attachment
from gateway.web.portal.ranges import Slice, names, slice_of
from gateway.web.portal.site import Site
from gateway.web.portal.stream import Stream
from gateway.web.portal.zipped import Entry, length, zipped

_ELSEWHERE = frozenset({"cross-site", "same-site"})  # Fetch Metadata: who has led the browser here


class Spent(OutgateError):
    """Downloaded as often as is allowed."""


class NoSuchPart(OutgateError):
    """The range begins behind the end of the file."""

    def __init__(self, octets: int) -> None:
        super().__init__("no such range")
        self.octets = octets


class Prefetched(OutgateError):
    """A browser asks ahead of a click: nothing is counted, and nothing is given."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    guest: Guest
    files: tuple[SharedFile, ...]
    names: tuple[str, ...]


class Downloads:
    """The files themselves."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._on_the_way: Counter[tuple[str, str]] = Counter()  # octets announced and not yet noted, by grant and file: one process serves

    async def one(self, request: Request) -> Response:
        """GET and HEAD /SHARE/files/NUMBER. Raises Outside, Closed, Spent, NoSuchPart, Prefetched."""
        wanted = await self._wanted(request)
        if isinstance(wanted, Response):
            return wanted
        number = int(request.path_params["number"])
        if not 1 <= number <= len(wanted.files):
            raise Outside("no such file")
        file, name = wanted.files[number - 1], wanted.names[number - 1]
        etag = f'"{file.sha256}"'
        headers = {"content-disposition": attachment(name), "etag": etag, "accept-ranges": "bytes", "repr-digest": _digest(file.sha256)}
        if names(request.headers.get("if-none-match"), etag):
            return Response(None, 304, {"etag": etag})
        if (listed := request.headers.get("if-match")) is not None and not names(listed, etag):
            return Response(None, 412, {"etag": etag})
        part = slice_of(file.octets, request.headers.get("range"), request.headers.get("if-range"), etag)
        if part is None:
            raise NoSuchPart(file.octets)
        if not part.is_whole:
            headers["content-range"] = f"bytes {part.start}-{part.end - 1}/{file.octets}"
        status = 200 if part.is_whole else 206
        if request.method == "HEAD":
            return _headers_only(status, headers, part.octets)
        return await self._send_file(wanted.guest, file, part, status, headers)

    async def all(self, request: Request) -> Response:
        """GET and HEAD /SHARE/files/all: one archive. It is made while it is read, and cannot go on where it broke off."""
        wanted = await self._wanted(request)
        if isinstance(wanted, Response):
            return wanted
        guest, sent = wanted.guest, dict.fromkeys((file.id for file in wanted.files), 0)
        headers = {"content-disposition": attachment(f"{guest.share.id}.zip"), "accept-ranges": "none"}
        if request.method == "HEAD":
            return _headers_only(200, headers, length([Entry(name, file.octets, _nothing) for file, name in _pairs(wanted)]))
        opened = [await self._open(file) for file in wanted.files]
        announced = {file.id: file.octets for file in wanted.files}
        accesses = await self._begin(guest, announced)

        def entry(file: SharedFile, name: str, source: Opened) -> Entry:
            return Entry(name, file.octets, lambda: _counted(source.pieces(), file.id, sent))

        entries = [entry(file, name, source) for (file, name), source in zip(_pairs(wanted), opened, strict=True)]
        octets = length(entries)

        async def over(went: int) -> None:
            try:
                for file, access in zip(wanted.files, accesses, strict=True):
                    await self._end(access, sent[file.id], is_whole=went == octets)
            finally:
                self._arrived(guest, announced)

        body = zipped(entries, guest.share.made_at)
        return Stream(body, octets, 200, headers, may_go_on=lambda: self._is_open(guest), sent=over, failed=self._failed)

    # --- private ------------------------------------------------------------------------------------------------------

    async def _wanted(self, request: Request) -> _Wanted | Response:
        """What may be fetched, or the way to the host of downloads."""
        # Not `request.url`, which is put together with the Host that a request names.
        site, ticket, path = self._site, request.query_params.get("ticket"), str(request.scope["path"])
        if any("prefetch" in request.headers.get(name, "") for name in ("sec-purpose", "purpose", "x-moz")):
            raise Prefetched("not yet clicked")
        by_session = site.tickets.read(ticket, path, site.clock.now()) if ticket is not None else None
        if ticket is not None and by_session is None:
            raise Outside("the ticket is not good")
        guest = await inside(site, request, by_session=by_session)
        if guest.is_sender:
            raise Outside("the sender has the files")
        if ticket is None and request.headers.get("sec-fetch-site") in _ELSEWHERE:
            return RedirectResponse(f"/{guest.share.id}/files", 303)  # a page of somebody else's fetches nothing in this person's name
        if ticket is None and site.settings.downloads_url:
            ticket = site.tickets.sign(guest.session.cookie_hash, path, site.clock.now())
            return RedirectResponse(f"{site.settings.downloads_url}{path}?ticket={ticket}", 303)
        files = files_of(guest.share, guest.grant)
        return _Wanted(guest, files, names_of(files))

    async def _send_file(self, guest: Guest, file: SharedFile, part: Slice, status: int, headers: dict[str, str]) -> Response:
        source = await self._open(file)
        announced = {file.id: part.octets}
        (access,) = await self._begin(guest, announced)

        async def over(went: int) -> None:
            try:
                await self._end(access, went, is_whole=went == part.octets and part.end == file.octets)
            finally:
                self._arrived(guest, announced)

        pieces = source.pieces(part.start, part.end)
        return Stream(pieces, part.octets, status, headers, may_go_on=lambda: self._is_open(guest), sent=over, failed=self._failed)

    def _failed(self, error: OutgateError) -> None:
        """The vault in the middle of a download: what is sent is shorter than was said."""
        what = "a shared file was changed or is gone" if isinstance(error, WillNotDo) else "the vault cannot be read"
        self._site.log.event("alarm", what=what)

    async def _open(self, file: SharedFile) -> Opened:
        """Raises TryLater; WillNotDo: it is gone or was changed, which a person must look at."""
        try:
            opened = await self._site.vault.open(file.object_id)
        except WillNotDo:
            self._site.log.event("alarm", what="a shared file cannot be opened")
            raise
        if opened.octets != file.octets:
            self._site.log.event("alarm", what="a shared file is not as long as it was")
            raise WillNotDo("another length")
        return opened

    async def _begin(self, guest: Guest, announced: Mapping[str, int]) -> tuple[Access, ...]:
        """So many octets of these files are on their way from now on: whoever asks many times at once is not sent more."""
        site, on_the_way = self._site, {file_id: self._on_the_way[guest.grant.id, file_id] for file_id in announced}
        self._on_the_way.update({(guest.grant.id, file_id): octets for file_id, octets in announced.items()})
        accesses: tuple[Access, ...] = ()
        try:
            now = site.clock.now()
            fetching = await site.visits.begin(guest.session, tuple(announced), guest.visitor.network, now, on_the_way)
            accesses = fetching.accesses
        finally:
            if not accesses:
                self._arrived(guest, announced)
        if fetching.why_not == "limit":
            site.log.event("share.refused", share=guest.share.id, why="fetched often enough")
            raise Spent("often enough")
        if not accesses and announced:
            raise Closed(fetching.why_not)
        return accesses

    async def _end(self, access: Access, octets: int, *, is_whole: bool) -> None:
        site = self._site
        site.log.event("share.fetched", share=access.share, octets=octets, is_whole=is_whole)
        try:
            await site.visits.end(access.id, octets, site.clock.now(), is_whole=is_whole)
        except TryLater:  # that it was begun stands in the database
            site.log.event("alarm", what="how far a download came could not be noted")

    def _arrived(self, guest: Guest, announced: Mapping[str, int]) -> None:
        """However it ended: from now on what is noted counts."""
        for file_id, octets in announced.items():
            one = guest.grant.id, file_id
            self._on_the_way[one] -= octets
            if not self._on_the_way[one]:
                del self._on_the_way[one]

    async def _is_open(self, guest: Guest) -> bool:
        """In the middle of a download: whether it would still be begun."""
        site = self._site
        session = await site.visits.session(guest.session.cookie_hash, site.clock.now(), timedelta(seconds=site.settings.idle))
        return session is not None and site.admits(guest.share, guest.grant)


def _pairs(wanted: _Wanted) -> list[tuple[SharedFile, str]]:
    return list(zip(wanted.files, wanted.names, strict=True))


def _headers_only(status: int, headers: dict[str, str], octets: int) -> Response:
    response = Response(None, status, headers, "application/octet-stream")
    response.headers["content-length"] = str(octets)
    return response


def _digest(sha256: str) -> str:
    """RFC 9530: the checksum of the whole file, for programs."""
    return f"sha-256=:{b64encode(bytes.fromhex(sha256)).decode()}:"


async def _counted(pieces: AsyncIterator[bytes], file_id: str, sent: dict[str, int]) -> AsyncIterator[bytes]:
    async for piece in pieces:
        sent[file_id] += len(piece)
        yield piece


async def _nothing() -> AsyncIterator[bytes]:
    """Only the length of the archive is asked for."""
    yield b""
