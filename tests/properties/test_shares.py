"""The laws of shares (DESIGN section 4). Each was seen to fail once on a planted fault. Those of test_decisions.py hold of them too."""

from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import HealthCheck, assume, given
from hypothesis import strategies as st

from gateway.decide import decide
from gateway.mime.sizes import BLOCK_OCTETS
from gateway.model.decision import Decision, Verdict
from gateway.model.facts import Facts, FileFacts, MessageFacts, SenderFacts
from gateway.model.finding import Evidence, EvidenceKind, Readable
from gateway.model.message import Fixed
from gateway.policy.evaluate import compile_policy
from gateway.policy.halves import without
from gateway.policy.rules import Policy, Rule
from gateway.policy.sharing import MOST_FILES, NotShared, Shared, Sharing
from tests import strategies as world
from tests import strategies_shares as mail
from tests.laws import tries
from tests.strategies_facts import LABELS, MB, NEEDS, OWN, STRANGE, TENANT, TODAY

many = tries(200, suppress=list(HealthCheck))
some = tries(60, suppress=list(HealthCheck))  # of those of which a share takes something
STOPPING = frozenset({"confirm", "hold", "refuse"})
NOWHERE: frozenset[str] = frozenset()


def outermost(facts: Facts) -> tuple[FileFacts, ...]:
    return tuple(file for file in facts.message.files if file.inside is None)


def rest_of(facts: Facts, taken: tuple[str, ...]) -> Facts:
    """The covering mail, with the most that we add."""
    message = without(facts.message, taken)
    return replace(facts, message=replace(message, wire_octets=message.wire_octets + BLOCK_OCTETS))


def taken_of(facts: Facts, taken: tuple[str, ...]) -> Facts:
    return replace(facts, message=without(facts.message, [file.id for file in outermost(facts) if file.id not in taken]))


def by(policy: Policy, name: str | None) -> Policy:
    """The same rules with one route, or none."""
    return replace(policy, routes=tuple(route for route in policy.routes if route.name == name))


def asked(decision: Decision) -> set[str]:
    """The rules that stop it."""
    return {reason.rule for reason in decision.reasons if reason.effect in STOPPING and reason.rule != "no_route"} | {
        reason.rule for reason in decision.reasons if reason.effect == "never" and reason.held_for
    }


def search(facts: Facts, policy: Policy, *, thorough: bool = True) -> Sharing:
    compiled = compile_policy(policy)
    view = compiled.view(facts)
    return Sharing(compiled, view, decide(facts, policy).needs, NOWHERE, {}, hopeful=False, thorough=thorough)


def sets_that_serve(facts: Facts, policy: Policy, share: str) -> list[frozenset[str]]:
    """Every set of files that can be taken out is tried, whatever the search would look at."""
    sharing = search(facts, policy)
    way = next(way for way in compile_policy(policy).ways if way.route.name == share)
    files = outermost(facts)
    found = []
    for count in range(1, len(files) + 1):
        for chosen in combinations(range(len(files)), count):
            free = all(files[at].fixed is None for at in chosen)
            small = all(files[at].octets <= (way.route.file_limit or files[at].octets) for at in chosen)
            if free and small and sharing.serves(way, sum(1 << at for at in chosen)):
                found.append(frozenset(files[at].id for at in chosen))
    return found


def shared(data) -> tuple[Facts, Policy, Decision]:
    """A mail of which a share takes something."""
    wild = data.draw(st.sampled_from([False, False, False, True]))
    facts, policy = data.draw(mail.facts(wild=wild)), data.draw(mail.packs(wild=wild))
    decision = decide(facts, policy)
    assume(decision.shared_files)
    return facts, policy, decision


@pytest.mark.slow
@many
@given(mail.facts(), mail.packs())
def test_no_fewer_files_would_do(facts, policy):
    """Brute force over all sets says the same as the search: how few, and whether any."""
    for way in compile_policy(policy).ways:
        if way.route.kind == "share":
            found = search(facts, policy).find(way)
            serving = sets_that_serve(facts, policy, way.route.name)

            assert isinstance(found, Shared) == bool(serving)
            assert isinstance(found, NotShared) or frozenset(found.files) in serving
            assert isinstance(found, NotShared) or len(found.files) == min(map(len, serving))


@pytest.mark.slow
@some
@given(st.data())
def test_the_rest_is_lawful_and_its_carrier_takes_it(data):
    facts, policy, decision = shared(data)
    rest = decide(rest_of(facts, decision.shared_files), by(policy, decision.carried_by))
    carrier = policy.route(decision.carried_by)

    assert carrier.kind != "share"
    assert rest.route == decision.carried_by
    assert {need for need in decision.needs if policy.protections.get(need) == "message"} <= carrier.provides
    assert asked(rest) <= asked(decision) | set(decision.lifted) | set(rest.lifted)


