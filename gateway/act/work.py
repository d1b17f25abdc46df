"""What the steps of one message share while they are carried out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from gateway.model.decision import Decision
from gateway.model.envelope import Recipient
from gateway.model.facts import Facts
from gateway.model.finding import Findings
from gateway.model.message import Arrival, Message
from gateway.model.outcome import Outcome, Plan
from gateway.policy.guidance import House
from gateway.policy.rules import Policy
from gateway.ports import Transaction


@dataclass(frozen=True, slots=True)
class Work:
    """One message under its transaction. Frozen but for `progress`, which the answer at the deadline looks into."""

    arrival: Arrival
    message: Message | None  # None: never understood, held as poison
    findings: Findings | None
    facts: Mapping[str, Facts]  # by Address.wire
    policy: Policy
    house: House
    transaction: Transaction
    each: bool  # LMTP: every recipient has a reply of its own
    ours: bool  # the reverse-path is in the organisation's domains
    at: datetime
    keep_seconds: float
    patience_seconds: float
    again: Callable[[Recipient, frozenset[str]], Decision]  # decide once more, these routes being unusable
    regroup: Callable[[tuple[Decision, ...], tuple[Recipient, ...]], Plan]
    trigger_headers: frozenset[str]  # names, lower-case, that users may not set
    progress: dict[str, Outcome] = field(default_factory=dict)  # by Address.key; what is safe to answer already

    @property
    def notifiable(self) -> bool:
        """Whether the sender may be told anything at all: a notice to a foreign or null sender would be backscatter."""
        return self.ours and not self.arrival.envelope.reverse_path.is_null

    def may_tell(self, recipients: tuple[Recipient, ...]) -> bool:
        """Whether the sender may be told of these: NOTIFY=NEVER forbids it (RFC 3461 section 4.1)."""
        return self.notifiable and any(recipient.notify != frozenset({"NEVER"}) for recipient in recipients)
