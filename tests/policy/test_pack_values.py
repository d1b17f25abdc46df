"""Values that pass for another: nothing where a condition was begun, a `no` where a name should stand. Each is said, with a way out."""

from datetime import date

import pytest

from gateway.policy.pack_words import says_no
from gateway.studio.check import check
from tests.policy.packs import BESIDE, OWN, SMALL, changed, problems, small

# ruff: noqa: E501 - one row for each mistake
RULE = "    require: [protected]\n"
WHEN = "when: {audience: outsiders, classification: {of: any, at_least: secret}}"
ROUTE = "provides: [protected], limits: {attachments: 12MB}, clause: a test"
MARKING = "{detector: card, at_least: 2, is: secret}"
PARTNER = "partners: {register: partners.yaml}"
OUTCOME = "outcome: {without: [protected]}"
EXCEPTION = "never:\n"
TAKE_OUT = "has nothing behind it; write a value, or take it out"
EMPTY = "is empty; write a value, or take it out"
ASKS = "asks for nothing; write a condition in it, or take it out"


def errors(text: str, beside: dict[str, bytes] | None = None) -> list[str]:
    return [str(problem) for problem in problems(text, beside) if problem.severity == "error"]


def warnings(text: str, today: date | None = None, **beside: bytes) -> list[str]:
    found = check(
        {"pack.yaml": text.encode(), **BESIDE, **{name.replace("_yaml", ".yaml"): data for name, data in beside.items()}}, OWN, today
    )
    return [str(problem) for problem in found]


NOTHING = [
    (ROUTE, f"{ROUTE}, sent_as: ", f"`sent_as` {TAKE_OUT}"),
    (ROUTE, f"{ROUTE}, sent_as: null", f"`sent_as` {TAKE_OUT}"),
    (ROUTE, f"{ROUTE}, sent_as: []", f"`sent_as` {EMPTY}"),
    (ROUTE, f"{ROUTE}, for: ", f"`for` {TAKE_OUT}"),
    (ROUTE, f"{ROUTE}, senders: ~", f"`senders` {TAKE_OUT}"),
    (ROUTE, f"{ROUTE}, purpose: ", f"`purpose` {TAKE_OUT}"),
    (ROUTE, "provides: [protected], limits: {attachments: }, clause: a test", f"`attachments` {TAKE_OUT}"),
    (ROUTE, "provides: [protected], limits: {}, clause: a test", "limits nothing; write `attachments:`, `message:` or `file:` in it, or take it out"),
    (ROUTE, "provides: [], limits: {attachments: 12MB}, clause: a test", f"`provides` {EMPTY}"),
    (PARTNER, "partners: {register: partners.yaml, except: }", f"`except` {TAKE_OUT}"),
    (WHEN, "when: {audience: }", f"`audience` {TAKE_OUT}"),
    (WHEN, "when: {category: }", f"`category` {TAKE_OUT}"),
    (WHEN, "when: {}", ASKS),
    (WHEN, "when: ", f"`when` {TAKE_OUT}"),
    (WHEN, f"{WHEN}\n    unless: {{}}", ASKS),
    (WHEN, f"{WHEN}\n    unless: {{audience: partners, agreement: }}", f"`agreement` {TAKE_OUT}"),
    (WHEN, f"{WHEN}\n    unless: {{audience: partners, agreement: []}}", f"`agreement` {EMPTY}"),
    (WHEN, "when: {list: {}}", ASKS),
    (WHEN, "when: {list: {uncleared_members: }}", f"`uncleared_members` {TAKE_OUT}"),
    (WHEN, "when: {sender: {}}", ASKS),
    (WHEN, "when: {attachments: {}}", ASKS),
    (WHEN, "when: {defects: []}", f"`defects` {EMPTY}"),
    (WHEN, "when: {unreadable: []}", f"`unreadable` {EMPTY}"),
    (WHEN, "when: {audience: []}", f"`audience` {EMPTY}"),
    (WHEN, "when: {audience: [outsiders, ]}\n    until: ", f"`until` {TAKE_OUT}"),
    (WHEN, "when: {audience: outsiders, classification: {of: any, at_least: secret, because: []}}", f"`because` {EMPTY}"),
    (RULE, f"{RULE}    hold: \n", f"`hold` {TAKE_OUT}"),
    (RULE, "    notify: {who: officer}\n    require: []\n", f"`require` {EMPTY}"),
    (RULE, f"{RULE}    stamp: {{}}\n", f"`stamp` {EMPTY}"),
    ("facts: {audience: outsiders, classification: {of: any, at_least: secret}}", "facts: {}", ASKS),
    (MARKING, "{text: SECRET, where: [], is: secret}", f"`where` {EMPTY}"),
    (MARKING, "{unreadable: [], is: secret}", f"`unreadable` {EMPTY}"),
    (OUTCOME, "outcome: {without: [protected], route: }", f"`route` {TAKE_OUT}"),
    (EXCEPTION, "exceptions:\n  - {rule: secret-is-protected, from_group: , to: builder.example, why: a, approved_by: b, until: 2027-01-01}\nnever:\n", f"`from_group` {TAKE_OUT}"),
    (EXCEPTION, "exceptions:\n  -\nnever:\n", "this line of the list has nothing behind it"),
    ("protections: {protected: message}", "protections:", f"`protections` {TAKE_OUT}"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "says"), NOTHING, ids=[row[1][-50:] for row in NOTHING])
