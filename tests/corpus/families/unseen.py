"""Page headers that are in a file and on no page that a person sees: what is marked there counts, and makes nothing public.

By the pack of the corpus public files go as unmarked ones do: that none of these lowers, tests/content/test_unseen_edges.py sees to.
"""

import io
import struct
import zipfile
from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial
from typing import Any

from olefile import OleFileIO

from tests.build import docx, pptx, xlsx
from tests.build.binary_workbooks import xlsb
from tests.build.libreoffice import converted
from tests.build.ooxml import RELATIONSHIPS, package, relationships
from tests.content.compound import begin, compound, record, string, workbook
from tests.corpus.entries import ANY, LINE, Innocent, Technique, carrying
from tests.corpus.families.opened import odt, opened
from tests.corpus.families.sheets import changed

Edged = Callable[[str], bytes]  # words of a page header to a file that has them

_FAMILY = "office: edges of no page"
_OFFICE = "application/vnd.openxmlformats-officedocument"
_WORD = f'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:r="{RELATIONSHIPS}"'
_SLIDES = (
    'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
)
_SHEET = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_SHEET1, _BOOK = "xl/worksheets/sheet1.xml", "xl/workbook.xml"


def techniques() -> Iterator[Technique]:
    for name, edged in UNSEEN.items():
        yield Technique(_FAMILY, name, "marking", "footer" if "footer" in name else "header", carrying("plan", edged(LINE), ANY))


def innocents() -> Iterator[Innocent]:
    """What is left in a file of a marking that says nothing stricter than none."""
    for name in (
        "a header of Word for first pages that are as the others",
        "a header of a hidden sheet",
        "the pattern of headers in a master",
    ):
        yield Innocent(_FAMILY, f"{name} that says nothing", carrying("plan", UNSEEN[name]("PUBLIC"), ANY))


# --- Word -----------------------------------------------------------------------------------------------------------------


def _word(words: str, *sections: str, settings: str = "") -> bytes:
    """A document of these sections; relationship 1 is the header with the words, 2 another one."""
    links = [
        (f"{RELATIONSHIPS}/{kind}", target)
        for kind, target in (("header", "header1.xml"), ("header", "header2.xml"), ("settings", "settings.xml"))
    ]
    *others, last = (f"<w:sectPr>{section}</w:sectPr>" for section in sections)
    body = "".join(f"<w:p><w:pPr>{section}</w:pPr><w:r><w:t>A.</w:t></w:r></w:p>" for section in others)
    main, kind = f"{_OFFICE}.wordprocessingml.document.main+xml", f"{_OFFICE}.wordprocessingml"
    parts = {
        "word/document.xml": (main, f"<w:document {_WORD}><w:body>{body}<w:p><w:r><w:t>B.</w:t></w:r></w:p>{last}</w:body></w:document>"),
        "word/_rels/document.xml.rels": ("", relationships(links)),
        "word/settings.xml": (f"{kind}.settings+xml", f"<w:settings {_WORD}>{settings}</w:settings>"),
    }
    for number, said in enumerate((words, "A plan"), 1):
        parts[f"word/header{number}.xml"] = (f"{kind}.header+xml", f"<w:hdr {_WORD}><w:p><w:r><w:t>{said}</w:t></w:r></w:p></w:hdr>")
    return package("word/document.xml", main, parts)


def _header(pages: str, number: int = 1) -> str:
    return f'<w:headerReference w:type="{pages}" r:id="rId{number}"/>'


def _stray(words: str) -> bytes:
    """A part that has only the type of a header."""
    part = f"<w:hdr {_WORD}><w:p><w:r><w:t>{words}</w:t></w:r></w:p></w:hdr>"
    said = f'<Override PartName="/word/header9.xml" ContentType="{_OFFICE}.wordprocessingml.header+xml"/></Types>'
    return changed(docx(["A."]), {"[Content_Types].xml": ("</Types>", said)}, {"word/header9.xml": part})


_EVEN = "<w:evenAndOddHeaders/>"
_FOREIGN = 'xmlns:y="urn:y"'
_OWN = f"<w:p><w:pPr><w:sectPr>{_header('default')}</w:sectPr></w:pPr></w:p>"  # a paragraph with a section


def _around(before: str, after: str) -> Edged:
    """The section with the header stands in something; the last of the text has none."""
    return lambda words: changed(_word(words, ""), {"word/document.xml": ("<w:body>", f"<w:body>{before}{_OWN}{after}")})


def _only_section(words: str) -> bytes:
    """The main part is nothing but a section."""
    whole = zipfile.ZipFile(io.BytesIO(_word(words, ""))).read("word/document.xml").decode()
    return changed(_word(words, ""), {"word/document.xml": (whole, f"<w:sectPr {_WORD}>{_header('default')}</w:sectPr>")})


def _words(*sections: str, settings: str = "") -> Edged:
    return lambda words: _word(words, *sections, settings=settings)


