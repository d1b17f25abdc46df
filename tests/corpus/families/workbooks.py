"""What a spreadsheet shows besides the values of its cells: words of number formats, captions, lists, what is computed when it is opened."""

import struct
from collections.abc import Iterator

from tests.build import xlsx
from tests.build.binary_workbooks import xlsb
from tests.content.compound import begin, record, string, with_format, workbook
from tests.corpus.entries import EXCEL, MARKING, NHS, PERSON, Innocent, Technique, carrying
from tests.corpus.families.sheets import changed

_DIGITS = int(NHS.replace(" ", ""))
_LABEL = "NHS number: "
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_BINARY = "application/vnd.ms-excel.sheet.binary.macroEnabled.12"
_OPEN = "application/vnd.oasis.opendocument.spreadsheet-flat-xml"
_OLD = "application/vnd.ms-excel"
_X14 = "http://schemas.microsoft.com/office/spreadsheetml/2009/9/main"
_CHART = 'xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart"'


def techniques() -> Iterator[Technique]:
    for code, number in _formats_of_identifiers().items():
        octets = xlsx([["Name", "No."], ["Alex", number]], formats={1: code})
        yield Technique("office: number formats", f"an identifier in {code}", "detector", "nhs-number", _carrying(octets))
    for code in _formats_of_markings():
        octets = xlsx([["Name", "No."], ["Alex", 7]], formats={1: code})
        yield Technique("office: number formats", f"a marking in {code}", "marking", "official-sensitive", _carrying(octets))
    for name, octets in {**_in_sheets(), **_in_parts()}.items():
        yield Technique("office: words around cells", name, "marking", "official-sensitive", _carrying(octets))
    for name, octets in _old().items():
        yield Technique("office: old workbooks", name, "marking", "official-sensitive", carrying("list.xls", octets, _OLD))
    for name, octets in _in_one_xml().items():
        yield Technique("office: Excel 2003 in one XML", name, "detector", "nhs-number", carrying("list.xml", octets, "text/xml"))
    for name, octets in _binary().items():
        yield Technique("office: binary workbooks", name, "marking", "official-sensitive", carrying("list.xlsb", octets, _BINARY))
    for name, octets in _open().items():
        yield Technique("office: OpenDocument sheets", name, "detector", "nhs-number", carrying("list.fods", octets, _OPEN))
    for name, octets in _web_pages().items():
        yield Technique("office: web pages of Excel", name, "marking", "page header", carrying("list.htm", octets, "text/html"))


def innocents() -> Iterator[Innocent]:
    for name, octets in _harmless().items():
        yield Innocent("office: number formats", name, _carrying(octets))
    yield Innocent("office: old workbooks", "a register that lets choose a classification", carrying("register.xls", _register(), _OLD))


def _carrying(octets: bytes) -> bytes:
    return carrying("list.xlsx", octets, EXCEL)


def _formats_of_identifiers() -> dict[str, int | str]:
    """Formats, and what stands in a cell that has one."""
    return {
        f'"{_LABEL}"General': _DIGITS,
        f'"{_LABEL}"#,##0': _DIGITS,
        f'"{_LABEL}"@': _DIGITS,
        f'0;;;"{_LABEL}"@': str(_DIGITS),
        f'0;"{_LABEL}"000\\ 000\\ 0000': -_DIGITS,
        f'[>9]"{_LABEL}"0;0': _DIGITS,
        f"[${_LABEL}-809]0": _DIGITS,
        f'"{PERSON}"General': 7,
        f'#,##0" {PERSON}"': 7,
        f';;;"{PERSON}"@': "x",
        f'[<5]0;"{PERSON}"': 7,
        f'0;"{PERSON}";0': 7,
    }


def _formats_of_markings() -> tuple[str, ...]:
    escaped = "".join(f"\\{sign}" for sign in MARKING)
    return (
        f'0"{MARKING}"',
        f'General" {MARKING}"',
        f'0.00_-;"{MARKING}"',
        f';;;"{MARKING}"@',
        f"[${MARKING}]0",
        f'yyyy"{MARKING}"',
        escaped,
    )


def _sheet(after: str) -> bytes:
    return changed(xlsx([["a"]]), {"xl/worksheets/sheet1.xml": ("</sheetData>", f"</sheetData>{after}")})


