"""What we need of Cryptshare's REST API 1.12: verification, policy, transfer sessions, transfers. Nothing of it knows shares.

Reference: Cryptshare's REST API documentation (request headers, client id based verification, transfer policy, transfer sessions, files,
finalizing, transfer status, sender transfer polling, revoking).

Our client id was registered by the server's administrator: with it a token is got for each sender, good for that sender alone. An answer
has `data`, a refusal `errorCode` and `errorMessage`; the latter may name people and stays out of what we say.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from gateway.edges.place_http import Answer, Caller
from gateway.errors import TryLater, Unusable
from gateway.model.message import Content

API = {"X-CS-MajorApiVersion": "1", "X-CS-MinimumMinorApiVersion": "12", "X-CS-ProductKey": "api.rest"}
PAGE = 100  # transfers of one answer, the most there are
_MOST_PAGES = 100
_MOST_TOKENS = 1000  # of senders, kept
_NO_LICENCE = "3001"


@dataclass(frozen=True, slots=True)
class Allowed:
    """What the server's policy lets this sender do with these recipients."""

    refused: tuple[str, ...]  # addresses it lets nothing go to
    is_allowed: bool
    days: int | None  # the longest that a transfer is there
    octets: int | None  # the most that all its files may have
    password_modes: frozenset[str]  # of one-time passwords; empty where it does not say


@dataclass(frozen=True, slots=True)
class Transfer:
    """A transfer as its sender sees it."""

    id: str  # the tracking id
    state: str  # PROCESSING | ACTIVE | FAILED | DELETED_BY_...
    subject: str  # of its notification, which nobody is sent
    until: datetime | None
    links: Mapping[str, str]  # by recipient, lower case: where they download
    transfers: Mapping[str, str]  # by recipient, lower case: their own transfer id


