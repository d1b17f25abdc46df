"""Files of a share by a Cryptshare server: a transfer for each person, so that nobody sees who else has them, in the sender's name.

The server's policy is asked before anything is there: who may not is named, and the route is unusable for them. The server sends no mail,
since ours carries the link. Every transfer bears a mark made from the share's key, by which a retry and the keeper find it: a kill leaves
at most a session that was never finished, from which nobody can download and which the server drops by itself.

The password follows from our client id and the share, so that a retry has the same; the sender gets it with the receipt, and tells it
another way than by email. With `opens_with = "link"` the link is all that is needed. Limits: files are sent whole, for there are no ranges.
"""

from __future__ import annotations

import asyncio
import hmac
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from gateway.config import CryptsharePlace
from gateway.edges.cryptshare import Allowed, Cryptshare, Transfer
from gateway.edges.place_http import Caller, trust
from gateway.edges.place_manners import Sleep, Turns, by_time, for_sender, issued, recipients_of
from gateway.edges.place_names import names_for
from gateway.errors import OutgateError, TryLater, Unusable, WillNotDo
from gateway.model.share import Grant, Offer, Parcel, Placed, Share
from gateway.ports.clock import Clock
from gateway.ports.places import Shares

_WITHDRAW_SECONDS = 120.0
_CHECK_SECONDS = 20.0
_ROUNDING = timedelta(minutes=1)
_PASSWORDS = 16  # that are tried against the server's rules
_UPPER, _LOWER, _DIGITS = "ABCDEFGHJKLMNPQRSTUVWXYZ", "abcdefghijkmnpqrstuvwxyz", "23456789"  # no sign that looks like another


