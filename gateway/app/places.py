"""[place.NAME] to places: where the files of share routes go."""

from __future__ import annotations

from typing import assert_never

from gateway.config import OneDrivePlace as OneDriveSettings
from gateway.config import OwnPlace as OwnSettings
from gateway.config import Place as PlaceSettings
from gateway.config import Settings
from gateway.edges.place_own import OwnPlace
from gateway.edges.shares import Shares
from gateway.ports import Clock, Place, Vault


def make_places(settings: Settings, vault: Vault, shares: Shares, clock: Clock) -> dict[str, Place]:
    """As the settings have them, by name. The caller closes them."""

    def make(name: str, place: PlaceSettings) -> Place:
        match place:
            case OwnSettings():
                # The settings have a portal wherever they have a place of our own.
                return OwnPlace(name, settings.portal.url if settings.portal else "", vault, shares, clock)
            case OneDriveSettings():
                from gateway.edges.place_onedrive import OneDrive  # noqa: PLC0415 - msal is large, and few have such a place

                return OneDrive(name, place, clock, shares)
            case _:
                assert_never(place)

    return {name: make(name, place) for name, place in settings.place.items()}
