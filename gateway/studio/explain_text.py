"""The object of explain.py as a text for people. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gateway.mime.sizes import human
from gateway.model.decision import Verdict
from gateway.model.finding import Readable


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


_PARTLY = Readable.PICTURES_UNREAD.value


def _found(evidence: list[dict[str, Any]]) -> Iterable[str]:
    unread = any(item["kind"] == "unreadable" for item in evidence)
    for item in evidence:
        if item["kind"] == "unmarked":
            if not unread:  # else nobody knows
                yield "    nobody has marked it"
        elif item["kind"] == "unreadable":
            yield f"    {'not all of it was' if item['id'] == _PARTLY else 'could not be'} read: {item['id']}"
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


def _first(names: list[str]) -> str:
    return names[0] if names else "(no name)"
