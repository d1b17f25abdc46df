"""Words on a page of a PDF that everybody sees, and that its text does not tell: fonts without characters, letters and patterns of words."""

from collections.abc import Callable, Iterator

import pikepdf
from pikepdf import Array, Dictionary, Name, String

from tests.build import pdf, prose
from tests.build.fonts import composite, drawn_by, in_codes, in_glyphs, type3
from tests.build.pdfs import shown
from tests.corpus.entries import LINE, Technique, carrying
from tests.corpus.families.pdf_pictures import changed, lines

_PAGE = f"{LINE}\n\nMinutes of the panel\nThe panel met in private and\nheard the report of its chair."
_USED = "".join(sorted({*_PAGE, *prose(150, "0")} - {"\n", " "}))
_SENSIBLE = {letter: letter if letter.isalpha() else {".": "period", ",": "comma"}[letter] for letter in _USED}
_OTHERWISE = {**_SENSIBLE, "~": "G1"}
_NUMBERED = {letter: f"G{number:02}" for number, letter in enumerate(_USED)}
_TOLD = {letter: letter for letter in _USED}
_TEXT = prose(150, "0").split()
_ROWS = "\n".join(" ".join(_TEXT[at : at + 10]) for at in range(0, len(_TEXT), 10))


def techniques() -> Iterator[Technique]:
    for name, octets in {**_without_characters(), **_words_within()}.items():
        yield Technique("fonts of PDF pages", name, "marking", "restricted", carrying("page.pdf", octets, "application/pdf"))


def innocents() -> Iterator[tuple[str, bytes]]:
    """What typesetting programs and printer drivers write daily."""
    yield "a paper in bitmap fonts with names of letters", made(lambda file: type3(file, _SENSIBLE), in_codes(_ROWS, _SENSIBLE))
    yield "a paper in bitmap fonts with a /ToUnicode", made(lambda file: type3(file, _NUMBERED, _TOLD), in_codes(_ROWS, _NUMBERED))
    yield "a printed page with a /ToUnicode", made(lambda file: composite(file, {**_TOLD, " ": " "}), in_glyphs(_ROWS))
    yield "a page with bullets of a font without characters", made(composite, _bullets(40))
    yield "a page with ligatures of a font without characters", made(composite, _ligatures())
    yield (
        "a list of contents with dots of a font without characters",
        made(composite, lines(_ROWS) + in_glyphs("." * 60 + "\n" + "." * 60, 8, 300)),
    )
    yield "a page with bullets of Symbol and ZapfDingbats", made(lambda _: Dictionary(), _dingbats(), _dingbat_fonts)
    for map_, order, text in (("GBK-EUC-H", "GB1", "gbk"), ("90ms-RKSJ-H", "Japan1", "cp932"), ("UniKS-UCS2-H", "Korea1", "utf-16-be")):
        yield f"a page in {map_}", made(_predefined(map_, order), _chinese(text))
    yield "a chart with hatched bars", made(lambda _: Dictionary(), _hatched() + lines(_ROWS, 500), _hatch(b"0 0 m 4 4 l S"))


def made(font: Callable[[pikepdf.Pdf], pikepdf.Object], content: bytes, change: Callable[[pikepdf.Pdf], object] = lambda _: None) -> bytes:
    """A page that has a font C1 beside Helvetica, F1."""

    def build(document: pikepdf.Pdf) -> None:
        page = document.pages[0]
        page.Contents = document.make_stream(content)
        page.Resources = Dictionary(Font=Dictionary(F1=page.Resources.Font.F1, C1=font(document)))
        change(document)

    return changed(pdf([""]), build)


def _without_characters() -> dict[str, bytes]:
    line = in_glyphs(LINE, up=790) + lines(prose(20, "below"), 740)
    return {
        "a composite font without a /ToUnicode": made(composite, in_glyphs(_PAGE)),
        "a /ToUnicode with nothing in it": made(lambda file: composite(file, {}), in_glyphs(_PAGE)),
        "a /ToUnicode with one letter in it": made(lambda file: composite(file, {"e": "e"}), in_glyphs(_PAGE)),
        "one line of such a font above a page": made(composite, line),
        "one line of such a font with an empty /ToUnicode above a page": made(lambda file: composite(file, {}), line),
        "letters that are drawn, without names": made(lambda file: type3(file, _NUMBERED), in_codes(_PAGE, _NUMBERED)),
        "letters that are drawn, with names and other codes": made(lambda file: type3(file, _OTHERWISE), in_codes(_PAGE, _OTHERWISE)),
        "letters that are drawn, with a /ToUnicode of one": made(
            lambda file: type3(file, _NUMBERED, {"e": "e"}), in_codes(_PAGE, _NUMBERED)
        ),
        "a font without a name beside drawn letters with names": made(_nameless, in_glyphs(_PAGE), _add_type3),
    }


def _nameless(document: pikepdf.Pdf) -> pikepdf.Object:
    font = composite(document)
    del font.BaseFont
    del font.DescendantFonts[0].BaseFont
    return font


def _add_type3(document: pikepdf.Pdf) -> None:
    document.pages[0].Resources.Font.T3 = type3(document, {"a": "a"})


