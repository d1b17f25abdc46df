"""Folders and files of a drive by Microsoft Graph: made once, sent in ranges, copied by the service, deleted for good. Knows no share.

References: learn.microsoft.com/graph/api driveitem-createuploadsession, driveitem-copy, driveitem-permanentdelete, driveitem-list-children.

An upload session takes ranges in order, each a multiple of 320 KiB but the last, and never sees our token. What it says is missing
(nextExpectedRanges) is what is sent next, wherever that is; 416 means that it has the range already; 404 that the session is over.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from gateway.edges.graph import Graph, object_of
from gateway.edges.place_http import Answer
from gateway.edges.quickxor import quick_xor
from gateway.errors import TryLater, Unusable
from gateway.model.message import Content

UNIT = 320 * 1024  # octets: each range of an upload is a multiple of it
RANGE = 16 * UNIT  # 5 MiB: what Graph recommends is 5 to 10

_MOST_TURNS = 8  # that an upload may begin anew or be sent back before it counts as failing


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


class Files:
    """Of one drive."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    # --- folders ------------------------------------------------------------------------------------------------------

    async def find(self, path: str, deadline: float) -> Item | None:
        """The item at a path below the root of the drive."""
        answer = await self._graph.ask(
            "GET", f"{await self._graph.drive(deadline)}/root:/{_path(path)}", deadline, doing="find", absent=True
        )
        return None if answer.status == 404 else _item(answer.data)

    async def folder(self, parent: str, name: str, deadline: float) -> Item:
        """The folder of that name below another one ("root"), made when it is missing."""
        body = {"name": name, "folder": {}, "@microsoft.graph.conflictBehavior": "fail"}
        drive = await self._graph.drive(deadline)
        answer = await self._graph.ask("POST", f"{drive}/items/{parent}/children", deadline, doing="make a folder", body=body, taken=True)
        if answer.status == 409:
            answer = await self._graph.ask("GET", f"{drive}/items/{parent}:/{quote(name, safe='')}:", deadline, doing="find the folder")
        return _item(answer.data)

    async def children(self, parent: str, deadline: float) -> dict[str, Item]:
        """What is in a folder, by name."""
        where, found = f"{await self._graph.drive(deadline)}/items/{parent}/children?$top=200", {}
        while where:
            answer = await self._graph.ask("GET", where, deadline, doing="list a folder")
            found.update({item.name: item for item in map(_item, answer.rows("value"))})
            where = answer.text("@odata.nextLink")
        return found

    async def delete(self, item: str, deadline: float) -> None:
        """For good, past the recycle bin, where the service can do that. What is not there is no error."""
        where = f"{await self._graph.drive(deadline)}/items/{item}"
        answer = await self._graph.ask("POST", f"{where}/permanentDelete", deadline, doing="delete", absent=True, unknown=True)
        if answer.status not in {200, 204, 404}:  # not every drive can; the recycle bin is what is left
            await self._graph.ask("DELETE", where, deadline, doing="delete", absent=True)

    # --- files --------------------------------------------------------------------------------------------------------

    async def put(self, parent: str, name: str, content: Content, there: Item | None, deadline: float) -> Item:
        """The file in the folder, whole, once. `there`: what the folder has under that name."""
        mark = await asyncio.to_thread(quick_xor, content)
        if there is not None and there.octets == content.octets and there.quick_xor == mark:
            return there
        where = f"{await self._graph.drive(deadline)}/items/{parent}:/{quote(name, safe='')}:"
        if content.octets:
            item = _item((await self._upload(where, name, content, deadline)).data)
        else:  # an upload session has no empty range
            answer = await self._graph.ask("PUT", f"{where}/content", deadline, doing="upload", octets=(content, 0, 0))
            item = _item(answer.data)
        if item.octets != content.octets or (item.quick_xor and item.quick_xor != mark):
            await self.delete(item.id, deadline)
            raise TryLater(f"place {self._graph.caller.place}: a file arrived changed, and was deleted again", "4.4.1")
        return item

    async def copy(self, item: Item, parent: str, deadline: float) -> None:
        """The same file in another folder of the drive, without sending it again."""
        drive = await self._graph.drive(deadline)
        body = {"parentReference": {"driveId": self._graph.id, "id": parent}, "name": item.name}
        answer = await self._graph.ask("POST", f"{drive}/items/{item.id}/copy", deadline, doing="copy", body=body, taken=True)
        monitor, pause = answer.headers.get("location", ""), 0.5
        while answer.status == 202 and monitor:  # 409: an earlier attempt has made it
            answer = await self._graph.caller.ask("GET", monitor, deadline, doing="wait for a copy")
            state = answer.text("status")
            if answer.status in {200, 303} and state in {"completed", ""}:
                return
            if state == "failed" or answer.status >= 400:
                raise TryLater(f"place {self._graph.caller.place}: a copy failed", "4.4.1")
            await self._graph.caller.pause(pause, deadline, "wait for a copy")
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
                answer = await self._graph.caller.ask("PUT", session, deadline, doing="upload", headers=header, octets=(content, at, end))
                if answer.status in {200, 201} and answer.text("id"):
                    return answer
                if answer.status != 202:
                    break
                missing = _missing(answer)
                if missing is None or missing <= at:  # all that was sent is said to be missing: it is asked again, below
                    break
                at = missing
            if answer.status in {202, 416}:
                status = await self._graph.caller.ask("GET", session, deadline, doing="resume an upload")
                missing = _missing(status) if status.status == 200 else None
                session, at = (session, missing) if missing is not None and missing < size else ("", 0)
            elif answer.status in {404, 410}:
                session = ""
            else:
                self._graph.refuse(answer, "upload")
        raise TryLater(f"place {self._graph.caller.place}: an upload was sent back {_MOST_TURNS} times", "4.4.1")

    async def _session(self, where: str, name: str, size: int, deadline: float) -> str:
        body = {"item": {"@microsoft.graph.conflictBehavior": "replace", "name": name, "fileSize": size}}
        answer = await self._graph.ask("POST", f"{where}/createUploadSession", deadline, doing="begin an upload", body=body)
        session = answer.text("uploadUrl")
        if not session.startswith("https://"):
            raise Unusable(f"place {self._graph.caller.place}: an upload was begun, but no https address given for it")
        return session


def _item(data: Any) -> Item:
    row, size = object_of(data), object_of(data).get("size")
    mark = object_of(object_of(row.get("file")).get("hashes")).get("quickXorHash")
    return Item(str(row.get("id", "")), str(row.get("name", "")), size if isinstance(size, int) else 0, str(mark or ""))


def _missing(answer: Answer) -> int | None:
    """Where the first range that is missing begins: "26-" or "12345-55232"."""
    ranges = answer.data.get("nextExpectedRanges") if isinstance(answer.data, dict) else None
    starts = [str(one).partition("-")[0] for one in ranges] if isinstance(ranges, list) else []
    return min((int(start) for start in starts if start.isdigit()), default=None)


def _path(path: str) -> str:
    return "/".join(quote(step, safe="") for step in path.split("/"))
