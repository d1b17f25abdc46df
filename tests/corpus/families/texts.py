"""Plain text in every charset and disguise, tables of text, calendars and cards."""

import base64
from collections.abc import Iterator

from tests.corpus.entries import LINE, MARKING, NHS, PERSON, SECRET, Technique, carrying, mail, raw

_UTF7 = "+AE4ASABT- number: 485 777 3457"
_HIDING = "Ä list of people.\n" + SECRET


def techniques() -> Iterator[Technique]:
    for name, (octets, charset) in _BODIES.items():
        fields = f'MIME-Version: 1.0\nContent-Type: text/plain; charset="{charset}"\nContent-Transfer-Encoding: base64\n\n'
        yield Technique("text", f"a body in {name}", "detector", "nhs-number", raw(fields + base64.encodebytes(octets).decode()))
    for name, octets in _FILES.items():
        yield Technique("text", f"a file in {name}", "detector", "list.txt", carrying("list.txt", octets, "text/plain"))
    for name, text in _DISGUISES.items():
        yield Technique("normalisation", f"{name} in a body", "detector", "words", mail(text=text))
    for name, text in list(_DISGUISES.items())[::2]:
        yield Technique("normalisation", f"{name} in a file", "detector", "list.txt", carrying("list.txt", text.encode(), "text/plain"))
    for name, text in _MARKINGS.items():
        yield Technique("normalisation", f"a marking in {name}", "marking", "body", mail(text=f"{text}\n\nPlease see below."))
    for name, (file, octets) in _TABLES.items():
        yield Technique("tables of text", name, "detector", file, carrying(file, octets, "text/csv"))
    for name, lines in _CALENDAR.items():
        event = "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "BEGIN:VEVENT", "UID:1", *lines, "END:VEVENT", "END:VCALENDAR", ""])
        yield Technique(
            "calendars and cards",
            f"{name} of an invitation",
            "detector",
            "nhs-number",
            mail(files=[("invite.ics", event.encode(), "text/calendar")]),
        )
    event = f"BEGIN:VCALENDAR\nVERSION:2.0\nMETHOD:REQUEST\nBEGIN:VEVENT\nDESCRIPTION:{PERSON}\nEND:VEVENT\nEND:VCALENDAR\n"
    parts = f"MIME-Version: 1.0\nContent-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain\n\nHello.\n--b\nContent-Type: text/calendar; method=REQUEST\n\n{event}--b--\n"
    yield Technique("calendars and cards", "an alternative that is an invitation", "detector", "nhs-number", raw(parts))
    for name, lines in _CARDS.items():
        card = "\r\n".join(["BEGIN:VCARD", "VERSION:3.0", "N:Doe;Alex", *lines, "END:VCARD", ""])
        yield Technique(
            "calendars and cards", f"{name} of a card", "detector", "nhs-number", mail(files=[("alex.vcf", card.encode(), "text/vcard")])
        )
    for name, (octets, where) in _mails().items():
        yield Technique("words of the mail", name, "marking" if "marking" in name or "word" in name else "detector", where, octets)


