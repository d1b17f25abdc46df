"""Message, findings and snapshots to facts: everything that rules may ask about, one Facts for each recipient. Pure.

All recipients share one MessageFacts. Who is in which list, register and group is looked up here, in what was known at `at`;
what it means is the policy's business. Nothing here classifies.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from gateway.mime.taking import find_fixed
from gateway.model.envelope import Address, Recipient
from gateway.model.facts import UNKNOWN, Declared, Facts, FileFacts, MessageFacts, Missing, SenderFacts
from gateway.model.finding import Evidence, FileFinding, FileOddity, Findings
from gateway.model.message import DefectName, Fixed, Message
from gateway.policy.recipients import facts_of, whole_hour
from gateway.policy.snapshot import Snapshot

WORDS = "words"  # what a declaration about subject, body and file names is about
_DEFECTS = frozenset(name.value for kind in (DefectName, FileOddity) for name in kind)
_NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Context:
    """Where a message came from and who answers for it."""

    listener: str
    sender: Address  # the reverse-path
    ours: bool  # an allowed peer and a reverse-path in the organisation's domains
    authenticated: bool | Missing = UNKNOWN  # whether the sender was authenticated upstream; unknown unless asserted
    certificate: str | None = None  # subject of the peer's verified client certificate
    peer_address: str = ""
    declared: tuple[Declared, ...] = ()  # what people have said about this message since it was kept


def gather(
    message: Message, findings: Findings, context: Context, recipients: tuple[Recipient, ...], snapshot: Snapshot, at: datetime
) -> tuple[Facts, ...]:
    """One Facts for each recipient, in their order."""
    at = whole_hour(at)
    shared = _message(message, findings, context, snapshot)
    return tuple([facts_of(recipient.address, shared, snapshot, at) for recipient in recipients])


def _message(message: Message, findings: Findings, context: Context, snapshot: Snapshot) -> MessageFacts:
    return MessageFacts(
        wire_octets=message.octets,
        sender=_sender(context, snapshot),
        files=_files(message, findings) if findings.files else (),
        words=_unsampled(findings.words),
        words_readable=findings.words_readable,
        defects=_defects(message, findings),
        sent_as=message.sent_as,
        listener=context.listener,
        declared=tuple([said for one in context.declared for said in _of_files(one, findings)]) if context.declared else (),
        looked_for=snapshot.looked_for,
    )


def _defects(message: Message, findings: Findings) -> frozenset[str]:
    """What was odd about the message, those attached to it, its files, and how its words and files are encoded."""
    found = {defect.name.value for defect in message.defects}
    odd = {oddity for file in findings.files for oddity in file.oddities}.union(findings.words_oddities)
    return frozenset(found | (odd & _DEFECTS)) if found or odd else frozenset()


def _of_files(said: Declared, findings: Findings) -> tuple[Declared, ...]:
    """People speak of files by name, facts by id: what is said of a name is said of every file that has it."""
    if said.what != "classification" or said.about == WORDS or any(file.id == said.about for file in findings.files):
        return (said,)
    return tuple([replace(said, about=file.id) for file in findings.files if said.about in file.names])


def not_found(declared: tuple[Declared, ...], findings: Findings) -> tuple[str, ...]:
    """What was said of files that the message does not have."""
    there = {name for file in findings.files for name in (file.id, *file.names)} | {WORDS}
    return tuple(one.about for one in declared if one.what == "classification" and one.about not in there)


def _files(message: Message, findings: Findings) -> tuple[FileFacts, ...]:
    weights = {part.id: len(part.header) * (part.parent is not None) + len(part.body) for part in (*message.parts, *message.otherwise)}
    fixed = find_fixed(message, [file.id for file in findings.outermost])
    odd = _defects_of_files(message, findings)
    return tuple([_file(file, weights, fixed, odd) for file in findings.files])


def _file(file: FileFinding, weights: dict[str, int], fixed: dict[str, Fixed], odd: dict[str, frozenset[str]]) -> FileFacts:
    return FileFacts(
        id=file.id,
        inside=file.inside,
        name=file.names[0] if file.names else "",
        media_type=file.detected_type or file.declared_type,
        octets=file.octets,
        wire_octets=weights.get(file.id, 0) if file.inside is None else 0,
        readable=file.readable,
        evidence=_unsampled(file.evidence),
        fixed=fixed.get(file.id),
        defects=odd.get(file.id, _NOTHING),
    )


def _defects_of_files(message: Message, findings: Findings) -> dict[str, frozenset[str]]:
    """What is odd about files alone: about their content, or about the part that carries them. What also the message has stays there."""
    # The header section of a message that is one single part is the message's own.
    outermost = {file.id for file in findings.outermost} & {part.id for part in message.parts if part.parent is not None}
    found = {file.id: _DEFECTS.intersection(file.oddities) for file in findings.files if file.oddities}
    elsewhere = {defect.name.value for defect in message.defects if defect.where not in outermost}
    elsewhere.update(findings.words_oddities)
    for defect in message.defects:
        if defect.where in outermost:
            found[defect.where] = found.get(defect.where, _NOTHING) | {defect.name.value}
    return {name: own - elsewhere for name, own in found.items()}


def _unsampled(evidence: tuple[Evidence, ...]) -> tuple[Evidence, ...]:
    """Facts are recorded: not even the masked sample goes with them, nor the words for where it was (the name of a sheet is content)."""
    return tuple([replace(item, sample="", where="") for item in evidence]) if evidence else ()


def _sender(context: Context, snapshot: Snapshot) -> SenderFacts:
    address = context.sender.key
    groups: list[tuple[str, bool | Missing]] = []
    for name, places in sorted(snapshot.groups.items()):
        if not context.ours:
            groups.append((name, False))  # our groups have only our people in them
        else:
            groups.append((name, UNKNOWN if places is None else places.find(address, context.sender.domain) is not None))
    return SenderFacts(
        address, context.sender.domain, context.ours, context.authenticated, context.certificate, context.peer_address, tuple(groups)
    )
