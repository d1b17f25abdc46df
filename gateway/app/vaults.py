"""[vault] to a vault: over a folder of this machine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from gateway.config import Settings
from gateway.edges.keys import Keyring
from gateway.edges.vault import Vault
from gateway.edges.vault_folder import Folder
from gateway.ports import SpoolWriter


def make_vault(settings: Settings, keys: Keyring, spool: Callable[[], SpoolWriter]) -> Vault:
    """As the settings have it. The caller closes it."""
    return Vault(Folder(Path(settings.vault.url)), keys, spool)
