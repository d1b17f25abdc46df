"""A kept message looked into once more: what each file is and what was found in it, masked, or its octets for who may read them.

It is read as the mail path reads it, with the policy in force now; nothing of it is noted but that somebody has taken its octets out.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from gateway.app.build import make_sandbox
from gateway.app.house import house_of
from gateway.app.pack import load_policy
from gateway.app.vaults import make_vault
from gateway.config import Settings, load
from gateway.edges.keys import load_keys
from gateway.edges.spool import Spool
from gateway.errors import BadInput, OutgateError, Problem
from gateway.keeper.again import arrival_of, was_never_read
from gateway.log import Log
from gateway.model.kept import Held
from gateway.model.message import Content
from gateway.pipeline import Beside, judge
from gateway.studio.explain import explain
from gateway.studio.explain_text import content_as_text

_STILL_KEPT = ("open", "refused")
_PIECE = 1_048_576  # octets written at a time


@dataclass(frozen=True, slots=True)
class Contents:
    """What is in it, or why that cannot be said."""

    as_json: dict[str, Any] | None
    lines: tuple[str, ...]


def contents(config: Path, held: Held) -> Contents:
    """The words and each file: what they are, and what was found in them."""
    if held.state not in _STILL_KEPT or held.ended_at is not None:
        return Contents(None, ("The message is no longer kept.",))
    if was_never_read(held):
        return Contents(None, ("The message is not read again: reading it has failed three times.",))
    try:
        found = _explained(config, held)
    except OutgateError as error:
        return Contents(None, (f"The message could not be read again: {error}",))
    return Contents({name: found[name] for name in ("words", "attachments")}, content_as_text(found))


def write_message(config: Path, held: Held, file: Path) -> int:
    """Its octets into a new file of mode 0600; how many. Raises WillNotDo: they are kept no longer; BadInput: the file cannot be made."""

    async def write() -> int:
        async with _octets(load(config), held) as content:
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as target:
                for at in range(0, content.octets, _PIECE):
                    target.write(content.read(at, min(at + _PIECE, content.octets)))
            return content.octets

    try:
        return asyncio.run(write())
    except OSError as error:
        raise BadInput((Problem(str(file), 0, 0, f"cannot be written: {error.strerror}"),)) from error


def _explained(config: Path, held: Held) -> dict[str, Any]:
    settings = load(config)
    policy, house = load_policy(settings.policy.source, settings), house_of(settings)
    sandbox = make_sandbox(settings, Log(style="text"))
    known = Beside(held.declared, frozenset(held.lifted))

    async def run() -> dict[str, Any]:
        sandbox.prepare(policy.patterns)
        sandbox.attach()
        try:
            async with _octets(settings, held) as content:
                arrival = arrival_of(held, content, datetime.now(UTC))
                found = await judge(arrival, held.envelope.recipients, policy, house, sandbox, known=known)
        finally:
            await sandbox.close()
        return explain(found.message, found.findings, found.facts, found.decisions, policy)

    return asyncio.run(run())


@asynccontextmanager
async def _octets(settings: Settings, held: Held) -> AsyncIterator[Content]:
    with TemporaryDirectory(prefix="outgate-") as folder:
        vault = make_vault(settings, load_keys(settings.vault.keys), Spool(Path(folder)))
        try:
            content = await vault.get(held.object_id)
            try:
                yield content
            finally:
                content.close()
        finally:
            vault.close()