_UNSEEN_IN_WORD: dict[str, Edged] = {
    "a header of Word to which nothing refers": _words(""),
    "a header of Word that only has the type": _stray,
    "a header of Word for first pages that are as the others": _words(_header("first")),
    "a header of Word for first pages, which is off": _words(_header("first") + '<w:titlePg w:val="0"/>'),
    "a header of Word for even pages that are as the others": _words(_header("even")),
    "a header of Word for even pages, which is off": _words(_header("even"), settings='<w:evenAndOddHeaders w:val="false"/>'),
    "a header of Word that another takes the place of": _words(_header("first"), _header("first", 2) + "<w:titlePg/>"),
    "a header of Word for first pages, which is on and then off": _words(_header("first") + '<w:titlePg/><w:titlePg w:val="0"/>'),
    "a header of Word for first pages, which is off with blanks": _words(_header("first") + '<w:titlePg w:val=" 0 "/>'),
    "a header of Word for first pages that a foreign element asks for": _words(_header("first") + f"<y:titlePg {_FOREIGN}/>"),
    "a header of Word for first pages, which a foreign attribute asks for": _words(
        _header("first") + f'<w:titlePg {_FOREIGN} y:val="1" w:val="0"/>'
    ),
    "a header of Word for even pages that a foreign element asks for": _words(
        _header("even"), settings=f"<y:evenAndOddHeaders {_FOREIGN}/>"
    ),
    "a header of Word that a foreign element refers to": _words(f'<y:headerReference {_FOREIGN} w:type="default" r:id="rId1"/>'),
    "a header of Word of other pages by a foreign attribute": _words(
        f'<w:headerReference {_FOREIGN} w:type="first" y:type="default" r:id="rId1"/>'
    ),
    "a header of Word of a section before a change": _around('<w:p><w:pPr><w:pPrChange w:id="1">', "</w:pPrChange></w:pPr></w:p>"),
    "a header of Word of properties before a change": lambda words: changed(
        _word(words, ""),
        {
            "word/document.xml": (
                "<w:body>",
                f'<w:body><w:p><w:pPr><w:pPrChange w:id="1"><w:pPr><w:sectPr>{_header("default")}</w:sectPr></w:pPr></w:pPrChange></w:pPr></w:p>',
            )
        },
    ),
    "a header of Word of a section in a fallback": _around(
        '<mc:AlternateContent xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"><mc:Choice Requires="w"/><mc:Fallback>',
        "</mc:Fallback></mc:AlternateContent>",
    ),
    "a header of Word of a section in a text box": _around("<w:p><w:r><w:pict><w:txbxContent>", "</w:txbxContent></w:pict></w:r></w:p>"),
    "a header of Word of a section in a foreign element": _around(f"<y:gone {_FOREIGN}>", "</y:gone>"),
    "a header of Word of a section in a foreign element of a long text": _around(
        f"<w:p><w:r><w:t>{'A plan. ' * 70_000}</w:t></w:r></w:p><y:gone {_FOREIGN}>", "</y:gone>"
    ),
    "a header of Word of a section that is all": _only_section,
}
_SHOWN_IN_WORD: dict[str, Edged] = {
    "a header of Word": _words(_header("default")),
    "a header of Word without a type": _words('<w:headerReference r:id="rId1"/>'),
    "a header of an earlier section": _words(_header("default"), _header("default", 2)),
    "a header of a first page": _words(_header("first") + "<w:titlePg/>"),
    "a header of first pages that the next section has": _words(_header("first"), "<w:titlePg/>"),
    "a header of even pages": _words(_header("even"), settings=_EVEN),
    "a header of a first page, which is off and then on": _words(_header("first") + '<w:titlePg w:val="0"/><w:titlePg/>'),
    "a header of a section in a content control": _around("<w:sdt><w:sdtContent>", "</w:sdtContent></w:sdt>"),
    "a header of a section in a table": _around("<w:tbl><w:tr><w:tc>", "</w:tc></w:tr></w:tbl>"),
    "a header of a long document": lambda words: _word(words, *(_header("default") + "<w:cols/>" * 50,) * 400),
}


# --- Excel ----------------------------------------------------------------------------------------------------------------


def _sheet(words: str, holder: str = "<headerFooter>{}</headerFooter>", edge: str = "oddHeader") -> bytes:
    return changed(xlsx([["a"]]), {_SHEET1: ("</sheetData>", f"</sheetData>{holder.format(f'<{edge}>&amp;C{words}</{edge}>')}")})


def _listed(words: str, state: str) -> bytes:
    return changed(xlsx([["a"]], header=words), {_BOOK: ('sheetId="1"', f'sheetId="1"{state}')})


def _unlisted(words: str) -> bytes:
    part = f"<worksheet {_SHEET}><sheetData/><headerFooter><oddHeader>&amp;C{words}</oddHeader></headerFooter></worksheet>"
    said = f'<Override PartName="/xl/worksheets/sheet9.xml" ContentType="{_OFFICE}.spreadsheetml.worksheet+xml"/></Types>'
    return changed(xlsx([["a"]]), {"[Content_Types].xml": ("</Types>", said)}, {"xl/worksheets/sheet9.xml": part})


def _unnamed(words: str) -> bytes:
    """The workbook has a relationship to the sheet, and no tab for it."""
    return changed(_listed(words, ""), {_BOOK: ('r:id="rId1"', 'r:id="rId9"')})


def _listed_twice(words: str, state: str, space: str = "") -> bytes:
    """One sheet has two tabs, of which the other one is visible; with a `space` there is but the foreign one."""
    other = f'<y:sheet xmlns:y="{space}" name="b" r:id="rId1"/>' if space else '<sheet name="b" sheetId="2" r:id="rId1"/>'
    whole = _unnamed(words) if space else _listed(words, state)
    return changed(whole, {_BOOK: ("</sheets>", f"{other}</sheets>")})


def _listed_in_extension(words: str) -> bytes:
    said = '<extLst><ext uri="y"><sheets><sheet name="b" sheetId="2" r:id="rId1"/></sheets></ext></extLst></workbook>'
    return changed(_unnamed(words), {_BOOK: ("</workbook>", said)})


