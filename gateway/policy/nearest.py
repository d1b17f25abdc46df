"""What would let a stopped message pass: the nearest changes. Pure.

Each is decided again on changed facts, so that what is said to pass really passes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import combinations

from gateway.mime.sizes import MB, PART_OVERHEAD_OCTETS, encoded_octets, human, largest_decoded
from gateway.model.decision import Decision, Verdict
from gateway.model.facts import Declared, Facts, FileFacts, MessageFacts
from gateway.model.finding import Readable
from gateway.policy.evaluate import compile_policy
from gateway.policy.halves import without
from gateway.policy.routes import Way
from gateway.policy.rules import Policy

MOST_FILES = 12  # beyond, files are no longer tried one by one
MOST_WAYS = 4  # as many as a person reads

Again = Callable[[Facts], Decision]


def nearest(decision: Decision, facts: Facts, policy: Policy, again: Again) -> Decision:
    """The decision with `would_pass_if` filled in."""
    found = []
    for says, changed in _changes(decision, facts, policy, again):
        if again(changed).verdict is Verdict.RELEASE:
            found.append(says)
            if len(found) == MOST_WAYS:
                break
    return replace(decision, would_pass_if=tuple(found)) if found else decision


def _changes(decision: Decision, facts: Facts, policy: Policy, again: Again) -> Iterator[tuple[str, Facts]]:
    yield from _without_files(facts, again)
    yield from _smaller(facts, policy)
    yield from _marked(facts, policy)
    yield from _declared(decision, facts, policy)
    yield from _overridden(facts, policy)


def _without_files(facts: Facts, again: Again) -> Iterator[tuple[str, Facts]]:
    """The fewest files left out, the smallest first; nothing when no single file or pair of files is enough."""
    outermost = [file for file in facts.message.files if file.inside is None]
    if not outermost or len(outermost) > MOST_FILES:
        return
    for count in (1, 2) if len(outermost) > 2 else (1,):
        passing = []
        for files in combinations(sorted(outermost, key=lambda file: (file.octets, file.id)), count):
            changed = _with_message(facts, without(facts.message, [file.id for file in files]))
            if again(changed).verdict is Verdict.RELEASE:
                passing.append((f"send it without {' and '.join(f'{_name(file)} ({human(file.octets)})' for file in files)}", changed))
        yield from passing[:2]
        if passing:
            return


def _smaller(facts: Facts, policy: Policy) -> Iterator[tuple[str, Facts]]:
    """The same files, only smaller: the largest sum that a route takes which now fails by size."""
    compiled = compile_policy(policy)
    view = compiled.view(facts)
    sums = {_sum_that_fits(way, facts.message, way.message_limit(view)[0]) for way in compiled.ways if _carries(way) and way.fits(view)}
    for octets in sorted(sums, reverse=True):
        if octets > 0:
            yield f"files of up to {human(octets)} together", _with_message(facts, _shrunk(facts.message, octets))


def _carries(way: Way) -> bool:
    """Whether it carries files in the mail; what goes by a link need not be smaller."""
    return not way.route.closed and way.route.kind != "share"


def _sum_that_fits(way: Way, message: MessageFacts, wire_limit: int | None) -> int:
    """In whole tenths of a MB, since that is what we say."""
    most = way.route.attachments_limit
    if wire_limit is not None:
        files = [file for file in message.files if file.inside is None]
        words = message.wire_octets - sum(file.wire_octets for file in files)
        # Each file has a last line and a last group of its own: 82 octets at most.
        decoded = largest_decoded(wire_limit, words + (PART_OVERHEAD_OCTETS + 82) * len(files))
        most = decoded if most is None else min(most, decoded)
    return (most or 0) * 10 // MB * MB // 10


def _shrunk(message: MessageFacts, octets: int) -> MessageFacts:
    """As if the outermost files weighed `octets` together."""
    outermost = [file for file in message.files if file.inside is None]
    share, rest = divmod(octets, max(1, len(outermost)))
    size = {file.id: share + (rest if index == 0 else 0) for index, file in enumerate(outermost)}
    files = tuple(
        replace(file, octets=size[file.id], wire_octets=encoded_octets(size[file.id]) + PART_OVERHEAD_OCTETS) if file.id in size else file
        for file in message.files
    )
    change = sum(new.wire_octets - old.wire_octets for new, old in zip(files, message.files, strict=True))
    return replace(message, files=files, wire_octets=message.wire_octets + change)


def _marked(facts: Facts, policy: Policy) -> Iterator[tuple[str, Facts]]:
    """Files that nobody has marked, marked lower: the least lowering that passes."""
    message, ladder = facts.message, policy.ladder
    if not message.files:
        return
    unmarked = [file for file in message.files if file.inside is None and not file.evidence and file.readable is Readable.YES]
    if not unmarked or len(unmarked) > MOST_FILES:
        return
    for name in reversed(ladder.names[: ladder.unmarked_files]):
        said = tuple(Declared("classification", name, "sender", file.id) for file in unmarked)
        whose = _several([_name(file) for file in unmarked])
        what = f"mark {whose} as {name.capitalize()}, if {'it is' if len(unmarked) == 1 else 'they are'}"
        yield what, _with_message(facts, replace(message, declared=(*message.declared, *said)))


def _declared(decision: Decision, facts: Facts, policy: Policy) -> Iterator[tuple[str, Facts]]:
    """What a confirm asks the sender to declare."""
    for asked in dict.fromkeys(reason.declares for reason in decision.reasons if reason.declares):
        values = [("purpose", name) for name in policy.purposes] if asked == "purpose" else [("word", asked)]
        for what, value in values:
            said = Declared(what, value)
            words = value.replace("-", " ")
            yield (
                f"tell us that it is for {words}, if it is" if what == "purpose" else f'tell us "{words}", if that is so',
                _with_message(facts, replace(facts.message, declared=(*facts.message.declared, said))),
            )


def _overridden(facts: Facts, policy: Policy) -> Iterator[tuple[str, Facts]]:
    """What those who are known to have an override can do, when waiting does harm."""
    message, groups = facts.message, dict(facts.message.sender.groups)
    for one in policy.overrides:
        if any(groups.get(name) is True for name in one.who):
            asks = _several([ask.replace("-", " ") for ask in one.asks])
            said = Declared("override", one.id)
            yield (
                f"if waiting does harm, use {one.id.replace('-', ' ')}: tell us {asks}",
                _with_message(facts, replace(message, declared=(*message.declared, said))),
            )


def _with_message(facts: Facts, message: MessageFacts) -> Facts:
    return replace(facts, message=message)


def _name(file: FileFacts) -> str:
    return file.name or f"the file without a name ({file.media_type or 'unknown type'})"


def _several(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
