"""What stands in a pack and can never do anything is pointed at, at its place; what may only be unlikely is not."""

import pytest

from gateway.studio.check import check
from tests.policy.packs import BESIDE, LINK, OWN, SMALL, changed

# ruff: noqa: E501 - one row for each mistake
RULE = "when: {audience: outsiders, classification: {of: any, at_least: secret}}\n"
WHEN = "    " + RULE
NEVER = "facts: {audience: outsiders, classification: {of: any, at_least: secret}}, outcome: {without: [protected]}"
PLAIN = "plain: {kind: relay, next_hop: internet, not_for: colleagues, limits: {message: 35MB}, recipient_limits: recipients.yaml, unknown_recipient_limit: 20MB}"
ENCRYPTED = "not_for: colleagues, provides: [protected], limits"


def warnings(text: str, own=OWN, hops: frozenset[str] | None = frozenset({"mailboxes", "internet", "exchange"})) -> list[str]:
    return [str(problem) for problem in check({"pack.yaml": text.encode(), **BESIDE}, own, next_hops=hops)]


def ruled(when: str, more: str = "") -> str:
    return changed(WHEN + "    require: [protected]\n", f"    when: {when}\n{more}    require: [protected]\n")


def before_rules(text: str, pack: str = SMALL) -> str:
    return pack.replace("rules:\n", f"{text}\nrules:\n", 1)


IDLE = [
    (ruled("{audience: outsiders, audience_not: outsiders}"), "30:5: rule `secret-is-protected` can never match: no mail is `audience: outsiders` and `audience_not: outsiders`"),
    (ruled("{audience: outsiders, recipient_domain: own}"), "30:5: rule `secret-is-protected` can never match: no mail is `audience: outsiders` and `recipient_domain: example.org`"),
    (ruled("{audience: colleagues, agreement: [none]}"), "no mail is `audience: colleagues` and `agreement: none`"),
    (ruled("{audience: outsiders, classification: {of: any, at_least: secret, below: internal}}"), "no mail is `classification: {of: any, at_least: secret}` and `classification: {of: any, below: internal}`"),
    (ruled("{classification: {of: words, below: public}}"), "no mail is `classification: {of: words, below: public}`"),
    (ruled("{audience: outsiders, attachments: {above: 20MB, at_most: 10MB}}"), "no mail is `attachments: {above: 20MB}` and `attachments: {at_most: 10MB}`"),
    (ruled("{audience: outsiders}", "    unless: {audience: outsiders}\n"), "can never match: whatever `when` says is taken out by its `unless`, `audience: outsiders`"),
    (ruled("{files: {at_least: 2}}", "    unless: {audience: [colleagues, outsiders]}\n"), "taken out by its `unless`, `audience: colleagues, outsiders`"),
    (ruled("{unreadable: [encrypted]}", "    unless: {unreadable: [damaged, encrypted]}\n"), "taken out by its `unless`, `unreadable: damaged, encrypted`"),
    (ruled("{message: {above: 5MB}}", "    unless: {message: {above: 4MB}}\n"), "taken out by its `unless`, `message: {above: 4MB}`"),
    (changed(WHEN, WHEN + "    mode: watch\n    becomes: {enforce: 2026-01-01}\n    from: 2026-06-01\n"), "30:5: rule `secret-is-protected` is never in `watch`: it begins on 2026-06-01, and is in `enforce` from 2026-01-01 on"),
    (changed(NEVER, "facts: {audience: outsiders, recipient_domain: own}, outcome: {without: [protected]}"), "34:5: never `no-secret-in-clear` is about nothing: no mail is `audience: outsiders` and `recipient_domain: example.org`"),
    (changed("for: colleagues}", "for: colleagues, not_for: colleagues}"), "22:3: route `internal` is for nobody: whoever is in its `for` is in its `not_for` too"),
    (changed("limits: {message: 35MB}", "limits: {message: 0MB}"), "23:3: route `plain` carries nothing: `message: 0` leaves no room"),
    (changed(LINK, LINK[:-1] + ", limits: {file: 0MB}}"), "25:3: route `link` carries nothing: `file: 0` leaves no room"),
    (changed(PLAIN, f"first: {{kind: relay, next_hop: internet}}\n  {PLAIN}"), "24:3: route `plain` comes after `first`, which carries all that it does: it is only asked when that fails"),
    (changed(ENCRYPTED, "not_for: colleagues, sent_as: [smime], provides: [protected], limits"), "rule `secret-is-protected` requires protected, which only `encrypted` gives, to mail that its sender has protected"),
    (changed(ENCRYPTED, "for: colleagues, provides: [protected], limits"), "rule `secret-is-protected` requires protected, which no route that can be used gives to these recipients: it always ends in no_route"),
    (before_rules("", SMALL.replace("{protected: message}", "{protected: message, sealed: message}").replace("{without: [protected]}", "{without: [sealed]}")), "never `no-secret-in-clear` wants sealed, which no route that can be used gives: it always ends in no_route"),
    (before_rules("exceptions: [{rule: secret-is-protected, to: example.org, why: a, approved_by: b, until: 2027-01-01}]"), "29:14: the exception from `secret-is-protected` changes nothing: the rule is never about those whom `to` names"),
    (before_rules("overrides: [{id: urgent, who: lawyers, lifts: [secret-is-protected], asks: [why]}]"), "29:13: override `urgent` lifts nothing of rule `secret-is-protected`, which keeps no mail; what a rule requires is never lifted"),
    (before_rules("patterns: {case: {says: case, like: 'CS-[0-9]{6}'}}"), "29:12: nothing asks for `case`, so it is not looked for"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "says"), IDLE, ids=[says[:90] for _, says in IDLE])
