"""Rich Text Format (RTF 1.9.1) to segments and members.

Limits: of pictures those are looked at that are PNG, JPEG or the like, of metafiles it is said that they are not; of embedded objects OLE
compound files and packages are unpacked, any other makes the file unsupported.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from gateway.content.objects import ole1
from gateway.content.ole import MAGIC
from gateway.content.pictures import words_of
from gateway.content.reading import Item, Member, Source, Spent, Unreadable
from gateway.content.rtf_pages import APART, Sections
from gateway.detectors.unseen import name_of
from gateway.model.finding import Place, Readable

# Control word, hexadecimal octet, control symbol, brace, line end, text. No token can begin in two ways.
_TOKEN = re.compile(rb"\\([a-zA-Z]{1,32})(-?[0-9]{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z'])|([{}])|[\r\n]+|([^\\{}\r\n]+)|\\'?")
_SIGNS = {
    **dict.fromkeys(("par", "line", "sect", "page", "row", "nestrow"), "\n"),
    **dict.fromkeys(("tab", "cell", "nestcell"), "\t"),
    **dict.fromkeys(("emspace", "enspace"), " "),
    **dict.fromkeys(("emdash", "endash"), "-"),
    **dict.fromkeys(("lquote", "rquote"), "'"),
    **dict.fromkeys(("ldblquote", "rdblquote"), '"'),
}
_SYMBOLS = {b"~": b" ", b"_": b"-", b"\\": b"\\", b"{": b"{", b"}": b"}", b"\n": b"\n", b"\r": b"\n"}
_NO_DIGITS = bytes(octet for octet in range(256) if octet not in b"0123456789abcdefABCDEF")
_CODE_PAGES = (437, 850, 852, 866, 874, 932, 936, 949, 950, *range(1250, 1259))
_CHARSETS = {"ansi": "cp1252", "mac": "mac_roman", "pc": "cp437", "pca": "cp850"}
# Of a font (\\fcharset): Windows' numbers.
_FONT_CHARSETS = {
    0: "cp1252",
    77: "mac_roman",
    128: "cp932",
    129: "cp949",
    130: "johab",
    134: "gbk",
    136: "big5",
    161: "cp1253",
    162: "cp1254",
} | {163: "cp1258", 177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251", 222: "cp874", 238: "cp1250", 254: "cp437"}
_EDGES = {
    **dict.fromkeys(("header", "headerl", "headerr", "headerf"), Place.PAGE_HEADER),
    **dict.fromkeys(("footer", "footerl", "footerr", "footerf"), Place.PAGE_FOOTER),
    **dict.fromkeys(("title", "subject", "author", "keywords", "comment", "doccomm", "company", "category", "userprops"), Place.PROPERTIES),
}
_LAYING_OUT = APART | {"sect", "sectd", "titlepg", "facingp"}
_PAGE_EDGES = frozenset({Place.PAGE_HEADER, Place.PAGE_FOOTER})
# Destinations without words. An unknown one behind \\* is read apart: what a newer program writes there may be words.
_SKIPPED = frozenset(
    {
        "fonttbl",
        "colortbl",
        "stylesheet",
        "themedata",
        "colorschememapping",
        "datastore",
        "listtable",
        "listoverridetable",
        "rsidtbl",
    }
    | {
        "generator",
        "latentstyles",
        "revtbl",
        "filetbl",
        "xmlnstbl",
        "pnseclvl",
        "blipuid",
        "mmathpr",
        "panose",
        "falt",
        "creatim",
    }
)


@dataclass(frozen=True, slots=True)
class _State:
    """What a group inherits from the one around it."""

    place: Place = Place.FIRST_LINE
    edge: int = 0  # which page header or footer it is; 0 where that was not in the text itself
    is_text: bool = True  # of the document, and not of a destination that only stands in it
    has_title: bool = False  # the first page of the section has a header and a footer of its own
    skipped: bool = False
    embedded: bytearray | None = None  # the object whose octets stand here, in hexadecimal
    picture: bytearray | None = None  # ... or the picture; one in a group inside of it is another
    is_hidden: bool = False  # or deleted, while changes are tracked
    is_shape: bool = False  # a drawing: a watermark is one, in a page header
    codec: str = ""  # of the font; empty: the document's
    after_unicode: int = 1  # characters that stand for one \u in a reader without Unicode


def read_rtf(source: Source, spent: Spent) -> Iterator[Item]:
    """Body, page headers and footers, properties, embedded objects."""
    document = _Document(source.data)
    for (place, is_shown), pieces in sorted(_gathered(document).items(), key=lambda item: item[0][0] is not Place.FIRST_LINE):
        text = "".join(pieces)
        if not text.isascii():
            text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")  # \\u gives one letter in two halves
        edge = place in _PAGE_EDGES
        called = name_of(place.value.replace("_", " "), is_shown=is_shown) if edge else source.where
        yield place, called, text.replace("\t", "\n") if edge else text
    for number, written in enumerate(document.pictures, 1):
        yield from words_of(_octets(written), f"picture {number}", spent)
    unknown = False
    for written in document.objects:
        data = _octets(written)
        start = data.find(MAGIC)
        member = Member("object", data[start:]) if start >= 0 else ole1(data)
        unknown = unknown or member is None
        if member is not None:
            yield member
    if unknown:
        raise Unreadable(Readable.UNSUPPORTED)


def _gathered(document: _Document) -> dict[tuple[Place, bool], list[str]]:
    """What was written, by where it stands and whether that is an edge of a page that is shown."""
    texts: dict[tuple[Place, bool], list[str]] = {}
    for (place, edge), pieces in document.texts.items():
        texts.setdefault((place, document.sections.has(edge)), []).extend(pieces)
    return texts


def _letter(code: int) -> str:
    """Word writes the letters of a symbol font into Unicode's private area."""
    return chr(code - 0xF000 if 0xF020 <= code <= 0xF0FF else code)


