"""outgate.toml to frozen settings. Every mistake has the key it is in and a way out.

In: the path of a TOML file. Out: Settings. Not here: whether next hops answer, whether the pack is right (doctor and app look).
Secrets stand in this file or in files it names; the file should be readable by the service alone.
"""

from gateway.config.addresses import is_loopback
from gateway.config.places import CryptsharePlace, OneDrivePlace, OwnPlace, Place, SftpPlace
from gateway.config.reading import load
from gateway.config.sections import Examine, Hop, Listener, NoticesPlace, Organisation, PolicySource, Portal, SigningDomain
from gateway.config.settings import Settings
from gateway.config.values import MB, is_selector

__all__ = [
    "MB",
    "CryptsharePlace",
    "Examine",
    "Hop",
    "Listener",
    "NoticesPlace",
    "OneDrivePlace",
    "Organisation",
    "OwnPlace",
    "Place",
    "PolicySource",
    "Portal",
    "Settings",
    "SftpPlace",
    "SigningDomain",
    "is_loopback",
    "is_selector",
    "load",
]
