"""What must pass: public papers, words that only look like markings, numbers that only look like persons, and the daily mail of an office."""

import base64
import gzip
import io
import json
import zipfile
from collections.abc import Iterator

from PIL import Image

from tests.build import docx, noise, pdf, png, pptx, prose, xlsx, zip_of
from tests.build.inside import card, fodt, html, invitation
from tests.build.metafiles import emf_of
from tests.build.scans import saved, scanned
from tests.build.signing import clear_signed, detached_signed
from tests.build.tnef import tnef
from tests.content.compound import compound
from tests.content.test_documents import rebuilt
from tests.corpus.entries import EXCEL, OFFICIAL_LABEL, OUTSIDER, PUBLIC_LABEL, SENDER, SLIDES, WORD, Innocent, carrying, mail, raw
from tests.corpus.families import cells, foreign, outlook, pdf_fonts, pdf_pictures
from tests.corpus.families.opened import odt

_ODT = "application/vnd.oasis.opendocument.text"


def innocents() -> Iterator[Innocent]:
    for words in _WORDS:
        yield Innocent("daily words", words, mail(text=f"Dear Kim,\n\n{words}\n\nKind regards, Alex\n"))
    for subject in _SUBJECTS:
        yield Innocent("subjects", subject, mail(subject=subject))
    for name, text in _NUMBERS.items():
        yield Innocent("numbers", name, mail(text=text))
    for name, (file, octets, kind) in {**_public(), **_papers(), **_tables()}.items():
        yield Innocent("ordinary files", name, carrying(file, octets, kind))
    for name, octets in (*pdf_pictures.innocents(), *pdf_fonts.innocents()):
        yield Innocent("ordinary files", name, carrying("report.pdf", octets, "application/pdf"))
    yield from cells.innocents()
    for name, file, octets in foreign.innocents():
        yield Innocent("ordinary files", name, carrying(file, octets))
    for name, octets in outlook.innocents():
        yield Innocent("ordinary files", name, carrying("a.msg", octets, "application/vnd.ms-outlook"))
    for name, octets in outlook.saved_mails():
        yield Innocent("ordinary files", name, carrying("a.eml", octets, "message/rfc822"))
    for name, octets in {**_mails(), **_machines(), **_encoded(), **_turned(), **_styled()}.items():
        yield Innocent("ordinary mail", name, octets)


