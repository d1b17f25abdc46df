"""What `outgate hold` does: look at the database, and leave wishes for the keeper."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

from gateway.config import load
from gateway.edges.clock import SystemClock
from gateway.edges.state import State
from gateway.errors import TryLater, WillNotDo
from gateway.model.decision import Decision
from gateway.model.facts import Declared
from gateway.ports import Because, Held

WAIT_SECONDS = 60.0  # for the keeper
ASK_SECONDS = 0.1


def list_holds(config: Path, *, everything: bool, as_json: bool) -> str:
    """The cases, newest first: a table, or a JSON list."""

    async def find() -> tuple[Held, ...]:
        async with _state(config) as state:
            return await state.holds.find(state=None if everything else "open")

    cases = asyncio.run(find())
    if as_json:
        return json.dumps([_plain(held) for held in cases], indent=2, ensure_ascii=False)
    if not cases:
        return "Nothing is kept." if everything else "No case is open."
    rows = [("CASE", "STATE", "KEPT", "UNTIL", "FOR", "FROM", "TO"), *(_row(held) for held in cases)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)


def show_hold(config: Path, case: str) -> str:
    """One case in full. Raises WillNotDo when there is none."""

    async def get() -> Held | None:
        async with _state(config) as state:
            return await state.holds.get(case)

    held = asyncio.run(get())
    if held is None:
        raise WillNotDo(f"there is no case {case}; outgate hold list --all shows them")
    lines = [
        f"Case      {held.case} ({held.state})",
        f"From      {held.envelope.reverse_path.wire or '(a bounce)'}",
        f"To        {', '.join(recipient.address.wire for recipient in held.envelope.recipients)}",
        f"Kept      {_when(held.kept_at)}, until {_when(held.keep_until)}",
        f"Decides   {held.held_for}" + (f", by {_when(held.answer_by)}" if held.answer_by else ""),
        f"Verdict   {held.decision.verdict.word}",
        f"Policy    {held.pack} {held.pack_version[:19]}",
        f"Message   {held.message_id} by [listen.{held.listener}]",
        "Reasons",
        *(f"  {row}" for row in _reasons(held.decision)),
        *(f"Declared  {_declared(said)}" for said in held.declared),
        *(f"Asked     outgate hold declare {held.case} {option} --by NAME --why TEXT" for option in _asked(held.decision)),
    ]
    if held.decision.routes_tried:
        lines += ["Routes tried", *(f"  {tried.route}: {tried.why_not}" for tried in held.decision.routes_tried)]
    if held.decision.would_pass_if:
        lines += ["It would pass", *(f"  {change}" for change in held.decision.would_pass_if)]
    return "\n".join(lines)


def ask(config: Path, kind: str, case: str, because: Because) -> str:
    """Leave a wish and wait for the keeper to carry it out; what it says. Raises WillNotDo (it cannot be done), TryLater (no keeper)."""

    async def put_and_wait() -> str:
        async with _state(config) as state:
            intent_id = await state.intents.put(kind, case, because)
            until = asyncio.get_running_loop().time() + WAIT_SECONDS
            while asyncio.get_running_loop().time() < until:
                intent = await state.intents.get(intent_id)
                if intent is not None and intent.state == "done":
                    return f"case {case}: {intent.result}"
                if intent is not None and intent.state == "failed":
                    raise WillNotDo(intent.result)
                await asyncio.sleep(ASK_SECONDS)
        raise TryLater(f"it is noted, but no keeper has carried it out in {WAIT_SECONDS:g} s; is `outgate serve` running?")

    return asyncio.run(put_and_wait())


@asynccontextmanager
async def _state(config: Path) -> AsyncIterator[State]:
    settings = load(config)
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


def _row(held: Held) -> tuple[str, ...]:
    recipients = [recipient.address.wire for recipient in held.envelope.recipients]
    to = recipients[0] + (f" and {len(recipients) - 1} more" if len(recipients) > 1 else "")
    sender = held.envelope.reverse_path.wire or "<>"
    return held.case, held.state, _when(held.kept_at), _when(held.answer_by or held.keep_until), held.held_for, sender, to


def _plain(held: Held) -> dict[str, object]:
    return {
        "case": held.case,
        "state": held.state,
        "verdict": held.decision.verdict.word,
        "kept_at": held.kept_at.isoformat(),
        "answer_by": held.answer_by.isoformat() if held.answer_by else None,
        "keep_until": held.keep_until.isoformat(),
        "held_for": held.held_for,
        "sender": held.envelope.reverse_path.wire,
        "recipients": [recipient.address.wire for recipient in held.envelope.recipients],
        "message_id": held.message_id,
        "pack": held.pack,
        "pack_version": held.pack_version,
        "declared": [{"what": said.what, "value": said.value, "by": said.by, "about": said.about} for said in held.declared],
        "reasons": [{"rule": reason.rule, "effect": reason.effect, "text": reason.text} for reason in held.decision.reasons],
    }


def _reasons(decision: Decision) -> list[str]:
    return [
        f"{reason.effect}: {reason.rule}" + (f" - {reason.text}" if reason.text else "") + (f" ({reason.clause})" if reason.clause else "")
        for reason in decision.reasons
    ]


def _declared(said: Declared) -> str:
    about = f" of {said.about}" if said.about else ""
    return f"{said.what}{about}: {said.value} (by {said.by})"


def _asked(decision: Decision) -> list[str]:
    """How to note the answer to what the sender is asked."""
    asked = dict.fromkeys(reason.declares for reason in decision.reasons if reason.declares)
    return ["--purpose PURPOSE" if word == "purpose" else f"--word {word}" for word in asked]


def _when(at: datetime) -> str:
    return at.astimezone().strftime("%Y-%m-%d %H:%M")
