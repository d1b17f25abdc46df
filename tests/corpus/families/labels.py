"""Sensitivity labels and protective markings where programs write them (MIP metadata, [MS-OFFCRYPTO] 2.6, PDF, UK and NHS practice)."""

import io
import struct
from collections.abc import Iterator
from dataclasses import replace

import pikepdf

from tests.build import Label, docx, pdf, pptx, xlsx, zip_of
from tests.content.compound import compound
from tests.corpus.entries import EXCEL, LABEL, LINE, MARKING, PUBLIC_LABEL, SLIDES, WORD, Technique, carrying, mail, raw

_OTHER = Label("99999999-0000-0000-0000-000000000009", "Ours, not theirs", "99999999-0000-0000-0000-0000000000bb")


def techniques() -> Iterator[Technique]:
    for name, octets in {**_headers(), **_documents()}.items():
        yield Technique("labels", name, "label", LABEL.id, octets)
    for name, octets in _australian().items():
        yield Technique("labels", name, "label", "", octets)
    for name, (octets, where) in _markings().items():
        yield Technique("labels", name, "marking", where, octets)


def _headers() -> dict[str, bytes]:
    value = LABEL.header_value()
    folded = value.replace("; ", ";\n ")
    pairs = dict(LABEL.attributes())
    short = "; ".join(f"{key}={value}" for key, value in pairs.items() if key.endswith(("Enabled", "SiteId")))
    old = "; ".join(
        [
            *(f"{key}={text.replace('true', 'True')}" for key, text in pairs.items()),
            f"MSIP_Label_{LABEL.id}_SetBy=kim@x.example",
            "Sensitivity=Sensitive",
        ]
    )
    return {
        "a label of the mail": _labelled(value),
        "a label of the mail, field in capitals": raw(f"MSIP_LABELS: {value}\nMIME-Version: 1.0\n\nHello.\n"),
        "a label of the mail on many lines": raw(f"msip_labels: {folded}\nMIME-Version: 1.0\n\nHello.\n"),
        "a label of the mail with two pairs only": _labelled(short),
        "a label of the mail by an old program": _labelled(old),
        "a label of the mail without blanks": _labelled(value.replace("; ", ";")),
        "a label of the mail behind a partner's": _labelled(f"{_OTHER.header_value()}; {value}"),
        "a label of the mail before a partner's": _labelled(f"{value}; {_OTHER.header_value()}"),
        "a label of the mail in a second field": raw(f"msip_labels: {_OTHER.header_value()}\nmsip_labels: {value}\nMIME-Version: 1.0\n\nHello.\n"),
        "a label of the mail in capital hexadecimal": _labelled(value.upper().replace("TRUE", "true").replace("MSIP_LABEL_", "MSIP_Label_")),
        "a label of the mail with a version behind Enabled": _labelled(value.replace("_Enabled", "_EnabledV2")),
        "a label of the mail beside a public one": _labelled(f"{PUBLIC_LABEL.header_value()}; {value}"),
        "a label of an attached mail": carrying("a.eml", _labelled(value), "message/rfc822"),
    }  # fmt: skip


def _labelled(value: str) -> bytes:
    return mail(headers=[("msip_labels", value)])


