"""Every place in a workbook and in a deck where words and numbers can stand (ECMA-376-1, SpreadsheetML and PresentationML)."""

import io
import zipfile
from collections.abc import Iterator, Mapping

from tests.build import pptx, xlsx
from tests.corpus.entries import EXCEL, MARKING, NHS, PERSON, SLIDES, Technique, carrying

DIGITS = int(NHS.replace(" ", ""))
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_A = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
_P = 'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"'
_XDR = 'xmlns:xdr="http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing"'


def techniques() -> Iterator[Technique]:
    for name, octets in {**_cells(), **_sheet_parts()}.items():
        yield Technique("office: sheets", name, "detector", "list.xlsx", carrying("list.xlsx", octets, EXCEL))
    for name, octets in _slides().items():
        yield Technique("office: slides", name, "detector", "talk.pptx", carrying("talk.pptx", octets, SLIDES))
    for name, (octets, where) in _sheet_markings().items():
        yield Technique("office: sheets", name, "marking", where, carrying("list.xlsx", octets, EXCEL))
    for name, (octets, where) in _slide_markings().items():
        yield Technique("office: slides", name, "marking", where, carrying("talk.pptx", octets, SLIDES))


def changed(package: bytes, replace: Mapping[str, tuple[str, str]], more: Mapping[str, str] | None = None) -> bytes:
    """An office document, other words in some of its parts, and with more parts."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            text = old.read(name)
            if name in replace:
                before, after = replace[name]
                assert before.encode() in text, (name, text[:2000])
                text = text.replace(before.encode(), after.encode(), 1)
            new.writestr(name, text)
        for name, xml in (more or {}).items():
            new.writestr(name, xml)
    return target.getvalue()


def _sheet(before: str, after: str) -> bytes:
    return changed(xlsx([["Name", "Place"], ["x", "y"]]), {"xl/worksheets/sheet1.xml": (before, after)})


def _cells() -> dict[str, bytes]:
    column = [["Name", "NHS number"], *[[f"Person {row}", value] for row, value in enumerate((DIGITS, "9434765919", 9434765870))]]
    row = '<row r="9"><c r="A9"{kind}>{inner}</c></row></sheetData>'
    return {
        "a cell": xlsx([[PERSON]]),
        "a number below a heading": xlsx([["Name", "NHS number"], ["Alex", DIGITS]]),
        "a text below a heading": xlsx([["Name", "NHS number"], ["Alex", NHS]]),
        "a column of numbers": xlsx(column),
        "a heading beside it": xlsx([["NHS number", DIGITS]]),
        "a number in a cell far away": _sheet("</sheetData>", row.format(kind="", inner=f"<v>{DIGITS}</v>").replace("A9", "XFD9").replace("</row>", '<c r="XFC9" t="inlineStr"><is><t>NHS number</t></is></c></row>')),
        "an inline string": _sheet("</sheetData>", row.format(kind=' t="inlineStr"', inner=f"<is><t>{PERSON}</t></is>")),
        "an inline string in runs": _sheet("</sheetData>", row.format(kind=' t="inlineStr"', inner="<is><r><t>NHS number: 48</t></r><r><t>5 777 3457</t></r></is>")),
        "a formula's text": _sheet("</sheetData>", row.format(kind=' t="str"', inner=f"<f>A1</f><v>{PERSON}</v>")),
        "a formula with the words in it": _sheet("</sheetData>", row.format(kind="", inner=f'<f>LEN("{PERSON}")</f><v>24</v>')),
        "a number written with an exponent": changed(xlsx([["NHS number"], [1]]), {"xl/worksheets/sheet1.xml": ("<v>1</v>", "<v>4.857773457E9</v>")}),
        "a number whose format says what it is": _formatted(),
        "a shared string in runs": changed(xlsx([["Hello"]]), {"xl/sharedStrings.xml": ('<t xml:space="preserve">Hello</t>', "<r><t>NHS number: 485 7</t></r><r><t>77 3457</t></r>")}),
        "a reading aid above a text": changed(xlsx([["Hello"]]), {"xl/sharedStrings.xml": ("</si>", f"<rPh sb='0' eb='1'><t>{PERSON}</t></rPh></si>")}),
        "a hidden sheet": xlsx([["a"]], hidden_rows=[[PERSON]]),
        "a very hidden sheet": changed(xlsx([["a"]], hidden_rows=[[PERSON]]), {"xl/workbook.xml": ('state="hidden"', 'state="veryHidden"')}),
        "a hidden row": changed(xlsx([["a"], [PERSON]]), {"xl/worksheets/sheet1.xml": ('<row r="2"', '<row r="2" hidden="1"')}),
        "a hidden column": changed(xlsx([["a", PERSON]]), {"xl/worksheets/sheet1.xml": ("<sheetData>", '<cols><col min="2" max="2" hidden="1"/></cols><sheetData>')}),
        "the name of a sheet": xlsx([["a"]], sheet="NHS number 485 777 3457"),
        "the page header": xlsx([["a"]], header=PERSON),
    }  # fmt: skip


def _formatted() -> bytes:
    """A bare number that is shown as `NHS number 485 777 3457`."""
    code = "&quot;NHS number &quot;000&quot; &quot;000&quot; &quot;0000"
    styles = ('<fonts count="1">', f'<numFmts count="1"><numFmt numFmtId="170" formatCode="{code}"/></numFmts><fonts count="1">')
    made = changed(
        xlsx([["Name", "Number"], ["Alex", DIGITS]]),
        {"xl/styles.xml": styles, "xl/worksheets/sheet1.xml": ('<c r="B2">', '<c r="B2" s="1">')},
    )
    before = '<cellXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    after = f'{before.replace("1", "2", 1)}<xf numFmtId="170" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    return changed(made, {"xl/styles.xml": (before, after)})


def _sheet_parts() -> dict[str, bytes]:
    plain = xlsx([["a"]])
    book = "xl/workbook.xml"
    comments = f'<comments xmlns="{_MAIN}"><commentList><comment ref="A1" authorId="0"><text><r><t>{PERSON}</t></r></text></comment></commentList></comments>'
    drawing = f"<xdr:wsDr {_XDR} {_A}><xdr:sp><xdr:txBody><a:p><a:r><a:t>{PERSON}</a:t></a:r></a:p></xdr:txBody></xdr:sp></xdr:wsDr>"
    alternative = (
        f'<xdr:wsDr {_XDR} {_A}><xdr:pic><xdr:nvPicPr><xdr:cNvPr id="1" name="x" descr="{PERSON}"/></xdr:nvPicPr></xdr:pic></xdr:wsDr>'
    )
    chart = f'<c:chartSpace xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart"><c:strCache><c:pt idx="0"><c:v>{PERSON}</c:v></c:pt></c:strCache></c:chartSpace>'
    rule = f'</sheetData><dataValidations><dataValidation sqref="A1" prompt="{PERSON}" type="list"><formula1>"a,b"</formula1></dataValidation></dataValidations>'
    choices = f'</sheetData><dataValidations><dataValidation sqref="A1" type="list"><formula1>"{PERSON}"</formula1></dataValidation></dataValidations>'
    return {
        "a comment": changed(plain, {}, {"xl/comments1.xml": comments}),
        "a threaded comment": changed(plain, {}, {"xl/threadedComments/threadedComment1.xml": f'<ThreadedComments xmlns="http://schemas.microsoft.com/office/spreadsheetml/2018/threadedcomments"><threadedComment ref="A1"><text>{PERSON}</text></threadedComment></ThreadedComments>'}),
        "a defined name": changed(plain, {book: ("</sheets>", f'</sheets><definedNames><definedName name="x">"{PERSON}"</definedName></definedNames>')}),
        "a defined name's comment": changed(plain, {book: ("</sheets>", f'</sheets><definedNames><definedName name="x" comment="{PERSON}">1</definedName></definedNames>')}),
        "a text box": changed(plain, {}, {"xl/drawings/drawing1.xml": drawing}),
        "a picture's alternative text": changed(plain, {}, {"xl/drawings/drawing1.xml": alternative}),
        "a chart's cached text": changed(plain, {}, {"xl/charts/chart1.xml": chart}),
        "a hint of a validation": changed(plain, {"xl/worksheets/sheet1.xml": ("</sheetData>", rule)}),
        "the choices of a validation": changed(plain, {"xl/worksheets/sheet1.xml": ("</sheetData>", choices)}),
        "the cache of a pivot table": changed(plain, {}, {"xl/pivotCache/pivotCacheDefinition1.xml": f'<pivotCacheDefinition xmlns="{_MAIN}"><cacheFields count="1"><cacheField name="x"><sharedItems><s v="{PERSON}"/></sharedItems></cacheField></cacheFields></pivotCacheDefinition>'}),
        "the cache of another workbook": changed(plain, {}, {"xl/externalLinks/externalLink1.xml": f'<externalLink xmlns="{_MAIN}"><externalBook><sheetDataSet><sheetData sheetId="0"><row r="1"><cell r="A1" t="str"><v>{PERSON}</v></cell></row></sheetData></sheetDataSet></externalBook></externalLink>'}),
        "a heading of a table": changed(plain, {}, {"xl/tables/table1.xml": f'<table xmlns="{_MAIN}" id="1" name="t" displayName="t" ref="A1:A2"><tableColumns count="1"><tableColumn id="1" name="{PERSON}"/></tableColumns></table>'}),
        "a custom property": xlsx([["a"]], properties=[("Case", PERSON)]),
    }  # fmt: skip


def _sheet_markings() -> dict[str, tuple[bytes, str]]:
    return {
        "a marking in the page header": (xlsx([["a"]], header=MARKING), "page header"),
        "a marking in the page footer": (xlsx([["a"]], footer=MARKING), "page footer"),
        "a marking in the header's left part": (changed(xlsx([["a"]], header=MARKING), {"xl/worksheets/sheet1.xml": ("&amp;C", '&amp;L&amp;"Arial,Bold"&amp;12')}), "page header"),
        "a marking of a label in the page header": (changed(xlsx([["a"]], header=MARKING), {"xl/worksheets/sheet1.xml": (MARKING, f'&amp;"Calibri"&amp;10&amp;K000000{MARKING}&amp;1#_x000D_')}), "page header"),
        "a marking in the first cell": (xlsx([[MARKING], ["a"]]), "official-sensitive"),
        "a marking as a custom property": (xlsx([["a"]], properties=[("Marking", MARKING)]), "docProps"),
    }  # fmt: skip


# --- slides ---------------------------------------------------------------------------------------------------------------


def _text(text: str, *, of: str = "sld") -> str:
    return f"<p:{of} {_P} {_A}><p:cSld><p:spTree><p:sp><p:txBody><a:p><a:r><a:t>{text}</a:t></a:r></a:p></p:txBody></p:sp></p:spTree></p:cSld></p:{of}>"


def _slides() -> dict[str, bytes]:
    plain = pptx(["Hello"])
    slide = "ppt/slides/slide1.xml"
    table = f"<p:graphicFrame><a:graphic><a:graphicData><a:tbl><a:tr><a:tc><a:txBody><a:p><a:r><a:t>{PERSON}</a:t></a:r></a:p></a:txBody></a:tc></a:tr></a:tbl></a:graphicData></a:graphic></p:graphicFrame></p:spTree>"
    return {
        "a slide": pptx([PERSON]),
        "the last slide of many": pptx([*["Hello"] * 30, PERSON]),
        "a hidden slide": changed(pptx(["Hello", PERSON]), {"ppt/slides/slide2.xml": ("<p:sld ", '<p:sld show="0" ')}),
        "split runs": changed(plain, {slide: ("<a:t>Hello</a:t></a:r>", "<a:t>NHS number: 48</a:t></a:r><a:r><a:t>5 777 3457</a:t></a:r>")}),
        "the notes": changed(plain, {}, {"ppt/notesSlides/notesSlide1.xml": _text(PERSON, of="notes")}),
        "the master": changed(plain, {"ppt/slideMasters/slideMaster1.xml": ("</p:spTree>", f"<p:sp><p:txBody><a:p><a:r><a:t>{PERSON}</a:t></a:r></a:p></p:txBody></p:sp></p:spTree>")}),
        "the layout": changed(plain, {"ppt/slideLayouts/slideLayout1.xml": ("</p:spTree>", f"<p:sp><p:txBody><a:p><a:r><a:t>{PERSON}</a:t></a:r></a:p></p:txBody></p:sp></p:spTree>")}),
        "the hand-out's master": changed(plain, {}, {"ppt/handoutMasters/handoutMaster1.xml": _text(PERSON, of="handoutMaster")}),
        "a comment": changed(plain, {}, {"ppt/comments/comment1.xml": f'<p:cmLst {_P}><p:cm authorId="0"><p:text>{PERSON}</p:text></p:cm></p:cmLst>'}),
        "a modern comment": changed(plain, {}, {"ppt/comments/modernComment_1.xml": f'<p188:cmLst xmlns:p188="http://schemas.microsoft.com/office/powerpoint/2018/8/main" {_A}><p188:cm><p188:txBody><a:p><a:r><a:t>{PERSON}</a:t></a:r></a:p></p188:txBody></p188:cm></p188:cmLst>'}),
        "an alternative text": changed(plain, {slide: ('name="Text"', f'name="Text" descr="{PERSON}"')}),
        "a table": changed(plain, {slide: ("</p:spTree>", table)}),
        "a smart art": changed(plain, {}, {"ppt/diagrams/data1.xml": f'<dgm:dataModel xmlns:dgm="http://schemas.openxmlformats.org/drawingml/2006/diagram" {_A}><dgm:ptLst><dgm:pt><dgm:t><a:p><a:r><a:t>{PERSON}</a:t></a:r></a:p></dgm:t></dgm:pt></dgm:ptLst></dgm:dataModel>'}),
        "the name of a section": changed(plain, {"ppt/presentation.xml": ("</p:presentation>", f'<p:extLst><p:ext uri="x"><p14:sectionLst xmlns:p14="http://schemas.microsoft.com/office/powerpoint/2010/main"><p14:section name="{PERSON}"/></p14:sectionLst></p:ext></p:extLst></p:presentation>')}),
        "a tag": changed(plain, {}, {"ppt/tags/tag1.xml": f'<p:tagLst {_P}><p:tag name="X" val="{PERSON}"/></p:tagLst>'}),
    }  # fmt: skip


def _slide_markings() -> dict[str, tuple[bytes, str]]:
    return {
        "a marking in the footer": (pptx(["Hello"], footer=MARKING), "footer"),
        "a marking as the first line": (pptx([f"{MARKING}\nHello"]), "official-sensitive"),
        "a marking as a custom property": (pptx(["Hello"], properties=[("Marking", MARKING)]), "docProps"),
    }
