"""The trail of one message: counters, log lines for the operator, the decision record. No content, no subject, no address in a line."""

from __future__ import annotations

import re
from dataclasses import dataclass

from gateway.log import Log
from gateway.model.judgement import Judgement
from gateway.model.message import Arrival
from gateway.model.outcome import Ending, Outcome, Reply
from gateway.policy.rules import Policy
from gateway.ports.traces import Counters, Records

_QUEUED = re.compile(r"(?:queued as |id=|InternalId=)([A-Za-z0-9][A-Za-z0-9-]{4,30})(?![\w@.-])")
_WITHOUT_SUCCESS = (Ending.DEFERRED, Ending.REJECTED, Ending.BOUNCED)


@dataclass(frozen=True, slots=True)
class Trail:
    """What a process leaves behind of each message it carries."""

    log: Log
    counters: Counters
    records: Records

    def decided(self, arrival: Arrival, policy: Policy, judgement: Judgement) -> None:
        """Before anything is done."""
        decisions, findings = judgement.decisions, judgement.findings
        self.log.event(
            "message.decided",
            id=arrival.id,
            listener=arrival.listener,
            pack=policy.name,
            verdicts=[decision.verdict.word for decision in decisions],
            routes=[decision.route for decision in decisions],
            rules=sorted({reason.rule for decision in decisions for reason in decision.reasons}) or None,
            files=len(findings.files) or None,
            unread=len(findings.unread) or None,
        )
        for decision in decisions:
            if decision.alarm is not None:
                self.counters.count("alarms", what="never")
                self.log.event("alarm", what=decision.alarm, id=arrival.id)

    def done(self, arrival: Arrival, policy: Policy, judgement: Judgement | None, outcomes: tuple[Outcome, ...]) -> None:
        """What went as it should stands in message.answered; what is kept or did not work has a line of its own.

        Without a judgement, of a message that nobody has read, there is nothing to record.
        """
        if judgement is not None:
            self.records.record(record_of(arrival, policy, judgement, outcomes))
        for outcome in outcomes:
            self.counters.count("outcome", ending=outcome.ending.value, listener=arrival.listener)
            if outcome.ending in _WITHOUT_SUCCESS and outcome.route is not None:
                self._failed(arrival, outcome)
        for case in dict.fromkeys(outcome.case for outcome in outcomes if outcome.case is not None):
            same = [outcome for outcome in outcomes if outcome.case == case]
            self.log.event(
                "hold.kept", id=arrival.id, listener=arrival.listener, case=case, verdict=same[0].ending.value, recipients=len(same)
            )

    def failed(self, arrival: Arrival, bug: BaseException) -> None:
        """A bug that nobody else hears of."""
        self.log.bug("message.failed", bug, id=arrival.id, listener=arrival.listener)

    def _failed(self, arrival: Arrival, outcome: Outcome) -> None:
        self.log.event(
            "step.failed",
            id=arrival.id,
            listener=arrival.listener,
            route=outcome.route,
            code=outcome.reply.code,
            status=outcome.reply.status,
            certain=outcome.certain,
        )


def details(outcomes: tuple[Outcome, ...]) -> dict[str, object]:
    """What message.answered says of them."""
    cases = sorted({outcome.case for outcome in outcomes if outcome.case})
    queued = dict.fromkeys(name for outcome in outcomes if (name := _queue_id(outcome.reply)))
    return {"outcomes": [outcome.ending.value for outcome in outcomes], "cases": cases or None, "queued": list(queued) or None}


def _queue_id(reply: Reply) -> str | None:
    """What the next hop calls the message in its own log, as Postfix, Exim and Exchange say it; nothing else of a reply is logged."""
    match = _QUEUED.search(reply.text) if reply.is_success else None
    return match[1] if match is not None else None


def record_of(arrival: Arrival, policy: Policy, judgement: Judgement, outcomes: tuple[Outcome, ...]) -> dict[str, object]:
    """The decision record: the facts, what was decided by them, and what came of it."""
    return {
        "message_id": arrival.id,
        "at": arrival.received_at.isoformat(),
        "listener": arrival.listener,
        "pack": policy.name,
        "pack_version": policy.version,
        "facts": judgement.facts,
        "decisions": judgement.decisions,
        "outcomes": outcomes,
    }
