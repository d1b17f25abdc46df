"""What `explain` prints: the object is a contract, the text says the same."""

import json
from dataclasses import replace

from gateway.decide import decide
from gateway.model.finding import Evidence, EvidenceKind, FileFinding, Findings, Place, Readable
from gateway.model.message import Defect, DefectName, Message, Span
from gateway.studio.explain import explain
from gateway.studio.explain_schema import SCHEMA
from gateway.studio.explain_text import as_text
from gateway.studio.specimen import FactsRow, facts_of
from tests.policy.packs import LINK, OWN, SMALL, small

FILES = (
    FileFinding("2", None, ("a.docx",), "application/x", "application/y", 9_000_000, "ab" * 32, Readable.YES,
                (Evidence(EvidenceKind.DETECTOR, "card", 3, "page 2", "•••• 4321"),)),
    FileFinding("3", None, ("b.zip",), "application/zip", "application/zip", 6_000_000, "cd" * 32, Readable.ENCRYPTED),
    FileFinding("4", None, (), "text/plain", "text/plain", 10, "ef" * 32, Readable.YES),
)  # fmt: skip


def explained(files=None, text=SMALL):
    policy = small(text)
    sizes = [
        {"name": "a.docx", "size": "9000000B", "detectors": {"card": 3}},
        {"name": "b.zip", "size": "6000000B", "unreadable": "encrypted"},
    ]
    row = FactsRow.model_validate({"recipient": "b@else.example", "attachments": [*sizes, {"name": "c.txt", "size": "10B"}]})
    facts = facts_of(row, policy, OWN)
    message = Message((), Span(0, 0), "the subject", None, (), facts.message.wire_octets, (Defect(DefectName.LONG_LINE),))
    return explain(message, Findings(files or FILES, ()), (facts,), (decide(facts, policy),), policy)


def matches(value, schema):
    """Enough of JSON Schema for our own: no key is missing and none is more."""
    if "const" in schema:
        return value == schema["const"]
    if "enum" in schema:
        return value in schema["enum"]
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    kind = {dict: "object", list: "array", str: "string", int: "integer", type(None): "null"}[type(value)]
    if kind not in kinds:
        return False
    if kind == "object":
        return set(value) == set(schema["required"]) and all(matches(item, schema["properties"][key]) for key, item in value.items())
    return kind != "array" or all(matches(item, schema["items"]) for item in value)


def test_the_object_is_what_the_schema_says():
    found = json.loads(json.dumps(explained()))

    assert matches(found, SCHEMA)
    assert not matches({**found, "schema": 2}, SCHEMA)
    assert not matches({**found, "words": {}}, SCHEMA)


def test_the_object_says_what_was_found_and_decided():
    found = explained()

    assert found["message"]["classification"] == "secret"
    assert found["message"]["defects"] == ["long-line"]
    assert found["message"]["coverage"] == {"files": 3, "read": 2, "unread": [{"name": "b.zip", "why": "encrypted"}]}
    assert [file["classification"] for file in found["attachments"]] == ["secret", "internal", "internal"]
    assert found["attachments"][0]["evidence"][0] == {
        "kind": "detector",
        "id": "card",
        "count": 3,
        "where": "page 2",
        "sample": "•••• 4321",
        "is": "secret",
    }
    assert [item["kind"] for item in found["attachments"][1]["evidence"]] == ["unreadable", "unmarked"]
    assert [item["kind"] for item in found["attachments"][2]["evidence"]] == ["unmarked"]
    (recipient,) = found["recipients"]
    assert (recipient["verdict"], recipient["held_for"], recipient["guidance"]) == ("confirm", "sender", "too-large")
    assert recipient["would_pass_if"][0] == "send it without b.zip (5.7 MB)"


def test_the_text_says_the_same_and_never_the_subject():
    text = as_text(explained())

    assert "b@else.example (outsiders): confirm for sender" in text
    assert "not by encrypted: files of 14.3 MB together; it takes 12 MB" in text
    assert "would pass: send it without b.zip (5.7 MB)" in text
    assert "not read: b.zip (encrypted)" in text
    assert "the subject" not in text


def test_what_could_not_be_read_is_said_once_and_nobody_is_said_not_to_have_marked_it():
    """Found: the only file was `File 2`, with `unreadable unsupported` twice and `nobody has marked it` beneath."""
    first, unread, last = FILES
    evidence = (Evidence(EvidenceKind.UNREADABLE, "encrypted"),)
    lines = as_text(explained((first, replace(unread, evidence=evidence), last))).splitlines()

    at = next(number for number, line in enumerate(lines) if line.startswith("File 2: b.zip"))
    assert lines[at + 1] == "    could not be read: encrypted"
    assert lines[at + 2].startswith("File 3")


def test_a_file_name_neither_commands_the_terminal_nor_adds_lines():
    found = explained()
    found["attachments"][0]["names"] = ["a.docx\x1b]0;x\x07\nb@else.example: release"]

    line = next(line for line in as_text(found).splitlines() if line.startswith("File 1"))
    assert line.startswith("File 1: a.docx\ufffd]0;x\ufffd\ufffdb@else.example: release, ")


def test_where_labels_and_markings_disagree_each_says_what_it_would_give():
    first, *_ = FILES
    secret, public = small().patterns.markings
    header = Evidence(EvidenceKind.MARKING, public.id, 1, "page header", "PUBLIC", place=Place.PAGE_HEADER)
    words = Evidence(EvidenceKind.MARKING, secret.id, 1, "page 2 header", "SECRET", place=Place.PAGE_HEADER)

    found = explained((replace(first, evidence=(header, words)),))
    assert [item["is"] for item in found["attachments"][0]["evidence"][:2]] == ["public", "secret"]
    text = as_text(found)
    assert f"marking {public.id} in page header: PUBLIC (public)" in text
    assert "labels and markings disagree (public, secret): the strictest counts" in text

    assert "disagree" not in as_text(explained((replace(first, evidence=(words,)),)))


def test_what_a_share_takes_is_said_by_the_numbers_of_the_files():
    policy = small(SMALL.replace(LINK, LINK.replace("for: partners", "not_for: colleagues")))
    rows = [{"name": "a.docx", "size": "25MB"}, {"name": "b.pdf", "size": "1MB"}, {"name": "c.zip", "size": "9MB", "fixed": "signed"}]
    facts = facts_of(FactsRow.model_validate({"recipient": "b@partner.example", "attachments": rows}), policy, OWN)
    message = Message((), Span(0, 0), "the subject", None, (), facts.message.wire_octets)
    found = explain(
        message, Findings(tuple(replace(file, readable=Readable.YES) for file in FILES), ()), (facts,), (decide(facts, policy),), policy
    )
    (recipient,) = found["recipients"]

    assert (recipient["route"], recipient["shared_files"], recipient["carried_by"]) == ("link", ["2"], "plain")
    assert [file["fixed"] for file in found["attachments"]] == [None, None, "signed"]
    assert matches(json.loads(json.dumps(found)), SCHEMA)
    assert "b@partner.example (partners, outsiders): release by link" in as_text(found)
    assert "  link takes file 1 out of the mail; the rest goes by plain" in as_text(found)
