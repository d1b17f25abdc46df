"""What is known of one message and what the policy says of it, for each recipient."""

from __future__ import annotations

from dataclasses import dataclass, replace

from gateway.model.decision import Decision
from gateway.model.envelope import Recipient
from gateway.model.facts import Facts
from gateway.model.finding import Findings
from gateway.model.message import Message


@dataclass(frozen=True, slots=True)
class Judgement:
    """One Facts and one Decision for each recipient, in the order of the recipients."""

    message: Message
    findings: Findings
    facts: tuple[Facts, ...]
    decisions: tuple[Decision, ...]

    def only(self, recipients: tuple[Recipient, ...]) -> Judgement:
        """The same, of these recipients alone and in their order."""
        by_recipient = {facts.recipient: (facts, decision) for facts, decision in zip(self.facts, self.decisions, strict=True)}
        pairs = [by_recipient[recipient.address.wire] for recipient in recipients]
        return replace(self, facts=tuple(facts for facts, _ in pairs), decisions=tuple(decision for _, decision in pairs))
