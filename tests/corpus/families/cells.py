"""Markings that share a line with other words, in a cell, a banner, a title, a name; identifiers with one character in each box; and what
only looks like either."""

from collections.abc import Iterator

from tests.build import docx, pdf, xlsx
from tests.corpus.entries import EXCEL, LINE, MARKING, WORD, Innocent, Technique, carrying, mail
from tests.corpus.families.word import _p, document

_FAMILY = "cells"
_ROWS = [["Name", "Class", "Desk"], *[[f"Desk {row}", "none", row] for row in range(9)]]
_TABBED = "<w:p><w:r><w:t>Staff list</w:t><w:tab/><w:t>{}</w:t></w:r></w:p>"


def techniques() -> Iterator[Technique]:
    for name, rows in _sheets().items():
        yield _marked(f"{name} of a workbook", "list.xlsx", xlsx(rows), EXCEL)
    for name, octets in _tables().items():
        yield _marked(name, "list.csv", octets, "text/csv")
    for name, (octets, where) in _titles().items():
        yield Technique(_FAMILY, name, "marking", where, octets)
    for name, text in _BODIES.items():
        yield Technique(_FAMILY, f"{name} of a body", "marking", "body", mail(text=f"Dear Kim,\n\n{text}\n\nKind regards, Alex\n"))
    for subject in _SUBJECTS:
        yield Technique(_FAMILY, f"the subject {subject}", "marking", "subject", mail(subject=subject))
    for name, (file, octets, kind) in _boxes().items():
        yield Technique(_FAMILY, f"a box for each character in {name}", "detector", file, carrying(file, octets, kind))
    for name, (label, value) in _NUMBERS.items():
        text = f"Dear Kim,\n\n{label}: {' '.join(value)}\n\nKind regards, Alex\n"
        yield Technique(_FAMILY, f"the boxes of {name} in a body", "detector", name, mail(text=text))
    for file in _FILES:
        yield Technique(_FAMILY, f"a file {file}", "marking", "file name", carrying(file, b"Nothing.", "text/plain"))


def innocents() -> Iterator[Innocent]:
    for name, (file, octets, kind) in _innocents().items():
        yield Innocent("ordinary files", name, carrying(file, octets, kind))
    for words in _WORDS:
        yield Innocent("daily words", words.replace("\n", " / "), mail(text=f"Dear Kim,\n\n{words}\n\nKind regards, Alex\n"))
    for line in _FIRST_LINES:
        yield Innocent("daily words", f"the first line {line}".replace("\n", " / "), mail(text=f"{line}\n\nKind regards, Alex\n"))
    for subject in ("Marking OFFICIAL, OFFICIAL-SENSITIVE and SECRET papers", "Accounts - Restricted - March", "Mill Lane: restricted"):
        yield Innocent("subjects", subject, mail(subject=subject))


def _marked(name: str, file: str, octets: bytes, kind: str) -> Technique:
    return Technique(_FAMILY, name, "marking", file, carrying(file, octets, kind))


def _sheets() -> dict[str, list[list[object]]]:
    return {
        "a banner beside a title": [["Desks", MARKING], *_ROWS],
        "a banner far to the right": [["Desks", "", "", "", MARKING, ""], *_ROWS],
        "a column": [["Name", "Classification"], *[[f"Desk {row}", MARKING] for row in range(9)]],
        "one cell": [*_ROWS, ["Desk 10", f"{MARKING} - PERSONAL", 10]],
        "a single word before a date": [[LINE, "", "", "January 2026"], *_ROWS],
        "a single word behind a title": [["Staff", "", "", LINE], *_ROWS],
    }


def _tables() -> dict[str, bytes]:
    lines = "".join(f"{name},{kind},{desk}\n" for name, kind, desk in _ROWS)
    marked = f'{lines}Desk 10,"{MARKING}",10\n'
    return {
        "a banner of a CSV": f"Desks,{MARKING},\n{lines}".encode(),
        "a single word before a date of a CSV": f"{LINE},,January 2026\n{lines}".encode(),
        "a cell of a CSV": marked.encode(),
        "a cell of a CSV with semicolons": marked.replace(",", ";").encode(),
        "a cell of a table with tabs": marked.replace(",", "\t").encode(),
        "a cell among more tiers than guidance has": _tiers(300),
        "a cell of a table with bars": marked.replace(",", " | ").encode(),
    }


