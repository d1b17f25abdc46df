"""Conditions to closures: each takes a View and gives True, False, UNKNOWN or ABSENT. Pure.

This is the whole vocabulary of `when`, `unless` and `facts`. Compiled once for each policy; a name that is not here cannot be asked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gateway.model.facts import ABSENT, UNKNOWN, ListFacts, Missing
from gateway.model.finding import EvidenceKind, Readable
from gateway.policy.classify import KINDS, NOTHING, Levels
from gateway.policy.rules import Ask
from gateway.policy.view import State, View, any_of, negated

Condition = Callable[[View], State]


def compiled(ask: Ask) -> Condition:
    """The closure that answers one Ask."""
    return _MAKERS[ask.fact](ask.how, ask.value)


def named(ask: Ask) -> str:
    """What is named when this fact was unknown."""
    if isinstance(ask.value, frozenset):
        return f"{ask.fact} ({', '.join(sorted(map(str, ask.value)))})"
    return ask.fact


def _audience(how: str, value: Any) -> Condition:
    names = tuple(sorted(value))
    if how == "none":
        return lambda view: negated(any_of([view.audiences[name] for name in names]))
    if len(names) == 1:
        name = names[0]
        return lambda view: view.audiences[name]
    return lambda view: any_of([view.audiences[name] for name in names])


_LEVELS: dict[str, Callable[[View], Levels]] = {
    "files": lambda view: view.mail.files,
    "words": lambda view: view.mail.words,
    "any": lambda view: view.mail.all,
}


def _classification(how: str, value: Any) -> Condition:
    of, level, because = value
    levels_of = _LEVELS[of]
    if how == "above_agreement":
        return lambda view: _above_agreement(view, levels_of(view))
    kinds = tuple(index for index, kind in enumerate(KINDS) if because is None or kind.value in because)
    every = len(kinds) == len(KINDS)

    def at_least(view: View) -> State:
        levels = levels_of(view)
        if levels is NOTHING:
            return ABSENT
        if not levels.unknown:
            return bool((levels.top if every else max([levels.by_kind[index] for index in kinds], default=-1)) >= level)
        return True if max([levels.certain[index] for index in kinds], default=-1) >= level else UNKNOWN

    return at_least if how == "at_least" else lambda view: negated(at_least(view))


def _above_agreement(view: View, levels: Levels) -> State:
    agreed = view.agreed_level
    if levels is NOTHING or agreed is ABSENT:
        return ABSENT
    if isinstance(agreed, Missing):
        return UNKNOWN
    if levels.unknown:
        return True if max(levels.certain) > agreed else UNKNOWN
    return bool(levels.top > agreed)


def _category(_: str, value: Any) -> Condition:
    def category(view: View) -> State:
        levels = view.mail.all
        return True if levels.categories & value else UNKNOWN if levels.unknown else False

    return category


def _attachments(how: str, value: Any) -> Condition:
    if how == "above":
        return lambda view: view.mail.attachments_octets > value
    return lambda view: view.mail.attachments_octets <= value


def _message(how: str, value: Any) -> Condition:
    if how == "above":
        return lambda view: view.facts.message.wire_octets > value
    return lambda view: view.facts.message.wire_octets <= value


def _files(_: str, value: Any) -> Condition:
    return lambda view: sum(file.inside is None for file in view.facts.message.files) >= value


def _of_list(ask: Callable[[View, ListFacts, Any], State]) -> Callable[[str, Any], Condition]:
    def make(_: str, value: Any) -> Condition:
        def condition(view: View) -> State:
            known = view.facts.list
            return known if isinstance(known, Missing) else ask(view, known, value)

        return condition

    return make


def _uncleared(view: View, known: ListFacts, at_least: Any) -> State:
    """How many members are not cleared for this message. Who is cleared for more is cleared for less; everybody for the least."""
    levels, names = view.mail.all, view.policy.ladder.names
    if levels.unknown:
        return UNKNOWN
    if levels.top <= 0:
        return bool(at_least <= 0)
    counts = [known.uncleared_for(name) for name in names[levels.top :]]
    if any(not isinstance(count, Missing) and count < at_least for count in counts):
        return False
    return UNKNOWN if UNKNOWN in counts else True


def _reaches(count: int | Missing, at_least: int) -> State:
    return count if isinstance(count, Missing) else count >= at_least


def _sender(how: str, value: Any) -> Condition:
    match how:
        case "ours":
            return lambda view: view.facts.message.sender.ours is value
        case "authenticated":
            return lambda view: _is(view.facts.message.sender.authenticated, value)
        case _:
            return lambda view: value.find(view.facts.message.sender.address, view.facts.message.sender.domain) is not None


def _is(state: State, value: object) -> State:
    return state if isinstance(state, Missing) else state is value


def _system(_: str, value: Any) -> Condition:
    def system(view: View) -> State:
        found = view.mail.system
        return ABSENT if found is None else found.name in value

    return system


def _agreement(_: str, value: Any) -> Condition:
    def agreement(view: View) -> State:
        found = view.agreement
        return found if isinstance(found, Missing) else found in value

    return agreement


def _sent_as(_: str, value: Any) -> Condition:
    def sent_as(view: View) -> State:
        found = view.mail.sent_as
        return found if isinstance(found, Missing) else ABSENT if found is None else found in value

    return sent_as


def _unreadable(_: str, value: Any) -> Condition:
    def unreadable(view: View) -> State:
        message = view.facts.message
        return message.words_readable.value in value or any(file.readable.value in value for file in message.files)

    return unreadable


def _found(_: str, value: Any) -> Condition:
    """What a detector found in one file or in the words. What has a kind of unreadable that the pack names has nothing in it."""
    detector, at_least, of = value

    def found(view: View) -> State:
        message, ladder = view.facts.message, view.policy.ladder
        looked = [] if of == "files" else [(message.words, message.words_readable)]
        looked += [] if of == "words" else [(file.evidence, file.readable) for file in message.files]
        for evidence, _ in looked:
            if any(item.kind is EvidenceKind.DETECTOR and item.id == detector and item.count >= at_least for item in evidence):
                return True
        if any(readable is not Readable.YES and readable.value not in ladder.unreadable for _, readable in looked):
            return UNKNOWN
        if message.looked_for is ladder.looks_for:
            return False
        wanted = next((name for name in ladder.looks_for if name.partition("~")[0] == detector), detector)
        return False if wanted in message.looked_for else UNKNOWN

    return found


_MAKERS: dict[str, Callable[[str, Any], Condition]] = {
    "audience": _audience,
    "classification": _classification,
    "category": _category,
    "attachments": _attachments,
    "message": _message,
    "files": _files,
    "list.uncleared_members": _of_list(_uncleared),
    "list.external_members": _of_list(lambda _, known, at_least: _reaches(known.external, at_least)),
    "list.members": _of_list(lambda _, known, at_least: _reaches(known.members, at_least)),
    "list.sender_allowed": _of_list(lambda _, known, value: _is(known.sender_allowed, value)),
    "sender": _sender,
    "sender_group": lambda _, value: lambda view: view.mail.in_group(value),
    "recipient_domain": lambda _, value: lambda view: value.find("", view.facts.domain) is not None,
    "system": _system,
    "purpose": lambda _, value: lambda view: any_of([view.purpose(name) for name in value]),
    "declared": lambda _, value: lambda view: any(("word", word) in view.mail.said for word in value),
    "agreement": _agreement,
    "sent_as": _sent_as,
    "defects": lambda _, value: lambda view: not view.facts.message.defects.isdisjoint(value),
    "unreadable": _unreadable,
    "found": _found,
}
