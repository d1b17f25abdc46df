"""Who reads what the gateway says of a message: its sender, or for the mail of a system whom the pack names in `notices_to`. Pure.

A notice to a null or foreign sender would be backscatter, and NOTIFY=NEVER forbids it (RFC 3461 section 4.1). The mailbox of a system is
read by nobody: without `notices_to` nobody is told, and what would have to be asked or told is for a person (DESIGN section 6).
Not here: reports of failed delivery, which are owed to the reverse-path (RFC 5321 section 3.6.3), and who decides (deciders.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from gateway.act.deciders import resolve
from gateway.model.envelope import Address, Recipient
from gateway.model.kept import Held
from gateway.model.message import Arrival
from gateway.policy.guidance import House
from gateway.policy.rules import Policy, System

NOBODY = "nobody (a bounce)"  # as whom letters name a sender who is none
NEVER = frozenset({"NEVER"})


class As(Enum):
    """What a reader is to the message: the words depend on it, and what may be said."""

    SENDER = "sender"
    SYSTEM = "system"  # answers for the system that sent it
    RECIPIENT = "recipient"  # of mail that a system sent on their behalf: neither files nor other recipients are theirs to know
    PERSON = "person"  # whom a rule or an override names


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who gets a letter."""

    mailbox: str
    is_: As


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a message came from, as far as it says who hears of it."""

    sender: Address  # the reverse-path
    certificate: str | None
    client: str  # IP address

    @classmethod
    def of_arrival(cls, arrival: Arrival) -> Origin:
        """Of a message that is being carried."""
        peer = arrival.peer
        return cls(arrival.envelope.reverse_path, peer.certificate, peer.forwarded("ADDR") or peer.address)

    @classmethod
    def of_case(cls, held: Held) -> Origin:
        """Of a message that is kept."""
        return cls(held.envelope.reverse_path, held.certificate, held.client)


def reader_of(recipient: Recipient, origin: Origin, policy: Policy, house: House, at: datetime) -> Reader | None:
    """Who hears what becomes of the copy for this recipient; None: nobody may be told."""
    if origin.sender.is_null or not house.is_ours(origin.sender) or recipient.notify == NEVER:
        return None
    system = policy.system_of(origin.sender.key, origin.certificate, origin.client)
    return Reader(origin.sender.wire, As.SENDER) if system is None else _of_system(system, recipient, policy, house, at)


def grouped(recipients: tuple[Recipient, ...], reader: Callable[[Recipient], Reader | None]) -> dict[Reader, tuple[Recipient, ...]]:
    """Who is to be told, and of whom."""
    found: dict[Reader, tuple[Recipient, ...]] = {}
    for recipient in recipients:
        to = reader(recipient)
        if to is not None:
            found[to] = (*found.get(to, ()), recipient)
    return found


def _of_system(system: System, recipient: Recipient, policy: Policy, house: House, at: datetime) -> Reader | None:
    match system.notices_to:
        case None:
            return None
        case "recipient_if_colleague":
            return Reader(recipient.address.wire, As.RECIPIENT) if house.is_ours(recipient.address) else None
        case "owner":
            name = system.owner
        case other:
            name = other
    return Reader(name if "@" in name else resolve(name, policy, house, (recipient,), at).mailbox, As.SYSTEM)


def addresses(recipients: tuple[Recipient, ...]) -> tuple[str, ...]:
    return tuple(recipient.address.wire for recipient in recipients)
