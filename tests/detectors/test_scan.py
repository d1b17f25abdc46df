"""One pass over everything: chunks, places, counts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.detectors import scan
from gateway.detectors.checks import is_nhs_number
from gateway.detectors.normalise import normalise
from gateway.model.finding import Pattern, Patterns, Place

ANYWHERE = Patterns((Pattern("m", "TOP-SECRET", frozenset({Place.TEXT}), whole_line=False),), frozenset({"nhs-number"}))
CHUNK = 65536


def test_nothing_wanted_finds_nothing() -> None:
    assert scan([(Place.TEXT, "x", "RESTRICTED 943 476 5919")], Patterns()) == ()


@pytest.mark.slow
@given(st.integers(CHUNK - 40, CHUNK + 8), st.sampled_from(["x ", "é ", "\u20ac "]))
def test_what_stands_across_a_chunk_is_found_once(at: int, filler: str) -> None:
    size = len(filler.encode())
    text = filler * (at // size) + "943 476 5919 top secret " + filler * 100

    assert [(item.id, item.count) for item in scan([(Place.TEXT, "x", text)], ANYWHERE)] == [("nhs-number", 1), ("m", 1)]


@pytest.mark.parametrize("before", [0, 3 * CHUNK])
@pytest.mark.parametrize("form", ["485 777 {:04}", "NHS no: 48 57 77 {} {}", "NHS4857 77{} {}"])
def test_as_much_is_found_wherever_it_stands(before: int, form: str) -> None:
    """The stretches after one in which something occurred are asked piece by piece."""
    ends = [f"{end:04}" for end in range(10_000) if is_nhs_number(f"485777{end:04}")][:500]
    values = [form.format(int(end)) if ":04" in form else form.format(end[:2], end[2:]) for end in ends]
    text = "x" * before + "".join(f" {value}. {'word ' * (60 + at % 90)}" for at, value in enumerate(values))

    assert [item.count for item in scan([(Place.TEXT, "x", text)], ANYWHERE)] == [500]


@pytest.mark.parametrize(
    "begin",
    [
        "----- Original Message -----",
        "---------- Forwarded message ---------",
        "Begin forwarded message:",
        "From: Kim\nSent: Monday",
        "On Monday, Kim Ash wrote:",
    ],
)
@pytest.mark.parametrize("before", [0, CHUNK - 30, CHUNK - 8, 2 * CHUNK + 9])
def test_earlier_text_begins_wherever_it_stands(begin: str, before: int) -> None:
    text = "word " * (before // 5) + f"\n{begin}\n\n943 476 5919\n"

    assert [item.place for item in scan([(Place.FIRST_LINE, "x", text)], ANYWHERE)] == [Place.QUOTED]


def test_distinct_values_count_over_all_segments() -> None:
    segments = [(Place.TEXT, "page 1", "943 476 5919"), (Place.TEXT, "page 2", "943 476 5919 943 476 5870")]

    (evidence,) = scan(segments, ANYWHERE)

    assert (evidence.count, evidence.where, evidence.place) == (2, "page 1", Place.TEXT)


def test_a_heading_in_one_segment_supports_values_in_another() -> None:
    segments = [(Place.TEXT, "page 1", "NHS number"), (Place.TEXT, "page 2", "9434765919")]

    assert [item.count for item in scan(segments, ANYWHERE)] == [1]


def test_a_surrogate_does_not_hide_what_follows() -> None:
    assert scan([(Place.TEXT, "x", "\ud800 943 476 5919")], ANYWHERE)


@given(st.text())
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once


def test_digits_of_other_scripts_are_digits() -> None:
    assert normalise("\u0669\u06f4\uff13") == "943"
