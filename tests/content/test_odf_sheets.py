"""Sheets of OpenDocument: cells as a program shows them, whatever their paragraphs say, and words that stand around cells."""

import pytest

from gateway.content.odf import read_odf
from gateway.content.reading import Budget, Source, Spent
from tests.build.office_sources import _NAMES

_NUMBER = "4857773457"
_CELL = '<table:table-cell office:value-type="{}" {}>{}</table:table-cell>'


def lines(cells: str = "", *, styles: str = "", automatic: str = "", around: str = "") -> list[str]:
    """What is read of a sheet with one row."""
    head = f"<office:styles>{styles}</office:styles><office:automatic-styles>{automatic}</office:automatic-styles>"
    table = f'<table:table table:name="s"><table:table-row>{cells}</table:table-row></table:table>'
    body = f"<office:body><office:spreadsheet>{table}{around}</office:spreadsheet></office:body>"
    kind = 'office:mimetype="application/vnd.oasis.opendocument.spreadsheet"'
    document = f'<?xml version="1.0" encoding="UTF-8"?><office:document {_NAMES} {kind}>{head}{body}</office:document>'
    items = read_odf(Source(document.encode(), ("a.fods",), ""), Spent(Budget()))
    return [line for item in items if isinstance(item, tuple) for line in item[2].split("\n")]


@pytest.mark.parametrize(
    ("kind", "said", "paragraph", "line"),
    [
        ("float", f'office:value="{_NUMBER}"', "", _NUMBER),
        ("float", 'office:value="4.857773457E9"', "", _NUMBER),
        ("float", f'office:value="{_NUMBER}"', "<text:p>7</text:p>", f"7 {_NUMBER}"),
        ("float", f'office:value="{_NUMBER}"', "<text:p>485 777 3457</text:p>", "485 777 3457"),
        ("float", 'office:value="434765919"', "<text:p>043 476 5919</text:p>", "043 476 5919"),
        ("float", 'office:value="7"', "<text:p>seven</text:p>", "seven"),
        ("string", 'office:string-value="SECRET"', "", "SECRET"),
        ("date", 'office:date-value="1980-03-12"', "", "1980-03-12"),
    ],
)
def test_cells(kind: str, said: str, paragraph: str, line: str) -> None:
    assert line in lines(_CELL.format(kind, said, paragraph))


_FORMAT = "<number:{0} style:name='N1'><number:number/><number:text>SECRET</number:text></number:{0}>"
_NAMED = "<table:named-expressions><table:named-expression table:name='x' table:expression='SECRET'/></table:named-expressions>"
_FILTER = "<table:filter><table:filter-condition table:value='SECRET'/></table:filter>"


@pytest.mark.parametrize(
    "found",
    [
        pytest.param(lines(styles=_FORMAT.format("number-style")), id="a number format"),
        pytest.param(lines(automatic=_FORMAT.format("date-style")), id="a format of dates"),
        pytest.param(lines(automatic=_FORMAT.format("text-style")), id="a format of texts"),
        pytest.param(lines(_CELL.format("float", 'table:formula=\'of:="SEC"&amp;"RET"\'', "")), id="a text that is not computed yet"),
        pytest.param(
            lines(_CELL.format("float", 'table:formula=\'of:=HYPERLINK("https://example.org";"SECRET")\'', "")),
            id="a link that is not computed yet",
        ),
        pytest.param(lines(around=_NAMED), id="a named text"),
        pytest.param(lines(around="<table:database-range table:name='SECRET'/>"), id="a range"),
        pytest.param(lines(around=_FILTER), id="a filter"),
        pytest.param(lines(around="<table:data-pilot-table table:name='x' table:grand-total='SECRET'/>"), id="a pivot table"),
        pytest.param(lines(around="<table:help-message table:title='SECRET'/>"), id="a hint"),
    ],
)
def test_what_stands_around_cells(found: list[str]) -> None:
    assert "SECRET" in found


def test_units_of_number_formats_are_none_of_its_words() -> None:
    assert " kg" not in lines(styles=_FORMAT.format("number-style").replace("SECRET", " kg"))
