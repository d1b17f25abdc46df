"""How a command asks a gateway that runs: by its database, and by wishes that the keeper carries out."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from gateway.app.house import house_of
from gateway.config import Settings, load
from gateway.edges.clock import SystemClock
from gateway.edges.state import State
from gateway.errors import TryLater, WillNotDo
from gateway.model.kept import Intent
from gateway.model.share import Wish
from gateway.policy.guidance import House

WAIT_SECONDS = 60.0  # for the keeper
ASK_SECONDS = 0.1
Found = TypeVar("Found")
_CASE = re.compile(r"([0-9A-Z]{3,})([0-9]{3})")


def with_state(config: Path, work: Callable[[State], Coroutine[Any, Any, Found]]) -> Found:
    """What `work` finds in the database of these settings. Raises TryLater: the gateway does not run."""

    async def inside() -> Found:
        async with _state(config, load(config)) as state:
            return await work(state)

    return asyncio.run(inside())


async def carried_out(look: Callable[[], Awaitable[Intent | Wish | None]]) -> str:
    """What came of a wish that the keeper has been left. Raises WillNotDo (it cannot be done), TryLater (no keeper)."""

    async def result() -> str | None:
        wish = await look()
        if wish is not None and wish.state == "failed":
            raise WillNotDo(wish.result)
        return wish.result if wish is not None and wish.state == "done" else None

    return await found_in_time(result, f"it is noted, but no keeper has carried it out in {WAIT_SECONDS:g} s; is `outgate serve` running?")


async def found_in_time(look: Callable[[], Awaitable[Found | None]], says: str) -> Found:
    """The first that is not None. Raises TryLater, which `says` why."""
    until = asyncio.get_running_loop().time() + WAIT_SECONDS
    while (found := await look()) is None:
        if asyncio.get_running_loop().time() >= until:
            raise TryLater(says)
        await asyncio.sleep(ASK_SECONDS)
    return found


def case_number(text: str) -> str:
    """As it is written: people leave out the hyphen, and capitals."""
    plain = re.sub(r"[\s-]", "", text).upper()
    match = _CASE.fullmatch(plain)
    return f"{match[1]}-{match[2]}" if match else text


def house_for(config: Path) -> House:
    """Who speaks; commands name the settings where they are not those that a command finds by itself."""
    return house_of(load(config), None if config == Path("outgate.toml") else config)


@asynccontextmanager
async def _state(config: Path, settings: Settings) -> AsyncIterator[State]:
    state = State(settings.database.url, settings.processes.state, settings.vault.keys, SystemClock())
    try:
        await state.open(5.0)
    except TryLater as late:
        await state.close()
        raise TryLater(f"the gateway does not run with these settings: {late.detail}. Start it: outgate serve --config {config}") from late
    try:
        yield state
    finally:
        await state.close()
