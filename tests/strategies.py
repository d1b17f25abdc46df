"""Hypothesis strategies for facts, rules and packs: a small world in which every kind of condition, route and unknown occurs."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

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
from gateway.policy.classify import Given, Ladder
from gateway.policy.places import Places
from gateway.policy.rules import (
    Act,
    Ask,
    Audience,
    ExceptionTo,
    Never,
    Override,
    Person,
    Policy,
    Register,
    Route,
    Rule,
    Snapshot,
    System,
)

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
        unreadable={kind: Given(2 if kind == "encrypted" else 1) for kind in kinds},
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
UNSURE_LIST = replace(LISTS[-1], sender_allowed=UNKNOWN)


def rows(*, unknown: bool = True):
    return st.sampled_from((*ROWS, UNKNOWN, UNKNOWN, UNKNOWN) if unknown else ROWS)


def lists(*, unknown: bool = True):
    return st.sampled_from((*LISTS, UNSURE_LIST, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, ABSENT, ABSENT) if unknown else LISTS)


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
        defects=draw(st.sampled_from([frozenset(), frozenset({"readings-disagree"})])),
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

    message = of.message
    sender = message.sender
    sender = replace(sender, authenticated=state(sender.authenticated), groups=tuple((name, state(value)) for name, value in sender.groups))
    found = tuple(replace(file, evidence=looked_at(file.evidence)) for file in message.files)
    message = replace(message, sender=sender, files=found, words=looked_at(message.words), looked_for=SEARCHED)
    known = draw(lists(unknown=False)) if of.list is UNKNOWN else of.list
    if isinstance(known, ListFacts):
        known = replace(known, sender_allowed=state(known.sender_allowed))
    registers = tuple((name, draw(rows(unknown=False)) if row is UNKNOWN else row) for name, row in of.registers)
    return replace(of, message=message, list=known, registers=registers)


# --- rules --------------------------------------------------------------------------------------------------------------

SISTER_DOMAINS = Places.of([(SISTER, True), ("*.example", True)])
OWN_DOMAINS = Places.of([(OWN, True)])


def subsets(names, least=1):
    return st.frozensets(st.sampled_from(names), min_size=least, max_size=2)


ASKS = (
    *(Ask("audience", how, frozenset(names)) for how in ("any", "none") for names in ([one] for one in AUDIENCES)),
    Ask("audience", "any", frozenset({"partners", "schools"})),
    Ask("audience", "none", frozenset({"partners", "schools"})),
    *(Ask("classification", "at_least", (of, level, None)) for of in ("files", "words", "any") for level in (1, 2)),
    *(
        Ask("classification", "at_least", ("files", 1, frozenset({kind})))
        for kind in ("label", "marking", "detector", "unreadable", "unmarked")
    ),
    *(Ask("classification", "below", (of, level, None)) for of in ("files", "words", "any") for level in (1, 2)),
    Ask("classification", "above_agreement", ("any", 0, None)),
    Ask("category", "any", frozenset({"health"})),
    *(Ask(fact, how, 12 * MB) for fact in ("attachments", "message") for how in ("above", "at_most")),
    Ask("files", "at_least", 2),
    *(Ask(f"list.{name}", "at_least", least) for name in ("uncleared_members", "external_members", "members") for least in (1, 3)),
    *(Ask("list.sender_allowed", "is", value) for value in (True, False)),
    *(Ask("sender", how, value) for how in ("ours", "authenticated") for value in (True, False)),
    Ask("sender", "domain", OWN_DOMAINS),
    *(Ask("sender_group", "any", frozenset({name})) for name in GROUPS),
    Ask("recipient_domain", "in", SISTER_DOMAINS),
    Ask("system", "any", frozenset({"letters"})),
    *(Ask("purpose", "any", frozenset(names)) for names in (["justice"], ["other"], ["justice", "other"])),
    Ask("declared", "any", frozenset({"portal-not-suitable"})),
    *(Ask("agreement", "any", frozenset({status})) for status in ("current", "lapsed", "none")),
    Ask("sent_as", "any", frozenset({"smime"})),
    Ask("defects", "any", frozenset({"readings-disagree"})),
    Ask("unreadable", "any", frozenset({"damaged"})),
)
ACTS = (
    *(Act("require", frozenset(names)) for names in (NEEDS[:1], NEEDS[1:], NEEDS)),
    Act("confirm", held_for="sender", within=timedelta(days=1), then="officer"),
    *(Act("hold", held_for=who, guidance="g-hold") for who in ("officer", "list-owner")),
    Act("refuse", guidance="g-refuse"),
    Act("notify", held_for="officer"),
    Act("stamp", stamps=(("X-Stamp", "1"),)),
)


def asks():
    return st.sampled_from(ASKS)


def acts():
    return st.sampled_from(ACTS)


def rules(ids=RULE_IDS):
    return st.builds(
        Rule,
        id=st.sampled_from(ids),
        when=st.one_of(st.just(()), st.tuples(asks()), st.tuples(asks()), st.tuples(asks(), asks())),
        unless=st.one_of(st.just(()), st.just(()), st.tuples(asks())),
        acts=st.lists(acts(), min_size=1, max_size=2).map(tuple),
        mode=st.sampled_from(["enforce", "enforce", "enforce", "enforce", "advise", "watch"]),
        becomes=st.sampled_from([(), ((date(2026, 5, 1), "enforce"),), ((date(2027, 1, 1), "watch"),)]),
        until=st.sampled_from([None, None, None, None, date(2026, 1, 1)]),
    )


OPEN_ROUTE = Route("last", "relay", "hop", provides=frozenset(NEEDS))


def routes():
    """Some that ask for much and, mostly, a last one that takes everything: else all would end in no_route."""
    last = st.sampled_from([(), (OPEN_ROUTE,), (OPEN_ROUTE,), (OPEN_ROUTE,)])
    some = st.integers(0, 2).flatmap(lambda count: st.tuples(*map(_route, ROUTES[:count])))
    return st.builds(lambda picked, final: (*picked, *final), some, last)


def _route(name):
    nobody = frozenset()
    some = st.sampled_from([nobody, nobody, nobody, *(frozenset({one}) for one in AUDIENCES)])
    return st.builds(
        lambda provides, for_, not_for, limits, others: Route(
            name, "relay", "hop", provides=provides, for_=for_, not_for=not_for, **(limits | others)
        ),
        st.sampled_from([nobody, frozenset(NEEDS[:1]), frozenset(NEEDS), frozenset(NEEDS)]),
        some,
        some,
        st.sampled_from(
            [
                {},
                {"attachments_limit": 12 * MB},
                {"message_limit": 35 * MB, "recipient_limits": Places.of([(PARTNER, 35 * MB)]), "unknown_recipient_limit": 20 * MB},
            ]
        ),
        st.sampled_from(
            [
                {},
                {},
                {},
                {"senders": frozenset({"justice"})},
                {"purpose": "justice"},
                {"sent_as": frozenset({"smime"})},
                {"closed": "not set up"},
            ]
        ),
    )


def nevers():
    return st.builds(
        Never,
        id=st.sampled_from(["never-1", "never-2"]),
        when=several(asks()),
        without=subsets(NEEDS, 0),
        routes=subsets(ROUTES, 0),
        released=st.sampled_from([False, False, True]),
    )


def exceptions():
    everyone = Places.of([(domain, True) for domain in (PARTNER, SISTER)])
    return st.builds(
        ExceptionTo,
        rule=st.sampled_from(RULE_IDS),
        senders=st.sampled_from([Places(), OWN_DOMAINS]),
        sender_groups=subsets(GROUPS, 0),
        recipients=st.sampled_from([Places(), everyone]),
        why=st.just("agreed"),
        approved_by=st.just("officer"),
        until=st.sampled_from([date(2020, 1, 1), date(2030, 1, 1)]),
    )


def no_routes():
    """`too_large` is never stricter than the rest: the loader sees to that."""
    kinds = [
        Act("confirm", held_for="sender", guidance="g-large"),
        Act("hold", held_for="officer", guidance="g-no-route"),
        Act("refuse", guidance="g-no-route"),
    ]
    return st.tuples(st.integers(0, 2), st.integers(0, 2)).map(lambda pair: (kinds[max(pair)], kinds[min(pair)]))


ALWAYS_KNOWN = frozenset({"attachments", "message", "files", "recipient_domain", "system", "declared", "sent_as", "defects", "unreadable"})
WHO = (
    Audience("colleagues", OWN_DOMAINS),
    Audience("partners", None, "partners.yaml"),
    Audience("schools", Places.of([(SISTER, True)]), "enrolled.yaml", "schools.yaml"),
    Audience("outsiders", not_in=("colleagues",)),
)


SNAPSHOT = Snapshot(
    own_domains=frozenset({OWN}),
    groups=dict.fromkeys(GROUPS),
    registers={name: Register() for name in REGISTERS},
    looked_for=SEARCHED,
)
# A pack that lets everything go by one route: what a single rule does can be seen.
OPEN = Policy(
    name="open",
    version="sha256:1",
    ladder=ladders(1),
    patterns=PATTERNS,
    routes=(OPEN_ROUTE,),
    audiences=WHO,
    purposes={"justice": frozenset({"justice"})},
    snapshot=SNAPSHOT,
)


@st.composite
def packs(draw):
    otherwise, too_large = draw(no_routes())
    return Policy(
        name="small-world",
        version="sha256:0",
        ladder=ladders(draw(st.integers(0, 2)), every_kind=draw(st.booleans())),
        patterns=PATTERNS,
        rules=draw(st.one_of(several(rules(), 1), st.tuples(rules(), rules()), st.tuples(rules(), rules(), rules()))),
        routes=draw(routes()),
        audiences=WHO,
        nevers=draw(st.one_of(st.just(()), several(nevers()))),
        no_route=otherwise,
        too_large=draw(st.sampled_from([None, too_large])),
        exceptions=draw(several(exceptions(), 1)),
        overrides=draw(
            several(
                st.builds(Override, st.just("urgent-override"), st.just(frozenset({"urgent"})), subsets(RULE_IDS), st.just(("reason",))), 1
            )
        ),
        protections={"protected-files": "files", "protected-message": "message"},
        purposes={"justice": frozenset({"justice"})},
        people={name: Person(name, f"{name}@own.example") for name in PEOPLE},
        systems=(System("letters", "owner", frozenset({"letters@own.example"}), "CN=letters", unmarked_files=2),),
        snapshot=SNAPSHOT,
        owner="owner@own.example",
    )