def _octets(written: bytearray) -> bytes:
    digits = written.translate(None, _NO_DIGITS)  # Word passes over what is none
    return bytes.fromhex(digits[: len(digits) // 2 * 2].decode("ascii"))


class _Document:
    """A document being read."""

    __slots__ = ("_codec", "_font", "_fonts", "_octets", "_omit", "_outer", "_state", "objects", "pictures", "sections", "texts")

    def __init__(self, data: bytes) -> None:
        self.texts: dict[tuple[Place, int], list[str]] = {}  # by where they stand, and the number of an edge of a page
        self.sections = Sections()
        self.objects: list[bytearray] = []
        self.pictures: list[bytearray] = []
        self._codec = "cp1252"
        self._octets = b""  # written one by one, not yet decoded: a letter may take two
        self._fonts: dict[int, str] = {}  # codecs of those that have one of their own
        self._font = 0
        self._state = _State()
        self._outer: list[_State] = []
        self._omit = 0  # characters left that stand for a \u
        at = 0
        while (token := _TOKEN.match(data, at)) is not None and token.end() > at:
            at = token.end() + self._take(token)
            if at > token.end() and (written := self._written()) is not None:
                written += data[token.end() : at].hex().encode()
        self._flush()
        if self._outer:  # the document breaks off
            self.sections.end(has_title=self._state.has_title)

    def _take(self, token: re.Match[bytes]) -> int:
        """One token; how many raw octets follow it."""
        word, number, octet, symbol, brace, text = token.groups()
        written = self._written()
        if octet is None and (token[0].strip() or written is not None):
            self._flush()
        if word is not None:
            return self._word(word.decode("ascii"), None if number is None else int(number))
        if brace is not None:
            self._omit = 0
            self._brace(opening=brace == b"{")
        elif symbol == b"*":
            self._move(Place.TEXT)
        elif text is not None and written is not None:
            written += text
        elif octet is not None:
            self._octet(bytes.fromhex(octet.decode("ascii")))
        else:
            self._text(text if text is not None else _SYMBOLS.get(symbol, b""))
        return 0

    def _written(self) -> bytearray | None:
        """The object or picture whose octets stand here."""
        return self._state.embedded if self._state.picture is None else self._state.picture

    def _brace(self, *, opening: bool) -> None:
        if opening:
            self._outer.append(self._state)
            if self._state.picture is not None:  # its properties
                self._state = replace(self._state, picture=None, skipped=True)
        elif self._outer:
            inner, self._state = self._state, self._outer.pop()
            if not self._outer and self._state.is_text:  # what is behind the document, no program shows
                self.sections.end(has_title=inner.has_title)
                self._state = replace(self._state, is_text=False)
            if inner.is_shape and not self._state.is_shape and inner.place in _PAGE_EDGES:
                self._put("\n")

    def _octet(self, octet: bytes) -> None:
        if self._omit:
            self._omit -= 1
        else:
            self._octets += octet

    def _flush(self) -> None:
        if self._octets:
            octets, self._octets = self._octets, b""
            self._put(octets.decode(self._state.codec or self._codec, "replace"))

    def _text(self, octets: bytes) -> None:
        omitted = min(self._omit, len(octets))
        self._omit -= omitted
        self._put(octets[omitted:].decode(self._state.codec or self._codec, "replace"))

    def _word(self, name: str, number: int | None) -> int:
        if name in _LAYING_OUT:
            self._lay_out(name, number)
        return self._obey(name, number)

    def _obey(self, name: str, number: int | None) -> int:
        """A control word: text, or what becomes of the group it stands in."""
        value = number or 0
        if name == "bin":
            return max(0, value)
        if name == "u":
            self._put(_letter(value % 0x10000))
            self._omit = self._state.after_unicode
        elif name == "plain":
            self._state = replace(self._state, is_hidden=False)
        elif name in ("v", "deleted"):
            self._hide(hidden=number != 0)
        elif name in ("f", "fcharset"):
            self._set_font(name, value)
        elif name in _CHARSETS:
            self._codec = _CHARSETS[name]
        elif name in _SIGNS:
            self._put(_SIGNS[name])
        elif name in ("sn", "sv"):  # name and value of what a shape is, its words among them
            self._put("\n")
        elif name == "ansicpg" and value in _CODE_PAGES:
            self._codec = f"cp{value}"
        else:
            self._state = self._changed(name, value)
        return 0

    def _lay_out(self, name: str, number: int | None) -> None:
        """A control word that says which edges pages have, or that what stands here is on none."""
        if name in APART:
            self._state = replace(self._state, is_text=False)
        elif name in ("titlepg", "sectd"):
            if (has_title := name == "titlepg" and number != 0) is not self._state.has_title:
                self._state = replace(self._state, has_title=has_title)
        elif self._is_in_text() and name == "sect":
            self.sections.end(has_title=self._state.has_title)
        elif self._is_in_text():
            self.sections.is_facing = number != 0

    def _is_in_text(self) -> bool:
        """What stands here is of the sections that the document is made of."""
        return self._state.place is Place.FIRST_LINE and self._state.is_text and bool(self._outer)

    def _hide(self, *, hidden: bool) -> None:
        """What is hidden is read apart: without it words may be whole, and with it."""
        self._state = replace(self._state, is_hidden=hidden)
        if hidden:
            self._put("\n")

    def _set_font(self, name: str, value: int) -> None:
        if name == "fcharset":
            self._fonts[self._font] = _FONT_CHARSETS.get(value, "")
        else:
            self._font = value
            self._state = replace(self._state, codec=self._fonts.get(value, ""))

    def _changed(self, name: str, value: int) -> _State:
        if name == "uc":
            return replace(self._state, after_unicode=max(0, min(value, 8)))
        if name == "objdata":
            self.objects.append(bytearray())
            return replace(self._state, embedded=self.objects[-1])
        if name == "pict":
            self.pictures.append(bytearray())
            return replace(self._state, picture=self.pictures[-1])
        if name == "shpinst":
            place = self._outer[-1].place if self._outer else self._state.place
            return replace(self._state, is_shape=True, place=place if place in _PAGE_EDGES else self._state.place)
        if name in _SKIPPED:
            return replace(self._state, skipped=True)
        if name in _EDGES:
            place = _EDGES[name]
            self._move(place, self.sections.begin(name) if place in _PAGE_EDGES and self._is_in_text() else 0)
        return self._state

    def _move(self, place: Place, edge: int | None = None) -> None:
        """What this group says stands elsewhere, on a line of its own."""
        self._state = replace(self._state, place=place, edge=self._state.edge if edge is None else edge)
        self._put("\n")

    def _put(self, text: str) -> None:
        if text and not self._state.skipped and self._written() is None:
            place = Place.TEXT if self._state.is_hidden else self._state.place
            self.texts.setdefault((place, self._state.edge if place in _PAGE_EDGES else 0), []).append(text)
