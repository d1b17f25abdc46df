"""What people can declare of a message, in the words of a pack, and what they cannot. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gateway.model.facts import Declared, MessageFacts, Missing
from gateway.policy.pack_sheets import unknown_name
from gateway.policy.rules import Override, Policy

SENDER = "sender"


def strange(said: Declared, policy: Policy) -> Iterator[tuple[str, str]]:
    """What the pack does not have: the field of `said`, and a sentence with the way out. Nothing, when it can be declared."""
    known: Iterable[str]
    match said.what:
        case "purpose":
            what, known = "purpose", [*policy.purposes, "other"]
        case "word":
            what, known = "word (no confirm declares it)", words_of(policy)
        case "override":
            what, known = "override", [one.id for one in policy.overrides]
        case _:
            what, known = "classification", policy.ladder.names
    if said.value not in known:
        yield "value", unknown_name(what, said.value, known)
    if said.by not in (SENDER, *policy.ladder.people):
        yield "by", unknown_name("person", said.by, [SENDER, *policy.ladder.people])


def words_of(policy: Policy) -> frozenset[str]:
    """Every word that some confirm asks for."""
    return frozenset(act.declares for rule in policy.rules for act in rule.acts if act.declares not in (None, "purpose"))


def unanswered(override: Override, answers: Iterable[tuple[str, str]]) -> Iterator[str]:
    """What is lacking in the answers to what an override asks, or too much."""
    given = {ask: text.strip() for ask, text in answers}
    missing = [ask for ask in override.asks if not given.get(ask)]
    if missing:
        yield f"the override `{override.id}` asks: {', '.join(missing)}; answer each"
    for ask in given:
        if ask not in override.asks:
            yield unknown_name("question", ask, override.asks)


def why_not_accepted(override: Override, message: MessageFacts) -> str:
    """Why an override has lifted nothing, as a sentence: its sender may not use it, or there was nothing to lift."""
    states = [dict(message.sender.groups).get(name) for name in sorted(override.who)]
    who = " or ".join(sorted(override.who))
    if True in states:
        return f"the override `{override.id}` lifts nothing here: no rule that it names keeps this message"
    if any(isinstance(state, Missing) for state in states):
        return f"the override `{override.id}` is for {who}, and it is not known whether {message.sender.address} is one of them"
    return f"the override `{override.id}` is for {who}, and {message.sender.address} is none of them"


def why_not_believed(said: Declared, message: MessageFacts, policy: Policy) -> str:
    """Why a classification that was declared counts for nothing, as a sentence; "" when it counts. `message` has it by the ids of files."""
    if said.what != "classification" or said.by in policy.ladder.people:
        return ""
    wanted, levels = policy.ladder.names.index(said.value), policy.ladder.each_file(message)
    same = [one for one in message.declared if (one.what, one.value, one.by) == (said.what, said.value, said.by)]
    found = [policy.ladder.words(message) if one.about == "words" else levels[one.about] for one in same if one.about in (*levels, "words")]
    if all(level.top == wanted for level in found):
        return ""
    what = "the words are" if said.about == "words" else f"`{said.about}` is"
    who = ", ".join(sorted(policy.ladder.people))
    return f"the sender can say what a file is that nobody has marked, but {what} more than that: who may correct it is {who} (--as)"


def with_new(before: tuple[Declared, ...], new: tuple[Declared, ...]) -> tuple[Declared, ...]:
    """What is declared in all. There is one purpose, and one classification of each thing: the latest."""
    latest = {(said.what, said.about) for said in new if said.what in ("purpose", "classification")}
    return tuple(dict.fromkeys((*(said for said in before if (said.what, said.about) not in latest), *new)))