class Cryptshare:
    """One server, asked in the name of one sender at a time."""

    def __init__(self, caller: Caller, url: str, client_id: str) -> None:
        self._caller = caller
        self._url = url
        self._client_id = client_id
        self._tokens: dict[str, str] = {}
        self._one = asyncio.Lock()

    async def methods(self, sender: str, deadline: float) -> frozenset[str]:
        """How this client may prove a sender: clientId, email."""
        answer = await self._ask("GET", _user(sender, "verification"), deadline, doing="look at the verification", as_=None)
        found = _object(answer.data).get("verificationMethods")
        return frozenset(map(str, found)) if isinstance(found, list) else frozenset()

    async def policy(self, sender: str, recipients: tuple[str, ...], deadline: float) -> Allowed:
        """Raises Unusable: the sender may do nothing there."""
        body = {"recipients": list(recipients)}
        answer = await self._ask("POST", _user(sender, "transfer-policy"), deadline, doing="ask its policy", as_=sender, body=body)
        found = _object(answer.data)
        settings = _object(found.get("settings"))
        modes = [_object(one.get("config")) for one in _rows(settings.get("securityModes")) if one.get("name") == "ONE_TIME_PASSWORD"]
        passwords = [str(mode) for config in modes for mode in config.get("allowedPasswordModes", ())]
        failed = found.get("failedRecipients")
        return Allowed(
            tuple(str(one.get("mail", "")) if isinstance(one, dict) else str(one) for one in failed) if isinstance(failed, list) else (),
            found.get("allowed") is True,
            _number(settings.get("maxRetentionPeriod")),
            _number(settings.get("maxTotalSize")),
            frozenset(passwords),
        )

    async def takes_password(self, password: str, deadline: float) -> bool:
        """Whether it fits the server's rules for passwords."""
        answer = await self._ask("POST", "/api/password", deadline, doing="try a password", as_=None, body={"password": password})
        return _object(answer.data).get("valid") is True

    # --- a session, until it becomes a transfer -----------------------------------------------------------------------

    async def begin(self, sender: str, phone: str, recipient: str, deadline: float) -> str:
        """A session with one recipient; its tracking id."""
        body = {"sender": {"name": sender, "phone": phone}, "recipients": {"to": [{"mail": recipient}], "cc": [], "bcc": []}}
        answer = await self._ask("POST", _user(sender, "transfer-sessions"), deadline, doing="begin a transfer", as_=sender, body=body)
        return self._last(answer, "begin a transfer")

    async def edit(self, sender: str, session: str, settings: Mapping[str, Any], deadline: float) -> None:
        await self._ask("PATCH", _session(sender, session), deadline, doing="set up a transfer", as_=sender, body=dict(settings))

    async def attach(self, sender: str, session: str, name: str, sha256: str, content: Content, deadline: float) -> None:
        """One file, whole: it cannot be sent in ranges."""
        where = f"{_session(sender, session)}/files"
        body = {"fileName": name, "size": content.octets, "checksum": sha256}
        file = self._last(await self._ask("POST", where, deadline, doing="announce a file", as_=sender, body=body), "announce a file")
        octets = (content, 0, content.octets)
        # 409: it has it, and the answer to an earlier attempt was lost; the checksum tells in the end.
        await self._ask("PUT", f"{where}/{quote(file)}/content", deadline, doing="upload", as_=sender, octets=octets, allowed=(409,))

    async def finish(self, sender: str, session: str, deadline: float) -> None:
        """From now on it is a transfer. The answer to an earlier attempt may be lost: then there is no such session any more."""
        await self._ask("POST", _session(sender, session), deadline, doing="finish a transfer", as_=sender, allowed=(404, 409, 410))

    async def drop(self, sender: str, session: str, deadline: float) -> None:
        await self._ask("DELETE", _session(sender, session), deadline, doing="drop a transfer", as_=sender, allowed=(404, 409, 410))

    # --- transfers ----------------------------------------------------------------------------------------------------

    async def look(self, sender: str, transfer: str, deadline: float) -> Transfer:
        answer = await self._ask("GET", _user(sender, "transfers", transfer), deadline, doing="look at a transfer", as_=sender)
        return _transfer(_object(answer.data), transfer)

    async def active(self, sender: str, deadline: float) -> AsyncIterator[Transfer]:
        """Every transfer of the sender that somebody can still download, or soon can."""
        fields = "trackingId,status(state,recipients),transfer(notificationMessage,expirationDate)"
        for page in range(1, _MOST_PAGES + 1):
            where = f"{_user(sender, 'transfers', 'sent-transfers')}?page={page}&page-size={PAGE}&active=true&fields={quote(fields)}"
            rows = _rows((await self._ask("GET", where, deadline, doing="list transfers", as_=sender)).data)
            for row in rows:
                yield _transfer(row, str(row.get("trackingId", "")))
            if len(rows) < PAGE:
                return

    async def revoke(self, sender: str, transfer: str, deadline: float) -> None:
        """Nobody can download it any more, and nobody is told. What has ended is no error."""
        body = {"status": {"state": "DELETED_BY_REVOCATION"}, "revocationOptions": {"notifySender": False, "notifyRecipients": False}}
        where = _user(sender, "transfers", transfer)
        await self._ask("PATCH", where, deadline, doing="revoke a transfer", as_=sender, body=body, allowed=(404, 409, 410))

    # --- asking -------------------------------------------------------------------------------------------------------

    async def _ask(
        self,
        method: str,
        path: str,
        deadline: float,
        *,
        doing: str,
        as_: str | None,
        body: Mapping[str, Any] | None = None,
        octets: tuple[Content, int, int] | None = None,
        allowed: tuple[int, ...] = (),
    ) -> Answer:
        """`as_`: in whose name, with a token of theirs, which is got anew once. The answer's `data` without what is around it."""
        headers = {**API, "X-CS-ClientId": self._client_id} | ({"Content-Type": "application/octet-stream"} if octets else {})

        async def ask(token: str) -> Answer:
            named = headers | ({"X-CS-VerificationToken": token} if token else {})
            return await self._caller.ask(method, self._url + path, deadline, doing=doing, headers=named, body=body, octets=octets)

        token = await self._token(as_, deadline) if as_ is not None else ""
        answer = await ask(token)
        if answer.status == 401 and as_ is not None:
            answer = await ask(await self._token(as_, deadline, instead_of=token))
        if answer.status >= 300 and answer.status not in allowed:
            self._refuse(answer, doing)
        return Answer(answer.status, answer.headers, _object(answer.data).get("data"))

    async def _token(self, sender: str, deadline: float, instead_of: str = "") -> str:
        async with self._one:
            known = self._tokens.get(sender, "")
            if known and known != instead_of:
                return known
            while len(self._tokens) >= _MOST_TOKENS:
                del self._tokens[next(iter(self._tokens))]
            answer = await self._ask("POST", _user(sender, "verification", "token"), deadline, doing="prove the sender", as_=None, body={})
            token = answer.text("token")
            if not token:
                raise Unusable(f"place {self._caller.place}: no token is given for a sender; is our client id registered?")
            self._tokens[sender] = token
            return token

    def _last(self, answer: Answer, doing: str) -> str:
        """The last step of the address that was made: an id."""
        found = answer.headers.get("location", "").rstrip("/").rpartition("/")[2]
        if not found:
            raise Unusable(f"place {self._caller.place}, {doing}: it does not say what it has made")
        return found

    def _refuse(self, answer: Answer, doing: str) -> None:
        code = str(_object(answer.data).get("errorCode", ""))
        said = f"place {self._caller.place}, {doing}: {answer.status}{f' {code}' if code.isalnum() else ''}"
        if answer.status in {404, 409, 410, 423} and doing not in {"ask its policy", "prove the sender", "look at the verification"}:
            raise TryLater(said, "4.4.1")  # the session ended, or somebody else is at it: begun anew, it works
        if code == _NO_LICENCE:
            raise Unusable(f"{said}: its licence does not include the REST API")
        if answer.status in {401, 403}:
            raise Unusable(f"{said}: it does not let this sender; is our client id registered, and the sender allowed?")
        if answer.status == 406:
            raise Unusable(f"{said}: it does not know version 1.12 of the REST API; it must be updated")
        raise Unusable(said)


def _transfer(row: Mapping[str, Any], name: str) -> Transfer:
    transfer, status = _object(row.get("transfer")), _object(row.get("status"))
    people = {_mail(one): one for one in _rows(status.get("recipients"))}
    return Transfer(
        name,
        str(status.get("state", "")).upper(),
        str(_object(transfer.get("notificationMessage")).get("subject", "")),
        _time(transfer.get("expirationDate")),
        {mail: str(one.get("downloadUrl") or "") for mail, one in people.items()},
        {mail: str(one.get("transferId") or "") for mail, one in people.items()},
    )


def _mail(row: Mapping[str, Any]) -> str:
    return str(row.get("mail") or row.get("email") or _object(row.get("recipient")).get("mail") or "").lower()


def _user(sender: str, *steps: str) -> str:
    return "/".join(("/api/users", quote(sender, safe="@"), *(quote(step, safe="") for step in steps)))


def _session(sender: str, session: str) -> str:
    return _user(sender, "transfer-sessions", session)


def _object(data: Any) -> dict[str, Any]:
    return data if isinstance(data, dict) else {}


def _rows(data: Any) -> list[dict[str, Any]]:
    return [row for row in data if isinstance(row, dict)] if isinstance(data, list) else []


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def _time(text: Any) -> datetime | None:
    try:
        at = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return at.replace(tzinfo=at.tzinfo or UTC) if at is not None else None