_BODIES = {
    "UTF-16 with its mark": (SECRET.encode("utf-16"), "utf-16"),
    "UTF-16, little end first": (SECRET.encode("utf-16-le"), "utf-16le"),
    "UTF-16, big end first": (SECRET.encode("utf-16-be"), "utf-16be"),
    "UTF-16 said to be UTF-8": (SECRET.encode("utf-16"), "utf-8"),
    "UTF-32": (SECRET.encode("utf-32"), "utf-32"),
    "UTF-7": (_UTF7.encode(), "utf-7"),
    "UTF-7 said by another name": (_UTF7.encode(), "unicode-1-1-utf-7"),
    "an EBCDIC": (SECRET.encode("cp037"), "ibm037"),
    "another EBCDIC": (SECRET.encode("cp500"), "cp500"),
    "Japanese": (SECRET.encode("iso-2022-jp"), "iso-2022-jp"),
    "Japanese full-width letters": ("ＮＨＳ　ｎｕｍｂｅｒ：　４８５７７７３４５７".encode("iso-2022-jp"), "iso-2022-jp"),
    "Shift JIS": (_HIDING.replace("Ä", "ア").encode("shift_jis"), "shift_jis"),
    "Chinese": (_HIDING.replace("Ä", "中").encode("gb18030"), "gb18030"),
    "HZ": (b"~{VP~} " + SECRET.encode(), "hz-gb-2312"),
    "Russian": (_HIDING.replace("Ä", "Я").encode("koi8-r"), "koi8-r"),
    "Latin said to be ASCII": (_HIDING.encode("latin-1"), "us-ascii"),
    "an unknown charset": (_HIDING.encode(), "unheard-of"),
    "a charset in quotes and blanks": (_HIDING.encode(), " utf-8 "),
    "an empty charset": (_HIDING.encode(), ""),
    "UTF-8 with its mark": (b"\xef\xbb\xbf" + _HIDING.encode(), "utf-8"),
    "UTF-8 that is broken": (b"\xff\xfe\xfa broken \xc3 " + SECRET.encode(), "utf-8"),
}
_FILES = {
    "UTF-16 with its mark": SECRET.encode("utf-16"),
    "UTF-16 without a mark": SECRET.encode("utf-16-le"),
    "UTF-16, big end first, without a mark": SECRET.encode("utf-16-be"),
    "UTF-32": SECRET.encode("utf-32"),
    "UTF-7": _UTF7.encode(),
    "Latin": _HIDING.encode("latin-1"),
    "old Mac line ends": SECRET.replace("\n", "\r").encode(),
    "lines of NUL octets": b"\0".join([b"a", SECRET.encode(), b""]),
    "a million letters before it": b"lorem ipsum dolor " * 60_000 + SECRET.encode(),
    "one line of a million letters": b"x " * 500_000 + PERSON.encode(),
}  # fmt: skip