_UNSEEN_IN_EXCEL: dict[str, Edged] = {
    "a header of a sheet to which nothing refers": _unlisted,
    "a header of a sheet without a tab": _unnamed,
    "a header of a hidden sheet": partial(_listed, state=' state="hidden"'),
    "a header of a very hidden sheet": partial(_listed, state=' state="veryHidden"'),
    "a header for first pages of a sheet that are as the others": partial(_sheet, edge="firstHeader"),
    "a header for even pages of a sheet that are as the others": partial(_sheet, edge="evenHeader"),
    "an element of a sheet that is called like a header": partial(_sheet, holder="{}"),
    "a header of a hidden sheet, with blanks": partial(_listed, state=' state=" hidden "'),
    "a header of a hidden sheet that is visible elsewhere": partial(_listed_twice, state=' state="hidden"'),
    "a header of a sheet that a foreign element lists": partial(_listed_twice, state="", space="urn:y"),
    "a header of a sheet that an extension lists": _listed_in_extension,
    "a header of a view of a sheet": partial(_sheet, holder="<customSheetViews><customSheetView><headerFooter>{}</headerFooter></customSheetView></customSheetViews>"),
    "a header of a foreign namespace": partial(_sheet, holder='<y:headerFooter xmlns:y="urn:y" xmlns="urn:y">{}</y:headerFooter>'),
}  # fmt: skip
_SHOWN_IN_EXCEL: dict[str, Edged] = {
    "a header of a sheet": partial(_sheet),
    "a header of first pages of a sheet": partial(_sheet, holder='<headerFooter differentFirst="1">{}</headerFooter>', edge="firstHeader"),
    "a header of even pages of a sheet": partial(
        _sheet, holder='<headerFooter differentOddEven="true">{}</headerFooter>', edge="evenHeader"
    ),
    "a header of a visible sheet": partial(_listed, state=' state="visible"'),
}


# --- Excel in binary parts, and Excel 97 to 2003 -----------------------------------------------------------------------------


def _binary(words: str, **more: Any) -> bytes:
    return xlsb([["a"]], header=f"&C{words}", **more)


def _binary_unlisted(words: str) -> bytes:
    part = zipfile.ZipFile(io.BytesIO(_binary(words))).read("xl/worksheets/sheet1.bin")
    return xlsb([["a"]], parts={"xl/worksheets/sheet9.bin": part})


def _old(words: str, *, state: int = 0, before: bytes = b"", after: bytes = b"") -> bytes:
    return workbook([["a"]], beside=before + record(0x14, string(f"&C{words}")) + after, state=state)


def _old_others(words: str, *, flags: int = 0, view: bytes = bytes(16), pages: int = 0) -> bytes:
    """Even (0) or first (2) pages ([MS-XLS] section 2.4.137)."""
    lengths = struct.pack("<4H", *(len(words) if number == pages else 0 for number in range(4)))
    return workbook([["a"]], beside=record(0x89C, bytes(12) + view + struct.pack("<H", flags) + lengths + string(words)))


_UNSEEN_IN_BINARY: dict[str, Edged] = {
    "a header of a binary sheet to which nothing refers": _binary_unlisted,
    "a header of a hidden binary sheet": partial(_binary, state=1),
    "a header of a very hidden binary sheet": partial(_binary, state=2),
    "a header of even pages of a binary sheet that are as the others": partial(_binary, edge=2, flags=2),
    "a header of first pages of a binary sheet that are as the others": partial(_binary, edge=4, flags=1),
    "a header of a view of a binary sheet": partial(_binary, in_view=True),
    "a header of a hidden old sheet": partial(_old, state=1),
    "a header of a very hidden old sheet": partial(_old, state=2),
    "a header of a view of an old sheet": partial(_old, before=record(0x1AA, bytes(50)), after=record(0x1AB, b"\1\0")),
    "a header of a chart in an old sheet": partial(_old, before=begin(0x20), after=record(0x0A)),
    "a header of even pages of an old sheet that are as the others": partial(_old_others, flags=2),
    "a header of first pages of an old sheet that are as the others": partial(_old_others, flags=1, pages=2),
    "a header of even pages of a view of an old sheet": partial(_old_others, flags=1, view=b"\1" * 16),
}
_SHOWN_IN_BINARY: dict[str, Edged] = {
    "a header of a binary sheet": partial(_binary),
    "a header of even pages of a binary sheet": partial(_binary, edge=2, flags=1),
    "a header of first pages of a binary sheet": partial(_binary, edge=4, flags=2),
    "a header of an old sheet": partial(_old),
    "a header of an old sheet behind a view": partial(_old, before=record(0x1AA, bytes(50)) + record(0x1AB, b"\1\0")),
    "a header of even pages of an old sheet": partial(_old_others, flags=1),
    "a header of first pages of an old sheet": partial(_old_others, flags=2, pages=2),
}


# --- PowerPoint -----------------------------------------------------------------------------------------------------------

_SLIDE1, _LAYOUT1, _MASTER1 = (f"ppt/{kind}s/{kind}1.xml" for kind in ("slide", "slideLayout", "slideMaster"))


def _shape(words: str, *, placeholder: str = "", hidden: str = "") -> str:
    """At the top of what holds it."""
    return (
        f'<p:sp><p:nvSpPr><p:cNvPr id="9" name="x"{hidden}/><p:cNvSpPr/><p:nvPr>{placeholder}</p:nvPr></p:nvSpPr>'
        f'<p:spPr><a:xfrm><a:off x="0" y="0"/></a:xfrm></p:spPr><p:txBody><a:p><a:r><a:t>{words}</a:t></a:r></a:p></p:txBody></p:sp>'
    )


_HDR = '<p:ph type="hdr"/>'


