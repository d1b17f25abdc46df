"""Rows of sheets: the quick way and the parser give the same lines, whatever wrote them; numbers as they are shown; where a cell is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from gateway.content.number_formats import find_show, find_text_show, words_of
from gateway.content.reading import Budget, Spent
from gateway.content.sheet_rows import Book, Rows, read_parsed
from gateway.content.sheets import NotPlain, Rest, read_plain
from gateway.content.spreadsheet import page_edge

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
BOOK = Book(
    ("first", "second string", "OFFICIAL-SENSITIVE"),
    (None, find_show("dd/mm/yyyy"), find_show("000 000 0000"), None),
    (None,) * 4 + (find_text_show(';;;"No. of the NHS: "@'),),
)


def sheet(rows: str, head: str = "") -> bytes:
    begin = f'<?xml version="1.0" encoding="UTF-8"?>\n<worksheet xmlns="{_MAIN}">{head}'
    return f"{begin}<sheetData>{rows}</sheetData><tail/></worksheet>".encode()


def quickly(data: bytes, size: int = 65536) -> list[Rows]:
    pieces = (data[at : at + size] for at in range(0, len(data), size))
    return list(read_plain(pieces, BOOK, Rest(), Spent(Budget())))


def parsed(data: bytes) -> list[str]:
    return [line for rows in read_parsed(etree.fromstring(data).iter("{*}row"), BOOK, Spent(Budget())) for line in rows.lines]


def lines(rows: list[Rows]) -> list[str]:
    return [line for some in rows for line in some.lines]


@pytest.mark.parametrize(
    ("cells", "line"),
    [
        ('<c r="A1" t="s"><v>1</v></c><c r="B1"><v>12.5</v></c>', "second string\t12.5"),
        ('<c r="A1" s="2"><v>434765919</v></c><c r="B1" s="1"><v>43765</v></c>', "043 476 5919\t2019-10-27"),
        ('<c r="C1"><v>1</v></c><c r="F1" s="3"/><c r="G1" t="str"><v>a &amp; b</v></c>', "\t\t1\t\t\t\ta & b"),
        ('<c r="A1"><v>4.11E+15</v></c><c r="B1" t="s"><v>2</v></c>', "4110000000000000\tOFFICIAL-SENSITIVE"),
        ('<c r="A1"><f>SUM(B1:B9)</f><v>7</v></c><c r="B1"><f t="shared" si="0"/><v>8</v></c>', "7\t8"),
        ('<c r="A1" t="inlineStr"><is><t>SECRET</t></is></c><c r="B1" t="e"><v>#N/A</v></c>', "SECRET\t#N/A"),
        ('<c r="A1" t="inlineStr"><is><r><t>SEC</t></r><r><t xml:space="preserve">RET </t></r></is></c>', "SECRET "),
        ('<c r="A1" t="str"><v>_x0053_ECRET&#10;next</v></c>', "SECRET next"),
        ('<c r="A1" s="4" t="str"><v>4857773457</v></c><c r="B1" s="4" t="s"><v>0</v></c>', "No. of the NHS: 4857773457\tfirst"),
        ('<c r="A1"><!-- a comment --><v>5</v></c><c r="B1"><v><![CDATA[6]]></v></c>', "5\t6"),
        ("<c><v>1</v></c><c><v>2</v></c>", "1\t2"),
        ('<c r="A1" t="s"><v>99</v></c>', ""),
        ('<c r="XFD1"><v>1</v></c>', "\t" * 256 + "1"),
    ],
)
def test_cells(cells: str, line: str) -> None:
    data = sheet(f'<row r="1">{cells}</row><row r="2" ht="15"/><row r="3"><c r="A3"><v>3</v></c></row>')

    assert [found for found in parsed(data) if found] == [found for found in (line, "3") if found]
    try:
        found = lines(quickly(data))
    except NotPlain:
        assert "_x" in cells or "<v>99" in cells  # what is wrong is left to the parser
    else:
        assert [one for one in found if one] == [one for one in (line, "3") if one]


_CELLS = st.sampled_from(
    [
        ('<c r="{}"><v>12.5</v></c>'),
        ('<c r="{}" t="s"><v>1</v></c>'),
        ('<c r="{}" s="2"><v>9434765919</v></c>'),
        ('<c r="{}" s="1"/>'),
        ('<c r="{}"></c>'),
        ('<c r="{}" s="3" t="str"><f>A1&amp;"x"</f><v>&lt;x&gt;</v></c>'),
        ('<c r="{}" t="inlineStr"><is><t xml:space="preserve"> in line</t></is></c>'),
        ('<c r="{}" t="b"><v>1</v></c>'),
        ('<c r="{}" s="4" t="str"><v>12345</v></c>'),
        ('<c r="{}"><v>1E3</v><extLst/></c>'),
    ]
)
_ROWS = st.lists(st.lists(st.tuples(st.integers(0, 40), _CELLS), max_size=6, unique_by=lambda cell: cell[0]).map(sorted), max_size=12)


@given(rows=_ROWS, again=st.integers(1, 3), size=st.integers(1, 400))
def test_both_ways_give_the_same(rows: list[list[tuple[int, str]]], again: int, size: int) -> None:
    xml = "".join(
        f'<row r="{number}" spans="1:9">' + "".join(cell.format(f"{_letters(column)}{number}") for column, cell in row) + "</row>"
        for number, row in enumerate(rows * again, start=1)
    )

    assert lines(quickly(sheet(xml), size)) == parsed(sheet(xml))


def _letters(column: int) -> str:
    return chr(65 + column) if column < 26 else f"A{chr(65 + column - 26)}"


@pytest.mark.parametrize("line", [0, 2])
def test_where_a_cell_is(line: int) -> None:
    rows = '<row r="7"><c r="B7"><v>1</v></c><c r="XFC7"><v>2</v></c></row>'
    (found,) = quickly(
        sheet(rows + '<row r="8"/>' + rows.replace("7", "9") + '<row r="10"><c r="A10" s="3"/><c r="B10"><v>1</v></c></row>')
    )

    assert found.lines[0] == "\t1" + "\t" * 257 + "2"
    assert (found.cell(0, 1), found.cell(0, 258)) == ("B7", "XFC7")
    assert found.cell(2, 1) == "B10"
    assert found.cell(1, 258) == "XFC9"


@pytest.mark.parametrize(
    "data",
    [
        sheet("").replace(b"UTF-8", b"ISO-8859-1"),
        sheet("").replace(b"<worksheet xmlns", b"<x:worksheet xmlns:x"),
        sheet('<row r="1"><c r="A1"><v>1</v></d></row>'),
        sheet("<!-- <row r='1'></row> --><row r='1'></row>"),
        sheet("").replace(b"<sheetData>", b"<!DOCTYPE x><sheetData>"),
        sheet('<row r="1"><c r="A1" t="str"><v>\xff</v></c></row>').replace(b"\xc3\xbf", b"\xff"),
    ],
)
def test_what_is_not_plain_is_left_to_the_parser(data: bytes) -> None:
    with pytest.raises(NotPlain):
        quickly(data)


@pytest.mark.parametrize(
    ("code", "value", "shown"),
    [
        ("0000000000", "434765919", "0434765919"),
        ('"NHS "000\\-000\\-0000', "9434765919", "NHS 943-476-5919"),
        ("000 000 0000", "12345678901", "1234 567 8901"),
        ("00000\\-0000;-0;0;@", "123456789", "12345-6789"),
        ('"RESTRICTED"', "5", "RESTRICTED 5"),
        ("[$-809]d mmmm yyyy", "30000", "1982-02-18"),
        ("dd/mm/yy;@", "60.5", "1900-02-28"),
        ("yyyy", "1", "1900-01-01"),
        ("000 000 0000", "1.5", "1.5"),
        ("dd/mm/yyyy", "no date", "no date"),
        ("000 000 0000", "4.857773457E9", "485 777 3457"),
        ('"NHS number: "General', "4857773457", "NHS number: 4857773457"),
        ('"NHS number: "#,##0.00', "4.857773457E9", "NHS number: 4857773457"),
        ('"NHS number: "General', "12", "12"),
        ('"NHS number: "@', "4857773457", "NHS number: 4857773457"),
        ("[$NHS number: -809]0", "4857773457", "NHS number: 4857773457"),
        ('0;"NHS number: "000\\ 000\\ 0000', "-4857773457", "NHS number: 485 777 3457"),
        ('0;"NHS number: "000\\ 000\\ 0000', "4857773457", "4857773457"),
        ('0;0;"NHS number: 485 777 3457"', "0", "NHS number: 485 777 3457 0"),
        ('"NHS "0', "4857773457", "NHS 4857773457"),
        ("0\\-00", "4857773457", "48577734-57"),
        ('[<5]0;"NHS no "0', "4857773457", "NHS no 4857773457"),
        ('[<5]0;"NHS no "0', "4", "4"),
        ('[=7]"NHS no "0;[<>8]0" other";0', "7", "NHS no 7"),
        ('0;"NHS no "0', "none", "none"),
    ],
)
def test_numbers_as_they_are_shown(code: str, value: str, shown: str) -> None:
    show = find_show(code)
    assert show is not None
    assert show(value) == shown


@pytest.mark.parametrize("code", ["General", "0", "0.00", "#,##0", "0%", '"£"#,##0.00', "0.00E+00", "@", "h:mm", "# ?/?", "[Red]0.0"])
def test_formats_that_only_round_or_group_change_nothing(code: str) -> None:
    assert find_show(code) is None


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        (';;;"NHS number: "@', "NHS number: 4857773457"),
        ('"NHS number: "@', "NHS number: 4857773457"),
        (';;;"NHS number:"', "NHS number:4857773457"),
        ('0;-0;0;@" (NHS number)"', "4857773457 (NHS number)"),
    ],
)
def test_texts_as_they_are_shown(code: str, shown: str) -> None:
    show = find_text_show(code)
    assert show is not None
    assert show("4857773457") == shown
    assert show("OFFICIAL-SENSITIVE") == "OFFICIAL-SENSITIVE"  # alone on its line, as before


@pytest.mark.parametrize("code", ["", "General", "@", '_-"£"* #,##0_-;-"£"* #,##0_-;_-"£"* "-"??_-;_-@_-', '"NHS number: "0', '0;0;0;"-"@'])
def test_formats_that_leave_texts_as_they_are(code: str) -> None:
    assert find_text_show(code) is None


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ('0"OFFICIAL-SENSITIVE"', ["OFFICIAL-SENSITIVE"]),
        ('"NHS number: 485 777 3457"General', ["NHS number: 485 777 3457"]),
        ('#,##0.00;[Red]"first";"second one";@" third"', ["first", "second one", "third"]),
        ("\\S\\E\\C\\R\\E\\T", ["SECRET"]),
        ('"OFFICIAL"-"SENSITIVE"', ["OFFICIAL-SENSITIVE"]),
        ('"OFFICIAL"_-"SENSITIVE"* ', ["OFFICIAL SENSITIVE"]),
        ("[$OFFICIAL-SENSITIVE]0", ["OFFICIAL-SENSITIVE"]),
        ("[$SECRET-809]0", ["SECRET"]),
        ("[$SECRET-809,1]0[$[$", ["SECRET"]),
        ('yyyy"OFFICIAL-SENSITIVE"', ["OFFICIAL-SENSITIVE"]),
        ('"a;b""SECRET"', ["a;bSECRET"]),
        ('_-"£"* #,##0.00_-;-"£"* #,##0.00_-', []),
        ("[$EUR] #,##0;[$-809]d mmmm yyyy", []),
        ('0" kg"', []),
        ('"', []),
        ("", []),
    ],
)
def test_what_a_format_says_by_itself(code: str, words: list[str]) -> None:
    assert list(words_of(code)) == words


def test_dates_of_a_workbook_from_a_mac() -> None:
    show = find_show("", 14, is_1904=True)
    assert show is not None
    assert show("1") == "1904-01-02"


def test_formulas_of_a_sheet_that_is_parsed_as_a_whole() -> None:
    rows = '<x:row r="1"><x:c r="A1"><x:f>HYPERLINK("https://example.org","SECRET")</x:f></x:c></x:row>'
    data = f'<x:worksheet xmlns:x="{_MAIN}"><x:sheetData>{rows}</x:sheetData></x:worksheet>'.encode()

    (found,) = read_parsed(etree.fromstring(data).iter("{*}row"), BOOK, Spent(Budget()))

    assert found.formulas == ['HYPERLINK("https://example.org","SECRET")']


@pytest.mark.parametrize(
    ("codes", "lines"),
    [
        ("OFFICIAL", ["OFFICIAL"]),
        ('&L&"Arial,Bold"&12A plan&COFFICIAL&RPage &P of &N', ["", "A plan", "OFFICIAL", "Page 1 of 1"]),
        ('&C&"Calibri"&10&K000000OFFICIAL&1#_x000D_&"Arial"&12A plan', ["", "OFFICIAL#", "A plan"]),
        ("OFFICIAL_x000D_\nA plan", ["OFFICIAL", "A plan"]),
        ("&UR&&D&U", ["R&D"]),
    ],
)
def test_page_edges(codes: str, lines: list[str]) -> None:
    assert page_edge(codes).split("\n") == lines
