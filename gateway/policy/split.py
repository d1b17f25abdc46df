"""What the rules ask of a mail that is cut in two, and of which half. Pure.

A need that covers the message stays with the message. One that covers files is asked of the half whose files it is about; where a rule
looks at both halves together (`attachments: {above: 12MB}`) and at neither of them alone, it is asked of both: cutting evades nothing.
Nor may it bring anything up: a rule that would stop a half and did not look at the whole (`below:`, `unless:`) rules that cut out.
So a further rule never makes a cut possible, and no unknown fact does that some known value would not (tests/properties/test_shares.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from gateway.model.decision import Verdict
from gateway.policy.conditions import named
from gateway.policy.evaluate import Matcher, Ready, compile_policy, excepted
from gateway.policy.rules import Ask, Policy
from gateway.policy.view import View

_NOTHING: frozenset[str] = frozenset()
Match = tuple[str, ...] | None  # as Matcher.matches has it: None, or the unknown facts on which it rests

# Conditions that files have a part in. Fewer files make none of those marked True hold that did not hold before.
_FALLS = {
    ("classification", "at_least"): True,
    ("classification", "above_agreement"): True,
    ("classification", "below"): False,
    ("category", "any"): True,
    ("attachments", "above"): True,
    ("attachments", "at_most"): False,
    ("message", "above"): False,  # we add words to the rest
    ("message", "at_most"): False,
    ("files", "at_least"): True,
    ("list.uncleared_members", "at_least"): True,
    ("unreadable", "any"): True,
    ("found", "at_least"): True,
    ("defects", "any"): True,
}


@dataclass(frozen=True, slots=True, eq=False)
class Term:
    """A rule or a never, as far as it matters to a cut."""

    test: Matcher
    rule: Ready | None  # None: a never, which nothing suspends
    files: frozenset[str]  # what it requires that covers files ...
    message: frozenset[str]  # ... and what covers the message
    bars: frozenset[str]  # routes that it forbids
    stops: bool  # it keeps or refuses mail
    rises: bool  # it may look at a half without looking at the whole
    about_files: frozenset[str]  # the names of its conditions that files have a part in

    def asks(self, match: Match, *, hopeful: bool) -> bool:
        """Whether it speaks: with certainty, where what is unknown is hoped to be the best."""
        return match == () if hopeful else match is not None

    def accounts(self, match: Match, *, hopeful: bool) -> bool:
        """Whether it surely speaks of these files, whatever is unknown of them turns out to be."""
        return match is not None and (hopeful or self.about_files.isdisjoint(match))


@dataclass(frozen=True, slots=True)
class Cut:
    """What the two halves need, and who may not carry them."""

    link: frozenset[str]
    mail: frozenset[str]
    link_barred: frozenset[str]
    mail_barred: frozenset[str]


def cut(
    terms: tuple[Term, ...], whole: tuple[Match, ...], taken: tuple[Match, ...], rest: tuple[Match, ...], *, files_left: bool, hopeful: bool
) -> Cut | None:
    """What a cut asks for; None: it brings up something that must stop the mail. The matches stand in the order of the terms."""
    link, mail, link_barred, mail_barred = set[str](), set[str](), set[str](), set[str]()
    for term, of_whole, of_taken, of_rest in zip(terms, whole, taken, rest, strict=True):
        in_taken, in_rest = term.asks(of_taken, hopeful=hopeful), term.asks(of_rest, hopeful=hopeful)
        if term.stops and term.rises and (in_taken or in_rest) and not term.accounts(of_whole, hopeful=hopeful):
            return None
        in_whole = term.asks(of_whole, hopeful=hopeful)
        if in_whole or in_taken or in_rest:
            mail |= term.message
        both = not hopeful and in_whole and not (term.accounts(of_taken, hopeful=False) or term.accounts(of_rest, hopeful=False))
        if in_taken or both:
            link |= term.files
        if in_rest or (both and files_left):
            mail |= term.files
        if in_taken:
            link_barred |= term.bars
        if in_rest:
            mail_barred |= term.bars
    return Cut(frozenset(link), frozenset(mail), frozenset(link_barred), frozenset(mail_barred))


def terms_in_force(view: View) -> tuple[Term, ...]:
    """The terms of a policy on this day, between these two ends."""
    return tuple([term for term in terms_of(view.policy) if term.rule is None or _is_in_force(term.rule, view)])


def _is_in_force(ready: Ready, view: View) -> bool:
    return ready.rule.mode_on(view.day) == "enforce" and not excepted(view.policy, ready.rule.id, view)


@lru_cache(maxsize=64)
def terms_of(policy: Policy) -> tuple[Term, ...]:
    """Every rule that requires something, or stops what it did not stop before; every never."""
    return tuple(term for term in _terms(policy) if term.files or term.message or term.bars or (term.stops and term.rises))


def _terms(policy: Policy) -> Iterable[Term]:
    compiled = compile_policy(policy)
    for ready in compiled.rules:
        rule = ready.rule
        needs = _NOTHING.union(*[act.needs for act in rule.acts])
        stops = any(act.verdict > Verdict.RELEASE for act in rule.acts)
        yield _term(policy.protections, ready.test, ready, needs, _NOTHING, rule.when, rule.unless, stops=stops)
    for never, test in compiled.nevers:
        yield _term(policy.protections, test, None, never.without, never.routes, never.when, (), stops=never.released)


def _term(
    protections: Mapping[str, str],
    test: Matcher,
    rule: Ready | None,
    needs: frozenset[str],
    bars: frozenset[str],
    when: tuple[Ask, ...],
    unless: tuple[Ask, ...],
    *,
    stops: bool,
) -> Term:
    files = frozenset(need for need in needs if protections.get(need) == "files")
    about_files = [ask for ask in (*when, *unless) if _is_about_files(ask)]
    rises = any(ask in unless or not _FALLS.get((ask.fact, ask.how), False) for ask in about_files)
    return Term(test, rule, files, needs - files, bars, stops, rises, frozenset(map(named, about_files)))


def _is_about_files(ask: Ask) -> bool:
    if (ask.fact, ask.how) not in _FALLS:
        return False
    match ask.fact, ask.value:
        case ("classification", ("words", _, _)) | ("found", (_, _, "words")):
            return False
        case _:
            return True
