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
    ],
    "nino": ["NI number AB 12 34 56 C", "AB123456C", "National Insurance: ab 123456 c", "NINO=AB123456C", "AB-12-34-56-C"],
    "upn": ["UPN H801200001001", "Pupil number h801200001001", "Unique Pupil Number: H801200001001"],
    "card": ["4111 1111 1111 1111", "Card 5555-5555-5555-4444", "378282246310005 (Amex)", "card number: 4111111111111111, expires 12/29"],
    "us-ssn": ["SSN 536-22-1234", "Social Security number: 536 22 1234", "SSN 536221234"],
}


def techniques() -> Iterator[Technique]:
    for kind, forms in _FORMS.items():
        for form in forms:
            yield Technique("identifiers", f"{kind}: {form}", "detector", kind, mail(text=f"Dear Kim,\n\n{form}\n\nKind regards, Alex\n"))
        yield Technique("identifiers", f"{kind} in a document", "detector", kind, carrying("plan.docx", docx(["A plan.", forms[0]]), WORD))
        yield Technique(
            "identifiers", f"{kind} in a cell", "detector", kind, carrying("list.xlsx", xlsx([["Name", "Note"], ["Alex", forms[0]]]), EXCEL)
        )
    yield Technique("identifiers", "iban, a dozen in words", "detector", "iban", mail(text="\n".join(_IBANS)))
    yield Technique(
        "identifiers",
        "iban, a dozen in a sheet",
        "detector",
        "iban",
        carrying("list.xlsx", xlsx([["IBAN"], *[[iban] for iban in _IBANS]]), EXCEL),
    )
