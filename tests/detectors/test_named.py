"""Values beside the words that name them, however they are written: run together, in any groups, by any sign, in file names."""

import time

import pytest

from gateway.detectors import DETECTORS, scan
from gateway.model.finding import Patterns, Place

EVERYTHING = Patterns(detectors=frozenset(DETECTORS))


def found(text: str, place: Place = Place.FIRST_LINE) -> dict[str, int]:
    return {item.id: item.count for item in scan([(place, "body", text)], EVERYTHING)}


NAMED = {
    "nhs-number": [
        "NHS No.4857773457",
        "NHS No.485 777 3457",
        "NHS4857773457",
        "NHS-4857773457",
        "NHS_4857773457",
        "NHS number: 4857773457/Smith",
        "NHS number: 4857773457-Smith",
        "NHS no: 485  777  3457",
        "NHS no: 485 - 777 - 3457",
        "NHS number 485/777/3457",
        "NHS/4857773457",
        "NHS number:\t485\t777\t3457",
        "NHS number 4857 773 457",
        "NHS number 4 8 5 7 7 7 3 4 5 7",
        "NHS number 48577 73457",
        "NHS No 48 57 77 34 57",
        "NHS No:\n4\n8\n5\n7\n7\n7\n3\n4\n5\n7",
        "NHS number (Ann Smith): 48577/73457",
        "N.H.S. number 4857773457",
        "NHS number of Ann Smith is 48577 73457",
        "48577 73457 (NHS number)",
        "nhs_number=48577_73457",
        "CHI_4857773457",
        "patient_4857773457",
        "NHS number: 485, 777, 3457",
        "NHS number: (485) 777 3457",
        'NHS number "485" "777" "3457"',
        "NHS number 485 | 777 | 3457",
        "NHS number ........ 48577 73457",
        "NHS Number (10 digits): 48577 73457",
        '<NHSNumber value="48577-73457"/>',
        "NHS number: \u201c48577 73457\u201d",
        "NHS numbers:\n1. 48577 73457",
        "48577 73457 is her NHS number",
        "48577 73457 - NHS number",
    ],
    "nino": [
        "NI no.AB123456C",
        "NI number AB 123 456 C",
        "NINO: AB.12.34.56.C",
        "NINO A B 1 2 3 4 5 6 C",
        "N.I. no. ab 12 34 56 c",
        "NI-AB-123456-C",
        "Nat Ins no ab123456c",
        "NINOAB123456C",
        "AB  12  34  56  C",
    ],
    "card": [
        "card no.4111111111111111",
        "card 4111111111111111/12-29",
        "card 4111.1111.1111.1111",
        "Visa4111111111111111",
        "card 41 11 11 11 11 11 11 11",
        "Amex: 3782.822463.10005",
        "amex 378 282 246 310 005",
        "card: 4111 1111 1111 1111 12 29",
        "Card: 4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 2 2 9 1 2 3",
        "Card: 4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 2 2 9",
        "Visa 4 11 1 11 1 11 1 11 1 11 1",
    ],
    "uk-passport": [
        "Passport no.533401372",
        "Passport number 533 401 372",
        "passport_533401372",
        "Passport no: 533-401-372",
        "533 401 372 (passport)",
        "Passport number of Ann Smith: 533 401 372",
        "Passport no 5 3 3 4 0 1 3 7 2",
    ],
    "utr": [
        "UTR no.1955839661",
        "UTR 195 583 9661",
        "UTR: 19558-39661",
        "UTR no.19558 39661",
        "U.T.R. 1955839661",
        "tax reference 19558/39661",
    ],
    "upn": [
        "UPN H 801200001001",
        "UPN H80 1200 0010 01",
        "UPNH801200001001",
        "Pupil number h/8012/0000/1001",
        "UPN of Ann is H80 1200 0010 01",
    ],
    "uk-driving-licence": [
        "Driving licence morga657054sm9ij",
        "driver number MORGA-657054-SM9IJ",
        "licence_MORGA657054SM9IJ",
        "DVLA MORGA 657 054 SM9 IJ",
        "MORGA657054SM9IJ35",
        "MORGA.657054.SM9IJ",
        "M O R G A 6 5 7 0 5 4 S M 9 I J (driving licence)",
    ],
    "uk-bank-account": [
        "Sort code 20.00.00 account 55779911",
        "Sort code: 20-00-00 account 5577 9911",
        "Sort_code 20_00_00 Account_55779911",
        "account number 5577 9911 sort code 20.00.00",
        "Sort code: 20-00-00\nAccount name: County Schools Catering Services Ltd\nAccount number: 55779911",
    ],
    "iban": [
        "GB29-NWBK-6016-1331-9268-19",
        "GB29.NWBK.6016.1331.9268.19",
        "IBAN:GB29/NWBK/6016/1331/9268/19",
        "IBANGB29NWBK60161331926819",
        "IBAN GB 29 NWBK 601613 31926819",
        "GB29  NWBK  6016  1331  9268  19",
        "IBAN: G B 2 9 N W B K 6 0 1 6 1 3 3 1 9 2 6 8 1 9",
    ],
    "date-of-birth": [
        "DOB 12th of March 1980",
        "DOB: the 12th March, 1980",
        "born 12 Mar. '80",
        "born 12 Mar. \u201980",
        "born on March 12th, 1980",
        "DOB Mar-12-1980",
        "DOB 1980/3/12",
        "DOB 12031980",
        "DOB 19800312",
        "DOB120380",
        "DOB: 12 / 03 / 1980",
        "DOB_12_03_1980",
        '"dob":"1980-03-12T00:00:00Z"',
        "dateOfBirth: 12/03/1980",
        "DOB 12MAR1980",
        "born 12th day of March 1980",
        "DOB 1980 March 12",
        "DOB 12|03|1980",
        "BDAY;VALUE=date:1980-03-12",
        "BDAY:19800312",
    ],
    "us-ssn": [
        "SSN536221234",
        "SSN_536_22_1234",
        "SSN: 536.22.1234",
        "SSN 536/22/1234",
        "SSN 536 - 22 - 1234",
        "SS# 536221234",
        "SSN 5 3 6 2 2 1 2 3 4",
        "social security no.536221234",
        "socialSecurityNumber:536221234",
        "Social Security Number (Ann): 536 221 234",
    ],
    "us-itin": ["ITIN912703456", "ITIN_912703456", "ITIN: 912.70.3456", "ITIN 912 703 456"],
    "medical-record-number": [
        "MRN_1234567",
        "MRN1234567",
        "MRN 123 4567",
        "hospital_number_1234567",
        "Hospital no.A1234567",
        "patientId=1234567",
    ],
    "student-number": [
        "student_id_20481134",
        "StudentID20481134",
        "student ID: 2048 1134",
        "Student No.20481134",
        "ULN1029384756",
        "student #20481134",
    ],
    "uk-postcode": ["postcode de4 3ag", "post code DE4-3AG", "postcode_DE4_3AG", "DE4  3AG"],
    "phone": [
        "Tel.01629580000",
        "Tel: 01629/580000",
        "07700  900123",
        "0044 1629 580000",
        "mob07700900123",
        "1-800-555-0132",
        "phone 4155550132",
    ],
    "email-address": ["jo.smith (at) example (dot) org", "jo.smith[at]example.org", "mailto:jo%40example.org", "jo@b\u00fccher.example"],
}


