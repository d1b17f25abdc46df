"""Hypothesis strategies for facts: a small world in which every kind of evidence, list, register and unknown occurs."""

from dataclasses import replace
from datetime import UTC, date, datetime

from hypothesis import strategies as st

from gateway.model.facts import (
    ABSENT,
    UNKNOWN,
    Declared,
    Entry,
    Facts,
    FileFacts,
    ListFacts,
    MessageFacts,
    SenderFacts,
)
from gateway.model.finding import Evidence, EvidenceKind, Pattern, Patterns, Place, Readable
from gateway.model.message import Fixed
from gateway.policy.classify import Given, Ladder

MB = 1_048_576
LEVELS = ("public", "controlled", "restricted")
OWN, SISTER, PARTNER, STRANGER = "own.example", "own.sister.example", "partner.example", "stranger.example"
TENANT, STRANGE = "tenant-1", "label-nobody-knows"
LABELS = tuple(f"label-{name}" for name in LEVELS)
MARKINGS = ("restricted", "controlled", "public")
DETECTORS = ("nhs-number", "card")
SEARCHED = frozenset((*MARKINGS, *DETECTORS))
REGISTERS = ("enrolled.yaml", "partners.yaml", "schools.yaml")
GROUPS = ("justice", "urgent")
AUDIENCES = ("colleagues", "partners", "schools", "outsiders")
NEEDS = ("protected-files", "protected-message")
ROUTES = ("one", "two", "last")
RULE_IDS = tuple(f"rule-{number}" for number in range(8))
PEOPLE = ("officer", "duty")
TODAY = datetime(2026, 6, 1, 12, tzinfo=UTC)


def ladders(unmarked_files: int, *, every_kind: bool = True) -> Ladder:
    kinds = [kind.value for kind in Readable if kind is not Readable.YES and (every_kind or kind is not Readable.DAMAGED)]
    return Ladder(
        names=LEVELS,
        unmarked_files=unmarked_files,
        unmarked_words=0,
        labels={(TENANT, label): Given(level) for level, label in enumerate(LABELS)},
        markings={"restricted": Given(2), "controlled": Given(1, "health"), "public": Given(0, whole_line=True)},
        detectors={"nhs-number": (Given(1, "health"), Given(2, "health", at_least=10)), "card": (Given(2, at_least=3),)},
        unreadable={kind: (Given(1), Given(2)) if kind == "encrypted" else (Given(1),) for kind in kinds},
        people=frozenset(PEOPLE),
        looks_for=SEARCHED,
    )


PATTERNS = Patterns(tuple(Pattern(name, name.upper(), frozenset(Place), whole_line=True) for name in MARKINGS), frozenset(DETECTORS))

# --- facts --------------------------------------------------------------------------------------------------------------


EVIDENCE = (
    *(Evidence(EvidenceKind.LABEL, name, tenant=TENANT) for name in LABELS),
    *(Evidence(EvidenceKind.MARKING, name, place=place) for name in MARKINGS for place in (Place.PAGE_HEADER, Place.FIRST_LINE)),
    *(Evidence(EvidenceKind.DETECTOR, name, count) for name in DETECTORS for count in (1, 3, 10)),
    Evidence(EvidenceKind.LABEL, LABELS[0], tenant="another-tenant"),
)
STRANGE_EVIDENCE = Evidence(EvidenceKind.LABEL, STRANGE, tenant=TENANT)


def evidence(*, strange: bool = True):
    return st.sampled_from((*EVIDENCE, STRANGE_EVIDENCE, STRANGE_EVIDENCE) if strange else EVIDENCE)


def several(strategy, most=2):
    return st.lists(strategy, max_size=most).map(tuple)


def sizes():
    return st.sampled_from([0, 1, 1000, 4 * MB, 12 * MB, 12 * MB + 1, 15 * MB, 30 * MB])


@st.composite
def files(draw):
    count = draw(st.integers(0, 3))
    found = []
    for number in range(1, count + 1):
        inside = draw(st.sampled_from([None, *(file.id for file in found)]))
        octets = draw(sizes())
        found.append(
            FileFacts(
                str(number),
                inside,
                f"file-{number}.docx",
                draw(st.sampled_from(["application/zip", "text/plain"])),
                octets,
                0 if inside else octets * 78 * 4 // (76 * 3),
                draw(st.sampled_from([Readable.YES, Readable.YES, Readable.ENCRYPTED, Readable.DAMAGED])),
                draw(several(evidence())),
                draw(st.sampled_from([None, None, None, Fixed.SIGNED])) if inside is None else None,
                draw(st.sampled_from([frozenset(), frozenset({"macros"})])),
            )
        )
    return tuple(found)


def states(*, unknown: bool = True):
    return st.sampled_from([True, False, UNKNOWN] if unknown else [True, False])


