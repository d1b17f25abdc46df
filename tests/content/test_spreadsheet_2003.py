"""Workbooks of Excel 2003 in one XML, and sheets saved as web pages: cells as they are shown, and what stands around them."""

import pytest

from gateway.content.flat_office import read_flat_office
from gateway.content.reading import Budget, Source, Spent
from gateway.content.web_pages_of_excel import page_edges
from gateway.model.finding import Place
from tests.content.reading import look, seen

_EXCEL = "urn:schemas-microsoft-com:office:excel"
_NAMES = f'xmlns="urn:schemas-microsoft-com:office:spreadsheet" xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet" xmlns:x="{_EXCEL}"'


def book(cells: str = "", *, format_: str = "", before: str = "", after: str = "", name: str = "Sheet1") -> bytes:
    style = f'<Styles><Style ss:ID="s1"><NumberFormat ss:Format="{format_}"/></Style></Styles>'
    sheet = f'<Worksheet ss:Name="{name}"><Table><Row>{cells}</Row></Table>{after}</Worksheet>'
    return f'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook {_NAMES}>{before}{style}{sheet}</Workbook>'.encode()


def lines(octets: bytes) -> dict[str, list[str]]:
    """What was read, by where it stood."""
    found: dict[str, list[str]] = {}
    for item in read_flat_office(Source(octets, ("a.xml",), ""), Spent(Budget())):
        assert isinstance(item, tuple)
        if item[2]:
            found.setdefault(item[1], []).extend(item[2].split("\n"))
    return found


def cell(text: str, kind: str = "String", more: str = "", inside: str = "") -> str:
    return f'<Cell ss:StyleID="s1"{more}><Data ss:Type="{kind}">{text}</Data>{inside}</Cell>'


@pytest.mark.parametrize(
    ("cells", "format_", "line"),
    [
        (cell("NHS number") + cell("4.857773457E9", "Number"), "", "NHS number\t4857773457"),
        (cell("4.857773457E9", "Number"), "000\\ 000\\ 0000", "485 777 3457"),
        (cell("4857773457", "Number"), "&quot;NHS number: &quot;General", "NHS number: 4857773457"),
        (cell("4857773457"), ";;;&quot;NHS number: &quot;@", "NHS number: 4857773457"),
        (cell("40000", "Number"), "Short Date", "40000"),
        (cell("a") + cell("b", more=' ss:Index="4"'), "", "a\t\t\tb"),
        (cell("SEC<x:B>RET</x:B>"), "", "SECRET"),
        (cell("SECRET", inside="<Comment><ss:Data>Alex: is it?</ss:Data></Comment>"), "", "SECRET"),
        ('<Cell ss:StyleID="s1"/>' + cell("a"), "", "\ta"),
    ],
)
def test_cells(cells: str, format_: str, line: str) -> None:
    assert lines(book(cells, format_=format_))["text"] == [line]


@pytest.mark.parametrize(
    "octets",
    [
        pytest.param(book(name="SECRET"), id="the name of a sheet"),
        pytest.param(book(before='<Names><NamedRange ss:Name="SECRET"/></Names>'), id="a name"),
        pytest.param(book(cell("x", inside="<Comment><ss:Data>SEC<x:B>RET</x:B></ss:Data></Comment>")), id="a note"),
        pytest.param(book(cell("x", more=' x:HRefScreenTip="SECRET"')), id="the tip of a link"),
        pytest.param(book(format_="0&quot;SECRET&quot;"), id="a number format"),
        pytest.param(book(after="<x:DataValidation><x:InputMessage>SECRET</x:InputMessage></x:DataValidation>"), id="a hint"),
        pytest.param(book(after='<x:AutoFilter><x:AutoFilterCondition x:Value="SECRET"/></x:AutoFilter>'), id="a filter"),
    ],
)
def test_what_stands_around_cells(octets: bytes) -> None:
    assert "SECRET" in lines(octets)["text, not shown"]


def test_what_cells_are_compared_with_stands_not_alone() -> None:
    condition = "<x:ConditionalFormatting><x:Condition><x:Value1>SECRET</x:Value1></x:Condition></x:ConditionalFormatting>"

    assert "if SECRET" in lines(book(after=condition))["text, not shown"]


@pytest.mark.parametrize(("edge", "place"), [("Header", "page header"), ("Footer", "page footer")])
def test_page_edges(edge: str, place: str) -> None:
    said = f'<x:{edge} x:Data="&amp;L&amp;&quot;Arial&quot;A plan&amp;CSECRET"/>'

    assert lines(book(after=_page_setup(said)))[place] == ["", "A plan", "SECRET"]


def _page_setup(edges: str) -> str:
    return f"<x:WorksheetOptions><x:PageSetup>{edges}</x:PageSetup></x:WorksheetOptions>"


@pytest.mark.parametrize(
    "octets",
    [
        pytest.param(book(before='<y:Footer xmlns:y="urn:y" y:Data="PUBLIC"/>'), id="a foreign element in the workbook"),
        pytest.param(book(after=_page_setup('<y:Footer xmlns:y="urn:y" y:Data="PUBLIC"/>')), id="a foreign element in its place"),
        pytest.param(book(before='<x:Footer x:Data="PUBLIC"/>'), id="one of Excel in the workbook"),
        pytest.param(book(after='<x:PageSetup><x:Footer x:Data="PUBLIC"/></x:PageSetup>'), id="one of Excel outside the options"),
        pytest.param(book(before=_page_setup('<x:Footer x:Data="PUBLIC"/>')), id="options of no sheet"),
    ],
)
def test_what_only_looks_like_a_page_edge_is_no_edge(octets: bytes) -> None:
    """An edge may lower what a file counts as; what Excel never shows at one must not."""
    found = lines(octets)

    assert "page footer" not in found
    assert "PUBLIC" in found["text, not shown"]


def test_a_foreign_attribute_says_nothing_at_a_page_edge() -> None:
    foreign = '<x:Footer xmlns:y="urn:y" y:Data="PUBLIC"/>'

    assert lines(book(after=_page_setup(foreign))).get("page footer", []) == []


@pytest.mark.parametrize(
    ("style", "edges"),
    [
        ('mso-header-data:"&CSECRET"', [("header", "SECRET")]),
        ("mso-footer-data : 'SECRET'", [("footer", "SECRET")]),
        (r'mso-header-data:"&L&\0022Arial\,Bold\0022&12SECRET&RPage &P"', [("header", "SECRET"), ("header", "Page 1")]),
        (r'mso-header-data:"\0026\0043SECRET";mso-footer-data:"x"', [("header", "SECRET"), ("footer", "x")]),
        ('mso-header-data:"SECRET', []),
        ('mso-data-placement:same-cell;content:"SECRET"', []),
    ],
)
def test_page_edges_of_a_web_page(style: str, edges: list[tuple[str, str]]) -> None:
    assert list(page_edges(f"<style>@page {{{style}}}</style>")) == edges


def test_page_edges_of_a_web_page_raise_and_never_lower() -> None:
    page = b"<html><style>@page{mso-header-data:'OFFICIAL-SENSITIVE'}</style><body><table><tr><td>a</td></tr></table></body></html>"

    (finding,) = look(page, "a.htm")

    assert ("sensitive", Place.FIRST_LINE.value) in seen(finding)
    assert ("sensitive", Place.PAGE_HEADER.value) not in seen(finding)