@pytest.mark.parametrize(("text", "kind"), [(text, kind) for kind, texts in NAMED.items() for text in texts])
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
        ("NHS_48577_73457.txt", "nhs-number"),
        ("Smith_DOB_12-03-1980.pdf", "date-of-birth"),
        ("licence_morga657054sm9ij.png", "uk-driving-licence"),
        ("iban_GB29_NWBK_6016_1331_9268_19.pdf", "iban"),
        ("StudentNo20481134.docx", "student-number"),
    ],
)
def test_a_number_beside_the_signs_of_a_file_name_is_found(name: str, kind: str) -> None:
    assert found(name, Place.FILE_NAME)[kind] == 1


@pytest.mark.parametrize(
    "name",
    [
        "part_485_777_3457.pdf",
        "IMG_20260105_123456.jpg",
        "report_v1.2.10_2026-01-05.docx",
        "invoice_4857773457.pdf",
        "plan.2026",
        "NHS-England-board-2026-01-05.pdf",
        "nhs20260105.pdf",
        "patient-20260105-12.pdf",
        "card_statement_2026-01.pdf",
        "passport-20260105-1.jpg",
        "passport_photo_20260105.jpg",
        "Student handbook 2025-26.pdf",
        "driver_12.34.56.exe",
        "DL-20260105.pdf",
        "born_digital_2026-01-05.pdf",
        "call_20260105_101500.m4a",
        "cc-2026-01-05-minutes.pdf",
        "SC_2026-01-05.pdf",
        "GB12ABCD34567890.zip",
        "1 2 3 4 5 6 7 8 9 10.txt",
    ],
)
def test_a_number_in_an_ordinary_file_name_is_none(name: str) -> None:
    assert found(name, Place.FILE_NAME) == {}


@pytest.mark.slow
@pytest.mark.parametrize(
    "piece",
    [
        "NHS number: 48 57 77 34 57 ",
        "card 4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 2 ",
        "sort code 1 2 3 4 5 6 a ",
        f"sort code 200000 {'a' * 70} ",
        "NHS number of aaaa bbbb cccc dddd for eeee ff ",
        f"NHS no{' ' * 50}",
        "iban g b 2 9 n w b k ",
        "a [at] b(dot)",
        "from: ",
        f"on {'x' * 190}\n",
    ],
)
def test_much_that_looks_like_it_costs_no_time(piece: str) -> None:
    start = time.process_time()
    found(piece * (300_000 // len(piece)))

    assert time.process_time() - start < 2