def _slides(words: str, part: str = _SLIDE1, slide: tuple[str, str] = ("", ""), placeholder: str = "", hidden: str = "") -> bytes:
    """Two slides and the words in a shape of one part; `slide` is a change of the first slide."""
    plain = changed(pptx(["Hello"]), {part: ("</p:spTree>", f"{_shape(words, placeholder=placeholder, hidden=hidden)}</p:spTree>")})
    return changed(plain, {_SLIDE1: slide})


def _slide_that_is_not_listed(words: str) -> bytes:
    return changed(_slides(words, placeholder=_HDR), {"ppt/presentation.xml": ('<p:sldId id="256" r:id="rId2"/>', "")})


def _slide_that_an_extension_lists(words: str) -> bytes:
    said = f'<p:extLst><p:ext uri="y"><y:all {_FOREIGN}><y:sldId id="256" r:id="rId2"/><p:sldId id="256" r:id="rId2"/></y:all></p:ext></p:extLst>'
    return changed(_slide_that_is_not_listed(words), {"ppt/presentation.xml": ("</p:presentation>", f"{said}</p:presentation>")})


def _grouped(words: str, hidden: str = "", frame: str = "", part: str = _MASTER1, **shape: str) -> bytes:
    """The shape is in a group."""
    said = f'<p:nvGrpSpPr><p:cNvPr id="5" name="g"{hidden}/><p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr><p:grpSpPr>{frame}</p:grpSpPr>'
    group = f"<p:grpSp>{said}<p:grpSp>{said.replace(hidden or '?', '')}{_shape(words, **shape)}</p:grpSp></p:grpSp>"
    return changed(pptx(["Hello"]), {part: ("</p:spTree>", f"{group}</p:spTree>")})


def _frame(left: int, top: int) -> str:
    """Of a group that moves what is in it there."""
    corners = f'<a:off x="{left}" y="{top}"/><a:ext cx="9" cy="9"/><a:chOff x="0" y="0"/><a:chExt cx="9" cy="9"/>'
    return f"<a:xfrm>{corners}</a:xfrm>"


def _at(words: str, left: int, top: int, *, part: str = _MASTER1, placeholder: str = "", size: str = "", before: str = "") -> bytes:
    """Where the shape stands, and how large slides are."""
    shape = _shape(words, placeholder=placeholder).replace('<a:off x="0" y="0"/>', f'{before}<a:off x="{left}" y="{top}"/>')
    whole = changed(pptx(["Hello"]), {part: ("</p:spTree>", f"{shape}</p:spTree>")})
    return changed(whole, {"ppt/presentation.xml": ('cx="9144000" cy="6858000"/><p:notes', f"{size}/><p:notes") if size else ("", "")})


def _in_a_fallback(words: str) -> bytes:
    space = "http://schemas.openxmlformats.org/markup-compatibility/2006"
    begin = f'<mc:AlternateContent xmlns:mc="{space}"><mc:Choice Requires="p"/><mc:Fallback>'
    whole = f"{begin}{_shape(words, placeholder=_HDR)}</mc:Fallback></mc:AlternateContent></p:spTree>"
    return changed(pptx(["Hello"]), {_SLIDE1: ("</p:spTree>", whole)})


def _without_master(words: str) -> bytes:
    """The slides have a layout that does not show its master."""
    return changed(_slides(words, part=_MASTER1), {_LAYOUT1: ("<p:sldLayout ", '<p:sldLayout showMasterSp="0" ')})


