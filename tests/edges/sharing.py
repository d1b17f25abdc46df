"""Nouns of shares for tests, and how somebody comes in by a link."""

import hashlib
from dataclasses import replace
from datetime import timedelta

from gateway.edges.state import State
from gateway.model.share import Grant, Session, Share, SharedFile
from tests.edges.durable import NOON

KEY = bytes(range(32))


def file(name: str = "1", **changes: object) -> SharedFile:
    made = SharedFile(name, f"Akte {name}.pdf", "application/pdf", 1000, "ab" * 32, f"shares-{name:0>32}")
    return replace(made, **changes)  # type: ignore[arg-type]


def grant(address: str = "b@example.org", role: str = "recipient", **changes: object) -> Grant:
    made = Grant(f"g-{role}-{address}", address, address.lower(), role, ("1",), ("outsiders",))
    return replace(made, **changes)  # type: ignore[arg-type]


def share(number: str = "7KQ-402", key: bytes = KEY, **changes: object) -> Share:
    made = Share(
        number,
        key,
        "m1",
        "a@derbyshire.gov.uk",
        "secure-link",
        "own",
        "starter",
        "sha256:1",
        NOON,
        NOON + timedelta(days=60),
        idle=timedelta(days=30),
        files=(file(),),
        grants=(grant(), grant("a@derbyshire.gov.uk", "sender")),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def session(one: Share, whose: Grant, cookie: str = "cookie", at=NOON, **changes: object) -> Session:
    made = Session(
        hashlib.sha256(cookie.encode()).digest(),
        one.id,
        whose.id,
        "csrf",
        "192.0.2.0/24",
        at,
        at + timedelta(minutes=15),
        at + timedelta(hours=8),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


async def issued(state: State, one: Share | None = None) -> tuple[Share, dict[str, str]]:
    """A share with links; the tokens by address and role."""
    made = await state.shares.issue(one or share(), linked=True)
    tokens = await state.shares.tokens(made.id)
    return made, {f"{each.role} {each.address}": tokens[each.id] for each in made.grants}


def granted(one: Share, address: str, role: str = "recipient") -> Grant:
    return next(each for each in one.grants if (each.address, each.role) == (address, role))
