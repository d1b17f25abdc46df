"""Facts and a policy to a decision. Pure; the same function serves the mail path, explain, tests and replay (DESIGN section 5).

Rules ask, routes offer. The verdict is the strictest of all rules that match; the route is the first, in the pack's order, that gives
everything required, or a share that takes some of the files while another route carries the rest; where none does, the pack's `no_route`
is joined in. Rules have no order, and one more is never milder.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from gateway.model.decision import Decision, Reason, Verdict, Watched
from gateway.model.facts import Facts
from gateway.policy.choice import Choice, choose
from gateway.policy.evaluate import Compiled, Ready, compile_policy, excepted, reason_of, resting
from gateway.policy.nearest import nearest
from gateway.policy.rules import VERDICTS, Never, Policy
from gateway.policy.view import View

_NOTHING: frozenset[str] = frozenset()


def decide(facts: Facts, policy: Policy, *, unusable: frozenset[str] = _NOTHING, lifted: frozenset[str] = _NOTHING) -> Decision:
    """What the policy says of one recipient.

    Args:
        facts: of this recipient.
        policy: as loaded, or bound to the next hops that there are.
        unusable: routes that have proved unable to serve this recipient.
        lifted: rules whose hold or confirm a person has released; a refusal, a requirement, a `never` and no_route stay.
    """
    decision = _decide(facts, policy, unusable, lifted)
    if decision.verdict is Verdict.RELEASE:
        return decision
    return nearest(decision, facts, policy, lambda changed: _decide(changed, policy, unusable, lifted, thorough=False))


@dataclass(slots=True)
class _Found:
    """What the rules say, while they are being asked."""

    reasons: list[Reason] = field(default_factory=list)
    watched: list[Watched] = field(default_factory=list)
    lifted: list[str] = field(default_factory=list)
    forbidden: dict[str, str] = field(default_factory=dict)  # routes that a `never` keeps out, and which
    doubtful: set[str] = field(default_factory=set)  # those of them that only something unknown keeps out
    stamps: list[tuple[str, str]] = field(default_factory=list)
    verdict: Verdict = Verdict.RELEASE
    never_released: Never | None = None


def _decide(facts: Facts, policy: Policy, unusable: frozenset[str], lifted: frozenset[str], *, thorough: bool = True) -> Decision:
    """Without `thorough` a share may be overlooked where many files would have to be tried; none is found that does not serve."""
    compiled = compile_policy(policy)
    view = compiled.view(facts)
    found = _Found()
    _ask_rules(compiled, view, lifted, found)
    by_rules = found.verdict
    _ask_nevers(compiled, view, found)
    needs = _NOTHING.union(*[reason.needs for reason in found.reasons])
    choice = choose(compiled, view, needs, unusable, found.forbidden, thorough=thorough)
    if choice.way is None:
        _no_route(compiled, view, choice, unusable, found, thorough=thorough)
    return _decision(facts, view, found, needs, choice, by_rules)


def _ask_rules(compiled: Compiled, view: View, lifted: frozenset[str], found: _Found) -> None:
    policy = compiled.policy
    overridden = _overridden(policy, view) if view.mail.said else _NOTHING
    for ready in compiled.rules:
        mode = ready.rule.mode_on(view.day) if ready.dated else ready.rule.mode
        if mode is None:
            continue
        unknown = ready.test.matches(view)
        if unknown is None or (policy.exceptions and excepted(policy, ready.rule.id, view)):
            continue
        if mode != "enforce":
            found.watched.append(
                ready.watched if mode == "watch" else Watched(ready.rule.id, mode, ready.watched.effect, ready.watched.guidance)
            )
        else:
            _apply(ready, unknown, overridden, lifted, found)


def _apply(ready: Ready, unknown: tuple[str, ...], overridden: frozenset[str], lifted: frozenset[str], found: _Found) -> None:
    rule = ready.rule.id
    for act, made in ready.reasons:
        reason = resting(made, unknown)
        verdict = VERDICTS.get(reason.effect, Verdict.RELEASE)
        if verdict and (rule in overridden or (rule in lifted and verdict is not Verdict.REFUSE)):
            found.lifted.append(rule)
            continue
        found.reasons.append(reason)
        found.stamps.extend(act.stamps)
        found.verdict = max(found.verdict, verdict)


def _overridden(policy: Policy, view: View) -> frozenset[str]:
    """The rules whose verdict an accepted override lifts: declared, and by someone known to be in its groups."""
    accepted = [one for one in policy.overrides if ("override", one.id) in view.mail.said and view.mail.in_group(one.who) is True]
    return _NOTHING.union(*[one.lifts for one in accepted])


def _ask_nevers(compiled: Compiled, view: View, found: _Found) -> None:
    """What a `never` forbids is required or barred before a route is chosen, so that no route can break it. Unknown matches."""
    for never, test in compiled.nevers:
        unknown = test.matches(view)
        if unknown is None:
            continue
        for route in never.routes:
            if not unknown:
                found.doubtful.discard(route)
            elif route not in found.forbidden:
                found.doubtful.add(route)
            found.forbidden.setdefault(route, f"`{never.id}` forbids it")
        if never.released:
            found.never_released = found.never_released or never
            found.verdict = max(found.verdict, Verdict.HOLD)
        if never.without or never.released:
            found.reasons.append(_never_reason(never, unknown))


def _never_reason(never: Never, unknown: tuple[str, ...]) -> Reason:
    text = "Never without a person." if never.released else f"Never without {' and '.join(sorted(never.without))}."
    return Reason(never.id, "never", never.clause, text, unknown=unknown, needs=never.without, held_for="owner" if never.released else None)


def _no_route(compiled: Compiled, view: View, choice: Choice, unusable: frozenset[str], found: _Found, *, thorough: bool) -> None:
    """No route serves: the pack's no_route is joined in. Where only the unknown stands in the way, a refusal is a hold."""
    policy = compiled.policy
    act = policy.too_large if choice.too_large and policy.too_large is not None else policy.no_route
    certain = _NOTHING.union(*[reason.needs for reason in found.reasons if not reason.unknown])
    forbidden = {route: why for route, why in found.forbidden.items() if route not in found.doubtful}
    hopeful = choose(compiled, view, certain, unusable, forbidden, hopeful=True, thorough=thorough).way
    unknown: tuple[str, ...] = ()
    if hopeful is not None:
        rested_on = {name for reason in found.reasons if reason.needs for name in reason.unknown}
        unknown = (*sorted(rested_on), f"route {hopeful.route.name}")  # sorted: the order of the rules never matters
    says = "too large for every method that would do" if act is policy.too_large else "no method that may be used does all that is required"
    reason = resting(reason_of("no_route", act, says=says), unknown)
    found.verdict = max(found.verdict, VERDICTS.get(reason.effect, Verdict.HOLD))
    found.reasons.append(reason)


