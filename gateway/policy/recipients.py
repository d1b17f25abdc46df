"""A recipient as lists and registers know them at a time: the facts that are theirs alone. Pure."""

from __future__ import annotations

from datetime import datetime

from gateway.model.envelope import Address
from gateway.model.facts import ABSENT, UNKNOWN, Entry, Facts, ListFacts, MessageFacts, Missing, SenderFacts
from gateway.policy.snapshot import KnownList, Snapshot

NOWHERE = "invalid"  # the domain of an address that leads we do not know where (RFC 6761 section 6.4)
_ROUTING = frozenset("%!@")


def whole_hour(at: datetime) -> datetime:
    """Nothing in a pack is finer than a day; what is equal within the hour is shared."""
    return at.replace(minute=0, second=0, microsecond=0)


def facts_of(address: Address, shared: MessageFacts, snapshot: Snapshot, at: datetime) -> Facts:
    """Everything about one recipient of a message, at a whole hour."""
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
    if not register.is_known(at.date()):
        return UNKNOWN
    return register.rows.find(key, domain)


def _list(known: KnownList | None, sender: SenderFacts, key: str, domain: str, snapshot: Snapshot, at: datetime) -> ListFacts | Missing:
    """In a stale snapshot the last known kind decides: a list is unknown, a person absent, an address of ours never seen unknown."""
    if not snapshot.are_lists_known(at.date()):
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
