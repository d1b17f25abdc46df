"""Every place in a Word document where words can stand (ECMA-376-1, WordprocessingML and its extensions)."""

from collections.abc import Iterator, Mapping

from tests.build import docx
from tests.build.ooxml import RELATIONSHIPS, package, relationships
from tests.corpus.entries import LINE, MARKING, NHS, PERSON, WORD, Technique, carrying

_KIND = "application/vnd.openxmlformats-officedocument.wordprocessingml"
_SPACES = (
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
    f'xmlns:r="{RELATIONSHIPS}" xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" '
    'xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture" '
    'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'
)


def techniques() -> Iterator[Technique]:
    for name, body in _BODIES.items():
        yield _hides(name, document(body))
    for name, (part, root, content) in _PARTS.items():
        yield _hides(name, document(_p("A plan."), {part: (root, content)}))
    for name, (path, xml) in _OTHER_PARTS.items():
        yield _hides(name, document(_p("A plan."), others={path: xml}))
    for name, octets in _others().items():
        yield _hides(name, octets)
    for name, (octets, where) in _markings().items():
        yield Technique("office: word", name, "marking", where, carrying("plan.docx", octets, WORD))


def _hides(name: str, octets: bytes) -> Technique:
    return Technique("office: word", name, "detector", "plan.docx", carrying("plan.docx", octets, WORD))


def document(body: str, parts: Mapping[str, tuple[str, str]] | None = None, others: Mapping[str, str] | None = None) -> bytes:
    """A document with this body; `parts` are named word/NAME.xml with their root element and content, `others` are whole parts by path."""
    links, all_parts, references = [], {}, ""
    for name, (root, content) in (parts or {}).items():
        kind = name.rstrip("123")
        links.append((f"{RELATIONSHIPS}/{kind}", f"{name}.xml"))
        all_parts[f"word/{name}.xml"] = (f"{_KIND}.{kind}+xml", f"<w:{root} {_SPACES}>{content}</w:{root}>")
        if kind in ("header", "footer"):
            which = {"1": "default", "2": "first", "3": "even"}[name[-1]]
            references += f'<w:{kind}Reference w:type="{which}" r:id="rId{len(links)}"/>'
    for path, xml in (others or {}).items():
        links.append((f"{RELATIONSHIPS}/{path.rpartition('/')[2].partition('.')[0].rstrip('1')}", f"../{path}"))
        all_parts[path] = ("application/xml", xml)
    main = f"<w:document {_SPACES}><w:body>{body}<w:sectPr>{references}</w:sectPr></w:body></w:document>"
    all_parts["word/document.xml"] = (f"{_KIND}.document.main+xml", main)
    all_parts["word/_rels/document.xml.rels"] = ("", relationships(links))
    return package("word/document.xml", f"{_KIND}.document.main+xml", all_parts)


def _p(text: str, properties: str = "") -> str:
    return f"<w:p><w:r>{properties}<w:t>{text}</w:t></w:r></w:p>"


def _runs(*texts: str, between: str = "") -> str:
    return "<w:p>" + between.join(f"<w:r><w:t xml:space='preserve'>{text}</w:t></w:r>" for text in texts) + "</w:p>"


