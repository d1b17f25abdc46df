"""What is done to all of a vault: counted and searched for orphans, looked through, wrapped by a new master key.

Each goes over the list of objects once, a part of it in memory and many objects at the same time, and says how far it is.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain, islice
from typing import TypeVar

from gateway.edges.keys import VAULT_FAMILIES, Family
from gateway.edges.objects import Entry
from gateway.edges.vault import Vault, id_of, key_of
from gateway.edges.vault_wraps import BESIDE, Wraps, object_of
from gateway.errors import Missing, WillNotDo

AT_ONCE = 1000  # of a listing in memory

T = TypeVar("T")
Progress = Callable[[int], None]  # so many are done
InUse = Callable[[tuple[str, ...]], Awaitable[frozenset[str]]]  # which of these objects somebody still needs


@dataclass(slots=True)
class Survey:
    """What a listing of all objects found."""

    objects: int = 0
    octets: int = 0
    orphans: list[str] = field(default_factory=list)  # old enough, and nobody needs them
    wraps: list[str] = field(default_factory=list)  # keys of objects that are gone, and beside which a wrap still stands


async def survey(vault: Vault, before: datetime, in_use: InUse) -> Survey:
    """Count everything, correct the vault's own count by it, and find orphans among what was written before then.

    Remains of what was begun before then and never finished are removed. Raises TryLater.
    """
    found, limit = Survey(), before.timestamp()
    await vault.in_thread(lambda: vault.store.forget_unfinished(limit))
    thought = vault.usage.used() if vault.usage else 0
    besides: set[str] = set()
    async for entry in _batched(vault, _entries(vault, _BESIDES)):
        found.octets += entry.octets
        if entry.modified < limit:
            besides.add(object_of(entry.key))
    some: list[str] = []
    async for entry in _batched(vault, _entries(vault, VAULT_FAMILIES)):
        besides.discard(entry.key)
        found.objects += 1
        found.octets += entry.octets
        if entry.modified < limit and (object_id := id_of(entry.key)) is not None:
            some.append(object_id)
        if len(some) >= AT_ONCE:
            found.orphans += await _unneeded(some, in_use)
            some.clear()
    found.orphans += await _unneeded(some, in_use)
    found.wraps += besides
    if vault.usage is not None:
        vault.usage.correct(found.octets, thought)
    return found


async def sweep(vault: Vault, found: Survey) -> None:
    """Delete what a survey found. Raises TryLater."""
    for object_id in found.orphans:
        await vault.delete(object_id)
    for key in found.wraps:
        await vault.in_thread(lambda key=key: vault.wraps.forget(key))  # type: ignore[misc]


async def look_through(vault: Vault, object_ids: Iterable[str] | None, progress: Progress) -> dict[str, str]:
    """Read these (None: all) and authenticate every frame. What is wrong with which; of all, not what was deleted meanwhile.

    Raises TryLater.
    """
    wrong: dict[str, str] = {}

    async def one(object_id: str) -> None:
        try:
            async for _ in (await vault.open(object_id)).pieces():
                pass
        except WillNotDo as error:
            if object_ids is not None or not await vault.in_thread(lambda: _is_gone(vault, object_id)):
                wrong[object_id] = error.detail

    every = (id_of(entry.key) or entry.key for entry in _entries(vault, VAULT_FAMILIES))
    await _for_all(vault, iter(object_ids) if object_ids is not None else every, one, progress)
    return wrong


def _is_gone(vault: Vault, object_id: str) -> bool:
    """Since it was listed. What is there and has no name of ours is not. Raises TryLater."""
    try:
        vault.store.head(key_of(object_id), 1)
    except Missing:
        return True
    except WillNotDo:
        return False
    return False


# --- a new master key -------------------------------------------------------------------------------------------------


async def renew(vault: Vault, purpose: str, progress: Progress) -> tuple[int, list[str]]:
    """Wrap by the newest master key what an older one has wrapped. How many, and which cannot be: they are damaged.

    It may be stopped, and done again, at any time. Raises TryLater.
    """
    damaged: list[str] = []
    renewed = 0

    async def one(key: str) -> None:
        nonlocal renewed
        try:
            is_new = await vault.in_thread(lambda: vault.wraps.renew(key))
            renewed += is_new
        except WillNotDo:
            if await vault.in_thread(lambda: vault.store.size(key)):  # else it was deleted meanwhile
                damaged.append(id_of(key) or key)

    await _for_all(vault, (entry.key for entry in _entries(vault, (purpose,))), one, progress)
    return renewed, damaged


async def lost_without(vault: Vault, family: Family, purpose: str, progress: Progress) -> list[str]:
    """Objects that cannot be unlocked by the keys of this family alone. Raises TryLater."""
    lost: list[str] = []
    wraps = Wraps(vault.store, {purpose: family})

    async def one(key: str) -> None:
        try:
            await vault.in_thread(lambda: wraps.unlock(key))
        except WillNotDo:
            if await vault.in_thread(lambda: vault.store.size(key)):
                lost.append(id_of(key) or key)

    await _for_all(vault, (entry.key for entry in _entries(vault, (purpose,))), one, progress)
    return lost


async def count_by_key(vault: Vault, purpose: str) -> dict[str, int]:
    """How many objects need which master key. Raises TryLater."""
    counts: dict[str, int] = {}

    async def one(key: str) -> None:
        try:
            key_id = await vault.in_thread(lambda: vault.wraps.key_of(key))
        except WillNotDo:
            key_id = "none"  # damaged, or deleted meanwhile
        counts[key_id] = counts.get(key_id, 0) + 1

    await _for_all(vault, (entry.key for entry in _entries(vault, (purpose,))), one, lambda _: None)
    return counts


# --- over many --------------------------------------------------------------------------------------------------------

_BESIDES = tuple(f"{BESIDE}/{purpose}" for purpose in VAULT_FAMILIES)


def _entries(vault: Vault, prefixes: tuple[str, ...]) -> Iterator[Entry]:
    """Blocks: read it by _batched or _for_all."""
    return chain.from_iterable(vault.store.walk(prefix) for prefix in prefixes)


async def _batched(vault: Vault, items: Iterator[T]) -> AsyncIterator[T]:
    while some := await vault.in_thread(lambda: list(islice(items, AT_ONCE))):
        for item in some:
            yield item


async def _for_all(vault: Vault, items: Iterator[str], work: Callable[[str], Awaitable[None]], progress: Progress) -> None:
    """As many at the same time as the store likes."""
    busy: set[asyncio.Future[None]] = set()
    try:
        async for item in _batched(vault, items):
            busy.add(asyncio.ensure_future(work(item)))
            if len(busy) >= vault.store.threads:
                busy = await _some_done(busy, progress)
        while busy:
            busy = await _some_done(busy, progress)
    finally:
        for one in busy:
            one.cancel()


async def _some_done(busy: set[asyncio.Future[None]], progress: Progress) -> set[asyncio.Future[None]]:
    done, left = await asyncio.wait(busy, return_when=asyncio.FIRST_COMPLETED)
    for one in done:
        one.result()
    progress(len(done))
    return left


async def _unneeded(object_ids: list[str], in_use: InUse) -> list[str]:
    needed = await in_use(tuple(object_ids)) if object_ids else frozenset()
    return [object_id for object_id in object_ids if object_id not in needed]
