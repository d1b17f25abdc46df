"""One attempt at a transaction: its identity, and what is done once the client has heard our answer, or has not (DESIGN section 6)."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from gateway.mime.headers import HEADER_OCTETS
from gateway.mime.identity import digest_without_trace, identity, message_id_of
from gateway.model.judgement import Judgement
from gateway.model.message import Arrival, Content
from gateway.model.outcome import Outcome, Reply
from gateway.policy.rules import Policy
from gateway.ports.journal import Transaction
from gateway.ports.traces import Suspects
from gateway.waiting import look

LARGE = 1_048_576  # octets above which a message is looked at beside the event loop, by several at a time
POISON_POINTS = 3  # processes that died of a message, or attempts at it that ended in a bug, before it is held unparsed
LINGER_SECONDS = 1.0  # how long a lock waits for the client to go on after its answer


@dataclass(frozen=True, slots=True)
class Ahead:
    """A judgement that was begun before anybody knew who still waits for the message."""

    policy: Policy
    judging: asyncio.Task[Judgement]

    async def give_up(self) -> None:
        """Nobody wants it any more. On return nothing reads the content."""
        self.judging.cancel()
        await asyncio.wait([self.judging])
        if not self.judging.cancelled():
            self.judging.exception()  # seen: a bug in it is met again when the message is


@dataclass(frozen=True, slots=True)
class Attempt:
    """One message on its way."""

    arrival: Arrival
    name: bytes | None  # its identity; None: nothing tells it from others, and nothing is ever skipped
    transaction: Transaction
    ahead: Ahead | None
    look: bytes = b""  # its likeness, where somebody may read it before its identity is known
    progress: dict[str, Outcome] = field(default_factory=dict)  # by Address.key: what is final already, while the rest goes on

    @property
    def suspicious(self) -> tuple[bytes, ...]:
        """Under what names it can have killed those who read it: its identity, and what it looks like before that is known."""
        if self.name is None:
            return (self.look or likeness(self.arrival),)
        return (self.name, self.look) if self.look else (self.name,)


async def identify(arrival: Arrival) -> bytes | None:
    """The identity of the transaction (DESIGN section 6): what a retry has in common with the attempt before it."""
    if arrival.content.octets > LARGE:
        await asyncio.sleep(0)  # the examiner's look comes first: while its child reads there is time for ours
        body, message_id = await look(lambda: _digest(arrival.content))
    else:
        body, message_id = _digest(arrival.content)
    peer = arrival.peer
    return identity(
        listener=arrival.listener,
        authority=peer.certificate or "",
        reverse_path=arrival.envelope.reverse_path.wire,
        ident=peer.forwarded("IDENT"),
        message_id=message_id,
        body_digest=body,
    )


def likeness(arrival: Arrival) -> bytes:
    """What tells a message from nearly all others before it has been read: a retry of it looks the same."""
    envelope = arrival.envelope
    recipients = "\n".join(recipient.address.key for recipient in envelope.recipients)
    look = f"{arrival.listener}\n{arrival.content.octets}\n{envelope.reverse_path.key}\n{recipients}"
    return hashlib.sha256(look.encode("utf-8", "surrogateescape")).digest()


def is_poison(names: tuple[bytes, ...], suspects: Suspects) -> bool:
    """Whether those who read it have died of it too often."""
    return sum([suspects.points(name) for name in names]) >= POISON_POINTS


@contextmanager
def reading(name: bytes, suspects: Suspects) -> Iterator[None]:
    """Inside, the death of the process is held against this message."""
    mark = suspects.begin(name)
    try:
        yield
    finally:
        suspects.end(mark)


def confirming(
    transaction: Transaction,
    outcomes: tuple[Outcome, ...],
    replies: tuple[Reply, ...],
    unfinished: asyncio.Task[tuple[Outcome, ...]] | None,
) -> Callable[[bool], None]:
    """What the listener calls once it knows whether the client heard us."""
    by_recipient = replies if len(replies) == len(outcomes) else replies * len(outcomes)
    heard = frozenset(
        outcome.recipient.address.key
        for outcome, reply in zip(outcomes, by_recipient, strict=True)
        if reply.is_success or reply.is_permanent
    )
    # A lock does not wait for an idle client: the journal's entry says the same once it is written.
    timer = asyncio.get_running_loop().call_later(LINGER_SECONDS, transaction.release) if unfinished is None else None

    def confirm(went_on: bool) -> None:
        if timer is not None:
            timer.cancel()
        if unfinished is not None and not unfinished.done():
            # What goes on may journal these once more: they are closed when it has ended.
            if went_on:
                unfinished.add_done_callback(lambda _: transaction.answered(heard))
            return
        if went_on:
            transaction.answered(heard)
        transaction.release()

    return confirm


def _digest(content: Content) -> tuple[bytes, str | None]:
    with content.view() as buffer:
        beginning = buffer[0:HEADER_OCTETS]
        return digest_without_trace(buffer), message_id_of(beginning[: beginning.find(b"\r\n\r\n") + 2])
