"""Why a message goes as it goes: one object, for machines as it is, for people as explain_text.py says it. Pure.

Its shape is a contract (explain_schema.py). Evidence is masked already where it was found.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from gateway.model.decision import Decision, Reason
from gateway.model.facts import Facts
from gateway.model.finding import Evidence, EvidenceKind, FileFinding, Findings, Readable
from gateway.model.message import Fixed, Message
from gateway.policy.classify import KINDS, Levels
from gateway.policy.rules import Policy
from gateway.policy.view import Mail
from gateway.studio.explain_schema import VERSION


def explain(
    message: Message,
    findings: Findings,
    facts: tuple[Facts, ...],
    decisions: tuple[Decision, ...],
    policy: Policy,
    supposed: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """The object that `outgate explain --json` prints. `facts` and `decisions` stand in the order of the recipients; at least one.

    `supposed`: the scenario, as it was written.
    """
    mail = Mail(policy, facts[0].message)
    levels = mail.each_file(policy)
    fixed = {file.id: file.fixed for file in facts[0].message.files}
    return {
        "schema": VERSION,
        "pack": policy.name,
        "pack_version": policy.version,
        "supposed": supposed,
        "message": {
            "wire_octets": message.octets,
            "attachments_octets": mail.attachments_octets,
            "classification": policy.ladder.name(mail.all.top),
            "defects": list(dict.fromkeys((*(defect.name.value for defect in message.defects), *sorted(facts[0].message.defects)))),
            "coverage": _coverage(findings),
        },
        "attachments": [_attachment(file, policy, levels[file.id], fixed.get(file.id)) for file in findings.files],
        "words": {
            "classification": policy.ladder.name(mail.words.top),
            "evidence": _evidence(findings.words, findings.words_readable, mail.words.by_kind, policy),
        },
        "recipients": [_recipient(decision) for decision in decisions],
    }


def _coverage(findings: Findings) -> dict[str, Any]:
    unread = [{"name": _name(file), "why": file.readable.value} for file in findings.unread]
    if findings.words_readable is not Readable.YES:
        unread.append({"name": "the words of the message", "why": findings.words_readable.value})
    return {"files": len(findings.files), "read": len(findings.files) - len(findings.unread), "unread": unread}


def _attachment(file: FileFinding, policy: Policy, levels: Levels, fixed: Fixed | None) -> dict[str, Any]:
    return {
        "id": file.id,
        "inside": file.inside,
        "names": list(file.names),
        "declared_type": file.declared_type,
        "detected_type": file.detected_type,
        "octets": file.octets,
        "sha256": file.sha256,
        "classification": policy.ladder.name(levels.top),
        "readable": file.readable.value,
        "oddities": list(file.oddities),
        "fixed": fixed.value if fixed is not None else None,
        "evidence": _evidence(file.evidence, file.readable, levels.by_kind, policy),
    }


def _evidence(evidence: tuple[Evidence, ...], readable: Readable, by_kind: tuple[int, ...], policy: Policy) -> list[dict[str, Any]]:
    """What was found, and what its absence means: unreadable and unmarked are evidence too."""
    found = [_piece(item.kind.value, item.id, item.count, item.where, item.sample, policy.ladder.gives(item)) for item in evidence]
    kinds = dict(zip((kind.value for kind in KINDS), by_kind, strict=True))
    if readable is not Readable.YES and not any(item.kind is EvidenceKind.UNREADABLE for item in evidence):
        found.append(_piece("unreadable", readable.value))
    if kinds["unmarked"] >= 0:
        found.append(_piece("unmarked", "unmarked"))
    return found


def _piece(kind: str, id_: str, count: int = 1, where: str = "", sample: str = "", gives: str | None = None) -> dict[str, Any]:
    return {"kind": kind, "id": id_, "count": count, "where": where, "sample": sample, "is": gives}


def _recipient(decision: Decision) -> dict[str, Any]:
    return {
        "recipient": decision.recipient,
        "audiences": list(decision.audiences),
        "verdict": decision.verdict.word,
        "route": decision.route,
        "needs": sorted(decision.needs),
        "reasons": [_reason(reason) for reason in decision.reasons],
        "routes_tried": [{"route": tried.route, "why_not": tried.why_not} for tried in decision.routes_tried],
        "shared_files": list(decision.shared_files),
        "carried_by": decision.carried_by,
        "held_for": decision.held_for,
        "until": _span(decision.within),
        "lifted": list(decision.lifted),
        "stamps": [f"{name}: {value}" for name, value in decision.stamps],
        "guidance": decision.guidance[0] if decision.guidance else None,
        "would_pass_if": list(decision.would_pass_if),
        "watched": [{"rule": one.rule, "mode": one.mode} for one in decision.watched],
    }


def _reason(reason: Reason) -> dict[str, Any]:
    return {
        "rule": reason.rule,
        "effect": reason.effect,
        "clause": reason.clause,
        "text": reason.text,
        "unknown": list(reason.unknown),
    }


def _span(within: timedelta | None) -> str | None:
    """How long the first who is asked has: ISO 8601. Nothing is kept yet, so there is no moment to name."""
    if within is None:
        return None
    hours, rest = divmod(int(within.total_seconds()), 3600)
    return f"PT{hours}H" if not rest else f"PT{hours}H{rest // 60}M"


def _name(file: FileFinding) -> str:
    return file.names[0] if file.names else "(no name)"
