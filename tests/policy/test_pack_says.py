"""What an officer reads about a mistake: once, in words that say what to do, and not in those of a library."""

import time

import pytest

from gateway.errors import BadPack
from gateway.policy.guidance import parse_guidance
from gateway.policy.pack_yaml import read
from tests.policy.packs import BESIDE, SMALL, changed, problems

# ruff: noqa: E501 - one row for each mistake
CLASSES = "classifications: [public, internal, secret]"
OFFICER = "people: {officer: {mailbox: officer@example.org}}"


def errors(text: str, beside: dict[str, bytes] | None = None) -> list[str]:
    return [str(problem) for problem in problems(text, beside) if problem.severity == "error"]


SAYINGS = [
    (CLASSES, f"categories: health\n{CLASSES}", "pack.yaml:8:13: must be a list: [ ... ]"),
    (CLASSES, "classifications: [a, b, c, d, e, f, g, h, i]", "pack.yaml:8:18: has too many entries; at most 8 can stand here"),
    ("at_least: 2, is: secret", "at_least: 0, is: secret", "pack.yaml:13:32: must be 1 or more"),
    ("clause: a test", f"clause: {'x' * 401}", "pack.yaml:24:129: is too long; write at most 400 characters"),
    ("clause: a test", "clause: 7", "pack.yaml:24:129: must be text; put it in quotes"),
    (OFFICER, OFFICER.replace("}}", ", phone: 4021}}"), "pack.yaml:5:57: must be text; put it in quotes"),
    ("outcome: {without: [protected]}", "outcome: {released: yes}", "pack.yaml:34:125: `yes` is not possible here; there are: true"),
    ("domains: own", "domains: http://example.org/x", "pack.yaml:16:25: `http://example.org/x` is more than a domain; write example.org alone"),
    ("domains: own", "domains: example.org/", "pack.yaml:16:25: `example.org/` is no domain; write example.org, or *.example.org for everything below it"),
    ("domains: own", "domains: '@example.org'", "pack.yaml:16:25: `@example.org` is more than a domain; write example.org alone"),
    ("domains: own", "domains: @example.org", "pack.yaml:16:25: is no YAML: a text cannot begin with `@`; a domain is written without it, and any other text in quotes"),
    ("kind: share", "kind: share\u200b", "pack.yaml:25:16: `share\u200b` is not possible here; a zero width space (U+200B) is in it, which nobody sees"),
    ("  plain: {", "\u00a0 plain: {", "pack.yaml:23:1: is no YAML: a no-break space (U+00A0) stands here, which looks like a blank or like nothing; write blanks instead"),
    ("  plain: {", "  plain:\u00a0{", "pack.yaml:23:9: is no YAML: a no-break space (U+00A0) stands here, which looks like a blank or like nothing; write blanks instead"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "says"), SAYINGS, ids=[row[2][-60:] for row in SAYINGS])
def test_a_mistake_is_said_once_and_in_plain_words(old, new, says):
    assert errors(changed(old, new)) == [says]


LISTS = [
    ("members: 3, cleared: {secret: All}", "lists.yaml:2:54: `All` is not possible here; did you mean `all`?"),
    ('members: ["Ann Lee <ann@example.org>"]', "lists.yaml:2:34: `Ann Lee <ann@example.org>` has a name beside the address; write ann@example.org alone"),
    ("members: many", "lists.yaml:2:33: must be a list: [ ... ] or a whole number"),
    ("members: ", "lists.yaml:2:32: `members` has nothing behind it; write a value, or take it out"),
]  # fmt: skip


@pytest.mark.parametrize(("row", "says"), LISTS)
def test_what_can_be_written_in_two_ways_is_wrong_in_one(row, says):
    """Found: three errors for one word, the first of them that it is no number."""
    assert errors(SMALL, {**BESIDE, "lists.yaml": f"lists:\n  - {{address: all@own, {row}}}\n".encode()}) == [says]


def test_a_classification_that_is_written_wrongly_is_one_mistake():
    """Found: thirteen more, in rules, markings, registers and lists, and those of lists.yaml first."""
    text = changed(CLASSES, "classifications: [public, internal, strictly secret]")
    beside = {**BESIDE, "lists.yaml": b"lists:\n  - {address: all@own, members: 3, cleared: {secret: all}}\n"}

    assert errors(text, beside) == [
        "pack.yaml:8:37: `strictly secret` is not written as it must be: small letters, digits and hyphens; did you mean `strictly-secret`?"
    ]


def test_a_classification_that_nobody_has_is_not_one_that_lowers():
    assert errors(changed("whole_line: true, is: secret", "whole_line: true, is: secrte")) == [
        "pack.yaml:11:79: unknown classification `secrte`; did you mean `secret`?"
    ]


def test_a_blank_in_a_quoted_text_is_not_blamed():
    text = 'a: "see:\u00a0b"\nb: c: d\n'

    assert "U+00A0" not in str(read("x", text.encode()).problems[0])


@pytest.mark.parametrize("line", ["\u00a0" * 50_000, "- " * 50_000, "a" * 150_000, "a:\n" * 50_000])
def test_looking_for_what_looks_like_a_blank_is_linear(line):
    began = time.process_time()
    read("x", f'b: "{line}'.encode())

    assert time.process_time() - began < 2


PLACEHOLDERS = [
    ("Case { case }.", "x.en.md:5:6: `{ case }` is no placeholder, and would be sent as it stands; write `{case}`"),
    ("{keep-until}", "x.en.md:5:1: `{keep-until}` is no placeholder, and would be sent as it stands; write `{keep_until}`"),
    ("Say {case, please", "x.en.md:5:5: `{case` is no placeholder, and would be sent as it stands; write `{case}`"),
    ("Say case}", "x.en.md:5:9: unknown placeholder `}`; there are:"),
    ("{nobody}", "x.en.md:5:1: unknown placeholder `{nobody}`; there are:"),
    ("{the case}", "x.en.md:5:1: unknown placeholder `{the case}`; there are:"),
]  # fmt: skip


def wrong(data: str) -> list[str]:
    try:
        parse_guidance("x.en.md", data.encode())
    except BadPack as error:
        return [str(problem) for problem in error.problems]
    return []


@pytest.mark.parametrize(("body", "says"), PLACEHOLDERS)
def test_what_looks_like_a_placeholder_is_not_sent_as_it_stands(body, says):
    found = wrong(f"---\ntitle: a\n---\n\n{body}\n")

    assert [line.startswith(says) for line in found] == [True], found


@pytest.mark.parametrize("body", ["Case {case}, until {keep_until}.", "({case})", "[{case}](https://example.org/{case})"])
def test_placeholders_may_stand_anywhere(body):
    assert not wrong(f"---\ntitle: a\n---\n\n{body}\n")


def test_a_text_has_one_title_and_a_short_one():
    assert wrong("---\ntitle: a\ntitle: b\n---\n\nText.\n") == ["x.en.md:3:1: `title:` stands twice here; keep one"]
    assert not wrong(f"---\ntitle: {'a' * 120}\n---\n\nText.\n")
    assert wrong(f"---\ntitle: {'a' * 121}\n---\n\nText.\n") == [
        "x.en.md:2:1: the `title:` becomes part of a subject; write at most 120 characters"
    ]