def _documents() -> dict[str, bytes]:
    removed = replace(PUBLIC_LABEL, removed=True, place="labelinfo")
    return {
        "a label of a document": carrying("plan.docx", docx(["A."], label=LABEL), WORD),
        "a label of a document in LabelInfo": carrying("plan.docx", docx(["A."], label=LABEL, label_place="labelinfo"), WORD),
        "a label of a document in both places": carrying("plan.docx", docx(["A."], label=LABEL, label_place="both"), WORD),
        "a label of a document beside a partner's": carrying("plan.docx", docx(["A."], label=[_OTHER, LABEL]), WORD),
        "a label of a document beside one that was removed": carrying("plan.docx", docx(["A."], label=[removed, LABEL], label_place="labelinfo"), WORD),
        "a label of a document against what it says": carrying("plan.docx", docx(["A."], header="PUBLIC", label=LABEL), WORD),
        "a label of a workbook": carrying("list.xlsx", xlsx([["a"]], label=LABEL), EXCEL),
        "a label of a workbook in LabelInfo": carrying("list.xlsx", xlsx([["a"]], label=LABEL, label_place="labelinfo"), EXCEL),
        "a label of a deck": carrying("talk.pptx", pptx(["a"], label=LABEL), SLIDES),
        "a label of a document in a zip": carrying("a.zip", zip_of({"plan.docx": docx(["A."], label=LABEL)}), "application/zip"),
        "a label of an old document": carrying("plan.doc", compound({"WordDocument": _word(), "\x05DocumentSummaryInformation": _properties(dict(LABEL.attributes()))}), "application/msword"),
        "a label of an old workbook": carrying("list.xls", _old_workbook(), "application/vnd.ms-excel"),
        "a label of a PDF in its information": carrying("report.pdf", pdf(["A."], info=dict(LABEL.attributes())), "application/pdf"),
        "a label of a PDF in its XMP": carrying("report.pdf", _xmp(), "application/pdf"),
        "a label of an open document": carrying("plan.odt", _odt(), "application/vnd.oasis.opendocument.text"),
    }  # fmt: skip


def _word() -> bytes:
    """A stream long enough to be taken for a document's; the text is not the point."""
    return struct.pack("<HH", 0xA5EC, 0xC1).ljust(5000, b"\0")


def _old_workbook() -> bytes:
    begin = struct.pack("<HHHHHHII", 0x809, 16, 0x600, 5, 0, 0, 0, 0)
    sheet = struct.pack("<HHHHHHII", 0x809, 16, 0x600, 0x10, 0, 0, 0, 0) + struct.pack("<HH", 0x0A, 0)
    bound = struct.pack("<HHIBBBB", 0x85, 9, len(begin) + 13 + 4, 0, 0, 1, 0) + b"a"
    book = begin + bound + struct.pack("<HH", 0x0A, 0) + sheet
    return compound({"Workbook": book, "\x05DocumentSummaryInformation": _properties(dict(LABEL.attributes()))})


