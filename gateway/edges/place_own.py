"""The place that is ours: files in the vault, links to the portal. Each person's link ends in a token of theirs, which no log ever has.

Files are durable before a row points to them; a share that is there already lends what it has, so that a retry brings only what is missing.
What two attempts at once have put twice is deleted again; what a kill leaves without a row goes with the sweep.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace

from gateway.edges.place_manners import by_time
from gateway.edges.shares import Shares
from gateway.errors import OutgateError, Revoked, TryLater, Unusable, WillNotDo
from gateway.model.message import Content
from gateway.model.share import Grant, Offer, Parcel, Placed, Share, SharedFile, Standing
from gateway.ports.clock import Clock
from gateway.ports.vault import Vault

PURPOSE = "shares"


class OwnPlace:
    """ports.Place over our own vault and portal. `url`: how people reach the portal, without a slash at its end."""

    def __init__(self, name: str, url: str, vault: Vault, shares: Shares, clock: Clock) -> None:
        self._name = name
        self._url = url
        self._vault = vault
        self._shares = shares
        self._clock = clock

    async def put(self, parcel: Parcel, deadline: float) -> Placed:
        """Keep the files, then say so. Raises TryLater, Revoked; Unusable: there is no key."""
        made: list[str] = []
        try:
            files = await self._kept(parcel, made, deadline)
            share = await self._shares.issue(replace(parcel.share, files=files), linked=True)
            tokens = await self._shares.tokens(share.id)
        except BaseException as error:
            # Not what a row may point to: whether it was written is not known for sure, and the sweep looks.
            if isinstance(error, WillNotDo):
                await self._forget(made)
                if isinstance(error, Revoked):
                    raise
                raise Unusable(f"place {self._name}: {error.detail}") from error
            raise
        used = {file.object_id for file in share.files}
        await self._forget([object_id for object_id in made if object_id not in used])
        return self._placed(parcel, share, tokens)

    async def withdraw(self, share: Share, whom: Grant | None = None) -> None:
        """Delete the files; what is gone already is no error. One person's right ends with their row alone. Raises TryLater."""
        if whom is not None:
            return
        for file in share.files:
            if file.object_id:
                await self._vault.delete(file.object_id)

    async def check(self) -> None:
        """Whether a link could be made now. Raises TryLater, WillNotDo."""
        self._shares.check_keys()
        await self._vault.check()

    async def close(self) -> None:
        """The vault is others' too, and stays open."""

    async def _kept(self, parcel: Parcel, made: list[str], deadline: float) -> tuple[SharedFile, ...]:
        """Every file with its object; "" where the share that is there has it: `issue` fills it in, or says that it went meanwhile."""
        there = await self._shares.find(parcel.share.key)
        lent = {(file.id, file.sha256) for file in there.files} if there is not None and there.state is not Standing.PURGED else set()
        files: list[SharedFile] = []
        for file in parcel.share.files:
            if (file.id, file.sha256) in lent:
                files.append(replace(file, object_id=""))
                continue
            made.append(await self._keep(parcel.contents[file.id], deadline))
            files.append(replace(file, object_id=made[-1]))
        return tuple(files)

    async def _keep(self, content: Content, deadline: float) -> str:
        try:
            async with asyncio.timeout(deadline - self._clock.monotonic()):
                return await self._vault.put(PURPOSE, content)
        except TimeoutError as late:
            raise TryLater(f"place {self._name}: the vault did not take a file in time", "4.4.7") from late

    async def _forget(self, object_ids: list[str]) -> None:
        for object_id in object_ids:
            with suppress(OutgateError):  # it goes with the sweep
                await self._vault.delete(object_id)

    def _placed(self, parcel: Parcel, share: Share, tokens: dict[str, str]) -> Placed:
        """With the people of the parcel only: others have had theirs."""
        people = {(grant.key, grant.role): grant for grant in share.grants}
        grants = tuple(people[grant.key, grant.role] for grant in parcel.share.grants)
        offers = tuple(self._offer(share, grant, tokens) for grant in grants if grant.role == "recipient")
        sender = next((self._offer(share, grant, tokens) for grant in grants if grant.role == "sender"), None)
        return Placed(replace(share, grants=grants), offers, sender)

    def _offer(self, share: Share, grant: Grant, tokens: dict[str, str]) -> Offer:
        token = tokens[grant.id]
        # Told is the day that holds for sure: that it ends later when somebody fetches something stands at the page.
        key = "-".join(token[at : at + 4] for at in range(0, len(token), 4))  # for who types it
        return Offer(grant.address, f"{self._url}/#{token}", by_time(share).expires_at, "own", {"access_key": key, "address": self._url})
