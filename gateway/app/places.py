"""[place.NAME] to places: where the files of share routes go."""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never

from gateway.config import CryptsharePlace as CryptshareSettings
from gateway.config import OneDrivePlace as OneDriveSettings
from gateway.config import OwnPlace as OwnSettings
from gateway.config import Place as PlaceSettings
from gateway.config import Settings
from gateway.config import SftpPlace as SftpSettings
from gateway.edges.place_own import OwnPlace
from gateway.edges.shares import Shares
from gateway.errors import WillNotDo
from gateway.policy.rules import Policy
from gateway.ports.clock import Clock
from gateway.ports.places import Place
from gateway.ports.vault import Vault


def make_places(settings: Settings, vault: Vault, shares: Shares, clock: Clock, policy: Callable[[], Policy]) -> dict[str, Place]:
    """As the settings have them, by name. The caller closes them. `policy`: the one in force, whose registers know the partners.

    Raises:
        BadConfig: what a place needs is not installed, or cannot be read.
    """

    def make(name: str, place: PlaceSettings) -> Place:
        match place:
            case OwnSettings():
                # The settings have a portal wherever they have a place of our own.
                return OwnPlace(name, settings.portal.url if settings.portal else "", vault, shares, clock)
            case OneDriveSettings():
                from gateway.edges.place_onedrive import OneDrive  # noqa: PLC0415 - msal is large, and few have such a place

                return OneDrive(name, place, clock, shares)
            case SftpSettings():
                try:
                    from gateway.edges.place_sftp import Sftp  # noqa: PLC0415 - an extra, which only such a place needs
                except ModuleNotFoundError as error:
                    says = f"place.{name} needs {error.name}, which is not installed; install outgate[sftp]"
                    raise settings.wrong(says) from error
                return Sftp(name, place, clock, shares, policy)
            case CryptshareSettings():
                from gateway.edges.place_cryptshare import CryptshareTransfers  # noqa: PLC0415 - few have such a place

                return CryptshareTransfers(name, place, clock, shares, settings.organisation.postmaster_address)
            case _:
                assert_never(place)

    def made(name: str, place: PlaceSettings) -> Place:
        try:
            return make(name, place)
        except (WillNotDo, OSError) as error:  # ssl.SSLError is one
            says = error.detail if isinstance(error, WillNotDo) else f"its `ca` cannot be used: {error.strerror or error}"
            raise settings.wrong(f"place.{name}: {says}") from error

    return {name: made(name, place) for name, place in settings.place.items()}
