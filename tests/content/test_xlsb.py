"""Excel workbooks in binary parts: cells, names of sheets, and the words of parts whose records nobody here knows."""

import io
import struct
import zipfile

import pytest

from gateway.content.reading import Budget, Spent
from gateway.content.xlsb_records import Formats, page_edges
from gateway.model.finding import Place, Readable
from tests.build import docx
from tests.build.binary_workbooks import xlsb
from tests.content.compound import compound
from tests.content.reading import look, seen

KIND = "application/vnd.ms-excel.sheet.binary.macroenabled.12"


def test_cells() -> None:
    (finding,) = look(xlsb([["OFFICIAL-SENSITIVE", "NHS number"], ["x", 9434765919.0]]), "a.xlsb")

    assert (finding.detected_type, finding.readable, finding.oddities) == (KIND, Readable.YES, ())
    assert {("sensitive", "first_line"), ("sensitive", "text"), ("nhs-number", "text")} == seen(finding)


def test_the_name_of_a_sheet() -> None:
    (finding,) = look(xlsb([["x"]], sheet="OFFICIAL-SENSITIVE"), "a.xlsb")

    assert ("sensitive", "text") in seen(finding)


@pytest.mark.parametrize("name", ["xl/comments1.bin", "xl/tables/table1.bin", "docProps/custom.xml"])
def test_words_of_other_parts(name: str) -> None:
    words = b"<w><p>OFFICIAL-SENSITIVE</p></w>" if name.endswith(".xml") else b"\x07\x99" + "OFFICIAL-SENSITIVE".encode("utf-16-le")

    (finding,) = look(xlsb([["x"]], parts={name: words}), "a.xlsb")

    assert "sensitive" in {item.id for item in finding.evidence}


@pytest.mark.parametrize("header", ["&COFFICIAL-SENSITIVE", '&L&"Arial,Bold"&12OFFICIAL-SENSITIVE&RPage &P'])
def test_the_page_header(header: str) -> None:
    (finding,) = look(xlsb([["x"]], header=header), "a.xlsb")

    assert ("sensitive", "page_header") in seen(finding)


@pytest.mark.parametrize(
    "octets", [b"\xdf\x03", b"\xdf\x03\x06\0\0\1\0\0\0", b"\xdf\x03\x12\0\0" + b"\xff" * 16, b"\xdf\x03\xff\xff\xff\xff"]
)
def test_what_only_looks_like_a_page_header(octets: bytes) -> None:
    assert list(page_edges(octets, Spent(Budget()))) == []


def test_the_text_of_a_cell_that_is_written_like_a_page_header_is_no_page_header() -> None:
    """A page header may lower what a file counts as; a cell must not."""
    word = "PUBLIC"
    strings = struct.pack("<I", len(word)) + word.encode("utf-16-le") + b"\xff" * 20
    record = b"\xdf\x03" + bytes((2 + len(strings),)) + bytes(2) + strings
    text = (record + b"a").decode("utf-16-le")
    sheet = zipfile.ZipFile(io.BytesIO(xlsb([[text, "x"]], header="&CA plan"))).read("xl/worksheets/sheet1.bin")

    assert record in sheet
    assert list(page_edges(sheet, Spent(Budget()))) == [(Place.PAGE_HEADER, True, "\nA plan")]


@pytest.mark.parametrize("code", ['0"OFFICIAL-SENSITIVE"', ';;;"OFFICIAL-SENSITIVE"@', '#,##0" OFFICIAL-SENSITIVE"'])
def test_what_a_number_format_says(code: str) -> None:
    (finding,) = look(xlsb([[7.0]], format_=code), "a.xlsb")

    assert "number formats" in {item.where for item in finding.evidence}


@pytest.mark.parametrize(
    ("code", "value", "shown"),
    [
        ('"NHS number: "General', 4857773457.0, [("A1", "NHS number: 4857773457")]),
        ("000 000 0000", 434765919.0, [("A1", "043 476 5919")]),
        ("General", 434765919.0, []),
    ],
)
def test_numbers_as_they_are_shown(code: str, value: float, shown: list[tuple[str, str]]) -> None:
    parts = zipfile.ZipFile(io.BytesIO(xlsb([[value]], format_=code)))

    assert list(Formats(parts.read("xl/styles.bin")).shown(parts.read("xl/worksheets/sheet1.bin"), Spent(Budget()))) == shown


def test_an_embedded_document_is_a_member_and_macros_are_an_oddity() -> None:
    parts = {"xl/embeddings/a.docx": docx(["OFFICIAL-SENSITIVE"]), "xl/vbaProject.bin": compound({"VBA/dir": b"x"})}

    book, member = look(xlsb([["x"]], parts=parts), "a.xlsb")

    assert ("sensitive", "text") in seen(member)
    assert "macros" in book.oddities


def test_a_cut_off_workbook_is_not_clean() -> None:
    data = xlsb([["OFFICIAL-SENSITIVE"] * 50] * 50)

    for size in range(100, len(data), 97):
        assert look(data[:size], "a.xlsb")[0].readable is not Readable.YES
