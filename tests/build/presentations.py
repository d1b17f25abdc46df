"""A PowerPoint deck (PresentationML, ECMA-376-1): one text box a slide, footer, labels."""

from collections.abc import Iterable
from xml.sax.saxutils import escape

from tests.build.labels import Place
from tests.build.ooxml import RELATIONSHIPS, Labels, package, relationships

_DECK = "application/vnd.openxmlformats-officedocument.presentationml"
_DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/main"
_NAMESPACES = f'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" xmlns:a="{_DRAWING}" xmlns:r="{RELATIONSHIPS}"'
_ROOT = '<p:nvGrpSpPr><p:cNvPr id="1" name=""/><p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr><p:grpSpPr/>'
_COLOURS = (
    'bg1="lt1" tx1="dk1" bg2="lt2" tx2="dk2" accent1="accent1" accent2="accent2" accent3="accent3" accent4="accent4" accent5="accent5"'
)


def pptx(
    slides: Iterable[str],
    footer: str | None = None,
    label: Labels = None,
    label_place: Place = "custom",
    *,
    properties: Iterable[tuple[str, str]] = (),
    comment: bytes = b"",
) -> bytes:
    """A deck; each slide is a text of one or more lines."""
    texts = list(slides)
    master = [(f"{RELATIONSHIPS}/slideLayout", "../slideLayouts/slideLayout1.xml"), (f"{RELATIONSHIPS}/theme", "../theme/theme1.xml")]
    links = [(f"{RELATIONSHIPS}/slideMaster", "slideMasters/slideMaster1.xml")]
    links += [(f"{RELATIONSHIPS}/slide", f"slides/slide{number}.xml") for number in range(1, len(texts) + 1)]
    parts = {
        "ppt/presentation.xml": (f"{_DECK}.presentation.main+xml", _presentation(len(texts))),
        "ppt/_rels/presentation.xml.rels": ("", relationships(links)),
        "ppt/slideMasters/slideMaster1.xml": (f"{_DECK}.slideMaster+xml", _MASTER),
        "ppt/slideMasters/_rels/slideMaster1.xml.rels": ("", relationships(master)),
        "ppt/slideLayouts/slideLayout1.xml": (f"{_DECK}.slideLayout+xml", _LAYOUT),
        "ppt/slideLayouts/_rels/slideLayout1.xml.rels": (
            "",
            relationships([(f"{RELATIONSHIPS}/slideMaster", "../slideMasters/slideMaster1.xml")]),
        ),
        "ppt/theme/theme1.xml": ("application/vnd.openxmlformats-officedocument.theme+xml", _THEME),
    }
    for number, text in enumerate(texts, start=1):
        parts[f"ppt/slides/slide{number}.xml"] = (f"{_DECK}.slide+xml", _slide(text, footer))
        layout = [(f"{RELATIONSHIPS}/slideLayout", "../slideLayouts/slideLayout1.xml")]
        parts[f"ppt/slides/_rels/slide{number}.xml.rels"] = ("", relationships(layout))
    return package(
        "ppt/presentation.xml",
        f"{_DECK}.presentation.main+xml",
        parts,
        labels=label,
        label_place=label_place,
        properties=properties,
        comment=comment,
    )


def _presentation(count: int) -> str:
    slides = "".join(f'<p:sldId id="{255 + number}" r:id="rId{number + 1}"/>' for number in range(1, count + 1))
    return (
        f'<p:presentation {_NAMESPACES}><p:sldMasterIdLst><p:sldMasterId id="2147483648" r:id="rId1"/></p:sldMasterIdLst>'
        f'<p:sldIdLst>{slides}</p:sldIdLst><p:sldSz cx="9144000" cy="6858000"/><p:notesSz cx="6858000" cy="9144000"/></p:presentation>'
    )


def _slide(text: str, footer: str | None) -> str:
    shapes = _shape(2, "Text", "", 1143000, text)
    if footer is not None:
        shapes += _shape(3, "Footer", '<p:ph type="ftr" sz="quarter" idx="11"/>', 6356350, footer)
    return f"<p:sld {_NAMESPACES}><p:cSld><p:spTree>{_ROOT}{shapes}</p:spTree></p:cSld></p:sld>"


def _shape(number: int, name: str, placeholder: str, top: int, text: str) -> str:
    paragraphs = "".join(f'<a:p><a:r><a:rPr lang="en-GB"/><a:t>{escape(line)}</a:t></a:r></a:p>' for line in text.split("\n"))
    return (
        f'<p:sp><p:nvSpPr><p:cNvPr id="{number}" name="{name}"/><p:cNvSpPr/><p:nvPr>{placeholder}</p:nvPr></p:nvSpPr>'
        f'<p:spPr><a:xfrm><a:off x="457200" y="{top}"/><a:ext cx="8229600" cy="365125"/></a:xfrm>'
        f'<a:prstGeom prst="rect"><a:avLst/></a:prstGeom></p:spPr><p:txBody><a:bodyPr/>{paragraphs}</p:txBody></p:sp>'
    )


_LAYOUT = f'<p:sldLayout {_NAMESPACES} type="blank"><p:cSld name="Blank"><p:spTree>{_ROOT}</p:spTree></p:cSld></p:sldLayout>'
_MASTER = (
    f"<p:sldMaster {_NAMESPACES}><p:cSld><p:spTree>{_ROOT}</p:spTree></p:cSld>"
    f'<p:clrMap {_COLOURS} accent6="accent6" hlink="hlink" folHlink="folHlink"/>'
    '<p:sldLayoutIdLst><p:sldLayoutId id="2147483649" r:id="rId1"/></p:sldLayoutIdLst></p:sldMaster>'
)
_FILL = '<a:solidFill><a:schemeClr val="phClr"/></a:solidFill>'
_FONT = '<a:latin typeface="Calibri"/><a:ea typeface=""/><a:cs typeface=""/>'
_PALETTE = {
    "dk1": "000000", "lt1": "FFFFFF", "dk2": "1F497D", "lt2": "EEECE1", "accent1": "4F81BD", "accent2": "C0504D",
    "accent3": "9BBB59", "accent4": "8064A2", "accent5": "4BACC6", "accent6": "F79646", "hlink": "0000FF", "folHlink": "800080",
}  # fmt: skip
_THEME = (
    f'<a:theme xmlns:a="{_DRAWING}" name="Plain"><a:themeElements><a:clrScheme name="Plain">'
    + "".join(f'<a:{name}><a:srgbClr val="{colour}"/></a:{name}>' for name, colour in _PALETTE.items())
    + f'</a:clrScheme><a:fontScheme name="Plain"><a:majorFont>{_FONT}</a:majorFont><a:minorFont>{_FONT}</a:minorFont></a:fontScheme>'
    f'<a:fmtScheme name="Plain"><a:fillStyleLst>{_FILL * 3}</a:fillStyleLst>'
    f"<a:lnStyleLst>{f'<a:ln>{_FILL}</a:ln>' * 3}</a:lnStyleLst>"
    f"<a:effectStyleLst>{'<a:effectStyle><a:effectLst/></a:effectStyle>' * 3}</a:effectStyleLst>"
    f"<a:bgFillStyleLst>{_FILL * 3}</a:bgFillStyleLst></a:fmtScheme></a:themeElements></a:theme>"
)