_DIGITS = NHS.replace(" ", "")
_DISGUISES = {
    "zero-width blanks": "NHS num\u200bber: 485\u200b 777\u200b 34\u200b57",
    "soft hyphens": "NHS num\u00adber: 48\u00ad57\u00ad7734\u00ad57",
    "word joiners": "NHS number: 48\u206057773\u2060457",
    "byte order marks": "NHS number: 4857\ufeff773\ufeff457",
    "directions": "NHS number: \u202d485\u200e 777\u200f 3457\u202c",
    "variation selectors": "NHS number: 4\ufe0e857773\ufe0f457",
    "non-breaking blanks": f"NHS number:\u00a0{NHS.replace(' ', chr(0xA0))}",
    "thin blanks": f"NHS number: {NHS.replace(' ', chr(0x2009))}",
    "figure dashes": f"NHS number: {NHS.replace(' ', chr(0x2012))}",
    "en dashes": f"NHS number: {NHS.replace(' ', chr(0x2013))}",
    "non-breaking hyphens": f"NHS number: {NHS.replace(' ', chr(0x2011))}",
    "full-width digits": "NHS number: " + "".join(chr(0xFF10 + int(digit)) for digit in _DIGITS),
    "mathematical digits": "NHS number: " + "".join(chr(0x1D7CE + int(digit)) for digit in _DIGITS),
    "Arabic digits": "NHS number: " + "".join(chr(0x660 + int(digit)) for digit in _DIGITS),
    "circled digits": "NHS number: " + "".join(chr(0x2460 + int(digit) - 1) for digit in _DIGITS),
    "raised digits": "NHS number: \u2074\u2078\u2075\u2077\u2077\u2077\u00b3\u2074\u2075\u2077",
    "digits in white on black circles": "NHS number: " + "".join(chr(0x2789 + int(digit)) for digit in _DIGITS),
    "digits with full stops": "NHS number: " + "".join(chr(0x2487 + int(digit)) for digit in _DIGITS),
    "letters from right to left": f"\u202e{PERSON[::-1]}\u202c",
    "a number from right to left": f"NHS number: \u202e{NHS[::-1]}\u202c",
    "groups from right to left": f"NHS number: \u2067{' '.join(reversed(NHS.split()))}\u2069",
    "blanks of Braille": f"NHS number: {NHS.replace(' ', chr(0x2800))}",
    "bold letters": "".join(chr(0x1D400 + ord(sign) - 65) if sign.isupper() else chr(0x1D41A + ord(sign) - 97) if sign.islower() else sign for sign in PERSON),
    "a number over two lines": "NHS number: 485 777\n3457",
    "a telling word a line above": f"NHS number\n\n{NHS}",
    "capitals and no colon": f"NHS NO {_DIGITS}",
    "words joined": f"NHSNumber={_DIGITS}",
}  # fmt: skip
_MARKINGS = {
    "small letters": "official-sensitive",
    "brackets": f"[{MARKING}]",
    "stars": f"*** {MARKING} ***",
    "blanks for the hyphen": "OFFICIAL SENSITIVE",
    "a colon for the hyphen": "OFFICIAL: SENSITIVE",
    "an en dash": "OFFICIAL \u2013 SENSITIVE",
    "a minus sign": "OFFICIAL\u2212SENSITIVE",
    "soft hyphens": "OFFI\u00adCIAL-SENSI\u00adTIVE",
    "zero-width blanks": "OFFICIAL-SEN\u200bSI\u200bTIVE",
    "Cyrillic look-alikes": "\u041eFFICI\u0410L-SENSITIV\u0415",
    "Greek look-alikes": "\u039fFFICIAL-S\u0395NSITIV\u0395",
    "letters from right to left": f"\u202e{MARKING[::-1]}",
    "letters from right to left, half of them isolated": "\u202eEVITISNES\u2066OFFICIAL-\u2069\u202c",
    "Coptic look-alikes": "\u2c9eFFI\u2ca4IAL-S\u2c88NSI\u2ca6IVE",
    "Cherokee look-alikes": "OFFI\u13dfI\u13aa\u13de-\u13da\u13acNSI\u13a2I\u13d9\u13ac",
    "full-width letters": "".join(chr(ord(sign) + 0xFEE0) for sign in MARKING),
    "bold letters": "".join(chr(0x1D400 + ord(sign) - 65) if sign.isupper() else sign for sign in MARKING),
    "monospaced letters": "".join(chr(0x1D670 + ord(sign) - 65) if sign.isupper() else sign for sign in MARKING),
    "accents put upon it": "".join(f"{sign}\u0332" for sign in MARKING),
    "a council's word in blanks": f"\t   {LINE}   \t",
    "a council's word with look-alikes": "R\u0415STRI\u0421T\u0415D",
    "letters apart": " ".join("RESTRICTED"),
}  # fmt: skip
_ROWS = [(f"Person {row}", number) for row, number in enumerate((_DIGITS, "9434765919", "9434765870"))]
_TABLES = {
    "a column of CSV": ("list.csv", "\n".join(["name,nhs_number", *(f"{name},{number}" for name, number in _ROWS)]).encode()),
    "a column of CSV with semicolons": ("list.csv", "\n".join(["name;NHS number", *(f"{name};{number}" for name, number in _ROWS)]).encode()),
    "a column of CSV in quotes": ("list.csv", "\n".join(['"name","NHS No"', *(f'"{name}","{number}"' for name, number in _ROWS)]).encode()),
    "a column of CSV with apostrophes": ("list.csv", "\n".join(["name,NHS number", *(f"{name},'{number}" for name, number in _ROWS)]).encode()),
    "a formula's text in CSV": ("list.csv", "\n".join(["name,NHS number", *(f'{name},="{number}"' for name, number in _ROWS)]).encode()),
    "a column of a table with tabs": ("list.tsv", "\n".join(["name\tNHS number", *(f"{name}\t{number}" for name, number in _ROWS)]).encode()),
    "a column of CSV in UTF-16": ("list.csv", "\n".join(["name\tNHS number", *(f"{name}\t{number}" for name, number in _ROWS)]).encode("utf-16")),
    "a column of CSV without a heading": ("list.csv", "\n".join(f"{name},{number}" for name, number in _ROWS).encode()),
    "a heading 2,000 rows above": ("list.csv", "\n".join(["name,NHS number", *(f"nobody {row}," for row in range(2000)), f"Alex,{_DIGITS}"]).encode()),
    "JSON": ("list.json", f'{{"people": [{{"name": "Alex", "nhsNumber": "{_DIGITS}"}}]}}'.encode()),
    "XML": ("list.xml", f"<people><person><NHSNumber>{_DIGITS}</NHSNumber></person></people>".encode()),
    "SQL": ("dump.sql", f"INSERT INTO patients (name, nhs_number) VALUES ('Alex', '{_DIGITS}');".encode()),  # noqa: S608 - nobody runs it
    "a log": ("app.log", f"2026-01-05T09:00:00Z level=info nhs_number={_DIGITS} event=seen".encode()),
    "Markdown": ("list.md", f"| Name | NHS number |\n|---|---|\n| Alex | {NHS} |\n".encode()),
}  # fmt: skip
_CALENDAR = {
    "the summary": [f"SUMMARY:{PERSON}"],
    "the description": [f"DESCRIPTION:Hello\\n{PERSON}"],
    "a folded line": ["DESCRIPTION:NHS number: 485 7", " 77 34", " 57"],
    "the place": [f"LOCATION:{PERSON}"],
    "a comment": [f"COMMENT:{PERSON}"],
    "a description in HTML": [f"X-ALT-DESC;FMTTYPE=text/html:<p>{PERSON.replace('485', '<b>485</b>')}</p>"],
    "an alarm": ["BEGIN:VALARM", f"DESCRIPTION:{PERSON}", "END:VALARM"],
    "an invited person's name": [f'ATTENDEE;CN="{PERSON}":mailto:x@y.example'],
    "an attached file": [f"ATTACH;ENCODING=BASE64;VALUE=BINARY:{base64.b64encode(SECRET.encode()).decode()}"],
}  # fmt: skip
_CARDS = {
    "the note": [f"NOTE:{PERSON}"],
    "a folded note": ["NOTE:NHS number: 485 7", " 77 3457"],
    "a quoted-printable note": [f"NOTE;ENCODING=QUOTED-PRINTABLE:NHS=20number:=20{_DIGITS[:4]}=", f"{_DIGITS[4:]}"],
    "a note in base64": [f"NOTE;ENCODING=b:{base64.b64encode(PERSON.encode()).decode()}"],
    "an own field": [f"X-NHS-NUMBER:{_DIGITS}"],
    "a photo that is none": [f"PHOTO;ENCODING=b;TYPE=JPEG:{base64.b64encode(SECRET.encode()).decode()}"],
}  # fmt: skip


