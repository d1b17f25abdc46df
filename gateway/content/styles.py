"""What style sheets do to words: which elements they hide, and which words they show. Pure.

Standards: CSS 2.1 chapters 6.4 and 12; rules and selectors are read as style_rules.py and selectors.py say.
Limits: what another rule shows again; of the words that different rules put at one place the two that count most are read; of a property
of the page's own (`--name`) what is said last, wherever; marks of quotation that `quotes` names are read, and not put anywhere.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from itertools import islice, takewhile
from typing import NamedTuple

from gateway.content.selectors import Named, Selector, Tag
from gateway.content.style_rules import Rule, unescaped

_HIDING = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|font-size\s*:\s*0(?:\.0+)?(?![.\d])|mso-hide\s*:\s*all"
    r"|opacity\s*:\s*0(?:\.0+)?(?![.\d])|max-(?:height|width)\s*:\s*0(?![.\d])|text-indent\s*:\s*-\d{3}",
    re.IGNORECASE,
)
_STRING = r""""((?:[^"\\]|\\.)*+)"|'((?:[^'\\]|\\.)*+)'"""
_SAYING = re.compile(  # any property: which of them are shown is more than content, and the rest are names of fonts
    r""":(?=[^"';:{}]*+["'])((?:\s*+(?:"(?:[^"\\\n]|\\.)*+"|'(?:[^'\\\n]|\\.)*+'|[\w\-]++(?:\((?:[^)"']|"[^"\\]{0,200}+"|'[^'\\]{0,200}+'){0,80}+\))?|/))++)""",
    re.DOTALL,
)
_PIECE = re.compile(
    rf"""{_STRING}|(?:attr|var)\(\s*+([\w:\-]++)[^,)"']*+(?:,\s*+(?:{_STRING}))?|(?:url|counters?)\([^)]*+\)?|(/)""",
    re.IGNORECASE | re.DOTALL,
)
_LISTS = ("list-style-type", "list-style")
_DEEPEST = 4  # properties of one's own inside of one another
_ROOM = 500_000  # characters that are put around the elements of a page, besides as many as it has itself
_READINGS = 2
_ASKING, _VALUES = 16, 1000  # so many texts with attributes are put together, of so many elements

Piece = tuple[str, str]  # a text, and which attribute (or property, --name) says what is shown instead
_ALOUD: Piece = ("", "/")  # what stands behind is read aloud instead


def hides(looks: str) -> bool:
    """Whether declarations, or the attributes of a tag, hide an element."""
    return _HIDING.search(looks) is not None


class _Content(NamedTuple):
    """What one rule shows."""

    is_important: bool
    order: int  # of the rules of a page: of those that weigh the same the last counts
    pieces: list[Piece]


class Around:
    """The words that style sheets put before and behind what stands in an element (CSS 2.1 section 12.1)."""

    __slots__ = ("_contents", "_is_full", "_known", "_made", "_number", "_own", "_reading", "_room", "readings")

    def __init__(self) -> None:
        self._contents: Named[_Content] = Named()
        self._known: dict[tuple[str, str], tuple[list[str], list[str]]] = {}
        self._own: dict[str, list[Piece]] = {}  # what properties of the page's own say
        self._number = 0
        self._reading = 0
        self._made = self._room = _ROOM
        self._is_full = False
        self.readings = 1  # more, once an element was met for which rules say different words

    def __bool__(self) -> bool:
        return bool(self._contents)

    @property
    def is_full(self) -> bool:
        """There was more than could be put there."""
        return self._is_full or self._contents.is_full

    def add(self, rules: Iterable[Rule]) -> None:
        """Those of one more style sheet."""
        for rule in rules:
            contents: dict[bool, _Content] = {}  # the last of each kind counts
            for name, value in rule.said():
                is_list = name in _LISTS
                if (is_list or name == "content") and (pieces := _pieces(value)):
                    self._number += 1
                    contents[is_list] = _Content("!important" in value.lower(), self._number, pieces)
                elif name.startswith("--"):
                    self._own[name] = list(_parts(value))
            for is_list, content in contents.items():
                self._contents.add(rule.selectors, content, _is_of_lists if is_list else _is_around)

    def begin(self, reading: int, room: int) -> None:
        """The page is read once more; where rules say different words for an element, the first reading has those that count."""
        self._reading = reading
        self._contents.keep(_read)
        self._made = self._room = _ROOM + room

    def of(self, element: str, attributes: str) -> tuple[str, str]:
        """What stands before and behind; in all no more than there is room for."""
        found = self._known.get((element, attributes))
        if found is None:
            found = self._known[element, attributes] = self._shown(Tag(element, attributes))
            self.readings = max(self.readings, *map(len, found))
        before, behind = (texts[min(self._reading, len(texts) - 1)] if texts else "" for texts in found)
        self._room -= len(before) + len(behind)
        if self._room < 0:
            self._is_full = True
            return "", ""
        return before, behind

    def _shown(self, tag: Tag) -> tuple[list[str], list[str]]:
        """What different rules put there, what counts most first."""
        named = sorted(self._contents.of(tag), key=_counts, reverse=True)
        if not named:
            return [], []
        behind = [content.pieces for selector, content in named if selector.where == "after"]
        before = [content.pieces for selector, content in named if selector.where != "after"]
        return self._texts(before, tag), self._texts(behind, tag)

    def _texts(self, contents: list[list[Piece]], tag: Tag) -> list[str]:
        texts: dict[str, None] = {}
        for pieces in contents:
            if len(texts) < _READINGS:
                texts[self._joined(pieces, tag)] = None
        return list(texts)

    def _joined(self, pieces: list[Piece], tag: Tag, depth: int = 0) -> str:
        """As far as there is room: a thousand times the same attribute is no small thing."""
        texts = []
        for text, name in pieces:
            if name in self._own and depth < _DEEPEST:
                texts.append(self._joined(self._own[name], tag, depth + 1))
            else:
                texts.append(tag.said.get(name, text) if name else text)
            self._made -= 1 + len(texts[-1])
            if self._made < 0:
                self._is_full = True
                return ""
        return "".join(texts)


