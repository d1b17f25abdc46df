"""Questions to the sender that no answer ends: whatever is said, the mail stays kept. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.errors import Problem
from gateway.policy.rules import Policy, Rule


def unanswerable(policy: Policy) -> Iterator[Problem]:
    """A warning for each rule that asks the sender to declare something and matches all the same when that is declared."""
    for rule in [rule for rule in policy.rules if rule.is_ever_enforced]:
        for word in [act.declares for act in rule.acts if act.declares is not None]:
            if not _hears(rule, word):
                key = "purpose: [...]" if word == "purpose" else f"declared: {word}"
                says = f"rule `{rule.id}` asks the sender for `{word}` and keeps the mail whatever they say; add `unless: {{{key}}}`"
                yield Problem(*policy.where[f"rule:{rule.id}"], says, "warning")


def _hears(rule: Rule, word: str) -> bool:
    """Whether what is declared can change that the rule matches. A purpose that nobody has named is unknown: `when` can ask for it too."""
    if word == "purpose":
        return any(ask.fact == "purpose" for ask in (*rule.when, *rule.unless))
    return any(ask.fact == "declared" and isinstance(ask.value, frozenset) and word in ask.value for ask in rule.unless)