_CHANGE = 'w:id="1" w:author="a" w:date="2026-01-05T09:00:00Z"'
_BODIES = {
    "a paragraph": _p(PERSON),
    "split runs": _runs("NHS nu", "mber: 4", "85 7", "77 34", "57"),
    "a run for each character": _runs(*PERSON),
    "runs with a bookmark between": _runs("NHS number: 485 7", "77 3457", between='<w:bookmarkStart w:id="1" w:name="x"/><w:proofErr w:type="spellStart"/>'),
    "a cell of a table": f"<w:tbl><w:tr><w:tc>{_p(PERSON)}</w:tc></w:tr></w:tbl>",
    "a table with a heading": f"<w:tbl><w:tr><w:tc>{_p('Name')}</w:tc><w:tc>{_p('NHS number')}</w:tc></w:tr><w:tr><w:tc>{_p('Alex')}</w:tc><w:tc>{_p(NHS)}</w:tc></w:tr></w:tbl>",
    "a table in a table": f"<w:tbl><w:tr><w:tc><w:tbl><w:tr><w:tc>{_p(PERSON)}</w:tc></w:tr></w:tbl></w:tc></w:tr></w:tbl>",
    "hidden text": _p(PERSON, "<w:rPr><w:vanish/></w:rPr>"),
    "white text": _p(PERSON, '<w:rPr><w:color w:val="FFFFFF"/><w:sz w:val="2"/></w:rPr>'),
    "an insertion": f"<w:p><w:ins {_CHANGE}><w:r><w:t>{PERSON}</w:t></w:r></w:ins></w:p>",
    "a deletion": f"<w:p><w:del {_CHANGE}><w:r><w:delText>{PERSON}</w:delText></w:r></w:del></w:p>",
    "text moved away": f"<w:p><w:moveFrom {_CHANGE}><w:r><w:t>{PERSON}</w:t></w:r></w:moveFrom></w:p>",
    "a field's result": f'<w:p><w:fldSimple w:instr=" AUTHOR "><w:r><w:t>{PERSON}</w:t></w:r></w:fldSimple></w:p>',
    "a field's instruction": f'<w:p><w:fldSimple w:instr=" QUOTE &quot;{PERSON}&quot; "><w:r><w:t>x</w:t></w:r></w:fldSimple></w:p>',
    "an instruction text": f'<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText> QUOTE "{PERSON}" </w:instrText></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r></w:p>',
    "a text box": f'<w:p><w:r><mc:AlternateContent><mc:Choice Requires="wps"><w:drawing><wp:inline><a:graphic><a:graphicData><wps:wsp><wps:txbx><w:txbxContent>{_p(PERSON)}</w:txbxContent></wps:txbx></wps:wsp></a:graphicData></a:graphic></wp:inline></w:drawing></mc:Choice></mc:AlternateContent></w:r></w:p>',
    "an old text box": f"<w:p><w:r><w:pict><v:shape><v:textbox><w:txbxContent>{_p(PERSON)}</w:txbxContent></v:textbox></v:shape></w:pict></w:r></w:p>",
    "a text box's fallback": f'<w:p><w:r><mc:AlternateContent><mc:Choice Requires="wps"><w:drawing/></mc:Choice><mc:Fallback><w:pict><v:shape><v:textbox><w:txbxContent>{_p(PERSON)}</w:txbxContent></v:textbox></v:shape></w:pict></mc:Fallback></mc:AlternateContent></w:r></w:p>',
    "an alternative text": f'<w:p><w:r><w:drawing><wp:inline><wp:docPr id="1" name="Picture 1" descr="{PERSON}"/></wp:inline></w:drawing></w:r></w:p>',
    "a picture's title": f'<w:p><w:r><w:drawing><wp:inline><wp:docPr id="1" name="Picture 1" title="{PERSON}"/></wp:inline></w:drawing></w:r></w:p>',
    "an old picture's alternative text": f'<w:p><w:r><w:pict><v:shape alt="{PERSON}"/></w:pict></w:r></w:p>',
    "word art": f'<w:p><w:r><w:pict><v:shape><v:textpath string="{PERSON}"/></v:shape></w:pict></w:r></w:p>',
    "a content control": f'<w:sdt><w:sdtPr><w:alias w:val="x"/></w:sdtPr><w:sdtContent>{_p(PERSON)}</w:sdtContent></w:sdt>',
    "a choice of a content control": f'<w:sdt><w:sdtPr><w:dropDownList><w:listItem w:displayText="{PERSON}" w:value="1"/></w:dropDownList></w:sdtPr><w:sdtContent>{_p("x")}</w:sdtContent></w:sdt>',
    "an old form field": f'<w:p><w:r><w:fldChar w:fldCharType="begin"><w:ffData><w:textInput><w:default w:val="{PERSON}"/></w:textInput></w:ffData></w:fldChar></w:r></w:p>',
    "ruby above a word": f"<w:p><w:r><w:ruby><w:rt><w:r><w:t>{PERSON}</w:t></w:r></w:rt><w:rubyBase><w:r><w:t>x</w:t></w:r></w:rubyBase></w:ruby></w:r></w:p>",
    "an equation": f"<w:p><m:oMath><m:r><m:t>{PERSON}</m:t></m:r></m:oMath></w:p>",
    "non-breaking hyphens and tabs": "<w:p><w:r><w:t>NHS number:</w:t><w:tab/><w:t>485</w:t><w:noBreakHyphen/><w:t>777</w:t><w:noBreakHyphen/><w:t>3457</w:t></w:r></w:p>",
    "soft hyphens": "<w:p><w:r><w:t>NHS number: 48</w:t><w:softHyphen/><w:t>57773457</w:t></w:r></w:p>",
    "a hyperlink's tip": f'<w:p><w:hyperlink w:tooltip="{PERSON}" w:anchor="x"><w:r><w:t>x</w:t></w:r></w:hyperlink></w:p>',
}  # fmt: skip
_PARTS = {
    "the page header": ("header1", "hdr", _p(PERSON)),
    "the first page's header": ("header2", "hdr", _p(PERSON)),
    "even pages' footer": ("footer3", "ftr", _p(PERSON)),
    "a footnote": ("footnotes", "footnotes", f'<w:footnote w:id="2">{_p(PERSON)}</w:footnote>'),
    "an endnote": ("endnotes", "endnotes", f'<w:endnote w:id="2">{_p(PERSON)}</w:endnote>'),
    "a comment": ("comments", "comments", f'<w:comment w:id="1" w:author="a">{_p(PERSON)}</w:comment>'),
    "a document variable": ("settings", "settings", f'<w:docVars><w:docVar w:name="x" w:val="{PERSON}"/></w:docVars>'),
}
_OTHER_PARTS = {
    "custom XML": ("customXml/item1.xml", f"<case><person>{PERSON}</person></case>"),
    "an attribute of custom XML": ("customXml/item1.xml", f'<case person="{PERSON}"/>'),
    "a smart art": (
        "word/diagrams/data1.xml",
        f'<dgm:dataModel xmlns:dgm="http://schemas.openxmlformats.org/drawingml/2006/diagram" xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"><dgm:ptLst><dgm:pt><dgm:t><a:p><a:r><a:t>{PERSON}</a:t></a:r></a:p></dgm:t></dgm:pt></dgm:ptLst></dgm:dataModel>',
    ),
    "a chart's cached text": (
        "word/charts/chart1.xml",
        f'<c:chartSpace xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart"><c:strCache><c:pt idx="0"><c:v>{PERSON}</c:v></c:pt></c:strCache></c:chartSpace>',
    ),
    "a block of another document": ("word/glossary/document.xml", f"<w:glossaryDocument {_SPACES}><w:docParts><w:docPart><w:docPartBody>{_p(PERSON)}</w:docPartBody></w:docPart></w:docParts></w:glossaryDocument>"),
    "an HTML part": ("word/afchunk1.html", f"<html><body>{PERSON}</body></html>"),
}  # fmt: skip


