"""The laws of the decision (DESIGN section 5). Each was seen to fail once on a planted fault."""

from dataclasses import replace
from datetime import date
from itertools import permutations, product

import pytest
from hypothesis import HealthCheck, assume, given
from hypothesis import strategies as st

from gateway.decide import decide
from gateway.model.decision import Decision, Verdict
from gateway.model.facts import ABSENT, Declared, Facts, FileFacts, MessageFacts, SenderFacts, redacted
from gateway.model.facts_json import from_json, message_from_json, to_json
from gateway.model.finding import Evidence, EvidenceKind, Readable
from gateway.policy.evaluate import Matcher, compile_policy
from gateway.policy.rules import Act, Ask, ExceptionTo, Never, Override, Places, Route, Rule
from tests import strategies as world
from tests.laws import tries
from tests.strategies_facts import LABELS, LISTS, NEEDS, OWN, STRANGE, TENANT, TODAY, ladders

many = tries(300, suppress=[HealthCheck.data_too_large])
few = tries(100, suppress=[HealthCheck.data_too_large])


def milder(one: Decision, other: Decision) -> bool:
    """A lower verdict, or the same with fewer needs met."""
    return one.verdict < other.verdict or (one.verdict is other.verdict and not other.needs <= one.needs)


def broken_nevers(decision, facts, policy):
    """The nevers that this decision breaks: asked again, beside the code that decided."""
    view = compile_policy(policy).view(facts)
    provided = {route.name: route.provides for route in policy.routes}
    if decision.carried_by is not None:  # of the two halves tests/properties/test_shares.py says more
        provided[decision.route] |= provided[decision.carried_by]
    return [
        never.id
        for never in policy.nevers
        if Matcher.of(never.when).matches(view) is not None
        and decision.verdict is Verdict.RELEASE
        and (never.released or decision.route in never.routes or not never.without <= provided[decision.route])
    ]


@pytest.mark.slow
@few
@given(world.facts(), world.packs(), st.randoms(use_true_random=False))
def test_the_order_and_repetition_of_rules_do_not_matter(facts, pack, random):
    shuffled = list(pack.rules * 2)
    random.shuffle(shuffled)

    assert decide(facts, replace(pack, rules=tuple(shuffled))) == decide(facts, pack)


def test_what_no_route_rests_on_has_no_order_of_rules():
    """Two facts are unknown, each of another rule that needs what no route gives to a stranger: the reason names them in one order."""
    needing = (Act("require", frozenset(NEEDS)),)
    rules = (
        Rule("first", (Ask("sender_group", "any", frozenset({"justice"})),), (), needing),
        Rule("second", (Ask("classification", "at_least", ("files", 1, None)),), (), needing),
    )
    pack = replace(world.OPEN, routes=(Route("plain", "relay", "hop"),), no_route=Act("refuse"))
    facts = labelled(STRANGE, ABSENT)
    one, other = (decide(facts, replace(pack, rules=order)) for order in (rules, rules[::-1]))

    assert one == other
    assert any(reason.rule == "no_route" and len(reason.unknown) == 3 for reason in one.reasons)


@pytest.mark.slow
@many
@given(world.facts(), world.packs(), world.rules(ids=("one-more", *world.RULE_IDS)))
def test_one_more_rule_is_never_milder(facts, pack, rule):
    before = decide(facts, pack)
    after = decide(facts, replace(pack, rules=(*pack.rules, rule)))

    assert not milder(after, before)


@pytest.mark.slow
@few
@given(st.data(), world.facts(), world.packs())
def test_an_unknown_fact_never_releases_what_some_known_value_would_stop(data, facts, pack):
    known = data.draw(world.known_versions(facts))
    assume(known != facts)
    when_known, when_unknown = decide(known, pack), decide(facts, pack)

    assert when_unknown.verdict >= min(when_known.verdict, Verdict.HOLD)
    assert when_known.needs <= when_unknown.needs


