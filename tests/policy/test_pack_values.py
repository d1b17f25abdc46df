"""Values that pass for another: nothing where a condition was begun, a `no` where a name should stand. Each is said, with a way out."""

from datetime import date
from types import SimpleNamespace

import pytest

from gateway.model.facts import UNKNOWN
from gateway.policy.classify import Levels
from gateway.policy.conditions import compiled
from gateway.policy.pack_words import says_no
from gateway.policy.rules import Ask
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
ASKS = "` asks for nothing; write a condition in it, or take it out"


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
    (ROUTE, "provides: [protected], limits: {}, clause: a test", "`limits` limits nothing; write `attachments:`, `message:` or `file:` in it, or take it out"),
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
    ("{lawyers: {addresses: [law@example.org]}}", "{lawyers: {}}", "`lawyers` names nobody; write `addresses:` or `directory_group:` in it, or take it out"),
    ("protections: {protected: message}", "protections:", f"`protections` {TAKE_OUT}"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "says"), NOTHING, ids=[row[1][-50:] for row in NOTHING])
def test_what_was_begun_and_not_finished_is_not_as_if_it_were_not_there(old, new, says):
    """Found: `sent_as:` with nothing behind it loaded, and a restricted file went unencrypted."""
    found = errors(changed(old, new))

    assert any(line.endswith(says) or says in line for line in found), found


@pytest.mark.parametrize(("unknown", "is_it"), [((), False), (("label x",), UNKNOWN)])
def test_no_kind_of_evidence_is_no_crash(unknown, is_it):
    """Found: `because: []` loaded, and every mail with a file was answered 451 for ever."""
    condition = compiled(Ask("classification", "at_least", ("any", 1, frozenset())))

    assert condition(SimpleNamespace(mail=SimpleNamespace(all=Levels((2, -1, -1, -1, -1), 2, unknown)))) is is_it


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
    assert not [line for line in warnings(same.replace("clause: a test", "clause: a test, sent_as: [smime]")) if "next hop" in line]
    assert not warnings(SMALL)


@pytest.mark.parametrize(
    ("act", "said"), [("refuse: {guidance: help}", "`refuse`"), ("hold: {for: officer}", "`hold`"), ("confirm: {}", "`confirm`")]
)
def test_a_rule_that_stops_all_mail_is_a_warning(act, said):
    rule = f"  - id: all\n    {act}\nnever:\n"

    assert any(f"rule `all` has no `when:`, so it asks for {said} for all mail" in line for line in warnings(changed("never:\n", rule)))
    assert not warnings(changed("never:\n", rule.replace(act, "stamp: {X-House: seen}")))


SIGNED = ["no", "false", "not yet", "pending", "nobody", "None", '""', '"  "', "yes", "Head of Compliance", "2026-10-01", "'not by Ann Lee, 2026-10-01'", "'pending, 2026-10-01'", '", 2026-10-01"', "'Head of Compliance, 1 October 2026'"]  # fmt: skip


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