def _words_within() -> dict[str, bytes]:
    """One letter, or one tile, is the whole page."""
    page = b"".join(b"BT /F1 14 Tf 50 %d Td (%s) Tj ET\n" % (780 - 28 * at, line.encode()) for at, line in enumerate(_PAGE.split("\n")))
    letter = b"BT /C1 1 Tf 0 0 Td (!) Tj ET\n" + lines(prose(12, "besides"), 400)
    return {
        "words within a letter": made(lambda file: _letter(file, page), letter),
        "words within a form within a letter": made(_letter_of_form(page), letter),
        "words within a letter that has no resources": made(lambda file: _letter(file, page, is_bare=True), letter),
        "words within a pattern": made(lambda _: Dictionary(), _hatched(), _hatch(page, 842)),
        "words within a pattern in a form": made(lambda _: Dictionary(), b"/Fm1 Do", _pattern_in_form(page)),
    }


def _letter(document: pikepdf.Pdf, drawn: bytes, *, is_bare: bool = False) -> pikepdf.Object:
    font = drawn_by(document, {"/a": document.make_stream(b"595 0 d0 " + drawn)})
    font.FontMatrix = Array([1, 0, 0, 1, 0, 0])
    font.Resources = Dictionary(Font=document.pages[0].get("/Resources").Font)
    if is_bare:
        del font.Resources
    return font


def _letter_of_form(drawn: bytes) -> Callable[[pikepdf.Pdf], pikepdf.Object]:
    def font(document: pikepdf.Pdf) -> pikepdf.Object:
        font = _letter(document, b"/Fm1 Do")
        form = document.make_stream(drawn, Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, 595, 842]), Resources=font.Resources)
        font.Resources = Dictionary(XObject=Dictionary(Fm1=form))
        return font

    return font


def _hatched() -> bytes:
    return b"/Pattern cs /P1 scn 0 0 595 842 re f\n"


def _hatch(tile: bytes, size: int = 4) -> Callable[[pikepdf.Pdf], None]:
    def change(document: pikepdf.Pdf) -> None:
        resources = document.pages[0].Resources
        how = {"PatternType": 1, "PaintType": 1, "TilingType": 1, "XStep": size, "YStep": size, "BBox": Array([0, 0, size, size])}
        resources.Pattern = Dictionary(P1=document.make_stream(tile, Resources=Dictionary(Font=resources.Font), **how))

    return change


def _pattern_in_form(drawn: bytes) -> Callable[[pikepdf.Pdf], None]:
    def change(document: pikepdf.Pdf) -> None:
        _hatch(drawn, 842)(document)
        page = document.pages[0]
        form = document.make_stream(
            _hatched(), Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, 595, 842]), Resources=page.Resources
        )
        page.Resources = Dictionary(XObject=Dictionary(Fm1=form))

    return change


# --- daily pages ------------------------------------------------------------------------------------------------------


def _bullets(number: int) -> bytes:
    """As lists are set: a sign of another font, and words beside it."""
    rows = (in_glyphs("o", 9, 800 - 18 * at) + shown(" ".join(_TEXT[at : at + 9]), 70, 800 - 18 * at) for at in range(number))
    return b"".join(rows)


def _ligatures() -> bytes:
    return b"".join(
        shown(f"the {_TEXT[at]} of", 50, 800 - 18 * at) + in_glyphs("f", 9, 800 - 18 * at) + shown("ice and its papers", 150, 800 - 18 * at)
        for at in range(12)
    )


def _dingbats() -> bytes:
    signs = (
        b"BT /%s 10 Tf 50 %d Td (%s) Tj ET\n" % ((b"S1", 800 - 18 * at, b"\\267") if at % 2 else (b"Z1", 800 - 18 * at, b"l"))
        for at in range(40)
    )
    return b"".join(signs) + b"".join(shown(" ".join(_TEXT[at : at + 9]), 70, 800 - 18 * at) for at in range(40))


def _dingbat_fonts(document: pikepdf.Pdf) -> None:
    for name, font in (("/S1", Name.Symbol), ("/Z1", Name.ZapfDingbats)):
        document.pages[0].Resources.Font[name] = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=font)


def _predefined(map_: str, order: str) -> Callable[[pikepdf.Pdf], pikepdf.Object]:
    """A font that is not embedded, below a CMap that every reader has (ISO 32000-2 9.7.5.2)."""

    def font(document: pikepdf.Pdf) -> pikepdf.Object:
        below = Dictionary(Type=Name.Font, Subtype=Name.CIDFontType0, BaseFont=Name.Sample)
        below.CIDSystemInfo = Dictionary(Registry=String("Adobe"), Ordering=String(order), Supplement=2)
        below.FontDescriptor = Dictionary(Type=Name.FontDescriptor, FontName=Name.Sample, Flags=6, FontBBox=Array([0, -200, 1000, 900]))
        font = Dictionary(Type=Name.Font, Subtype=Name.Type0, BaseFont=Name.Sample, Encoding=Name(f"/{map_}"))
        font.DescendantFonts = Array([document.make_indirect(below)])
        return document.make_indirect(font)

    return font


def _chinese(encoding: str) -> bytes:
    line = {"gbk": "市政府工作报告", "cp932": "市役所の報告書", "utf-16-be": "시청의업무보고"}[encoding].encode(encoding).hex().encode()
    return b"".join(b"BT /C1 12 Tf 50 %d Td <%s> Tj ET\n" % (780 - 20 * at, line) for at in range(20))
