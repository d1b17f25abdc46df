"""Files of a share on an SFTP service: a folder for each partner, which the pack's register names, and a folder in it for each share.

The service shows the host key that the settings pin, or is not spoken to. We sign in with a key alone, and read neither known_hosts nor
the configuration of a user. A file comes into being whole: a temporary name, fsync where it is offered, read back and compared,
then the rename. A retry writes over what an earlier attempt has left, and lets be what is whole.

Limits: asyncssh is an extra (outgate[sftp]); all people of one partner see what is in its folder.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import PurePosixPath
from typing import cast

import asyncssh

from gateway.config import SftpPlace
from gateway.edges.place_http import PIECE, REACH_ATTEMPTS, Sleep, Turns, for_sender, issued, recipients_of
from gateway.edges.place_names import names_for
from gateway.errors import TryLater, Unusable, WillNotDo
from gateway.model.message import Content
from gateway.model.share import Grant, Offer, Parcel, Placed, Share, SharedFile, Standing
from gateway.policy.rules import Partner, Policy
from gateway.ports import Clock, Shares

_WITHDRAW_SECONDS = 120.0
_CHECK_SECONDS = 25.0
_FULL = (asyncssh.SFTPNoSpaceOnFilesystem, asyncssh.SFTPQuotaExceeded)
_GONE = (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath)


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
        self._sleep = sleep
        self._turns = Turns(name, clock, settings.uploads)

    async def put(self, parcel: Parcel, deadline: float) -> Placed:
        """Every file into the folder of every partner. Raises TryLater, Unusable."""
        partners = self._partners(parcel.share)
        share = await issued(self._shares, parcel.share)
        folders = {partner.folder: f"{partner.folder}/{share.id}" for partner in partners.values()}
        share = await self._noted(share, tuple(folders.values()))
        async with self._turns.take(deadline), self._session(deadline, "put the files there") as sftp:
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
            async with self._session(deadline, "remove files") as sftp:
                for folder in folders:
                    await self._remove(sftp, self._path(folder))
        except Unusable as error:
            raise TryLater(error.detail) from error

    async def check(self) -> None:
        """Sign in, and write into the folder of every partner. Raises TryLater, WillNotDo."""
        async with self._session(self._clock.monotonic() + _CHECK_SECONDS, "look at it") as sftp:
            partners = {partner.folder: partner for partner in self._policy().partners}
            wrong = [partner for folder, partner in partners.items() if not await self._can_write(sftp, folder)]
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
        keys = (asyncssh.import_public_key(key) for key in settings.host_keys)
        said = {
            "folder": folder,
            "host": host,
            "port": str(port),
            "user": partner.account,
            "fingerprint": " or ".join(key.get_fingerprint() for key in keys),
            "liaison": "; ".join(map(str, partner.liaisons)),
            "web": settings.web_url,
        }
        login = f"{partner.account}@" if partner.account and "@" not in partner.account else ""
        return Offer(grant.address, f"sftp://{login}{host}:{port}{folder}/", share.expires_at, "sftp", said)

    def _path(self, *steps: str) -> str:
        return str(PurePosixPath(self._settings.folder, *steps))

    # --- files --------------------------------------------------------------------------------------------------------

    async def _fill(
        self, sftp: asyncssh.SFTPClient, partner: str, folder: str, files: list[SharedFile], contents: Mapping[str, Content]
    ) -> None:
        home = self._path(partner)
        if not await sftp.isdir(home):
            raise Unusable(f"place {self._name}: a partner's folder is not there")
        await self._has_room(sftp, home, sum(file.octets for file in files))
        await sftp.makedirs(self._path(folder), exist_ok=True)
        for file, name in zip(files, names_for(file.name for file in files), strict=True):
            await self._write(sftp, self._path(folder, name), file, contents[file.id])

    async def _write(self, sftp: asyncssh.SFTPClient, path: str, file: SharedFile, content: Content) -> None:
        if await self._holds(sftp, path, file):
            return
        new = f"{path.rpartition('/')[0]}/.{file.sha256[:16]}.part"
        async with sftp.open(new, "wb") as there:
            for at in range(0, content.octets, PIECE):
                await there.write(content.read(at, min(at + PIECE, content.octets)))
            with suppress(asyncssh.SFTPOpUnsupported):
                await there.fsync()
        if not await self._holds(sftp, new, file):
            await sftp.remove(new)
            raise TryLater(f"place {self._name}: a file arrived changed, and was removed again", "4.4.1")
        try:
            await sftp.posix_rename(new, path)
        except asyncssh.SFTPOpUnsupported:  # the rename of version 3 does not replace
            with suppress(*_GONE):
                await sftp.remove(path)
            await sftp.rename(new, path)

    async def _holds(self, sftp: asyncssh.SFTPClient, path: str, file: SharedFile) -> bool:
        """Whether a file of the service is this one: by its size, and by its octets unless the settings say that the size is enough."""
        try:
            size = await sftp.getsize(path)
        except _GONE:
            return False
        if size != file.octets or self._settings.verify == "size":
            return size == file.octets
        digest = hashlib.sha256()
        async with sftp.open(path, "rb") as there:
            while piece := await there.read(PIECE):
                digest.update(cast("bytes", piece))
        return digest.hexdigest() == file.sha256

    async def _has_room(self, sftp: asyncssh.SFTPClient, path: str, octets: int) -> None:
        try:
            space = await sftp.statvfs(path)
        except asyncssh.SFTPOpUnsupported:
            return
        if space.frsize * space.bavail < octets:
            raise Unusable(f"place {self._name}: the service is full")

    async def _remove(self, sftp: asyncssh.SFTPClient, folder: str) -> None:
        with suppress(*_GONE):
            await sftp.rmtree(folder)

    async def _can_write(self, sftp: asyncssh.SFTPClient, folder: str) -> bool:
        probe = self._path(folder, ".outgate-check")
        try:
            async with sftp.open(probe, "wb") as there:
                await there.write(b"")
            await sftp.remove(probe)
        except asyncssh.SFTPError:
            return False
        return True

    # --- sessions -----------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def _session(self, deadline: float, doing: str) -> AsyncIterator[asyncssh.SFTPClient]:
        """Raises TryLater, Unusable, for what goes wrong inside too."""
        left = deadline - self._clock.monotonic()
        if left <= 0:
            raise TryLater(f"place {self._name}: no time is left", "4.4.1")
        try:
            async with asyncio.timeout(left), await self._connected(deadline) as connection, connection.start_sftp_client() as sftp:
                yield sftp
        except TimeoutError as error:
            raise TryLater(f"place {self._name}, {doing}: it was not done in time", "4.4.1") from error
        except _FULL as error:
            raise Unusable(f"place {self._name}, {doing}: the service is full") from error
        except asyncssh.SFTPPermissionDenied as error:
            raise Unusable(f"place {self._name}, {doing}: the service does not let us") from error
        except (asyncssh.Error, OSError) as error:  # the connection broke, or the service failed: its words may name files
            raise TryLater(f"place {self._name}, {doing}: {type(error).__name__}", "4.4.1") from error

    async def _connected(self, deadline: float) -> asyncssh.SSHClientConnection:
        pause = 1.0
        for attempt in range(1, REACH_ATTEMPTS + 1):
            try:
                return await self._connect()
            except asyncssh.HostKeyNotVerifiable as error:
                says = "it shows another host key than the one in `host_keys`; ask its administrator before you change that"
                raise Unusable(f"place {self._name}: {says}") from error
            except asyncssh.PermissionDenied as error:
                raise Unusable(f"place {self._name}: it does not accept our key for {self._settings.user}") from error
            except (asyncssh.KeyImportError, PermissionError, FileNotFoundError) as error:
                raise Unusable(f"place {self._name}: {self._settings.key} cannot be read as a private key") from error
            except (asyncssh.Error, OSError) as error:
                if attempt == REACH_ATTEMPTS:
                    raise Unusable(f"place {self._name}: it cannot be reached ({type(error).__name__})") from error
            if self._clock.monotonic() + pause >= deadline:
                raise TryLater(f"place {self._name}: it cannot be reached", "4.4.1")
            await self._sleep(pause)
            pause *= 2
        raise AssertionError

    async def _connect(self) -> asyncssh.SSHClientConnection:
        settings = self._settings
        pinned = [asyncssh.import_public_key(key) for key in settings.host_keys]
        return await asyncssh.connect(
            settings.host,
            settings.port,
            username=settings.user,
            client_keys=[str(settings.key)],
            known_hosts=(pinned, [], []),
            preferred_auth="publickey",
            config=None,
            agent_path=None,
            connect_timeout=settings.connect_timeout,
            login_timeout=settings.connect_timeout,
            keepalive_interval=15,
        )
