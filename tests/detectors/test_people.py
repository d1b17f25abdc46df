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
        "Order no. 4857773457 for the NHS was shipped",
        "NHS Supply Chain invoice 4857773457",
        "NHS PO 4857773457",
        "NHS ISBN 0306406152",
        "NHS, 01-03-2026 09:30",
        "Meeting with NHS 01/03/2026 09:30",
        "NHS 24 12 36 48 60",
        "https://example.org/nhs/48577/73457",
        "https://example.org/nhs/4857773457",
        "scorecard 41 11 11 11 11 11 11 12",
        "utrecht 1955839661",
        "passport order 533401372",
        "passports 123,456,789 issued",
        "Passport applications fell to 533,401,372",
        "mRNA1234567",
        "SSN 2026-01-05",
        "itinerary 912 70 3456",
        "student numbers 2023 2024 2025",
        "student numbers: 12345 in 2025, 12300 in 2026",
        "student id cards order 12345678",
        "Student numbers fell: 12345 in 2023, 12300 in 2024, 12280 in 2025, says report 87654.",
        "Patient numbers fell from 12345 to 10234, then to 10180.",
        "account code 200000 12345678",
        "born digital 12/03/1980",
        "airborne 12/03/1980",
        "birth: see certificate 12/03/2026",
        "in NI, AB 12 34 56 are bus routes",
        "NHS Confederation - order no: 4857773457",
        "order no: NHS order 48577 73457",
        "Patient: seen 12/03/2026 10:30, bay 4",
        "hospital no smoking 12345",
        "patient no shows: 12345",
        "Licence no. 12/00123/PREM",
        "social security budget 536,221,234",
        "Card payments 2026: 4100 4200 4300 4400 up",
        "acc. 20.01.05 12345678",
        "Self assessment 2025/26: 31 January 2026",
        "12 Mar. '26 board meeting",
        "ba12abcd-1234-5678-9abc-def012345678",
        "AB12-CDEF-GHIJ-KLMN-OPQR",
        "it would do by 12/03/1980",
        "name,telephone\n4155550132,a",
        "the m1 1st exit, address unknown",
        "grid reference SK 295 603",
    ],
)
def test_what_is_neither(text: str) -> None:
    assert found(text) == {}


def test_a_list_under_its_heading_needs_no_word_beside_each_line() -> None:
    people = "\n".join(f"Person {n}\n9256654{n:02}" for n in range(16, 30))

    assert found(f"Passport numbers\n\n{people}") == {"uk-passport": 14}
    assert found(f"Student numbers:\n\n{people}") == {"student-number": 14}
    assert found(f"Name\tPatient ID\tWard\n\n{people}") == {"medical-record-number": 14}


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


def test_one_day_written_twice_is_one() -> None:
    assert found("Born 12 March 1984 (DOB 12/03/1984; 1984-03-12)") == {"date-of-birth": 1}
