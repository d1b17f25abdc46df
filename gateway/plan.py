"""Decisions to plan: the fewest copies; what can be undone first, hand-overs last. Pure.

A share is put into its place before anything is handed over: it can be withdrawn. Its recipients are one step, since the same files are put
there once; each still gets a copy of their own, with their own link.
"""

from __future__ import annotations

from gateway.model.decision import Decision, Verdict
from gateway.model.envelope import Recipient
from gateway.model.outcome import Plan, Step

# A hold can be given up again, and so can a share; a hand-over cannot.
_ORDER = {Verdict.HOLD: 0, Verdict.CONFIRM: 1, Verdict.REFUSE: 2, Verdict.RELEASE: 3}


def plan(decisions: tuple[Decision, ...], recipients: tuple[Recipient, ...]) -> Plan:
    """Group the recipients who get the same: one verdict, one route, the same files by link, one set of stamps.

    Order within a group stays as given.
    """
    if len(decisions) == 1:
        return Plan((Step(decisions[0].verdict, decisions[0].route, decisions, recipients),))
    groups: dict[object, list[tuple[Decision, Recipient]]] = {}
    for decision, recipient in zip(decisions, recipients, strict=True):
        groups.setdefault(_same(decision), []).append((decision, recipient))
    steps = [
        Step(same[0][0].verdict, same[0][0].route, tuple(decision for decision, _ in same), tuple(recipient for _, recipient in same))
        for same in groups.values()
    ]
    return Plan(tuple(sorted(steps, key=_place)))


def _place(step: Step) -> tuple[int, bool]:
    return _ORDER[step.verdict], step.decisions[0].carried_by is None


def _same(decision: Decision) -> object:
    """What recipients have in common who get one copy, or who share one case: there the same person decides, for the same reasons."""
    if decision.verdict is Verdict.RELEASE:
        return decision.route, decision.shared_files, decision.carried_by, decision.stamps
    return decision.verdict, decision.held_for, decision.within, decision.then, decision.guidance, decision.reasons
