"""Durable state for tests: real databases, a real recorder, a clock that is turned by hand, and some nouns to keep."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gateway.edges import recorder
from gateway.edges.database import is_sqlite
from gateway.edges.state import State, recorder_socket
from gateway.model.decision import Decision, Reason, Tried, Verdict
from gateway.model.envelope import Address, Envelope, Recipient
from gateway.model.kept import Held, ToSend
from gateway.model.outcome import Ending, Outcome, Reply
from gateway.ports.next_hop import Handed

TAKEN = Reply(250, "2.0.0", "taken")
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
IDENTITY = bytes(range(32))


@dataclass(frozen=True, slots=True)
class Place:
    url: str
    folder: Path

    @property
    def keys(self) -> Path:
        return self.folder / "keys"

    @property
    def socket(self) -> Path:
        return recorder_socket(self.folder)


@dataclass(slots=True)
class TurnedClock:
    at: datetime = NOON
    seconds: float = field(default=0.0)

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.seconds

    def turn(self, **by: float) -> None:
        self.at += timedelta(**by)


@asynccontextmanager
async def served(place: Place) -> AsyncIterator[None]:
    """SQLite: with its recorder, in this event loop."""
    if is_sqlite(place.url):
        async with recorder.running(place.url, place.socket, place.keys):
            yield
    else:
        yield


@asynccontextmanager
async def opened(place: Place, clock: TurnedClock | None = None) -> AsyncIterator[State]:
    """The state of one process. Two of them in one test stand for two processes: they share nothing."""
    state = State(place.url, place.folder, place.keys, clock or TurnedClock())
    await state.open()
    try:
        yield state
    finally:
        await state.close()


@asynccontextmanager
async def living(place: Place, processes: int = 1, clock: TurnedClock | None = None) -> AsyncIterator[tuple[State, ...]]:
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(served(place))
        yield tuple([await stack.enter_async_context(opened(place, clock)) for _ in range(processes)])


async def done(
    state: State, row: ToSend, mailbox: str, reply: Reply = TAKEN, *, certain: bool = True, to_send: tuple[ToSend, ...] = ()
) -> int:
    """One recipient of a row that was claimed: what the hop has said."""
    return await state.outbox.done(row, (Handed(recipient(mailbox), reply, certain),), to_send)


# --- nouns ------------------------------------------------------------------------------------------------------------


def recipient(mailbox: str) -> Recipient:
    local, _, domain = mailbox.rpartition("@")
    return Recipient(Address(mailbox, local, domain), notify=frozenset({"FAILURE", "DELAY"}), orcpt=f"rfc822;{mailbox}")


def outcome(mailbox: str, ending: Ending = Ending.DELIVERED, case: str | None = None) -> Outcome:
    replies = {Ending.DEFERRED: Reply(451, "4.4.1", "later"), Ending.REJECTED: Reply(550, "5.1.1", "nobody")}
    return Outcome(recipient(mailbox), ending, replies.get(ending, Reply(250, "2.1.5", "queued as 1")), "plain", case)


def held(case: str = "7KQ-402", mailbox: str = "b@example.org", **changes: object) -> Held:
    reason = Reason(
        "restricted-to-list", "hold", "5.2", "It is Restricted.", unknown=("list",), within=timedelta(hours=4), needs=frozenset({"files"})
    )
    decision = Decision(
        mailbox,
        ("outsiders",),
        Verdict.HOLD,
        None,
        frozenset({"files"}),
        (reason,),
        (Tried("plain", "does not give files"),),
        within=timedelta(hours=4),
        stamps=(("X-Outgate", "held"),),
    )
    envelope = Envelope(
        Address("a@derbyshire.gov.uk", "a", "derbyshire.gov.uk"), (recipient(mailbox),), "8BITMIME", ret="HDRS", envid="q+2B"
    )
    kept = Held(
        case,
        f"holds-{case}",
        "m1",
        "main",
        envelope,
        decision,
        "open",
        NOON,
        NOON + timedelta(hours=4),
        NOON + timedelta(days=7),
        "information-governance",
        "starter",
        "sha256:1",
        lifted=("x",),
    )
    return replace(kept, **changes)  # type: ignore[arg-type]


def mail(name: str = "n1", *mailboxes: str, **changes: object) -> ToSend:
    row = ToSend(
        name, f"notices-{name}", "", tuple(map(recipient, mailboxes or ("a@derbyshire.gov.uk",))), "mailboxes", "notice", "7KQ-402", "m1"
    )
    return replace(row, **changes)  # type: ignore[arg-type]