class CryptshareTransfers:
    """ports.Place. `checked_as`: the address of ours in whose name `check` asks."""

    def __init__(
        self, name: str, settings: CryptsharePlace, clock: Clock, shares: Shares, checked_as: str, *, sleep: Sleep = asyncio.sleep
    ) -> None:
        self._name = name
        self._settings = settings
        self._clock = clock
        self._shares = shares
        self._checked_as = checked_as
        self._turns = Turns(name, clock, settings.uploads)
        self._caller = Caller(name, clock, trust(settings.ca), connections=2 * settings.uploads, sleep=sleep)
        self._known: Cryptshare | None = None

    async def put(self, parcel: Parcel, deadline: float) -> Placed:
        """A transfer for each recipient. Raises TryLater, Unusable, Revoked."""
        server, sender = self._server(), parcel.share.sender
        async with self._turns.take(deadline):
            until = await self._may(parcel, deadline)
            password = await self._password(parcel.share.key, deadline) if self._settings.opens_with == "password" else ""
            share = await issued(self._shares, replace(parcel.share, reference=self._mark(parcel.share.key)))
            there = {
                mail: found async for found in server.active(sender, deadline) if share.reference in found.subject for mail in found.links
            }
            offers = []
            for grant in recipients_of(share):
                transfer = there.get(grant.address.lower())
                name = transfer.id if transfer is not None else await self._send(parcel, share, grant, until, password, deadline)
                offers.append(await self._offer(share, grant, name, until, deadline))
        said = {"password": password} if password else {}
        return Placed(share, tuple(offers), for_sender(share, offers, "cryptshare", said))

    async def withdraw(self, share: Share, whom: Grant | None = None) -> None:
        """Its transfers are revoked, or one person's, of which nobody is told. Raises TryLater."""
        deadline = self._clock.monotonic() + _WITHDRAW_SECONDS
        mark = share.reference or self._mark(share.key)
        try:
            server = self._server()
            for transfer in [found async for found in server.active(share.sender, deadline) if mark in found.subject]:
                if whom is None or whom.address.lower() in transfer.links:
                    await server.revoke(share.sender, transfer.id, deadline)
        except Unusable as error:
            raise TryLater(error.detail) from error

    async def check(self) -> None:
        """Whether our client id is registered. Raises TryLater, WillNotDo."""
        methods = await self._server().methods(self._checked_as, self._clock.monotonic() + _CHECK_SECONDS)
        if "clientId" not in methods:
            says = "our client id is not registered; have its administrator add it under client verification"
            raise WillNotDo(f"place {self._name}: {says}")

    async def close(self) -> None:
        await self._caller.close()

    # --- before -------------------------------------------------------------------------------------------------------

    def _server(self) -> Cryptshare:
        if self._known is None:
            self._known = Cryptshare(self._caller, self._settings.url, self._secret())
        return self._known

    def _secret(self) -> str:
        try:
            found = self._settings.client_id.read_text("ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise Unusable(f"place {self._name}: {self._settings.client_id} cannot be read") from error
        if not (50 <= len(found) <= 4000 and found.isalnum()):
            raise Unusable(f"place {self._name}: {self._settings.client_id} holds no client id: 50 to 4000 letters and digits")
        return found

    async def _may(self, parcel: Parcel, deadline: float) -> datetime:
        """Until when it may be there. Raises Unusable, for those whom the server's policy does not allow."""
        people = recipients_of(parcel.share)
        allowed = await self._server().policy(parcel.share.sender, tuple(grant.address for grant in people), deadline)
        refused = {address.lower() for address in allowed.refused}
        keys = tuple(grant.key for grant in people if grant.address.lower() in refused)
        if not allowed.is_allowed or keys:
            raise Unusable(f"place {self._name}: its policy does not let this sender send to {len(keys) or 'any'} of them", keys)
        if allowed.octets is not None and allowed.octets < max(_octets(parcel.share, grant) for grant in people):
            raise Unusable(f"place {self._name}: its policy takes {allowed.octets} octets at most")
        self._mode_is_allowed(allowed)
        latest = by_time(parcel.share).expires_at
        return latest if allowed.days is None else min(latest, self._clock.now() + timedelta(days=allowed.days))

    def _mode_is_allowed(self, allowed: Allowed) -> None:
        mode = self._mode
        if allowed.password_modes and mode not in allowed.password_modes:
            says = f"its policy does not allow the password mode {mode}; look at `opens_with`, or at its policy"
            raise Unusable(f"place {self._name}: {says}")

    @property
    def _mode(self) -> str:
        return "MANUAL" if self._settings.opens_with == "password" else "NONE"

    async def _password(self, key: bytes, deadline: float) -> str:
        """The first that the server's rules take."""
        for number in range(_PASSWORDS):
            password = _readable(self._hash(b"password", key, bytes([number])))
            if await self._server().takes_password(password, deadline):
                return password
        raise Unusable(f'place {self._name}: its rules take none of {_PASSWORDS} passwords; use `password = "none"`, or ease them')

    def _mark(self, key: bytes) -> str:
        return self._hash(b"mark", key).hex()[:24]

    def _hash(self, *parts: bytes) -> bytes:
        return hmac.digest(self._secret().encode(), b"\0".join(parts), "sha256")

    # --- one transfer -------------------------------------------------------------------------------------------------

    async def _send(self, parcel: Parcel, share: Share, grant: Grant, until: datetime, password: str, deadline: float) -> str:
        """Its tracking id. What is not finished is dropped."""
        server, sender = self._server(), share.sender
        session = await server.begin(sender, self._settings.phone, grant.address, deadline)
        try:
            await server.edit(sender, session, self._set_up(share, until, password), deadline)
            files = [file for file in share.files if file.id in grant.files]
            for file, name in zip(files, names_for(file.name for file in files), strict=True):
                await server.attach(sender, session, name, file.sha256, parcel.contents[file.id], deadline)
            await server.finish(sender, session, deadline)
        except OutgateError:
            with suppress(OutgateError):
                await server.drop(sender, session, self._clock.monotonic() + 5.0)
            raise
        return session

    def _set_up(self, share: Share, until: datetime, password: str) -> dict[str, Any]:
        config = {"passwordMode": self._mode} | ({"password": password} if password else {})
        return {
            "expirationDate": until.astimezone(UTC).isoformat(timespec="seconds"),
            "securityMode": {"name": "ONE_TIME_PASSWORD", "config": config},
            "notificationMessage": {"subject": f"{share.id} {share.reference}", "body": ""},
            "sendRecipientNotification": False,
            "sendUploadSummary": False,
        }

    async def _offer(self, share: Share, grant: Grant, name: str, until: datetime, deadline: float) -> Offer:
        """Once the server has gone through the files. A transfer that has no link, or ends too late, is revoked."""
        transfer = await self._ready(share.sender, name, deadline)
        link = self._link(transfer, grant.address.lower())
        ends = transfer.until or until
        if link and ends <= share.expires_at + _ROUNDING:
            said = {"password_from": share.sender} if self._settings.opens_with == "password" else {}
            return Offer(grant.address, link, ends, "cryptshare", said)
        await self._server().revoke(share.sender, name, deadline)
        says = "ends later than was asked" if link else "has no address to download from; look at `link`"
        raise Unusable(f"place {self._name}: the transfer {says}; it was revoked")

    async def _ready(self, sender: str, name: str, deadline: float) -> Transfer:
        pause = 0.5
        while True:
            transfer = await self._server().look(sender, name, deadline)
            if transfer.state == "ACTIVE":
                return transfer
            if transfer.state != "PROCESSING":
                raise Unusable(f"place {self._name}: the server did not accept the files ({transfer.state.lower() or 'no state'})")
            await self._caller.pause(pause, deadline, "wait until the files are checked")
            pause = min(pause * 2, 10.0)

    def _link(self, transfer: Transfer, mail: str) -> str:
        """As the server says it, else as the settings have it."""
        link, own = transfer.links.get(mail, ""), transfer.transfers.get(mail, "")
        if not link and self._settings.link and own.isalnum():
            link = self._settings.link.format(transfer=own)
        return link if link.startswith("https://") else ""


def _octets(share: Share, grant: Grant) -> int:
    return sum(file.octets for file in share.files if file.id in grant.files)


def _readable(seed: bytes) -> str:
    """Twenty signs in groups of four, of every kind, and easy to say on the telephone: 83 bits."""
    kinds = (_UPPER, _LOWER, _DIGITS, _LOWER)
    signs = [kinds[at % 4][octet % len(kinds[at % 4])] for at, octet in enumerate(seed[:20])]
    return "-".join("".join(signs[at : at + 4]) for at in range(0, 20, 4))
