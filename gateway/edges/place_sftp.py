"""Files of a share on an SFTP service: a folder for each partner, which the pack's register names, and a folder in it for each share.

Where the files will be is known before they are there. A retry writes over what an earlier attempt has left, and lets be what is whole.
Limits: all people of one partner see what is in its folder.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace

import asyncssh

from gateway.config import SftpPlace
from gateway.edges.place_manners import Sleep, Turns, for_sender, issued, recipients_of
from gateway.edges.place_names import names_for
from gateway.edges.sftp import Service
from gateway.errors import TryLater, Unusable, WillNotDo
from gateway.model.message import Content
from gateway.model.share import Grant, Offer, Parcel, Placed, Share, SharedFile, Standing
from gateway.policy.rules import Policy
from gateway.policy.snapshot import Partner
from gateway.ports.clock import Clock
from gateway.ports.places import Shares

_WITHDRAW_SECONDS = 120.0
_CHECK_SECONDS = 25.0


class Sftp:
    """ports.Place. `policy`: the one in force, whose register says who has which folder."""

    def __init__(
        self, name: str, settings: SftpPlace, clock: Clock, shares: Shares, policy: Callable[[], Policy], *, sleep: Sleep = asyncio.sleep
    ) -> None:
        self._name = name
        self._settings = settings
        self._clock = clock
        self._shares = shares
        self._policy = policy
        self._service = Service(name, settings, clock, sleep)
        self._turns = Turns(name, clock, settings.uploads)

    async def put(self, parcel: Parcel, deadline: float) -> Placed:
        """Every file into the folder of every partner. Raises TryLater, Unusable, Revoked."""
        partners = self._partners(parcel.share)
        share = await issued(self._shares, parcel.share)
        folders = {partner.folder: f"{partner.folder}/{share.id}" for partner in partners.values()}
        share = await self._noted(share, tuple(folders.values()))
        async with self._turns.take(deadline), self._service.session(deadline, "put the files there") as sftp:
            for partner, folder in folders.items():
                mine = {name for grant in recipients_of(share) if partners[grant.key].folder == partner for name in grant.files}
                await self._fill(sftp, partner, folder, [file for file in share.files if file.id in mine], parcel.contents)
        offers = tuple(self._offer(grant, share, partners[grant.key]) for grant in recipients_of(share))
        return Placed(share, offers, for_sender(share, offers, "sftp"))

    async def withdraw(self, share: Share, whom: Grant | None = None) -> None:
        """The share's folder goes from every partner's, or from that of one person. Raises TryLater; WillNotDo: it is others' too."""
        folders = tuple(filter(None, share.reference.split("\n")))
        if whom is not None:
            folders = self._theirs_alone(share, whom, folders)
        if not folders:
            return
        deadline = self._clock.monotonic() + _WITHDRAW_SECONDS
        try:
            async with self._service.session(deadline, "remove files") as sftp:
                for folder in folders:
                    await self._service.remove(sftp, self._service.path(folder))
        except Unusable as error:
            raise TryLater(error.detail) from error

    async def check(self) -> None:
        """Sign in, and write into the folder of every partner. Raises TryLater, WillNotDo."""
        async with self._service.session(self._clock.monotonic() + _CHECK_SECONDS, "look at it") as sftp:
            partners = {partner.folder: partner for partner in self._policy().partners}
            wrong = [partner for folder, partner in partners.items() if not await self._service.can_write(sftp, folder)]
        if not partners:
            raise WillNotDo(f"place {self._name}: no partner in the pack's registers has a `folder:`; nobody can be sent files there")
        if wrong:
            names = ", ".join(f"{partner.folder} (of {partner.where})" for partner in wrong)
            raise WillNotDo(f"place {self._name}: cannot write into {names}; have these folders made, or correct the register")

    async def close(self) -> None:
        """Every session ends with its work."""

    # --- who and where ------------------------------------------------------------------------------------------------

    def _partners(self, share: Share) -> Mapping[str, Partner]:
        """By Address.key. Raises Unusable for those who are no partner's."""
        policy, day = self._policy(), self._clock.now().date()
        found = {grant.key: policy.partner_of(grant.key, grant.key.rpartition("@")[2], day) for grant in recipients_of(share)}
        strangers = tuple(key for key, partner in found.items() if partner is None)
        if strangers:
            raise Unusable(f"place {self._name}: {len(strangers)} people have no folder in the pack's registers", strangers)
        return {key: partner for key, partner in found.items() if partner is not None}

    def _theirs_alone(self, share: Share, whom: Grant, folders: tuple[str, ...]) -> tuple[str, ...]:
        """Where one person finds the files, and nobody else who still may have them."""
        policy, day = self._policy(), self._clock.now().date()

        def folder_of(grant: Grant) -> str:
            partner = policy.partner_of(grant.key, grant.key.rpartition("@")[2], day)
            return f"{partner.folder}/{share.id}" if partner is not None else ""

        theirs = folder_of(whom)
        if theirs not in folders:
            raise WillNotDo(f"place {self._name}: the register no longer says which folder is theirs; revoke it for everybody")
        others = (grant for grant in recipients_of(share) if grant.key != whom.key and grant.state is Standing.OPEN)
        if any(folder_of(grant) == theirs for grant in others):
            raise WillNotDo(f"place {self._name}: others of the same partner have the files in the same folder; revoke it for everybody")
        return (theirs,)

    async def _noted(self, share: Share, folders: tuple[str, ...]) -> Share:
        """Durably known where its files will be, before they are."""
        reference = "\n".join(dict.fromkeys((*filter(None, share.reference.split("\n")), *folders)))
        return share if reference == share.reference else await issued(self._shares, replace(share, reference=reference))

    def _offer(self, grant: Grant, share: Share, partner: Partner) -> Offer:
        settings = self._settings
        host, port = (settings.shown_host, settings.shown_port) if settings.shown_host else (settings.host, settings.port)
        folder = f"{settings.shown_folder.format(folder=partner.folder)}/{share.id}"
        said = {
            "folder": folder,
            "host": host,
            "port": str(port),
            "user": partner.account,
            "fingerprint": self._service.fingerprints,
            "liaison": "; ".join(map(str, partner.liaisons)),
            "web": settings.web_url,
        }
        login = f"{partner.account}@" if partner.account and "@" not in partner.account else ""
        return Offer(grant.address, f"sftp://{login}{host}:{port}{folder}/", share.expires_at, "sftp", said)

    async def _fill(
        self, sftp: asyncssh.SFTPClient, partner: str, folder: str, files: list[SharedFile], contents: Mapping[str, Content]
    ) -> None:
        home = self._service.path(partner)
        if not await sftp.isdir(home):
            raise Unusable(f"place {self._name}: a partner's folder is not there")
        await self._service.has_room(sftp, home, sum(file.octets for file in files))
        await sftp.makedirs(self._service.path(folder), exist_ok=True)
        for file, name in zip(files, names_for(file.name for file in files), strict=True):
            await self._service.write(sftp, self._service.path(folder, name), file, contents[file.id])
