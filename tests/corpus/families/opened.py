"""OpenDocument texts, sheets and slides, and the old binary formats that LibreOffice makes of ours."""

import io
import zipfile
from collections.abc import Iterator, Mapping

from tests.build import docx, pptx, xlsx
from tests.build.libreoffice import converted
from tests.corpus.entries import MARKING, NHS, PERSON, Technique, carrying

_URN = "urn:oasis:names:tc:opendocument:xmlns"
_SPACES = " ".join(
    f'xmlns:{name}="{_URN}:{path}:1.0"'
    for name, path in {
        "office": "office", "text": "text", "table": "table", "draw": "drawing", "style": "style", "meta": "meta", "presentation": "presentation",
        "form": "form", "svg": "svg-compatible", "number": "datastyle",
    }.items()
) + ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xlink="http://www.w3.org/1999/xlink"'  # fmt: skip


def techniques() -> Iterator[Technique]:
    for name, octets in _texts().items():
        yield Technique("office: OpenDocument", name, "detector", "plan.odt", carrying("plan.odt", octets, _type("text")))
    for name, octets in _sheets().items():
        yield Technique("office: OpenDocument", name, "detector", "list.ods", carrying("list.ods", octets, _type("spreadsheet")))
    slides = opened(
        "presentation", f"<draw:page><draw:frame><draw:text-box><text:p>{PERSON}</text:p></draw:text-box></draw:frame></draw:page>"
    )
    notes = opened(
        "presentation",
        f"<draw:page><presentation:notes><draw:text-box><text:p>{PERSON}</text:p></draw:text-box></presentation:notes></draw:page>",
    )
    for name, octets in {"a slide": slides, "the notes of a slide": notes}.items():
        yield Technique("office: OpenDocument", name, "detector", "talk.odp", carrying("talk.odp", octets, _type("presentation")))
    for name, octets in {"a flat text": _flat()}.items():
        yield Technique("office: OpenDocument", name, "detector", "plan.fodt", carrying("plan.fodt", octets, "application/xml"))
    for name, (octets, where) in _markings().items():
        yield Technique("office: OpenDocument", name, "marking", where, carrying("plan.odt", octets, _type("text")))
    yield from _old()


def _type(kind: str) -> str:
    return f"application/vnd.oasis.opendocument.{kind}"


def odt(body: str, *, styles: str = "", automatic: str = "", properties: Mapping[str, str] | None = None) -> bytes:
    """A text document; `styles` are its master pages, `automatic` the styles of its content, `properties` user-defined ones."""
    return opened("text", body, styles=styles, automatic=automatic, properties=properties)


def opened(kind: str, body: str, *, styles: str = "", automatic: str = "", properties: Mapping[str, str] | None = None) -> bytes:
    """The same of any kind."""
    files = {"mimetype": _type(kind)}
    files["content.xml"] = (
        f"<office:document-content {_SPACES}><office:automatic-styles>{automatic}</office:automatic-styles><office:body><office:{kind}>{body}</office:{kind}></office:body></office:document-content>"
    )
    if styles:
        files["styles.xml"] = (
            f"<office:document-styles {_SPACES}><office:master-styles>{styles}</office:master-styles></office:document-styles>"
        )
    own = "".join(f'<meta:user-defined meta:name="{name}">{value}</meta:user-defined>' for name, value in (properties or {}).items())
    files["meta.xml"] = f"<office:document-meta {_SPACES}><office:meta>{own}</office:meta></office:document-meta>"
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return target.getvalue()


def _flat() -> bytes:
    return f'<?xml version="1.0"?><office:document {_SPACES} office:mimetype="{_type("text")}"><office:body><office:text><text:p>NHS number: 48<text:span>57773457</text:span></text:p></office:text></office:body></office:document>'.encode()


