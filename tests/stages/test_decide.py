"""Decisions that a reader of DESIGN section 5 would want to see, one by one. The laws are in tests/properties."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.decide import decide
from gateway.model.decision import Verdict
from gateway.policy.rules import Policy
from gateway.studio.specimen import FactsRow, facts_of
from tests.policy.packs import OWN, SMALL, small

MB = 1_048_576


def facts(policy: Policy, **row):
    return facts_of(FactsRow.model_validate({"recipient": "b@else.example", **row}), policy, OWN)


def decided(text: str, row: dict, **more):
    policy = small(text)
    return decide(facts(policy, **row), policy, **more)


def with_rules(*rules: str) -> str:
    """The small pack with other rules."""
    head, _, tail = SMALL.partition("rules:\n")
    return head + "rules:\n" + "".join(f"  - {rule}\n" for rule in rules) + "never:" + tail.partition("never:")[2]


SECRET = {"attachments": [{"name": "a.docx", "classification": "secret", "size": "1MB"}]}
HOLD = "{id: ask, when: {audience: outsiders}, hold: {for: officer, within: 4h, then: postmaster, guidance: help}}"
CONFIRM = "{id: sure, when: {audience: outsiders}, confirm: {within: 1d}}"
REFUSE = "{id: no, when: {audience: outsiders}, refuse: {guidance: help}}"


def test_without_any_rule_the_first_route_that_serves_carries():
    decision = decided(SMALL, {})

    assert (decision.verdict, decision.route) == (Verdict.RELEASE, "plain")
    assert [(tried.route, tried.why_not) for tried in decision.routes_tried] == [("internal", "not in colleagues")]
    assert decision.audiences == ("outsiders",)


def test_a_requirement_chooses_the_route_that_gives_it():
    decision = decided(SMALL, SECRET)

    assert (decision.verdict, decision.route, decision.needs) == (Verdict.RELEASE, "encrypted", {"protected"})
    assert [(reason.rule, reason.effect) for reason in decision.reasons] == [
        ("no-secret-in-clear", "never"),
        ("secret-is-protected", "require"),
    ]


def test_the_strictest_verdict_wins_and_names_who_decides():
    decision = decided(with_rules(CONFIRM, HOLD), {})

    assert (decision.verdict, decision.held_for, decision.within, decision.then) == (
        Verdict.HOLD,
        "officer",
        timedelta(hours=4),
        "postmaster",
    )
    assert decision.route == "plain"
    assert decision.guidance == ("help",)
    assert decided(with_rules(CONFIRM, HOLD, REFUSE), {}).verdict is Verdict.REFUSE
    assert decided(with_rules(CONFIRM), {}).held_for == "sender"


def test_a_release_by_a_person_lifts_the_hold_and_nothing_else():
    text = with_rules(HOLD, "{id: secret, when: {classification: {of: any, at_least: secret}}, require: [protected], hold: {for: officer}}")
    decision = decided(text, SECRET, lifted=frozenset({"ask", "secret"}))

    assert (decision.verdict, decision.route, decision.lifted) == (Verdict.RELEASE, "encrypted", ("ask", "secret"))
    assert decided(with_rules(REFUSE), {}, lifted=frozenset({"no"})).verdict is Verdict.REFUSE


def test_a_hold_of_no_route_cannot_be_released():
    text = SMALL.replace("provides: [protected], limits: {attachments: 12MB}", "limits: {attachments: 12MB}")
    decision = decided(text, SECRET, lifted=frozenset({"no_route"}))

    assert (decision.verdict, decision.route, decision.held_for) == (Verdict.HOLD, None, "officer")


def test_a_route_that_could_not_serve_is_passed_over():
    decision = decided(SMALL, {}, unusable=frozenset({"plain"}))

    assert decision.route == "encrypted"
    assert ("plain", "could not serve this recipient") in [(tried.route, tried.why_not) for tried in decision.routes_tried]


@pytest.mark.parametrize(("size", "route"), [("12MB", "encrypted"), ("12.001MB", None)])
def test_limits_are_inclusive(size, route):
    row = {"attachments": [{"name": "a.docx", "classification": "secret", "size": size}]}

    assert decided(SMALL, row).route == route


@pytest.mark.parametrize(
    ("recipient", "octets", "route"),
    [
        ("b@else.example", 20 * MB, "plain"),
        ("b@else.example", 20 * MB + 1, "encrypted"),
        ("b@partner.example", 35 * MB, "plain"),
        ("b@partner.example", 35 * MB + 1, "encrypted"),
    ],
)
def test_how_much_a_recipient_takes_depends_on_the_recipient(recipient, octets, route):
    policy = small()
    row = facts(policy, recipient=recipient, message_size="1MB")

    assert decide(replace(row, message=replace(row.message, wire_octets=octets)), policy).route == route


def test_too_large_is_said_with_what_would_pass_and_that_passes():
    row = {
        "attachments": [
            {"name": "Site-survey.pdf", "classification": "secret", "size": "8.4MB"},
            {"name": "Photos-June.zip", "classification": "secret", "size": "4.1MB"},
            {"name": "Costs.xlsx", "classification": "secret", "size": "1.7MB"},
        ]
    }
    decision = decided(SMALL, row)

    assert (decision.verdict, decision.held_for, decision.guidance) == (Verdict.CONFIRM, "sender", ("too-large",))
    assert decision.would_pass_if == (
        "send it without Photos-June.zip (4.1 MB)",
        "send it without Site-survey.pdf (8.4 MB)",
        "files of up to 12 MB together",
    )
    for gone in ("Photos-June.zip", "Site-survey.pdf"):
        less = {"attachments": [file for file in row["attachments"] if file["name"] != gone]}
        assert decided(SMALL, less).verdict is Verdict.RELEASE


def test_marking_a_file_is_offered_where_only_nobody_had_marked_it():
    text = with_rules(
        "{id: marked, when: {classification: {of: files, at_least: internal, because: unmarked}}, refuse: {guidance: help}}"
    ).replace("because: unmarked", "because: [unmarked]")
    decision = decided(text, {"attachments": [{"name": "a.docx"}, {"name": "b.docx"}]})

    assert decision.would_pass_if == ("mark a.docx and b.docx as Public, if they are",)


def test_whoever_has_an_override_is_told_of_it_and_nobody_else():
    text = with_rules(HOLD) + "overrides: [{id: urgent-case, who: lawyers, lifts: [ask], asks: [reason, who-is-harmed]}]\n"

    assert decided(text, {"sender": "law@example.org"}).would_pass_if == (
        "if waiting does harm, use urgent case: tell us reason and who is harmed",
    )
    assert decided(text, {}).would_pass_if == ()


def test_a_watching_rule_is_recorded_and_changes_nothing_until_its_day():
    rule = HOLD[:-1] + ", mode: watch, becomes: {advise: 2026-02-01, enforce: 2026-03-01}}"
    text = with_rules(rule)

    for day, mode in (("2026-01-31", "watch"), ("2026-02-01", "advise")):
        decision = decided(text, {"at": day})
        assert (decision.verdict, [(one.rule, one.mode) for one in decision.watched]) == (Verdict.RELEASE, [("ask", mode)])
    assert decided(text, {"at": "2026-03-01"}).verdict is Verdict.HOLD


def test_a_rule_has_its_days():
    text = with_rules(HOLD[:-1] + ", from: 2026-02-01, until: 2026-02-10}")

    assert [decided(text, {"at": day}).verdict.word for day in ("2026-01-31", "2026-02-01", "2026-02-10", "2026-02-11")] == [
        "release", "hold", "hold", "release",
    ]  # fmt: skip


def test_an_exception_holds_between_its_ends_until_its_day():
    text = (
        with_rules(HOLD)
        + "exceptions: [{rule: ask, from: a@own, to: else.example, why: agreed, approved_by: the officer, until: 2026-02-10}]\n"
    )
    text = text.replace("a@own", "a@example.org")
    row = {"sender": "a@example.org"}

    assert decided(text, {**row, "at": "2026-02-10"}).verdict is Verdict.RELEASE
    assert decided(text, {**row, "at": "2026-02-11"}).verdict is Verdict.HOLD
    assert decided(text, {"sender": "x@example.org", "at": "2026-02-10"}).verdict is Verdict.HOLD
    assert decided(text, {**row, "at": "2026-02-10", "recipient": "b@other.example"}).verdict is Verdict.HOLD


def test_an_exception_does_not_beat_a_never():
    text = SMALL + "exceptions: [{rule: secret-is-protected, to: else.example, why: agreed, approved_by: the officer, until: 2030-01-01}]\n"

    assert decided(text, SECRET).route == "encrypted"


def test_an_override_lifts_what_it_names_for_those_who_may():
    text = with_rules(HOLD) + "overrides: [{id: urgent, who: lawyers, lifts: [ask], asks: [reason]}]\n"
    law = {"sender": "law@example.org", "overrides": ["urgent"]}

    assert decided(text, law).verdict is Verdict.RELEASE
    assert decided(text, law).lifted == ("ask",)
    assert decided(text, {**law, "sender": "x@example.org"}).verdict is Verdict.HOLD
    assert decided(text, {"sender": "law@example.org"}).verdict is Verdict.HOLD


def test_a_refusal_that_rests_on_an_unknown_group_is_a_hold_for_the_owner():
    text = with_rules("{id: not-them, when: {sender_group: temps}, refuse: {guidance: help}}").replace(
        "groups: {lawyers", "groups: {temps: {directory_group: TEMPS}, lawyers"
    )
    unknown = decided(text, {"sender_groups": "unknown"})

    assert (unknown.verdict, unknown.held_for, unknown.unknown) == (Verdict.HOLD, "owner", ("sender_group (temps)",))
    assert decided(text, {"sender_groups": ["temps"]}).verdict is Verdict.REFUSE
    assert decided(text, {}).verdict is Verdict.RELEASE


def test_what_is_absent_matches_nothing_negated_or_not():
    for asked in ("{list: {sender_allowed: false}}", "{list: {sender_allowed: true}}"):
        assert decided(with_rules(f"{{id: ask, when: {asked}, hold: {{for: officer}}}}"), {}).verdict is Verdict.RELEASE
    unless = "{id: ask, unless: {list: {members: {at_least: 1}}}, hold: {for: officer}}"

    assert decided(with_rules(unless), {}).verdict is Verdict.HOLD


def test_what_may_never_be_released_waits_for_the_owner_with_an_alarm():
    text = SMALL.replace("outcome: {without: [protected]}", "outcome: {released: true}").replace(
        "    require: [protected]", "    notify: {who: officer}"
    )
    decision = decided(text, SECRET, lifted=frozenset({"no-secret-in-clear"}))

    assert (decision.verdict, decision.held_for) == (Verdict.HOLD, "owner")
    assert decision.alarm == "never `no-secret-in-clear` kept what the rules would have released"


def test_a_route_that_a_never_keeps_out_is_not_taken():
    text = SMALL.replace("outcome: {without: [protected]}", "outcome: {route: encrypted}").replace(
        "    require: [protected]", "    notify: {who: officer}"
    )

    assert decided(text, SECRET).route == "plain"
    assert decided(text, SECRET, unusable=frozenset({"plain"})).verdict is Verdict.HOLD


def test_stamps_come_along():
    assert decided(with_rules("{id: mark, stamp: {X-Seen: yes-it-was}}"), {}).stamps == (("X-Seen", "yes-it-was"),)


def test_who_is_told_is_a_reason_and_its_text_is_not_the_senders():
    decision = decided(with_rules("{id: tell, notify: {who: officer, guidance: help}}"), {})

    assert [(reason.effect, reason.held_for, reason.guidance) for reason in decision.reasons] == [("notify", "officer", "help")]
    assert decision.guidance == ()


def test_the_same_facts_decide_alike_in_a_policy_loaded_twice():
    one, two = small(), small()

    assert decide(facts(one, **SECRET), one) == decide(facts(two, **SECRET), two)
