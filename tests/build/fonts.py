"""Fonts of a PDF that say in one way or another which characters their letters are, or do not (ISO 32000-2 9.10.2).

The letters of composite fonts are those of Pillow's own font, embedded whole; those of Type 3 fonts are drawn here as shapes.
"""

import io
import struct
from collections.abc import Mapping
from functools import cache

import pikepdf
from pikepdf import Array, Dictionary, Name, String
from PIL import ImageFont

from tests.build.scans import outlined


def composite(document: pikepdf.Pdf, tells: Mapping[str, str] | None = None) -> pikepdf.Object:
    """A TrueType font below /Identity-H, whose codes are numbers of glyphs; `tells` is its /ToUnicode, from letter to character."""
    octets = _truetype()
    file = document.make_stream(octets, Length1=len(octets))
    looks = Dictionary(Type=Name.FontDescriptor, FontName=Name("/ABCDEF+Sample"), Flags=4, FontFile2=file)
    looks.FontBBox = Array([0, -300, 1000, 1000])
    for key, value in (("/ItalicAngle", 0), ("/Ascent", 900), ("/Descent", -200), ("/CapHeight", 700), ("/StemV", 80)):
        looks[key] = value
    below = Dictionary(Type=Name.Font, Subtype=Name.CIDFontType2, BaseFont=Name("/ABCDEF+Sample"), DW=650, CIDToGIDMap=Name.Identity)
    below.CIDSystemInfo = Dictionary(Registry=String("Adobe"), Ordering=String("Identity"), Supplement=0)
    below.FontDescriptor = document.make_indirect(looks)
    font = Dictionary(Type=Name.Font, Subtype=Name.Type0, BaseFont=Name("/ABCDEF+Sample"), Encoding=Name("/Identity-H"))
    font.DescendantFonts = Array([document.make_indirect(below)])
    if tells is not None:
        font.ToUnicode = _to_unicode(document, {glyphs()[letter]: character for letter, character in tells.items()}, 2)
    return document.make_indirect(font)


def type3(document: pikepdf.Pdf, names: Mapping[str, str], tells: Mapping[str, str] | None = None) -> pikepdf.Object:
    """A font whose letters are drawn, under these names; the codes are ASCII where all names are letters, and count from 33 elsewhere."""
    drawn = {
        f"/{name}": document.make_stream(b"75 0 d0 1 0 0 1 -50 -790 cm " + outlined(letter, size=100)) for letter, name in names.items()
    }
    told = _to_unicode(document, {code_of(letter, names): character for letter, character in tells.items()}, 1) if tells else None
    font = drawn_by(document, drawn, told)
    codes = [code_of(letter, names) for letter in names]
    font.FirstChar, font.LastChar, font.Widths = min(codes), max(codes), Array([75] * (max(codes) - min(codes) + 1))
    font.Encoding.Differences = Array([item for code, name in zip(codes, drawn, strict=True) for item in (code, Name(name))])
    return font


def code_of(letter: str, names: Mapping[str, str]) -> int:
    return ord(letter) if all(name.isalpha() for name in names.values()) else 33 + list(names).index(letter)


def drawn_by(document: pikepdf.Pdf, letters: Mapping[str, pikepdf.Object], tells: pikepdf.Object | None = None) -> pikepdf.Object:
    """A Type 3 font whose letters are these content streams, by name, a hundredth of the size."""
    font = Dictionary(Type=Name.Font, Subtype=Name.Type3, FontBBox=Array([0, 0, 0, 0]), FontMatrix=Array([0.01, 0, 0, 0.01, 0, 0]))
    font.FirstChar, font.LastChar, font.Widths, font.Resources = 33, 32 + len(letters), Array([75] * len(letters)), Dictionary()
    font.CharProcs = Dictionary(dict(letters))
    font.Encoding = Dictionary(Type=Name.Encoding, Differences=Array([33, *map(Name, letters)]))
    if tells is not None:
        font.ToUnicode = tells
    return document.make_indirect(font)


def in_glyphs(text: str, size: int = 14, up: int = 780, name: str = "C1") -> bytes:
    """Lines in a composite font, from here down."""
    lines = ("".join(f"{glyphs()[letter]:04X}" for letter in line) for line in text.split("\n"))
    return b"".join(
        b"BT /%s %d Tf 50 %d Td <%s> Tj ET\n" % (name.encode(), size, up - 2 * size * at, line.encode()) for at, line in enumerate(lines)
    )


def in_codes(text: str, names: Mapping[str, str], size: int = 14, up: int = 780, name: str = "C1") -> bytes:
    """Lines in a Type 3 font with letters of these names; a blank moves on."""
    drawn = []
    for number, line in enumerate(text.split("\n")):
        words = " -750 ".join(f"<{''.join(f'{code_of(letter, names):02X}' for letter in word)}>" for word in line.split())
        drawn.append(b"BT /%s %d Tf 50 %d Td [%s] TJ ET\n" % (name.encode(), size, up - 2 * size * number, words.encode()))
    return b"".join(drawn)


def _to_unicode(document: pikepdf.Pdf, characters: Mapping[int, str], octets: int) -> pikepdf.Object:
    """A CMap as Adobe's Technical Note 5411 has it."""
    pairs = "".join(f"<{code:0{2 * octets}X}> <{character.encode('utf-16-be').hex()}>\n" for code, character in characters.items())
    text = (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /Adobe-Identity-UCS def /CMapType 2 def\n"
        f"1 begincodespacerange <{'00' * octets}> <{'FF' * octets}> endcodespacerange\n"
        + (f"{len(characters)} beginbfchar\n{pairs}endbfchar\n" if characters else "")
        + "endcmap CMapName currentdict /CMap defineresource pop end end\n"
    )
    return document.make_stream(text.encode())


@cache
def _truetype() -> bytes:
    file = ImageFont.load_default(20).path
    assert isinstance(file, io.BytesIO), "Pillow has its font in memory"
    return file.getvalue()


@cache
def glyphs() -> dict[str, int]:
    """The number of each letter's glyph: a `cmap` of format 4 (OpenType 1.9)."""
    font = _truetype()
    tables = {font[at : at + 4]: int.from_bytes(font[at + 8 : at + 12]) for at in range(12, 12 + 16 * int.from_bytes(font[4:6]), 16)}
    start = tables[b"cmap"]
    places = (
        start + int.from_bytes(font[at + 4 : at + 8])
        for at in range(start + 4, start + 4 + 8 * int.from_bytes(font[start + 2 : start + 4]), 8)
    )
    at = next(place for place in places if font[place : place + 2] == b"\0\4")
    double = int.from_bytes(font[at + 6 : at + 8])
    ends, starts, deltas, offsets = (
        struct.unpack_from(f">{double // 2}H", font, at + 14 + skip) for skip in (0, double + 2, 2 * double + 2, 3 * double + 2)
    )
    found = {}
    for number, (first, last) in enumerate(zip(starts, ends, strict=True)):
        for code in range(first, min(last, 0x2100) + 1):
            place = at + 16 + 3 * double + 2 * number + offsets[number] + 2 * (code - first)
            glyph = int.from_bytes(font[place : place + 2]) if offsets[number] else code
            found[chr(code)] = (glyph + deltas[number]) & 0xFFFF
    return found
