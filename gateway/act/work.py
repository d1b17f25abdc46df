"""What the steps of one message share while they are carried out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from gateway.act.copies import stamps_of
from gateway.act.going import Going
from gateway.act.readers import NEVER, Origin, Reader, reader_of
from gateway.errors import OutgateError, TryLater
from gateway.model.decision import Decision
from gateway.model.envelope import Recipient
from gateway.model.facts import MessageFacts
from gateway.model.finding import Findings
from gateway.model.message import Arrival, Message
from gateway.model.outcome import Ending, Outcome, Plan, Reply, Step
from gateway.policy.guidance import House
from gateway.policy.rules import Policy
from gateway.policy.wording import Others
from gateway.ports.journal import Transaction

NO_TIME = "4.4.7"  # RFC 3463: delivery time expired
_STOPPED = (Ending.KEPT, Ending.REFUSED, Ending.REJECTED, Ending.BOUNCED)
FULL = "4.3.1"  # RFC 3463: mail system full; its reply code is 452 (RFC 5321 section 4.2.3)


@dataclass(frozen=True, slots=True)
class Work:
    """One message under its transaction. Frozen but for `progress`, which the answer at the deadline looks into."""

    arrival: Arrival
    message: Message | None  # None: never understood, held as poison
    findings: Findings | None
    facts: MessageFacts | None
    policy: Policy
    house: House
    transaction: Transaction
    name: bytes  # of the transaction: what a retry has in common with this attempt, if anything has
    each: bool  # LMTP: every recipient has a reply of its own
    ours: bool  # the reverse-path is in the organisation's domains
    at: datetime
    keep_seconds: float
    patience_seconds: float
    again: Callable[[Recipient, frozenset[str]], Decision]  # decide once more, these routes being unusable
    regroup: Callable[[tuple[Decision, ...], tuple[Recipient, ...]], Plan]
    trigger_headers: frozenset[str]  # names, lower-case, that users may not set
    on_bug: Callable[[Exception], None]  # an error of ours after something irreversible may have happened
    head: Callable[[], bytes]  # what stands above every copy: our Received field
    progress: dict[str, Outcome] = field(default_factory=dict)  # by Address.key; what is safe to answer already

    @property
    def reserved(self) -> frozenset[str]:
        """Names, lower-case, of the header fields that only we may set."""
        return self.trigger_headers | stamps_of(self.policy)

    @property
    def going(self) -> Going:
        """The message whose files go by link. It was understood: nobody decides that of what nobody has read."""
        assert self.message is not None and self.findings is not None  # noqa: S101, PT018 - see above
        return Going(
            name=self.name,
            message_id=self.arrival.id,
            envelope=self.arrival.envelope,
            content=self.arrival.content,
            message=self.message,
            findings=self.findings,
            policy=self.policy,
            house=self.house,
            head=self.head(),
            reserved=self.reserved,
            deadline=self.arrival.deadline,
            reader=self.reader,
        )

    def reader(self, recipient: Recipient) -> Reader | None:
        """Who is told what becomes of the copy for this one; None: nobody may be."""
        return reader_of(recipient, Origin.of_arrival(self.arrival), self.policy, self.house, self.at)

    def may_report(self, recipient: Recipient) -> bool:
        """Whether the reverse-path may get a report that this one's copy failed: never backscatter, nor against NOTIFY=NEVER."""
        return self.ours and not self.arrival.envelope.reverse_path.is_null and recipient.notify != NEVER

    @property
    def total(self) -> int:
        """How many people the sender wrote to, as far as this transaction says: a mailbox named twice is one."""
        return len({recipient.address.key for recipient in self.arrival.envelope.recipients})

    @property
    def reached_before(self) -> frozenset[str]:
        """Which of them (Address.key) an earlier attempt has reached."""
        return frozenset(key for key, done in self.transaction.done.items() if done.ending is Ending.DELIVERED)

    @property
    def stopped_before(self) -> frozenset[str]:
        """Which of them are known not to get it as it is: kept, refused, or turned away by their own server."""
        endings = {key: done.ending for key, done in self.transaction.done.items()}
        endings |= {key: outcome.ending for key, outcome in self.progress.items()}
        return frozenset(key for key, ending in endings.items() if ending in _STOPPED)

    def others(self, step: Step, going: frozenset[str], stopped: frozenset[str]) -> Others:
        """What becomes of the copies for those who are not in this step, by Address.key. Of whom no word is wanted, none is said."""
        mine = {recipient.address.key for recipient in step.recipients}
        rest = {one.address.key: one.address.wire for one in self.arrival.envelope.recipients if one.notify != NEVER}
        return Others(
            tuple(wire for key, wire in rest.items() if key in going - mine),
            tuple(wire for key, wire in rest.items() if key in (stopped | self.stopped_before) - going - mine),
        )


def put_off(recipient: Recipient, why: OutgateError | str = "4.3.0") -> Outcome:
    """Nothing happened for this recipient; the mail waits upstream. `why`: what could not be done, or an enhanced status code."""
    status = why.status if isinstance(why, TryLater) else why if isinstance(why, str) else "4.3.0"
    return Outcome(recipient, Ending.DEFERRED, Reply(452 if status == FULL else 451, status, "try again later"))