def test_what_was_begun_and_not_finished_is_not_as_if_it_were_not_there(old, new, says):
    """Found: `sent_as:` with nothing behind it loaded, and a restricted file went unencrypted."""
    found = errors(changed(old, new))

    assert any(line.endswith(says) or says in line for line in found), found


def test_what_has_nothing_behind_it_has_its_place():
    assert errors(changed(ROUTE, f"{ROUTE}, sent_as: ")) == [f"pack.yaml:24:145: `sent_as` {TAKE_OUT}"]


def test_an_expectation_with_nothing_behind_it_is_none():
    rows = b"- {name: a, facts: {recipient: b@else.example}, expect: {verdict: , route: plain}}\n"

    assert any(f"`verdict` {TAKE_OUT}" in line for line in warnings(SMALL, **{"tests/a_yaml": rows}))


def test_a_protection_by_a_hop_that_protects_nothing_is_a_warning():
    same = changed("next_hop: exchange", "next_hop: internet")

    assert [line.partition(";")[0] for line in warnings(same)] == [
        "pack.yaml:24:3: route `encrypted` gives protected by next hop `internet`, by which `plain` goes without"
    ]
    assert not warnings(same.replace("clause: a test", "clause: a test, sent_as: [smime]"))
    assert not warnings(SMALL)


@pytest.mark.parametrize(
    ("act", "said"), [("refuse: {guidance: help}", "`refuse`"), ("hold: {for: officer}", "`hold`"), ("confirm: {}", "`confirm`")]
)
def test_a_rule_that_stops_all_mail_is_a_warning(act, said):
    rule = f"  - id: all\n    {act}\nnever:\n"

    assert any(f"rule `all` has no `when:`, so it asks for {said} for all mail" in line for line in warnings(changed("never:\n", rule)))
    assert not warnings(changed("never:\n", rule.replace(act, "stamp: {X-House: seen}")))


SIGNED = ["no", "not yet", "pending", "nobody", "None", '""', '"  "', "yes", "Head of Compliance", "2026-10-01", "'not by Ann Lee, 2026-10-01'", "'pending, 2026-10-01'", '", 2026-10-01"', "'Head of Compliance, 1 October 2026'"]  # fmt: skip


@pytest.mark.parametrize("signed", SIGNED)
def test_what_says_no_is_no_signature(signed):
    """Found: `signed: no` is text in YAML 1.2, and opened the route that waits for a signature."""
    found = errors(
        f"interpretations: {{link-is-safe: {{says: It is., signed: {signed}}}}}\n{SMALL}".replace(
            "clause: a test", "interpretation: link-is-safe"
        )
    )

    assert len(found) == 1
    assert found[0].startswith("pack.yaml:1:56: ")
    assert found[0].endswith('is no signature; write the role and the day, "Head of Compliance, 2026-10-01", or null until then')


def test_a_signature_is_of_a_day_that_there_is():
    assert errors(f"interpretations: {{a: {{says: b, signed: 'Head of Compliance, 2026-02-30'}}}}\n{SMALL}") == [
        "pack.yaml:1:40: `2026-02-30` is no day; write 2027-12-18"
    ]


@pytest.mark.parametrize("agreement", ["no", "none", '""', "None", "not yet", "pending", "-", "N/A", "no agreement", "tbc", "yes"])
def test_no_agreement_is_no_agreement(agreement):
    """Found: `agreement: no` counted as one that is in force."""
    row = f"entries:\n  - {{domain: partner.example, agreement: {agreement}, highest: internal, review_by: 2026-06-30}}\n"
    found = errors(SMALL, {**BESIDE, "partners.yaml": row.encode()})

    assert len(found) == 1
    assert found[0].startswith("partners.yaml:2:42: ")
    assert found[0].endswith("names none, and would count as one; write its name or number, or take the key out")


@pytest.mark.parametrize(
    "name",
    ["A-1", "Norfolk 7", "No. 12/2026", "Notting Hill, 2025", "Missing persons protocol", "Waiting lists 3", "On-call 2", "Yes Energy"],
)
def test_names_that_begin_like_a_no_are_names(name):
    assert not says_no(name)


def test_an_agreement_that_nobody_will_look_at_again_is_a_warning():
    (said,) = small(**{"partners.yaml": b"entries:\n  - {domain: partner.example, agreement: A-1, highest: internal}\n"}).warnings

    assert str(said) == (
        "partners.yaml:2:42: `A-1` has no `review_by:`, so it is in force for ever; write the day by which somebody looks at it again"
    )