def _formula(formula: str) -> bytes:
    """As a script writes one: its value is left to the program that opens the workbook."""
    row = f'<row r="9"><c r="A9"><f>{formula}</f></c></row></sheetData>'
    return changed(xlsx([["a"]]), {"xl/worksheets/sheet1.xml": ("</sheetData>", row)})


def _in_sheets() -> dict[str, bytes]:
    filtered = f'<filterColumn colId="0"><filters><filter val="{MARKING}"/></filters></filterColumn>'
    condition = f'<x14:cfRule><x14:dxf><numFmt numFmtId="200" formatCode="0&quot;{MARKING}&quot;"/></x14:dxf></x14:cfRule>'
    return {
        "what a filter shows": _sheet(f'<autoFilter ref="A1:A2">{filtered}</autoFilter>'),
        "the number format of a condition": _sheet(f'<extLst><ext xmlns:x14="{_X14}">{condition}</ext></extLst>'),
        "the alternative text of a control": _sheet(
            f'<controls><control shapeId="1"><controlPr altText="{MARKING}"/></control></controls>'
        ),
        "a link that is not computed yet": _formula(f"HYPERLINK(&quot;https://example.org/&quot;,&quot;{MARKING}&quot;)"),
        "a text that is not computed yet": _formula("&quot;OFFICIAL&quot;&amp;&quot;-SENSITIVE&quot;"),
    }


def _in_parts() -> dict[str, bytes]:
    pivot = f'<pivotTableDefinition xmlns="{_MAIN}" name="x" {{}}="{MARKING}"/>'
    captions = ("grandTotalCaption", "rowHeaderCaption", "colHeaderCaption", "missingCaption", "errorCaption", "tag")
    parts = {f"the {caption} of a pivot table": ("xl/pivotTables/pivotTable1.xml", pivot.format(caption)) for caption in captions}
    item = f'<pivotFields><pivotField><items><item n="{MARKING}"/></items></pivotField></pivotFields>'
    format_ = f'<c:valAx><c:numFmt formatCode="0&quot;{MARKING}&quot;"/></c:valAx>'
    header = f"<c:printSettings><c:headerFooter><c:oddHeader>&amp;C{MARKING}</c:oddHeader></c:headerFooter></c:printSettings>"
    shape = f'<xml xmlns:v="urn:schemas-microsoft-com:vml"><v:shape {{}}="{MARKING}"/></xml>'
    total = f'<tableColumns><tableColumn name="x" totalsRowLabel="{MARKING}"/></tableColumns>'
    more = {
        "an item of a pivot table": ("xl/pivotTables/pivotTable1.xml", f'<pivotTableDefinition xmlns="{_MAIN}">{item}</pivotTableDefinition>'),
        "a choice of a slicer": ("xl/slicerCaches/slicerCache1.xml", f'<slicerCacheDefinition xmlns="{_X14}"><i n="x" c="{MARKING}"/></slicerCacheDefinition>'),
        "the number format of an axis": ("xl/charts/chart1.xml", f"<c:chartSpace {_CHART}>{format_}</c:chartSpace>"),
        "the number format of a series": ("xl/charts/chart1.xml", f'<c:chartSpace {_CHART}><c:formatCode>0"{MARKING}"</c:formatCode></c:chartSpace>'),
        "the page header of a chart": ("xl/charts/chart1.xml", f"<c:chartSpace {_CHART}>{header}</c:chartSpace>"),
        "the totals of a table": ("xl/tables/table1.xml", f'<table xmlns="{_MAIN}">{total}</table>'),
        "the comment of a table": ("xl/tables/table1.xml", f'<table xmlns="{_MAIN}" comment="{MARKING}"/>'),
        "a sheet of another workbook": ("xl/externalLinks/externalLink1.xml", f'<externalLink xmlns="{_MAIN}"><sheetNames><sheetName val="{MARKING}"/></sheetNames></externalLink>'),
        "an item of a list box": ("xl/ctrlProps/ctrlProp1.xml", f'<formControlPr xmlns="{_X14}"><itemLst><item val="{MARKING}"/></itemLst></formControlPr>'),
        "the alternative text of a shape": ("xl/drawings/vmlDrawing1.vml", shape.format("alt")),
        "word art": ("xl/drawings/vmlDrawing1.vml", shape.format("string")),
    }  # fmt: skip
    return {name: changed(xlsx([["a"]]), {}, {part: xml}) for name, (part, xml) in (parts | more).items()}


