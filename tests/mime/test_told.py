"""What a header section tells besides its subject: names and remarks, never the numbers of machines, in time that grows with it alone."""

import time

import pytest

from gateway.mime import told
from gateway.model.finding import Place
from gateway.model.message import Field, Span


def _field(name: str, value: str) -> Field:
    return Field(name, value, Span(0, 0))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("Kim 12 <kim12@b.example>", "Kim 12"),
        ("'Kim 12' kim34@b.example, <x@y>", "'Kim 12'"),
        ("Kim 12 (kim@b.example); Jo", "Kim 12 Jo"),
        ('"Kim @ 12"', '"Kim @ 12"'),
    ],
)
def test_of_addresses_the_names_are_words(value: str, text: str) -> None:
    assert [" ".join(said.split()) for _, _, said in told.shown([_field("To", value)])] == [text]


@pytest.mark.parametrize("value", ["kim12@b.example", "<kim12@b.example>, 'jo34@c.example'", "Kim <kim12@b.example>", "Kim"])
def test_an_address_alone_is_no_words(value: str) -> None:
    assert list(told.shown([_field("From", value)])) == []


def test_fields_that_may_carry_a_marking() -> None:
    fields = [_field(name, "x") for name in ("X-Anything", "x-b", "Sensitivity", "Keywords", "Received", "Subject")]

    assert [(place, where) for place, where, _ in told.marked(fields)] == [
        (Place.HEADER_FIELD, f"header field {name}") for name in ("X-Anything", "x-b", "Sensitivity", "Keywords")
    ]


@pytest.mark.parametrize("value", ["a12" * 60_000, "@12" * 60_000, "<12" * 60_000, "'12" * 60_000, "a@12" * 50_000, "12 " + "@" * 200_000])
def test_a_long_field_takes_no_time(value: str) -> None:
    started = time.process_time()
    list(told.shown([_field("From", value)]))

    assert time.process_time() - started < 0.5