_WORDS = (
    "The page is https://www.nhs.uk/news/4857773457 and https://example.org/nhs/485-77/7/3457?id=4857773458.",
    "NHS Digital, version 4.857.773.457, released 12/03/2026 10:00",
    "NHS budget 4,857,773,457 pounds",
    "Part number 485-777-34, order 2026-0001234, call 01629 580000 about /srv/card/4111.1111.1111.1112/files.",
    "The hospital now treats 25000 people a year.",
    "The hospital notified 12345 households and identified 10250 savings.",
    "Hospital notes: lift 2 is closed, job 104455",
    "Unit number 10234, Mill Estate, Matlock",
    "chart number 20261 shows the trend",
    "Please bring patient ID. Parking reference 4471234.",
    "medical records office: extension 58001",
    "Passport photos: order 533401372 was shipped.",
    "Order no. 4857773457 for the NHS was shipped, invoice 4857773457 follows; see ISBN 0306406152.",
    "Meeting with the NHS 01/03/2026 09:30, and with NHS 24 on 12 03 2026 10:15.",
    "Passport applications fell to 533,401,372 and passports 123,456,789 were issued.",
    "Cost code 200000 12345678 and account code 200001 12345679 are closed.",
    "The archive keeps what was born digital 12/03/1980 or later; it would do by 12/03/2026.",
    "Licence key AB12-CDEF-GHIJ-KLMN-OPQR, machine ba12abcd-1234-5678-9abc-def012345678, mRNA1234567.",
    "Student numbers 2023 2024 2025: 12345, 12300 and 12280. Ask for student id cards, order 12345678.",
    "The restricted stock of the firm vests in May.",
    "Restricted stock units are taxed as they vest.",
    "There is a Controlled Parking Zone around the station.",
    "Controlled Parking Zone",
    "The path is a Restricted Byway, open to walkers and riders.",
    "Restricted Byway",
    "Controlled drugs are kept in the second cabinet.",
    "Controlled drugs register",
    "The public footpath along the river is closed.",
    "Public footpath",
    "She has restricted mobility and needs the ground floor.",
    "Access to the site is restricted to permit holders.",
    "This area is for public use; dogs must be controlled.",
    "The ballot is secret, the count is public.",
    "Top secret recipe: more butter.",
    "The official opening is sensitive to the weather.",
    "This email may contain RESTRICTED information. If it is not for you, delete it.",
    "This footer may be on OFFICIAL-SENSITIVE emails as well as on others.",
    "Emails may be marked OFFICIAL or OFFICIAL-SENSITIVE; see our policy.",
    "Unless marked CONTROLLED or RESTRICTED, this may be shared.",
    "Confidential waste is collected on Fridays.",
    "Security classification training: how to mark papers SECRET and when not to.",
    "Price controlled, quality unrestricted.",
    "The Official Secrets Act 1989 applies to contractors.",
    "Sensitive plants need shade.",
    "begin 100 metres from here\nand go on to the old mill, then turn left.\nGO STRAIGHT ON",
    "> begin 644 list.txt\n> is how a file begins in a text,\n> and then come lines of capitals and digits.",
)
_SUBJECTS = (
    "Restricted mobility parking bay, Mill Lane",
    "Controlled Parking Zone: consultation opens",
    "Restricted Byway 14: works in March",
    "Public footpath 7 diversion",
    "Secret Santa draws on Friday",
    "Secrets of good minutes",
    "Official opening of the library",
    "Controlled drugs: new cabinet keys",
    "Public meeting on 12 May",
    "Re: RE: Fwd: lunch?",
)
_NUMBERS = {
    "a phone number of a town": "Call 01629 580000 or 01629 580 001.",
    "a mobile number": "My mobile is 07700 900123, hers is 07700 900456.",
    "an international number": "+44 1629 580000, +1 212 555 0123",
    "an NHS number with a wrong check digit": "NHS number: 485 777 3450",
    "a filler for an NHS number": "NHS number: 999 999 9999",
    "a card number with a wrong check digit": "Card: 4111 1111 1111 1112",
    "an IBAN with wrong check digits": "IBAN GB28 NWBK 6016 1331 9268 19",
    "a NINO with letters that HMRC does not give": "QQ 12 34 56 C is the example on every form.",
    "an ISBN of ten digits": "ISBN 0-306-40615-2, and ISBN 0306406152",
    "an ISBN of thirteen digits": "ISBN 978-0-306-40615-7",
    "order numbers": "Order 4857773457 was shipped with order 4857773465.",
    "an invoice number": "Invoice no. 2026000123 of 5 January, total 1234.56.",
    "epoch stamps": "Started at 1767603600, ended at 1767607200, took 3600.",
    "milliseconds since 1970": "1767603600123 1767603600456",
    "coordinates": "53.1385, -1.5565 and 53.1398, -1.5571",
    "grid references": "SK 296 602, SK 298 611",
    "a parcel's number": "Your parcel JD0002 1234 5678 9012 is on its way.",
    "a meter's number": "MPAN 12 345 678 901 23 and reading 012345",
    "a planning reference": "Application CD5/0124/17 and CM9/1223/24",
    "amounts of money": "1,234,567.89 of 9,876,543,210 remain.",
    "a date and a time": "2026-01-05 09:00:00, week 2, day 005",
    "versions": "Version 10.0.19045.4170 of 2024.03.12",
    "hexadecimal digits": "sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "an identifier of a page": "https://example.org/wiki/pages/4857773457/view",
    "a barcode": "EAN 5012345678900",
    "a company's number": "Registered in England, company number 01234567, VAT GB 123 4567 89",
    "a postcode": "County Hall, Matlock, Derbyshire DE4 3AG",
    "a bill": "Your account number: 10023456\nBill date: 12/11/24\nAmount due 23/11/24: \u00a31234.56",
    "a bill with hyphens": "Account no. 85012345\nInvoice date: 12-11-24\nInvoice no. 123456",
    "a short account number and a whole date": "Account number: 100234\nBill date: 12/11/2024",
    "a bill of Council Tax": "Account number 85012345, Council Tax 2024/25, tax year 2024-25",
    "a statement": "A/C 10023456 statement 12/11/24 to 11/12/24",
    "a meter": "Account number 85012345 meter reading 012345",
    "a meeting's number": "Meeting ID: 987 6543 2101, passcode: 123456",
}


