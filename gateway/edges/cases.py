"""Case numbers that people say on the phone: `7KQ-402`. Drawn at random, so that nobody can guess the next; longer when it gets crowded."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from sqlalchemy import Connection, select

from gateway.edges.store import Store
from gateway.edges.tables import hold, share
from gateway.errors import TryLater

ALPHABET = "23467CDFGHJKMNPQRTVWXY"  # nothing that reads as another (0 O, 1 I L, 5 S, 8 B, 9 g, U V, 2 Z), no vowel: no words
TRIES = 8  # of one length, before the numbers get longer
LONGEST = 8


def draw(letters: int = 3) -> str:
    """One number."""
    return "".join(secrets.choice(ALPHABET) for _ in range(letters)) + f"-{secrets.randbelow(1000):03}"


class Cases:
    """Gives out numbers that no case and no share has."""

    def __init__(self, store: Store, draw: Callable[[int], str] = draw) -> None:
        self._store = store
        self._draw = draw

    async def new(self) -> str:
        """A number that no case in the database has. Raises TryLater.

        Two may draw the same at once: the second to commit hears TryLater, and its next attempt draws anew.
        """
        for letters in range(3, LONGEST + 1):
            drawn = tuple(dict.fromkeys(self._draw(letters) for _ in range(TRIES)))
            taken = await self._store.read(_taken, drawn)
            if len(taken) * 2 < len(drawn):
                return next(case for case in drawn if case not in taken)
        raise TryLater("no case number is free")


def _taken(connection: Connection, drawn: tuple[str, ...]) -> frozenset[str]:
    """A share has a number like a case, and no case has the same: people say nothing but the number."""
    cases = select(hold.c.case_number).where(hold.c.case_number.in_(drawn))
    return frozenset(connection.execute(cases.union(select(share.c.id).where(share.c.id.in_(drawn)))).scalars())
