"""What we need of Microsoft Graph v1.0: a drive, folders, upload sessions, copies, sharing links. Nothing of it knows shares.

References: learn.microsoft.com/graph/api driveitem-createuploadsession, driveitem-createlink, permission-grant, driveitem-copy,
driveitem-permanentdelete, driveitem-list-children; concepts throttling, errors, long-running-actions-overview.

An upload session takes ranges in order, each a multiple of 320 KiB but the last, and never sees our token. What it says is missing
(nextExpectedRanges) is what is sent next, wherever that is; 416 means that it has the range already; 404 that the session is over.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from gateway.edges.graph_tokens import Tokens
from gateway.edges.place_http import Answer, Caller
from gateway.edges.quickxor import quick_xor
from gateway.errors import TryLater, Unusable
from gateway.model.message import Content

UNIT = 320 * 1024  # octets: each range of an upload is a multiple of it
RANGE = 16 * UNIT  # 5 MiB: what Graph recommends is 5 to 10

_MOST_TURNS = 8  # that an upload may begin anew or be sent back before it counts as failing
_FULL = frozenset({"quotaLimitReached", "insufficientStorage"})


@dataclass(frozen=True, slots=True)
class Item:
    """A driveItem."""

    id: str
    name: str
    octets: int
    quick_xor: str  # "" where the service has not computed it yet

    def is_like(self, other: Item) -> bool:
        """Whether both are known to hold the same."""
        return self.octets == other.octets and bool(self.quick_xor) and self.quick_xor == other.quick_xor


@dataclass(frozen=True, slots=True)
class Link:
    """A sharing link, as the service has made it."""

    id: str  # of the permission
    url: str
    until: datetime | None  # None: it never ends
    scope: str


class Drive:
    """One drive (OneDrive for Business, or a SharePoint document library). `where` is its path, `/users/a@ct.gov/drive` for example."""

    def __init__(self, caller: Caller, tokens: Tokens, graph: str, where: str) -> None:
        self._caller = caller
        self._tokens = tokens
        self._graph = graph.rstrip("/")
        self._where = where
        self._id = ""

    async def look(self, deadline: float) -> Answer:
        """The drive itself: its name, its owner, what it can still take."""
        answer = await self._ask("GET", self._where, deadline, doing="look at the drive", absent=True)
        if answer.status == 404:
            raise Unusable(f"place {self._caller.place}: there is no such drive; look at `user`, `site` or `drive`")
        self._id = answer.text("id")
        return answer

    # --- folders ------------------------------------------------------------------------------------------------------

    async def find(self, path: str, deadline: float) -> Item | None:
        """The item at a path below the root of the drive."""
        answer = await self._ask("GET", f"{await self._drive(deadline)}/root:/{_path(path)}", deadline, doing="find", absent=True)
        return None if answer.status == 404 else _item(answer.data)

    async def folder(self, parent: str, name: str, deadline: float) -> Item:
        """The folder of that name below another one ("root"), made when it is missing."""
        body = {"name": name, "folder": {}, "@microsoft.graph.conflictBehavior": "fail"}
        drive = await self._drive(deadline)
        answer = await self._ask("POST", f"{drive}/items/{parent}/children", deadline, doing="make a folder", body=body, taken=True)
        if answer.status == 409:
            answer = await self._ask("GET", f"{drive}/items/{parent}:/{quote(name, safe='')}:", deadline, doing="find the folder")
        return _item(answer.data)

    async def children(self, parent: str, deadline: float) -> dict[str, Item]:
        """What is in a folder, by name."""
        where, found = f"{await self._drive(deadline)}/items/{parent}/children?$top=200", {}
        while where:
            answer = await self._ask("GET", where, deadline, doing="list a folder")
            found.update({item.name: item for item in map(_item, answer.rows("value"))})
            where = answer.text("@odata.nextLink")
        return found

    async def delete(self, item: str, deadline: float) -> None:
        """For good, past the recycle bin, where the service can do that. What is not there is no error."""
        where = f"{await self._drive(deadline)}/items/{item}"
        answer = await self._ask("POST", f"{where}/permanentDelete", deadline, doing="delete", absent=True, unknown=True)
        if answer.status not in {200, 204, 404}:  # not every drive can; the recycle bin is what is left
            await self._ask("DELETE", where, deadline, doing="delete", absent=True)

    # --- files --------------------------------------------------------------------------------------------------------

    async def put(self, parent: str, name: str, content: Content, there: Item | None, deadline: float) -> Item:
        """The file in the folder, whole, once. `there`: what the folder has under that name."""
        mark = await asyncio.to_thread(quick_xor, content)
        if there is not None and there.octets == content.octets and there.quick_xor == mark:
            return there
        where = f"{await self._drive(deadline)}/items/{parent}:/{quote(name, safe='')}:"
        if content.octets:
            item = _item((await self._upload(where, name, content, deadline)).data)
        else:  # an upload session has no empty range
            answer = await self._ask("PUT", f"{where}/content", deadline, doing="upload", octets=(content, 0, 0))
            item = _item(answer.data)
        if item.octets != content.octets or (item.quick_xor and item.quick_xor != mark):
            await self.delete(item.id, deadline)
            raise TryLater(f"place {self._caller.place}: a file arrived changed, and was deleted again", "4.4.1")
        return item

    async def copy(self, item: Item, parent: str, deadline: float) -> None:
        """The same file in another folder of the drive, without sending it again."""
        drive = await self._drive(deadline)
        body = {"parentReference": {"driveId": self._id, "id": parent}, "name": item.name}
        answer = await self._ask("POST", f"{drive}/items/{item.id}/copy", deadline, doing="copy", body=body, taken=True)
        monitor, pause = answer.headers.get("location", ""), 0.5
        while answer.status == 202 and monitor:  # 409: an earlier attempt has made it
            answer = await self._caller.ask("GET", monitor, deadline, doing="wait for a copy")
            state = answer.text("status")
            if answer.status in {200, 303} and state in {"completed", ""}:
                return
            if state == "failed" or answer.status >= 400:
                raise TryLater(f"place {self._caller.place}: a copy failed", "4.4.1")
            await self._caller.pause(pause, deadline, "wait for a copy")
            pause = min(pause * 2, 10.0)

    async def _upload(self, where: str, name: str, content: Content, deadline: float) -> Answer:
        """The answer that completes the file."""
        size, session, at = content.octets, "", 0
        for _ in range(_MOST_TURNS):
            if not session:
                session, at = await self._session(where, name, size, deadline), 0
            while True:
                end = min(at + RANGE, size)
                header = {"Content-Range": f"bytes {at}-{end - 1}/{size}"}
                answer = await self._caller.ask("PUT", session, deadline, doing="upload", headers=header, octets=(content, at, end))
                if answer.status in {200, 201} and answer.text("id"):
                    return answer
                if answer.status != 202:
                    break
                missing = _missing(answer)
                if missing is None or missing <= at:  # all that was sent is said to be missing: it is asked again, below
                    break
                at = missing
            if answer.status in {202, 416}:
                status = await self._caller.ask("GET", session, deadline, doing="resume an upload")
                missing = _missing(status) if status.status == 200 else None
                session, at = (session, missing) if missing is not None and missing < size else ("", 0)
            elif answer.status in {404, 410}:
                session = ""
            else:
                self._refuse(answer, "upload")
        raise TryLater(f"place {self._caller.place}: an upload was sent back {_MOST_TURNS} times", "4.4.1")

    async def _session(self, where: str, name: str, size: int, deadline: float) -> str:
        body = {"item": {"@microsoft.graph.conflictBehavior": "replace", "name": name, "fileSize": size}}
        answer = await self._ask("POST", f"{where}/createUploadSession", deadline, doing="begin an upload", body=body)
        session = answer.text("uploadUrl")
        if not session.startswith("https://"):
            raise Unusable(f"place {self._caller.place}: an upload was begun, but no https address given for it")
        return session

    # --- links --------------------------------------------------------------------------------------------------------

    async def link(self, item: str, scope: str, until: datetime, deadline: float) -> Link:
        """A link to look and download. An older one of the same kind is what the service may give back: read its `until`."""
        where = f"{await self._drive(deadline)}/items/{item}"
        body = {"type": "view", "scope": scope, "expirationDateTime": _moment(until)}
        answer = await self._ask("POST", f"{where}/createLink", deadline, doing="make a link", body=body)
        if not answer.text("expirationDateTime") and answer.text("id"):
            answer = await self._ask("GET", f"{where}/permissions/{quote(answer.text('id'), safe='')}", deadline, doing="look at a link")
        return _link(answer.data)

    async def grant(self, link: Link, address: str, deadline: float) -> Link | None:
        """The link, open to this person; None when the service does not let them in. They get no mail of it."""
        shared = "u!" + base64.urlsafe_b64encode(link.url.encode()).decode("ascii").rstrip("=")
        body = {"recipients": [{"email": address}], "roles": ["read"]}
        answer = await self._ask("POST", f"/shares/{shared}/permission/grant", deadline, doing="let a person in", body=body, unknown=True)
        if answer.status not in {200, 201}:
            return None
        links = [_link(row) for row in answer.rows("value") if isinstance(row.get("link"), dict) and row["link"].get("scope")]
        return links[0] if links else link

    async def permissions(self, item: str, deadline: float) -> tuple[str, ...]:
        """Ids of what was granted on this very item."""
        where = f"{await self._drive(deadline)}/items/{item}/permissions"
        answer = await self._ask("GET", where, deadline, doing="look at permissions", absent=True)
        return tuple(str(row["id"]) for row in answer.rows("value") if not row.get("inheritedFrom") and "owner" not in row.get("roles", ()))

    async def revoke(self, item: str, permission: str, deadline: float) -> None:
        """What is not there is no error."""
        where = f"{await self._drive(deadline)}/items/{item}/permissions/{quote(permission, safe='')}"
        await self._ask("DELETE", where, deadline, doing="revoke", absent=True)

    # --- asking -------------------------------------------------------------------------------------------------------

    async def _drive(self, deadline: float) -> str:
        if not self._id:
            await self.look(deadline)
        return f"/drives/{self._id}"

    async def _ask(
        self,
        method: str,
        where: str,
        deadline: float,
        *,
        doing: str,
        body: Mapping[str, Any] | None = None,
        octets: tuple[Content, int, int] | None = None,
        absent: bool = False,  # 404 is an answer
        taken: bool = False,  # 409 is an answer
        unknown: bool = False,  # so is any other refusal but of the sign-in and for want of room
    ) -> Answer:
        """With our token, which is got anew once when it is not accepted. A page's next address comes whole."""
        url = where if where.startswith("https://") else self._graph + where
        if not url.startswith(self._graph + "/"):  # the token goes to Graph alone
            raise Unusable(f"place {self._caller.place}, {doing}: the service sends us to another host")
        answer = await self._with_token(method, url, deadline, doing, body, octets, anew=False)
        if answer.status == 401:
            answer = await self._with_token(method, url, deadline, doing, body, octets, anew=True)
        known = answer.status < 300 or (absent and answer.status == 404) or (taken and answer.status == 409)
        if not known and not (unknown and answer.status not in {401, 507} and _code(answer) not in _FULL):
            self._refuse(answer, doing)
        return answer

    async def _with_token(
        self,
        method: str,
        url: str,
        deadline: float,
        doing: str,
        body: Mapping[str, Any] | None,
        octets: tuple[Content, int, int] | None,
        *,
        anew: bool,
    ) -> Answer:
        headers = {"Authorization": f"Bearer {await self._tokens.get(anew=anew)}", "Accept": "application/json"}
        return await self._caller.ask(method, url, deadline, doing=doing, headers=headers, body=body, octets=octets)

    def _refuse(self, answer: Answer, doing: str) -> None:
        code = _code(answer)
        said = f"place {self._caller.place}, {doing}: {answer.status}{f' {code}' if code else ''}"
        if answer.status in {409, 412, 423}:  # somebody else works on it at this moment
            raise TryLater(said, "4.4.1")
        if answer.status == 507 or code in _FULL:
            raise Unusable(f"{said}: the drive is full")
        if answer.status in {401, 403}:
            raise Unusable(f"{said}: the application may not; it needs Files.ReadWrite.All or Sites.Selected with write")
        raise Unusable(said)