def _public() -> dict[str, tuple[str, bytes, str]]:
    return {
        "a document marked PUBLIC": ("leaflet.docx", docx(["A leaflet."], header="PUBLIC"), WORD),
        "a document with a public label": ("leaflet.docx", docx(["A leaflet."], label=PUBLIC_LABEL), WORD),
        "a document with an OFFICIAL label": ("note.docx", docx(["A note."], label=OFFICIAL_LABEL), WORD),
        "a workbook with a public label": ("spend.xlsx", xlsx([["supplier", "amount"], ["a", 500]], label=PUBLIC_LABEL), EXCEL),
        "a deck with a public label": ("talk.pptx", pptx(["Welcome"], label=PUBLIC_LABEL), SLIDES),
        "a PDF with a public label": ("leaflet.pdf", pdf(["A leaflet."], info=dict(PUBLIC_LABEL.attributes())), "application/pdf"),
        "a PDF for public release": ("leaflet.pdf", pdf(["A leaflet."], footer="FOR PUBLIC RELEASE"), "application/pdf"),
        "a document marked OFFICIAL": ("note.docx", docx(["A note."], footer="OFFICIAL"), WORD),
    }


def with_parts(package: bytes, parts: dict[str, bytes]) -> bytes:
    """An office document with more parts."""
    target = io.BytesIO(package)
    with zipfile.ZipFile(target, "a") as archive:
        for path, octets in parts.items():
            archive.writestr(path, octets)
    return target.getvalue()