def _without_master_said_late(words: str) -> bytes:
    """The same, where the layout has a name behind that of the master."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(_without_master(words))) as before, zipfile.ZipFile(buffer, "w") as after:
        for name in before.namelist():
            after.writestr(name.replace("slideLayouts/", "zLayouts/"), before.read(name).replace(b"slideLayouts/", b"zLayouts/"))
    return buffer.getvalue()


def _beside(words: str, kind: str, root: str) -> bytes:
    """A part to which nothing refers."""
    name = f"ppt/{kind}s/{kind}9.xml"
    said = f'<Override PartName="/{name}" ContentType="{_OFFICE}.presentationml.{kind}+xml"/></Types>'
    shape = _shape(words, placeholder="" if kind == "slideMaster" else _HDR)
    part = f"<p:{root} {_SLIDES}><p:cSld><p:spTree>{shape}</p:spTree></p:cSld></p:{root}>"
    return changed(pptx(["Hello"]), {"[Content_Types].xml": ("</Types>", said)}, {name: part})


_UNSEEN_IN_POWERPOINT: dict[str, Edged] = {
    "a header of a slide that is not listed": _slide_that_is_not_listed,
    "a header of a slide to which nothing refers": partial(_beside, kind="slide", root="sld"),
    "a header of a hidden slide": partial(_slides, placeholder=_HDR, slide=("<p:sld ", '<p:sld show="0" ')),
    "a header of a slide that is hidden itself": partial(_slides, placeholder=_HDR, hidden=' hidden="1"'),
    "a header of a master to which nothing refers": partial(_beside, kind="slideMaster", root="sldMaster"),
    "a header of a master of hidden slides": partial(_slides, part=_MASTER1, slide=("<p:sld ", '<p:sld show="false" ')),
    "a header of a master that no slide shows": partial(_slides, part=_MASTER1, slide=("<p:sld ", '<p:sld showMasterSp="0" ')),
    "a header of a layout that no slide shows": partial(_slides, part=_LAYOUT1, slide=("<p:sld ", '<p:sld showMasterSp="0" ')),
    "a header in a hidden group of a master": partial(_grouped, hidden=' hidden="1"'),
    "a header in a hidden group of a slide": partial(_grouped, hidden=' hidden="true"', part=_SLIDE1, placeholder=_HDR),
    "a header in a group that moves it off the slide": partial(_grouped, frame=_frame(0, -9_000_000)),
    "a header above the slides": partial(_at, left=0, top=-9_000_000),
    "a header left of the slides": partial(_at, left=-9_000_000, top=0),
    "a header right of the slides": partial(_at, left=9_144_000, top=0),
    "a footer below the slides": partial(_at, left=0, top=6_858_000),
    "a footer below slides that are lower": partial(_at, left=0, top=6_500_000, size='cx="9144000" cy="5143500"'),
    "a header above the slides that a foreign element puts on them": partial(
        _at, left=0, top=-9_000_000, before=f'<y:off {_FOREIGN} x="0" y="0"/>'
    ),
    "a header beside its slide": partial(_at, left=9_144_000, top=0, part=_SLIDE1, placeholder=_HDR),
    "a header in a fallback of a slide": _in_a_fallback,
    "a header of a slide that is hidden, with blanks": partial(_slides, placeholder=_HDR, slide=("<p:sld ", '<p:sld show=" 0 " ')),
    "a header of a slide that an extension lists": _slide_that_an_extension_lists,
    "a header of a master that no layout shows": _without_master,
    "a header of a master that no layout shows, which is said behind it": _without_master_said_late,
    "the pattern of headers in a master": partial(_slides, part=_MASTER1, placeholder=_HDR),
    "a header of notes to which nothing refers": partial(_beside, kind="notesSlide", root="notes"),
    "a header of hand-outs to which nothing refers": partial(_beside, kind="handoutMaster", root="handoutMaster"),
}
_SHOWN_IN_POWERPOINT: dict[str, Edged] = {
    "a header of a slide": partial(_slides, placeholder=_HDR),
    "a header of a master": partial(_slides, part=_MASTER1),
    "a header of a layout": partial(_slides, part=_LAYOUT1),
    "a header in a group of a master": partial(_grouped, frame=_frame(0, 0)),
    "a header in a group that says nothing of where it stands": partial(_grouped, part=_SLIDE1, placeholder=_HDR),
    "a footer of a large slide": partial(_at, left=0, top=29_000_000, size='cx="42803763" cy="30275213"'),
    "a header at the edge of a wide slide": partial(_at, left=11_000_000, top=0, size='cx="12192000" cy="6858000"'),
    "a header of a slide that does not say where it stands": lambda words: changed(
        _slides(words, placeholder=_HDR), {_SLIDE1: ('<a:xfrm><a:off x="0" y="0"/></a:xfrm>', "")}
    ),
}

# --- PowerPoint 97 to 2003 ------------------------------------------------------------------------------------------------


def _of_ppt(kind: int, *inside: bytes, instance: int = 0) -> bytes:
    """A container ([MS-PPT] section 2.3.1)."""
    content = b"".join(inside)
    return struct.pack("<HHI", instance << 4 | 0xF, kind, len(content)) + content


def _atom(kind: int, content: bytes, instance: int = 0) -> bytes:
    return struct.pack("<HHI", instance << 4, kind, len(content)) + content


def _ppt(words: str, *, flags: int = 0x20, holder: int = 1000, of_notes: bool = False, edge: int = 2) -> bytes:
    """Section 2.4.15: a footer (`edge` 2) or a header (1), with the flags that say whether there is one."""
    said = _atom(4058, struct.pack("<hH", 0, flags)) + _atom(4026, words.encode("utf-16-le"), edge)
    edges = _of_ppt(4057, said, instance=4 if of_notes else 3)
    stream = _of_ppt(holder, edges) + (b"" if holder == 1000 else _of_ppt(1000))
    return compound({"PowerPoint Document": stream, "Current User": bytes(64)})


def _ppt_slide(words: str, *, hidden: bool, last: bool = False) -> bytes:
    """Section 2.6.6: a slide that may be passed over when slides are shown, said before its footer or behind; then one that is not."""
    about = _atom(1017, struct.pack("<iiBBHI", 0, 0, 0, 0, 4 if hidden else 0, 0))
    edges = _of_ppt(4057, _atom(4058, struct.pack("<hH", 0, 0x20)) + _atom(4026, words.encode("utf-16-le"), 2), instance=3)
    other = _of_ppt(1006, _atom(1017, bytes(16)))
    stream = _of_ppt(1006, edges + about if last else about + edges) + other + _of_ppt(1000)
    return compound({"PowerPoint Document": stream, "Current User": bytes(64)})


def _ppt_without_flags(words: str) -> bytes:
    """A slide with a footer, and one whose edges do not say that it has one."""
    first = _of_ppt(1006, _of_ppt(4057, _atom(4058, struct.pack("<hH", 0, 0x20)), instance=3))
    second = _of_ppt(1006, _of_ppt(4057, _atom(4026, words.encode("utf-16-le"), 2), instance=3))
    return compound({"PowerPoint Document": first + second + _of_ppt(1000), "Current User": bytes(64)})


_UNSEEN_IN_PPT: dict[str, Edged] = {
    "a footer of a hidden old slide": partial(_ppt_slide, hidden=True),
    "a footer of an old slide that is hidden behind it": partial(_ppt_slide, hidden=True, last=True),
    "a footer of an old slide that only the slide before has": _ppt_without_flags,
    "a footer of old slides that is switched off": partial(_ppt, flags=0),
    "a footer of old notes": partial(_ppt, of_notes=True),
    "a header of old notes": partial(_ppt, of_notes=True, edge=1, flags=0x10),
    "a header of old slides, which have none": partial(_ppt, edge=1, flags=0x30),
    "a footer of an old presentation outside of slides": partial(_ppt, holder=1008),
}
_SHOWN_IN_PPT: dict[str, Edged] = {
    "a footer of old slides": partial(_ppt),
    "a footer of one old slide": partial(_ppt, holder=1006),
    "a footer of an old slide that is no hidden one": partial(_ppt_slide, hidden=False),
}


# --- OpenDocument -----------------------------------------------------------------------------------------------------------


def _master(words: str, name: str = "Standard", edge: str = "header", more: str = "", following: str = "") -> str:
    said = f"<style:{edge}{more}><text:p>{words}</text:p></style:{edge}>"
    return f'<style:master-page style:name="{name}"{following}>{said}</style:master-page>'


def _open(words: str, *others: str, body: str = "<text:p>A.</text:p>", automatic: str = "", **master: str) -> bytes:
    """A text whose first master page has no words, but for one; `others` are master pages before it."""
    return odt(body, styles="".join((*others, _master(words, **master))), automatic=automatic)


def _open_flat(words: str, name: str) -> bytes:
    begin, end = _open(words, name=name), b"</office:document>"
    parts = zipfile.ZipFile(io.BytesIO(begin))
    content, styles = parts.read("content.xml"), parts.read("styles.xml")
    masters = styles[styles.index(b"<office:master-styles>") : styles.index(b"</office:document-styles>")]
    root, body = (
        content[: content.index(b">")].replace(b"office:document-content", b"office:document"),
        content[content.index(b"<office:body>") :],
    )
    first = b'<style:master-page style:name="First"/>'
    masters = masters.replace(b"<office:master-styles>", b"<office:master-styles>" + first)
    return (
        root
        + b' office:mimetype="application/vnd.oasis.opendocument.text">'
        + masters
        + body.removesuffix(b"</office:document-content>")
        + end
    )


def _talk(words: str, *, used: str = "F", style: str = "") -> bytes:
    """A slide and a declared footer; there are two of them."""
    declared = f'<presentation:footer-decl presentation:name="F">{words}</presentation:footer-decl>'
    other = '<presentation:footer-decl presentation:name="G">A plan</presentation:footer-decl>'
    slide = f'<draw:page draw:style-name="dp" draw:master-page-name="M" presentation:use-footer-name="{used}"/>'
    looks = f'<style:style style:name="dp" style:family="drawing-page"><style:drawing-page-properties{style}/></style:style>'
    return opened("presentation", declared + other + slide, automatic=looks)


_FIRST_MASTER = '<style:master-page style:name="First"/>'
_ASKED = '<style:style style:name="P1" style:family="paragraph" style:master-page-name="{}"/>'
_BODY = '<text:p text:style-name="P1">A.</text:p>'
_COMES_FROM = '<style:style style:name="P2" style:family="paragraph" style:parent-style-name="P1"/>'


def _open_left(words: str, header: str) -> bytes:
    """A master page with this header, and with words in that of left pages."""
    left = f"<style:header-left><text:p>{words}</text:p></style:header-left>"
    return odt("<text:p>A.</text:p>", styles=f'<style:master-page style:name="Standard">{header}{left}</style:master-page>')


def _open_foreign(words: str, tag: str) -> bytes:
    """An element that is only called like one of a header's, of another namespace."""
    made = zipfile.ZipFile(io.BytesIO(_open(words))).read("styles.xml").decode()
    styles = made.replace(f"<{tag}", f'<y:{tag.partition(":")[2]} xmlns:y="urn:y"').replace(f"</{tag}>", f"</y:{tag.partition(':')[2]}>")
    return changed(_open("A plan"), {"styles.xml": (made.replace(words, "A plan"), styles)})


