"""Hypothesis strategies for rules and packs, over the facts of strategies_facts: every kind of condition and route occurs."""

from datetime import date, timedelta

from hypothesis import strategies as st

from gateway.policy.places import Places
from gateway.policy.rules import Act, Ask, Audience, ExceptionTo, Never, Override, Person, Policy, Route, Rule, System
from gateway.policy.snapshot import Register, Snapshot
from tests.strategies_facts import (
    AUDIENCES,
    GROUPS,
    MB,
    NEEDS,
    OWN,
    PARTNER,
    PATTERNS,
    PEOPLE,
    REGISTERS,
    ROUTES,
    RULE_IDS,
    SEARCHED,
    SISTER,
    facts,
    known_versions,
    ladders,
    several,
)

__all__ = ["facts", "known_versions"]

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
    *(Ask("found", "at_least", ("card", least, of)) for of in ("files", "words", "any") for least in (1, 3)),
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
