"""Which rules match. Three-valued: unknown satisfies `when`, never `unless`; absent matches nothing, negated or not. Pure.

A policy is compiled once to closures; decide.py makes the decision of what is found here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

from gateway.model.decision import Reason, Watched
from gateway.model.facts import UNKNOWN, Facts, MessageFacts
from gateway.policy.conditions import Condition, compiled, named
from gateway.policy.halves import Halves
from gateway.policy.routes import Way, ways_of
from gateway.policy.rules import Act, Ask, ExceptionTo, Never, Policy, Rule
from gateway.policy.view import Mail, View

_Asks = tuple[tuple[Condition, str], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Matcher:
    """`when` and `unless`, ready to be asked."""

    when: _Asks
    unless: _Asks

    @classmethod
    def of(cls, when: tuple[Ask, ...], unless: tuple[Ask, ...] = ()) -> Matcher:
        return cls(tuple((compiled(ask), named(ask)) for ask in when), tuple((compiled(ask), named(ask)) for ask in unless))

    def matches(self, view: View) -> tuple[str, ...] | None:
        """None: it does not match. Else the names of the unknown facts on which the match rests."""
        rests: tuple[str, ...] = ()
        for condition, name in self.when:
            state = condition(view)
            if state is UNKNOWN:
                rests = (*rests, name)
            elif state is not True:
                return None
        return rests if not self.unless else self._unless(view, rests)

    def _unless(self, view: View, rests: tuple[str, ...]) -> tuple[str, ...] | None:
        doubts = []
        for condition, name in self.unless:
            state = condition(view)
            if state is UNKNOWN:
                doubts.append(name)
            elif state is not True:
                return rests  # one of them surely fails: nothing hangs on the others
        return (*rests, *doubts) if doubts else None


@dataclass(frozen=True, slots=True, eq=False)
class Ready:
    """A rule with its test and its reasons made beforehand."""

    rule: Rule
    test: Matcher
    reasons: tuple[tuple[Act, Reason], ...]
    watched: Watched
    dated: bool  # its mode depends on the day


class Compiled:
    """A policy ready to decide by."""

    __slots__ = ("_halves", "_mail", "nevers", "policy", "rules", "ways")

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.rules = tuple(_ready(rule) for rule in dict.fromkeys(policy.rules))
        self.nevers: tuple[tuple[Never, Matcher], ...] = tuple((never, Matcher.of(never.when)) for never in policy.nevers)
        self.ways: tuple[Way, ...] = ways_of(policy)
        self._mail: Mail | None = None
        self._halves: Halves | None = None

    def view(self, facts: Facts) -> View:
        """The facts as this policy sees them. The last message is remembered: its recipients come one after the other."""
        return View(self.policy, facts, self._seen(facts.message))

    def halves(self, mail: Mail) -> Halves:
        """The message, to be cut in two. The last one is remembered, with all halves of it."""
        halves = self._halves
        if halves is None or halves.message is not mail.message:
            halves = self._halves = Halves(self.policy, mail)
        return halves

    def _seen(self, message: MessageFacts) -> Mail:
        mail = self._mail
        if mail is None or mail.message is not message:
            mail = self._mail = Mail(self.policy, message)
        return mail


@lru_cache(maxsize=64)
def compile_policy(policy: Policy) -> Compiled:
    """Closures for a policy; the same object for the same policy."""
    return Compiled(policy)


def excepted(policy: Policy, rule: str, view: View) -> bool:
    """Whether an exception in force takes the rule away between these two ends. Unknown takes nothing away."""
    return bool(policy.exceptions) and any(_excepts(one, rule, view) for one in policy.exceptions)


def _excepts(one: ExceptionTo, rule: str, view: View) -> bool:
    if one.rule != rule or view.day > one.until:
        return False
    sender = view.facts.message.sender
    is_from = (not one.senders and not one.sender_groups) or one.senders.find(sender.address, sender.domain) is not None
    if not is_from and one.sender_groups:
        is_from = view.mail.in_group(one.sender_groups) is True
    return is_from and (not one.recipients or one.recipients.find(view.facts.address, view.facts.domain) is not None)


def resting(reason: Reason, unknown: tuple[str, ...]) -> Reason:
    """The same reason, resting on something unknown: a refusal becomes a hold."""
    if not unknown:
        return reason
    if reason.effect == "refuse":
        return replace(reason, effect="hold", held_for=reason.held_for or "owner", unknown=unknown)
    return replace(reason, unknown=unknown)


def reason_of(rule: str, act: Act, clause: str = "", says: str = "") -> Reason:
    """The reason that an act gives when it applies."""
    return Reason(
        rule=rule, effect=act.effect, clause=clause, text=says or _says(act), guidance=act.guidance, held_for=act.held_for,
        within=act.within, then=act.then, declares=act.declares, needs=act.needs,
    )  # fmt: skip


def _ready(rule: Rule) -> Ready:
    reasons = tuple((act, reason_of(rule.id, act, rule.clause, rule.says)) for act in rule.acts)
    strictest = max(rule.acts, key=lambda act: (act.verdict, act.effect == "require"))
    watched = Watched(rule.id, "watch", strictest.effect, strictest.guidance)
    dated = bool(rule.becomes) or rule.from_ is not None or rule.until is not None
    return Ready(rule, Matcher.of(rule.when, rule.unless), reasons, watched, dated)


def _says(act: Act) -> str:
    match act.effect:
        case "require":
            return f"it must travel with {' and '.join(sorted(act.needs))}"
        case "confirm":
            return f"the sender must say {act.declares}" if act.declares else "the sender must confirm it"
        case "hold":
            return f"{act.held_for} decides"
        case "refuse":
            return "it may not be sent"
        case "notify":
            return f"{act.held_for} is told"
        case _:
            fields = [f"{name}: {value}" for name, value in act.stamps]
            return f"{' and '.join(fields)} {'stand' if len(fields) > 1 else 'stands'} in the header"
