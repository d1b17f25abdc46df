"""Why a message goes as it goes: one object for machines (DESIGN section 8, a contract) and a text for people. Pure.

Only additions to the object are allowed; `SCHEMA` describes it. Evidence is masked already where it was found.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from gateway.mime.sizes import human
from gateway.model.decision import Decision, Reason, Verdict
from gateway.model.facts import Facts
from gateway.model.finding import Evidence, EvidenceKind, FileFinding, Findings, Readable
from gateway.model.message import Fixed, Message
from gateway.policy.classify import KINDS, Levels
from gateway.policy.rules import Policy
from gateway.policy.view import Mail

VERSION = 1


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


# --- for people -------------------------------------------------------------------------------------------------------


def as_text(found: dict[str, Any]) -> str:
    """The same object to read."""
    return "".join([f"{_printable(line)}\n" for line in _lines(found)])


def content_as_text(found: dict[str, Any]) -> tuple[str, ...]:
    """Of the same object what the words and each file are, and why: lines."""
    return tuple(_printable(line) for line in _content(found))


def _printable(line: str) -> str:
    """File names are the sender's: they must not command the terminal, nor add lines."""
    return line if line.isprintable() else "".join([character if character.isprintable() else "\ufffd" for character in line])


def _lines(found: dict[str, Any]) -> Iterable[str]:
    message = found["message"]
    yield f"Pack {found['pack']} ({found['pack_version'][:19]})"
    yield from (f"Supposed {name}: {_plainly(value)}" for name, value in (found["supposed"] or {}).items())
    files = f"files {human(message['attachments_octets'])} together" if found["attachments"] else "no files"
    yield f"Message: {message['classification']}, {human(message['wire_octets'])} as mail, {files}"
    if message["defects"]:
        yield f"  odd: {', '.join(message['defects'])}"
    coverage = message["coverage"]
    if coverage["files"]:
        yield f"  read {coverage['read']} of {coverage['files']} files"
    yield from (f"  not read: {one['name']} ({one['why']})" for one in coverage["unread"])
    yield from _content(found)
    numbers = _numbers(found)
    for recipient in found["recipients"]:
        yield ""
        yield from _about(recipient, numbers)


def _numbers(found: dict[str, Any]) -> dict[str, int]:
    """Files are counted from 1, as a person does; their ids are those of the parts of the message."""
    return {file["id"]: number for number, file in enumerate(found["attachments"], 1)}


def _content(found: dict[str, Any]) -> Iterable[str]:
    yield f"Words: {found['words']['classification']}"
    yield from _found(found["words"]["evidence"])
    numbers = _numbers(found)
    for file in found["attachments"]:
        inside = f", inside file {numbers.get(file['inside'], file['inside'])}" if file["inside"] else ""
        yield f"File {numbers[file['id']]}{inside}: {_first(file['names'])}, {human(file['octets'])}, {file['classification']}"
        yield from _found(file["evidence"])


def _plainly(value: Any) -> str:
    """What a scenario says, on a line."""
    if isinstance(value, dict):
        return ", ".join(f"{name} {_plainly(item)}".rstrip() if isinstance(item, str) else name for name, item in value.items())
    if isinstance(value, list):
        return ", ".join(_plainly(list(item.values())) if isinstance(item, dict) else _plainly(item) for item in value) or "none"
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _found(evidence: list[dict[str, Any]]) -> Iterable[str]:
    unread = any(item["kind"] == "unreadable" for item in evidence)
    for item in evidence:
        if item["kind"] == "unmarked":
            if not unread:  # else nobody knows
                yield "    nobody has marked it"
        elif item["kind"] == "unreadable":
            yield f"    could not be read: {item['id']}"
        else:
            count = f" x {item['count']}" if item["count"] != 1 else ""
            where = f" in {item['where']}" if item["where"] else ""
            sample = f": {item['sample']}" if item["sample"] else ""
            gives = f" ({item['is']})" if item["is"] else ""
            yield f"    {item['kind']} {item['id']}{count}{where}{sample}{gives}"
    said = dict.fromkeys(item["is"] for item in evidence if item["kind"] in ("label", "marking") and item["is"])
    if len(said) > 1:
        yield f"    labels and markings disagree ({', '.join(said)}): the strictest counts"


