"""The packs of the house: their own tests pass, they check clean, their schema and texts are there."""

import json
import re
from datetime import date

import pytest

from gateway.errors import BadPack
from gateway.model.finding import EvidenceKind, Place, Readable
from gateway.policy.guidance import parse_guidance
from gateway.policy.pack_model import schema
from gateway.policy.pack_words import Kind, Spot, Unread
from gateway.policy.parse_pack import load_pack
from gateway.studio.check import check
from gateway.studio.explain_schema import SCHEMA
from gateway.studio.test import run_tests
from tests.policy.packs import BESIDE, LINK, OWN, PACKS, RULES, SMALL, files_of


@pytest.mark.parametrize("pack", PACKS)
def test_a_pack_passes_its_own_tests(pack):
    results = run_tests(files_of(pack))

    assert len(results) > 5
    assert not [str(result) for result in results if not result.passed]


@pytest.mark.parametrize("pack", PACKS)
def test_a_pack_has_no_errors_and_its_warnings_are_about_what_people_must_do(pack):
    found = check(files_of(pack), OWN)

    assert not [str(problem) for problem in found if problem.severity == "error"]
    to_do = ("signed", "no route that can be used", "directory")
    assert not [str(problem) for problem in found if not any(word in problem.says for word in to_do)]


@pytest.mark.parametrize("pack", PACKS)
def test_whoever_decides_has_a_name_and_a_number_that_is_nobodys(pack):
    """Numbers that are set apart for stories: Ofcom's 01632 960xxx, and 555-01xx in North America."""
    for person in load_pack(files_of(pack), OWN).people.values():
        assert person.title
        assert re.fullmatch(r"01632 960\d{3}|\d{3}-555-01\d\d", person.phone)


@pytest.mark.parametrize("pack", PACKS)
def test_every_text_that_a_pack_names_can_be_read(pack):
    policy = load_pack(files_of(pack), OWN)

    assert policy.guidance_files
    assert all(parse_guidance(name, data).title for name, data in policy.guidance_files.items())


def test_the_schema_beside_the_packs_is_the_one_that_the_code_keeps():
    assert json.loads((RULES / "schema.json").read_text(encoding="utf-8")) == schema()
    assert json.loads((RULES / "explain.schema.json").read_text(encoding="utf-8")) == SCHEMA


def test_the_words_of_the_schema_are_those_of_the_nouns():
    assert set(Kind.__args__) == {kind.value for kind in EvidenceKind}
    assert set(Unread.__args__) == {kind.value for kind in Readable} - {"yes"}
    assert set(Spot.__args__) == {place.value for place in Place}


def test_the_starter_pack_leads_to_three_hops_and_is_at_home_in_any_organisation():
    policy = load_pack(files_of("starter"), ["chief.example", "xn--strae-oqa.example"])

    assert policy.next_hops == {"mailboxes", "internet", "encrypted"}
    assert set(policy.snapshot.lists) == {"everyone@chief.example", "everyone@straße.example"}
    assert policy.owner == "postmaster@chief.example"
    assert not policy.warnings


def test_a_pack_that_is_overdue_is_said_to_be():
    found = check({"pack.yaml": SMALL.encode(), **BESIDE}, OWN, date(2031, 1, 1))

    assert "was to be reviewed by 2030-01-01" in found[-1].says


def test_a_rule_that_requires_what_no_route_gives_is_pointed_at():
    text = SMALL.replace("provides: [protected], limits", "limits").replace(LINK, "{kind: seal, provides: [protected], clause: a test}")
    found = [str(problem) for problem in check({"pack.yaml": text.encode(), **BESIDE}, OWN)]

    assert found == [
        (
            "pack.yaml:30:5: rule `secret-is-protected` requires protected, which no route that can be used gives "
            "(`link`: encrypting here is not set up on this gateway): it always ends in no_route"
        )
    ]


def test_a_share_whose_covering_mail_nobody_carries_is_pointed_at():
    text = SMALL.replace(LINK, LINK.replace("for: partners", "for: colleagues")).replace("internal: {kind: relay, next_hop: mailboxes, for: colleagues}", "internal: {kind: relay, next_hop: mailboxes, not_for: colleagues, limits: {message: 35MB}}")  # fmt: skip  # noqa: E501
    (found,) = [str(problem) for problem in check({"pack.yaml": text.encode(), **BESIDE}, OWN)]

    assert "route `link` takes files out of mail, and no other route carries the rest of it to the same people: it is never used" in found
    assert not check({"pack.yaml": SMALL.encode(), **BESIDE}, OWN)


ROWS = """\
- name: right
  facts: {recipient: b@example.org}
  expect: {verdict: release, route: internal}
- name: wrong
  facts: {recipient: b@else.example, attachments: [{name: a.docx, classification: secret, size: 1MB}]}
  expect: {verdict: refuse, route: plain, because: [nothing], needs: [], held_for: officer}
- name: not possible
  facts: {recipient: b@else.example, words: {marking: CONFIDENTIAL}}
  expect: {verdict: hold}
"""


def test_a_test_that_fails_says_what_is_instead():
    right, wrong, impossible = run_tests({"pack.yaml": SMALL.encode(), **BESIDE, "tests/a.yaml": ROWS.encode()})

    assert right.passed
    assert (wrong.file, wrong.line, wrong.passed) == ("tests/a.yaml", 4, False)
    assert "verdict: expected refuse, is release" in wrong.wrong[0]
    assert "route: expected plain, is encrypted (internal: not in colleagues; plain: does not give protected)" in wrong.wrong[1]
    assert "needs: expected none, are protected" in wrong.wrong[2]
    assert "held_for: expected officer, is nobody" in wrong.wrong[3]
    assert "because: expected nothing, are no-secret-in-clear, secret-is-protected" in wrong.wrong[4]
    assert impossible.wrong == ("cannot be made: the pack has no marking `CONFIDENTIAL`; there are: SECRET, PUBLIC",)


def test_a_mistake_in_a_test_has_its_place():
    rows = ROWS.replace("expect: {verdict: hold}", "expect: {verdikt: hold}")

    with pytest.raises(BadPack, match=r"tests/a\.yaml:9:12: unknown key `verdikt`; did you mean `verdict`\?"):
        run_tests({"pack.yaml": SMALL.encode(), **BESIDE, "tests/a.yaml": rows.encode()})


def test_a_group_that_nobody_can_be_in_and_a_system_that_nobody_hears_of_are_warnings():
    text = SMALL.replace("groups: {lawyers:", "groups: {nurses: {directory_group: N}, lawyers:")
    text = "systems: {scans: {networks: [10.0.0.0/8], senders: [scan@own], owner: officer}}\n" + text
    found = [str(problem) for problem in check({"pack.yaml": text.encode(), **BESIDE}, OWN)]

    assert (
        "pack.yaml:7:10: group `nurses` is of a directory, and none is connected yet: of nobody is it known whether they are in it" in found
    )
    assert any(one.startswith("pack.yaml:1:11: system `scans` has no `notices_to`, so nobody is told of its mail") for one in found)
    assert not [one for one in found if "lawyers" in one]