def _old() -> dict[str, bytes]:
    """Records of Excel 97 to 2003 that are no cells ([MS-XLS])."""
    cache = record(0xC6, bytes(20)) + record(0xCD, string(MARKING)) + record(0x0A)
    note = record(0x1B6, bytes(10) + struct.pack("<HH", 8019, 16) + bytes(4)) + record(0x3C, b"\0" + b"x" * 8000 + b"\n")
    beside = {
        "the title of a chart": begin(0x20) + record(0x100D, bytes(2) + string(MARKING, size="<B")) + record(0x0A),
        "the tooltip of a link": record(0x800, bytes(12) + MARKING.encode("utf-16-le") + bytes(2)),
        "an item of a pivot table": record(0xB2, bytes(6) + string(MARKING)),
        "the name of a scenario": record(0xAF, bytes(8) + MARKING.encode() + bytes(1)),
        "the end of a long note": note + record(0x3C, b"\0" + MARKING.encode()) + record(0x3C, bytes(16)),
        "a drawing in two records": record(0xEC, bytes(8000)) + record(0x3C, bytes(30) + MARKING.encode("utf-16-le")),
    }
    return {name: workbook([["a"]], beside=records) for name, records in beside.items()} | {
        "a number format": workbook([[7]], before=with_format(f'0"{MARKING}"')),
        "the cache of a pivot table": workbook([["a"]], streams={"_SX_DB_CUR/0001": cache}),
    }


def _in_one_xml() -> dict[str, bytes]:
    head = f'<x:Header x:Data="&amp;C{PERSON}"/>'
    return {
        "the page header": _xml(after=f"<x:WorksheetOptions><x:PageSetup>{head}</x:PageSetup></x:WorksheetOptions>"),
        "a foreign element like a page header": _xml(after=f'<y:Header xmlns:y="urn:y" y:Data="{PERSON}"/>'),
        "the name of a sheet": _xml(name="NHS number 485 777 3457"),
        "a number with an exponent": _xml(f"{_xml_cell('NHS number')}</Row><Row>{_xml_cell('4.857773457E9', 'Number')}"),
        "a number whose format says what it is": _xml(_xml_cell(str(_DIGITS), "Number"), format_=f"&quot;{_LABEL}&quot;General"),
        "a text whose format says what it is": _xml(_xml_cell(str(_DIGITS)), format_=f";;;&quot;{_LABEL}&quot;@"),
        "a number format": _xml(_xml_cell("7", "Number"), format_=f"0&quot; {PERSON}&quot;"),
        "the tip of a link": _xml(f'<Cell x:HRefScreenTip="{PERSON}"><Data ss:Type="String">a</Data></Cell>'),
        "a filter": _xml(after=f'<x:AutoFilter><x:AutoFilterCondition x:Value="{PERSON}"/></x:AutoFilter>'),
    }


def _xml_cell(text: str, kind: str = "String") -> str:
    return f'<Cell ss:StyleID="s1"><Data ss:Type="{kind}">{text}</Data></Cell>'


def _xml(cells: str = "", *, format_: str = "0", name: str = "Sheet1", after: str = "") -> bytes:
    space = "urn:schemas-microsoft-com:office"
    style = f'<Styles><Style ss:ID="s1"><NumberFormat ss:Format="{format_}"/></Style></Styles>'
    sheet = f'<Worksheet ss:Name="{name}"><Table><Row>{cells}</Row></Table>{after}</Worksheet>'
    names = f'xmlns="{space}:spreadsheet" xmlns:ss="{space}:spreadsheet" xmlns:x="{space}:excel"'
    return f'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook {names}>{style}{sheet}</Workbook>'.encode()


def _binary() -> dict[str, bytes]:
    return {
        "the page header": xlsb([["a"]], header=f"&C{MARKING}"),
        "the page header with a font": xlsb([["a"]], header=f'&L&"Arial,Bold"&12{MARKING}&RPage &P'),
        "a number format": xlsb([[7.0]], format_=f'0"{MARKING}"'),
    }


