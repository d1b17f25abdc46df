"""Word, Excel, PowerPoint, OpenDocument: words, page headers and footers, members."""

import io
import re
import zipfile

import pytest

from gateway.content import Budget
from gateway.content.spreadsheet import page_edge
from gateway.model.finding import Pattern, Patterns, Place, Readable
from tests.build import docx, encrypted_docx, pptx, xlsx, zip_of
from tests.content.compound import compound, workbook
from tests.content.reading import look, seen

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def rebuilt(data: bytes, change: dict[str, bytes | None] | None = None, *, backwards: bool = False) -> bytes:
    """The same package with parts added, replaced or (None) left out."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts: dict[str, bytes | None] = {name: archive.read(name) for name in archive.namelist()}
    parts |= change or {}
    names = list(reversed(parts)) if backwards else list(parts)
    return zip_of({name: octets for name in names if (octets := parts[name]) is not None})


def part(data: bytes, name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.read(name)


def test_a_word_document() -> None:
    data = docx([["OFFICIAL-SENS", "ITIVE"], "Patient 943 476 5919"], header="County Council\tRESTRICTED\tPage 1", footer="Restricted")

    (finding,) = look(data, "a.docx", WORD)

    assert finding.detected_type == WORD
    assert finding.readable is Readable.YES
    assert not finding.oddities
    assert finding.octets == len(data)
    assert seen(finding) == {
        ("restricted", "page_header"),
        ("restricted", "page_footer"),
        ("sensitive", "first_line"),
        ("sensitive", "text"),
        ("nhs-number", "text"),
    }


def test_the_order_of_parts_says_nothing_about_the_type() -> None:
    (finding,) = look(rebuilt(docx(["x"], header="RESTRICTED"), backwards=True), "a.docx", WORD)

    assert finding.detected_type == WORD
    assert ("restricted", "page_header") in seen(finding)


@pytest.mark.parametrize("name", ["comments", "footnotes", "endnotes", "charts/chart1", "diagrams/data1", "glossary/document"])
def test_words_in_any_part_are_read(name: str) -> None:
    words = b'<x xmlns:w="urn:w"><w:p><w:r><w:t>OFFICIAL</w:t></w:r><w:r><w:t>-SENSITIVE</w:t></w:r></w:p></x>'

    (finding,) = look(rebuilt(docx(["x"]), {f"word/{name}.xml": words}), "a.docx", WORD)

    assert ("sensitive", "text") in seen(finding)


@pytest.mark.parametrize(
    ("before", "inside"),
    [
        (b"<!-- <w:styles > -->", b""),
        (b"<!-- x --><!-- <w:styles> --> <?x <w:styles> ?>", b""),
        (b"<!-- x -->", b"<!-- x --><w:styles/>"),
        (b"", b"<w:styles/>"),
    ],
)
def test_a_part_that_is_said_to_hold_no_words_is_what_its_root_is(before: bytes, inside: bytes) -> None:
    whole = docx(["A."], header="OFFICIAL-SENSITIVE")
    header = re.sub(rb"(<w:hdr[^>]*>)", lambda root: before + root[1] + inside, part(whole, "word/header1.xml"))
    types = part(whole, "[Content_Types].xml").replace(b".header+xml", b".styles+xml")

    (finding,) = look(rebuilt(whole, {"[Content_Types].xml": types, "word/header1.xml": header}), "a.docx", WORD)

    assert ("sensitive", "text") in seen(finding)


def test_what_tracked_changes_deleted_is_read_apart() -> None:
    data = docx(["x"], header="HERE")
    run = part(data, "word/header1.xml").replace(
        b"HERE</w:t></w:r>", b"RESTRICTED</w:t></w:r><w:del><w:r><w:delText>PUBLIC</w:delText></w:r></w:del>"
    )

    (finding,) = look(rebuilt(data, {"word/header1.xml": run}), "a.docx", WORD)

    assert ("restricted", "page_header") in seen(finding)


def test_an_embedded_file_is_a_member() -> None:
    inner = xlsx([["943 476 5919"]])
    (outer, member) = look(rebuilt(docx(["x"]), {"word/embeddings/book.xlsx": inner}), "a.docx", WORD)

    assert (outer.inside, member.inside, member.id) == (None, "2", "2/1")
    assert (member.names, member.octets) == (("book.xlsx",), len(inner))
    assert ("nhs-number", "text") in seen(member)


def test_a_file_smuggled_into_a_package_is_a_member() -> None:
    (_, member) = look(rebuilt(docx(["x"]), {"word/media/notes.txt": b"RESTRICTED"}), "a.docx", WORD)

    assert ("restricted", "first_line") in seen(member)


def test_macros_are_an_oddity() -> None:
    (finding,) = look(rebuilt(docx(["x"]), {"word/vbaProject.bin": compound({"VBA/dir": b"\0"})}), "a.docx", WORD)

    assert finding.oddities == ("macros",)


def test_a_workbook() -> None:
    rows = [["NHS number", "Name"], [9434765919, "A"], ["9434765870", "B"]]
    data = xlsx(rows, header="RESTRICTED", footer="x &amp; y", hidden_rows=[["943 476 5870"], ["OFFICIAL-SENSITIVE"]])

    (finding,) = look(data, "a.xlsx")

    assert finding.detected_type == "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    assert {("restricted", "page_header"), ("sensitive", "text"), ("nhs-number", "text")} <= seen(finding)
    assert next(item.count for item in finding.evidence if item.id == "nhs-number") == 2


def test_the_first_row_is_the_first_line() -> None:
    assert ("restricted", "first_line") in seen(look(xlsx([["RESTRICTED"], ["x"]]), "a.xlsx")[0])


@pytest.mark.parametrize(
    ("codes", "shown"),
    [
        ("&CRESTRICTED", "\nRESTRICTED"),
        ('&L&"Arial,Bold"&14RESTRICTED&RPage &P of &N', "\nRESTRICTED\nPage 1 of 1"),
        ("&C&K00-049Tom && Jerry&D", "\nTom & Jerry"),
    ],
)
def test_codes_in_the_header_of_a_sheet(codes: str, shown: str) -> None:
    assert page_edge(codes) == shown


def test_a_presentation() -> None:
    (finding,) = look(pptx(["Hello\nOFFICIAL SENSITIVE", "943 476 5919"], footer="RESTRICTED"), "a.pptx")

    assert finding.detected_type == "application/vnd.openxmlformats-officedocument.presentationml.presentation"
    assert seen(finding) == {("restricted", "page_footer"), ("sensitive", "text"), ("nhs-number", "text")}


def test_a_marking_that_stands_on_the_master() -> None:
    shape = (
        b'<p:sp><p:nvSpPr><p:cNvPr id="9" name="MSIPCM"/><p:nvPr/></p:nvSpPr><p:spPr><a:xfrm><a:off x="0" y="6600000"/></a:xfrm></p:spPr>'
        b"<p:txBody><a:p><a:r><a:t>RESTRICTED</a:t></a:r></a:p></p:txBody></p:sp></p:spTree>"
    )
    data = pptx(["Hello"])
    master = part(data, "ppt/slideMasters/slideMaster1.xml").replace(b"</p:spTree>", shape)

    (finding,) = look(rebuilt(data, {"ppt/slideMasters/slideMaster1.xml": master}), "a.pptx")

    assert seen(finding) == {("restricted", "page_footer")}


@pytest.mark.parametrize("name", ["a.docx", "a.bin"])
def test_an_encrypted_document(name: str) -> None:
    (finding,) = look(encrypted_docx(), name)

    assert (finding.readable, finding.detected_type) == (Readable.ENCRYPTED, "application/encrypted")
    assert [item.id for item in finding.evidence] == ["encrypted"]
    assert not finding.oddities


def test_a_document_type_declaration_is_damage() -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "RESTRICTED">]><w:document xmlns:w="urn:w"><w:p><w:r><w:t>&a;</w:t></w:r></w:p></w:document>'

    (finding,) = look(rebuilt(docx(["x"]), {"word/document.xml": bomb}), "a.docx", WORD)

    assert finding.readable is Readable.DAMAGED


def test_a_cut_off_document_is_damaged() -> None:
    data = docx(["x"])

    assert look(data[: len(data) // 2], "a.docx", WORD)[0].readable is Readable.DAMAGED


def test_a_large_part_is_over_budget_and_what_was_read_still_counts() -> None:
    data = docx(["RESTRICTED", *("word " * 200 for _ in range(500))])

    (finding,) = look(data, "a.docx", WORD, budget=Budget(octets=60_000))

    assert finding.readable is Readable.OVER_BUDGET


def test_an_opendocument_text() -> None:
    number = "<text:p>943 476 5919</text:p>"
    office = " ".join(f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "text", "style"))
    header = "<style:master-page><style:header><text:p>RESTRICTED</text:p></style:header></style:master-page>"
    masters = f"<office:master-styles>{header}</office:master-styles>"
    data = zip_of(
        {
            "mimetype": b"application/vnd.oasis.opendocument.text",
            "content.xml": f"<o {office}><text:p>OFFICIAL-<text:span>SENSITIVE</text:span></text:p>{number}</o>".encode(),
            "styles.xml": f"<office:document-styles {office}>{masters}</office:document-styles>".encode(),
            "META-INF/manifest.xml": b"<m/>",
        }
    )

    (finding,) = look(data, "a.odt")

    assert finding.detected_type == "application/vnd.oasis.opendocument.text"
    assert {("restricted", "page_header"), ("sensitive", "first_line"), ("nhs-number", "text")} <= seen(finding)


def test_an_encrypted_opendocument_text() -> None:
    manifest = b'<m:manifest xmlns:m="urn:m"><m:file-entry><m:encryption-data/></m:file-entry></m:manifest>'
    data = zip_of({"mimetype": b"application/vnd.oasis.opendocument.text", "content.xml": b"\1\2", "META-INF/manifest.xml": manifest})

    assert look(data, "a.odt")[0].readable is Readable.ENCRYPTED


def test_a_workbook_names_the_sheet_and_the_cell() -> None:
    rows = [["Name", None, "NHS number"], ["A", None, 9434765919], ["OFFICIAL-SENSITIVE", None, 5870]]
    data = xlsx(rows, sheet="Staff & pay", hidden_rows=[["x"], ["OFFICIAL-SENSITIVE"]], formats={2: "000 000 0000"})

    where = {(item.id, item.place.value if item.place else "", item.where) for item in look(data, "a.xlsx")[0].evidence}

    assert ("nhs-number", "text", "sheet Staff & pay, C2") in where
    assert ("sensitive", "text", "sheet Staff & pay, A3") in where
    data = xlsx([["x"]], hidden_rows=[["x"], ["y", "OFFICIAL-SENSITIVE"]])
    assert [item.where for item in look(data, "a.xlsx")[0].evidence] == ["sheet Hidden (hidden), B2"]
    banner = Patterns((Pattern("m", "OFFICIAL-SENSITIVE", frozenset({Place.FIRST_LINE, Place.TEXT}), whole_line=True),))
    data = xlsx([["Desks", "OFFICIAL-SENSITIVE"], ["Desk 1", "none"]])
    assert [(item.place, item.where) for item in look(data, "a.xlsx", patterns=banner)[0].evidence] == [("first_line", "sheet Sheet1, B1")]


def test_digits_that_only_the_format_of_a_number_shows() -> None:
    data = xlsx([["SSN"], [23_45_6781], [78_05_1129]], formats={0: "000\\-00\\-0000"})

    (finding,) = look(data, "a.xlsx", patterns=Patterns((), frozenset({"us-ssn"})))

    assert [(item.id, item.count, item.where) for item in finding.evidence] == [("us-ssn", 2, "sheet Sheet1, A2")]


def test_a_long_document_is_read_like_a_short_one() -> None:
    """Parts of more than half a megabyte are parsed as they come."""
    filler = ["Nothing to see in this paragraph, and there are many more like it." * 2] * 6000
    hidden = "<w:p><w:r><w:t>OFFICIAL-</w:t></w:r><w:r><w:rPr><w:vanish/></w:rPr><w:t>xx</w:t></w:r><w:r><w:t>SENSITIVE</w:t></w:r></w:p>"
    data = docx([["OFFICIAL-SENS", "ITIVE"], *filler, "HIDDEN", *filler, "Patient 943 476 5919"])
    document = part(data, "word/document.xml")
    assert len(document) > 1 << 20
    data = rebuilt(data, {"word/document.xml": re.sub(rb"<w:p>(?:(?!</w:p>).)*HIDDEN.*?</w:p>", hidden.encode(), document)})

    (finding,) = look(data, "a.docx", WORD)

    assert finding.readable is Readable.YES
    assert {(item.id, item.place.value if item.place else "", item.count) for item in finding.evidence} == {
        ("sensitive", "first_line", 1),
        ("sensitive", "text", 2),
        ("nhs-number", "text", 1),
    }


@pytest.mark.slow
def test_a_hundred_thousand_empty_paragraphs_are_read_in_time() -> None:
    """In a few kilobytes: what is gathered is not counted again for each."""
    data = rebuilt(docx(["x"]), {"word/document.xml": part(docx(["x"]), "word/document.xml").replace(b"</w:body>", b"<w:p/>" * 100_000)})

    (finding,) = look(data, "a.docx", WORD, budget=Budget(seconds=8))

    assert finding.readable is Readable.DAMAGED  # its body has no end


@pytest.mark.parametrize("name", ["Protective Marking", "Classification"])
def test_properties_are_read_with_and_without_their_names(name: str) -> None:
    patterns = Patterns(
        (
            Pattern("value", "RESTRICTED", frozenset({Place.PROPERTIES}), whole_line=True),
            Pattern("named", "Protective Marking: RESTRICTED", frozenset({Place.PROPERTIES}), whole_line=True),
        )
    )
    for data in (docx(["x"], properties=[(name, "RESTRICTED")]), xlsx([["x"]], properties=[(name, "RESTRICTED")])):
        found = {item.id for item in look(data, "a.docx", patterns=patterns)[0].evidence}
        assert found == ({"value", "named"} if name == "Protective Marking" else {"value"})


@pytest.mark.parametrize(
    "octets", [zip_of({"a.txt": b"RESTRICTED"}), docx(["RESTRICTED"]), b"RESTRICTED\r\nand more words in a text file\r\n"]
)
def test_a_file_that_is_called_a_picture_inside_a_document_is_a_member(octets: bytes) -> None:
    found = look(rebuilt(docx(["x"]), {"word/media/image1.png": octets}), "a.docx", WORD)

    assert any(("restricted", "first_line") in seen(file) for file in found[1:])


def test_a_picture_inside_a_document_is_a_piece_of_it() -> None:
    assert len(look(docx(["x"], pad_octets=2000), "a.docx", WORD)) == 1


def test_a_watermark_is_a_page_header() -> None:
    mark = b'<w:pict><v:shape xmlns:v="urn:v" alt="x"><v:textpath string="RESTRICTED"/></v:shape></w:pict>'
    data = docx(["x"], header="Council")
    header = part(data, "word/header1.xml").replace(b"</w:r></w:p>", mark + b"</w:r></w:p>")

    assert ("restricted", "page_header") in seen(look(rebuilt(data, {"word/header1.xml": header}), "a.docx", WORD)[0])


@pytest.mark.parametrize("name", ["word/afchunk1.docx", "word/afchunk1.rtf", "word/afchunk1.htm", "word/afchunk1.mht"])
def test_a_file_that_a_document_takes_in_is_a_member(name: str) -> None:
    """altChunk (ECMA-376-1 section 17.17.2.1): Word shows it as if it stood there."""
    octets = {"docx": docx(["RESTRICTED"]), "rtf": rb"{\rtf1 RESTRICTED\par}", "htm": b"<html><body>RESTRICTED</body></html>"}
    chunk = octets.get(name.rpartition(".")[2], b"MIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n<p>RESTRICTED")

    _, *members = look(rebuilt(docx(["x"]), {name: chunk}), "a.docx", WORD)

    assert any(("restricted", "first_line") in seen(member) for member in members)


@pytest.mark.parametrize("sign", ["\u2028", "\x85", "\x0b", "\n"])
def test_a_sign_that_ends_a_line_in_a_cell_does_not_shift_the_cells_after_it(sign: str) -> None:
    """Found while looking for crashes: the text had more lines than the sheet has rows."""
    rows = [[f"one{sign}two{sign}three"], ["x", 9434765919], [f"NHS{sign}{sign}{sign}{sign} number"]]
    for data in (xlsx(rows), workbook(rows) if sign != "\u2028" else xlsx(rows)):
        (number,) = [item for item in look(data, "a.xls")[0].evidence if item.id == "nhs-number"]
        assert number.where == "sheet Sheet1, B2"
