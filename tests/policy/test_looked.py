"""What a pack looks for of its own: patterns, word lists, links; and what it is told when that cannot be."""

import json
from dataclasses import replace

import pytest

from gateway.decide import decide
from gateway.errors import BadPack
from gateway.model.facts_json import from_json, to_json
from gateway.model.finding import OwnDetector
from gateway.model.reading import read_patterns, write_patterns
from gateway.policy.parse_pack import load_pack
from gateway.studio.specimen import FactsRow, facts_of
from gateway.studio.test import run_tests
from tests.policy.packs import BESIDE, OWN, SMALL

OF_ITS_OWN = """\
patterns:
  case-number: {says: case number, like: "CS-[0-9]{6}", near: [case, child], shows: nothing}
dictionaries:
  clinical: {says: clinical word, words: clinical.yaml}
sharing: {approved: [example.sharepoint.com], services: [files.example]}
tables: {small_below: 10}
rules:
  - id: words-of-doctors
    when: {found: {detector: clinical, at_least: 3, of: words}}
    hold: {for: officer, guidance: too-large}
  - id: links
    when: {found: {detector: link-out}}
    hold: {for: officer, guidance: too-large}
"""
CLINICAL = b"words: [hepatitis, HIV status, chemotherapy, overdose]\n"
PACK = SMALL.replace("  - {detector: card", "  - {detector: case-number, at_least: 2, is: secret}\n  - {detector: card").replace(
    "rules:\n", OF_ITS_OWN
)


def pack(text: str = PACK, words: bytes = CLINICAL):
    return {"pack.yaml": text.encode(), **BESIDE, "clinical.yaml": words}


def test_a_pack_looks_for_what_it_names_anywhere_and_nothing_else():
    patterns = load_pack(pack(), OWN).patterns

    assert patterns.own == (
        OwnDetector("case-number", "case number", like=("CS-[0-9]{6}",), near=("case", "child"), shows="nothing"),
        OwnDetector("clinical", "clinical word", words=("hepatitis", "HIV status", "chemotherapy", "overdose"), shows="all"),
    )
    assert patterns.detectors == {"card", "link-out"}
    assert (patterns.approved, patterns.services, patterns.small_below) == ({"example.sharepoint.com"}, {"files.example"}, 10)
    assert patterns.names["case-number"] == "case number"


def test_the_child_is_told_everything():
    patterns = load_pack(pack(), OWN).patterns

    assert read_patterns(json.loads(write_patterns(patterns))) == patterns


@pytest.mark.parametrize(
    ("was", "now", "problem"),
    [
        ('"CS-[0-9]{6}"', '"CS-[0-9"', "pack.yaml:31:42: `CS-[0-9` is no pattern"),
        ('"CS-[0-9]{6}"', '["CS-[0-9]{6}", ".*"]', "pack.yaml:31:58: `.*` would match nothing at all"),
        ('"CS-[0-9]{6}"', '"(?<=x)CS"', "look-around is not possible; put telling words in `near`"),
        ("detector: clinical, at_least: 3", "detector: clinicl, at_least: 3", "unknown detector `clinicl`; did you mean `clinical`?"),
        ("{detector: case-number,", "{detector: case-nummer,", "unknown detector `case-nummer`; did you mean `case-number`?"),
        ("words: clinical.yaml", "words: clinic.yaml", "`clinic.yaml` is not there; did you mean `clinical.yaml`?"),
        ("  case-number: {says", "  nhs-number: {says", "`nhs-number` is the name of another detector"),
        ("  clinical: {says", "  case-number: {says", "`case-number` is the name of another detector"),
        ("small_below: 10", "small_below: 1", "must be 2 or more"),
    ],
)
def test_a_mistake_has_its_place_and_a_way_out(was, now, problem):
    with pytest.raises(BadPack) as caught:
        load_pack(pack(PACK.replace(was, now)), OWN)

    assert problem in "\n".join(map(str, caught.value.problems))


def test_a_mistake_in_a_word_list_has_its_place_too():
    with pytest.raises(BadPack, match=r"clinical\.yaml:3:5: "):
        load_pack(pack(words=b"words:\n  - hepatitis\n  - x\n"), OWN)


ROWS = """\
- name: two case numbers are secret
  facts: {recipient: b@else.example, words: {detectors: {case-number: 2}}}
  expect: {because: [secret-is-protected]}
- name: one is not
  facts: {recipient: b@else.example, words: {detectors: {case-number: 1}}}
  expect: {verdict: release, route: plain}
- name: three clinical words in an email are looked at
  facts: {recipient: b@else.example, words: {detectors: {clinical: 3}}}
  expect: {verdict: hold, because: [words-of-doctors]}
- name: in a file they are not asked about
  facts: {recipient: b@else.example, attachments: [{name: a.docx, size: 1MB, detectors: {clinical: 3}}]}
  expect: {verdict: release}
- name: a link out in a file is
  facts: {recipient: b@else.example, attachments: [{name: a.docx, size: 1MB, detectors: {link-out: 1}}]}
  expect: {verdict: hold, because: [links]}
"""


def test_a_pack_s_tests_can_speak_of_them():
    assert not [str(result) for result in run_tests({**pack(), "tests/a.yaml": ROWS.encode()}) if not result.passed]


def test_what_was_looked_for_under_another_definition_was_not_looked_for():
    old, new = load_pack(pack(PACK.replace("{6}", "{7}")), OWN), load_pack(pack(), OWN)
    facts = facts_of(FactsRow.model_validate({"recipient": "b@else.example"}), old, OWN)

    assert from_json(to_json(facts)) == facts
    assert "case-number~" in json.dumps(to_json(facts))
    decision = decide(facts, new)
    assert [reason.unknown for reason in decision.reasons if reason.unknown]
    assert not [reason for reason in decide(facts, old).reasons if reason.unknown]


def test_a_record_from_before_a_detector_was_there_does_not_say_that_nothing_was_found():
    policy = load_pack(pack(), OWN)
    facts = facts_of(FactsRow.model_validate({"recipient": "b@else.example"}), policy, OWN)
    older = replace(facts, message=replace(facts.message, looked_for=frozenset({"secret", "public", "card"})))

    assert "links" in [reason.rule for reason in decide(older, policy).reasons]
    assert "links" not in [reason.rule for reason in decide(facts, policy).reasons]
