"""What if: a scenario file, and what `explain` then supposes of the world. Pure; every mistake is a Problem with its place.

A scenario says what is not in the message: the day, the sender's groups, the peer, what people have said of the message, which routes
cannot serve, and what partners, lists and limits say. The message and its recipients stay what they are. Decided by the same code as mail.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from typing import Any

from pydantic import Field

from gateway.errors import BadInput, Problem
from gateway.gather import WORDS
from gateway.model.facts import UNKNOWN, Declared, MessageFacts
from gateway.model.finding import Findings
from gateway.pipeline import Beside
from gateway.policy.declared import SENDER, strange
from gateway.policy.pack_sheets import part_of, unknown_name
from gateway.policy.pack_words import Day, FileName, Name, Part
from gateway.policy.pack_yaml import Path, Sheet, read
from gateway.policy.places import Places
from gateway.policy.rules import Policy
from gateway.policy.view import Mail
from gateway.studio.specimen import SaidRow, declared_places, is_ip


class CorrectedRow(Part):
    of: str  # the name of a file or its number as explain shows it; or `words`
    is_: Name = Field(alias="is")
    by: Name = "sender"


class ScenarioPart(SaidRow):
    """The whole vocabulary of a scenario. What is not said is as it is."""

    at: Day | None = None
    corrected: list[CorrectedRow] = Field(default=[])
    lifted: list[Name] = Field(default=[])  # rules that a person has released
    unusable: list[Name] = Field(default=[])  # routes that have proved unable to serve
    files: dict[FileName, Any] = Field(default={})  # written as the pack's own, in whose place they stand; or `stale`


@dataclass(frozen=True, slots=True)
class Scenario:
    """A scenario file, read."""

    part: ScenarioPart
    sheet: Sheet

    @property
    def instead(self) -> Mapping[str, Sheet]:
        """What is supposed of files beside pack.yaml, for load_pack."""
        return {name: self.sheet.below(("files", name)) for name in self.part.files}

    @property
    def at(self) -> datetime | None:
        """Noon of the day; nothing in a pack is finer than a day."""
        return None if self.part.at is None else datetime.combine(self.part.at, time(12), UTC)

    @property
    def as_json(self) -> dict[str, Any]:
        """As it was written."""
        return dict(self.sheet.value or {})

    def beside(self, policy: Policy) -> Beside:
        """What is then known beside the message.

        Raises:
            BadInput: it speaks of what the pack does not have.
        """
        part = self.part
        problems = tuple(self._unknown(policy))
        if problems:
            raise BadInput(problems)
        authenticated = UNKNOWN if part.authenticated is None else part.authenticated
        return Beside(tuple(said for said, _ in self._declared()), frozenset(part.lifted), frozenset(part.unusable), authenticated)

    def known_groups(self, policy: Policy, sender: str) -> Policy:
        """The policy where this sender (Address.key) is in the named groups, and in no other group of the directory."""
        named = self.part.sender_groups
        if named == "unknown" or "sender_groups" not in self.part.model_fields_set:
            return policy
        them: Places[bool] = Places.of([(sender, True)])
        nobody: Places[bool] = Places.of(())
        groups = {name: them if name in named else nobody if known is None else known for name, known in policy.snapshot.groups.items()}
        return replace(policy, snapshot=replace(policy.snapshot, groups=groups))

    def not_in_message(self, abouts: Iterable[str]) -> BadInput:
        """The error of corrections that are about files which the message does not have."""
        names = [one.of for one in self.part.corrected]
        return BadInput(
            tuple(self._wrong(("corrected", names.index(about), "of"), f"the message has no file `{about}`") for about in abouts)
        )

    def in_vain(self, findings: Findings, message: MessageFacts, policy: Policy) -> tuple[Problem, ...]:
        """A warning for each correction by the sender that nobody believes: they can say what a file is that nobody has marked."""
        mail = Mail(policy, message)
        levels = mail.each_file(policy)
        people = " or ".join(sorted(policy.ladder.people))
        by_others = {one.of for one in self.part.corrected if one.by != SENDER}
        found = []
        for index, one in enumerate(self.part.corrected):
            about = [mail.words] if one.of == WORDS else [levels[file.id] for file in findings.files if one.of in (file.id, *file.names)]
            left = [policy.ladder.name(level.top) for level in about if policy.ladder.name(level.top) != one.is_]
            if left and one.by == SENDER and one.of not in by_others:
                says = f"`{one.of}` stays {left[0]}: a sender can say only what nobody has marked; suppose it `by:` {people}"
                found.append(self.sheet.at(("corrected", index), says, severity="warning"))
        return tuple(found)

    def _unknown(self, policy: Policy) -> Iterable[Problem]:
        part = self.part
        for said, places in self._declared():
            yield from (self._wrong(places[field], says) for field, says in strange(said, policy))
        yield from self._names("rule", part.lifted, [rule.id for rule in policy.rules], "lifted")
        yield from self._names("route", part.unusable, [route.name for route in policy.routes], "unusable")
        if part.sender_groups != "unknown":
            yield from self._names("group", part.sender_groups, policy.snapshot.groups, "sender_groups")
        if not is_ip(part.peer):
            yield self._wrong(("peer",), f"`{part.peer}` is no IP address; write 10.20.30.4")

    def _declared(self) -> Iterable[tuple[Declared, dict[str, Path]]]:
        """All that is declared, and where each of its fields stands."""
        yield from ((said, {"value": path}) for said, path in declared_places(self.part))
        for index, one in enumerate(self.part.corrected):
            place: Path = ("corrected", index)
            yield Declared("classification", one.is_, one.by, one.of), {"value": (*place, "is"), "by": (*place, "by")}

    def _names(self, what: str, names: list[str], known: Iterable[str], key: str) -> Iterable[Problem]:
        there = list(known)
        yield from (self._wrong((key, index), unknown_name(what, name, there)) for index, name in enumerate(names) if name not in there)

    def _wrong(self, path: Path, says: str) -> Problem:
        return self.sheet.at(path, says)


def read_scenario(name: str, data: bytes) -> Scenario:
    """A scenario file, by the name it was given.

    Raises:
        BadInput: with a Problem for everything that is wrong in it by itself; what it says of a pack is looked at in `beside`.
    """
    sheet = read(name, data)
    part = part_of(ScenarioPart, sheet)
    if part is None:
        raise BadInput(tuple(sheet.problems))
    return Scenario(part, sheet)
