"""The world of the keeper, beside that of the pipeline: cases, the outbox, what people ask for, shares that end."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

from gateway.model.facts import Declared
from gateway.model.kept import Because, Held, Intent, ToSend
from gateway.model.share import Access, Share, Wish
from gateway.ports.next_hop import Handed


class Holds(Protocol):
    """Holds and confirms."""

    async def get(self, case: str) -> Held | None: ...
    async def find(self, *, state: str | None = "open", limit: int = 1000, after: Held | None = None) -> tuple[Held, ...]:
        """Newest first; `after`: what follows that one."""
        ...

    async def due(self, now: datetime) -> tuple[Held, ...]:
        """Open holds whose answer_by or keep_until has passed."""
        ...

    async def pass_on(self, case: str, held_for: str, answer_by: datetime | None) -> None:
        """`within` has passed: from now on `held_for` decides."""
        ...

    async def reopen(self, case: str, held_for: str, now: datetime) -> None:
        """A refusal whose notice nobody took: a person must look at it, and has the whole time for it. An open case only changes hands."""
        ...

    async def redecided(self, before: Held, held: Held, because: Because, to_send: tuple[ToSend, ...] = ()) -> bool:
        """Decided again, and these recipients stay kept: the new row, and what goes out. False: the case is no longer as it was read.

        By which next hops copies leave stands in the audit, as it does when a case ends.
        """
        ...

    async def end(
        self, case: str, state: str, because: Because, to_send: tuple[ToSend, ...] = (), declared: tuple[Declared, ...] | None = None
    ) -> bool:
        """Close an open hold with what is to be sent because of it, in one commit; False when it was not open: then nothing is sent.

        `declared`: all that it was decided by in the end, where that has changed.
        """
        ...


class Outbox(Protocol):
    """The small durable queue. Rows are put by Journal.finish, in one commit with what they follow from."""

    async def claim(
        self, now: datetime, lease_seconds: float, limit: int = 20, each: int = 20, under_way: tuple[ToSend, ...] = ()
    ) -> tuple[ToSend, ...]:
        """Rows that are due, claimed for this process until the lease ends, codes first.

        `under_way`: it has these already. With them no more than `limit`, and than `each` by one next hop; codes have places of their own.
        """
        ...

    async def renew(self, row: ToSend, until: datetime) -> bool:
        """The attempt is still under way: its lease ends later. False: another has begun one, or the row is gone."""
        ...

    async def done(self, row: ToSend, handed: tuple[Handed, ...], to_send: tuple[ToSend, ...] = ()) -> int:
        """These have it (or never will), as the replies say; the row goes with its last recipient. How many are left.

        Of a row that is another's by now only what a hop has taken counts.
        Where it is certain that nobody was handed a copy that was refused, a link that it carries is undone in the same commit.
        `to_send`: what follows from it goes into the outbox in that commit, too.
        """
        ...

    async def put(self, rows: tuple[ToSend, ...]) -> None:
        """More to send, durable on return."""
        ...

    async def retry(self, row: ToSend, at: datetime, why: str, *, certain: bool, to_send: tuple[ToSend, ...] = ()) -> None:
        """Again then, unless it is another's by now. `to_send`: what is told of that, in the same commit.

        `certain`: nobody has it yet; else a link that it carries stays, whatever comes of the copy.
        """
        ...


class Intents(Protocol):
    """Rows that commands and pages put, each carried out once."""

    async def put(self, kind: str, case: str, because: Because, lifts: tuple[str, ...] = ()) -> str:
        """Durable on return; the intent's id. Raises TryLater."""
        ...

    async def claim(self, now: datetime, lease_seconds: float, limit: int = 20) -> tuple[Intent, ...]:
        """What is to be done now, claimed for this process until the lease ends. Raises TryLater."""
        ...

    async def finish(self, intent_id: str, state: str, result: str = "") -> None:
        """It is done or failed. What was done does not fail any more. Raises TryLater."""
        ...

    async def get(self, intent_id: str) -> Intent | None: ...


class ShareKeeping(Protocol):
    """What the keeper does with shares: wishes carried out, each once; shares that end, and their files after them."""

    async def is_wanted(self, now: datetime) -> bool:
        """Whether there is anything to claim. Cheap: asked every second."""
        ...

    async def claim(self, now: datetime, lease_seconds: float, limit: int = 20) -> tuple[Wish, ...]: ...

    async def finish(self, wish: Wish, state: str, result: str, to_send: tuple[ToSend, ...] = ()) -> bool:
        """It is done or failed, and what goes out because of it, in one commit. False: somebody else was first, and nothing goes out."""
        ...

    def draw_code(self) -> str: ...

    async def send_code(self, wish: Wish, code: str, letter: ToSend, now: datetime) -> str:
        """The code becomes good and its letter goes out, in one commit; "" when that is so, else why not."""
        ...

    async def revoke(self, share_id: str, by: str, why: str = "", address_key: str | None = None) -> bool:
        """Nobody opens it any more, or this one person does not; False when there was nothing to revoke."""
        ...

    async def end(self, now: datetime) -> int:
        """Shares end whose time has come; how many."""
        ...

    async def purge(self, now: datetime, besides: Collection[str] = (), each: int = 4) -> tuple[Share, ...]:
        """What has ended is purged by its row; of these the files are still to go.

        Those that ended first, at most `each` of a place: one that is away keeps no other. `besides`: not their turn now.
        """
        ...

    async def withdrawn(self, share_id: str) -> None:
        """The files are gone."""
        ...

    async def fetched(self, now: datetime, limit: int = 100) -> tuple[Access, ...]:
        """Downloads that are over and not yet noted, the oldest first."""
        ...

    async def is_first(self, access: Access) -> bool:
        """Whether it is the first file of its share that anybody has fetched to its end."""
        ...

    async def note(self, accesses: tuple[Access, ...], to_send: tuple[ToSend, ...] = ()) -> None:
        """Into the audit, with what is told because of it, in one commit."""
        ...
