"""What is to be done (Plan), what came of it (Outcome), and what the client hears (Reply)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from gateway.model.decision import Decision, Verdict
from gateway.model.envelope import Recipient
from gateway.model.message import Content


@dataclass(frozen=True, slots=True)
class Reply:
    """An SMTP reply: `550 5.7.1 text`. The text is ASCII, one line, no line ends, at most 400 octets."""

    code: int
    status: str  # enhanced status code, RFC 3463
    text: str

    @property
    def is_success(self) -> bool:
        """2yz."""
        return 200 <= self.code < 300

    @property
    def is_permanent(self) -> bool:
        """5yz."""
        return self.code >= 500

    def __str__(self) -> str:
        return f"{self.code} {self.status} {self.text}"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do for recipients who get the same. INVARIANT: every recipient is in exactly one step."""

    verdict: Verdict
    route: str | None
    decisions: tuple[Decision, ...]  # one for each of `recipients`, same order
    recipients: tuple[Recipient, ...]

    @property
    def is_share(self) -> bool:
        """Whether files go by link: then something else carries the rest."""
        return self.decisions[0].carried_by is not None


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps in the order in which they are done: what can be undone first, hand-overs last."""

    steps: tuple[Step, ...]


class Ending(StrEnum):
    """How it ended for one recipient."""

    DELIVERED = "delivered"  # the next hop said 2yz
    KEPT = "kept"  # durably held
    REFUSED = "refused"  # by policy, with a notice handed to the outbox
    REJECTED = "rejected"  # 5yz to the client; nothing kept
    BOUNCED = "bounced"  # the hop refused for good, and a DSN of ours tells the sender
    QUEUED = "queued"  # handed to our outbox: patience is over
    DEFERRED = "deferred"  # 4yz: try again

    @property
    def is_final(self) -> bool:
        """Whether a retry must not do it again."""
        return self not in (Ending.DEFERRED, Ending.REJECTED)


@dataclass(frozen=True, slots=True)
class Outcome:
    """Exactly one for each recipient."""

    recipient: Recipient
    ending: Ending
    reply: Reply  # what this recipient's LMTP reply is
    route: str | None = None
    case: str | None = None  # the case number people see: "7KQ-402"
    certain: bool = True  # False: the final dot was sent and no answer came; a retry may duplicate


class Splice(NamedTuple):
    """Octets of the content from `start` up to `end`, and what stands instead of them: all else is sent as it came."""

    start: int
    end: int
    octets: bytes = b""


@dataclass(frozen=True, slots=True)
class Copy:
    """What is handed to a next hop: `head` and then the content, octet for octet but for `splices`."""

    reverse_path: str  # wire text without angle brackets
    recipients: tuple[Recipient, ...]
    head: bytes  # our Received field and any stamps, CRLF line ends
    content: Content
    eight_bit: bool  # the message has octets over 127
    smtputf8: bool
    ret: str | None = None
    envid: str | None = None
    splices: tuple[Splice, ...] = ()  # sorted, disjoint


@dataclass(frozen=True, slots=True)
class Answer:
    """What the listener says at the end of a message, and whom it tells how that went."""

    replies: tuple[Reply, ...]  # one (SMTP) or one for each recipient (LMTP)
    # Called exactly once. True: a 2yz or 5yz was written and the client then sent a command or closed in order; False: it may not know.
    confirm: Callable[[bool], None] | None = None
    details: Mapping[str, object] = field(default_factory=dict)  # for the log: outcomes, cases
