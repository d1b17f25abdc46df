"""WordprocessingML (ECMA-376-1 section 17) and whatever else holds paragraphs, to lines of words.

A reader of the document sees the words as they will be, with its changes accepted; others see it with the changes rejected, or with hidden
text shown. Each of these is a line of its own: `shown` is what everyone sees, `unseen` is what stands in the other views, in the codes of
fields and in attributes (alternative texts, tool tips, form fields, watermarks). Runs are joined within a paragraph.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from gateway.content.xml import local


class _Is(Enum):
    """What an element means for the words."""

    PARAGRAPH = auto()
    WORDS = auto()  # its text is words
    SIGN = auto()  # it is a character
    SAID = auto()  # its attributes hold words
    APART = auto()  # its paragraph has to be looked at closely: changes, hidden text, fields, boxes of text
    NOTHING = auto()


_PICTURE_FONTS = ("wingdings", "webdings", "marlett")
_PRIVATE = 0xF000  # where the characters of symbol fonts stand
_SIGNS = {"tab": "\t", "ptab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
_SAID = {
    "docPr": ("descr", "title"),
    "cNvPr": ("descr", "title"),
    "shape": ("alt", "title"),
    "rect": ("alt", "title"),
    "roundrect": ("alt", "title"),
    "imagedata": ("title",),
    "textpath": ("string",),  # a watermark, or words as a picture: everyone sees them
    "hyperlink": ("tooltip",),
    "hlinkClick": ("tooltip",),
    "fldSimple": ("instr",),
    "tblCaption": ("val",),
    "tblDescription": ("val",),
    "alias": ("val",),
    "listItem": ("displayText",),
    "listEntry": ("val",),
    "default": ("val",),
    "statusText": ("val",),
    "helpText": ("val",),
    "lvlText": ("val",),
}
_BOXES = ("txbxContent", "txBody", "rt")  # boxes of text; what stands above a word
_CHANGES = {"ins": "inserted", "moveTo": "inserted", "del": "deleted", "moveFrom": "deleted"}
_CODES = ("instrText", "delInstrText")
_NAMES = {
    "p": _Is.PARAGRAPH,
    "t": _Is.WORDS,
    **dict.fromkeys((*_SIGNS, "sym"), _Is.SIGN),
    **dict.fromkeys(_SAID, _Is.SAID),
    **dict.fromkeys((*_BOXES, *_CHANGES, *_CODES, "delText", "vanish"), _Is.APART),
}
_WORDS, _PARAGRAPH, _APART = _Is.WORDS, _Is.PARAGRAPH, _Is.APART
_TAGS = tuple(f"{{*}}{name}" for name in _NAMES)
_SHORT = ("p", "hdr", "ftr")
_BLOCK, _LINES = 1 << 20, 20_000  # characters and lines that are gathered
_OFF = ("0", "false", "off")


class Words:
    """The lines of a part."""

    __slots__ = ("shown", "unseen")

    def __init__(self) -> None:
        self.shown: list[str] = []
        self.unseen: list[str] = []

    @property
    def is_full(self) -> bool:
        """Whether it is time to hand them on. Asked after every paragraph: looked at only now and then."""
        lines = len(self.shown) + len(self.unseen)
        return lines > _LINES or (lines & 0xFF == 0 and sum(map(len, self.shown)) + sum(map(len, self.unseen)) > _BLOCK)

    def say(self, element: Any) -> None:
        """Take what the attributes of an element say."""
        name, said = local(element), list(_said(element))
        (self.shown if name == "textpath" else self.unseen).extend(said)


def with_blanks(lines: list[str]) -> list[str]:
    """Lines in which a tab stands between digits, with a blank for it: a person sees a gap, and perhaps one number."""
    return [line.replace("\t", " ") for line in lines if "\t" in line and len(line) < _LINE and _TABBED.search(line)]


_LINE = 200  # characters; a longer one is a row of a table
_TABBED = re.compile(r"\d\t\d")


class Reader:
    """Reads blocks of paragraphs; `hidden` names the styles whose text is hidden."""

    __slots__ = ("_hidden", "_kinds")

    def __init__(self, hidden: frozenset[str] = frozenset()) -> None:
        self._hidden = hidden
        self._kinds: dict[str, _Is] = {}  # by the tags that occur

    def read(self, block: Any, words: Words) -> None:
        """All words of an element and of what is in it, in the order of the document."""
        kinds, shown = self._kinds, words.shown
        line: list[str] = []
        paragraph, passed, done = None, 0, 0  # elements of this paragraph so far; elements that were read closely
        # To pick elements by tag pays for a whole part, not for each of many paragraphs.
        tags = () if local(block) in _SHORT else _TAGS
        for element in block.iter(*tags):
            if done:
                done -= 1
                continue
            passed += 1
            kind = kinds.get(element.tag) or self._kind(element)
            if kind is _WORDS:
                line.append(element.text or "")
            elif kind is _PARAGRAPH:
                shown.append("".join(line))
                line, paragraph, passed = [], element, 1
            elif kind is _Is.SIGN:
                line.append(_sign(element))
            elif kind is _Is.SAID:
                words.say(element)
            if paragraph is not None and (kind is _APART or self._hidden):
                if _is_inside(element, paragraph):
                    self._closely(paragraph, words)
                    done = sum(1 for _ in paragraph.iter(*tags)) - passed
                else:  # behind it, as all that comes until the next
                    shown.append("".join(line))
                line, paragraph = [], None
        shown.append("".join(line))

    def _kind(self, element: Any) -> _Is:
        """Of an element; kept, because there are few tags and many elements."""
        kind = self._kinds[element.tag] = _NAMES.get(local(element), _Is.NOTHING)
        return kind

    def _closely(self, paragraph: Any, words: Words) -> None:
        """A paragraph with more than one view, then the boxes of text in it."""
        run = _Run(is_hidden=_style(paragraph, "pPr", "pStyle") in self._hidden)
        pieces: list[_Piece] = []
        boxes: list[Any] = []
        said: list[Any] = []
        self._walk(paragraph, run, pieces, boxes, said)
        shown, unseen = _views(pieces)
        words.shown.append(shown)
        words.unseen.extend(unseen)
        if _is_end_deleted(paragraph):
            words.unseen.append(shown + "".join(text.text or "" for text in paragraph.getnext().iter("{*}t")))
        for element in said:
            words.say(element)
        inner = Words()
        for box in boxes:
            self.read(box, inner)
        # A box stands twice, for new programs and for old ones.
        words.shown.extend(dict.fromkeys(inner.shown))
        words.unseen.extend(dict.fromkeys(inner.unseen))

    def _walk(self, element: Any, run: _Run, pieces: list[_Piece], boxes: list[Any], said: list[Any]) -> None:
        for child in element:
            name = local(child)
            if name in _BOXES:
                boxes.append(child)
            elif name in ("t", "delText", *_CODES):
                pieces.append(_Piece(child.text or "", run.inside(name)))
            elif name in _SIGNS or name == "sym":
                pieces.append(_Piece(_sign(child), run))
            else:
                said.extend((child,) if name in _SAID else ())
                self._walk(child, self._enter(child, name, run), pieces, boxes, said)

    def _enter(self, child: Any, name: str, run: _Run) -> _Run:
        if name == "r" and (_is_hidden(child) or _style(child, "rPr", "rStyle") in self._hidden):
            return run.inside("vanish")
        return run.inside(name) if name in _CHANGES else run


def _sign(element: Any) -> str:
    """What an element without text stands for. A symbol (ECMA-376-1 section 17.3.3.30) is its character, but for fonts of pictures."""
    name = local(element)
    if name != "sym":
        return _SIGNS[name]
    said = {key.rpartition("}")[2]: value for key, value in element.attrib.items()}
    if said.get("font", "").lower().startswith(_PICTURE_FONTS):
        return ""
    try:
        code = int(said.get("char", ""), 16)
    except ValueError:
        return ""
    code -= _PRIVATE if _PRIVATE <= code < _PRIVATE + 256 else 0
    return chr(code) if 32 <= code < 0xD800 else ""


@dataclass(frozen=True, slots=True)
class _Run:
    """In which views a run is seen."""

    is_hidden: bool = False
    is_inserted: bool = False
    is_deleted: bool = False
    is_code: bool = False

    def inside(self, name: str) -> _Run:
        """The same inside an element of this name."""
        change = _CHANGES.get(name)
        return _Run(
            self.is_hidden or name == "vanish",
            self.is_inserted or change == "inserted",
            self.is_deleted or change == "deleted" or name in ("delText", "delInstrText"),
            self.is_code or name in _CODES,
        )


@dataclass(frozen=True, slots=True)
class _Piece:
    text: str
    run: _Run


def _views(pieces: list[_Piece]) -> tuple[str, list[str]]:
    """The line that everyone sees; the lines of the other views, where they differ."""
    words = [piece for piece in pieces if not piece.run.is_code]
    shown = "".join(piece.text for piece in words if not (piece.run.is_hidden or piece.run.is_deleted))
    before = "".join(piece.text for piece in words if not (piece.run.is_hidden or piece.run.is_inserted))
    with_hidden = "".join(piece.text for piece in words if not piece.run.is_deleted)
    hidden_before = "".join(piece.text for piece in words if not piece.run.is_inserted)
    passing = "".join(piece.text for piece in words if piece.run.is_inserted and piece.run.is_deleted)
    codes = "".join(piece.text for piece in pieces if piece.run.is_code)
    unseen = dict.fromkeys((before, with_hidden, hidden_before, passing, codes))
    return shown, [line for line in unseen if line and line != shown]


def _said(element: Any) -> Iterator[str]:
    """The words in the attributes of an element, whatever their namespace."""
    wanted = _SAID.get(local(element), ())
    for name, value in element.attrib.items():
        if name.rpartition("}")[2] in wanted and value.strip():
            yield value


def _is_hidden(run: Any) -> bool:
    """ECMA-376-1 section 17.3.2.41."""
    return any(is_on(mark) for properties in run.iterchildren("{*}rPr") for mark in properties.iterchildren("{*}vanish"))


def is_on(mark: Any) -> bool:
    """Whether an element that is there to say yes says so (ECMA-376-1 section 17.17.4)."""
    return next((value.lower() for name, value in mark.attrib.items() if name.endswith("val")), "1") not in _OFF


def _is_end_deleted(paragraph: Any) -> bool:
    """Section 17.13.5.15: with the changes accepted the next paragraph goes on in this one."""
    marks = (mark for properties in paragraph.iterchildren("{*}pPr") for run in properties.iterchildren("{*}rPr") for mark in run)
    return paragraph.getnext() is not None and any(local(mark) in ("del", "moveFrom") for mark in marks)


def _style(element: Any, properties: str, style: str) -> str:
    for held in element.iterchildren(f"{{*}}{properties}"):
        for mark in held.iterchildren(f"{{*}}{style}"):
            return next((value for name, value in mark.attrib.items() if name.endswith("val")), "")
    return ""


def _is_inside(element: Any, paragraph: Any) -> bool:
    return element is paragraph or any(outer is paragraph for outer in element.iterancestors())


def hidden_styles(block: Any) -> Iterator[str]:
    """The styles (section 17.7) whose text is hidden, also because the style that they are based on is."""
    bases: dict[str, str] = {}
    hidden: set[str] = set()
    for style in block.iter("{*}style"):
        id_ = next((value for name, value in style.attrib.items() if name.endswith("styleId")), "")
        bases[id_] = next((value for mark in style.iterchildren("{*}basedOn") for value in mark.attrib.values()), "")
        if _is_hidden(style):
            hidden.add(id_)
    for id_ in bases:
        base, steps = id_, 0
        while base and base not in hidden and steps < 16:
            base, steps = bases.get(base, ""), steps + 1
        if base in hidden:
            yield id_