def _texts() -> dict[str, bytes]:
    note = "<text:p>A.<text:note><text:note-body><text:p>{}</text:p></text:note-body></text:note></text:p>"
    return {
        "a paragraph": odt(f"<text:p>{PERSON}</text:p>"),
        "a heading": odt(f"<text:h>{PERSON}</text:h>"),
        "split spans": odt("<text:p>NHS nu<text:span>mber: 4</text:span>85 7<text:span>77 34</text:span>57</text:p>"),
        "blanks as elements": odt('<text:p>NHS<text:s/>number:<text:s text:c="2"/>485<text:tab/>777<text:s/>3457</text:p>'),
        "a footnote": odt(note.format(PERSON)),
        "a comment": odt(f"<text:p>A.<office:annotation><text:p>{PERSON}</text:p></office:annotation></text:p>"),
        "a deletion": odt(f"<text:tracked-changes><text:changed-region><text:deletion><text:p>{PERSON}</text:p></text:deletion></text:changed-region></text:tracked-changes><text:p>A.</text:p>"),
        "hidden text": odt(f'<text:p>A.<text:hidden-text text:string-value="{PERSON}">x</text:hidden-text></text:p>'),
        "a hidden section": odt(f'<text:section text:display="none"><text:p>{PERSON}</text:p></text:section>'),
        "a text box": odt(f"<text:p><draw:frame><draw:text-box><text:p>{PERSON}</text:p></draw:text-box></draw:frame></text:p>"),
        "an alternative text": odt(f"<text:p><draw:frame><svg:desc>{PERSON}</svg:desc></draw:frame></text:p>"),
        "a table": odt(f"<table:table><table:table-row><table:table-cell><text:p>NHS number</text:p></table:table-cell><table:table-cell><text:p>{NHS}</text:p></table:table-cell></table:table-row></table:table>"),
        "a field of a form": odt(f'<office:forms><form:form><form:text form:value="{PERSON}"/></form:form></office:forms><text:p>A.</text:p>'),
        "a user's variable": odt(f'<text:user-field-decls><text:user-field-decl text:name="x" office:string-value="{PERSON}"/></text:user-field-decls><text:p>A.</text:p>'),
        "a property": odt("<text:p>A.</text:p>", properties={"Case": PERSON}),
        "the page footer": odt("<text:p>A.</text:p>", styles=f"<style:master-page><style:footer><text:p>{PERSON}</text:p></style:footer></style:master-page>"),
    }  # fmt: skip


def _sheets() -> dict[str, bytes]:
    cell = '<table:table table:name="{name}"{more}><table:table-row{row}>{cells}</table:table-row></table:table>'
    head, digits = "<table:table-cell><text:p>NHS number</text:p></table:table-cell>", NHS.replace(" ", "")
    number = f'<table:table-cell office:value-type="float" office:value="{digits}"><text:p>{digits}</text:p></table:table-cell>'
    shown = f'<table:table-cell office:value-type="float" office:value="{digits}"><text:p>4.86E+09</text:p></table:table-cell>'
    text = f"<table:table-cell><text:p>{PERSON}</text:p></table:table-cell>"
    made = {
        "a cell": cell.format(name="a", more="", row="", cells=text),
        "a number in a cell": cell.format(name="a", more="", row="", cells=head + number),
        "a number shown with an exponent": cell.format(name="a", more="", row="", cells=head + shown),
        "a hidden sheet": cell.format(name="a", more=' table:display="false"', row="", cells=text),
        "a hidden row": cell.format(name="a", more="", row=' table:visibility="collapse"', cells=text),
        "the name of a sheet": cell.format(name="NHS number 485 777 3457", more="", row="", cells="<table:table-cell/>"),
        "a comment of a cell": cell.format(name="a", more="", row="", cells=f"<table:table-cell><office:annotation><text:p>{PERSON}</text:p></office:annotation></table:table-cell>"),
    }  # fmt: skip
    return {name: opened("spreadsheet", body) for name, body in made.items()}


def _markings() -> dict[str, tuple[bytes, str]]:
    page = "<style:master-page><style:{0}><text:p>{1}</text:p></style:{0}></style:master-page>"
    return {
        "a marking in the page header": (odt("<text:p>A.</text:p>", styles=page.format("header", MARKING)), "page header"),
        "a marking in the first page's footer": (odt("<text:p>A.</text:p>", styles=page.format("footer-first", MARKING)), "page footer"),
        "a marking as the first line": (odt(f"<text:p>{MARKING}</text:p><text:p>A.</text:p>"), "official-sensitive"),
    }


def _old() -> Iterator[Technique]:
    """doc, xls and ppt, made by LibreOffice of our own documents: one start of the program for each."""
    words = converted(
        {
            "text.docx": docx([PERSON]),
            "header.docx": docx(["A."], header=MARKING),
            "property.docx": docx(["A."], properties=[("Case", MARKING)]),
        },
        "doc",
    )
    sheets = converted(
        {
            "text.xlsx": xlsx([[PERSON]]),
            "number.xlsx": xlsx([["NHS number"], [int(NHS.replace(" ", ""))]]),
            "hidden.xlsx": xlsx([["a"]], hidden_rows=[[PERSON]]),
        },
        "xls",
    )
    slides = converted({"text.pptx": pptx([PERSON])}, "ppt")
    for name, octets in {**words, **sheets, **slides}.items():
        kind, where = ("marking", "official-sensitive") if name in ("header.doc", "property.doc") else ("detector", name)
        yield Technique(
            "office: old formats", f"{name.partition('.')[0]} of a .{name.rpartition('.')[2]}", kind, where, carrying(name, octets)
        )
