"""Message, findings and snapshots to facts: everything that rules may ask about, one Facts for each recipient. Pure.

All recipients share one MessageFacts. Who is in which list, register and group is looked up here, in what was known at `at`;
what it means is the policy's business. Nothing here classifies.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from gateway.model.envelope import Address, Recipient
from gateway.model.facts import (
    ABSENT,
    UNKNOWN,
    Declared,
    Entry,
    Facts,
    FileFacts,
    ListFacts,
    MessageFacts,
    Missing,
    SenderFacts,
)
from gateway.model.finding import Evidence, FileFinding, FileOddity, Findings
from gateway.model.message import DefectName, Message
from gateway.policy.rules import KnownList, Snapshot

WORDS = "words"  # what a declaration about subject, body and file names is about
_DEFECTS = frozenset(name.value for kind in (DefectName, FileOddity) for name in kind)
NOWHERE = "invalid"  # the domain of an address that leads we do not know where (RFC 6761 section 6.4)
_ROUTING = frozenset("%!@")


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
    at = at.replace(minute=0, second=0, microsecond=0)
    shared = _message(message, findings, context, snapshot)
    return tuple([_recipient(shared, recipient.address, snapshot, at) for recipient in recipients])


def _message(message: Message, findings: Findings, context: Context, snapshot: Snapshot) -> MessageFacts:
    parts = (*message.parts, *message.otherwise) if findings.files else ()
    weights = {part.id: len(part.header) + len(part.body) for part in parts}
    return MessageFacts(
        wire_octets=message.octets,
        sender=_sender(context, snapshot),
        files=tuple([_file(file, weights) for file in findings.files]) if findings.files else (),
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


def _file(file: FileFinding, weights: dict[str, int]) -> FileFacts:
    return FileFacts(
        id=file.id,
        inside=file.inside,
        name=file.names[0] if file.names else "",
        media_type=file.detected_type or file.declared_type,
        octets=file.octets,
        wire_octets=weights.get(file.id, 0) if file.inside is None else 0,
        readable=file.readable,
        evidence=_unsampled(file.evidence),
    )


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


def _recipient(shared: MessageFacts, address: Address, snapshot: Snapshot, at: datetime) -> Facts:
    key, domain = address.key, _domain(address, snapshot)
    registers: tuple[tuple[str, Entry | Missing | None], ...] = ()
    if snapshot.registers:
        registers = tuple([(name, _row(snapshot, name, key, domain, at)) for name in sorted(snapshot.registers)])
    known = snapshot.list_of(key)
    facts: ListFacts | Missing = ABSENT
    if domain is NOWHERE:
        facts = UNKNOWN  # it may lead back to a list
    elif known is not None or snapshot.lists_stale_from is not None:
        facts = _list(known, shared.sender, key, domain, snapshot, at)
    return Facts(shared, address.wire, key, domain, at, facts, registers)


def _domain(address: Address, snapshot: Snapshot) -> str:
    """Where the mail ends up. A server of ours may read `user%elsewhere`, `elsewhere!user` or `"user@elsewhere"` as the way to go on.

    RFC 1123 section 5.2.16 knows the first, RFC 5321 appendix C the others. Such a recipient is nobody of ours.
    """
    routed = address.domain in snapshot.own_domains and not _ROUTING.isdisjoint(address.local_part)
    return NOWHERE if routed else address.domain


def _row(snapshot: Snapshot, name: str, key: str, domain: str, at: datetime) -> Entry | Missing | None:
    register = snapshot.registers[name]
    if register.stale_from is not None and at.date() >= register.stale_from:
        return UNKNOWN
    return register.rows.find(key, domain)


def _list(known: KnownList | None, sender: SenderFacts, key: str, domain: str, snapshot: Snapshot, at: datetime) -> ListFacts | Missing:
    """In a stale snapshot the last known kind decides: a list is unknown, a person absent, an address of ours never seen unknown."""
    if snapshot.lists_stale_from is not None and at.date() >= snapshot.lists_stale_from:
        if known is not None:
            return UNKNOWN
        return UNKNOWN if domain in snapshot.own_domains and key not in snapshot.people else ABSENT
    if known is None:
        return ABSENT
    return ListFacts(known.address, known.owner, known.members, known.external, known.uncleared, _allowed(known, sender))


def _allowed(known: KnownList, sender: SenderFacts) -> bool | Missing:
    if known.allowed is None and not known.allowed_groups:
        return True
    if known.allowed is not None and known.allowed.find(sender.address, sender.domain) is not None:
        return True
    states = [state for name, state in sender.groups if name in known.allowed_groups]
    return True if True in states else UNKNOWN if UNKNOWN in states else False
