"""What stays when a message has been carried: cases, mail to send, what was finished of a transaction, what people ask for.

The rows of the database as the rest of the gateway knows them; edges/tables.py has their columns.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gateway.model.decision import Decision
from gateway.model.envelope import Envelope, Recipient
from gateway.model.facts import Declared
from gateway.model.outcome import Ending, Outcome, Reply

Linked = tuple[str, str]  # somebody with a link: the number of the share, Address.key


@dataclass(frozen=True, slots=True)
class Held:
    """One case: a kept message for the recipients whose decision is the same."""

    case: str  # the case number people see: "7KQ-402"
    object_id: str  # of the message in the vault
    message_id: str  # our Arrival.id
    listener: str
    envelope: Envelope  # with the recipients of this case only
    decision: Decision
    state: str  # open | released | refused | ended | expired; refused: by the policy, content still kept; ended: refused by a person
    kept_at: datetime
    answer_by: datetime | None  # after it, `then`
    keep_until: datetime  # after it, the final DSN and deletion
    held_for: str  # a name in `people`, "sender", "postmaster" ...
    pack: str
    pack_version: str
    protocol: str = "ESMTP"
    client: str = ""  # address of the peer, for the Received field of the copy released later
    lifted: tuple[str, ...] = ()
    certificate: str | None = None  # of the peer, as it was shown then: a system is known by it when the case is decided again
    defects: tuple[str, ...] = ()  # DefectNames of the arrival, which the kept octets no longer show
    declared: tuple[Declared, ...] = ()  # what people have said of it since
    ended_at: datetime | None = None
    ended_by: str = ""  # "time", or who decided
    ended_why: str = ""


@dataclass(frozen=True, slots=True)
class Because:
    """Who has done something to a case, and what they said; all of it goes into the audit."""

    by: str
    why: str = ""
    declared: tuple[Declared, ...] = ()
    answers: tuple[tuple[str, str], ...] = ()  # to what an override asks: the question, the answer


@dataclass(frozen=True, slots=True)
class ToSend:
    """Mail that Outgate originates or releases later: a row of the outbox."""

    id: str
    object_id: str  # the octets in the vault, already with their head
    reverse_path: str
    recipients: tuple[Recipient, ...]
    next_hop: str
    kind: str  # notice | code | release | rest
    case: str | None = None  # the case it tells of
    message_id: str = ""
    attempts: int = 0
    next_at: datetime | None = None
    expires_at: datetime | None = None
    smtputf8: bool = False
    ret: str | None = None
    envid: str | None = None
    why: str = ""  # it is still here: what the last attempt was told
    share: str | None = None  # whose link it carries
    is_fresh: bool = True  # with `share`: it is known that nobody was handed that link, so that it can be undone


@dataclass(frozen=True, slots=True)
class Done:
    """What an earlier attempt at the same transaction has already finished for one recipient, and no client has been told for sure."""

    recipient: str  # Address.key
    ending: Ending
    reply: Reply
    case: str | None
    first_at: datetime  # when the first attempt began: partial patience counts from here


@dataclass(frozen=True, slots=True)
class Bundle:
    """Everything that one finished piece of work makes durable, in one commit."""

    outcomes: tuple[Outcome, ...] = ()
    holds: tuple[Held, ...] = ()
    to_send: tuple[ToSend, ...] = ()
    told: frozenset[Linked] = frozenset()  # whom a receipt among `to_send` tells of
    withdrawn: frozenset[str] = frozenset()  # ids of mail to send that this takes the place of ...
    untold: frozenset[Linked] = frozenset()  # ... and whom it would have told of

    @property
    def has_more(self) -> bool:
        """Whether something follows from the outcomes, which must be durable with them."""
        return bool(self.holds or self.to_send or self.told or self.withdrawn or self.untold)


@dataclass(frozen=True, slots=True)
class Intent:
    """What a command or a page asks for; the keeper carries it out."""

    id: str
    kind: str  # release | refuse | redecide | declare
    case: str
    by: str  # who asks
    why: str
    lifts: tuple[str, ...]  # rules whose hold or confirm is lifted; () with release: those that the case is held for
    at: datetime
    state: str = "new"  # new | running | done | failed
    result: str = ""  # what to tell who asked
    declared: tuple[Declared, ...] = ()  # with declare
    answers: tuple[tuple[str, str], ...] = ()  # to what a declared override asks

    @property
    def because(self) -> Because:
        """Who asks, and what they said."""
        return Because(self.by, self.why, self.declared, self.answers)