def _properties(pairs: dict[str, str]) -> bytes:
    """The user-defined property set ([MS-OLEPS] 2.23, [MS-OSHARED] 2.3.3.2.3): section two of the stream, code page 1252."""

    def text(value: str) -> bytes:
        octets = value.encode("cp1252") + b"\0"
        return struct.pack("<II", 0x1E, len(octets)) + octets.ljust(-(-len(octets) // 4) * 4, b"\0")

    names = struct.pack("<I", len(pairs)) + b"".join(
        struct.pack("<II", number, len(name) + 1) + name.encode() + b"\0" for number, name in enumerate(pairs, 2)
    )
    values = {0: names.ljust(-(-len(names) // 4) * 4, b"\0"), 1: struct.pack("<IHH", 2, 1252, 0)}
    values |= {number: text(value) for number, value in enumerate(pairs.values(), 2)}
    at, table, body = 8 + 8 * len(values), b"", b""
    for number, value in values.items():
        table += struct.pack("<II", number, at + len(body))
        body += value
    second = struct.pack("<II", at + len(body), len(values)) + table + body
    first = struct.pack("<IIII", 24, 1, 1, 16) + struct.pack("<IHH", 2, 1252, 0)
    guids = bytes.fromhex("02d5cdd59c2e1b10939708002b2cf9ae"), bytes.fromhex("05d5cdd59c2e1b10939708002b2cf9ae")
    head = (
        struct.pack("<HHI16sI", 0xFFFE, 0, 0x00020006, bytes(16), 2)
        + guids[0]
        + struct.pack("<I", 68)
        + guids[1]
        + struct.pack("<I", 68 + len(first))
    )
    return head + first + second


def _xmp() -> bytes:
    target = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf(["A."]))) as document:
        keys = "".join(f"<pdfx:{key}>{value}</pdfx:{key}>" for key, value in LABEL.attributes())
        packet = f'<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" xmlns:pdfx="http://ns.adobe.com/pdfx/1.3/">{keys}</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
        document.Root.Metadata = document.make_stream(packet.encode(), Type=pikepdf.Name.Metadata, Subtype=pikepdf.Name.XML)
        document.save(target)
    return target.getvalue()


def _odt() -> bytes:
    from tests.corpus.families.opened import odt

    return odt("<text:p>A.</text:p>", properties=dict(LABEL.attributes()))


def _australian() -> dict[str, bytes]:
    """The Protective Security Policy Framework's marking of email."""
    field = "VER=2018.6, NS=gov.au, SEC={0}, ORIGIN=clerk@sender.example"
    return {
        "an Australian marking as a field": mail(headers=[("X-Protective-Marking", field.format("OFFICIAL:Sensitive"))]),
        "an Australian marking, field in small letters": mail(headers=[("x-protective-marking", field.format("PROTECTED"))]),
        "an Australian marking on two lines": raw(f"X-Protective-Marking: {field.format('PROTECTED').replace(', ORIGIN', chr(10) + '  , ORIGIN')}\nMIME-Version: 1.0\n\nHello.\n"),
        "an Australian marking in a subject": mail(subject="Plan [SEC=OFFICIAL:Sensitive]"),
        "an Australian marking in a subject, against the field": mail(subject="Plan [SEC=PROTECTED]", headers=[("X-Protective-Marking", field.format("OFFICIAL"))]),
        "an Australian marking of access": mail(headers=[("X-Protective-Marking", field.format("OFFICIAL, ACCESS=Personal-Privacy"))]),
    }  # fmt: skip


def _markings() -> dict[str, tuple[bytes, str]]:
    return {
        "a marking in a header field of its name": (mail(headers=[("X-Council-Class", "Restricted")]), "header field X-Council-Class"),
        "the same in capitals": (raw("X-COUNCIL-CLASS:RESTRICTED\nMIME-Version: 1.0\n\nHello.\n"), "header field X-COUNCIL-CLASS"),
        "the same of an attached mail": (
            carrying("a.eml", mail(headers=[("X-Council-Class", "Restricted")]), "message/rfc822"), "header field X-Council-Class",
        ),
        "a marking in the value of a header field": (mail(headers=[("Sensitivity", "restricted")]), "header field Sensitivity"),
        "a UK marking with a colon": (mail(subject="OFFICIAL: SENSITIVE - Smith"), "subject"),
        "a UK marking with its handling": (mail(subject="OFFICIAL-SENSITIVE PERSONAL: Smith"), "subject"),
        "a UK marking in brackets": (mail(subject="[OFFICIAL-SENSITIVE] Smith"), "subject"),
        "the NHS's word in a subject": (mail(subject="Referral [secure]"), "subject"),
        "the NHS's word at a subject's start": (mail(subject="[SECURE] Referral"), "subject"),
        "SECRET in a page footer": (carrying("plan.docx", docx(["A."], footer="UK SECRET"), WORD), "footer"),
        "TOP SECRET as the first line": (mail(text="TOP SECRET\n\nHello."), "body"),
        "CONTROLLED as the first line": (carrying("plan.docx", docx(["CONTROLLED", "A plan."]), WORD), "controlled"),
        "a document property": (carrying("plan.docx", docx(["A."], properties=[("Classification", LINE)]), WORD), "custom.xml"),
        "a property of an open document": (carrying("plan.odt", _odt_marked(), "application/vnd.oasis.opendocument.text"), "official-sensitive"),
        "a property of a PDF": (carrying("report.pdf", pdf(["A."], info={"Classification": MARKING}), "application/pdf"), "document information"),
    }  # fmt: skip


def _odt_marked() -> bytes:
    from tests.corpus.families.opened import odt

    return odt("<text:p>A.</text:p>", properties={"Classification": MARKING})