@pytest.mark.slow
@some
@given(st.data())
def test_what_is_taken_gets_what_it_needs(data):
    facts, policy, decision = shared(data)
    taken = decide(taken_of(facts, decision.shared_files), by(policy, None))
    share = policy.route(decision.route)
    files = {file.id: file for file in outermost(facts)}

    assert {need for need in taken.needs if policy.protections.get(need) == "files"} <= share.provides
    assert asked(taken) <= asked(decision) | set(decision.lifted) | set(taken.lifted)
    assert all(files[one].fixed is None for one in decision.shared_files)
    assert share.file_limit is None or all(files[one].octets <= share.file_limit for one in decision.shared_files)
    assert share.attachments_limit is None or sum(files[one].octets for one in decision.shared_files) <= share.attachments_limit


@pytest.mark.slow
@some
@given(st.data())
def test_a_share_is_never_milder_than_what_the_rules_ask(data):
    """Beside a route that gives everything to everybody: the same verdict, the same needs, and both halves together give them."""
    facts, policy, decision = shared(data)
    open_to_all = decide(
        facts, replace(policy, routes=(world.OPEN_ROUTE,), nevers=tuple(replace(one, routes=NOWHERE) for one in policy.nevers))
    )

    assert (decision.verdict, decision.needs) == (open_to_all.verdict, open_to_all.needs)
    assert decision.needs <= policy.route(decision.route).provides | policy.route(decision.carried_by).provides


@pytest.mark.slow
@some
@given(st.data())
def test_what_both_halves_need_together_both_give(data):
    """A rule about the whole that neither half meets by itself asks for protection of both: a cut evades nothing."""
    facts, policy, decision = shared(data)
    alone = [decide(half(facts, decision.shared_files), by(policy, None)).reasons for half in (rest_of, taken_of)]
    spoken = {(reason.rule, reason.effect) for reasons in alone for reason in reasons}
    files_left = len(decision.shared_files) < len(outermost(facts))
    for reason in decision.reasons:
        needs = {need for need in reason.needs if policy.protections.get(need) == "files"}
        if (reason.rule, reason.effect) not in spoken:
            assert needs <= policy.route(decision.route).provides
            assert not files_left or needs <= policy.route(decision.carried_by).provides


@pytest.mark.slow
@some
@given(st.data())
def test_what_is_taken_and_the_rest_are_all_the_files_and_none_twice(data):
    facts, _, decision = shared(data)
    taken = [file.id for file in taken_of(facts, decision.shared_files).message.files]
    rest = [file.id for file in rest_of(facts, decision.shared_files).message.files]

    assert sorted(taken + rest) == sorted(file.id for file in facts.message.files)
    assert set(decision.shared_files) <= set(taken)


@pytest.mark.slow
@some
@given(st.data())
def test_no_file_goes_by_a_link_that_its_carrier_could_have_taken_with_the_mail(data):
    facts, policy, decision = shared(data)

    assert decide(facts, by(policy, decision.carried_by)).route is None


@pytest.mark.slow
@many
@given(mail.facts(), mail.packs(), world.rules(ids=("one-more",)))
def test_one_more_rule_makes_no_share_possible(facts, policy, rule):
    """Milder would be a share where there was none: what serves after serves before."""
    more = replace(policy, rules=(*policy.rules, rule))
    before, after = decide(facts, policy), decide(facts, more)

    assert after.route is None or before.route is not None
    assert after.verdict >= before.verdict


@pytest.mark.slow
@many
@given(st.data(), mail.facts(), mail.packs())
def test_an_unknown_fact_makes_no_share_possible(data, facts, policy):
    known = data.draw(world.known_versions(facts))
    assume(known != facts)
    when_known, when_unknown = decide(known, policy), decide(facts, policy)

    assert when_unknown.route is None or when_known.route is not None
    assert when_unknown.verdict >= min(when_known.verdict, Verdict.HOLD)


@pytest.mark.slow
@many
@given(mail.facts(), mail.packs(), st.randoms(use_true_random=False))
def test_the_order_of_rules_and_files_does_not_matter(facts, policy, random):
    """Which files go is the same, whatever the order of the rules; and how many, whatever that of the files."""
    rules, files = list(policy.rules * 2), list(facts.message.files)
    random.shuffle(rules)
    assume(all(file.inside is None for file in files))
    random.shuffle(files)
    other = replace(facts, message=replace(facts.message, files=tuple(files)))
    decision = decide(facts, policy)

    assert decide(facts, replace(policy, rules=tuple(rules))) == decision
    assert len(decide(other, policy).shared_files) == len(decision.shared_files)


@pytest.mark.slow
@many
@given(mail.facts(), mail.packs())
def test_what_the_quick_search_finds_serves(facts, policy):
    """`would_pass_if` rests on it: what is said to pass passes."""
    for way in compile_policy(policy).ways:
        if way.route.kind == "share":
            quick, sure = search(facts, policy, thorough=False).find(way), search(facts, policy).find(way)

            assert isinstance(quick, NotShared) or (isinstance(sure, Shared) and len(sure.files) <= len(quick.files))


# --- many files -------------------------------------------------------------------------------------------------------


