"""A message on its way, as the mail path and the keeper both know it: what its files and copies are made of when they go by link."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gateway.act.readers import Reader
from gateway.model.envelope import Envelope, Recipient
from gateway.model.finding import FileFinding, Findings
from gateway.model.message import Content, Message
from gateway.policy.guidance import House
from gateway.policy.rules import Policy


@dataclass(frozen=True, slots=True)
class Going:
    """One message."""

    name: bytes  # what a retry has in common with it
    message_id: str  # our Arrival.id
    envelope: Envelope
    content: Content
    message: Message
    findings: Findings
    policy: Policy
    house: House
    head: bytes  # that stands above every copy
    reserved: frozenset[str]  # names, lower-case, of header fields that only we may set
    deadline: float  # monotonic seconds
    reader: Callable[[Recipient], Reader | None]  # who hears what becomes of the copy for somebody

    def file(self, name: str) -> FileFinding | None:
        """The outermost file of this id."""
        return next((file for file in self.findings.outermost if file.id == name), None)
