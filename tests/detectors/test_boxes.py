"""Identifiers with one character in each box; and the rows of single characters that are none."""

import pytest

from gateway.detectors import scan
from gateway.detectors.grid import Grid, letters
from gateway.model.finding import Patterns, Place

ASKED = frozenset({"nhs-number", "nino", "uk-passport", "upn", "card", "utr", "student-number", "medical-record-number", "iban"})
NHS, NINO = "4857773457", "AB123456C"


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
        ("Card number", "4111111111111111", "card"),
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
    ],
)
def test_what_is_no_number_in_boxes(text: str) -> None:
    assert found(text) == {}