@pytest.mark.parametrize("ask", [ask for ask in world.ASKS if ask.fact not in world.ALWAYS_KNOWN], ids=lambda ask: f"{ask.fact}-{ask.how}")
@tries(25, suppress=list(HealthCheck))
@given(st.data())
def test_an_unknown_fact_never_releases_what_some_known_value_would_stop_by_itself(ask, data):
    """One condition alone, in `when` and in `unless`, where everything else would let go."""
    facts = data.draw(world.facts())
    known = data.draw(world.known_versions(facts))
    act = Act("hold", held_for="officer")
    for rule in (Rule("if", (ask,), (), (act,)), Rule("if-not", (), (ask,), (act,))):
        pack = replace(world.OPEN, rules=(rule,))

        assert decide(facts, pack).verdict >= decide(known, pack).verdict


@pytest.mark.parametrize("unmarked", range(3))
def test_a_label_that_nobody_knows_stops_what_any_label_would_stop(unmarked):
    """Every condition about classification, in `when` and in `unless`, against every label that it could turn out to be."""
    act = Act("hold", held_for="officer")
    asks = [ask for ask in world.ASKS if ask.fact in {"classification", "category", "list.uncleared_members"}]
    for ask, known, listed in product(asks, LABELS, (ABSENT, *LISTS[1:7])):
        for rule in (Rule("if", (ask,), (), (act,)), Rule("if-not", (), (ask,), (act,))):
            pack = replace(world.OPEN, ladder=ladders(unmarked), rules=(rule,))

            assert decide(labelled(STRANGE, listed), pack).verdict >= decide(labelled(known, listed), pack).verdict


def labelled(label, listed):
    file = FileFacts("1", None, "a.docx", "text/plain", 10, 20, Readable.YES, (Evidence(EvidenceKind.LABEL, label, tenant=TENANT),))
    message = MessageFacts(1000, SenderFacts("a@own.example", OWN, True), (file,), looked_for=world.OPEN.ladder.looks_for)
    return Facts(message, "b@own.example", "b@own.example", OWN, TODAY, listed)


@pytest.mark.slow
@pytest.mark.parametrize("size", [1000, 15_000_000, 40_000_000])
def test_one_more_rule_is_never_milder_whatever_routes_are_left(size):
    """Every act, on every way in which routes can fail, with every pair of what no_route may do."""
    facts = labelled(LABELS[1], ABSENT)
    facts = replace(facts, message=replace(facts.message, wire_octets=size))
    narrow = Route("narrow", "relay", "hop", provides=frozenset(NEEDS[:1]), message_limit=20_000_000)
    tight = Route("tight", "relay", "hop", provides=frozenset(NEEDS), message_limit=10_000_000)
    choices = [(), (narrow,), (tight,), (narrow, tight), (Route("plain", "relay", "hop"),), (Route("plain", "relay", "hop"), tight)]
    kinds = [Act("confirm", held_for="sender"), Act("hold", held_for="officer"), Act("refuse", guidance="g")]
    pairs = [(kinds[high], kinds[low]) for high in range(3) for low in range(high + 1)]
    first = [(), *((Rule("first", (), (), (act,)),) for act in world.ACTS)]
    for routes, (otherwise, too_large), rules, act in product(choices, pairs, first, world.ACTS):
        pack = replace(world.OPEN, routes=routes, no_route=otherwise, too_large=too_large, rules=rules)
        more = replace(pack, rules=(*rules, Rule("one-more", (), (), (act,))))

        assert not milder(decide(facts, more), decide(facts, pack))


@pytest.mark.slow
@few
@given(world.facts(), world.packs())
def test_a_refusal_that_rests_on_something_unknown_is_a_hold(facts, pack):
    decision = decide(facts, pack)

    assert not [reason for reason in decision.reasons if reason.effect == "refuse" and reason.unknown]


@pytest.mark.slow
@few
@given(world.facts(), world.packs())
def test_no_decision_breaks_a_never(facts, pack):
    decision = decide(facts, pack)

    assert not broken_nevers(decision, facts, pack)


