"""Words that a page of a PDF shows and its text does not tell: letters of a font that says nothing of their characters, and words inside
what a letter or a pattern is drawn with.

In: the objects of a file, as pikepdf has them; then a text page of pdfium. Out: which pages have such words, to be read as a person reads
them, from what is drawn.
Standards: ISO 32000-2 sections 9.10.2 (from a code to a character: a /ToUnicode, known names of letters, a known collection of CIDs; or
a letter is a picture), 9.6.4 (Type 3 fonts, whose letters are content streams), 8.7.3 (tiling patterns, which are too).
A bullet, a ligature, a leader of dots without a character are no words. Where no font of a file can lack one, no letter is looked at.
Limits: characters that a font gives and its letters do not show are believed, so are the codes of a TrueType font without names; letters
without a character are missed that stand one or two at a time among others, and are few.
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import pikepdf
import pypdfium2.raw as pdfium

from gateway.content.pdf_bombs import Id, unpacked
from gateway.content.reading import Spent, Unreadable

_EACH = 3  # each third letter is looked at where a font has no characters of its own ...
_SOME = 16  # ... and each sixteenth where it has: a line is seen all the same
_RUN = 8  # letters in a row, blanks apart: OFFICIAL has as many
_DIFFERENT = 4  # of them: a row of dots has one
_SHARE = 0.1  # of the letters of a page ...
_FEWEST = 20  # ... and so many
_DEPTH = 8  # of dictionaries within one object
_MAY_LACK = (b"/Type0", b"/Type3", b"/Differences", b"/FontFile")  # a standard font in a standard encoding lacks none
_SHOULD_HAVE = (b"/Subtype /Type0", b"/Subtype /Type3")
_NAMES = re.compile(rb"/BaseFont /[^\s/<>()\[\]]")
_NAMED = re.compile(rb"/(?:FontDescriptor|DescendantFonts) [^/]")  # stand in fonts that have a name, and in no Type 3 font of a program
_FIGURES = dict(zip("0123456789", ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"), strict=True))
_OPERATORS = re.compile(rb"\b(?:BT|Do)\b")  # that begin a text, and draw a form
_ELSEWHERE = frozenset(
    {"/Parent", "/P", "/Popup", "/IRT", "/A", "/AA", "/Dest", "/B", "/Metadata", "/PieceInfo"}
)  # what they lead to is not drawn here
# pypdfium2's own prototype converts a pointer each time, which takes half as long again.
_lacks = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int)(
    ctypes.cast(pdfium.FPDFText_HasUnicodeMapError, ctypes.c_void_p).value or 0
)


class Untold(NamedTuple):
    """Where the words of a page are not those of its text."""

    step: int = _EACH  # so far apart are the letters of a page that are looked at; 0: no font lacks characters
    type3: bool = True  # so may Type 3 fonts, whose codes pdfium takes for characters whatever the letters are called
    pages: frozenset[int] = frozenset()  # these, counted from 0, draw words inside a letter or a pattern


class Fonts:
    """What the objects of one file say of it; they live as long as the file is open."""

    __slots__ = ("_drawing", "_known", "_nameless", "_spent", "_step", "_type3")

    def __init__(self, spent: Spent) -> None:
        self._spent = spent
        self._step = 0
        self._type3 = self._nameless = False  # the codes of a Type 3 font are not ASCII; another font may be taken for one
        self._drawing: set[Id] = set()  # fonts and patterns that show words inside
        self._known: dict[Id, frozenset[bytes]] = {}  # operators of their streams

    def look(self, thing: Any, written: bytes) -> None:
        """At one object, whose dictionary is written so."""
        if self._step != _EACH and any(name in written for name in _MAY_LACK):
            lacks = b"/ToUnicode" not in written and any(kind in written for kind in _SHOULD_HAVE)
            self._step = _EACH if lacks else _SOME
        self._nameless = self._nameless or len(_NAMES.findall(written)) < len(_NAMED.findall(written))
        fonts = list(_type3(thing, 0)) if b"/CharProcs" in written else []
        self._type3 = self._type3 or not all(map(_tells, fonts))
        if b"/PatternType 1" in written and isinstance(thing, pikepdf.Stream):
            shows = self._shows_words([(thing, thing)])
        else:
            shows = any(self._shows_words(_letters_of(font)) for font in fonts)
        if shows:
            self._drawing.add(thing.objgen)

    def untold(self, file: Any) -> Untold:
        """When all objects were seen."""
        return Untold(self._step, self._type3 or self._nameless, frozenset(self._pages(file) if self._drawing else ()))

    def _pages(self, file: Any) -> Iterator[int]:
        for number, page in enumerate(file.pages):
            self._spent.time()
            if any(thing.objgen in self._drawing for thing in _drawn_by(page.obj)):
                yield number

    def _shows_words(self, left: list[tuple[Any, Any]]) -> bool:
        """Whether one of these content streams shows a text, or a form in the resources of its holder; without any it may be any form."""
        seen: set[Id] = set()
        while left:
            stream, holder = left.pop()
            self._spent.time()
            operators, resources = self._operators(stream), holder.get("/Resources")
            if b"BT" in operators or (operators and not isinstance(resources, pikepdf.Dictionary)):
                return True
            forms = [thing for thing in _values(resources.get("/XObject")) if _is_form(thing)] if operators else []
            left += ((form, form) for form in forms if form.objgen not in seen)
            seen.update(form.objgen for form in forms)
        return False

    def _operators(self, stream: Any) -> frozenset[bytes]:
        """Those of text and of forms in one stream; none of what is broken, which is not drawn."""
        if stream.objgen not in self._known:
            try:
                self._known[stream.objgen] = frozenset(_OPERATORS.findall(unpacked(stream)))
            except Unreadable:
                self._known[stream.objgen] = frozenset()
        return self._known[stream.objgen]


def is_untold(page: Any, letters: int, untold: Untold) -> bool:
    """Whether a text page with so many letters shows words without characters: several in a row, or a good part of all."""
    if not untold.step:
        return False
    lacks = _Lacks(page, type3=untold.type3)
    some = [index for index in range(0, letters, untold.step) if lacks(index)]
    if len(some) * untold.step >= max(_FEWEST, _SHARE * letters) and _are_words(page, some):
        return True
    done = 0
    for index in some:
        if index >= done:
            run, done = _run(page, lacks, index, letters)
            if len(run) >= _RUN and _are_words(page, run):
                return True
    return False


class _Lacks:
    """Whether a letter of a text page lacks a character."""

    __slots__ = ("_handle", "_page", "_type3")

    def __init__(self, page: Any, *, type3: bool) -> None:
        self._page = page
        self._handle = ctypes.cast(page, ctypes.c_void_p).value
        self._type3 = type3

    def __call__(self, index: int) -> bool:
        return _lacks(self._handle, index) == 1 and (self._type3 or self._has_name(index))

    def _has_name(self, index: int) -> bool:
        """Whether its font has a name; Type 3 fonts have none."""
        return bool(pdfium.FPDFText_GetFontInfo(self._page, index, None, 0, None) > 1)


def _run(page: Any, lacks: _Lacks, index: int, letters: int) -> tuple[list[int], int]:
    """The letters around this one that lack a character, and where they end."""
    start = end = index
    while start > 0 and (lacks(start - 1) or _is_blank(page, start - 1)):
        start -= 1
    while end < letters and (lacks(end) or _is_blank(page, end)):
        end += 1
    return [at for at in range(start, end) if lacks(at)], end


def _are_words(page: Any, letters: list[int]) -> bool:
    return len({pdfium.FPDFText_GetUnicode(page, index) for index in letters}) >= _DIFFERENT


def _is_blank(page: Any, index: int) -> bool:
    return pdfium.FPDFText_GetUnicode(page, index) in (0x20, 0xA0)


# --- objects ----------------------------------------------------------------------------------------------------------


def _type3(thing: Any, depth: int) -> Iterator[Any]:
    """The Type 3 fonts that are this object, or stand directly in it."""
    dictionary = thing.stream_dict if isinstance(thing, pikepdf.Stream) else thing
    if "/CharProcs" in dictionary:
        yield dictionary
    for value in _values(dictionary) if depth < _DEPTH else ():
        if isinstance(value, pikepdf.Dictionary) and not value.is_indirect:
            yield from _type3(value, depth + 1)


def _tells(font: Any) -> bool:
    """Whether the codes of a Type 3 font are ASCII by the names of its letters: then what pdfium makes of them is right."""
    encoding = font.get("/Encoding")
    differences: Any = encoding.get("/Differences") if isinstance(encoding, pikepdf.Dictionary) else None
    if not isinstance(differences, pikepdf.Array):
        return False
    code = 0
    for item in map(_plain, differences):
        if isinstance(item, int):
            code = item
        elif not _is_named_so(code, item):
            return False
        else:
            code += 1
    return True


def _plain(item: Any) -> int | str:
    return item if isinstance(item, int) else str(item).removeprefix("/")


def _is_named_so(code: int, name: str) -> bool:
    """Letters and figures by their names, or by their codes as TeX numbers them; other names are words, and no letter or figure."""
    character = chr(code) if 0 < code < 128 else ""
    if name in (".notdef", f"a{code}"):
        return True
    if character.isalnum():
        return name == _FIGURES.get(character, character)
    return name.isalpha() and len(name) > 1 and name not in _FIGURES.values()


def _letters_of(font: Any) -> list[tuple[Any, Any]]:
    return [(letter, font) for letter in _values(font.get("/CharProcs")) if isinstance(letter, pikepdf.Stream)]


def _is_form(thing: Any) -> bool:
    return isinstance(thing, pikepdf.Stream) and thing.get("/Subtype") == "/Form"


def _drawn_by(page: Any) -> Iterator[Any]:
    """All objects that a page, its notes, and the forms and resources of both come to, each once. What it inherits qpdf has given to it."""
    found: set[Id] = set()
    left = [page]
    while left:
        thing = left.pop()
        if isinstance(thing, pikepdf.Array):
            left.extend(thing)
        if not isinstance(thing, pikepdf.Dictionary | pikepdf.Stream) or (thing.is_indirect and thing.objgen in found):
            continue
        if thing.is_indirect:
            found.add(thing.objgen)
            yield thing
        left.extend(_values(thing.stream_dict if isinstance(thing, pikepdf.Stream) else thing, _ELSEWHERE))


def _values(dictionary: Any, without: frozenset[str] = frozenset()) -> Iterator[Any]:
    if isinstance(dictionary, pikepdf.Dictionary):
        yield from (dictionary.get(key) for key in dictionary.keys() if key not in without)  # noqa: SIM118 - no dict