def _item(data: Any) -> Item:
    row, size = _object(data), _object(data).get("size")
    mark = _object(_object(row.get("file")).get("hashes")).get("quickXorHash")
    return Item(str(row.get("id", "")), str(row.get("name", "")), size if isinstance(size, int) else 0, str(mark or ""))


def _link(data: Any) -> Link:
    row, facet = _object(data), _object(_object(data).get("link"))
    until = row.get("expirationDateTime")
    ends = _time(until) if isinstance(until, str) else None
    return Link(str(row.get("id", "")), str(facet.get("webUrl", "")), ends, str(facet.get("scope", "")))


def _object(data: Any) -> dict[str, Any]:
    return data if isinstance(data, dict) else {}


def _code(answer: Answer) -> str:
    """The service's own word for what is wrong. Its sentence may name files and people, and stays out of what we say."""
    code = answer.text("error", "code")
    return code if code.isascii() and code.isalnum() else ""


def _missing(answer: Answer) -> int | None:
    """Where the first range that is missing begins: "26-" or "12345-55232"."""
    ranges = answer.data.get("nextExpectedRanges") if isinstance(answer.data, dict) else None
    starts = [str(one).partition("-")[0] for one in ranges] if isinstance(ranges, list) else []
    return min((int(start) for start in starts if start.isdigit()), default=None)


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _time(text: str) -> datetime | None:
    """A moment; the year 1 is how SharePoint says that there is none."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if at.year == 1 else at.replace(tzinfo=at.tzinfo or UTC)


def _path(path: str) -> str:
    return "/".join(quote(step, safe="") for step in path.split("/"))