def _tiers(rows: int) -> bytes:
    return ("Task,A,B,C\n" + "".join(f"Task {row},OFFICIAL,{MARKING},SECRET\n" for row in range(rows))).encode()


def _titles() -> dict[str, tuple[bytes, str]]:
    footer = f"{MARKING} | Project Oak | v1.2"
    banner = f"<p>Dear Kim</p><table><tr><td>Council</td><td>{MARKING}</td></tr></table>"
    return {
        "a footer with bars": (carrying("plan.docx", docx(["A plan."], footer=footer), WORD), "page footer"),
        "a header with dashes": (carrying("plan.docx", docx(["A plan."], header=f"Project Oak - {MARKING} - v1.2"), WORD), "page header"),
        "a single word in a footer with bars": (carrying("plan.docx", docx(["A plan."], footer=f"{LINE} | v1.2"), WORD), "page footer"),
        "a keyword of a PDF": (
            carrying("plan.pdf", pdf(["A plan."], info={"/Keywords": f"plan; {MARKING}; Oak"}), "application/pdf"),
            "document information",
        ),
        "the title of an invitation": (carrying("a.ics", _event(f"SUMMARY:Minutes - {MARKING}"), "text/calendar"), "body"),
        "a single word before the title of an invitation": (carrying("a.ics", _event(f"SUMMARY:{LINE}: funds"), "text/calendar"), "body"),
        "a marking before a name of an address card": (carrying("a.vcf", _card("Clerk", f"{MARKING}: Kim"), "text/vcard"), "body"),
        "a single word in brackets behind a name": (carrying("a.vcf", _card("Clerk", f"Kim [{LINE}]"), "text/vcard"), "body"),
        "a single word in brackets before a job": (carrying("a.vcf", _card(f"[{LINE}] agent"), "text/vcard"), "body"),
        "a marking before the title of an invitation": (
            carrying("a.ics", _event("SUMMARY:Official-Sensitive: case conference"), "text/calendar"),
            "body",
        ),
        "a category of an invitation": (carrying("a.ics", _event(f"CATEGORIES:Oak,{MARKING}"), "text/calendar"), "body"),
        "a field of JSON": (carrying("a.json", f'{{"classification": "{MARKING}", "x": 1}}'.encode(), "application/json"), "a.json"),
        "a field of XML": (carrying("a.xml", f"<doc><a>x</a><marking>{MARKING}</marking><b>x</b></doc>".encode(), "text/xml"), "a.xml"),
        "the title of a PDF": (
            carrying("plan.pdf", pdf(["A plan."], info={"/Title": f"Minutes - {MARKING}"}), "application/pdf"),
            "document information",
        ),
        "a footer of a PDF": (carrying("plan.pdf", pdf(["A plan."], footer=footer), "application/pdf"), "plan.pdf"),
        "a line with a tab": (carrying("plan.docx", document(_p("A plan.") + _TABBED.format(MARKING)), WORD), "plan.docx"),
        "two lines of a document": (carrying("plan.docx", docx(["A plan.", "OFFICIAL -", "SENSITIVE"]), WORD), "plan.docx"),
        "a banner of an HTML body": (mail(html=banner), "body"),
        "a banner of a page": (carrying("page.html", banner.encode(), "text/html"), "page.html"),
    }


def _event(line: str) -> bytes:
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1\r\n{line}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n".encode()


def _card(title: str, name: str = "Alex Doe") -> bytes:
    return f"BEGIN:VCARD\r\nVERSION:4.0\r\nFN:{name}\r\nTITLE:{title}\r\nEND:VCARD\r\n".encode()


_NUMBERS = {
    "nhs-number": ("NHS number", "4857773457"),
    "nino": ("National Insurance number", "AB123456C"),
    "uk-passport": ("Passport no", "533401372"),
    "utr": ("UTR", "1955839661"),
    "upn": ("Unique Pupil Number", "H801200001001"),
    "card": ("Card number", "4111111111111111"),
}