HOLD = "    hold: {for: officer, within: 4h}\n"
PERSON = "mailbox: officer@example.org"
RULE_ROWS = [
    ("review_by: 2030-01-01\n", "review_by: 2030-01-01\nkeep: 0d\n", "`0d` is no time; write 30m, 4h, 7d or 2w"),
    ("expires: {after: 14d}", "expires: {after: 0h}", "`0h` is no time"),
    (RULE, "    hold: {for: sender}\n", "the sender decides no hold; write `confirm:` for what the sender may decide, or who else does"),
    ("otherwise: {do: hold, for: officer,", "otherwise: {do: hold, for: sender,", "the sender decides no hold"),
    (PERSON, f"{PERSON}, hours: 'Mon-Fri 17:00-09:00'", "`17:00-09:00` ends before it begins, so nobody would ever be there"),
    (PERSON, f"{PERSON}, hours: 'Mon-Fri 09:00-09:00'", "`09:00-09:00` ends before it begins"),
    (PERSON, f"{PERSON}, hours: 'Mon-Fri 25:00-26:00'", "`25:00-26:00` has an hour that no clock shows; write 08:30-17:00"),
    (PERSON, f"{PERSON}, hours: 'Mon-Fri 08:60-17:00'", "has an hour that no clock shows"),
    (PERSON, f"{PERSON}, hours: 'Mon-Foo 09:00-17:00'", "`Foo` is no day of the week; there are: Mon, Tue"),
    (PERSON, f"{PERSON}, hours: 'Mon-Fri 09:00-17:00 Europe/Londn'", "`Europe/Londn` is no time zone; write one such as Europe/London, or none"),
    (RULE, f"{RULE}    until: 2207-03-31\n", "`2207-03-31` is no day that anybody plans by; write one from 1990 to 2100"),
    (RULE, f"{RULE}    until: 20270331\n", "`20270331` is not written as a day; write 2027-03-31"),
    (RULE, f'{RULE}    until: "20270331"\n', "`20270331` is not written as a day; write 2027-03-31"),
    (RULE, f"{RULE}    until: 2027-W13-3\n", "`2027-W13-3` is not written as a day; write 2027-03-31"),
    (RULE, f"{RULE}    until: [2027-03-31]\n", "is no day; write 2027-12-18"),
    ("review_by: 2030-01-01\n", "review_by: 9999-12-31\n", "is no day that anybody plans by"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "says"), RULE_ROWS, ids=[row[1][-50:] for row in RULE_ROWS])
def test_times_and_people_that_there_are_not(old, new, says):
    (found,) = errors(changed(old, new))

    assert says in found


@pytest.mark.parametrize(
    "hours", ["always", "Mon-Fri 08:30-17:00", "Sat 00:00-24:00 Europe/London", "Fri-Mon 00:00-23:59 America/New_York"]
)
def test_hours_that_there_are(hours):
    assert small(changed(PERSON, f"{PERSON}, hours: '{hours}'")).people["officer"].hours == hours


KEPT = [
    ("1h", "{for: officer, within: 4h}", "is longer than `keep:`, so the mail would be deleted while they still have time; keep it longer"),
    ("1h", "{for: officer, within: 1d, then: officer}", "is longer than `keep:`"),
    ("4h", "{for: officer, within: 4h, then: officer}", "is as long as `keep:`, so nothing would be left for `officer` to decide"),
    ("4h", "{for: officer, within: 4h}", None),
    ("7d", "{for: officer, within: 4h, then: officer}", None),
]  # fmt: skip


@pytest.mark.parametrize(("keep", "hold", "says"), KEPT)
def test_nobody_has_longer_than_the_mail_is_kept(keep, hold, says):
    """Found: "They have until 07:46 ... We keep it until 04:46"."""
    found = errors(changed(RULE, f"    hold: {hold}\n").replace("unmarked: {f", f"keep: {keep}\nunmarked: {{f"))

    assert [line.startswith("pack.yaml:33:") and says in line for line in found] == ([True] if says else [])


@pytest.mark.parametrize("where", ["    confirm: {within: 4h}\n", "otherwise: {do: hold, for: officer, within: 4h,"])
def test_nobody_has_longer_whoever_decides(where):
    old = RULE if "confirm" in where else "otherwise: {do: hold, for: officer,"
    found = errors(changed(old, where).replace("unmarked: {f", "keep: 1h\nunmarked: {f"))

    assert ["is longer than `keep:`" in line for line in found] == [True]


@pytest.mark.parametrize("mode", ["mode: advise", "mode: watch\n    becomes: {advise: 2027-01-01}"])
def test_advice_without_a_text_is_a_warning(mode):
    """Found: nobody was told, and nobody heard of it."""
    held = f"    hold: {{for: officer}}\n    {mode}\n"

    assert warnings(changed(RULE, held)) == [
        "pack.yaml:30:5: rule `secret-is-protected` advises, and its `hold` has no `guidance:`, so nobody is told: it is as `watch`"
    ]
    assert not warnings(changed(RULE, held.replace("officer}", "officer, guidance: help}")))