def _is_around(selector: Selector) -> bool:
    return selector.where != ""


def _is_of_lists(selector: Selector) -> bool:
    return selector.where in ("", "marker")


def _counts(named: tuple[Selector, _Content]) -> tuple[bool, tuple[int, int, int], int]:
    """CSS 2.1 section 6.4.1."""
    selector, content = named
    return content.is_important, selector.weight, content.order


def _read(named: list[tuple[Selector, _Content]]) -> list[tuple[Selector, _Content]]:
    """Of those that name the same elements: what counts most, as far as there are different words to read."""
    kept, words = [], (set[str](), set[str]())
    for selector, content in sorted(named, key=_counts, reverse=True):
        said = words[selector.where == "after"]
        text = "".join(text for text, _ in content.pieces)
        is_asking = any(name for _, name in content.pieces)
        if len(said) < _READINGS and (is_asking or text not in said):
            kept.append((selector, content))
            said.update(() if is_asking else (text,))
    return kept


class Hidden:
    """The elements that style sheets hide."""

    __slots__ = ("_named",)

    def __init__(self) -> None:
        self._named: Named[None] = Named()

    @property
    def is_full(self) -> bool:
        """There was more than could be looked at."""
        return self._named.is_full

    def add(self, rules: Iterable[Rule]) -> None:
        """Those of one more style sheet."""
        for rule in rules:
            if hides(unescaped(";".join(rule.declarations))):
                self._named.add(rule.selectors, None, lambda selector: not (selector.where or selector.is_any))

    def holds(self, element: str, attributes: str) -> bool:
        """Whether an element with these attributes is one of them."""
        return bool(self._named) and any(True for _ in self._named.of(Tag(element, attributes)))


def words_of(sheets: str, tags: str) -> Iterator[str]:
    """The words that style sheets show, each with its strings joined; `tags`: the attributes of all elements."""
    asking, room = 0, _ROOM + len(tags)
    for found in _SAYING.finditer(sheets):
        pieces = [piece for piece in _parts(found[1]) if piece != _ALOUD]
        asked = {name for _, name in pieces if name and not name.startswith("--")}
        if said := "".join(text for text, _ in pieces):
            yield said
        if len(asked) == 1 and asking < _ASKING:
            asking += 1
            attribute = asked.pop()
            for value in _said_by(attribute, tags):
                texts = [value if name == attribute else text for text, name in pieces]
                room -= sum(map(len, texts)) + len(texts)
                if room < 0:
                    return
                yield "".join(texts)


def _parts(content: str) -> Iterator[Piece]:
    for double, single, name, other, another, aloud in _PIECE.findall(content):
        yield unescaped(double or single or other or another), name.lower() or aloud


def _pieces(content: str) -> list[Piece]:
    """Those that are shown; none, when that is nothing."""
    pieces = list(takewhile(lambda piece: piece != _ALOUD, _parts(content)))
    return pieces if any(text.strip() or attribute for text, attribute in pieces) else []


def _said_by(attribute: str, tags: str) -> Iterator[str]:
    name = re.compile(rf"""(?<![\w\-]){re.escape(attribute)}\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)
    for found in islice(name.finditer(tags), _VALUES):
        yield html.unescape(found[1] or found[2] or found[3] or "")
