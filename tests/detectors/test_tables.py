"""Tables: whom they name, how many, and which of their counts are too small."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.content.markup import to_text
from gateway.detectors import DETECTORS, scan
from gateway.detectors.tables import divider_of
from gateway.model.finding import Evidence, Patterns, Place

ASKED = frozenset({"persons-in-table", "identifying-columns", "small-cells"})
NHS = ("9434765919", "9434765870", "4505577104", "4010232137", "6541003238")


def seen(text: str, *more: str, small_below: int = 6) -> dict[str, Evidence]:
    patterns = Patterns(detectors=ASKED | set(more), small_below=small_below)
    return {item.id: item for item in scan([(Place.FIRST_LINE, "text", text)], patterns)}


def counts(text: str, *more: str, small_below: int = 6) -> dict[str, int]:
    return {name: item.count for name, item in seen(text, *more, small_below=small_below).items()}


PUPILS = "Surname,Forename,Date of birth,Year group,Attendance\n" + "".join(
    f"Smith{n % 7},Anna{n % 3},{n % 28 + 1}/03/2012,{n % 6 + 7},{90 + n % 10}\n" for n in range(40)
)


def test_people_are_counted_by_their_names_once_each() -> None:
    found = seen(PUPILS)

    assert found["persons-in-table"].count == 21
    assert found["persons-in-table"].where == "text: name, date of birth"
    assert found["identifying-columns"].count == 2
    assert "small-cells" not in found


@pytest.mark.parametrize("divider", [",", ";", "\t", "|"])
def test_every_usual_divider(divider: str) -> None:
    assert counts(PUPILS.replace(",", divider))["persons-in-table"] == 21


def test_quoted_cells_may_hold_the_divider_and_line_ends() -> None:
    rows = "".join(f'"Smith, Anna {n}","12 High St\nMatlock",{n}\r\n' for n in range(9))
    assert counts(f"Name,Address,Visits\r\n{rows}") == {"persons-in-table": 9, "identifying-columns": 2}


def test_a_column_of_numbers_that_pass_is_believed_where_one_would_not_be() -> None:
    rows = "".join(f"{number},{n},A\n" for n, number in enumerate(NHS))
    assert counts(f"key,visits,ward\n{rows}", "nhs-number")["nhs-number"] == 5
    assert counts(f"key,visits,ward\n{rows}")["persons-in-table"] == 5
    assert not counts(f"note {NHS[0]}", "nhs-number")


def test_a_heading_speaks_for_its_own_column_alone() -> None:
    orders = "".join(f"order {n},{9434765870 + n},{n}\n" for n in range(60))
    assert counts(f"NINO,order number,n\n{orders}", "nhs-number") == {"identifying-columns": 1, "persons-in-table": 60}


@pytest.mark.parametrize(
    ("heading", "kind"),
    [
        ("NHS Number", "nhs number"),
        ("nhs_no", "nhs number"),
        ("SSN", "us ssn"),
        ("Student ID", "student number"),
        ("studentId", "student number"),
        ("MRN", "medical record number"),
        ("Patient name", "name"),
        ("lastName", "name"),
        ("E-mail", "email address"),
        ("d.o.b.", "date of birth"),
        ("Home address", "address"),
    ],
)
def test_what_a_column_is_by_its_heading(heading: str, kind: str) -> None:
    found = seen(f"row,{heading},x\n" + "".join(f"{n},a{n},b\n" for n in range(5)))
    assert found["identifying-columns"].where == f"text: {kind}"


@pytest.mark.parametrize(
    "heading", ["School name", "File name", "Product", "Company name", "Name of street market", "Rating", "Web address type"]
)
def test_what_names_no_person(heading: str) -> None:
    assert "persons-in-table" not in counts(f"row,{heading},x\n" + "".join(f"{n},a{n},b\n" for n in range(5)))


def test_telephones_and_mailboxes_of_offices_are_no_people() -> None:
    offices = "Office,Telephone,E-mail\n" + "".join(f"Office {n},01629 58{n:04},enquiries@office{n}.example\n" for n in range(30))

    assert not counts(offices)
    assert counts(offices.replace("enquiries@", "jo.smith@")) == {"persons-in-table": 30, "identifying-columns": 2}
    assert counts(offices.replace("enquiries@", "jo.smith@", 1)) == {"persons-in-table": 1, "identifying-columns": 2}
    assert counts(offices.replace("Office,", "Surname,", 1)) == {"persons-in-table": 30, "identifying-columns": 3}


def test_a_telephone_beside_counts_does_not_hide_that_they_are_small() -> None:
    assert counts("School,Telephone,Pupils\nNorth,01629 580000,3\nSouth,01629 580001,41\nEast,01629 580002,5\n") == {"small-cells": 2}


# --- aggregated tables -------------------------------------------------------------------------------------------------

BY_SCHOOL = "School,Grade,Race,Students\nNorth,3,Asian,{}\nNorth,3,Black,41\nSouth,4,White,120\nSouth,4,Other,{}\n"


def test_groups_so_small_that_somebody_can_be_told() -> None:
    assert counts(BY_SCHOOL.format(3, 5)) == {"small-cells": 2}
    assert counts(BY_SCHOOL.format(3, 5), small_below=5) == {"small-cells": 1}


@pytest.mark.parametrize("mark", ["*", "**", "<6", "< 5", "\u22645", "[c]", "suppressed"])
def test_a_suppressed_cell_is_not_small(mark: str) -> None:
    assert not counts(BY_SCHOOL.format(mark, mark))


def test_suppression_that_forgot_a_cell() -> None:
    assert counts(BY_SCHOOL.format("*", 2)) == {"small-cells": 1}
    assert counts("Town,Seen\nMatlock,*\nBuxton,4\nGlossop,77\n") == {"small-cells": 1}  # the marks tell that it counts people


def test_a_title_tells_what_all_columns_count() -> None:
    table = "Number of pupils by school and year,,\n,,\nSchool,Boys in 2024,Girls in 2024\nNorth,2,31\nSouth,40,1\n"
    assert counts(table.replace("in 2024", "")) == {"small-cells": 2}


def test_nought_is_nobody() -> None:
    assert not counts(BY_SCHOOL.format(0, 0))


@pytest.mark.parametrize(
    "text",
    [
        "Item,Quantity,Price\nchair,2,40\ntable,1,90\nlamp,3,20\n",
        "Year,Quarter,Index\n2024,1,101\n2024,2,104\n2024,3,3\n",
        "Ward,Percentage of residents\nNorth,3\nSouth,5\nEast,4\n",
        "Question,Average score\nQ1,3\nQ2,4\nQ3,5\n",
        "Dear all,\n\nthank you for coming, and for the cake.\nWe were 4 adults, 2 children, and a dog.\n\nBest,\nJo",
        "a,b\n1,2\n",
        "",
    ],
)
def test_what_counts_no_people(text: str) -> None:
    assert not counts(text)


def test_a_table_that_names_people_is_not_aggregated() -> None:
    assert "small-cells" not in counts("Name,Children\nA B,2\nC D,3\nE F,1\n")


def test_a_sheet_in_several_segments_is_one_table() -> None:
    rows = [f"Person {n}\t{n}" for n in range(3000)]
    segments = [
        (Place.FIRST_LINE, "sheet 1", "\n".join(["Name\tVisits", *rows[:1000]])),
        (Place.TEXT, "sheet 1", "\n".join(rows[1000:2000])),
        (Place.TEXT, "sheet 1", "\n".join(rows[2000:])),
    ]
    assert [item.count for item in scan(segments, Patterns(detectors=frozenset({"persons-in-table"})))] == [3000]


@pytest.mark.parametrize(
    ("heading", "cell", "kind"),
    [
        ("NHSNo", "48577 73457", "nhs-number"),
        ("NHS_NO", "485/777/3457", "nhs-number"),
        ("SSN", "536.22.1234", "us-ssn"),
        ("passport_number", "533-401-372", "uk-passport"),
        ("DateOfBirth", "12031980", "date-of-birth"),
        ("birth_dt", "12 Mar 1980", "date-of-birth"),
        ("UPN", "H80 1200 0010 01", "upn"),
        ("Licence", "morga657054sm9ij", "uk-driving-licence"),
        ("IBAN", "GB29-NWBK-6016-1331-9268-19", "iban"),
        ("ULN", "1029 384 756", "student-number"),
    ],
)
def test_a_column_tells_what_its_cells_are_however_they_are_written(heading: str, cell: str, kind: str) -> None:
    rows = [["Name", heading, "Ward"], *([name, cell, "2"] for name in ("Ann", "Bob", "Cem", "Dee"))]
    of_markup = "".join("\n\t" + "\t\t".join(row) + "\t\n" for row in rows)

    for text in ("\n".join(",".join(row) for row in rows), of_markup):
        assert counts(text, kind)[kind] == 1


def test_a_table_of_people_in_html_is_one() -> None:
    rows = [["Surname", "Forename", "Ward"], *([f"Smith{at}", f"Anna{at}", "2"] for at in range(12))]

    assert (
        counts(to_text("".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)))["persons-in-table"] == 12
    )


@pytest.mark.parametrize(
    ("text", "divider"),
    [
        ("Dear Jo,\nthank you, and see you soon.\nYours, Sam\nbye, bye", ""),
        ("a,b\nc,d\ne,f\ng,h", ","),
        ("a;b;c\n1;2;3\n4;5;6", ";"),
        ("one line", ""),
        ("1,234\n5,678\n9,012\n", ","),
    ],
)
def test_what_is_a_table(text: str, divider: str) -> None:
    assert divider_of(text) == divider


@given(st.text('abc019,;\t|"\n *<', max_size=400))
def test_no_text_breaks_it(text: str) -> None:
    scan([(Place.FIRST_LINE, "x", text), (Place.TEXT, "x", text)], Patterns(detectors=ASKED | set(DETECTORS)))
