"""What `outgate hold` and `outgate audit` do: look at the database, and leave wishes for the keeper. The words stand in case_words.py."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from gateway.app.asking import ASK_SECONDS, carried_out, case_number, house_for, with_state
from gateway.app.case_words import Case, as_json, as_rows, as_text, of_copies, table
from gateway.app.kept import contents, write_message
from gateway.edges.audit import Event, Tip
from gateway.edges.clock import SystemClock
from gateway.edges.state import State
from gateway.errors import BadInput, Problem, WillNotDo
from gateway.model.kept import Because, Held
from gateway.policy.guidance import House

COPIES_SECONDS = 5.0  # for the first attempt at handing over what has been released


def list_holds(config: Path, *, everything: bool, as_json_list: bool) -> str:
    """The cases, newest first: a table, or a JSON list."""

    async def find(state: State) -> list[Case]:
        held, copies = await state.holds.every(state=None if everything else "open"), await state.outbox.released()
        return [Case(one, tuple(row for row in copies if row.case == one.case)) for one in held]

    cases = with_state(config, find)
    if as_json_list:
        return json.dumps([as_json(case) for case in cases], indent=2, ensure_ascii=False)
    if not cases:
        return "Nothing is kept." if everything else "No case is open."
    return table(as_rows(cases, house_for(config)))


def show_hold(config: Path, case: str, *, as_json_object: bool) -> Iterator[str]:
    """One case in full, in pieces: what the database knows, then what the message holds, which is read again. Raises WillNotDo: none."""

    async def get(state: State) -> Case:
        held = await _there(state, case)
        copies, wishes = await state.outbox.released(held.case), await state.intents.of_case(held.case)
        shares = await state.shares.list(everything=True, message_id=held.message_id)
        return Case(held, copies, wishes, await state.audit.events(held.case), shares)

    found = with_state(config, get)
    if as_json_object:
        yield json.dumps({**as_json(found), "message": contents(config, found.held).as_json}, indent=2, ensure_ascii=False)
        return
    yield as_text(found, house_for(config))
    yield from contents(config, found.held).lines


def save_message(config: Path, case: str, file: Path, because: Because) -> str:
    """The kept message into a new file that only its owner reads; who looked, and why, stands in the audit first.

    Raises:
        WillNotDo: there is no such case, or its message is no longer kept.
    """
    if file.exists():
        raise BadInput((Problem(str(file), 0, 0, "is there already; name a new file"),))

    async def note(state: State) -> Held:
        held = await _there(state, case)
        await state.audit.looked(held.case, because.by, because.why)
        return held

    octets = write_message(config, with_state(config, note), file)
    return f"{file}: the kept message, {octets:,} octets; it is noted that {because.by} has it. Delete it when you have read it."


def ask(config: Path, kind: str, case: str, because: Because) -> str:
    """Leave a wish and wait for the keeper to carry it out; what came of it. Raises WillNotDo (it cannot be done), TryLater (no keeper)."""
    number, house = case_number(case), house_for(config)

    async def put_and_wait(state: State) -> str:
        intent_id, asked_at = await state.intents.put(kind, number, because), SystemClock().now()
        result = await carried_out(lambda: state.intents.get(intent_id))
        copies = await _copies(state, number, asked_at, house) if kind != "refuse" else ""
        return f"case {number}: {result}{copies}"

    return with_state(config, put_and_wait)


def verify_audit(config: Path, noted: tuple[str, ...]) -> tuple[bool, str]:
    """Whether the chains are whole, and what is wrong or the ends to note elsewhere. `noted`: such ends, WRITER:NUMBER:HASH."""
    before = tuple(_tip(text) for text in noted)

    async def look(state: State) -> tuple[tuple[str, ...], tuple[Tip, ...]]:
        return await state.audit.verify(before), await state.audit.tips()

    wrong, tips = with_state(config, look)
    if wrong:
        return False, "\n".join(wrong)
    ends = "\n".join(f"  {tip.writer}:{tip.number}:{tip.hash}" for tip in tips)
    return (
        True,
        f"The audit is whole. Its ends, to be noted elsewhere and given to --noted later:\n{ends}" if tips else "The audit is empty.",
    )


def export_audit(config: Path, case: str | None) -> str:
    """The rows of the audit, or those of one case, as JSON lines, the oldest first."""

    async def get(state: State) -> tuple[Event, ...]:
        return await state.audit.events(case_number(case) if case else None)

    return "\n".join(
        json.dumps(
            {
                "at": event.at.isoformat(),
                "event": event.event,
                **event.details,
                "writer": event.writer,
                "number": event.number,
                "hash": event.hash,
            },
            ensure_ascii=False,
        )
        for event in with_state(config, get)
    )


async def _there(state: State, case: str) -> Held:
    number = case_number(case)
    held = await state.holds.get(number)
    if held is None:
        raise WillNotDo(f"there is no case {number}; outgate hold list --all shows them")
    return held


async def _copies(state: State, case: str, since: datetime, house: House) -> str:
    """How the first attempt at handing over went, where there is anything to hand over."""
    until = asyncio.get_running_loop().time() + COPIES_SECONDS
    while True:
        rows = await state.outbox.released(case)
        if all(row.why for row in rows) or asyncio.get_running_loop().time() > until:
            break
        await asyncio.sleep(ASK_SECONDS)
    ended = [event for event in await state.audit.events(case) if event.at >= since]
    return "".join(f"\n  {line}" for line in of_copies(rows, ended, house))


def _tip(text: str) -> Tip:
    writer, _, rest = text.partition(":")
    number, _, chain = rest.partition(":")
    if not number.isdigit():
        raise BadInput((Problem("--noted", 0, 0, f"`{text}` is no end of a chain; outgate audit verify prints them: WRITER:NUMBER:HASH"),))
    return Tip(writer, int(number), chain)
