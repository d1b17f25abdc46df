"""Files of a share in OneDrive for Business or a SharePoint library: a folder for each person, behind a link that is theirs and ends.

The share's folder is named by a hash of the share's key, a person's by a hash of theirs below it: a retry finds what an earlier attempt has
done and goes on, and nothing is there twice. Files are sent once and copied by the service for everybody else: nobody sees who else has
them. Links are for the named person, who signs in or is sent a code by Microsoft, unless the settings say anyone.

It is for open data: the route that names it provides no protection, unless the pack's clause says otherwise. A link that cannot be made to
end, or that ends later than was decided, is taken back: the route is then unusable.
"""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import replace
from datetime import datetime, timedelta

from gateway.config import OneDrivePlace
from gateway.edges.graph import Graph
from gateway.edges.graph_files import Files, Item
from gateway.edges.graph_links import Link, Links
from gateway.edges.graph_tokens import Tokens
from gateway.edges.place_http import Caller, trust
from gateway.edges.place_manners import Sleep, Turns, for_sender, issued, recipients_of
from gateway.edges.place_names import names_for
from gateway.errors import TryLater, Unusable, WillNotDo
from gateway.model.share import Grant, Offer, Parcel, Placed, Share
from gateway.ports.clock import Clock
from gateway.ports.places import Shares

_WITHDRAW_SECONDS = 120.0
_CHECK_SECONDS = 30.0
_ROUNDING = timedelta(minutes=1)  # a link may end so much later than asked: services round
_SCOPES = {"people": "users", "organisation": "organization", "anyone": "anonymous"}