def test_what_can_never_do_anything_is_pointed_at(text, says):
    assert [line for line in warnings(text) if says in line], warnings(text)


NOT_IDLE = [
    SMALL,
    ruled("{audience: [partners, outsiders], audience_not: colleagues}"),
    ruled("{audience: outsiders, recipient_domain: [own, partner.example]}"),
    before_rules(
        "", ruled("{audience: partners, audience_not: outsiders}").replace("require: [protected]", "hold: {for: officer}")
    ),  # one of ours may be enrolled
    ruled("{audience: outsiders, agreement: [none, lapsed]}"),
    ruled("{classification: {of: files, at_least: internal, below: secret}}"),
    ruled("{classification: {of: any, at_least: secret}}", "    unless: {classification: {of: words, at_least: secret}}\n"),
    ruled("{classification: {of: any, at_least: secret}}", "    unless: {classification: {of: any, at_least: secret, because: [label]}}\n"),
    ruled("{attachments: {above: 10MB, at_most: 20MB}}"),
    ruled("{purpose: justice}", "    unless: {purpose: justice}\n"),  # nobody has said what it is for: then it matches
    ruled("{sender_group: lawyers}", "    unless: {sender_group: lawyers}\n"),  # a directory that does not answer
    ruled("{unreadable: [damaged, encrypted]}", "    unless: {unreadable: [encrypted]}\n"),
    ruled("{audience: outsiders}", "    unless: {audience: outsiders, files: {at_least: 2}}\n"),
    ruled("{audience: outsiders}", "    mode: watch\n    becomes: {enforce: 2026-07-01}\n    from: 2026-06-01\n"),
    changed("limits: {message: 35MB}", "limits: {attachments: 0MB, message: 35MB}"),  # mail without files
    changed(PLAIN, f"first: {{kind: relay, next_hop: internet, for: partners}}\n  {PLAIN}"),
    changed(PLAIN, f"first: {{kind: relay, next_hop: internet, limits: {{message: 1MB}}}}\n  {PLAIN}"),
    ruled("{audience: outsiders, sent_as: [smime]}")
    .replace(ENCRYPTED, "not_for: colleagues, sent_as: [smime], provides: [protected], limits")
    .replace("facts: {audience: outsiders,", "facts: {audience: outsiders, sent_as: [smime],"),
    changed(WHEN, WHEN + "    mode: watch\n")
    .replace(ENCRYPTED, "not_for: colleagues, limits")
    .replace("outcome: {without: [protected]}", "outcome: {released: true}"),
    changed("    require: [protected]\n", "    mode: watch\n    confirm: {declares: meant}\n"),
    before_rules("exceptions: [{rule: secret-is-protected, to: [own, partner.example], why: a, approved_by: b, until: 2027-01-01}]"),
    before_rules("patterns: {case: {says: case, like: 'CS-[0-9]{6}'}}", ruled("{found: {detector: case}}")),
]


@pytest.mark.parametrize("text", NOT_IDLE)
def test_what_can_do_something_is_not(text):
    assert not warnings(text)


def test_where_nobody_knows_our_domains_any_may_be_one():
    text = SMALL.replace("colleagues: {domains: own}", "colleagues: {domains: council.example}")
    text = text.replace(RULE, "when: {audience: colleagues, recipient_domain: own}\n")

    assert [line for line in warnings(text) if "can never match" in line]
    assert not [line for line in warnings(text, hops=None) if "can never match" in line]
    assert not [line for line in warnings(text, own=(), hops=None) if "can never match" in line]


ASKED = "    confirm: {declares: meant}\n"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (changed("    require: [protected]\n", ASKED), "declared: meant"),
        (ruled("{audience: outsiders}", "    unless: {audience: partners}\n" + ASKED), "declared: meant"),
        (changed("    require: [protected]\n", "    confirm: {declares: purpose}\n"), "purpose: [...]"),
    ],
)
def test_a_question_that_no_answer_ends_is_pointed_at(text, key):
    word = "purpose" if "purpose" in key else "meant"
    says = f"rule `secret-is-protected` asks the sender for `{word}` and keeps the mail whatever they say; add `unless: {{{key}}}`"

    assert warnings(text) == [f"pack.yaml:30:5: {says}"]


@pytest.mark.parametrize(
    "text",
    [
        ruled("{audience: outsiders}", "    unless: {declared: meant, audience: partners}\n" + ASKED),
        ruled("{audience: outsiders}", "    unless: {purpose: [justice, other]}\n    confirm: {declares: purpose}\n"),
        ruled("{audience: outsiders, purpose: justice}", "    confirm: {declares: purpose}\n"),
        changed("    require: [protected]\n", "    confirm: {}\n"),
    ],
)
def test_a_question_with_an_answer_is_not(text):
    assert not warnings(text)