def test_a_text_in_another_language_alone_is_told_to_nobody():
    text = changed(RULE, "    refuse: {guidance: cyfyngedig}\n")
    welsh = b"---\ntitle: cyfyngedig\n---\n\nCyfyngedig.\n"

    assert errors(text, {**BESIDE, "guidance/cyfyngedig.cy.md": welsh}) == [
        "pack.yaml:32:24: `cyfyngedig` is written in cy alone, and notices are in English: write guidance/cyfyngedig.en.md"
    ]
    assert warnings(text, **{"guidance/cyfyngedig.cy.md": welsh, "guidance/cyfyngedig.en.md": welsh}) == [
        "guidance/cyfyngedig.cy.md:1:1: is told to nobody: only texts about links (`share-...`) are told in other languages than English"
    ]


def test_a_text_in_a_folder_of_its_own_is_told_to_nobody():
    assert warnings(SMALL, **{"guidance/old/help.en.md": b"---\ntitle: old\n---\n\nOld.\n"}) == [
        "guidance/old/help.en.md:1:1: lies in a folder of its own, so nobody reads it; move it up"
    ]


def excepted(**instead: str) -> str:
    keys = {"rule": "secret-is-protected", "to": "else.example", "why": "agreed", "approved_by": "the officer", "until": "2027-01-01"}
    return changed("never:\n", f"exceptions:\n  - {{{', '.join(f'{key}: {value}' for key, value in (keys | instead).items())}}}\nnever:\n")


EXCEPTIONS = [
    ({"why": '""'}, "`` says nothing; write in a sentence why"),
    ({"why": "no"}, "`no` says nothing"),
    ({"approved_by": '""'}, "`` is nobody; write who approved it, the role or the name"),
    ({"approved_by": "no"}, "`no` is nobody"),
    ({"approved_by": "pending"}, "`pending` is nobody"),
    ({"from": "2026-01-01"}, "`2026-01-01` is a day, and here stands an address or a domain"),
    ({"until": "~"}, f"`until` {TAKE_OUT}"),
]  # fmt: skip


@pytest.mark.parametrize(("instead", "says"), EXCEPTIONS)
def test_an_exception_says_why_and_by_whom(instead, says):
    (found,) = errors(excepted(**instead))

    assert says in found
    assert not errors(excepted())


def test_days_that_are_hardly_meant_are_warnings_at_their_place():
    today = date(2026, 11, 27)

    assert warnings(excepted(until="2026-01-31"), today) == [
        "pack.yaml:34:5: the exception from `secret-is-protected` ended on 2026-01-31; take it out"
    ]
    assert warnings(excepted(until="2072-03-31"), today) == [
        "pack.yaml:34:5: the exception from `secret-is-protected` is until 2072-03-31, more than ten years away; write a day on which it is looked at"
    ]
    assert warnings(changed("2030-01-01", "2072-01-01"), today) == [
        "pack.yaml:4:12: is to be reviewed by 2072-01-01, which is more than ten years away"
    ]
    signed = f"interpretations: {{a: {{says: b, signed: 'Head of Compliance, 2026-12-01'}}}}\n{SMALL}"
    assert warnings(signed, today) == ["pack.yaml:1:19: `a` is signed on a day that has not come"]
    assert not warnings(signed, date(2026, 12, 1))


def test_a_day_too_far_away_and_a_long_time_are_no_crash():
    """Found: `as_of: 9999-01-01` and `valid_for: 5000d` were an OverflowError."""
    for as_of, says in (("9999-01-01", "is no day that anybody plans by"), ("2100-12-31", None)):
        found = errors(SMALL, {**BESIDE, "partners.yaml": f"as_of: {as_of}\nvalid_for: 99999w\nentries: []\n".encode()})
        assert (says in found[0]) if says else not found
