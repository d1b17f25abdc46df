"""A row of a pack's test to the Message and Findings that it describes, so that tests are decided by the same code as mail. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Annotated, Literal

from pydantic import Field

from gateway.gather import Context, gather
from gateway.mime.pspf import place_in_pack
from gateway.mime.sizes import PART_OVERHEAD_OCTETS, encoded_octets
from gateway.model.envelope import Address, Recipient
from gateway.model.facts import UNKNOWN, Declared, Facts
from gateway.model.finding import Evidence, EvidenceKind, FileFinding, FileOddity, Findings, Place, Readable
from gateway.model.message import Defect, DefectName, Encoding, Fixed, Message, Role, Span
from gateway.model.message import Part as MimePart
from gateway.policy.pack_words import Count, Day, Guid, Mailbox, Name, Part, SentAs, Size, Unread
from gateway.policy.pack_yaml import Path
from gateway.policy.rules import Policy

_WORDS_OCTETS = 2000  # what a short mail weighs without its files
_ROOT = "0"  # id of the multipart that they all stand in
_ORDINARY_DAY = date(2026, 1, 5)


class WordsRow(Part):
    classification: Name | None = None
    marking: str | None = None  # the text of one of the pack's markings
    label: Guid | None = None
    pspf: str | None = None  # as in the pack
    detectors: dict[Name, Count] = Field(default={})
    unreadable: Unread | None = None


class FileRow(WordsRow):
    name: str
    size: Size = 10_000
    type: str = "application/octet-stream"
    inside: str | None = None  # the name of the file it is in
    fixed: Literal["signed", "encrypted", "foreign", "in-words", "readings", "encoding", "piece"] | None = None  # why no share can take it


class SaidRow(Part):
    """What is known beside the message: who sends, from where, and what was said of it."""

    sender_groups: list[Name] | Literal["unknown"] = Field(default=[])  # of the directory; groups by address speak for themselves
    authenticated: bool | None = None
    certificate: str | None = None
    peer: str = "127.0.0.1"
    purpose: Name | None = None
    declared: list[Name] = Field(default=[])
    overrides: list[Name] = Field(default=[])


class FactsRow(SaidRow):
    """What is not said is ordinary: a person of ours writes a short mail without files."""

    sender: Mailbox | None = None
    recipient: Mailbox
    attachments: list[FileRow] = Field(default=[])
    words: WordsRow = WordsRow()
    message_size: Size | None = None
    at: Day = _ORDINARY_DAY
    sent_as: SentAs | None = None
    defects: Annotated[list[str], Field(max_length=20)] = Field(default=[])


class Impossible(Exception):
    """The pack has nothing that would give what the row asks for."""


def facts_of(row: FactsRow, policy: Policy, own_domains: tuple[str, ...]) -> Facts:
    """The facts of one row.

    Raises:
        Impossible: with a sentence for the officer.
    """
    chief = own_domains[0] if own_domains else "example.org"
    sender = _address((row.sender or f"someone@{chief}").replace("@own", f"@{chief}"))
    recipient = Recipient(_address(row.recipient.replace("@own", f"@{chief}")))
    files, said = _files(row, policy)
    evidence, about_words = _evidence(row.words, policy, "words", policy.ladder.unmarked_words)
    findings = Findings(files, evidence, Readable(row.words.unreadable or "yes"), tuple(row.defects))
    declared = (*declared_in(row), *said, *about_words)
    authenticated = UNKNOWN if row.authenticated is None else row.authenticated
    ours = sender.domain in own_domains
    context = Context("test", sender, ours, authenticated, row.certificate, row.peer, declared)
    at = datetime.combine(row.at, time(12), UTC)
    facts = gather(_message(row, files), findings, context, (recipient,), policy.snapshot, at)[0]
    return _with_groups(_with_fixed(facts, row), row, policy)


def _address(text: str) -> Address:
    local, _, domain = text.rpartition("@")
    return Address(text, local, domain)


def _files(row: FactsRow, policy: Policy) -> tuple[tuple[FileFinding, ...], tuple[Declared, ...]]:
    ids = {file.name: id_ for id_, file in _numbered(row)}
    files: list[FileFinding] = []
    said: list[Declared] = []
    for id_, file in _numbered(row):
        evidence, declared = _evidence(file, policy, id_, policy.ladder.unmarked_files)
        inside = ids.get(file.inside) if file.inside is not None else None
        readable = Readable(file.unreadable or "yes")
        files.append(FileFinding(id_, inside, (file.name,), file.type, file.type, file.size, "", readable, evidence))
        said += declared
    return tuple(files), tuple(said)


def _numbered(row: FactsRow) -> Iterable[tuple[str, FileRow]]:
    """Each file with its id; two may have the same name."""
    return ((str(number), file) for number, file in enumerate(row.attachments, 2))


def _evidence(row: WordsRow, policy: Policy, about: str, unmarked: int) -> tuple[tuple[Evidence, ...], tuple[Declared, ...]]:
    found = [Evidence(EvidenceKind.DETECTOR, name, count) for name, count in row.detectors.items()]
    for name in row.detectors:
        if name not in policy.patterns.detectors and name not in policy.patterns.names:
            raise Impossible(f"the pack does not look for `{name}`")
    if row.label is not None:
        found.append(_label(row.label, policy))
    if row.pspf is not None:
        found.append(_protective(row.pspf, policy))
    if row.marking is not None:
        found.append(_marking(row.marking, policy))
    if row.classification is None:
        return tuple(found), ()
    if row.classification not in policy.ladder.names:
        raise Impossible(f"the pack has no classification `{row.classification}`; there are: {', '.join(policy.ladder.names)}")
    given = _any_that_gives(policy.ladder.names.index(row.classification), policy, unmarked)
    said = () if given is not None else (Declared("classification", row.classification, "owner", about),)
    return (*found, given) if given is not None else tuple(found), said


def _any_that_gives(level: int, policy: Policy, unmarked: int) -> Evidence | None:
    """The plainest evidence of the pack that gives this classification by itself."""
    ladder = policy.ladder
    for pattern in policy.patterns.markings:
        given = ladder.markings[pattern.id]
        if given.level == level and (given.whole_line or level >= unmarked):
            place = Place.PAGE_HEADER if Place.PAGE_HEADER in pattern.where else min(pattern.where)
            return Evidence(EvidenceKind.MARKING, pattern.id, 1, "test", place=place)
    for (tenant, name), given in ladder.labels.items():
        if given.level == level:
            return Evidence(EvidenceKind.LABEL, name, 1, "test", tenant=tenant)
    for name, all_given in ladder.detectors.items():
        for given in all_given:
            if given.level == level >= unmarked:
                return Evidence(EvidenceKind.DETECTOR, name, given.at_least, "test")
    return None


def _label(name: str, policy: Policy) -> Evidence:
    tenant = next((tenant for tenant, known in policy.ladder.labels if known == name), None)
    if tenant is None:
        raise Impossible(f"the pack has no label `{name}`")
    return Evidence(EvidenceKind.LABEL, name, 1, "test", tenant=tenant)


def _protective(text: str, policy: Policy) -> Evidence:
    namespace, name = place_in_pack(text)
    if (namespace, name) not in policy.ladder.labels:
        raise Impossible(f"the pack has no protective marking `{text}`")
    return Evidence(EvidenceKind.LABEL, name, 1, "test", tenant=namespace, place=Place.HEADER_FIELD)


def _marking(text: str, policy: Policy) -> Evidence:
    pattern = next((one for one in policy.patterns.markings if one.text == text), None)
    if pattern is None:
        raise Impossible(f"the pack has no marking `{text}`; there are: {', '.join(one.text for one in policy.patterns.markings)}")
    place = Place.PAGE_HEADER if Place.PAGE_HEADER in pattern.where else min(pattern.where)
    return Evidence(EvidenceKind.MARKING, pattern.id, 1, "test", place=place)


def declared_in(row: SaidRow) -> tuple[Declared, ...]:
    """Purpose, words and overrides as they would be declared."""
    return tuple(said for said, _ in declared_places(row))


def declared_places(row: SaidRow) -> Iterable[tuple[Declared, Path]]:
    """The same, each with its place in the row."""
    if row.purpose is not None:
        yield Declared("purpose", row.purpose), ("purpose",)
    for index, word in enumerate(row.declared):
        yield Declared("word", word), ("declared", index)
    for index, name in enumerate(row.overrides):
        yield Declared("override", name), ("overrides", index)


def is_ip(text: str) -> bool:
    """Whether a client can have this address."""
    try:
        return bool(ipaddress.ip_address(text))
    except ValueError:
        return False


def _message(row: FactsRow, files: tuple[FileFinding, ...]) -> Message:
    """Parts as heavy as the files are in base64."""
    parts, at = [], _WORDS_OCTETS
    for file in files:
        if file.inside is None:
            end = at + PART_OVERHEAD_OCTETS + encoded_octets(file.octets)
            header, body = Span(at, at + PART_OVERHEAD_OCTETS), Span(at + PART_OVERHEAD_OCTETS, end)
            parts.append(
                MimePart(file.id, _ROOT, header, body, file.declared_type, None, Encoding.BASE64, "attachment", file.names, None, Role.FILE)
            )
            at = end
    known = {name.value for kind in (DefectName, FileOddity) for name in kind}
    for name in row.defects:
        if name not in known:
            raise Impossible(f"there is no defect `{name}`; there are: {', '.join(sorted(known))}")
    defects = tuple(Defect(name) for name in DefectName if name.value in row.defects)
    return Message((), Span(0, 0), "", None, tuple(parts), row.message_size or at, defects, row.sent_as)


def _with_fixed(facts: Facts, row: FactsRow) -> Facts:
    """Files of which the row says that they cannot be taken out of the message."""
    fixed = {id_: Fixed(file.fixed) for id_, file in _numbered(row) if file.fixed is not None}
    if not fixed:
        return facts
    files = tuple(replace(file, fixed=fixed.get(file.id, file.fixed)) for file in facts.message.files)
    return replace(facts, message=replace(facts.message, files=files))


def _with_groups(facts: Facts, row: FactsRow, policy: Policy) -> Facts:
    """Groups of the directory as the row says: those named and no others."""
    for name in row.sender_groups if row.sender_groups != "unknown" else ():
        if name not in policy.snapshot.groups:
            raise Impossible(f"the pack has no group `{name}`; there are: {', '.join(sorted(policy.snapshot.groups))}")
    if row.sender_groups == "unknown":
        return facts
    sender = facts.message.sender
    groups = tuple((name, True if name in row.sender_groups else False if state is UNKNOWN else state) for name, state in sender.groups)
    return replace(facts, message=replace(facts.message, sender=replace(sender, groups=groups)))
