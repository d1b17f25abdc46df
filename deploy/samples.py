"""The dozen messages that deploy/quickstart sends: real Word, Excel, PDF and ZIP files, made on the spot. Names and numbers are made up."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime

from tests.build import docx, message, pdf, xlsx, zip_of

OWN = "example.org"
COLLEAGUE, PARTNER, OUTSIDER = f"bea@{OWN}", "sam@partner.example", "kim@elsewhere.example"
LIST = f"everyone@{OWN}"
SENDER = f"alex@{OWN}"


@dataclass(frozen=True)
class Sample:
    """One message to show."""

    what: str
    recipients: tuple[str, ...]
    make: Callable[[], list[tuple[str, bytes, str]]]
    subject: str = "For your information"
    text: str = "Dear all,\n\nplease find the details below.\n\nAlex"
    sender: str = SENDER

    def octets(self, message_id: str) -> bytes:
        """As it stands on the wire."""
        date = format_datetime(datetime.now(UTC))
        return message(
            self.sender, list(self.recipients), self.subject, self.text, attachments=self.make(), message_id=message_id, date=date
        )


_DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _nothing() -> list[tuple[str, bytes, str]]:
    return []


def _nhs_rows() -> list[list[str]]:
    """A dozen made-up numbers with right check digits, from the range kept for tests."""
    rows: list[list[str]] = [["Name", "NHS number"]]
    number = 999_000_000
    while len(rows) < 13:
        number += 1
        check = 11 - sum(int(digit) * weight for digit, weight in zip(str(number), range(10, 1, -1), strict=True)) % 11
        if check != 10:
            digits = f"{number}{0 if check == 11 else check}"
            rows.append([f"Person {len(rows)}", f"{digits[:3]} {digits[3:6]} {digits[6:]}"])
    return rows


SAMPLES = (
    Sample("a plain note", (COLLEAGUE, OUTSIDER), _nothing),
    Sample(
        "a Word file marked RESTRICTED, to a colleague",
        (COLLEAGUE,),
        lambda: [("plan.docx", docx(["The plan."], header="RESTRICTED"), _DOCX)],
    ),
    Sample("a PDF marked PUBLIC", (OUTSIDER,), lambda: [("leaflet.pdf", pdf(["All welcome."], header="PUBLIC"), "application/pdf")]),
    Sample("a Word file nobody marked", (OUTSIDER,), lambda: [("minutes.docx", docx(["Minutes of the meeting."]), _DOCX)]),
    Sample(
        "a Word file marked CONFIDENTIAL, three recipients",
        (COLLEAGUE, PARTNER, OUTSIDER),
        lambda: [("contract.docx", docx(["The contract."], footer="CONFIDENTIAL"), _DOCX)],
    ),
    Sample("a spreadsheet with twelve NHS numbers", (PARTNER, OUTSIDER), lambda: [("list.xlsx", xlsx(_nhs_rows()), _XLSX)]),
    Sample("RESTRICTED in the subject", (OUTSIDER,), _nothing, subject="RESTRICTED: the Smith case"),
    Sample(
        "a ZIP with a password",
        (OUTSIDER,),
        lambda: [("papers.zip", zip_of({"papers.txt": b"Nobody can look into this."}, encrypted=True), "application/zip")],
    ),
    Sample(
        "a ZIP with a confidential file inside",
        (OUTSIDER,),
        lambda: [("both.zip", zip_of({"a.docx": docx(["A."], header="CONFIDENTIAL")}), "application/zip")],
    ),
    Sample(
        "a PDF of 22 MB; only of partner.example we know that it takes so much",
        (PARTNER, OUTSIDER),
        lambda: [("plans.pdf", pdf(["Plans."], pad_octets=22 * 1_048_576), "application/pdf")],
    ),
    Sample("an announcement by someone who may not", (LIST,), _nothing, subject="Cakes in the kitchen"),
    Sample("an announcement by Communications", (LIST,), _nothing, subject="New opening hours", sender=f"communications@{OWN}"),
)