def _mails() -> dict[str, tuple[bytes, str]]:
    return {
        "a marking as the subject's start": (mail(subject=f"{MARKING}: Smith"), "subject"),
        "a marking behind Re: and Fwd:": (mail(subject=f"Re: FW: [EXT] {MARKING} - Smith"), "subject"),
        "a marking in a subject of encoded-words": (mail(subject=f"{MARKING} \u2013 Sm\u00efth"), "subject"),
        "a marking in a subject split by encoded-words": (raw("Subject: =?utf-8?Q?OFFICIAL-SENS?=\n =?utf-8?Q?ITIVE=3A_Smith?=\nMIME-Version: 1.0\n\nHello.\n"), "subject"),
        "a marking in a second Subject field": (raw(f"Subject: {MARKING}: Smith\nMIME-Version: 1.0\n\nHello.\n"), "subject"),
        "a council's word as the subject": (mail(subject=f"{LINE}: the plan"), "subject"),
        "a number in the subject": (mail(subject=f"Appointment, {PERSON}"), "subject"),
        "a marking as the first line of the body": (mail(text=f"{MARKING}\n\nHello."), "body"),
        "a council's word as the first line of the body": (mail(text=f"\n\n{LINE}\n\nHello."), "body"),
        "a number in the body": (mail(text=f"Dear Kim,\n\n{PERSON}, please call.\n"), "body"),
        "a number in quoted earlier text": (mail(text=f"Thanks.\n\n> Dear Kim,\n> {PERSON}\n"), "body"),
        "a number below a forwarded header": (mail(text=f"FYI\n\n-----Original Message-----\nFrom: Kim\nSent: Monday\nTo: Alex\n\n{PERSON}\n"), "body"),
        "a number behind the signature": (mail(text=f"Thanks.\n-- \nAlex Doe\n{PERSON}\n"), "body"),
        "a number in the HTML alternative alone": (mail(text="Hello.", html=f"<p>{PERSON}</p>"), "HTML"),
        "a number in the plain alternative alone": (mail(text=PERSON, html="<p>Hello.</p>"), "body"),
    }  # fmt: skip
