"""An SFTP service by asyncssh: sessions with a pinned host key, and files that come into being whole.

The service shows a host key that the settings pin, or is not spoken to. We sign in with a key alone, and read neither known_hosts nor the
configuration of a user. A file is written under another name, synced where that is offered (fsync@openssh.com), read back and compared, and
only then called what it is called; what is there already and the same stays. asyncssh is an extra (outgate[sftp]).
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import PurePosixPath
from typing import cast

import asyncssh

from gateway.config import SftpPlace
from gateway.edges.place_http import PIECE
from gateway.edges.place_manners import REACH_ATTEMPTS, Sleep
from gateway.errors import TryLater, Unusable, WillNotDo
from gateway.model.message import Content
from gateway.model.share import SharedFile
from gateway.ports.clock import Clock

_FULL = (asyncssh.SFTPNoSpaceOnFilesystem, asyncssh.SFTPQuotaExceeded)
_GONE = (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath)


class Service:
    """One service, as one user of it. Raises WillNotDo: a host key is none."""

    def __init__(self, name: str, settings: SftpPlace, clock: Clock, sleep: Sleep) -> None:
        self._name = name
        self._settings = settings
        self._clock = clock
        self._sleep = sleep
        self._pinned = [_public_key(key) for key in settings.host_keys]

    @property
    def fingerprints(self) -> str:
        """Of its host keys, as clients show them."""
        return " or ".join(key.get_fingerprint() for key in self._pinned)

    def path(self, *steps: str) -> str:
        """Below the folder where the partners' folders are."""
        return str(PurePosixPath(self._settings.folder, *steps))

    @asynccontextmanager
    async def session(self, deadline: float, doing: str) -> AsyncIterator[asyncssh.SFTPClient]:
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
        return await asyncssh.connect(
            settings.host,
            settings.port,
            username=settings.user,
            client_keys=[str(settings.key)],
            known_hosts=(self._pinned, [], []),
            preferred_auth="publickey",
            config=None,
            agent_path=None,
            connect_timeout=settings.connect_timeout,
            login_timeout=settings.connect_timeout,
            keepalive_interval=15,
        )

    async def write(self, sftp: asyncssh.SFTPClient, path: str, file: SharedFile, content: Content) -> None:
        """The whole file under its name, or nothing. Raises TryLater."""
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

    async def has_room(self, sftp: asyncssh.SFTPClient, path: str, octets: int) -> None:
        """Where the service tells (statvfs@openssh.com). Raises Unusable."""
        try:
            space = await sftp.statvfs(path)
        except asyncssh.SFTPOpUnsupported:
            return
        if space.frsize * space.bavail < octets:
            raise Unusable(f"place {self._name}: the service is full")

    async def remove(self, sftp: asyncssh.SFTPClient, folder: str) -> None:
        """With all that is in it; what is not there is no error."""
        with suppress(*_GONE):
            await sftp.rmtree(folder)

    async def can_write(self, sftp: asyncssh.SFTPClient, folder: str) -> bool:
        """Tried, and nothing is left of it."""
        probe = self.path(folder, ".outgate-check")
        try:
            async with sftp.open(probe, "wb") as there:
                await there.write(b"")
            await sftp.remove(probe)
        except asyncssh.SFTPError:
            return False
        return True


def _public_key(line: str) -> asyncssh.SSHKey:
    try:
        return asyncssh.import_public_key(line)
    except asyncssh.KeyImportError as error:
        raise WillNotDo("host_keys: this is no public key; write the line of the host's .pub file: ssh-ed25519 AAAA...") from error
