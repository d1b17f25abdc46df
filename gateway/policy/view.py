"""Facts as a policy sees them: audiences, levels, systems, purposes. Pure; made for each decision, thrown away after it.

A state is True, False, UNKNOWN or ABSENT. What concerns the whole message is worked out once and shared by its recipients (`Mail`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Final

from gateway.model.facts import ABSENT, UNKNOWN, Entry, Facts, MessageFacts, Missing
from gateway.policy.classify import NOTHING, Ladder, Levels, together
from gateway.policy.rules import Audience, Policy, System

State = bool | Missing


def any_of(states: Iterable[State]) -> State:
    """True when one is, else UNKNOWN when one is, else False. ABSENT counts as False."""
    found: State = False
    for state in states:
        if state is True:
            return True
        if state is UNKNOWN:
            found = UNKNOWN
    return found


def negated(state: State) -> State:
    """UNKNOWN and ABSENT stay what they are."""
    return state if isinstance(state, Missing) else not state


class Mail:
    """What a policy makes of a message, for all its recipients."""

    __slots__ = ("all", "attachments_octets", "files", "groups", "message", "said", "sent_as", "system", "words")

    system: System | None
    files: Levels
    words: Levels
    sent_as: str | Missing | None
    groups: dict[str, State]
    said: frozenset[tuple[str, str]]

    def __init__(self, policy: Policy, message: MessageFacts, of: Mail | None = None, known: Mapping[str, Levels] | None = None) -> None:
        """`of`: the mail that this is a part of, which has the same words, with what each of its files is by id (`known`)."""
        self.message: Final = message
        sender = message.sender
        if of is not None and known is not None:
            self.system, self.words, self.sent_as, self.groups, self.said = of.system, of.words, of.sent_as, of.groups, of.said
            self.files = together([known[file.id] for file in message.files])
        else:
            self.system = policy.system_of(sender.address, sender.certificate, sender.peer) if policy.systems else None
            unmarked = self.system.unmarked_files if self.system is not None else None
            self.files = policy.ladder.files(message, unmarked) if message.files else NOTHING
            self.words = policy.ladder.words(message)
            self.sent_as = _sent_as(message, self.words, policy.ladder)
            self.groups = dict(message.sender.groups)
            self.said = frozenset((item.what, item.value) for item in message.declared if item.what != "classification")
        self.all: Final[Levels] = self.words.joined(self.files)
        self.attachments_octets: Final = message.attachments_octets

    def each_file(self, policy: Policy) -> dict[str, Levels]:
        """Every file by its id, as `files` has them together."""
        return policy.ladder.each_file(self.message, self.system.unmarked_files if self.system is not None else None)

    def in_group(self, names: Iterable[str]) -> State:
        """Whether the sender is in any of these groups; one that was not looked up is unknown."""
        return any_of(self.groups.get(name, UNKNOWN) for name in names)


class View:
    """What a policy makes of one recipient."""

    __slots__ = ("audiences", "day", "facts", "mail", "policy", "registers")

    def __init__(self, policy: Policy, facts: Facts, mail: Mail, like: View | None = None) -> None:
        self.policy: Final = policy
        self.facts: Final = facts
        self.mail: Final = mail
        self.day: Final[date] = facts.at.date()
        self.registers: Final[dict[str, Entry | Missing | None]] = dict(facts.registers) if like is None else like.registers
        self.audiences: Final[dict[str, State]] = {} if like is None else like.audiences
        if like is None:
            for audience in policy.audiences:
                self.audiences[audience.name] = self._is_in(audience)

    def of(self, mail: Mail) -> View:
        """The same recipient of another mail: of a part of this one."""
        return View(self.policy, replace(self.facts, message=mail.message), mail, self)

    def in_register(self, name: str) -> State:
        """Whether the recipient is in a register; one that was not looked up is unknown."""
        row = self.registers.get(name, UNKNOWN)
        return row if isinstance(row, Missing) else row is not None

    def purpose(self, name: str) -> State:
        """Whether the mail is for this purpose: the sender said so, or has it by being who they are. Nobody said: unknown."""
        said = self.mail.said
        if ("purpose", name) in said:
            return True
        by_group = self.mail.in_group(self.policy.purposes.get(name, ()))
        if by_group is False and any(what == "purpose" for what, _ in said):
            return False
        return True if by_group is True else UNKNOWN

    @property
    def agreement(self) -> str | Missing:
        """current, lapsed or none; absent for a recipient of ours."""
        if self.facts.domain in self.policy.snapshot.own_domains:
            return ABSENT
        rows = self._rows()
        agreed = [row for row in rows if isinstance(row, Entry) and row.agreement is not None]
        if any(map(self._is_current, agreed)):
            return "current"
        return UNKNOWN if UNKNOWN in rows else "lapsed" if agreed else "none"

    @property
    def agreed_level(self) -> int | Missing:
        """The highest classification that a current agreement with the recipient covers, else a lapsed one; absent without any."""
        rows = self._rows()
        if UNKNOWN in rows:
            return UNKNOWN
        names = self.policy.ladder.names
        agreed = [row for row in rows if isinstance(row, Entry) and row.agreement is not None]
        # What has lapsed covers nothing beside what is current; alone, it is what `agreement: lapsed` asks about.
        highest = [row.highest for row in [row for row in agreed if self._is_current(row)] or agreed]
        if any(name not in names for name in highest):
            return UNKNOWN  # the agreement speaks of a classification that the pack does not have
        return max((names.index(name) for name in highest if name is not None), default=ABSENT)

    def _is_current(self, row: Entry) -> bool:
        return row.review_by is None or row.review_by >= self.day

    def _rows(self) -> tuple[Entry | Missing | None, ...]:
        return tuple(self.registers.get(name, UNKNOWN) for name in self.policy.snapshot.registers)

    def _is_in(self, audience: Audience) -> State:
        state: State = True
        if audience.domains is not None or audience.register is not None:
            state = audience.domains is not None and audience.domains.find(self.facts.address, self.facts.domain) is not None
            if state is False and audience.register is not None:
                state = self.in_register(audience.register)
        if state is not False and audience.except_register is not None:
            state = both(state, negated(self.in_register(audience.except_register)))
        for name in audience.not_in:
            if state is False:
                break
            state = both(state, negated(self.audiences[name]))
        return state


def both(one: State, other: State) -> State:
    """True when both are, False when one is not, else UNKNOWN."""
    return negated(any_of((negated(one), negated(other))))


def _sent_as(message: MessageFacts, words: Levels, ladder: Ladder) -> str | Missing | None:
    """How the whole message is protected. Subject and covering words travel in clear: where they are more than unmarked, it is not.

    Nor is it where something can be read inside of the envelope.
    """
    if message.sent_as is None or words.top > ladder.unmarked_words or ladder.shown(message) > ladder.unmarked_files:
        return None
    return UNKNOWN if words.unknown else message.sent_as
