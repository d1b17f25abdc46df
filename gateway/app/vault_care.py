"""`outgate vault` and the keeper's part of it: every object is what it was, all that is needed is there, and what nobody needs goes.

Only what is older than a day may be an orphan: a hold or a share that is just being made has its object before it has its row.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from gateway.app.vaults import make_vault
from gateway.config import MB, load
from gateway.edges.clock import SystemClock
from gateway.edges.keys import load_keys
from gateway.edges.needed import needed
from gateway.edges.spool import Spool
from gateway.edges.state import State
from gateway.edges.vault import Vault, key_of
from gateway.edges.vault_care import Progress, Survey, look_through, survey, sweep
from gateway.errors import TryLater, WillNotDo

ORPHAN_AFTER = timedelta(days=1)
FEW = 20  # so many orphans are swept without asking how many there are besides

Found = TypeVar("Found")
Work = Callable[[Vault, State, datetime], Coroutine[Any, Any, Found]]


def check_vault(config: Path, object_ids: tuple[str, ...], progress: Progress) -> tuple[bool, str]:
    """Read every object (or these), and compare with what the database names. Whether all is well, and what is to be said.

    Raises:
        TryLater: the vault or the database cannot be read now.
    """
    return _run(config, lambda vault, state, now: _check(vault, state, now, object_ids, progress))


def sweep_vault(config: Path, *, really: bool) -> str:
    """Delete what nobody needs, however much it is; without `really` only say what that would be. Raises TryLater."""
    return _run(config, lambda vault, state, now: _sweep(vault, state, now, really=really))


async def keep_swept(vault: Vault, state: State, now: datetime) -> Survey:
    """The keeper's turn: counts, and sweeps, unless most of the vault would go.

    Raises:
        WillNotDo: it would: more likely the database is another than the one these objects belong to.
        TryLater: the vault or the database cannot be asked now.
    """
    found = await _surveyed(vault, state, now)
    if len(found.orphans) > max(FEW, found.objects // 2):
        says = f"{len(found.orphans)} of {found.objects} objects in the vault are needed by nobody, so none is swept"
        raise WillNotDo(f"{says}: is this the database that belongs to it? If so: outgate vault sweep --yes")
    await sweep(vault, found)
    return found


# --- check --------------------------------------------------------------------------------------------------------------


async def _check(vault: Vault, state: State, now: datetime, object_ids: tuple[str, ...], progress: Progress) -> tuple[bool, str]:
    names = await needed(state.store, now)
    looked_at = 0

    def count(done: int) -> None:
        nonlocal looked_at
        looked_at += done
        progress(done)

    wrong = await look_through(vault, object_ids or None, count)
    lines = [f"{_name(one, names)}: {why}" for one, why in sorted(wrong.items())]
    if not object_ids:
        lines += await _missing(vault, state, names, wrong)
    bad = len(lines)
    lines.append(f"{_objects(looked_at)} read, {bad} wrong")
    if not object_ids:
        lines += await _orphans(vault, state, now)
    return not bad, "\n".join(lines)


async def _missing(vault: Vault, state: State, names: dict[str, str], wrong: dict[str, str]) -> list[str]:
    gone = [one for one in names if one not in wrong and not await _is_there(vault, one)]
    still = await needed(state.store, SystemClock().now()) if gone else {}  # what has ended meanwhile is not missed
    return [f"{one} ({names[one]}): it is not in the vault" for one in sorted(gone) if one in still]


async def _is_there(vault: Vault, object_id: str) -> bool:
    try:
        await vault.in_thread(lambda: vault.store.head(key_of(object_id), 1))
    except WillNotDo:
        return False
    return True


async def _orphans(vault: Vault, state: State, now: datetime) -> list[str]:
    found = await _surveyed(vault, state, now)
    octets = f"{found.octets / MB:.1f} MB"
    quota = f" of {vault.usage.limit / MB:.1f} MB" if vault.usage and vault.usage.limit else ""
    lines = [f"{_objects(found.objects)}, {octets}{quota}"]
    if found.orphans:
        lines.append(f"{len(found.orphans)} of them nobody needs any more; the keeper deletes them, or: outgate vault sweep")
    return lines


def _name(object_id: str, names: dict[str, str]) -> str:
    what = names.get(object_id)
    return f"{object_id} ({what})" if what else object_id


# --- sweep --------------------------------------------------------------------------------------------------------------


async def _sweep(vault: Vault, state: State, now: datetime, *, really: bool) -> str:
    found = await _surveyed(vault, state, now)
    if not found.orphans and not found.wraps:
        return f"Nothing to sweep: {_objects(found.objects)}, and each is needed or younger than a day."
    if not really:
        return f"Nobody needs {len(found.orphans)} of {_objects(found.objects)}. To delete them: outgate vault sweep --yes"
    await sweep(vault, found)
    return f"{len(found.orphans)} of {_objects(found.objects)} deleted."


def _objects(number: int) -> str:
    return f"{number} object" if number == 1 else f"{number} objects"


async def _surveyed(vault: Vault, state: State, now: datetime) -> Survey:
    return await survey(vault, now - ORPHAN_AFTER, lambda some: state.in_use(some, now))


def _run(config: Path, work: Work[Found]) -> Found:
    settings = load(config)

    async def inside() -> Found:
        with tempfile.TemporaryDirectory(prefix="outgate-") as folder:
            vault = make_vault(settings, load_keys(settings.vault.keys), Spool(Path(folder)))
            # Only read: it need not be opened for writing, and the gateway may be stopped.
            state = State(settings.database.url, settings.processes.state, settings.vault.keys, SystemClock())
            try:
                return await work(vault, state, SystemClock().now())
            finally:
                await state.close()
                vault.close()

    try:
        return asyncio.run(inside())
    except OSError as error:
        raise TryLater(f"{error.strerror or error}") from error
