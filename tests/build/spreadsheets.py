"""An Excel workbook (SpreadsheetML, ECMA-376-1): one sheet with shared strings, page header and footer, labels."""

from collections.abc import Iterable, Mapping, Sequence
from xml.sax.saxutils import escape, quoteattr

from tests.build.labels import Place
from tests.build.ooxml import RELATIONSHIPS, Labels, package, relationships

_SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"

Cell = str | int | float | None


def xlsx(
    rows: Iterable[Sequence[Cell]],
    header: str | None = None,
    footer: str | None = None,
    label: Labels = None,
    label_place: Place = "custom",
    *,
    sheet: str = "Sheet1",
    hidden_rows: Iterable[Sequence[Cell]] = (),
    formats: Mapping[int, str] | None = None,
    properties: Iterable[tuple[str, str]] = (),
    comment: bytes = b"",
) -> bytes:
    """A workbook of one visible sheet, and a hidden one if `hidden_rows` are given; `formats` has number formats of columns."""
    strings: dict[str, int] = {}
    formats = formats or {}
    styles = {column: number for number, column in enumerate(formats, start=1)}
    sheets = [(sheet, "", _sheet(rows, strings, styles, header, footer))]
    if hidden := list(hidden_rows):
        sheets.append(("Hidden", ' state="hidden"', _sheet(hidden, strings, {}, None, None)))
    links = [(f"{RELATIONSHIPS}/worksheet", f"worksheets/sheet{number}.xml") for number in range(1, len(sheets) + 1)]
    links.append((f"{RELATIONSHIPS}/sharedStrings", "sharedStrings.xml"))
    links.append((f"{RELATIONSHIPS}/styles", "styles.xml"))
    listed = "".join(
        f'<sheet name={quoteattr(name)} sheetId="{number}"{state} r:id="rId{number}"/>'
        for number, (name, state, _) in enumerate(sheets, start=1)
    )
    parts = {f"xl/worksheets/sheet{number}.xml": (f"{_SHEET}.worksheet+xml", xml) for number, (_, _, xml) in enumerate(sheets, start=1)}
    parts["xl/workbook.xml"] = (
        f"{_SHEET}.sheet.main+xml",
        f'<workbook xmlns="{_MAIN}" xmlns:r="{RELATIONSHIPS}"><sheets>{listed}</sheets></workbook>',
    )
    parts["xl/sharedStrings.xml"] = (f"{_SHEET}.sharedStrings+xml", _shared(strings))
    parts["xl/styles.xml"] = (f"{_SHEET}.styles+xml", _styles(tuple(formats.values())))
    parts["xl/_rels/workbook.xml.rels"] = ("", relationships(links))
    return package(
        "xl/workbook.xml", f"{_SHEET}.sheet.main+xml", parts, labels=label, label_place=label_place, properties=properties, comment=comment
    )


def _sheet(
    rows: Iterable[Sequence[Cell]], strings: dict[str, int], styles: Mapping[int, int], header: str | None, footer: str | None
) -> str:
    said = {column: f' s="{style}"' for column, style in styles.items()}
    lines = "".join(
        f'<row r="{number}">'
        + "".join(_cell(f"{_column(at)}{number}", value, strings, said.get(at, "")) for at, value in enumerate(row))
        + "</row>"
        for number, row in enumerate(rows, start=1)
    )
    edges = "".join(
        # In a header an ampersand starts a code (&C: centre), so a literal one is doubled.
        f"<{tag}>{escape('&C' + text.replace('&', '&&'))}</{tag}>"
        for tag, text in (("oddHeader", header), ("oddFooter", footer))
        if text is not None
    )
    return (
        f'<worksheet xmlns="{_MAIN}"><sheetData>{lines}</sheetData>'
        + (f"<headerFooter>{edges}</headerFooter>" if edges else "")
        + "</worksheet>"
    )


def _cell(place: str, value: Cell, strings: dict[str, int], style: str) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return f'<c r="{place}" t="s"><v>{strings.setdefault(value, len(strings))}</v></c>'
    return f'<c r="{place}"{style}><v>{value}</v></c>'


def _column(at: int) -> str:
    return (_column(at // 26 - 1) if at >= 26 else "") + chr(65 + at % 26)


def _shared(strings: dict[str, int]) -> str:
    items = "".join(f'<si><t xml:space="preserve">{escape(text)}</t></si>' for text in strings)
    return f'<sst xmlns="{_MAIN}" count="{len(strings)}" uniqueCount="{len(strings)}">{items}</sst>'


def _styles(codes: Sequence[str]) -> str:
    formats = "".join(f'<numFmt numFmtId="{164 + at}" formatCode={quoteattr(code)}/>' for at, code in enumerate(codes))
    styles = "".join(
        f'<xf numFmtId="{id_}" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>' for id_ in range(164, 164 + len(codes))
    )
    return (
        f'<styleSheet xmlns="{_MAIN}">'
        + (f'<numFmts count="{len(codes)}">{formats}</numFmts>' if codes else "")
        + '<fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts>'
        '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>'
        '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
        '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
        f'<cellXfs count="{len(codes) + 1}"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>{styles}</cellXfs></styleSheet>'
    )
