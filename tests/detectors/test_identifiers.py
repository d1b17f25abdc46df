"""Identifiers: our validators against python-stdnum, and what it takes for a number to be believed."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from stdnum import iban as iban_oracle
from stdnum import luhn as luhn_oracle
from stdnum.gb import nhs as nhs_oracle
from stdnum.gb import upn as upn_oracle
from stdnum.us import ssn as ssn_oracle

from gateway.detectors import DETECTORS, scan
from gateway.detectors.checks import is_card, is_iban, is_luhn, is_nhs_number, is_nino, is_upn, is_us_ssn
from gateway.model.finding import Evidence, Patterns, Place

digits = lambda size: st.text("0123456789", min_size=size, max_size=size)  # noqa: E731


def found(text: str, detector: str, place: Place = Place.TEXT) -> Evidence | None:
    return next(iter(scan([(place, "body", text)], Patterns(detectors=frozenset({detector})))), None)


def count(text: str, detector: str) -> int:
    evidence = found(text, detector)
    return evidence.count if evidence else 0


@given(digits(10))
@example("9434765919")
@example("9434765870")
def test_nhs_number_agrees_with_the_oracle(text: str) -> None:
    assert is_nhs_number(text) == nhs_oracle.is_valid(text)


@given(digits(9), st.sampled_from("0123456789"))
def test_exactly_one_check_digit_at_most_makes_an_nhs_number(stem: str, digit: str) -> None:
    valid = [last for last in "0123456789" if is_nhs_number(stem + last)]
    assert len(valid) <= 1
    assert is_nhs_number(stem + digit) == (digit in valid)


@given(digits(9))
@example("078051120")
@example("457555462")
@example("123456789")
def test_us_ssn_agrees_with_the_oracle(text: str) -> None:
    assert is_us_ssn(text) == ssn_oracle.is_valid(text)


@given(st.text("0123456789", min_size=2, max_size=19))
def test_luhn_agrees_with_the_oracle(text: str) -> None:
    assert is_luhn(text) == luhn_oracle.is_valid(text)


@given(st.sampled_from(["GB", "DE", "FR", "IE", "NO"]), digits(2), st.text("0123456789ABCDXYZ", min_size=11, max_size=30))
@example("GB", "82", "WEST12345698765432")
@example("DE", "89", "370400440532013000")
@example("NO", "93", "86011117947")
def test_iban_is_never_wider_than_the_oracle(country: str, check: str, rest: str) -> None:
    text = country + check + rest
    if iban_oracle.is_valid(text):
        assert is_iban(text)
    if is_iban(text):  # the oracle also knows the form of each country's account number
        assert iban_oracle.calc_check_digits(text) == check or int(check) < 2


@given(st.text("ABCDEFGHJKLMNPQRTUVWXYZ", min_size=1, max_size=1), digits(11), st.sampled_from("0123456789ABCXYZ"))
@example("H", "80120000100", "1")
def test_upn_is_never_narrower_than_the_oracle(letter: str, middle: str, last: str) -> None:
    text = letter + middle + last
    if upn_oracle.is_valid(text):
        assert is_upn(text)
    assert is_upn(text) == (upn_oracle.calc_check_digit(text[1:]) == letter)


@pytest.mark.parametrize("text", ["AB123456C", "CE123456D", "SA123456A"])
def test_a_nino_is_one(text: str) -> None:
    assert is_nino(text)


@pytest.mark.parametrize("text", ["QQ123456C", "BG123456A", "GB123456A", "AO123456A", "AB123456E", "AB12345C", "ZZ123456A"])
def test_a_prefix_never_given_out_is_no_nino(text: str) -> None:
    assert not is_nino(text)


@pytest.mark.parametrize("text", ["4111111111111111", "5555555555554444", "378282246310005", "6011111111111117", "3530111333300000"])
def test_a_card_is_one(text: str) -> None:
    assert is_card(text)


@pytest.mark.parametrize("text", ["4111111111111112", "9999999999999995", "0000000000000000", "1234567812345670", "411111111111111"])
def test_a_number_of_no_issuer_is_no_card(text: str) -> None:
    assert not is_card(text)


# --- what makes us believe it -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("943 476 5919", 1),  # parted as nothing else is
        ("943-476-5919", 0),  # a North American telephone number looks so
        ("NHS: 943-476-5919", 1),
        ("9434765919", 0),  # one in eleven random numbers passes
        ("Patient 9434765919 was seen", 1),
        ("9434765919, our patient", 1),
        ("943 476 5918", 0),  # wrong check digit
        ("943.476.5919", 0),
        ("NHS number 943.476.5919", 1),
        ("his NHS number is 943 476\n5919", 1),  # a line broken at a blank
        ("nhs_number,name\n" + "x,\n" * 200 + "9434765919,Smith", 1),  # a heading far above
        ("9434765919\n9434765870\n4505577104\n", 3),  # in company
        ("9434765919\n9434765870\n" + "".join(f"10000000{n:02}\n" for n in range(20, 60)), 0),  # by chance
        ("http://wiki/pages/9434765919 about patients", 0),  # part of something longer
        ("9999999999 patient", 0),
        ("patient 943\u00a0476\u20115919 patient", 1),  # other blanks and dashes
        ("943 476 5919 and again 943 476 5919", 1),  # distinct values count
        ("943 476 5919 943 476 5870", 2),
        ("5434765914 patient", 0),  # never given out
    ],
)
def test_nhs_number_in_text(text: str, expected: int) -> None:
    assert count(text, "nhs-number") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("AB123456C", 1),
        ("AB 12 34 56 C", 1),
        ("ab123456c", 0),
        ("my national insurance number is ab123456c", 1),
        ("NI number AB123456", 1),
        ("order AB123456", 0),
        ("QQ123456C", 0),
    ],
)
def test_nino_in_text(text: str, expected: int) -> None:
    assert count(text, "nino") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("123-45-6789", 1),
        ("123456789", 0),
        ("123 45 6789", 0),
        ("SSN 123456789", 1),
        ("SSN\n" + "x\n" * 90 + "123456789\n123456780\n123456781\n", 3),
        ("please send the SSN" + " ." * 90 + " invoice 123456789", 0),
        ("000-45-6789", 0),
        ("900-45-6789", 0),
        ("078-05-1120", 0),
    ],
)
def test_us_ssn_in_text(text: str, expected: int) -> None:
    assert count(text, "us-ssn") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("4111 1111 1111 1111 12/27", 1),
        ("4111-1111-1111-1111", 1),
        ("3782 822463 10005", 1),
        ("4111 1111 1111 1111 123 Main Street", 1),
        ("4111111111111111;5555555555554444", 2),
        ("2019 2020 2021 2022", 0),
    ],
)
def test_card_in_text(text: str, expected: int) -> None:
    assert count(text, "card") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("GB82 WEST 1234 5698 7654 32", 1),
        ("GB82WEST12345698765432 and more words", 1),
        ("GB82WEST12345698765432 DE89370400440532013000", 2),
        ("gb82 west 1234 5698 7654 32.", 1),
        ("GB82WEST123456987654321", 0),
        ("GB83WEST12345698765432", 0),
    ],
)
def test_iban_in_text(text: str, expected: int) -> None:
    assert count(text, "iban") == expected


def test_a_upn_in_text() -> None:
    assert count("UPN: H801200001001.", "upn") == 1
    assert count("pupil number h801200001001", "upn") == 1
    assert count("h801200001001", "upn") == 0


@pytest.mark.parametrize(
    ("text", "detector", "sample"),
    [
        ("943 476 5919", "nhs-number", "••• ••• 5919"),
        ("AB123456C", "nino", "•• •• •• 56 C"),
        ("123-45-6789", "us-ssn", "•••-••-6789"),
        ("4111 1111 1111 1111", "card", "•••• 1111"),
        ("GB82WEST12345698765432", "iban", "GB•• •••• 5432"),
    ],
)
def test_a_sample_shows_the_end_alone(text: str, detector: str, sample: str) -> None:
    evidence = found(text, detector)

    assert evidence is not None
    assert evidence.sample == sample


@given(st.sampled_from(sorted(DETECTORS)), st.text("0123456789 -ABCabcGBnhs\n", max_size=400))
def test_no_text_breaks_a_detector(detector: str, text: str) -> None:
    found(text, detector)
