"""Which domains a From field names, however it is written."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mime.authors import a_label, author_domains


@pytest.mark.parametrize(
    ("value", "domains"),
    [
        (b" ann@own.example", ("own.example",)),
        (b" Ann <ann@own.example>", ("own.example",)),
        (b' "Ann, (the) <x@y.example> @home" <ann@own.example>', ("own.example",)),
        (b' "a\\"@b.example" <ann@own.example>', ("own.example",)),
        (b" ann (at @home.example (really)) @own.example", ("own.example",)),
        (b" ann@own . example", ()),  # blanks around dots (RFC 5322 section 4.4): nobody writes them
        (b" <ann@own.example>,\r\n\tbob@else.example", ("own.example", "else.example")),
        (b" Team: ann@own.example, bob@else.example;", ("own.example", "else.example")),
        (b" <@relay.example,@other.example:ann@own.example>", ("own.example",)),
        (b" undisclosed:;", ()),
        (b" =?utf-8?Q?Ann=40x.example?= <ann@own.example>", ("own.example",)),
        ("Ünn <ünn@münchen.example>".encode(), ("xn--mnchen-3ya.example",)),
        (b" ann@OWN.example.", ("own.example",)),
        (b' "ann@own.example"', ()),
        (b" ann@[192.0.2.1]", ()),
        (b" ann", ()),
        (b"", ()),
        (b" <ann@own.example", ("own.example",)),
        (b" \xff\xfe <ann@own.example>", ("own.example",)),
    ],
)
def test_the_domains_of_a_from_field(value, domains):
    assert author_domains(value) == domains


@pytest.mark.parametrize(
    ("domain", "label"),
    [
        ("straße.example", "xn--strae-oqa.example"),  # IDNA 2008: another domain than strasse.example
        ("XN--MNCHEN-3YA.example", "xn--mnchen-3ya.example"),
        ("a_b.example", "a_b.example"),
        ("-a.example", None),
        ("a..example", None),
        ("example.com/../x", None),
        ("x" * 64 + ".example", None),
        (".".join(["x" * 60] * 5), None),
        ("a\r\nb.example", None),
        ("☃️.example", None),
    ],
)
def test_a_label_stands_for_a_domain_or_for_nothing(domain, label):
    assert a_label(domain) == label


@given(st.binary(max_size=200))
def test_whatever_stands_there_is_a_domain_or_passed_over(value):
    for domain in author_domains(value):
        assert a_label(domain) == domain


@pytest.mark.parametrize("piece", [b"(", b")(", b'"', b"\\", b"<", b"a@b.c,", b"\r\n ", b"(\\", b"<@"])
def test_a_hostile_field_costs_no_time(piece):
    started = time.process_time()
    author_domains(piece * 100_000)

    assert time.process_time() - started < 0.2