_UNSEEN_IN_OPEN: dict[str, Edged] = {
    "a header of a master page of a style that nothing has": lambda words: _open(
        words, _FIRST_MASTER, name="Other", automatic=_ASKED.format("Other")
    ),
    "a header of a master page that only a hidden section names": lambda words: _open(
        words,
        _FIRST_MASTER,
        name="Other",
        automatic=_ASKED.format("Other"),
        body=f'<text:section text:display="none">{_BODY}</text:section><text:p>A.</text:p>',
    ),
    "a header of a master page of a style of a foreign namespace": lambda words: _open(
        words, _FIRST_MASTER, name="Other", automatic=_ASKED.format("Other").replace("<style:style", '<y:style xmlns:y="urn:y"'), body=_BODY
    ),
    "a header of a foreign namespace in a master page": partial(_open_foreign, tag="style:header"),
    "a header of a master page of a foreign namespace": partial(_open_foreign, tag="style:master-page"),
    "a left header of a master page without a header": partial(_open_left, header=""),
    "a left header of a master page whose header is switched off": partial(
        _open_left, header='<style:header style:display="false"><text:p/></style:header>'
    ),
    "a header of a master page that nothing names": lambda words: _open(words, _FIRST_MASTER, name="Other"),
    "a header of a flat text that nothing names": partial(_open_flat, name="Other"),
    "a header of a master page that is switched off": partial(_open, more=' style:display="false"'),
    "a left header of a master page that is switched off": partial(_open, edge="header-left", more=' style:display="false"'),
    "a header of a master page of a hidden sheet": lambda words: _open(
        words, _FIRST_MASTER, name="Other", automatic='<style:style style:name="ta" style:family="table" style:master-page-name="Other"><style:table-properties table:display="false"/></style:style>'
    ),
    "a header in the text itself": lambda words: odt(f"<office:master-styles>{_master(words)}</office:master-styles><text:p>A.</text:p>"),
    "a header of a document within another": lambda words: changed(_open("A plan"), {}, {"Object 1/styles.xml": _styles_of(_open(words))}),
    "a declared footer that no slide names": partial(_talk, used="G"),
    "a declared footer of a hidden slide": partial(_talk, style=' presentation:visibility="hidden"'),
    "a declared footer of a slide without one": partial(_talk, style=' presentation:display-footer="false"'),
}  # fmt: skip
_SHOWN_IN_OPEN: dict[str, Edged] = {
    "a header of a master page": partial(_open),
    "a header of the first master page": partial(_open, name="Mine"),
    "a header of a master page that a paragraph names": lambda words: _open(
        words, _FIRST_MASTER, name="Other", automatic=_ASKED.format("Other"), body=_BODY
    ),
    "a header of a master page that a paragraph names by the style it comes from": lambda words: _open(
        words, _FIRST_MASTER, name="Other", automatic=_ASKED.format("Other") + _COMES_FROM, body=_BODY.replace("P1", "P2")
    ),
    "a header of a master page that a table names": lambda words: _open(
        words,
        _FIRST_MASTER,
        name="Other",
        automatic=_ASKED.format("Other").replace("paragraph", "table"),
        body='<table:table table:style-name="P1"><table:table-row><table:table-cell><text:p>A.</text:p></table:table-cell></table:table-row></table:table>',
    ),
    "a left header of a master page": partial(_open_left, header="<style:header><text:p>A plan</text:p></style:header>"),
    "a header of a master page that follows another": lambda words: _open(
        words, '<style:master-page style:name="First" style:next-style-name="Other"/>', name="Other"
    ),
    "a header of a flat text": partial(_open_flat, name="Standard"),
    "a declared footer of a slide": partial(_talk, style=' presentation:display-footer="true"'),
}


