"""Every identifier in every usual form: alone in words, under a heading, among other words."""

from collections.abc import Iterator

from tests.build import docx, xlsx
from tests.corpus.entries import EXCEL, WORD, Technique, carrying, mail

_ACCOUNTS = [f"{60161331926800 + number:014}" for number in range(12)]
_IBANS = [f"GB{98 - int(f'23321120{text}161100') % 97:02} NWBK {text[:4]} {text[4:8]} {text[8:12]} {text[12:]}" for text in _ACCOUNTS]
_FORMS = {
    "nhs-number": [
        "NHS number 485 777 3457",
        "NHS No: 4857773457",
        "nhs no. 485-777-3457",
        "CHI 4857773457",
        "His NHS Number is 485.777.3457.",
        "NHS No.4857773457",
        "NHS number: 4857773457/Smith",
        "NHS no: 485  777  3457",
        "NHS number 4857 773 457",
        "NHS number 48577 73457",
        "NHS No: 48 57 77 34 57",
        "NHS No:\n4\n8\n5\n7\n7\n7\n3\n4\n5\n7",
        "NHS number of Kim Ash is 48577-73457",
        "48577 73457 (NHS number)",
        "N.H.S. number: 485, 777, 3457",
    ],
    "nino": [
        "NI number AB 12 34 56 C",
        "AB123456C",
        "National Insurance: ab 123456 c",
        "NINO=AB123456C",
        "AB-12-34-56-C",
        "NI no.AB123456C",
        "NI number AB 123 456 C",
        "NINO A B 1 2 3 4 5 6 C",
        "N.I. no. ab/12/34/56/c",
    ],
    "upn": [
        "UPN H801200001001",
        "Pupil number h801200001001",
        "Unique Pupil Number: H801200001001",
        "UPN H80 1200 0010 01",
        "UPN_H801200001001",
    ],
    "card": [
        "4111 1111 1111 1111",
        "Card 5555-5555-5555-4444",
        "378282246310005 (Amex)",
        "card number: 4111111111111111, expires 12/29",
        "card 41 11 11 11 11 11 11 11",
        "Card number 4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 2 3",
        "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 (Visa card)",
        "Visa4111111111111111",
        "Card: 4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 2 2 9 1 2 3",
        "Visa 4 11 1 11 1 11 1 11 1 11 1",
    ],
    "utr": ["UTR 1955839661", "Unique Taxpayer Reference: 19558 39661", "UTR no.19558-39661", "U.T.R. 195 583 9661"],
    "uk-passport": [
        "Passport number 533401372",
        "Passport No: 533401372",
        "passport_533401372",
        "Passport number of Kim Ash: 533 401 372",
        "533-401-372 (passport)",
    ],
    "uk-driving-licence": [
        "MORGA657054SM9IJ",
        "Driving licence: MORGA 657054 SM9IJ",
        "driving licence morga657054sm9ij",
        "MORGA.657054.SM9IJ",
    ],
    "uk-bank-account": [
        "Sort code 20-00-00, account number 55779911",
        "Sort code: 200000 Account: 55779911",
        "Sort code 20.00.00, account 5577 9911",
        "account no 5577-9911, sort code 20/00/00",
        "s/c: 12.11.24 acc 55779911",
        "Account number: 55779911\nBill date: 12/11/24\nSort code: 20-04-05",
        "Bank details: 20-04-05 55779911",
        "Sort code on the invoice: 20-04-05, account 55779911",
    ],
    "medical-record-number": ["MRN 1234567", "Hospital number: A1234567", "MRN_1234567", "patientId=1234567", "MRN 123 4567"],
    "us-itin": ["ITIN 912-90-3456", "ITIN: 912903456", "ITIN912903456", "ITIN 912 903 456"],
    "us-ssn": [
        "SSN 536-22-1234",
        "Social Security number: 536 22 1234",
        "SSN 536221234",
        "SSN536221234",
        "SSN: 536.22.1234",
        "SS# 536 221 234",
    ],
}
_NAMED = {"NHS": "nhs-number", "MRN": "medical-record-number", "licence": "uk-driving-licence", "Passport": "uk-passport"}
_PAIRS = b"Name,NHS No,Ward\nAlex,48 57 77 34 57,2\nKim,48 57 77 34 57,3\nSam,48 57 77 34 57,1"


