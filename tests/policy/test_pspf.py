"""Protective markings in a pack: the strictest counts, a subject never lowers, what the pack does not know is unknown."""

from datetime import UTC, datetime

import pytest

from gateway.gather import Context, gather
from gateway.mime.pspf import protective_markings
from gateway.model.envelope import Address, Recipient
from gateway.model.finding import Findings
from gateway.parse import parse_buffer
from gateway.policy.parse_pack import load_pack
from gateway.studio.test import run_tests
from tests.policy.packs import BESIDE, OWN, SMALL, problems

AT = datetime(2026, 1, 5, 12, tzinfo=UTC)
MARKED = SMALL.replace("unmarked: {files: internal, words: public}", "unmarked: {files: internal, words: internal}").replace(
    "markings:\n",
    """markings:
  - {pspf: UNOFFICIAL, is: public}
  - {pspf: "OFFICIAL:Sensitive", is: internal}
  - {pspf: PROTECTED, is: secret}
  - {pspf: "ACCESS=Legal-Privilege", is: secret}
  - {pspf: disagree, is: internal}
""",
)
POLICY = load_pack({"pack.yaml": MARKED.encode(), **BESIDE}, OWN)


def level(*lines: str) -> str:
    message = parse_buffer("\r\n".join((*lines, "", "x")).encode())
    findings = Findings((), protective_markings(message.fields, message.subjects))
    context = Context("test", Address("a@example.org", "a", "example.org"), ours=True)
    facts = gather(message, findings, context, (Recipient(Address("b@else.example", "b", "else.example")),), POLICY.snapshot, AT)[0]
    levels = POLICY.ladder.words(facts.message)
    return "unknown" if levels.unknown else POLICY.ladder.name(levels.top)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (("X-Protective-Marking: SEC=PROTECTED",), "secret"),
        (("Subject: a [SEC=PROTECTED]",), "secret"),
        (("X-Protective-Marking: SEC=UNOFFICIAL",), "public"),
        (("Subject: a [SEC=UNOFFICIAL]",), "internal"),
        (("Subject: a [SEC=PROTECTED]", "X-Protective-Marking: SEC=UNOFFICIAL"), "secret"),
        (("Subject: a [SEC=UNOFFICIAL]", "X-Protective-Marking: SEC=PROTECTED"), "secret"),
        (("X-Protective-Marking: SEC=OFFICIAL:Sensitive, ACCESS=Legal-Privilege",), "secret"),
        (("X-Protective-Marking: SEC=OFFICIAL:Sensitive, ACCESS=Personal-Privacy",), "unknown"),  # the pack speaks of access, not of this
        (("X-Protective-Marking: SEC=TOP-SECRET",), "unknown"),
        ((), "internal"),
    ],
)
def test_what_a_message_is(lines: tuple[str, ...], expected: str) -> None:
    assert level(*lines) == expected


def test_a_test_of_a_pack_can_say_it():
    rows = """\
- name: protected words are encrypted
  facts: {recipient: b@else.example, words: {pspf: PROTECTED}}
  expect: {because: [secret-is-protected]}
- name: one that the pack does not have
  facts: {recipient: b@else.example, words: {pspf: SECRET}}
  expect: {verdict: release}
"""
    right, wrong = run_tests({"pack.yaml": MARKED.encode(), **BESIDE, "tests/a.yaml": rows.encode()})
    assert right.passed
    assert wrong.wrong == ("cannot be made: the pack has no protective marking `SECRET`",)


def test_one_marking_has_one_kind():
    text = SMALL.replace("markings:\n", "markings:\n  - {pspf: SECRET, detector: card, is: secret}\n")
    assert "exactly one of `label`, `pspf`, `text`" in str(problems(text)[0])