@pytest.mark.slow
@few
@given(world.facts(), world.packs())
def test_neither_exceptions_nor_overrides_nor_people_beat_a_never(facts, pack):
    ids = frozenset(rule.id for rule in pack.rules) | frozenset(never.id for never in pack.nevers) | {"no_route"}
    groups = tuple((name, True) for name in world.GROUPS)
    sender = replace(facts.message.sender, groups=groups)
    facts = replace(facts, message=replace(facts.message, sender=sender, declared=(Declared("override", "all"),)))
    pack = replace(
        pack,
        exceptions=tuple(ExceptionTo(name, Places(), frozenset(), Places(), "why", "who", date(2030, 1, 1)) for name in ids),
        overrides=(Override("all", frozenset(world.GROUPS), ids, ("reason",)),),
    )
    decision = decide(facts, pack, lifted=ids)

    assert not broken_nevers(decision, facts, pack)


@pytest.mark.parametrize("label", [LABELS[2], STRANGE])
def test_no_decision_breaks_a_never_on_any_order_of_routes(label):
    """Every kind of never, known and unknown to match, before every order of routes, with everything that could lift it."""
    files_only, both = frozenset(NEEDS[:1]), frozenset(NEEDS)
    routes = (
        Route("plain", "relay", "hop"),
        Route("narrow", "relay", "hop", provides=files_only),
        Route("full", "relay", "hop", provides=both),
    )
    restricted = (Ask("classification", "at_least", ("any", 2, None)),)
    nevers = [
        Never("never", restricted, without, barred, released)
        for without, barred, released in product(
            (frozenset(), files_only, both), (frozenset(), frozenset({"plain"}), frozenset({"full", "narrow"})), (False, True)
        )
    ]
    facts = labelled(label, ABSENT)
    facts = replace(facts, message=replace(facts.message, declared=(Declared("override", "all"),)))
    everywhere = ExceptionTo("never", Places(), frozenset(), Places(), "why", "who", date(2030, 1, 1))
    for never, order, exceptions in product(nevers, permutations(routes), ((), (everywhere,))):
        pack = replace(world.OPEN, routes=order, nevers=(never,), exceptions=exceptions)
        for lifted in (frozenset(), frozenset({"never"})):
            decision = decide(facts, pack, lifted=lifted)

            assert not broken_nevers(decision, facts, pack)
            assert decision.route is None or never.without <= pack.route(decision.route).provides
            assert not never.released or (decision.verdict is Verdict.HOLD and decision.held_for == "owner") or decision.route is None


@pytest.mark.slow
@few
@given(world.facts(), world.packs())
def test_what_is_released_has_a_route_that_gives_all_that_is_needed(facts, pack):
    decision = decide(facts, pack)
    route = next((route for route in pack.routes if route.name == decision.route), None)

    provided = route.provides if route is not None else frozenset()
    if decision.carried_by is not None:
        provided |= pack.route(decision.carried_by).provides
    assert decision.route is None or (route is not None and not route.closed and decision.needs <= provided)
    assert decision.verdict is not Verdict.RELEASE or decision.route is not None


@pytest.mark.slow
@few
@given(world.facts(), world.packs())
def test_a_release_lifts_no_requirement_and_no_refusal(facts, pack):
    ids = frozenset(rule.id for rule in pack.rules)
    before, after = decide(facts, pack), decide(facts, pack, lifted=ids)

    assert after.needs == before.needs
    assert (before.verdict is Verdict.REFUSE) == (after.verdict is Verdict.REFUSE)


@pytest.mark.slow
@few
@given(world.facts(), world.packs())
def test_a_kept_message_names_who_decides_or_is_refused(facts, pack):
    decision = decide(facts, pack)

    assert (decision.held_for is not None) == (decision.verdict in (Verdict.CONFIRM, Verdict.HOLD))


@few
@given(world.facts())
def test_facts_come_back_from_the_records_as_they_were(facts):
    assert from_json(to_json(facts)) == facts
    assert to_json(from_json(to_json(facts))) == to_json(facts)
    assert message_from_json(to_json(facts.message)) == facts.message


@pytest.mark.slow
@few
@given(world.facts(), world.packs())
def test_redacted_facts_decide_alike(facts, pack):
    quiet = redacted(facts, lambda text: f"h{len(text)}")
    assume(not any(system.certificate == facts.message.sender.certificate for system in pack.systems))

    assert decide(quiet, pack).verdict is decide(facts, pack).verdict
    assert "file-1" not in str(to_json(quiet))
    assert "someone" not in str(to_json(quiet))
