"""Asking Microsoft Graph v1.0 about one drive: with our token, which is got anew once, and with what its refusals mean. Knows no share.

References: learn.microsoft.com/graph: errors, throttling, resources/drive. The sentence of an error may name files and people: only its
code is told. The token goes to Graph alone, never to where it sends us.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.edges.graph_tokens import Tokens
from gateway.edges.place_http import Answer, Caller
from gateway.errors import TryLater, Unusable
from gateway.model.message import Content

_FULL = frozenset({"quotaLimitReached", "insufficientStorage"})


class Graph:
    """One drive (OneDrive for Business, or a SharePoint document library). `where` is its path, `/users/a@ct.gov/drive` for example."""

    def __init__(self, caller: Caller, tokens: Tokens, graph: str, where: str) -> None:
        self.caller = caller
        self._tokens = tokens
        self._graph = graph.rstrip("/")
        self._where = where
        self.id = ""

    async def look(self, deadline: float) -> Answer:
        """The drive itself: its name, its owner, what it can still take."""
        answer = await self.ask("GET", self._where, deadline, doing="look at the drive", absent=True)
        if answer.status == 404:
            raise Unusable(f"place {self.caller.place}: there is no such drive; look at `user`, `site` or `drive`")
        self.id = answer.text("id")
        return answer

    async def drive(self, deadline: float) -> str:
        """The path of the drive by its id."""
        if not self.id:
            await self.look(deadline)
        return f"/drives/{self.id}"

    async def ask(
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
            raise Unusable(f"place {self.caller.place}, {doing}: the service sends us to another host")
        answer = await self._with_token(method, url, deadline, doing, body, octets, anew=False)
        if answer.status == 401:
            answer = await self._with_token(method, url, deadline, doing, body, octets, anew=True)
        known = answer.status < 300 or (absent and answer.status == 404) or (taken and answer.status == 409)
        if not known and not (unknown and answer.status not in {401, 507} and _code(answer) not in _FULL):
            self.refuse(answer, doing)
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
        return await self.caller.ask(method, url, deadline, doing=doing, headers=headers, body=body, octets=octets)

    def refuse(self, answer: Answer, doing: str) -> None:
        """Raises TryLater, Unusable: what this answer means."""
        code = _code(answer)
        said = f"place {self.caller.place}, {doing}: {answer.status}{f' {code}' if code else ''}"
        if answer.status in {409, 412, 423}:  # somebody else works on it at this moment
            raise TryLater(said, "4.4.1")
        if answer.status == 507 or code in _FULL:
            raise Unusable(f"{said}: the drive is full")
        if answer.status in {401, 403}:
            raise Unusable(f"{said}: the application may not; it needs Files.ReadWrite.All or Sites.Selected with write")
        raise Unusable(said)


def object_of(data: Any) -> dict[str, Any]:
    return data if isinstance(data, dict) else {}


def _code(answer: Answer) -> str:
    """The service's own word for what is wrong. Its sentence may name files and people, and stays out of what we say."""
    code = answer.text("error", "code")
    return code if code.isascii() and code.isalnum() else ""
