"""`outgate keys`: which master keys there are, the next one, and the end of an old one.

A new key is used as soon as its file is there; then what older keys have wrapped is wrapped anew, object by object, and each can be read at
every moment. An old key is deleted only when it is proved, object by object, that nothing needs it.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from gateway.app.vaults import make_vault
from gateway.config import Settings, load
from gateway.edges.clock import SystemClock
from gateway.edges.keys import (
    LINKS_FAMILY,
    LOOP_FAMILY,
    RECORDS_FAMILY,
    VAULT_FAMILIES,
    Family,
    Keyring,
    add_key,
    file_of,
    is_newer,
    load_keys,
    remove_key,
)
from gateway.edges.owner import denied
from gateway.edges.share_names import Names
from gateway.edges.share_secrets import SHARES_FAMILY, Secrets
from gateway.edges.spool import Spool
from gateway.edges.state import State
from gateway.edges.vault import Vault
from gateway.edges.vault_care import Progress, count_by_key, lost_without, renew
from gateway.errors import TryLater, WillNotDo

SETTLED_SECONDS = 3600.0  # whoever began to seal by the old key has ended long since
_WHAT_FOR = {
    "holds": "kept mail",
    "shares": "shared files, their names and codes",
    "notices": "letters and released copies on their way",
    LINKS_FAMILY: "the tokens of links",
    RECORDS_FAMILY: "hashes of addresses in decision records",
    LOOP_FAMILY: "our Received fields",
}
Found = TypeVar("Found")
_Say = Callable[[str], None]


def list_keys(config: Path, *, count: bool) -> str:
    """Every key: what for, since when, and which one is used. `count`: how many objects need it. Raises TryLater, WillNotDo."""
    settings = load(config)
    keys = load_keys(settings.vault.keys)
    needed = _with_vault(settings, keys, lambda vault: _counts(vault, keys)) if count else {}
    return "\n".join(_listed(settings.vault.keys, keys, needed if count else None))


def rotate_keys(config: Path, family: str | None, say: _Say, progress: Progress) -> None:
    """Make the next key of a family (None: all of the vault) and wrap by it what is there. Raises TryLater, WillNotDo."""
    settings = load(config)
    folder = settings.vault.keys
    for name in _families(family):
        key_id = add_key(folder, name)
        say(f"{file_of(folder, key_id)} was made, and is used from now on; keep a copy of it elsewhere.")
        if (portal := _portal_keys(settings, name)) is not None:
            say(f"Copy it to {portal} too, where the portal looks for it.")
    _renew_all(settings, _families(family), say, progress)
    say("The older keys still open what was kept before. In an hour, to delete them: outgate keys rotate --retire")


def retire_keys(config: Path, family: str | None, say: _Say, progress: Progress) -> bool:
    """Delete the older keys of a family (None: all of the vault) once nothing needs them; False: something does.

    Raises:
        TryLater: not yet, or the vault cannot be read now.
        WillNotDo: there is no such family, or the folder of keys cannot be written.
    """
    settings = load(config)
    keys = load_keys(settings.vault.keys)
    old = {name: _older(keys[name]) for name in _families(family) if name in keys and _older(keys[name])}
    if not old:
        say("There is no older key.")
        return True
    for name in old:
        _require_settled(settings.vault.keys, keys[name].newest)
        _require_copied(settings, name, keys[name].newest)
    is_renewed = _renew_all(settings, tuple(old), say, progress)
    gone = [_retire(settings, keys[name], name, say, progress) for name in old]
    return all(gone) and is_renewed


# --- the parts ----------------------------------------------------------------------------------------------------------


def _families(family: str | None) -> tuple[str, ...]:
    if family is None:
        return VAULT_FAMILIES
    if family not in VAULT_FAMILIES:
        why = _WHY_NOT.get(family, "there is no such family")
        raise WillNotDo(f"`{family}` is not rotated: {why}; there are {', '.join(VAULT_FAMILIES)}")
    return (family,)


_WHY_NOT = {
    LINKS_FAMILY: "a link would change with its key, and the database has only the hash of what stands in it",
    RECORDS_FAMILY: "with another key nobody could say any more which records are about the same address",
    LOOP_FAMILY: "it keeps nothing secret for longer than a message is on its way",
}


def _older(family: Family) -> tuple[str, ...]:
    return tuple(sorted((key for key in family.keys if is_newer(family.newest, key)), key=lambda key: int(key.rpartition("-")[2])))


def _require_settled(folder: Path, newest: str) -> None:
    left = file_of(folder, newest).stat().st_mtime + SETTLED_SECONDS - time.time()
    if left > 0:
        says = f"{newest} was made less than an hour ago, and somebody may still be sealing by the one before"
        raise TryLater(f"{says}; try again in {int(left // 60) + 1} minutes")


def _portal_keys(settings: Settings, family: str) -> Path | None:
    """A folder of its own, where the portal has one and needs the family."""
    folder = settings.portal.keys if settings.portal is not None and family == SHARES_FAMILY else None
    return None if folder == settings.vault.keys else folder


def _require_copied(settings: Settings, family: str, newest: str) -> None:
    portal = _portal_keys(settings, family)
    try:
        if portal is not None and not file_of(portal, newest).exists():
            raise TryLater(f"the portal needs {newest}: copy it to {portal} first")
    except OSError as error:
        raise TryLater(f"whether the portal has {newest} cannot be seen: {denied(error, portal or settings.vault.keys)}") from error


def _renew_all(settings: Settings, families: tuple[str, ...], say: _Say, progress: Progress) -> bool:
    """Whether everything could be."""
    keys = load_keys(settings.vault.keys)

    async def work(vault: Vault) -> bool:
        results = [await renew(vault, name, progress) for name in families]
        for name, (renewed, damaged) in zip(families, results, strict=True):
            say(f"{name}: {renewed} {'object' if renewed == 1 else 'objects'} wrapped anew")
            for object_id in damaged:
                say(f"{object_id} cannot be: it is damaged, or its key is gone; outgate vault check says more")
        return not any(damaged for _, damaged in results)

    is_whole = _with_vault(settings, keys, work)
    if SHARES_FAMILY in families:
        _renew_names(settings, keys, say)
    return is_whole


def _renew_names(settings: Settings, keys: Keyring, say: _Say) -> None:
    async def work() -> int:
        state = State(settings.database.url, settings.processes.state, settings.vault.keys, SystemClock())
        try:
            names = Names(state.store, Secrets(lambda: keys))
            old = await names.sealed_before()
            if old:
                await state.open(5.0)
                await names.renew(old)
            if await names.sealed_before():
                raise TryLater("names of shared files were changed meanwhile; run this again")
            return len(old)
        finally:
            await state.close()

    if number := asyncio.run(work()):
        say(f"{number} names of shared files sealed anew")


def _retire(settings: Settings, family: Family, name: str, say: _Say, progress: Progress) -> bool:
    alone = Family(family.newest, {family.newest: family.keys[family.newest]})
    lost = _with_vault(settings, load_keys(settings.vault.keys), lambda vault: lost_without(vault, alone, name, progress))
    if lost:
        count = f"{len(lost)} {'object' if len(lost) == 1 else 'objects'}"
        say(f"{', '.join(_older(family))} stays: {count} cannot be read without, {lost[0]} for one; nothing was deleted")
        return False
    for key_id in _older(family):
        remove_key(settings.vault.keys, key_id)
        say(f"{key_id} was deleted: nothing needs it. Keep your copy of it for as long as you keep backups of the vault from before.")
    return True


async def _counts(vault: Vault, keys: Keyring) -> dict[str, int]:
    found: dict[str, int] = {}
    for name in VAULT_FAMILIES:
        if name in keys:
            found |= {key: number for key, number in (await count_by_key(vault, name)).items() if key}
    return found


def _listed(folder: Path, keys: Keyring, needed: dict[str, int] | None) -> Iterator[str]:
    for name in sorted(keys):
        family = keys[name]
        for key_id in (*_older(family), family.newest):
            made = datetime.fromtimestamp(file_of(folder, key_id).stat().st_mtime, UTC)
            use = "used" if key_id == family.newest else "opens what was sealed before"
            count = f", {needed.get(key_id, 0)} objects" if needed is not None and name in VAULT_FAMILIES else ""
            yield f"{key_id:<12} {made:%Y-%m-%d %H:%M}Z  {use}{count}: {_WHAT_FOR.get(name, 'not ours')}"


def _with_vault(settings: Settings, keys: Keyring, work: Callable[[Vault], Coroutine[Any, Any, Found]]) -> Found:
    async def inside() -> Found:
        with tempfile.TemporaryDirectory(prefix="outgate-") as folder:
            vault = make_vault(settings, keys, Spool(Path(folder)))
            try:
                return await work(vault)
            finally:
                vault.close()

    return asyncio.run(inside())