def techniques() -> Iterator[Technique]:
    for kind, forms in _FORMS.items():
        for form in forms:
            yield Technique("identifiers", f"{kind}: {form}", "detector", kind, mail(text=f"Dear Kim,\n\n{form}\n\nKind regards, Alex\n"))
        yield Technique("identifiers", f"{kind} in a document", "detector", kind, carrying("plan.docx", docx(["A plan.", forms[0]]), WORD))
        yield Technique(
            "identifiers", f"{kind} in a cell", "detector", kind, carrying("list.xlsx", xlsx([["Name", "Note"], ["Alex", forms[0]]]), EXCEL)
        )
    yield Technique("identifiers", "iban, a dozen in words", "detector", "iban", mail(text="\n".join(_IBANS)))
    yield Technique("identifiers", "iban, a dozen with hyphens", "detector", "iban", mail(text="\n".join(_IBANS).replace(" ", "-")))
    yield Technique(
        "identifiers",
        "iban, a dozen in a sheet",
        "detector",
        "iban",
        carrying("list.xlsx", xlsx([["IBAN"], *[[iban] for iban in _IBANS]]), EXCEL),
    )
    for name, (kind, file, text) in _many().items():
        yield Technique("identifiers", f"{name} in words", "detector", kind, mail(text=text))
        yield Technique("identifiers", f"{name} in a file", "detector", kind, carrying(file, text.encode(), "text/csv"))
    yield Technique(
        "tables of text", "people by their names", "detector", "persons-in-table", carrying("people.csv", _people(), "text/csv")
    )
    yield Technique(
        "tables of text",
        "people by their names in a workbook",
        "detector",
        "persons-in-table",
        carrying("people.xlsx", _sheet(_people()), EXCEL),
    )
    yield Technique(
        "tables of text", "people by their names in a mail in HTML", "detector", "persons-in-table", mail(html=_rows_of_html(_people()))
    )
    yield Technique("tables of text", "numbers in pairs in a mail in HTML", "detector", "nhs-number", mail(html=_rows_of_html(_PAIRS)))
    for name in ("NHS_48577_73457.txt", "Smith_MRN1234567.txt", "licence_morga657054sm9ij.txt", "Passport-533-401-372.txt"):
        kind = next(kind for word, kind in _NAMED.items() if word in name)
        yield Technique("identifiers", f"in a file name: {name}", "detector", kind, mail(files=[(name, b"Nothing.", "text/plain")]))
    yield Technique(
        "tables of text", "counts so small that they tell who", "detector", "small-cells", carrying("counts.csv", _counts(), "text/csv")
    )
    yield Technique(
        "tables of text", "small counts in a workbook", "detector", "small-cells", carrying("counts.xlsx", _sheet(_counts()), EXCEL)
    )


def _many() -> dict[str, tuple[str, str, str]]:
    """What is sensitive only when it is many."""
    names = [f"{first} {last}" for first in ("Ann", "Bob", "Cem", "Dee") for last in ("Ash", "Birch", "Cole", "Dunn", "Elm")]
    births = "\n".join(f"{name}, date of birth {1 + at % 28:02}/03/{1950 + at}" for at, name in enumerate(names))
    spoken = "\n".join(f"{name}, born {1 + at % 28}th of March, '{50 + at}" for at, name in enumerate(names))
    joined = "\n".join(f"{name}, DOB{1 + at % 28:02}03{1950 + at}" for at, name in enumerate(names))
    students = "\n".join(f"{name}, student ID {20481234 + 7 * at}" for at, name in enumerate(names))
    places = "\n".join(f"{at} Mill Lane, Matlock DE4 {1 + at % 9}{chr(65 + at % 5)}{'ABDEF'[at // 5 % 5]}" for at in range(120))
    addresses = "\n".join(f"person{at}@example.net" for at in range(60))
    return {
        "dates of birth": ("date-of-birth", "births.csv", births),
        "dates of birth as they are spoken": ("date-of-birth", "births.csv", spoken),
        "dates of birth run together": ("date-of-birth", "births.csv", joined),
        "student numbers": ("student-number", "students.csv", students),
        "many postcodes": ("uk-postcode", "places.csv", places),
        "many addresses": ("email-address", "addresses.csv", addresses),
    }


def _people() -> bytes:
    rows = ["First name,Surname,Date of birth,Ward"]
    rows += [
        f"{first},{last},{1 + at:02}/02/19{50 + at},{at % 5}"
        for at, (first, last) in enumerate(
            (one, two) for one in ("Ann", "Bob", "Cem") for two in ("Ash", "Birch", "Cole", "Dunn", "Elm", "Fox")
        )
    ]
    return "\n".join(rows).encode()


def _counts() -> bytes:
    rows = ["Area,Pupils,All pupils", *(f"Ward {at},{count},{400 + at}" for at, count in enumerate((3, 12, 25, 2, 18, 31, 9, 14)))]
    return "\n".join(rows).encode()


def _rows_of_html(table: bytes) -> str:
    rows = ("".join(f"<td>{cell}</td>" for cell in line.split(",")) for line in table.decode().split("\n"))
    return f"<table>{''.join(f'<tr>{row}</tr>' for row in rows)}</table>"


def _sheet(table: bytes) -> bytes:
    return xlsx([[int(cell) if cell.isdigit() else cell for cell in line.split(",")] for line in table.decode().split("\n")])