def _boxes() -> dict[str, tuple[str, bytes, str]]:
    row = ["NHS number", *"4857773457"]
    grid = "".join(f"<w:tc>{_p(cell)}</w:tc>" for cell in row)
    cells = "".join(f"<td>{cell}</td>" for cell in row)
    paragraphs = "".join(f"<td>\n  <p>{cell}</p>\n</td>\n" for cell in row)
    return {
        "a document": ("form.docx", document(_p("A form.") + f"<w:tbl><w:tr>{grid}</w:tr></w:tbl>"), WORD),
        "a workbook": ("form.xlsx", xlsx([["A form"], row]), EXCEL),
        "a workbook, as numbers": ("form.xlsx", xlsx([["A form"], [row[0], *map(int, row[1:])]]), EXCEL),
        "a page of HTML": ("form.html", f"<table><tr>{cells}</tr></table>".encode(), "text/html"),
        "a page of HTML with paragraphs": ("form.html", f"<table><tr>{paragraphs}</tr></table>".encode(), "text/html"),
        "a CSV": ("form.csv", ",".join(row).encode(), "text/csv"),
        "a PDF": ("form.pdf", pdf([f"A form.\n\n{row[0]} {'  '.join(row[1:])}"]), "application/pdf"),
    }


_BODIES = {
    "a line with a tab": f"Staff list\t{MARKING}",
    "a wide gap": f"Staff list          {MARKING}          page 3",
    "two lines": "OFFICIAL -\nSENSITIVE",
    "two lines of capitals": "OFFICIAL\nSENSITIVE",
}
_SUBJECTS = (
    f"Minutes - {MARKING}",
    f"Minutes \u2013 {MARKING}",
    f"Minutes - {MARKING} - for Tuesday",
    f"Minutes [{MARKING}]",
    f"Minutes: {MARKING}",
)
_FILES = (f"{MARKING} minutes.txt", f"Minutes_{MARKING}_v2.txt", "Minutes (official sensitive).txt", "minutes.OFFICIAL.SENSITIVE.txt")


def _innocents() -> dict[str, tuple[str, bytes, str]]:
    funds = [["Restricted", "Unrestricted", "Total"], *[[row, row * 2, row * 3] for row in range(1, 20)]]
    stock = [["ITEM", "STATUS", "SHELF"], *[[f"Item {row}", "RESTRICTED" if row % 3 else "CONTROLLED", row] for row in range(20)]]
    levels = [["Paper", "Who may read it"], ["Plan", "OFFICIAL, OFFICIAL-SENSITIVE and SECRET are explained inside"], ["Rota", "anybody"]]
    survey = [
        ["Question for patients", *range(1, 11)],
        *[[f"Ward {ward}", *[1 + (ward * 7 + at * 3) % 5 for at in range(10)]] for ward in range(40)],
    ]
    marks = [["Pupil number", *range(1, 10)], *[[100 + pupil, *[(pupil + at) % 2 for at in range(9)]] for pupil in range(30)]]
    roads = [["Road", "Kind"], *[[f"Mill Lane {row}", "Restricted Byway" if row % 2 else "Public footpath"] for row in range(20)]]
    return {
        "a charity's funds": ("funds.xlsx", xlsx(funds), EXCEL),
        "a charity's funds as CSV": ("funds.csv", _csv(funds), "text/csv"),
        "a stock list with a status": ("stock.xlsx", xlsx(stock), EXCEL),
        "a stock list with a status as CSV": ("stock.csv", _csv(stock), "text/csv"),
        "a list of what the levels mean": ("levels.xlsx", xlsx(levels), EXCEL),
        "answers of a survey": ("survey.xlsx", xlsx(survey), EXCEL),
        "answers of a survey as CSV": ("survey.csv", _csv(survey), "text/csv"),
        "marks of a class": ("marks.xlsx", xlsx(marks), EXCEL),
        "guidance about the tiers": ("levels.csv", _GUIDANCE.format(",").encode(), "text/csv"),
        "guidance about the tiers in a page": ("levels.html", _GUIDANCE_PAGE.encode(), "text/html"),
        "who may do what in each tier": ("tasks.csv", _tiers(60), "text/csv"),
        "paths": ("paths.csv", _csv(roads), "text/csv"),
        "a footer about a road": ("works.docx", docx(["Works in March."], footer="Mill Lane | Restricted Byway 12 | v1.2"), WORD),
        "a footer that says OFFICIAL in a part": ("note.docx", docx(["A note."], footer="OFFICIAL | Project Oak | v1.2"), WORD),
        "a paper about byways": ("byways.pdf", pdf(["Byways."], info={"/Keywords": "parking; Restricted; byways"}), "application/pdf"),
        "an invitation to Secret Santa": ("a.ics", _event("SUMMARY:Secret Santa\r\nCATEGORIES:Official,Sensitive plants"), "text/calendar"),
        "an invitation to a Secret - Santa": ("a.ics", _event("SUMMARY:Secret - Santa"), "text/calendar"),
        "an invitation about restricted funds": ("a.ics", _event("SUMMARY:Restricted: funds review"), "text/calendar"),
        "an invitation to a sensitive planting": ("a.ics", _event("SUMMARY:Official: Sensitive planting"), "text/calendar"),
        "a card of an office for controlled drugs": ("a.vcf", _card("Controlled: Drugs Office"), "text/vcard"),
        "a card of a firm with a daily word": ("a.vcf", _card("Clerk", "Secret - Agent Ltd"), "text/vcard"),
        "a card of a firm in capitals": ("a.vcf", _card("Clerk", "SECRET - AGENT LTD"), "text/vcard"),
        "a card of a job with daily words in brackets": ("a.vcf", _card("Nurse (controlled drugs)"), "text/vcard"),
        "a name with a daily word": ("Restricted_Byway_12.txt", b"A path.", "text/plain"),
    }


