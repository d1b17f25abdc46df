"""One pass over everything: chunks, places, counts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.detectors import scan
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