# --- Word 97 to 2003 ------------------------------------------------------------------------------------------------------


@cache
def _docs(words: str) -> Mapping[str, bytes]:
    """Texts as LibreOffice writes them, by what they have."""
    first, even, other = _header("first") + "<w:titlePg/>", _header("even"), _header("default", 2)
    made = {
        "all": _word(words, _header("default")),
        "first": _word(words, first + other),
        "even": _word(words, other + even, settings=_EVEN),
    }
    made["later"] = _word(words, first + other, "<w:titlePg/>")
    return {
        name.removesuffix(".doc"): octets for name, octets in converted({f"{name}.docx": one for name, one in made.items()}, "doc").items()
    }


def _doc(words: str, of: str) -> bytes:
    return _docs(words)[of]


def _doc_without(words: str, of: str) -> bytes:
    """The same, when nothing asks for its first or even pages: [MS-DOC] sections 2.6.4 (sprmSFTitlePage) and 2.7.2 (fFacingPages)."""
    octets = _docs(words)[of]
    if of == "first":
        assert octets.count(b"\x0a\x30\x01") == 1
        return octets.replace(b"\x0a\x30\x01", b"\x0a\x30\x00")
    file = OleFileIO(octets)
    head = file.openstream("WordDocument").read()
    table = file.openstream("1Table" if head[11] & 2 else "0Table").read()
    (at,) = struct.unpack_from("<I", head, 402)
    known = table[at : at + 64]
    assert octets.count(known) == 1
    assert known[0] & 1
    return octets.replace(known, bytes((known[0] & 0xFE,)) + known[1:])


_UNSEEN_IN_DOC: dict[str, Edged] = {
    "a header of first pages of an old text that are as the others": partial(_doc_without, of="first"),
    "a header of even pages of an old text that are as the others": partial(_doc_without, of="even"),
}
_SHOWN_IN_DOC: dict[str, Edged] = {
    "a header of an old text": partial(_doc, of="all"),
    "a header of first pages of an old text": partial(_doc, of="first"),
    "a header of even pages of an old text": partial(_doc, of="even"),
    "a header of first pages of an old text, and of the next section": partial(_doc, of="later"),
}


# --- in one XML -----------------------------------------------------------------------------------------------------------


def _word_2003(words: str, pages: str, section: str = "", settings: str = "", tag: str = "w:hdr") -> bytes:
    edge = f'<{tag} xmlns:y="urn:y" w:type="{pages}"><w:p><w:r><w:t>{words}</w:t></w:r></w:p></{tag}>'
    body = f"<w:p><w:r><w:t>A.</w:t></w:r></w:p><w:sectPr>{edge}{section}</w:sectPr>"
    root = f'<w:wordDocument xmlns:w="http://schemas.microsoft.com/office/word/2003/wordml"><w:docPr>{settings}</w:docPr>'
    return f'<?xml version="1.0"?>{root}<w:body>{body}</w:body></w:wordDocument>'.encode()


def _excel_2003(words: str, visible: str = "") -> bytes:
    space = "urn:schemas-microsoft-com:office"
    options = f'<x:WorksheetOptions><x:PageSetup><x:Header x:Data="&amp;C{words}"/></x:PageSetup>{visible}</x:WorksheetOptions>'
    root = f'<Workbook xmlns="{space}:spreadsheet" xmlns:ss="{space}:spreadsheet" xmlns:x="{space}:excel">'
    return f'<?xml version="1.0"?>{root}<Worksheet ss:Name="a"><Table/>{options}</Worksheet></Workbook>'.encode()


def _package_in_one(words: str) -> bytes:
    part = f'<pkg:part pkg:name="/word/header9.xml"><pkg:xmlData><w:hdr {_WORD}><w:p><w:r><w:t>{words}</w:t></w:r></w:p></w:hdr></pkg:xmlData></pkg:part>'
    return (
        f'<?xml version="1.0"?><pkg:package xmlns:pkg="http://schemas.microsoft.com/office/2006/xmlPackage">{part}</pkg:package>'.encode()
    )


