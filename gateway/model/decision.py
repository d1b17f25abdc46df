"""What the policy says of one recipient, with every reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum


class Verdict(IntEnum):
    """From mildest to strictest; the strictest of all matching rules wins."""

    RELEASE = 0
    CONFIRM = 1  # kept until the sender acknowledges or declares
    HOLD = 2  # kept until a person decides
    REFUSE = 3

    @property
    def word(self) -> str:
        """The word in packs, JSON and logs."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Reason:
    """One rule that matched and what it asked for."""

    rule: str  # id of the rule, never, or "no_route"
    effect: str  # require | confirm | hold | refuse | notify | stamp | never | no_route
    clause: str = ""  # where it comes from in the source
    text: str = ""  # one sentence for a person
    guidance: str | None = None  # id of the guidance text
    unknown: tuple[str, ...] = ()  # names of the facts that were unknown and that this rests on
    held_for: str | None = None  # who decides: a name in `people`, "sender", "list-owner" ...
    within: timedelta | None = None
    then: str | None = None
    declares: str | None = None  # what a confirm asks the sender to declare
    needs: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Tried:
    """A route that did not serve, and why."""

    route: str
    why_not: str


@dataclass(frozen=True, slots=True)
class Watched:
    """A rule in watch or advise that would have applied."""

    rule: str
    mode: str  # watch | advise
    effect: str = ""
    guidance: str | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """The outcome of the policy for one recipient. Equal decisions may share a copy (plan.py)."""

    recipient: str  # Address.wire
    audiences: tuple[str, ...]
    verdict: Verdict
    route: str | None  # the route when released, and the one that would carry it when kept; None: none serves
    needs: frozenset[str] = frozenset()
    reasons: tuple[Reason, ...] = ()
    routes_tried: tuple[Tried, ...] = ()
    shared_files: tuple[str, ...] = ()  # ids of the files that a share route takes
    carried_by: str | None = None  # the route of the residual of a share
    held_for: str | None = None
    within: timedelta | None = None
    then: str | None = None
    lifted: tuple[str, ...] = ()  # rules that a person or an override lifted
    guidance: tuple[str, ...] = ()  # ids, the most important first
    would_pass_if: tuple[str, ...] = ()  # the nearest changes that would let it pass, as sentences
    watched: tuple[Watched, ...] = ()
    alarm: str | None = None  # a broken `never`: for the operator
    stamps: tuple[tuple[str, str], ...] = ()  # header fields to add

    @property
    def unknown(self) -> tuple[str, ...]:
        """The unknown facts on which this decision rests."""
        return tuple(dict.fromkeys(name for reason in self.reasons for name in reason.unknown))
