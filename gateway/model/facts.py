"""Everything that rules may ask about one recipient of one message. Equal facts give equal decisions.

Facts are evidence before any classification: a changed threshold, marking or trusted domain can be replayed on them. They hold no octet
of the content, no subject and no sample. What is recorded of them is as `redacted` has it (edges/records.py does it over the plain form).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import Enum

from gateway.model.finding import Evidence, Readable
from gateway.model.message import Fixed


class Missing(Enum):
    """Why a fact has no value (DESIGN section 1.4)."""

    ABSENT = "absent"  # does not apply: list facts of an address that is no list of ours
    UNKNOWN = "unknown"  # should be known and is not: it stops what a bad value would stop


ABSENT = Missing.ABSENT
UNKNOWN = Missing.UNKNOWN


@dataclass(frozen=True, slots=True)
class FileFacts:
    """One file: what it weighs, whether it could be read, and what was found in it."""

    id: str
    inside: str | None  # id of the file it is inside; None for an outermost file
    name: str  # the best one; "" when unnamed
    media_type: str  # detected, else declared
    octets: int  # decoded
    wire_octets: int  # what it adds to the message as mail, and what taking it out frees at least; 0 inside another file
    readable: Readable
    evidence: tuple[Evidence, ...] = ()  # without samples
    fixed: Fixed | None = None  # why it cannot be taken out of the message; of a file inside another, that one can
    defects: frozenset[str] = frozenset()  # those of the message that are gone when all files that have them are


@dataclass(frozen=True, slots=True)
class SenderFacts:
    """Who sends, and how we know."""

    address: str  # Address.key; "" is the null reverse-path
    domain: str
    ours: bool  # an allowed peer and a reverse-path in the organisation's domains
    authenticated: bool | Missing = UNKNOWN
    certificate: str | None = None  # subject of the peer's verified client certificate
    peer: str = ""  # IP address of the client
    groups: tuple[tuple[str, bool | Missing], ...] = ()  # every group that was looked up, sorted by name


@dataclass(frozen=True, slots=True)
class Declared:
    """What a person said about this message, recorded: a corrected fact."""

    what: str  # purpose | word | classification | override
    value: str  # the purpose, the word, the classification, the id of the override
    by: str = "sender"  # or a name in `people`
    about: str = ""  # of a classification: the id of a file, or "words"


@dataclass(frozen=True, slots=True)
class MessageFacts:
    """What is the same for every recipient: one object, shared."""

    wire_octets: int
    sender: SenderFacts
    files: tuple[FileFacts, ...] = ()
    words: tuple[Evidence, ...] = ()  # of subject, body, file names, header fields; without samples
    words_readable: Readable = Readable.YES
    defects: frozenset[str] = frozenset()
    sent_as: str | None = None  # microsoft-365 | smime | pgp: the whole message is already inside a protection
    listener: str = ""
    declared: tuple[Declared, ...] = ()
    looked_for: frozenset[str] = frozenset()  # ids of the markings and detectors that were searched: the others are not measured

    @property
    def attachments_octets(self) -> int:
        """The sum of the decoded outermost files: what `attachments` means in limits."""
        return sum(file.octets for file in self.files if file.inside is None)


@dataclass(frozen=True, slots=True)
class ListFacts:
    """The recipient is a distribution list of ours."""

    address: str
    owner: str | None
    members: int | Missing
    external: int | Missing  # members outside the organisation
    uncleared: tuple[tuple[str, int | Missing], ...]  # for each classification somebody was cleared for: how many members are not
    sender_allowed: bool | Missing = True

    def uncleared_for(self, classification: str) -> int | Missing:
        """How many members may not see this classification. Where nobody was cleared, nobody is."""
        return next((count for name, count in self.uncleared if name == classification), self.members)


@dataclass(frozen=True, slots=True)
class Entry:
    """The row of a register that a recipient is in."""

    agreement: str | None = None  # the reference of the agreement
    owner: str | None = None
    review_by: date | None = None
    highest: str | None = None  # the highest classification that the agreement covers


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything about one recipient."""

    message: MessageFacts
    recipient: str  # Address.wire
    address: str  # Address.key
    domain: str
    at: datetime  # aware, UTC, the whole hour: nothing in a pack is finer than a day, and equal facts are shared
    list: ListFacts | Missing = ABSENT
    registers: tuple[tuple[str, Entry | Missing | None], ...] = ()  # every register that was looked up, sorted by name; None: not in it


def redacted(facts: Facts, hashed: Callable[[str], str]) -> Facts:
    """The same facts for the records: `hashed` (keyed) stands for every local-part and file name; domains stay. Decides alike, but for
    what a pack says of single addresses. Declared words stay as they are: they come from the pack's own vocabulary.
    """

    def address(text: str) -> str:
        return mask_address(text, hashed)

    message = facts.message
    files = tuple(replace(file, name=hashed(file.name) if file.name else "") for file in message.files)
    message = replace(message, files=files, sender=replace(message.sender, address=address(message.sender.address)))
    known = facts.list
    if isinstance(known, ListFacts):
        known = replace(known, address=address(known.address), owner=address(known.owner) if known.owner else None)
    rows = tuple(
        (name, replace(row, owner=address(row.owner)) if isinstance(row, Entry) and row.owner else row) for name, row in facts.registers
    )
    return replace(facts, message=message, recipient=address(facts.address), address=address(facts.address), list=known, registers=rows)


def mask_address(text: str, hashed: Callable[[str], str]) -> str:
    """The local-part becomes its hash, the domain stays."""
    local, at, domain = text.rpartition("@")
    return f"{hashed(local)}@{domain}" if at else hashed(text) if text else ""