def _decision(facts: Facts, view: View, found: _Found, needs: frozenset[str], choice: Choice, by_rules: Verdict) -> Decision:
    reasons = (
        tuple(dict.fromkeys(found.reasons)) if len(found.reasons) < 2 else tuple(sorted(dict.fromkeys(found.reasons), key=_importance))
    )
    first = next(_deciding(reasons, found.verdict), None)
    never = found.never_released
    return Decision(
        recipient=facts.recipient,
        audiences=tuple([name for name, state in view.audiences.items() if state is True]),
        verdict=found.verdict,
        route=choice.way.route.name if choice.way is not None else None,
        needs=needs,
        reasons=reasons,
        routes_tried=choice.tried,
        shared_files=choice.shared.files if choice.shared is not None else (),
        carried_by=choice.shared.carrier.route.name if choice.shared is not None else None,
        held_for=first.held_for if first is not None else None,
        within=first.within if first is not None else None,
        then=first.then if first is not None else None,
        lifted=tuple(sorted(set(found.lifted))) if found.lifted else (),
        guidance=tuple(dict.fromkeys(reason.guidance for reason in reasons if reason.guidance and reason.effect != "notify")),
        watched=tuple(sorted(dict.fromkeys(found.watched), key=repr)) if found.watched else (),
        alarm=f"never `{never.id}` kept what the rules would have released" if never is not None and by_rules is Verdict.RELEASE else None,
        stamps=tuple(sorted(set(found.stamps))) if found.stamps else (),
    )


def _verdict_of(reason: Reason) -> Verdict:
    if reason.effect == "never":
        return Verdict.HOLD if reason.held_for else Verdict.RELEASE
    return VERDICTS.get(reason.effect, Verdict.RELEASE)


def _importance(reason: Reason) -> tuple[int, bool, bool, str, str, str]:
    """The strictest first; what is certain before what is not; rules before no_route; then by name, so that their order never matters."""
    return -_verdict_of(reason), bool(reason.unknown), reason.rule == "no_route", reason.rule, reason.effect, repr(reason)


def _deciding(reasons: tuple[Reason, ...], verdict: Verdict) -> Iterator[Reason]:
    """The reasons that make the verdict what it is."""
    return (reason for reason in reasons if verdict and _verdict_of(reason) is verdict)
