"""A Word document (WordprocessingML, ECMA-376-1): paragraphs, page header and footer, labels, a picture for size."""

from collections.abc import Iterable, Sequence
from xml.sax.saxutils import escape

from tests.build.labels import Place
from tests.build.octets import png
from tests.build.ooxml import RELATIONSHIPS, Labels, package, relationships

_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml"
_NAMESPACES = f'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:r="{RELATIONSHIPS}"'
_STYLE = '<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/></w:style>'

Paragraph = str | Sequence[str]  # a sequence gives the runs into which Word has split the paragraph


def docx(
    paragraphs: Iterable[Paragraph],
    header: str | None = None,
    footer: str | None = None,
    label: Labels = None,
    label_place: Place = "custom",
    pad_octets: int = 0,
    *,
    properties: Iterable[tuple[str, str]] = (),
    comment: bytes = b"",
) -> bytes:
    """A document; `pad_octets` is the approximate size of a picture that does not compress (a multiple of 768)."""
    links = [(f"{RELATIONSHIPS}/styles", "styles.xml")]
    parts = {"word/styles.xml": (f"{_WORD}.styles+xml", f"<w:styles {_NAMESPACES}>{_STYLE}</w:styles>")}
    references = ""
    for kind, tag, text in (("header", "hdr", header), ("footer", "ftr", footer)):
        if text is not None:
            links.append((f"{RELATIONSHIPS}/{kind}", f"{kind}1.xml"))
            parts[f"word/{kind}1.xml"] = (f"{_WORD}.{kind}+xml", f"<w:{tag} {_NAMESPACES}>{_paragraph(text)}</w:{tag}>")
            references += f'<w:{kind}Reference w:type="default" r:id="rId{len(links)}"/>'
    media = {}
    if pad_octets:
        links.append((f"{RELATIONSHIPS}/image", "media/image1.png"))
        media["word/media/image1.png"] = png(256, max(1, pad_octets // 768), "picture")
    body = "".join(map(_paragraph, paragraphs))
    section = f'<w:sectPr>{references}<w:pgSz w:w="11906" w:h="16838"/></w:sectPr>'
    parts["word/document.xml"] = (f"{_WORD}.document.main+xml", f"<w:document {_NAMESPACES}><w:body>{body}{section}</w:body></w:document>")
    parts["word/_rels/document.xml.rels"] = ("", relationships(links))
    return package(
        "word/document.xml",
        f"{_WORD}.document.main+xml",
        parts,
        media,
        labels=label,
        label_place=label_place,
        properties=properties,
        comment=comment,
    )


def _paragraph(text: Paragraph) -> str:
    runs = (text,) if isinstance(text, str) else text
    return "<w:p>" + "".join(f'<w:r><w:t xml:space="preserve">{escape(run)}</w:t></w:r>' for run in runs) + "</w:p>"