class OneDrive:
    """ports.Place."""

    def __init__(self, name: str, settings: OneDrivePlace, clock: Clock, shares: Shares, *, sleep: Sleep = asyncio.sleep) -> None:
        self._name = name
        self._settings = settings
        self._clock = clock
        self._shares = shares
        self._turns = Turns(name, clock, settings.uploads)
        believed = trust(settings.ca)
        self._caller = Caller(name, clock, believed, connections=2 * settings.uploads, sleep=sleep)
        self._tokens = Tokens(
            name,
            login=settings.login,
            tenant=settings.tenant,
            client_id=settings.client_id,
            key=settings.key,
            cert=settings.cert,
            graph=settings.graph,
            trust=believed,
        )
        self._graph = Graph(self._caller, self._tokens, settings.graph, settings.where)
        self._files, self._links = Files(self._graph), Links(self._graph)

    async def put(self, parcel: Parcel, deadline: float) -> Placed:
        """One folder and one link for each recipient. Raises TryLater, Unusable, Revoked."""
        # Known before anything is there: should this process die now, the sweep finds what it has begun.
        share = await issued(self._shares, replace(parcel.share, reference=self._path(parcel.share)))
        offers: list[Offer] = []
        refused: list[Grant] = []
        async with self._turns.take(deadline):
            home = await self._home(share, deadline)
            sent: dict[str, Item] = {}  # by SharedFile.id
            for grant in recipients_of(parcel.share):
                folder = await self._folder(parcel, grant, home, sent, deadline)
                offer = await self._offer(grant, folder, share.expires_at, deadline)
                if offer is None:
                    refused.append(grant)
                    sent.clear()  # what stood in their folder is gone
                else:
                    offers.append(offer)
        if refused:
            await self._shares.undo(share.id, frozenset(grant.key for grant in refused))
            says = f"place {self._name}: the service lets {len(refused)} of {len(offers) + len(refused)} people not in"
            raise Unusable(says, tuple(grant.key for grant in refused))
        return Placed(share, tuple(offers), for_sender(share, offers, "onedrive"))

    async def withdraw(self, share: Share, whom: Grant | None = None) -> None:
        """Permissions first, then the folder, or one person's: what a recycle bin gives back opens for nobody. Raises TryLater."""
        deadline = self._clock.monotonic() + _WITHDRAW_SECONDS
        try:
            home = await self._files.find(share.reference or self._path(share), deadline)
            if home is None:
                return
            folders = await self._files.children(home.id, deadline)
            if whom is not None:
                folders = {name: folder for name, folder in folders.items() if name == self._called(share, whom)}
            for folder in folders.values():
                for permission in await self._links.permissions(folder.id, deadline):
                    await self._links.revoke(folder.id, permission, deadline)
                if whom is not None:
                    await self._files.delete(folder.id, deadline)
            if whom is None:
                await self._files.delete(home.id, deadline)
        except Unusable as error:
            raise TryLater(error.detail) from error

    async def check(self) -> None:
        """Sign in, look at the drive, make our folder. Raises TryLater, WillNotDo."""
        deadline = self._clock.monotonic() + _CHECK_SECONDS
        drive = await self._graph.look(deadline)
        if drive.text("driveType") == "personal":
            raise WillNotDo(f"place {self._name}: this is a private OneDrive; name one of the organisation's")
        if drive.text("quota", "state") == "exceeded" or drive.text("quota", "remaining") == "0":
            raise WillNotDo(f"place {self._name}: the drive is full; make room or raise its quota")
        await self._files.folder("root", self._settings.folder, deadline)

    async def close(self) -> None:
        await self._caller.close()
        self._tokens.close()

    # --- one share ----------------------------------------------------------------------------------------------------

    def _path(self, share: Share) -> str:
        return f"{self._settings.folder}/{_hash(share.key)}"

    def _called(self, share: Share, grant: Grant) -> str:
        """One person's folder."""
        return f"Files-{_hash(share.key, grant.key.encode())[:12]}"

    async def _home(self, share: Share, deadline: float) -> Item:
        ours = await self._files.folder("root", self._settings.folder, deadline)
        return await self._files.folder(ours.id, _hash(share.key), deadline)

    async def _folder(self, parcel: Parcel, grant: Grant, home: Item, sent: dict[str, Item], deadline: float) -> Item:
        """One person's folder with their files. `sent`: what is in somebody's folder already, and need only be copied."""
        folder = await self._files.folder(home.id, self._called(parcel.share, grant), deadline)
        there = await self._files.children(folder.id, deadline)
        files = [file for file in parcel.share.files if file.id in grant.files]
        for file, name in zip(files, names_for(file.name for file in files), strict=True):
            item, old = sent.get(file.id), there.get(name)
            if item is None or item.name != name:
                sent[file.id] = await self._files.put(folder.id, name, parcel.contents[file.id], old, deadline)
            elif old is None or not old.is_like(item):
                if old is not None:
                    await self._files.delete(old.id, deadline)
                await self._files.copy(item, folder.id, deadline)
        return folder

    async def _offer(self, grant: Grant, folder: Item, until: datetime, deadline: float) -> Offer | None:
        """Their link; None: the service does not let them in, and nothing of theirs is left."""
        link = await self._link(folder, until, deadline)
        if self._settings.link == "people":
            opened = await self._links.grant(link, grant.address, deadline)
            if opened is None:
                await self._files.delete(folder.id, deadline)
                return None
            link = replace(link, url=opened.url or link.url)
        return Offer(grant.address, link.url, link.until or until, "onedrive", {"address": grant.address})

    async def _link(self, folder: Item, until: datetime, deadline: float) -> Link:
        """A link that ends when it should. An older one that has ended, or would outlive the share, is made anew."""
        scope = _SCOPES[self._settings.link]
        link = await self._links.link(folder.id, scope, until, deadline)
        if not self._ends_well(link, until):
            await self._links.revoke(folder.id, link.id, deadline)
            link = await self._links.link(folder.id, scope, until, deadline)
        if self._ends_well(link, until) and link.url.startswith("https://") and link.scope == scope:
            return link
        await self._links.revoke(folder.id, link.id, deadline)
        says = "never ends" if link.until is None else "ends later than was asked" if link.until > until else "is not what was asked for"
        raise Unusable(f"place {self._name}: the link that the service made {says}; it was taken back")

    def _ends_well(self, link: Link, until: datetime) -> bool:
        return link.until is not None and self._clock.now() < link.until <= until + _ROUNDING


def _hash(*parts: bytes) -> str:
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:32]
