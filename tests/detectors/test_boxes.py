"""Identifiers with one character in each box; and the rows of single characters that are none."""

import random

import pytest

from gateway.detectors import scan
from gateway.detectors.grid import Grid, letters
from gateway.model.finding import Patterns, Place

ASKED = frozenset({"nhs-number", "nino", "uk-passport", "upn", "card", "utr", "student-number", "medical-record-number", "iban"})
NHS, NINO, CARD = "4857773457", "AB123456C", "4111111111111111"


def found(text: str, place: Place = Place.TEXT, where: str = "here") -> dict[str, int]:
    return {item.id: item.count for item in scan([(place, where, text)], Patterns(detectors=ASKED))}


@pytest.mark.parametrize("between", [" ", "  ", "\t", "\t\t", "\t \t", "|", " | ", ",", ";", "\n", "\n\n", "_", "/", "."])
@pytest.mark.parametrize(
    ("label", "value", "kind"),
    [
        ("NHS number", NHS, "nhs-number"),
        ("His NHS no.", NHS, "nhs-number"),
        ("National Insurance number", NINO, "nino"),
        ("National insurance", NINO, "nino"),
        ("Passport no", "533401372", "uk-passport"),
        ("Unique Pupil Number", "H801200001001", "upn"),
        ("Card number", CARD, "card"),
        ("UTR", "1955839661", "utr"),
        ("MRN", "71234568", "medical-record-number"),
        ("IBAN", "GB29NWBK60161331926819", "iban"),
    ],
)
def test_one_character_in_each_box(between: str, label: str, value: str, kind: str) -> None:
    """Found: a row of cells with a digit in each was a row of digits."""
    assert found(f"Form 7\n{label}: {between.join(value)}\nSigned: Alex\n").get(kind) == 1


def test_boxes_in_groups_and_beside_what_follows() -> None:
    assert found("NHS number 4 8 5   7 7 7   3 4 5 7\n2 copies") == {"nhs-number": 1}
    assert found("NHS number (10 digits):\t4\t8\t5\t7\t7\t7\t3\t4\t5\t7") == {"nhs-number": 1}
    assert found(f"National Insurance number (if known) {' '.join(NINO)}") == {"nino": 1}
    assert found("NHS number\t4\t8\t5\t7\t7\t7\t3\t4\t5\t7\n1\t2\t3\t4\t5\t6\t7\t8") == {"nhs-number": 1}
    assert found("NHS no 4 8 5 7 7 7 3 4 5 7\nNHS no 9 4 3 4 7 6 5 9 1 9\nNHS no 4 8 5 7 7 7 3 4 5 7") == {"nhs-number": 2}


def test_where_boxes_begin_is_told() -> None:
    sheet = Grid("sheet Form")
    sheet.cell = lambda row, column: f"{letters(column)}{row + 1}"

    (evidence,) = scan([(Place.FIRST_LINE, sheet, "Form\nNI number\t" + "\t".join(NINO) + "\n")], Patterns(detectors=frozenset({"nino"})))

    assert evidence.where == "sheet Form, B2"


def test_boxes_across_a_chunk_are_found_once() -> None:
    for at in range(65536 - 40, 65536 + 4):
        assert found("x " * (at // 2) + "NI number " + " ".join(NINO) + " end" * 100) == {"nino": 1}


@pytest.mark.parametrize(
    "text",
    [
        "NHS number: 4 8 5 7 7 7 3 4 5 0",  # the check digit is wrong
        "Patient survey by ward: 4 8 5 7 7 7 3 4 5 7",  # nothing says that it is a number
        "Patients\t4\t8\t5\t7\t7\t7\t3\t4\t5\t7\n" * 3,
        "Student no\t1\t2\t3\t4\t5\t6\t7\t8\t9\n",
        "Pupil number\tA\tB\tC\tD\tE\tF\tG\tH\n",
        "Passport number: Y N Y N Y N Y N N",
        "Order no. 4 8 5 7 7 7 3 4 5 7",
        "Question no 4 1 1 2 3 5 4 2 1 3",
        f"Question no {' '.join(CARD)}",  # the check digit fits, and nothing speaks of a card
    ],
)
def test_what_is_no_number_in_boxes(text: str) -> None:
    assert found(text) == {}


@pytest.mark.parametrize(
    "text",
    [
        f"Card: {' '.join(CARD)}",
        f"{' '.join(CARD)} (Visa card)",
        f"Payment no. {' | '.join(CARD)}",
        f"Score card, paid by Visa {' '.join(CARD)}",
        f"Golf club: card number {' '.join(CARD)}",
        f"Score card: {' '.join(CARD)}\nVisa no. {' '.join(CARD)}",
        f"card {' '.join(CARD)} 12 29",
        f"Card number {' '.join(CARD)} 1 2 3",
        f"Debit card no. {' '.join(CARD)}\n1 2 3 4 5",
        "Amex 3 7 8 2 8 2 2 4 6 3 1 0 0 0 5",
        "Visa card 41 11 11 11 11 11 11 11",
        "Score card 4111 1111 1111 1111",
    ],
)
def test_a_payment_card_digit_by_digit(text: str) -> None:
    assert found(text) == {"card": 1}


@pytest.mark.parametrize(
    "text",
    [
        "Score card: 4 2 4 7 7 6 3 1 4 4 7 6 6 4 1 6 3 7",
        "Card: 4 2 4 7 7 6 3 1 4 4 7 6 6 4 1 6 3 7",
        "Card number 4 2 4 7 7 6 3 1 4 4 7 6 6 4 1 6 3 7",
        "Golf card of Tom Ash\t4\t2\t4\t7\t7\t6\t3\t1\t4\t4\t7\t6\t6\t4\t1\t6\t3\t7",
        f"Scorecard no. {' '.join(CARD)}",
        "Card: 6 2 3 4 5 3 4 3 4 5 4 3 6 2 3 4 5 0",  # all eighteen pass
        "Card of Tom: 4 5 4 3 5 4 4 3 4 36 4 5 4 3 1",  # with the sum of nine holes
        f"Card {' '.join(CARD)} 4 5 4",  # and nothing but this word
        f"Bingo card: {' '.join(CARD[at : at + 2] for at in range(0, 16, 2))}",
    ],
)
def test_a_score_card_is_no_payment_card(text: str) -> None:
    """Found: of eighteen holes the first sixteen pass the check in one row of twelve."""
    assert found(text) == {}


def test_no_row_of_eighteen_scores_is_a_payment_card() -> None:
    scores = random.Random(18)
    rows = [" ".join(str(scores.randint(2, 7)) for _ in range(18)) for _ in range(300)]

    assert [row for row in rows for words in ("Score card:", "Card:", "Golf card -", "Card no.") if found(f"{words} {row}")] == []