def _others() -> dict[str, bytes]:

    return {
        "a custom property": docx(["A plan."], properties=[("Case", PERSON)]),
        "the title": plain_with_title(),
        "a document in UTF-16": _utf16(),
        "a package whose parts stand in another order": _reordered(docx([PERSON])),
        "a package with its main part elsewhere": _moved(),
        "a page header that is said to be styles, as a comment in it says": _said_to_be_styles(),
    }


def plain_with_title() -> bytes:
    return package(
        "word/document.xml",
        f"{_KIND}.document.main+xml",
        {"word/document.xml": (f"{_KIND}.document.main+xml", f"<w:document {_SPACES}><w:body>{_p('A.')}</w:body></w:document>")},
        title=PERSON,
    )


def _rewritten(octets: bytes, change) -> bytes:
    import io
    import zipfile

    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(octets)) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name, content in change([(name, old.read(name)) for name in old.namelist()]):
            new.writestr(name, content)
    return target.getvalue()


def _reordered(octets: bytes) -> bytes:
    return _rewritten(octets, lambda parts: list(reversed(parts)))


def _utf16() -> bytes:
    def change(parts: list[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
        return [
            (name, part.decode().replace("UTF-8", "UTF-16").encode("utf-16") if name == "word/document.xml" else part)
            for name, part in parts
        ]

    return _rewritten(docx([PERSON]), change)


def _moved() -> bytes:
    def change(parts: list[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
        return [(name.replace("word/document", "x/y"), part.replace(b"word/document.xml", b"x/y.xml")) for name, part in parts]

    return _rewritten(docx([PERSON]), change)


def _said_to_be_styles() -> bytes:
    def change(parts: list[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
        return [
            (
                name,
                part.replace(b"<w:hdr", b"<!-- <w:styles > --><w:hdr").replace(b".header+xml", b".styles+xml"),
            )
            for name, part in parts
        ]

    return _rewritten(document(_p("A."), {"header1": ("hdr", _p(PERSON))}), change)


def _markings() -> dict[str, tuple[bytes, str]]:
    return {
        "a marking in the page header": (docx(["A."], header=MARKING), "page header"),
        "a marking in the page footer": (docx(["A."], footer=MARKING), "page footer"),
        "a marking in two paragraphs of the page header": (document(_p("A."), {"header1": ("hdr", _p("OFFICIAL -") + _p("SENSITIVE"))}), "page header"),
        "a marking in two lines of the page footer": (
            document(_p("A."), {"footer1": ("ftr", "<w:p><w:r><w:t>OFFICIAL</w:t><w:br/><w:t>SENSITIVE</w:t></w:r></w:p>")}), "page footer"
        ),
        "a marking in two cells of the page header": (
            document(_p("A."), {"header1": ("hdr", f"<w:tbl><w:tr><w:tc>{_p('OFFICIAL -')}</w:tc><w:tc>{_p('SENSITIVE')}</w:tc></w:tr></w:tbl>")}), "page header"
        ),
        "a marking with a page number": (docx(["A."], footer=f"{MARKING}  Page 3 of 7"), "page footer"),
        "a marking as the first line": (docx([MARKING, "A plan."]), "official-sensitive"),
        "a council's word as the first line": (docx([LINE, "A plan."]), "restricted"),
        "a marking in split runs": (docx([("OFFICIAL-SENS", "ITIVE"), "A plan."]), "official-sensitive"),
        "a marking in the header of the first page": (document(_p("A."), {"header2": ("hdr", _p(MARKING))}), "page header"),
        "a marking in the header's text box": (
            document(_p("A."), {"header1": ("hdr", f"<w:p><w:r><w:pict><v:shape><v:textbox><w:txbxContent>{_p(MARKING)}</w:txbxContent></v:textbox></v:shape></w:pict></w:r></w:p>")}),
            "page header",
        ),
        "a marking as a watermark": (
            document(_p("A."), {"header1": ("hdr", f'<w:p><w:r><w:pict><v:shape><v:textpath string="{MARKING}"/></v:shape></w:pict></w:r></w:p>')}),
            "page header",
        ),
        "a marking as a custom property": (docx(["A."], properties=[("Protective Marking", MARKING)]), "docProps"),
        "a marking as the document's keywords": (_keywords(), "docProps"),
        "a marking in a table in the header": (document(_p("A."), {"header1": ("hdr", f"<w:tbl><w:tr><w:tc>{_p(MARKING)}</w:tc><w:tc>{_p('Page 1')}</w:tc></w:tr></w:tbl>")}), "page header"),
        "a marking in letters apart": (docx(["A."], header="O F F I C I A L - S E N S I T I V E"), "page header"),
    }  # fmt: skip


def _keywords() -> bytes:
    def change(parts: list[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
        return [(name, part.replace(b"<dc:creator>", f"<cp:keywords>{MARKING}</cp:keywords><dc:creator>".encode())) for name, part in parts]

    return _rewritten(docx(["A."]), change)
