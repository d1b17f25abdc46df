"""Addresses, domains and words that a pack writes and nobody could mean: each has its place and a way out."""

import pytest

from gateway.studio.check import check
from tests.policy.packs import BESIDE, OWN, SMALL, changed, problems, small


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


HOPS = frozenset({"mailboxes", "internet", "exchange"})
EXCEPTION = (
    "exceptions: [{rule: secret-is-protected, from: boss@own, to: TO, why: a reason, approved_by: the officer, until: 2027-01-01}]\n"
)


def warned(text: str, hops: frozenset[str] | None = HOPS) -> list[str]:
    return [str(one) for one in check({"pack.yaml": text.encode(), **BESIDE}, OWN, next_hops=hops)]


@pytest.mark.parametrize(
    ("domains", "says"),
    [
        ("example.ogr", "16:25: no audience has `example.org`, a domain of the organisation in the settings"),
        ("[own, example]", "16:25: `example` is no whole domain: it has no dot, so it fits nobody"),
        ("[own, partners]", "16:25: `partners` is an audience, and here stand domains, so it fits nobody"),
        ('[own, "*.gov.uk"]', "16:25: `*.gov.uk` is everybody below gov.uk"),
        ('[example.org, "*.com"]', "16:25: `*.com` is everybody below com"),
    ],
)
def test_domains_that_are_hardly_meant(domains, says):
    (found,) = warned(changed("colleagues: {domains: own}", f"colleagues: {{domains: {domains}}}"))

    assert found.startswith(f"pack.yaml:{says}")


def test_an_exception_to_an_audience_is_to_nobody():
    (found,) = warned(EXCEPTION.replace("TO", "partners") + SMALL)

    assert "`partners` is an audience, and here stand domains, so it fits nobody" in found


@pytest.mark.parametrize(
    "domains", ["own", "example.org", '["*.own", own]', '[own, "*.mail.example.com", "*.example.org"]', '[own, "*.internal"]']
)
def test_domains_that_are_meant(domains):
    assert not warned(changed("colleagues: {domains: own}", f"colleagues: {{domains: {domains}}}"))


def test_without_settings_nobody_knows_the_organisation_s_domains():
    assert not warned(changed("colleagues: {domains: own}", "colleagues: {domains: wexmoor.gov.uk}"), None)


def test_a_wide_audience_apart_from_colleagues_is_meant():
    assert not warned(changed("  outsiders:", '  government: {domains: [gov.uk, "*.gov.uk"]}\n  outsiders:'))
