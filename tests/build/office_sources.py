"""Flat OpenDocument sources with words in every place that office programs have for words; LibreOffice makes all other formats from them.

Each place has a word of its own, MARK- and its name, so that a test can ask for each.
"""

_NAMES = (
    " ".join(
        f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}"'
        for prefix, name in {
            "office": "office:1.0",
            "style": "style:1.0",
            "text": "text:1.0",
            "table": "table:1.0",
            "draw": "drawing:1.0",
            "fo": "xsl-fo-compatible:1.0",
            "svg": "svg-compatible:1.0",
            "meta": "meta:1.0",
            "number": "datastyle:1.0",
            "presentation": "presentation:1.0",
        }.items()
    )
    + ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xlink="http://www.w3.org/1999/xlink" office:version="1.3"'
)
LABEL, TENANT = "aaaaaaaa-1111-4222-8333-444444444444", "11111111-2222-4333-8444-555555555555"
_META = (
    "<office:meta><dc:title>Title MARK-TITLE</dc:title><dc:subject>MARK-SUBJECT</dc:subject><meta:keyword>MARK-KEYWORD</meta:keyword>"
    '<meta:user-defined meta:name="Protective Marking">MARK-PROPERTY</meta:user-defined>'
    f'<meta:user-defined meta:name="MSIP_Label_{LABEL}_Enabled">true</meta:user-defined>'
    f'<meta:user-defined meta:name="MSIP_Label_{LABEL}_SiteId">{TENANT}</meta:user-defined>'
    f'<meta:user-defined meta:name="MSIP_Label_{LABEL}_Name">Restricted</meta:user-defined></office:meta>'
)


def _document(kind: str, styles: str, automatic: str, masters: str, body: str) -> bytes:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<office:document {_NAMES} office:mimetype="application/vnd.oasis.opendocument.{kind}">'
        f"{_META}<office:styles>{styles}</office:styles><office:automatic-styles>{automatic}</office:automatic-styles>"
        f"<office:master-styles>{masters}</office:master-styles><office:body>{body}</office:body></office:document>"
    ).encode()


def text() -> bytes:
    """A letter: `.fodt`."""
    change = "<office:change-info><dc:creator>A</dc:creator><dc:date>2026-01-05T09:00:00</dc:date></office:change-info>"
    body = (
        "<office:text><text:tracked-changes>"
        f'<text:changed-region xml:id="d1" text:id="d1"><text:deletion>{change}<text:p>MARK-DELETED</text:p></text:deletion>'
        f'</text:changed-region><text:changed-region xml:id="i1" text:id="i1"><text:insertion>{change}</text:insertion>'
        "</text:changed-region></text:tracked-changes>"
        "<text:p>First line of the letter</text:p>"
        "<text:p>MARK-<text:span>SPLIT</text:span> in runs<text:tab/>after a tab</text:p>"
        '<text:p>Kept <text:change text:change-id="d1"/>and <text:change-start text:change-id="i1"/>MARK-INSERTED'
        '<text:change-end text:change-id="i1"/> words.</text:p>'
        '<text:p>Seen <text:span text:style-name="Hidden">MARK-HIDDEN</text:span> words.</text:p>'
        '<text:p>A note<text:note text:note-class="footnote"><text:note-citation>1</text:note-citation><text:note-body>'
        "<text:p>MARK-FOOTNOTE</text:p></text:note-body></text:note> and another"
        '<text:note text:note-class="endnote"><text:note-citation>i</text:note-citation><text:note-body>'
        "<text:p>MARK-ENDNOTE</text:p></text:note-body></text:note> and a remark<office:annotation><dc:creator>A</dc:creator>"
        "<dc:date>2026-01-05T09:00:00</dc:date><text:p>MARK-COMMENT</text:p></office:annotation>.</text:p>"
        '<text:p><draw:frame text:anchor-type="paragraph" svg:width="5cm" svg:height="2cm" draw:name="Box">'
        "<draw:text-box><text:p>MARK-BOX</text:p></draw:text-box><svg:title>MARK-ALT-TITLE</svg:title><svg:desc>MARK-ALT-TEXT</svg:desc></draw:frame>"
        "Around the box.</text:p>"
        '<table:table table:name="T"><table:table-column/><table:table-row><table:table-cell><text:p>MARK-CELL</text:p></table:table-cell>'
        "</table:table-row></table:table>"
        '<text:p>A <text:a xlink:type="simple" xlink:href="https://files.example.net/MARK-LINK">link</text:a>.</text:p>'
        "</office:text>"
    )
    page = '<style:page-layout style:name="L"><style:page-layout-properties fo:page-width="21cm" fo:page-height="29.7cm"/>'
    page += "<style:header-style/><style:footer-style/></style:page-layout>"
    hidden = '<style:style style:name="Hidden" style:family="text"><style:text-properties text:display="none"/></style:style>'
    master = (
        '<style:master-page style:name="Standard" style:page-layout-name="L"><style:header><text:p>Council<text:tab/>MARK-HEADER</text:p>'
        "</style:header><style:footer><text:p>MARK-FOOTER</text:p></style:footer></style:master-page>"
    )
    return _document("text", "", page + hidden, master, body)