def crowd(*kinds: tuple[int, str]) -> Facts:
    """A mail with a file for each size and label."""
    files = tuple(
        FileFacts(
            str(at),
            None,
            f"{at}.docx",
            "text/plain",
            size,
            size * 4 // 3,
            Readable.YES,
            (Evidence(EvidenceKind.LABEL, label, tenant=TENANT),),
        )
        for at, (size, label) in enumerate(kinds, 2)
    )
    wire = 1000 + sum(file.wire_octets for file in files)
    message = MessageFacts(wire, SenderFacts("a@own.example", OWN, ours=True), files, looked_for=world.OPEN.ladder.looks_for)
    return Facts(message, "b@stranger.example", "b@stranger.example", "stranger.example", TODAY)


REQUIRE = world.Act("require", frozenset(NEEDS[:1]))


def office(protections: frozenset[str]) -> Policy:
    return replace(
        world.OPEN,
        rules=(Rule("r", (world.Ask("classification", "at_least", ("files", 2, None)),), (), (REQUIRE,)),),
        routes=(
            world.Route("plain", "relay", "hop", message_limit=20 * MB),
            world.Route("link", "share", place="own", provides=protections),
        ),
        protections={NEEDS[0]: "files", NEEDS[1]: "message"},
    )


@pytest.mark.slow
@tries(60)
@given(st.lists(st.tuples(st.sampled_from([1, 1000, MB, 3 * MB, 9 * MB]), st.sampled_from(LABELS)), min_size=1, max_size=40))
def test_however_many_files_there_are_a_set_that_serves_is_found_and_none_of_it_is_idle(kinds):
    """Beyond twelve it need not be the smallest, but no single file of it could come back."""
    facts, policy = crowd(*kinds), office(frozenset(NEEDS[:1]))
    decision = decide(facts, policy)
    restricted = {file.id for file, (_, label) in zip(facts.message.files, kinds, strict=True) if label == LABELS[2]}

    assert decision.route in ("plain", "link")
    assert restricted <= set(decision.shared_files)
    for one in decision.shared_files:
        fewer = tuple(other for other in decision.shared_files if other != one)

        assert not fewer or decide(rest_of(facts, fewer), by(policy, "plain")).route is None


def test_a_thousand_files_are_looked_at_in_time():
    """Sixty-four tries, not all sets: as many of the small ones as come back at once stay in the mail."""
    facts = crowd(*((40_000, LABELS[at % 3]) for at in range(999)))
    decision = decide(facts, office(frozenset(NEEDS[:1])))

    assert decision.carried_by == "plain"
    assert len(facts.message.files) > MOST_FILES
    assert 333 + 260 <= len(decision.shared_files) <= 700


def test_a_rule_that_asks_more_of_fewer_files_hides_no_set_that_serves():
    """What is small must be protected whole, and nothing does that: all files, or all but one, leave too little; two leave too much."""
    few = Rule("few", (world.Ask("attachments", "at_most", 12 * MB),), (), (world.Act("require", frozenset(NEEDS)),))
    policy = replace(office(frozenset(NEEDS[:1])), rules=(few,))
    plain, link = policy.routes
    policy = replace(policy, routes=(replace(plain, message_limit=35 * MB), link))

    assert len(decide(crowd(*[(9 * MB, LABELS[0])] * 5), policy).shared_files) == 3


def test_what_is_unknown_of_a_file_accounts_for_no_rule_about_the_whole():
    """A label that nobody knows could be one that asks for nothing: then what all files together ask for is asked of both halves."""
    joint = Rule(
        "j", (world.Ask("attachments", "above", 12 * MB), world.Ask("classification", "at_least", ("files", 2, None))), (), (REQUIRE,)
    )
    policy = replace(office(frozenset(NEEDS[:1])), rules=(joint,))

    for label in (STRANGE, LABELS[0]):
        assert decide(crowd((25 * MB, label), (MB, LABELS[2])), policy).shared_files == ("2", "3")


def test_a_rule_that_holds_the_whole_allows_no_cut_that_another_forbids():
    """The rest would be held by `below`, which says nothing of the whole: it is refused, with one more rule that holds it too."""
    below = Rule("below", (world.Ask("classification", "below", ("files", 2, None)),), (), (world.Act("confirm", held_for="sender"),))
    hold = Rule(
        "hold", (world.Ask("classification", "at_least", ("files", 2, None)),), (), (REQUIRE, world.Act("hold", held_for="officer"))
    )
    facts = crowd((MB, LABELS[2]), (MB, LABELS[0]))
    facts = replace(
        facts, message=replace(facts.message, files=(facts.message.files[0], replace(facts.message.files[1], fixed=Fixed.SIGNED)))
    )
    policy = replace(office(frozenset(NEEDS[:1])), no_route=world.Act("refuse"))
    before = decide(facts, replace(policy, rules=(*policy.rules, below)))
    after = decide(facts, replace(policy, rules=(*policy.rules, below, hold)))

    assert (before.verdict, after.verdict) == (Verdict.REFUSE, Verdict.REFUSE)
    assert decide(facts, policy).shared_files == ("2",)