def _csv(rows: list[list[object]]) -> bytes:
    return "".join(",".join(map(str, row)) + "\n" for row in rows).encode()


_GUIDANCE = "Level{0}Email outside\nOFFICIAL{0}yes\nOFFICIAL-SENSITIVE{0}with care\nSECRET{0}never"
_GUIDANCE_PAGE = "<table>{}</table>".format(
    "".join(f"<tr><td>{line.replace('|', '</td><td>')}</td></tr>" for line in _GUIDANCE.format("|").split("\n"))
)
_WORDS = (
    "The plan is official,\nsensitive plants need shade.",
    "- Official\n- Sensitive\n- Secret",
    "Access\tRESTRICTED\nParking\tCONTROLLED",
    "Order number 4 8 5 7 7 7 3 4 5 7",
    "Score card: 4 2 4 7 7 6 3 1 4 4 7 6 6 4 1 6 3 7",
    "Card: 4 2 4 7 7 6 3 1 4 4 7 6 6 4 1 6 3 7",
    "Golf card\t4\t2\t4\t7\t7\t6\t3\t1\t4\t4\t7\t6\t6\t4\t1\t6\t3\t7",
    "Papers may be OFFICIAL,\nOFFICIAL-SENSITIVE, SECRET or TOP SECRET.",
    _GUIDANCE.format(" | "),
    _GUIDANCE.format("\t"),
    "\u2022 OFFICIAL \u2022 OFFICIAL-SENSITIVE \u2022 SECRET",
    'The classification: "OFFICIAL-SENSITIVE", and',
    "The sensitivity label: OFFICIAL-SENSITIVE, is for",
    "protective marking -> OFFICIAL-SENSITIVE; only",
    "Do you know the classification of this? > OFFICIAL-SENSITIVE",
    '{"label":"OFFICIAL-SENSITIVE","value":2}',
    "sensitive_label: OFFICIAL-SENSITIVE",
)
_FIRST_LINES = (
    "Byway 12   RESTRICTED   Parish of Ash",
    "CONTROLLED   Morphine 10mg   Qty 5",
    "Permit type   CONTROLLED   Zone C",
    "Fund type   RESTRICTED   Balance 2024",
    "Area,,RESTRICTED,,x",
    "CONTROLLED   Issue 3   March 2024",
    "ROOM   RESTRICTED   keycard only",
    "SECRET   garden supper club menu",
    "SECRET   Garden   12 March",
    "Access\t\tRESTRICTED\nParking\t\tCONTROLLED",
    "Access       RESTRICTED\nParking      by permit",
)