_UNSEEN_IN_ONE_XML: dict[str, Edged] = {
    "a header of first pages of Word 2003 that are as the others": partial(_word_2003, pages="first"),
    "a header of even pages of Word 2003 that are as the others": partial(_word_2003, pages="even"),
    "a header of a foreign namespace in Word 2003": partial(_word_2003, pages="odd", tag="y:hdr"),
    "a header of a package in one file": _package_in_one,
    "a header of a hidden sheet of Excel 2003": partial(_excel_2003, visible="<x:Visible>SheetHidden</x:Visible>"),
}
_SHOWN_IN_ONE_XML: dict[str, Edged] = {
    "a header of Word 2003": partial(_word_2003, pages="odd"),
    "a header of first pages of Word 2003": partial(_word_2003, pages="first", section="<w:titlePg/>"),
    "a header of even pages of Word 2003": partial(_word_2003, pages="even", settings="<w:evenAndOddHeaders/>"),
    "a header of Excel 2003": partial(_excel_2003),
}


# --- RTF ------------------------------------------------------------------------------------------------------------------


def _rtf(words: str, group: str, before: str = "") -> bytes:
    return f"{{\\rtf1\\ansi {before}\\sectd {group % words}A.\\par}}".encode()


_UNSEEN_IN_RTF: dict[str, Edged] = {
    "a header of RTF in what an older program passes over": partial(_rtf, group="{\\*\\newer{\\header %s\\par}}"),
    "a header of RTF among the properties": partial(_rtf, group="{\\info{\\title A{\\header %s\\par}}}"),
    "a header of first pages of RTF that are as the others": partial(_rtf, group="{\\headerf %s\\par}"),
    "a header of left pages of RTF that are as the others": partial(_rtf, group="{\\headerl %s\\par}"),
}
_UNSEEN_IN_RTF |= {
    f"a header of RTF in \\{word}": partial(_rtf, group=f"{{\\{word}{{\\header %s\\par}}}}")
    for word in (
        *("xe", "tc", "rxe", "nextfile", "template", "private", "bkmkstart", "nonshppict", "docvar", "datafield", "atnid", "footnote"),
        *("pgdsctbl", "upr", "fldinst", "shptxt", "b\\xe"),
    )
} | {
    "a header of RTF behind the document": partial(_rtf, group="A.}{\\header %s\\par}{"),
    "a header of a second RTF document": partial(_rtf, group="A.}{\\rtf1\\sectd{\\header %s\\par}"),
    "a header of first pages of RTF, which is off": partial(_rtf, group="\\titlepg0{\\headerf %s\\par}"),
    "a header of first pages of RTF, which was on": partial(_rtf, group="\\titlepg{\\headerf %s\\par}\\sectd "),
    "a header of first pages of RTF, asked for behind the document": partial(_rtf, group="{\\headerf %s\\par}}\\titlepg\\sect{"),
    "a header of left pages of RTF, which is off": partial(_rtf, group="{\\headerl %s\\par}", before="\\facingp0"),
    "a header of RTF that another takes the place of": partial(_rtf, group="{\\header %s\\par}{\\header A plan\\par}"),
    "a header of RTF before a section in an index": partial(_rtf, group="{\\header %s\\par}{\\xe\\sect}{\\header A plan\\par}"),
}
_SHOWN_IN_RTF: dict[str, Edged] = {
    "a header of RTF": partial(_rtf, group="{\\header %s\\par}"),
    "a header of right pages of RTF": partial(_rtf, group="{\\headerr %s\\par}"),
    "a header of first pages of RTF": partial(_rtf, group="\\titlepg{\\headerf %s\\par}"),
    "a header of left pages of RTF": partial(_rtf, group="{\\headerl %s\\par}", before="\\facingp"),
    "a header of an earlier section of RTF": partial(
        _rtf, group="{\\header %s\\par}A.{\\rtlch\\fcs1 \\af0\\insrsid1 \\sect }\\sectd {\\header A plan\\par}"
    ),
    "a header of first pages of RTF that the next section has": partial(_rtf, group="{\\headerf %s\\par}A.\\sect\\sectd\\titlepg "),
    "a header of first pages of RTF before a section without": partial(_rtf, group="\\titlepg{\\headerf %s\\par}A.\\sect\\sectd "),
    "a header of RTF in a group of its section": partial(_rtf, group="{\\pard\\plain{\\header %s\\par}A.}"),
    "a header of RTF that breaks off": lambda words: _rtf(words, "{\\header %s\\par}")[:-1],
}


def _styles_of(document: bytes) -> str:
    return zipfile.ZipFile(io.BytesIO(document)).read("styles.xml").decode()


UNSEEN = (
    _UNSEEN_IN_WORD
    | _UNSEEN_IN_EXCEL
    | _UNSEEN_IN_BINARY
    | _UNSEEN_IN_POWERPOINT
    | _UNSEEN_IN_PPT
    | _UNSEEN_IN_OPEN
    | _UNSEEN_IN_RTF
    | _UNSEEN_IN_DOC
    | _UNSEEN_IN_ONE_XML
)
SHOWN = (
    _SHOWN_IN_WORD
    | _SHOWN_IN_EXCEL
    | _SHOWN_IN_BINARY
    | _SHOWN_IN_POWERPOINT
    | _SHOWN_IN_PPT
    | _SHOWN_IN_OPEN
    | _SHOWN_IN_RTF
    | _SHOWN_IN_DOC
    | _SHOWN_IN_ONE_XML
)
