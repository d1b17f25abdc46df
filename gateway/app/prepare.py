"""What must be there before anything serves: folders, keys, tables."""

from __future__ import annotations

import os

from gateway.app.vaults import keeps_something
from gateway.config import Settings
from gateway.edges.database import migrate
from gateway.edges.keys import Keyring, create_keys, load_keys
from gateway.edges.owner import denied, stranger
from gateway.errors import BadConfig, Problem, WillNotDo

DEMONSTRATION = "# Written by deploy/quickstart"  # how the settings of sample mail begin


def prepare(settings: Settings) -> Keyring:
    """Folders, keys and tables, made where they are missing; what is there stays. The keys.

    New keys are made only where nothing is kept yet: with other keys, what is kept could never be read again.

    Raises:
        BadConfig: a folder cannot be used, or the keys to what is kept are gone.
    """
    keys, vault = settings.vault.keys, settings.vault.folder
    _not_of_the_demonstration(settings)
    for folder in (settings.processes.state, *((vault,) if vault else ()), keys):
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise settings.wrong(f"cannot be made: {denied(error, folder)}") from error
        if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
            raise settings.wrong(stranger(folder) or f"{folder} cannot be written; chmod 700")
    try:
        if not any(keys.iterdir()) and keeps_something(settings):
            says = f"holds no keys, but {settings.vault.url} holds what they opened; put the keys back"
            raise BadConfig((Problem(str(keys), 0, 0, says),))
        create_keys(keys)
        migrate(settings.database.url)
        return load_keys(keys)
    except WillNotDo as error:
        raise settings.wrong(str(error)) from error


def _not_of_the_demonstration(settings: Settings) -> None:
    """Its sample cases and its keys, which nobody has kept a copy of, are not for real mail."""
    home = (settings.vault.folder or settings.vault.keys).parent
    there = home / "outgate.toml"
    try:
        theirs = there.read_text(encoding="utf-8").startswith(DEMONSTRATION)
        if theirs and not there.samefile(settings.file):
            says = "holds the sample mail and the keys of deploy/quickstart; name other folders in [database], [vault] and [processes]"
            raise settings.wrong(f"{home} {says}")
    except (OSError, UnicodeDecodeError):  # nothing of theirs
        return
