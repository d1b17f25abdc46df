"""Sharing links of a drive by Microsoft Graph: who may open what until when. Knows no share.

References: learn.microsoft.com/graph/api driveitem-createlink, permission-grant, driveitem-list-permissions, permission-delete.
New guests cannot be invited by an application alone (driveitem-invite), and an expiry applies to sharing links only: so a link for named
people is made, and the person let in to it.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from gateway.edges.graph import Graph, object_of


@dataclass(frozen=True, slots=True)
class Link:
    """A sharing link, as the service has made it."""

    id: str  # of the permission
    url: str
    until: datetime | None  # None: it never ends
    scope: str


class Links:
    """Of one drive."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    async def link(self, item: str, scope: str, until: datetime, deadline: float) -> Link:
        """A link to look and download. An older one of the same kind is what the service may give back: read its `until`."""
        where = f"{await self._graph.drive(deadline)}/items/{item}"
        body = {"type": "view", "scope": scope, "expirationDateTime": _moment(until)}
        answer = await self._graph.ask("POST", f"{where}/createLink", deadline, doing="make a link", body=body)
        if not answer.text("expirationDateTime") and answer.text("id"):
            answer = await self._graph.ask(
                "GET", f"{where}/permissions/{quote(answer.text('id'), safe='')}", deadline, doing="look at a link"
            )
        return _link(answer.data)

    async def grant(self, link: Link, address: str, deadline: float) -> Link | None:
        """The link, open to this person; None when the service does not let them in. They get no mail of it."""
        shared = "u!" + base64.urlsafe_b64encode(link.url.encode()).decode("ascii").rstrip("=")
        body = {"recipients": [{"email": address}], "roles": ["read"]}
        answer = await self._graph.ask(
            "POST", f"/shares/{shared}/permission/grant", deadline, doing="let a person in", body=body, unknown=True
        )
        if answer.status not in {200, 201}:
            return None
        links = [_link(row) for row in answer.rows("value") if isinstance(row.get("link"), dict) and row["link"].get("scope")]
        return links[0] if links else link

    async def permissions(self, item: str, deadline: float) -> tuple[str, ...]:
        """Ids of what was granted on this very item."""
        where = f"{await self._graph.drive(deadline)}/items/{item}/permissions"
        answer = await self._graph.ask("GET", where, deadline, doing="look at permissions", absent=True)
        return tuple(str(row["id"]) for row in answer.rows("value") if not row.get("inheritedFrom") and "owner" not in row.get("roles", ()))

    async def revoke(self, item: str, permission: str, deadline: float) -> None:
        """What is not there is no error."""
        where = f"{await self._graph.drive(deadline)}/items/{item}/permissions/{quote(permission, safe='')}"
        await self._graph.ask("DELETE", where, deadline, doing="revoke", absent=True)


def _link(data: Any) -> Link:
    row, facet = object_of(data), object_of(object_of(data).get("link"))
    until = row.get("expirationDateTime")
    ends = _time(until) if isinstance(until, str) else None
    return Link(str(row.get("id", "")), str(facet.get("webUrl", "")), ends, str(facet.get("scope", "")))


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _time(text: str) -> datetime | None:
    """A moment; the year 1 is how SharePoint says that there is none."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if at.year == 1 else at.replace(tzinfo=at.tzinfo or UTC)