def sheets() -> bytes:
    """A workbook with a hidden sheet: `.fods`."""
    number = '<number:number-style style:name="N1"><number:number number:decimal-places="0" number:min-integer-digits="9"/>'
    number += "</number:number-style>"
    styles = (
        '<style:style style:name="Masked" style:family="table-cell" style:data-style-name="N1"/>'
        '<style:style style:name="Shown" style:family="table" style:master-page-name="Standard">'
        '<style:table-properties table:display="true"/></style:style>'
        '<style:style style:name="Away" style:family="table" style:master-page-name="Standard">'
        '<style:table-properties table:display="false"/></style:style>'
    )
    page = '<style:page-layout style:name="L"><style:page-layout-properties/><style:header-style/><style:footer-style/></style:page-layout>'
    master = (
        '<style:master-page style:name="Standard" style:page-layout-name="L"><style:header><text:p>MARK-HEADER</text:p></style:header>'
        "<style:footer><text:p>MARK-FOOTER</text:p></style:footer></style:master-page>"
    )
    body = (
        '<office:spreadsheet><table:table table:name="Staff" table:style-name="Shown"><table:table-column/>'
        '<table:table-row><table:table-cell office:value-type="string"><text:p>Name</text:p></table:table-cell>'
        '<table:table-cell table:number-columns-repeated="2"/>'
        '<table:table-cell office:value-type="string"><text:p>NHS number</text:p></table:table-cell></table:table-row>'
        '<table:table-row table:number-rows-repeated="11"><table:table-cell/></table:table-row>'
        '<table:table-row><table:table-cell office:value-type="string"><office:annotation><text:p>MARK-NOTE</text:p></office:annotation>'
        "<text:p>MARK-CELL</text:p></table:table-cell>"
        '<table:table-cell office:value-type="float" office:value="12345678" table:style-name="Masked">'
        "<text:p>012345678</text:p></table:table-cell>"
        "<table:table-cell/>"
        '<table:table-cell office:value-type="float" office:value="9434765919"><text:p>9434765919</text:p></table:table-cell>'
        "</table:table-row>"
        '</table:table><table:table table:name="Away" table:style-name="Away"><table:table-column/><table:table-row>'
        '<table:table-cell office:value-type="string"><text:p>MARK-HIDDEN-SHEET</text:p></table:table-cell></table:table-row></table:table>'
        "</office:spreadsheet>"
    )
    return _document("spreadsheet", "", number + page + styles, master, body)


def slides() -> bytes:
    """A presentation with notes and a hidden slide: `.fodp`."""
    box = '<draw:frame svg:x="1cm" svg:y="5cm" svg:width="20cm" svg:height="3cm"><draw:text-box><text:p>{}</text:p>'
    box += "</draw:text-box>{}</draw:frame>"
    page = (
        '<style:page-layout style:name="L"><style:page-layout-properties fo:page-width="28cm" fo:page-height="21cm"/></style:page-layout>'
    )
    hidden = '<style:style style:name="Away" style:family="drawing-page">'
    hidden += '<style:drawing-page-properties presentation:visibility="hidden"/></style:style>'
    alt = "<svg:title>MARK-ALT-TITLE</svg:title><svg:desc>MARK-ALT-TEXT</svg:desc>"
    notes = f"<presentation:notes>{box.format('MARK-NOTES', '')}</presentation:notes>"
    body = (
        '<office:presentation><draw:page draw:name="One" draw:master-page-name="M">'
        + box.format("First words", "")
        + box.format("MARK-<text:span>SPLIT</text:span>", alt)
        + notes
        + '</draw:page><draw:page draw:name="Two" draw:style-name="Away" draw:master-page-name="M">'
        + box.format("MARK-HIDDEN-SLIDE", "")
        + "</draw:page></office:presentation>"
    )
    master = f'<style:master-page style:name="M" style:page-layout-name="L">{box.format("MARK-MASTER", "")}</style:master-page>'
    return _document("presentation", "", page + hidden, master, body)
