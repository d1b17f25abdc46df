"""Whose a file or folder is that this user may not use, and what to do about it: for the message of an error."""

from __future__ import annotations

import os
import pwd
from pathlib import Path


def denied(error: OSError, folder: Path) -> str:
    """`/var/lib/outgate/locks: Permission denied; /var/lib/outgate belongs to user outgate, and you are jo: run it as that user`."""
    place = Path(os.fsdecode(error.filename)) if error.filename else folder
    says = f"{place}: {error.strerror or error}"
    other = stranger(place) if isinstance(error, PermissionError) else None
    return says if other is None else f"{says}; {other}"


def stranger(place: Path) -> str | None:
    """What to say when the nearest folder or file that can be seen belongs to somebody else; None when it is ours or nothing is there."""
    for each in (place, *place.parents):
        try:
            owner = each.stat().st_uid
        except OSError:
            continue
        if owner == os.geteuid():
            return None
        return f"{each} belongs to user {_name(owner)}, and you are {_name(os.geteuid())}: run it as that user"
    return None


def _name(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return str(user)
