"""Persons and accounts, and the many numbers that are neither."""

import pytest

from gateway.detectors import DETECTORS, scan
from gateway.model.finding import Patterns, Place

EVERYTHING = Patterns(detectors=frozenset(DETECTORS))


def found(text: str, place: Place = Place.FIRST_LINE) -> dict[str, int]:
    return {item.id: item.count for item in scan([(place, "body", text)], EVERYTHING)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Our UTR is 1955839661.", {"utr": 1}),
        ("Unique Taxpayer Reference: 19558 39661", {"utr": 1}),
        ("passport no. 925665416", {"uk-passport": 1}),
        ("925665416 (passport)", {"uk-passport": 1}),
        ("P<GBRSMITH<<ANNA<<<<<<<<<<<<<<<<<<<<<<<<<<<<\n9256654166GBR8001014F2501017<<<<<<<<<<<<<<00", {"uk-passport": 1}),
        ("Licence MORGA657054SM9IJ", {"uk-driving-licence": 1}),
        ("Driver: MORGA 657054 SM9IJ", {"uk-driving-licence": 1}),
        ("Sort code 12-34-56, account number 12345678", {"uk-bank-account": 1}),
        ("Account no 12345678 sort code 123456", {"uk-bank-account": 1}),
        ("Date of birth: 12/03/1984", {"date-of-birth": 1}),
        ("She was born on 12 March 1984.", {"date-of-birth": 1}),
        ("DOB 1984-03-12", {"date-of-birth": 1}),
        ("ITIN 912-70-1234", {"us-itin": 1}),
        ("MRN: 00482915", {"medical-record-number": 1}),
        ("hospital number RX123456", {"medical-record-number": 1}),
        ("Patient ID\n1234567", {"medical-record-number": 1}),
        ("Hospital No. for Ann Smith is A1234567", {"medical-record-number": 1}),
        ("medical record 1234567", {"medical-record-number": 1}),
        ("1234567 (hospital number)", {"medical-record-number": 1}),
        ("chart no: 1234567", {"medical-record-number": 1}),
        ("Student ID: 20481134", {"student-number": 1}),
        ("SASID 1029384756", {"student-number": 1}),
        ("Ring 020 7946 0958 or +44 (0)1632 960983", {"phone": 2}),
        ("(415) 555-0132", {"phone": 1}),
        ("Write to Jo.Smith@example.org", {"email-address": 1}),
        ("mailto:a@example.org?cc=b@example.org", {"email-address": 2}),
        ("12 High Street, Matlock DE4 3AG", {"uk-postcode": 1}),
        ("address: DE43AG", {"uk-postcode": 1}),
    ],
)
def test_what_is_a_person_or_an_account(text: str, expected: dict[str, int]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        *((text, "nhs-number") for text in (
            "NHS No.4857773457", "NHS No.485 777 3457", "NHS4857773457", "NHS-4857773457", "NHS_4857773457", "NHS number: 4857773457/Smith",
            "NHS number: 4857773457-Smith", "NHS no: 485  777  3457", "NHS no: 485 - 777 - 3457", "NHS number 485/777/3457",
            "NHS number:\t485\t777\t3457", "NHS number 4857 773 457", "NHS number 4 8 5 7 7 7 3 4 5 7",
        )),
        *((text, "nino") for text in ("NI no.AB123456C", "NI number AB 123 456 C", "NINO: AB.12.34.56.C")),
        *((text, "card") for text in ("card no.4111111111111111", "card 4111111111111111/12-29", "card 4111.1111.1111.1111")),
        *((text, "uk-passport") for text in ("Passport no.533401372", "Passport number 533 401 372")),
        *((text, "utr") for text in ("UTR no.1955839661", "UTR 195 583 9661")),
        ("UPN H 801200001001", "upn"),
    ],
)  # fmt: skip
def test_a_number_run_together_or_grouped_otherwise_is_found_beside_its_word(text: str, kind: str) -> None:
    assert found(text)[kind] == 1


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("NHS 4857773457.txt", "nhs-number"),
        ("NHS_4857773457_Smith.txt", "nhs-number"),
        ("NHS_485_777_3457.txt", "nhs-number"),
        ("NHS number 485 777 3457.txt", "nhs-number"),
        ("card 4111111111111111.txt", "card"),
        ("NI_AB123456C.txt", "nino"),
        ("Passport_533401372.txt", "uk-passport"),
        ("MRN_1234567.txt", "medical-record-number"),
    ],
)
def test_a_number_beside_the_signs_of_a_file_name_is_found(name: str, kind: str) -> None:
    assert found(name, Place.FILE_NAME)[kind] == 1