ROWS = (
    None,
    Entry(),
    *(Entry("A-1", "owner@own.example", day, name) for day in (None, date(2020, 1, 1), date(2030, 1, 1)) for name in LEVELS),
)
LISTS = (
    ABSENT,
    *(
        ListFacts("list@own.example", owner, 10, external, uncleared, allowed)
        for owner, external in ((None, 0), ("owner@own.example", 2))
        for uncleared in ((), (("controlled", 0), ("restricted", 4)), (("restricted", 0),))
        for allowed in (True, False)
    ),
)
UNSURE_LISTS = (
    replace(LISTS[-1], sender_allowed=UNKNOWN),
    replace(LISTS[-1], members=UNKNOWN),
    replace(LISTS[-1], external=UNKNOWN),
    replace(LISTS[-1], uncleared=(("controlled", UNKNOWN), ("restricted", 4))),
    replace(LISTS[-1], members=UNKNOWN, external=UNKNOWN, uncleared=(("restricted", UNKNOWN),)),
)


def rows(*, unknown: bool = True):
    return st.sampled_from((*ROWS, UNKNOWN, UNKNOWN, UNKNOWN) if unknown else ROWS)


def lists(*, unknown: bool = True):
    return st.sampled_from((*LISTS, *UNSURE_LISTS, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, ABSENT, ABSENT) if unknown else LISTS)


DECLARED = (
    Declared("purpose", "justice"),
    Declared("purpose", "other"),
    Declared("word", "portal-not-suitable"),
    Declared("override", "urgent-override"),
    *(Declared("classification", level, by, about) for level in LEVELS for by in ("sender", "officer") for about in ("1", "words")),
)


@st.composite
def messages(draw):
    found = draw(files())
    sender = SenderFacts(
        "someone@own.example",
        OWN,
        draw(st.booleans()),
        draw(states()),
        draw(st.sampled_from([None, "CN=letters"])),
        "10.0.0.1",
        tuple((name, draw(states())) for name in GROUPS),
    )
    return MessageFacts(
        wire_octets=sum(file.wire_octets for file in found) + draw(st.sampled_from([1000, 3 * MB])),
        sender=draw(st.sampled_from([sender, replace(sender, address="letters@own.example")])),
        files=found,
        words=draw(several(evidence())),
        words_readable=draw(st.sampled_from([Readable.YES, Readable.YES, Readable.DAMAGED])),
        defects=draw(st.sampled_from([frozenset(), frozenset({"readings-disagree"})])).union(*[file.defects for file in found]),
        sent_as=draw(st.sampled_from([None, None, "smime"])),
        listener="in",
        declared=draw(several(st.sampled_from(DECLARED))),
        looked_for=draw(st.sampled_from([SEARCHED, SEARCHED, SEARCHED - {"card", "public"}])),
    )


@st.composite
def facts(draw):
    domain = draw(st.sampled_from([OWN, SISTER, PARTNER, STRANGER]))
    return Facts(
        message=draw(messages()),
        recipient=f"b@{domain}",
        address=f"b@{domain}",
        domain=domain,
        at=TODAY,
        list=draw(lists()),
        registers=tuple((name, draw(rows())) for name in REGISTERS),
    )


@st.composite
def known_versions(draw, of: Facts):
    """The same facts where everything unknown has turned out to be something."""

    def settled(item):
        return replace(item, id=draw(st.sampled_from(LABELS))) if item.id == STRANGE else item

    def looked_at(items):
        missed = draw(several(evidence(strange=False))) if of.message.looked_for != SEARCHED else ()
        return (
            *map(settled, items),
            *(item for item in missed if item.id not in of.message.looked_for and item.kind is not EvidenceKind.LABEL),
        )

    def state(value):
        return draw(st.booleans()) if value is UNKNOWN else value

    def number(value):
        return draw(st.integers(0, 10)) if value is UNKNOWN else value

    message = of.message
    sender = message.sender
    sender = replace(sender, authenticated=state(sender.authenticated), groups=tuple((name, state(value)) for name, value in sender.groups))
    # Of a file that could not be read at all, the content facts are absent, not unknown.
    found = tuple(
        replace(file, evidence=looked_at(file.evidence)) if file.evidence or file.readable is Readable.YES else file
        for file in message.files
    )
    message = replace(message, sender=sender, files=found, words=looked_at(message.words), looked_for=SEARCHED)
    known = draw(lists(unknown=False)) if of.list is UNKNOWN else of.list
    if isinstance(known, ListFacts):
        uncleared = tuple((name, number(count)) for name, count in known.uncleared)
        counts = {"members": number(known.members), "external": number(known.external), "uncleared": uncleared}
        known = replace(known, sender_allowed=state(known.sender_allowed), **counts)
    registers = tuple((name, draw(rows(unknown=False)) if row is UNKNOWN else row) for name, row in of.registers)
    return replace(of, message=message, list=known, registers=registers)
