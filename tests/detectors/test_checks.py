"""Check digits: one at a time against python-stdnum, many at a time against one at a time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.gb import utr as utr_oracle
from stdnum.us import itin as itin_oracle

from gateway.detectors import checks
from gateway.detectors.runs import digit_runs, places

digits = lambda size: st.text("0123456789", min_size=size, max_size=size)  # noqa: E731


@given(digits(10))
def test_utr_agrees_with_the_oracle(text: str) -> None:
    assert checks.is_utr(text) == utr_oracle.is_valid(text)


@given(digits(9))
def test_itin_is_never_narrower_than_the_oracle(text: str) -> None:
    assert checks.is_us_itin(text) or not itin_oracle.is_valid(text)


@pytest.mark.parametrize(
    ("text", "expected"), [("912501234", True), ("912701234", True), ("912891234", False), ("912661234", False), ("812701234", False)]
)
def test_groups_that_the_irs_gives_out(text: str, expected: bool) -> None:
    assert checks.is_us_itin(text) == expected


@given(st.lists(digits(10), min_size=1, max_size=50))
def test_many_nhs_numbers_are_judged_as_one(numbers: list[str]) -> None:
    one_by_one = [n.encode() for n in numbers if checks.is_nhs_number(n) and checks.may_be_nhs_number(n)]
    assert checks.valid_nhs_numbers([n.encode() for n in numbers]) == one_by_one


@given(st.integers(13, 19).flatmap(lambda size: st.lists(digits(size), min_size=1, max_size=50)))
def test_many_cards_are_judged_as_one(numbers: list[str]) -> None:
    assert checks.valid_cards([n.encode() for n in numbers]) == [n.encode() for n in numbers if checks.is_card(n)]


def test_the_largest_sum_of_a_lane_fits_an_octet() -> None:
    assert checks.valid_cards([b"9" * 19]) == []
    assert checks.valid_nhs_numbers([b"9" * 10]) == []


@pytest.mark.parametrize("text", ["MORGA657054SM9IJ", "JONES710238HA1AB", "XY999606159A99XX".replace("A99XX", "AB9XX")])
def test_a_driver_number_is_one(text: str) -> None:
    assert checks.is_uk_driver_number(text)


@pytest.mark.parametrize("text", ["MORGA673054SM9IJ", "MORGA657994SM9IJ", "MORGA657054S19IJ", "99999657054SM9IJ", "MORGA657054SM9I1"])
def test_a_wrong_month_day_or_letter_is_no_driver_number(text: str) -> None:
    assert not checks.is_uk_driver_number(text)


def test_the_specimen_of_icao_is_a_passport() -> None:
    assert checks.is_mrz_of_passport("L898902C36UTO7408122F1204159ZE184226B<<<<<10")
    assert not checks.is_mrz_of_passport("L898902C37UTO7408122F1204159ZE184226B<<<<<10")


@pytest.mark.parametrize("text", ["12/03/1984", "1984-03-12", "3.12.84", "12 March 1984", "March 12, 1984", "1st May 2001", "12-Mar-1984"])
def test_a_day_is_one(text: str) -> None:
    assert checks.day_of(text)


@pytest.mark.parametrize("text", ["32/13/1984", "12/03/1884", "00/03/1984", "99 March 1984", "31.31.31"])
def test_what_no_calendar_has_is_no_day(text: str) -> None:
    assert checks.day_of(text) == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("9434765919", ["9434765919"]),
        ("9434765919.", ["9434765919"]),
        ('"9434765919",9434765870;(4505577104)', ["9434765919", "9434765870", "4505577104"]),
        ("x9434765919 9434765919x _9434765919", []),
        ("9434765919.55 http://a/9434765919 +9434765919", []),
        ("12345 94347659191", []),
        ("\u201c9434765919\u201d", ["9434765919"]),
    ],
)
def test_runs_that_stand_by_themselves(text: str, expected: list[str]) -> None:
    found = digit_runs(text.encode()).get(10, [])

    assert found == [run.encode() for run in expected]
    assert [text.encode()[at : at + 10] for at in places(text.encode(), 0, len(text.encode()), found)] == found


def test_a_run_is_not_found_inside_a_longer_one() -> None:
    data = b"99434765919 9434765919"
    assert places(data, 0, len(data), [b"9434765919"]) == [12]