def _open() -> dict[str, bytes]:
    heading = '<table:table-cell office:value-type="string"><text:p>NHS number</text:p></table:table-cell>'
    number = f'<table:table-cell office:value-type="float" office:value="{_DIGITS}">'
    format_ = f'<number:number-style style:name="N1"><number:number/><number:text>{PERSON}</number:text></number:number-style>'
    named = f'<table:named-expressions><table:named-expression table:name="x" table:expression="&quot;{PERSON}&quot;"/></table:named-expressions>'
    pivot = f'<table:data-pilot-tables><table:data-pilot-table table:name="x" table:grand-total="{PERSON}"/></table:data-pilot-tables>'
    return {
        "a number without a paragraph": _flat(f"{heading}{number}</table:table-cell>"),
        "a number whose paragraph says another": _flat(f"{heading}{number}<text:p>7</text:p></table:table-cell>"),
        "a number format": _flat(styles=format_),
        "a named text": _flat(around=named),
        "the total of a pivot table": _flat(around=pivot),
    }


def _flat(cells: str = "", *, styles: str = "", around: str = "") -> bytes:
    spaces = ("office", "style", "table", "text")
    names = " ".join(f'xmlns:{space}="urn:oasis:names:tc:opendocument:xmlns:{space}:1.0"' for space in spaces)
    names += ' xmlns:number="urn:oasis:names:tc:opendocument:xmlns:datastyle:1.0"'
    table = f'<table:table table:name="s"><table:table-row>{cells}</table:table-row></table:table>{around}'
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document {names} office:mimetype="application/vnd.oasis.opendocument.spreadsheet">'
        f"<office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:body><office:spreadsheet>{table}</office:spreadsheet></office:body></office:document>"
    ).encode()


def _web_pages() -> dict[str, bytes]:
    page = '<html xmlns:x="urn:schemas-microsoft-com:office:excel"><head><style>@page{{mso-header-data:{}}}</style></head><body><table><tr><td>a</td></tr></table></body></html>'
    data = {"the page header": f'"&C{MARKING}"', "the page header with a font": rf'"&L&\0022Arial\,Bold\0022{MARKING}&RPage &P"'}
    return {name: page.format(said).encode() for name, said in data.items()}


def _register() -> bytes:
    """Its cells are coloured by the classification that is chosen for each row."""
    said = MARKING.encode()
    choices = bytes(4) + string("\0") * 4 + bytes(4) + b"\x17\x1a\0yes\0" + said + b"\0no" + bytes(12)
    return workbook([["Document", "Classification"]], beside=record(0x1BE, choices) + record(0x1B1, bytes(14) + b"\x17\x12\0" + said))


def _harmless() -> dict[str, bytes]:
    money = '_-"£"* #,##0.00_-;-"£"* #,##0.00_-;_-"£"* "-"??_-;_-@_-'
    codes = {
        0: money,
        1: '0" days"',
        2: '#,##0.0" miles";[Red]-#,##0.0" miles"',
        3: "[$EUR] #,##0",
        4: '"Order no. "0',
        5: '"Zone "@" (restricted byway)"',
    }
    rows = [[row * 1234.5, row, row * 99.9, row * 17, 4857770000 + 7 * row, str(10000 + row)] for row in range(60)]
    choices = '<dataValidations><dataValidation sqref="B2" type="list"><formula1>"OFFICIAL,OFFICIAL-SENSITIVE,SECRET"</formula1></dataValidation></dataValidations>'
    rules = f'<conditionalFormatting sqref="B2"><cfRule type="containsText" text="{MARKING}"><formula>"{MARKING}"</formula></cfRule></conditionalFormatting>'
    axes = "".join(f'<c:valAx><c:axId val="{2094734552 + 11 * at}"/><c:crossAx val="{4857773457 - 7 * at}"/></c:valAx>' for at in range(40))
    return {
        "units and currencies": xlsx([["Cost", "Time", "Way", "Price", "Order", "Zone"], *rows], formats=codes),
        "a register that lets choose a classification": _sheet(choices),
        "a register that colours a classification": _sheet(rules),
        "a register that counts a classification": _formula("COUNTIF(B2:B99,&quot;OFFICIAL-SENSITIVE&quot;)"),
        "the numbers of the axes of charts": changed(xlsx([["a"]]), {}, {"xl/charts/chart1.xml": f"<c:chartSpace {_CHART}>{axes}</c:chartSpace>"}),
    }  # fmt: skip
