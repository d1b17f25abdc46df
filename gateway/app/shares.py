"""What `outgate share` does: look at the database, and leave wishes for the keeper. The words stand in share_words.py."""

from __future__ import annotations

import json
import secrets
from pathlib import Path

from gateway.app.asking import carried_out, case_number, found_in_time, house_for, with_state
from gateway.app.case_words import table
from gateway.app.share_words import Known, as_json, as_rows, as_text
from gateway.edges.clock import SystemClock
from gateway.edges.state import State
from gateway.errors import WillNotDo
from gateway.model.kept import Because
from gateway.model.share import Share, Wish, WishKind


def list_shares(config: Path, *, everything: bool, as_json_list: bool) -> str:
    """The shares, newest first: a table, or a JSON list."""

    async def find(state: State) -> tuple[Share, ...]:
        return await state.shares.every(everything=everything)

    found = with_state(config, find)
    if as_json_list:
        return json.dumps([as_json(Known(one)) for one in found], indent=2, ensure_ascii=False)
    if not found:
        return "Nothing is shared." if everything else "No share is open."
    return table(as_rows(found, house_for(config)))


def show_share(config: Path, number: str, *, as_json_object: bool) -> str:
    """One share in full. Raises WillNotDo: there is none."""

    async def get(state: State) -> Known:
        one = await _there(state, number)
        return Known(one, await state.visits.accesses(one.id), await state.audit.events_of_share(one.id))

    known = with_state(config, get)
    return json.dumps(as_json(known), indent=2, ensure_ascii=False) if as_json_object else as_text(known, house_for(config))


def revoke_share(config: Path, number: str, because: Because, to: str | None = None) -> str:
    """Nobody opens it any more, or `to` does not. Raises WillNotDo (it is not open), TryLater (no keeper)."""

    async def revoke(state: State) -> str:
        one = await _there(state, number)
        return await _carried_out(state, _wish(one, because, to))

    return f"share {case_number(number)}: {with_state(config, revoke)}"


def purge_share(config: Path, number: str, because: Because) -> str:
    """End it, delete its files, and forget what is known of it. Raises WillNotDo (there is none), TryLater (not done in time)."""

    async def purge(state: State) -> None:
        one = await _there(state, number)
        if one.state.value in ("open", "undone"):
            await _carried_out(state, _wish(one, because))

        async def is_erased() -> bool | None:
            return await state.share_keeping.erase(one.id, because.by, because.why) or None

        await found_in_time(is_erased, "its place has not deleted the files yet; the keeper goes on trying, and then this command works")

    with_state(config, purge)
    return f"share {case_number(number)}: its files and all that was known of it are gone; the audit keeps that it was there"


def _wish(one: Share, because: Because, to: str | None = None) -> Wish:
    """Raises WillNotDo: `to` is none of its people."""
    whom = ""
    if to is not None:
        found = [grant.id for grant in one.grants if grant.role == "recipient" and to.lower() in (grant.key, grant.address.lower())]
        if not found:
            people = ", ".join(grant.address for grant in one.grants if grant.role == "recipient")
            raise WillNotDo(f"{to} has no part in share {one.id}; there are: {people}")
        whom = found[0]
    return Wish(secrets.token_hex(8), WishKind.REVOKE, one.id, because.by, SystemClock().now(), grant=whom, why=because.why)


async def _carried_out(state: State, wish: Wish) -> str:
    """What came of it. Raises WillNotDo, TryLater."""
    await state.share_keeping.put(wish)
    state.bell.ring()
    return await carried_out(lambda: state.visits.wished(wish.id))


async def _there(state: State, number: str) -> Share:
    one = await state.shares.get(case_number(number))
    if one is None:
        raise WillNotDo(f"there is no share {case_number(number)}; outgate share list --all shows them")
    return one