def _about(recipient: dict[str, Any], numbers: dict[str, int]) -> Iterable[str]:
    route = f" by {recipient['route']}" if recipient["route"] and recipient["verdict"] == Verdict.RELEASE.word else ""
    who = f" for {recipient['held_for']}" if recipient["held_for"] else ""
    until = f", {recipient['until'].removeprefix('PT').lower()} to answer" if recipient["until"] else ""
    yield f"{recipient['recipient']} ({', '.join(recipient['audiences']) or 'in no audience'}): {recipient['verdict']}{route}{who}{until}"
    if recipient["shared_files"]:
        taken = ", ".join(str(numbers.get(file, file)) for file in recipient["shared_files"])
        yield f"  {recipient['route']} takes file {taken} out of the mail; the rest goes by {recipient['carried_by']}"
    if recipient["needs"]:
        yield f"  needs {', '.join(recipient['needs'])}"
    for reason in recipient["reasons"]:
        clause = f" [{reason['clause']}]" if reason["clause"] else ""
        unknown = f" (not known: {', '.join(reason['unknown'])})" if reason["unknown"] else ""
        yield f"  {reason['effect']} by {reason['rule']}{clause}: {reason['text']}{unknown}"
    yield from (f"  not by {tried['route']}: {tried['why_not']}" for tried in recipient["routes_tried"])
    if recipient["lifted"]:
        yield f"  lifted: {', '.join(recipient['lifted'])}"
    yield from (f"  {one['mode']} only: {one['rule']}" for one in recipient["watched"])
    yield from (f"  would pass: {change}" for change in recipient["would_pass_if"])


def _name(file: FileFinding) -> str:
    return _first(list(file.names))


def _first(names: list[str]) -> str:
    return names[0] if names else "(no name)"


# --- the contract -----------------------------------------------------------------------------------------------------


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


def _list(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


_TEXT: dict[str, Any] = {"type": "string"}
_NUMBER: dict[str, Any] = {"type": "integer", "minimum": 0}
_MAYBE: dict[str, Any] = {"type": ["string", "null"]}
_FOUND = _list(
    _object(
        kind={"enum": ["label", "marking", "detector", "unreadable", "unmarked"]},
        id=_TEXT,
        count=_NUMBER,
        where=_TEXT,
        sample=_TEXT,
        **{"is": _MAYBE},
    )
)
SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "outgate explain --json",
    **_object(
        schema={"const": VERSION},
        pack=_TEXT,
        pack_version=_TEXT,
        supposed={"type": ["object", "null"]},
        message=_object(
            wire_octets=_NUMBER,
            attachments_octets=_NUMBER,
            classification=_TEXT,
            defects=_list(_TEXT),
            coverage=_object(files=_NUMBER, read=_NUMBER, unread=_list(_object(name=_TEXT, why=_TEXT))),
        ),
        attachments=_list(
            _object(
                id=_TEXT,
                inside=_MAYBE,
                names=_list(_TEXT),
                declared_type=_TEXT,
                detected_type=_TEXT,
                octets=_NUMBER,
                sha256=_TEXT,
                classification=_TEXT,
                readable={"enum": [kind.value for kind in Readable]},
                oddities=_list(_TEXT),
                fixed={"enum": [*(kind.value for kind in Fixed), None]},
                evidence=_FOUND,
            )
        ),
        words=_object(classification=_TEXT, evidence=_FOUND),
        recipients=_list(
            _object(
                recipient=_TEXT,
                audiences=_list(_TEXT),
                verdict={"enum": [verdict.word for verdict in Verdict]},
                route=_MAYBE,
                needs=_list(_TEXT),
                reasons=_list(_object(rule=_TEXT, effect=_TEXT, clause=_TEXT, text=_TEXT, unknown=_list(_TEXT))),
                routes_tried=_list(_object(route=_TEXT, why_not=_TEXT)),
                shared_files=_list(_TEXT),
                carried_by=_MAYBE,
                held_for=_MAYBE,
                until=_MAYBE,
                lifted=_list(_TEXT),
                stamps=_list(_TEXT),
                guidance=_MAYBE,
                would_pass_if=_list(_TEXT),
                watched=_list(_object(rule=_TEXT, mode={"enum": ["watch", "advise"]})),
            )
        ),
    ),
}
