"""Addresses, domains and words that a pack writes and nobody could mean: each has its place and a way out."""

import pytest

from tests.policy.packs import BESIDE, SMALL, changed, problems, small


def members(text: str) -> dict[str, bytes]:
    return {"lists.yaml": f'lists:\n  - {{address: all@own, members: ["{text}"]}}\n'.encode()}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("cy@outside.example; bea@example.org", "is more than one address"),
        ("ann@example.org, bea@example.org", "is more than one address"),
        ("mailto:ann@example.org", "write ann@example.org alone"),
        ("ann\u200b@example.org", "has a character that cannot be seen"),
        ("com pliance@example.org", "no ` ` stands before the last @"),
        ("compliance@@example.org", "no `@` stands before the last @"),
        ("ann@10.0.0.1", "is the address of a machine"),
    ],
)
def test_an_address_that_is_none(text, says):
    (found,) = problems(SMALL, BESIDE | members(text))

    assert (found.file, found.line, found.column) == ("lists.yaml", 2, 34)
    assert says in found.says


@pytest.mark.parametrize("text", ["o'neill+x@example.org", "ann.lee_1@own", "Jörg@example.org", "a/b=c@example.org", "{x}&y@example.org"])
def test_an_address_that_is_one(text):
    assert not problems(SMALL, BESIDE | members(text))


@pytest.mark.parametrize(
    ("domain", "says"),
    [("partners.yaml", "is a file"), ("10.0.0.1", "is the address of a machine")],
)
def test_a_domain_that_is_none(domain, says):
    (found,) = problems(changed("colleagues: {domains: own}", f"colleagues: {{domains: [own, {domain}]}}"))

    assert (found.line, found.column) == (16, 31)
    assert says in found.says


def test_everything_below_the_organisation_s_domains_can_be_named():
    colleagues = small(changed("colleagues: {domains: own}", 'colleagues: {domains: [own, "*.own"]}')).audiences[0].domains

    assert [bool(colleagues.find("", domain)) for domain in ("example.org", "a.example.org", "example.com")] == [True, True, False]


@pytest.mark.parametrize(
    ("words", "mistake"),
    [('"HIV, hepatitis"', True), ('["HIV; hepatitis", AIDS]', True), ('["Baker, Mary", "HIV"]', False), ("HIV", False)],
)
def test_words_are_an_item_each(words, mistake):
    text = changed("audiences:\n", "dictionaries: {ill: {says: illnesses, words: ill.yaml}}\naudiences:\n")
    found = problems(text, BESIDE | {"ill.yaml": f"words: {words}\n".encode()})

    assert [one.says.endswith("in quotes what has a comma") for one in found if one.severity == "error"] == [True] * mistake