def _papers() -> dict[str, tuple[str, bytes, str]]:
    pieces = {
        "word/media/image1.emf": b"\x01\0\0\0" + noise(20_000, "emf"),
        "word/fonts/font1.odttf": noise(40_000, "font"),
        "word/printerSettings/printerSettings1.bin": "\\\\print.sender.example\\Second floor".encode("utf-16-le") + bytes(200) + noise(900),
        "word/vbaProject.bin": compound({"VBA/dir": noise(900, "dir"), "VBA/_VBA_PROJECT": noise(900, "code")}),
    }
    return {
        "a document with a drawing, a font, macros and a printer": ("form.docm", with_parts(docx(["A form."]), pieces), WORD),
        "minutes": ("minutes.docx", docx(prose(900).split("\n\n"), header="Minutes", footer="Page 1 of 3"), WORD),
        "a report": ("report.pdf", pdf([prose(400, "a"), prose(400, "b")], header="Annual report", footer="Page 1"), "application/pdf"),
        "a talk": ("talk.pptx", pptx(["Welcome", "What we did", "Thank you"], footer="County Council"), SLIDES),
        "an open document": ("letter.odt", odt(f"<text:p>{prose(100)}</text:p>"), _ODT),
        "an RTF": ("letter.rtf", b"{\\rtf1\\ansi Dear Kim,\\par thank you for your letter.\\par}", "application/rtf"),
        "a text": ("readme.txt", prose(300).encode(), "text/plain"),
        "a text in UTF-16": ("readme.txt", prose(300).encode("utf-16"), "text/plain"),
        "a page of HTML": ("page.html", f"<html><body><h1>News</h1><p>{prose(80)}</p></body></html>".encode(), "text/html"),
        "a zip of papers": ("papers.zip", zip_of({"a.docx": docx([prose(50)]), "b.pdf": pdf([prose(50)]), "c.txt": b"Hello."}), "application/zip"),
        "a policy about marking": ("policy.docx", docx(["Marking policy", "Papers may be OFFICIAL-SENSITIVE, SECRET or TOP SECRET.", *prose(200).split("\n\n")]), WORD),
        "a planning notice": ("notice.pdf", pdf(["Notice of a Controlled Parking Zone\n\nThe restricted hours are Mon-Fri 9-5."]), "application/pdf"),
        "a photo": ("photo.jpg", _photo("JPEG"), "image/jpeg"),
        "a plan as a picture": ("plan.png", png(200, 150), "image/png"),
        "a document with a photo on every page": ("report.docx", rebuilt(docx([prose(60)]), {f"word/media/{n}.jpg": _photo("JPEG", (640, 480), n) for n in range(4)}), WORD),
        "a document with the same large picture forty times": ("report.docx", rebuilt(docx([prose(60)]), {f"word/media/{n}.jpg": _photo("JPEG", (900, 700)) for n in range(40)}), WORD),
        "a document with a hundred logos": ("list.docx", rebuilt(docx([prose(60)]), {f"word/media/{n}.png": png(120, 60, str(n)) for n in range(100)}), WORD),
        "a scan of a letter": ("letter.pdf", scanned("Dear Kim,", "the library opens at nine.", "Alex"), "application/pdf"),
        "something small that moves": ("wave.gif", _moving(), "image/gif"),
        "an invitation with a small picture": ("meeting.ics", invitation(png(80, 30))[0], "text/calendar"),
        "a card with a portrait": ("alex.vcf", card(_photo("JPEG", (240, 320)))[0], "text/vcard"),
        "a flat document with a photo": ("plan.fodt", fodt(_photo("JPEG", (640, 480)))[0], "application/octet-stream"),
        "a document with a chart pasted as a metafile": ("report.docx", rebuilt(docx([prose(60)]), {"word/media/image1.emf": emf_of(_CHART)}), WORD),
        "a photo as telephones take them": ("IMG_0001.heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + noise(40_000, "photo"), "image/heic"),
        "an attached mail": ("note.eml", mail(text="Hello.\n"), "message/rfc822"),
        "a winmail.dat without secrets": ("winmail.dat", tnef({"notes.txt": b"Nothing to see.\n"}, body="Hello."), "application/ms-tnef"),
        "a signed text": ("note.txt.asc", clear_signed("The meeting is at ten.\n").encode(), "text/plain"),
    }  # fmt: skip


_CHART = [
    (0, 10, "Visits to the library"),
    *((20 * at, 200, f"{2000 + at}") for at in range(20)),
    *((0, 20 * at, f"{at * 1250}") for at in range(20)),
]


def _photo(kind: str, size: tuple[int, int] = (320, 240), seed: int = 0) -> bytes:
    return saved(Image.linear_gradient("L").rotate(7 * seed).resize(size).convert("RGB"), kind)


def _moving() -> bytes:
    first, *rest = (Image.radial_gradient("L").resize((200 - number, 150)).resize((200, 150)) for number in range(6))
    return saved(first, "GIF", save_all=True, append_images=rest)


def _tables() -> dict[str, tuple[str, bytes, str]]:
    lines = [
        ["supplier", "date", "amount"],
        *[[f"Supplier {row}", f"2026-01-{1 + row % 28:02}", round(row * 13.37, 2)] for row in range(200)],
    ]
    stock = [["isbn", "title", "copies"], *[[f"978030640{row:04}", prose(3, str(row)), row % 7] for row in range(100)]]
    orders = [["order", "ref", "total"], *[[4857770000 + 7 * row, f"R{row:05}", row] for row in range(100)]]
    hours = [["epoch", "value"], *[[1767603600 + 3600 * row, row * 2] for row in range(200)]]
    return {
        "spending": ("spend.xlsx", xlsx(lines), EXCEL),
        "spending as CSV": ("spend.csv", _csv(lines), "text/csv"),
        "a library's stock": ("stock.csv", _csv(stock), "text/csv"),
        "orders for hospitals": ("nhs orders 2026-01-05.csv", _csv(orders), "text/csv"),
        "photos of passports in a list": ("passport-20260105-1.csv", _csv([["file"], *[[f"passport-20260105-{row}.jpg"] for row in range(20)]]), "text/csv"),
        "orders": ("orders.csv", _csv(orders), "text/csv"),
        "orders in a workbook": ("orders.xlsx", xlsx(orders), EXCEL),
        "a meter's readings": ("readings.csv", _csv(hours), "text/csv"),
        "phone numbers of offices": ("phones.csv", _csv([["office", "phone"], *[[f"Office {row}", f"01629 58{row:04}"] for row in range(50)]]), "text/csv"),
        "opening times in JSON": ("times.json", b'{"library": {"monday": "09:00-17:00"}, "updated": 1767603600}', "application/json"),
    }  # fmt: skip


def _csv(rows: list[list[object]]) -> bytes:
    return "\n".join(",".join(str(cell) for cell in row) for row in rows).encode()


def _mails() -> dict[str, bytes]:
    shown = html(png(80, 30))[0].decode()
    logo = [("logo@x", "logo.png", png(80, 30), "image/png")]
    return {
        "a header field that is called like a marking": mail(headers=[("X-Restricted", "no"), ("X-Council-Class", "unrestricted")]),
        "a thank-you": mail(subject="Thank you!", text="Thanks, Kim. See you on Monday.\n"),
        "a signature with a logo": mail(text="Hello.", html="<p>Hello.</p><p>Alex Doe<br>County Council</p><img src='cid:logo@x'>", inline=logo),
        "a signature with a logo in the HTML itself": mail(text="Hello.", html=shown),
        "two logos in a signature": mail(html="<img src='cid:logo@x'><img src='cid:two@x'>", inline=[*logo, ("two@x", "two.png", png(40, 40), "image/png")]),
        "a long signature": mail(text="Hello.\n-- \nAlex Doe | Officer\nCounty Hall, Matlock DE4 3AG\nTel 01629 580000 | Mob 07700 900123\nwww.example.gov.uk\n"),
        "a disclaimer": mail(text="Hello.\n\nThink before you print. This email or email thread section may contain confidential information. If it is marked RESTRICTED or CONTROLLED and you are not the addressee, tell us.\n"),
        "a disclaimer in HTML": mail(html="<p>Hello.</p><hr><p style='font-size:8pt'>This message may contain RESTRICTED information and is for the addressee alone.</p>"),
        "a reply below": mail(subject="Re: lunch", text="Yes!\n\n> Lunch at one?\n> Kim\n"),
        "a forwarded mail": mail(subject="Fwd: agenda", text="FYI\n\n---------- Forwarded message ---------\nFrom: Kim\nDate: Mon\nSubject: agenda\nTo: Alex\n\nSee below.\n"),
        "a mail in French": mail(subject="R\u00e9union de mardi", text="Bonjour,\n\n\u00e0 mardi pour la r\u00e9union publique.\n"),
        "a mail in Chinese": mail(subject="\u4f1a\u8bae", text="\u4f60\u597d\uff0c\u661f\u671f\u4e8c\u89c1\u3002\n"),
        "a mail with a public label": mail(headers=[("msip_labels", PUBLIC_LABEL.header_value())]),
        "a mail with a partner's label": mail(headers=[("msip_labels", "MSIP_Label_99999999-0000-0000-0000-000000000009_Enabled=true; MSIP_Label_99999999-0000-0000-0000-000000000009_SiteId=99999999-0000-0000-0000-0000000000bb")]),
        "a newsletter in tables": mail(subject="News from the library", html="<table>" + "".join(f"<tr><td><img src='https://news.example/{at}.png'></td><td><b>{prose(4, str(at))}</b></td><td>{prose(12, str(at))}</td></tr>" for at in range(14)) + "</table>"),
        "opening times in HTML": mail(html="<table><tr><th>Library</th><th>Opens</th><th>Phone</th></tr>" + "".join(f"<tr><td>Branch {at}</td><td>09:0{at % 10}</td><td>01629 58{at:04}</td></tr>" for at in range(14)) + "</table>"),
        "a newsletter": mail(subject="News from the library", text=prose(300), html="".join(f"<h2>{prose(4, str(at))}</h2><p>{prose(60, str(at))}</p><a href='https://news.example/{at}?u=4857773457'>more</a>" for at in range(12))),
        "an invitation": _invitation("REQUEST"),
        "an answer to an invitation": _invitation("REPLY", "Accepted: "),
        "a cancelled meeting": _invitation("CANCEL", "Cancelled: "),
        "a visiting card": mail(files=[("alex.vcf", b"BEGIN:VCARD\r\nVERSION:3.0\r\nN:Doe;Alex\r\nFN:Alex Doe\r\nTEL;TYPE=work:+44 1629 580000\r\nEMAIL:alex@sender.example\r\nEND:VCARD\r\n", "text/vcard")]),
        "an S/MIME signature": _signed(),
        "words under a clear PGP signature": mail(text=clear_signed("The meeting is at ten.\n")),
        "no words at all": mail(text=""),
        "a mail without MIME": raw("\nHello Kim,\nsee you on Monday.\nAlex\n"),
    }  # fmt: skip


def _invitation(method: str, before: str = "") -> bytes:
    event = f"BEGIN:VCALENDAR\nVERSION:2.0\nMETHOD:{method}\nBEGIN:VEVENT\nUID:040000008200E00074C5B7101A82E00800000000A0B1C2D3E4F5\nDTSTART:20260112T090000Z\nDTEND:20260112T100000Z\nSUMMARY:Planning\nLOCATION:Meeting ID: 987 6543 2101\nEND:VEVENT\nEND:VCALENDAR\n"
    head = f"Subject: {before}Planning\nMIME-Version: 1.0\nContent-Type: multipart/alternative; boundary=b\n\n"
    return _top(
        f"{head}--b\nContent-Type: text/plain\n\nPlanning, Monday at nine.\n--b\nContent-Type: text/calendar; method={method}\n\n{event}--b--\n"
    )


def _top(text: str) -> bytes:
    return raw(f"Date: Mon, 05 Jan 2026 09:00:00 +0000\nFrom: {SENDER}\nTo: {OUTSIDER}\n{text}", top=False)


def _signed() -> bytes:
    import base64

    part = b"Content-Type: text/plain\r\n\r\nThe meeting is at ten.\r\n"
    signature = base64.encodebytes(detached_signed(part)).decode()
    head = 'MIME-Version: 1.0\nContent-Type: multipart/signed; protocol="application/pkcs7-signature"; micalg=sha-256; boundary=b\n\n'
    return raw(
        f'{head}--b\n{part.decode()}\n--b\nContent-Type: application/pkcs7-signature; name="smime.p7s"\nContent-Transfer-Encoding: base64\n\n{signature}--b--\n'
    )


def _machines() -> dict[str, bytes]:
    report = "MIME-Version: 1.0\nContent-Type: multipart/report; report-type={kind}; boundary=b\n\n--b\nContent-Type: text/plain\n\n{text}\n--b\nContent-Type: message/{kind}\n\n{fields}\n--b--\n"
    return {
        "a read receipt": raw(report.format(kind="disposition-notification", text="Your message was read.", fields="Final-Recipient: rfc822; clerk@sender.example\nOriginal-Message-ID: <1@x>\nDisposition: manual-action/MDN-sent-manually; displayed\n")),
        "an answer out of office": mail(subject="Automatic reply: lunch", text="I am away until 12 January. In urgent matters call 01629 580000.\n", headers=[("Auto-Submitted", "auto-replied")]),
        "a nightly report": mail(subject="[cron] backup ok", text="started 1767603600\nfinished 1767607200\nfiles 4857773457\nbytes 123456789012\n"),
        "an invoice by a system": mail(subject="Invoice 2026000123", text="Invoice 2026000123\nAmount due: 123.45\nSort it out by 5 February.\n"),
        "a list's digest": raw("MIME-Version: 1.0\nContent-Type: multipart/digest; boundary=b\n\n--b\n\nFrom: a@x.example\nSubject: one\n\nHello.\n--b\n\nFrom: b@x.example\nSubject: two\n\nGood bye.\n--b--\n"),
    }  # fmt: skip


def _turned() -> dict[str, bytes]:
    """Letters of people who write from right to left, with what their programs put around numbers and names."""
    hebrew = (
        "\u202b\u05e9\u05dc\u05d5\u05dd \u05d0\u05dc\u05db\u05e1, \u05d4\u05de\u05e1\u05e4\u05e8 \u05e9\u05dc\u05d9 020 7946 0018\u202c"
    )
    return {
        "a letter in Hebrew": mail(text=f"{hebrew}\n\n\u202b\u05d1-5 \u05d1\u05d9\u05e0\u05d5\u05d0\u05e8 2026, Kim <kim@elsewhere.example> \u05db\u05ea\u05d1:\u202c\n> Hello\n"),
        "a letter in Arabic in HTML": mail(html="<div dir='rtl'>\u0645\u0631\u062d\u0628\u0627\u060c \u0627\u0644\u0647\u0627\u062a\u0641 <bdo dir='ltr'>020 7946 0018</bdo></div>"),
    }  # fmt: skip


def _styled() -> dict[str, bytes]:
    """Pages whose style sheets put words around elements."""
    icons = "".join(f".icon-{number:x}::before{{content:'\\e{number:03x}'}}" for number in range(2500))
    items = "".join(f"<li><i class='icon icon-{number:x}'></i> Item {number}</li>" for number in range(300))
    rows = "".join(
        f"<tr><td data-th='Order'>{4857773000 + number}</td><td data-th='Date'>{number % 28 + 1}/11/2026</td><td data-th='Total'>{number}.50</td></tr>"
        for number in range(100)
    )
    links = "<p>See <a href='https://www.nhs.uk/news/4857773457?id=4857773458'>the news</a> and <a href='mailto:a@x.example'>us</a>.</p>"
    return {
        "a newsletter with the icons of a font": mail(html=f"<style>.icon::before{{font-family:Icons}}{icons}</style><ul>{items}</ul>"),
        "a table for small screens": mail(html=f"<style>@media (max-width:600px){{td::before{{content:attr(data-th)}}}}</style><table>{rows}</table>"),
        "a page that prints the addresses of its links": mail(html=f"<style>@media print{{a[href]:after{{content:' (' attr(href) ')'}}}}</style>{links}"),
        "a page with properties of its own": mail(html="<style>:root{--font:'Segoe UI',Arial;--icon:'\\f101';--gap:'12'}p{font-family:'Segoe UI';quotes:'\\201c' '\\201d'}.i:before{content:var(--icon)}li{list-style:'\\2013  '}</style><p><i class='i'></i>Restricted byways are open to walkers.</p><ul><li>Item 12</li></ul>"),
        "a list with numbers and strokes of its own": mail(html="<style>ul>li::before{content:'- '}.toc li:before{content:counter(x) '. '}li *::after{content:'\\a'}</style><ul class='toc'><li>One <b>12</b></li><li>Two 3456</li></ul>"),
    }  # fmt: skip


def _encoded() -> dict[str, bytes]:
    """What looks like base64 among words, and says nothing."""
    key = base64.b64encode(noise(420, "key")).decode()
    lines = "\n".join(key[at : at + 64] for at in range(0, len(key), 64))
    token = base64.urlsafe_b64encode(noise(260, "token")).decode().rstrip("=")
    claims = base64.b64encode(b'{"sub":"1234567890","name":"Kim Doe","iat":1516239022,"aud":"outgate"}').decode().rstrip("=")
    packed = base64.urlsafe_b64encode(gzip.compress(noise(300, "context"))).decode().replace("=", "%3D")
    plot = {"cells": [{"outputs": [{"data": {"image/png": base64.encodebytes(png(96, 64, "plot")).decode()}}]}]}
    scan = base64.b64encode(pdf([prose(200)])).decode()
    letter = base64.b64encode(docx([prose(200)])).decode()
    state = base64.b64encode(gzip.compress(noise(300, "state"), mtime=0)).decode()
    return {
        "a log with the beginning of a scan": mail(text=f'Upstream said {{"content":"{scan[:100]}...(truncated)"}}\n'),
        "a log with a longer beginning of a scan": mail(text=f'Upstream said {{"content":"{scan[:360]}...(truncated)"}}\n'),
        "a log with the beginning of a letter": carrying("app.log", f'POST /files {{"name": "a.docx", "data": "{letter[:1000]}... 18344 more characters"}}\n'.encode(), "text/plain"),
        "a list with beginnings of files": carrying("audit.json", json.dumps({"files": [f"{scan[:80]}\u2026", f"{letter[:80]}\u2026"]}, ensure_ascii=False).encode(), "application/json"),
        "a column that was cut": carrying("export.csv", f"id,name,data\n1,a.pdf,{scan[:255]}\n2,b.docx,{letter[:255]}\n".encode(), "text/csv"),
        "a link whose token was cut": mail(text=f"The page is at https://x.example/view?state={state[:300]}\n\nKind regards, Kim\n"),
        "a certificate": mail(text=f"Please install this:\n\n-----BEGIN CERTIFICATE-----\n{lines}\n-----END CERTIFICATE-----\n"),
        "a public key": mail(text=f"Please add my key:\n\nssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQ{key} kim@example.org\n"),
        "a key of DKIM": mail(text=f'"v=DKIM1; k=rsa; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A{key}"'),
        "links with tokens": mail(text=f"Join at https://meet.example/l/19?ctx={packed}&t={token} or https://x.example/c/eyJhbGciOiJIUzI1NiJ9.{claims}.{token}\n"),
        "links with tokens in HTML": mail(html=f'<p><a href="https://x.example/c/{packed}">Join</a> <img src="https://x.example/o/{key}.png"></p>'),
        "settings with a secret": carrying("settings.json", json.dumps({"apiKey": key, "thumbprint": "9f86d081884c7d659a2feaa0" * 4}).encode(), "application/json"),
        "a notebook with a plot": carrying("plot.ipynb", json.dumps(plot).encode(), "application/json"),
        "greetings in base64": carrying("values.yaml", f"data:\n  greeting: {base64.b64encode(b'Welcome to the portal of the council. Please sign in with your account.').decode()}\n".encode(), "text/yaml"),
    }  # fmt: skip
