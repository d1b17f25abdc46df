"""Tests of a pack that would pass whatever it says: each is a mistake with its place and a way out."""

import pytest

from gateway.app import studio
from gateway.errors import BadPack
from gateway.studio.check import check
from gateway.studio.test import run_tests
from tests.policy.packs import BESIDE, OWN, SMALL

PACK = SMALL.replace(
    "rules:\n",
    "overrides: [{id: urgent, who: lawyers, lifts: [asked], asks: [reason]}]\nrules:\n"
    "  - {id: asked, when: {audience: partners}, unless: {declared: meant}, confirm: {declares: meant}}\n",
)
ROW = "- name: a\n  facts: {recipient: b@else.example}\n  expect: {verdict: release}\n"
ZIPPED = "facts: {recipient: b@else.example, attachments: [{name: a.zip}, {name: b.txt, inside: a.zip}]}"


def pack(rows: str, name: str = "tests/a.yaml") -> dict[str, bytes]:
    return {"pack.yaml": PACK.encode(), **BESIDE, name: rows.encode()}


FACTS, EXPECT = "facts: {recipient: b@else.example}", "expect: {verdict: release}"
MISTAKES = [
    (EXPECT, "expect: {}", "3:11: expects nothing, so it passes whatever the pack says; write what must come out: {verdict: release}"),
    (EXPECT, "expect: {because: [], stamps: [], why_not: {}}", "3:11: expects nothing"),
    (EXPECT, "expect: {not_because: [aksed]}", "3:26: unknown rule `aksed`; did you mean `asked`?"),
    (EXPECT, "expect: {why_not: {plaim: protected}}", "3:29: unknown route `plaim`; did you mean `plain`?"),
    (EXPECT, "expect: {why_not: {plain: ''}}", "3:29: says nothing; write some words of why `plain` does not serve"),
    (EXPECT, f"{EXPECT}\n  unusable: [plain, encryptd]", "4:21: unknown route `encryptd`; did you mean `encrypted`?"),
    (EXPECT, f"{EXPECT}\n  lifted: [no-secret-in-clear]", "4:12: unknown rule `no-secret-in-clear`; there are: asked, secret-is-protected"),
    ("else.example}", "else.example, purpose: justise}", "2:47: unknown purpose `justise`; did you mean `justice`?"),
    (
        "else.example}",
        "else.example, declared: [meant, ment]}",
        "2:56: unknown word (no confirm declares it) `ment`; did you mean `meant`?",
    ),
    ("else.example}", "else.example, overrides: [urgently]}", "2:50: unknown override `urgently`; did you mean `urgent`?"),
    ("else.example}", "else.example, peer: nonsense}", "2:44: `nonsense` is no IP address; write 10.20.30.4"),
    (FACTS, ZIPPED.replace("inside: a.zip", "inside: c.zip"), "2:89: unknown file `c.zip`; did you mean `a.zip`?"),
    (FACTS, ZIPPED.replace("{name: a.zip}", "{name: a.zip}, {name: a.zip}"), "2:104: two files of this test are called `a.zip`"),
    (FACTS, ZIPPED.replace("{name: a.zip}", "{name: a.zip, inside: b.txt}"), "2:74: `a.zip` would be inside itself"),
    (ROW, "[]\n", "1:1: has no tests in it; write some, or take the file away"),
]


@pytest.mark.parametrize(("old", "new", "says"), MISTAKES, ids=[row[2] for row in MISTAKES])
def test_a_test_that_proves_nothing_is_a_mistake(old, new, says):
    assert ROW.count(old) == 1
    files = pack(ROW.replace(old, new))

    with pytest.raises(BadPack) as raised:
        run_tests(files)
    found = [str(problem) for problem in raised.value.problems]
    assert [line for line in found if line.startswith(f"tests/a.yaml:{says}")], found
    assert found == [str(problem) for problem in check(files, OWN) if problem.severity == "error"]


@pytest.mark.parametrize(
    "row",
    [
        ROW,
        ROW.replace(FACTS, ZIPPED),
        ROW.replace(EXPECT, "expect: {needs: []}"),
        ROW.replace(EXPECT, "expect: {shares: none}"),
        ROW.replace(EXPECT, "expect: {not_because: [asked, no-secret-in-clear, no_route]}\n  unusable: [encrypted]\n  lifted: [asked]"),
        ROW.replace(EXPECT, "expect: {why_not: {internal: colleagues}}"),
        ROW.replace("else.example}", "else.example, purpose: other, declared: [meant], overrides: [urgent], peer: '::1'}"),
    ],
)
def test_a_test_that_can_fail_is_none(row):
    (result,) = run_tests(pack(row))

    assert result.passed, result
    assert not [str(problem) for problem in check(pack(row), OWN) if problem.severity == "error"]


def test_the_strictest_of_two_files_of_one_name_counts():
    files = "attachments: [{name: a.docx, classification: secret}, {name: a.docx}]"
    row = ROW.replace("else.example}", f"else.example, {files}}}").replace(EXPECT, "expect: {needs: [protected]}")

    assert [result.wrong for result in run_tests(pack(row))] == [()]


@pytest.mark.parametrize(("name", "better"), [("tests/b.yml", "tests/b.yaml"), ("tests/b.YAML", "tests/b.yaml")])
def test_a_file_that_is_not_run_is_a_mistake(name, better):
    files = {**pack(ROW), name: ROW.encode()}
    says = f"{name}:1:1: is not run, because its name does not end in .yaml; call it {better}"

    assert says in [str(problem) for problem in check(files, OWN)]
    with pytest.raises(BadPack, match=says):
        run_tests(files)


def test_a_pack_without_tests_has_not_passed_them(tmp_path):
    for name, data in {"pack.yaml": SMALL.encode(), **BESIDE}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)

    report = studio.test_pack(tmp_path)

    assert not report.passed
    assert "there are no tests; write some in" in report.text
