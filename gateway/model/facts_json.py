"""Facts as JSON, both ways: equal facts come back, and equal facts are written alike. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, TypeVar

from gateway.model.facts import ABSENT, Declared, Entry, Facts, FileFacts, ListFacts, MessageFacts, Missing, SenderFacts
from gateway.model.finding import Evidence, EvidenceKind, Place, Readable
from gateway.model.message import Fixed

N = TypeVar("N", bool, int)


def to_json(facts: Facts | MessageFacts) -> dict[str, Any]:
    """A JSON-able mapping; `from_json` or `message_from_json` gives equal facts back. What has its default is left out."""
    if isinstance(facts, MessageFacts):
        return _message_out(facts)
    found: dict[str, Any] = {
        "message": _message_out(facts.message),
        "recipient": facts.recipient,
        "address": facts.address,
        "domain": facts.domain,
        "at": facts.at.isoformat(),
    }
    if facts.list is not ABSENT:
        found["list"] = "unknown" if isinstance(facts.list, Missing) else _list_out(facts.list)
    if facts.registers:
        found["registers"] = {name: _entry_out(row) for name, row in facts.registers}
    return found


def from_json(found: Mapping[str, Any]) -> Facts:
    """The facts that `to_json` wrote."""
    known = found.get("list", "absent")
    return Facts(
        message=message_from_json(found["message"]),
        recipient=found["recipient"],
        address=found["address"],
        domain=found["domain"],
        at=datetime.fromisoformat(found["at"]),
        list=Missing(known) if isinstance(known, str) else _list_in(known),
        registers=tuple((name, _entry_in(row)) for name, row in sorted(found.get("registers", {}).items())),
    )


def message_from_json(found: Mapping[str, Any]) -> MessageFacts:
    """The part that all recipients share."""
    sender = found["sender"]
    return MessageFacts(
        wire_octets=found["wire_octets"],
        sender=SenderFacts(
            sender["address"],
            sender["domain"],
            sender["ours"],
            _state_in(sender["authenticated"]),
            sender["certificate"],
            sender["peer"],
            tuple((name, _state_in(state)) for name, state in sorted(sender["groups"].items())),
        ),
        files=tuple(
            FileFacts(
                file["id"], file["inside"], file["name"], file["media_type"], file["octets"], file["wire_octets"],
                Readable(file["readable"]), tuple(map(_evidence_in, file["evidence"])),
                _fixed_in(file), frozenset(file.get("defects", ())),
            )
            for file in found["files"]
        ),
        words=tuple(map(_evidence_in, found["words"])),
        words_readable=Readable(found["words_readable"]),
        defects=frozenset(found["defects"]),
        sent_as=found["sent_as"],
        listener=found["listener"],
        declared=tuple(Declared(*said) for said in found["declared"]),
        looked_for=frozenset(found["looked_for"]),
    )  # fmt: skip


def _message_out(message: MessageFacts) -> dict[str, Any]:
    sender = message.sender
    return {
        "wire_octets": message.wire_octets,
        "sender": {
            "address": sender.address,
            "domain": sender.domain,
            "ours": sender.ours,
            "authenticated": _state_out(sender.authenticated),
            "certificate": sender.certificate,
            "peer": sender.peer,
            "groups": {name: _state_out(state) for name, state in sender.groups},
        },
        "files": [
            {
                "id": file.id,
                "inside": file.inside,
                "name": file.name,
                "media_type": file.media_type,
                "octets": file.octets,
                "wire_octets": file.wire_octets,
                "readable": file.readable.value,
                "evidence": [_evidence_out(item) for item in file.evidence],
                "fixed": file.fixed.value if file.fixed is not None else None,
                "defects": sorted(file.defects),
            }
            for file in message.files
        ],
        "words": [_evidence_out(item) for item in message.words],
        "words_readable": message.words_readable.value,
        "defects": sorted(message.defects),
        "sent_as": message.sent_as,
        "listener": message.listener,
        "declared": [[said.what, said.value, said.by, said.about] for said in message.declared],
        "looked_for": sorted(message.looked_for),
    }


def _fixed_in(file: Mapping[str, Any]) -> Fixed | None:
    """What was recorded before shares says nothing of it, and nothing is not known to be free."""
    fixed = file.get("fixed", Fixed.UNMEASURED)
    return Fixed(fixed) if fixed is not None else None


def _state_out(state: N | Missing) -> N | str:
    return state.value if isinstance(state, Missing) else state


def _state_in(state: N | str) -> N | Missing:
    return Missing(state) if isinstance(state, str) else state


def _evidence_out(item: Evidence) -> list[Any]:
    return [item.kind.value, item.id, item.count, item.where, item.tenant, item.place.value if item.place else None]


def _evidence_in(item: list[Any]) -> Evidence:
    kind, name, count, where, tenant, place = item
    return Evidence(EvidenceKind(kind), name, count, where, "", tenant, Place(place) if place else None)


def _list_out(known: ListFacts) -> dict[str, Any]:
    return {
        "address": known.address,
        "owner": known.owner,
        "members": _state_out(known.members),
        "external": _state_out(known.external),
        "uncleared": {name: _state_out(count) for name, count in known.uncleared},
        "sender_allowed": _state_out(known.sender_allowed),
    }


def _list_in(found: Mapping[str, Any]) -> ListFacts:
    return ListFacts(
        found["address"], found["owner"], _state_in(found["members"]), _state_in(found["external"]),
        tuple((name, _state_in(count)) for name, count in sorted(found["uncleared"].items())), _state_in(found["sender_allowed"]),
    )  # fmt: skip


def _entry_out(row: Entry | Missing | None) -> list[str | None] | str | None:
    if row is None:
        return None
    if isinstance(row, Missing):
        return row.value
    return [row.agreement, row.owner, row.review_by.isoformat() if row.review_by else None, row.highest]


def _entry_in(row: list[str | None] | str | None) -> Entry | Missing | None:
    if row is None:
        return None
    if isinstance(row, str):
        return Missing(row)
    agreement, owner, review_by, highest = row
    return Entry(agreement, owner, date.fromisoformat(review_by) if review_by else None, highest)
