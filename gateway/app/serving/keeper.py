"""The keeper process: the keeper over its shelves, and a broom."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from gateway.app.build import Running
from gateway.app.house import house_of
from gateway.app.in_force import InForce
from gateway.app.serving.ending import see_out
from gateway.app.serving.lifeline import Lifeline, asked_to_stop
from gateway.app.serving.process import Process, run
from gateway.app.vault_care import keep_swept
from gateway.config import Settings
from gateway.edges.keys import load_keys
from gateway.edges.metrics import Gauges
from gateway.edges.standing import standing
from gateway.errors import WillNotDo
from gateway.keeper import Keeper, Shelves
from gateway.log import Log

SWEEP_EVERY = timedelta(minutes=10)
COUNT_EVERY = timedelta(seconds=15)  # what stands waiting, for the metrics


def serve_keeper(config: Path, settings: Settings, log: Log, lifeline: Lifeline, sockets: dict[str, int]) -> int:
    return run(_keep, config, settings, log, lifeline, sockets, "keeper")


async def _keep(process: Process) -> None:
    current, opened = process.current, process.opened
    stopped = asked_to_stop(process.lifeline, process.log, process.name)
    state = opened.state
    ears = state.bell.hear()
    shelves = Shelves(state.holds, state.outbox, state.intents, _sweeper(current, opened, process.log), state.share_keeping, ears.wait)
    keeper = Keeper(opened.world, shelves, lambda: current.policy, house_of(current.settings, current.config), process.log)

    def note_policy() -> None:
        """One process is enough to say so in the audit."""
        state.audit.policy_loaded(current.policy.name, current.policy.version, opened.world.clock.now())

    note_policy()
    process.on_reload.append(note_policy)
    task = asyncio.ensure_future(keeper.run(process.lifeline.say))
    process.lifeline.say(b"ready")
    await stopped.wait()
    keeper.stop()
    await see_out(task, process)
    ears.close()


def _sweeper(current: InForce, opened: Running, log: Log) -> Callable[[datetime], Coroutine[Any, Any, None]]:
    """Notes which keys there are and counts what waits; now and then removes what retention no longer keeps, and what crashes left."""
    last = counted = datetime.min.replace(tzinfo=opened.world.clock.now().tzinfo)
    gauges = Gauges(lambda why: log.event("alarm", what=why))
    keys, noted = load_keys(current.settings.vault.keys), frozenset[str]()

    async def sweep(now: datetime) -> None:
        nonlocal last, counted, noted
        there = frozenset(key_id for family in keys.values() for key_id in family.keys)
        if there != noted:  # whoever made or deleted them: `outgate keys`, or a hand
            await opened.state.audit.keys_are(there, now)
            noted = there
        if abs(now - counted) >= COUNT_EVERY:
            counted = now
            usage = opened.vault.usage
            gauges.show(**asdict(await standing(opened.state.store, now)))
            gauges.show(vault_octets=usage.used() if usage else 0, vault_quota_octets=(usage.limit if usage else None) or 0)
        if abs(now - last) < SWEEP_EVERY:
            return
        last = now
        retention = current.settings.retention
        state = opened.state
        await state.journal.purge(now - timedelta(seconds=retention.journal))
        await state.records.purge(now - timedelta(seconds=retention.decisions))
        await state.holds.purge(now - timedelta(seconds=retention.decisions))
        await state.intents.purge(now - timedelta(seconds=retention.decisions))
        await state.share_keeping.forget(now - timedelta(seconds=retention.shares), now)
        try:
            await keep_swept(opened.vault, state, now)
        except WillNotDo as error:
            opened.world.counters.count("alarms", what="vault")
            log.event("alarm", what=f"vault: {error.detail}")

    return sweep