@pytest.mark.parametrize(
    "name", ["part_485_777_3457.pdf", "IMG_20260105_123456.jpg", "report_v1.2.10_2026-01-05.docx", "invoice_4857773457.pdf", "plan.2026"]
)
def test_a_number_in_an_ordinary_file_name_is_none(name: str) -> None:
    assert found(name, Place.FILE_NAME) == {}


@pytest.mark.parametrize(
    "text",
    [
        "Order 9434765919 was sent",  # passes the check of an NHS number by chance
        "ISBN 978-0-306-40615-7 and ISBN 0306406152",
        "ISBN 9780306406157",
        "timestamp 1617235200, 1617235201, 1700000000",  # seconds since 1970
        "1617235200000",
        "Invoice 925665416 is due",
        "part MORGA-65705-SM",
        "SHA1 2fd4e1c67a2d28fced849ee1bb76e7391b93eb12",
        "550e8400-e29b-41d4-a716-446655440000",
        "Meeting on 12/03/2026 at 10:00, room 12-34-56",
        "released 12.03.84",
        "version 10.2.3.4, host 192.168.10.20",
        "GBP 123456.78 and 12345678 units",
        "9999999999",
        "0000000000 1111111111 1234567890",
        "barcode 5012345678900",
        "reference AB123456 dated 2026-01-05",
        "LB 12 34 56",
        "passport control opens at 9",
        "Born in Derby, raised in Leeds; founded 1854",
        "account manager: see room 12345678",
        "tracking JD014600003SN9999999",
        "vat GB123456789",
        "2019 2020 2021 2022 2023 2024",
        "£4,111,111,111,111,111",
        "https://wiki.example/pages/viewpage.action?pageId=943476",
        "S3 bucket a1b2c3d4, EC2 9AA1B2",
        "M25, A38, B5023, E10 fuel, W3C, MP3, H2O",
        "student numbers have fallen to 12345",
        "patients number in the thousands",
        "https://www.nhs.uk/news/4857773457",
        "https://example.org/nhs/485-77/7/3457?id=4857773458",
        "NHS Digital, version 4.857.773.457, released 12/03/2026 10:00",
        "NHS budget 4,857,773,457 pounds",
        "/srv/card/4111.1111.1111.1112/files",
        "The hospital now treats 25000 people a year.",
        "The hospital notified 12345 households.",
        "The hospital identified 10250 savings.",
        "The hospital now has 25000 patients, 31000 visitors and 47000 letters a year.",
        "Hospital notes: lift 2 is closed, job 104455",
        "Unit number 10234, Mill Estate, Matlock",
        "chart number 20261 shows the trend",
        "Please bring patient ID. Parking reference 4471234.",
        "medical records office: extension 58001",
        "Passport photos: order 533401372 was shipped.",
        "code 4111 1111 1111 1112",
        "grid reference SK 295 603",
    ],
)
def test_what_is_neither(text: str) -> None:
    assert found(text) == {}


def test_a_list_under_its_heading_needs_no_word_beside_each_line() -> None:
    people = "\n".join(f"Person {n}\n9256654{n:02}" for n in range(16, 30))

    assert found(f"Passport numbers\n\n{people}") == {"uk-passport": 14}


def test_what_is_quoted_has_left_before_and_leaves_again() -> None:
    (evidence,) = scan([(Place.FIRST_LINE, "body", "Thanks\n> 943 476 5919\n")], Patterns(detectors=frozenset({"nhs-number"})))

    assert (evidence.count, evidence.place, evidence.where) == (1, Place.QUOTED, "body, line 2")


@pytest.mark.parametrize(
    ("text", "sample"),
    [
        ("passport 925665416", "•••• 416"),
        ("MORGA657054SM9IJ", "•••• M9IJ"),
        ("Sort code 12-34-56 account 12345678", "•••• 678"),
        ("born 12 March 1984", "••/••/84"),
        ("Jo@example.org", "•••@example.org"),
        ("Matlock DE4 3AG", "DE4 •••"),
        ("MRN 00482915", "•••• 15"),
    ],
)
def test_a_sample_does_not_give_the_person_away(text: str, sample: str) -> None:
    assert [item.sample for item in scan([(Place.TEXT, "x", text)], EVERYTHING)] == [sample]
