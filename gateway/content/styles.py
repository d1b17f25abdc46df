"""What style sheets do to words: which elements they hide, and which words they show. Pure.

Standards: CSS 2.1 chapters 4 and 12, Selectors 3; escapes and comments are resolved. Of a selector its last part alone is asked: what `p i`
hides is taken for hidden in a paragraph or not. Limits: what another rule shows again, places (`:nth-child`).
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from itertools import islice, product
from typing import NamedTuple

_HIDING = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|font-size\s*:\s*0(?:\.0+)?(?![.\d])|mso-hide\s*:\s*all"
    r"|opacity\s*:\s*0(?:\.0+)?(?![.\d])|max-(?:height|width)\s*:\s*0(?![.\d])|text-indent\s*:\s*-\d{3}",
    re.IGNORECASE,
)
_COMMENT = re.compile(r"/\*(?:[^*]|\*(?!/))*+(?:\*/|\Z)|<!--|-->")
_ESCAPE = re.compile(r"\\(?:([0-9a-fA-F]{1,6})\s?|\n|(.))", re.DOTALL)
_LONGEST = 400  # characters of a selector
_LAST = re.compile(r"(?:[^\s>+~\[\]]|\[[^\]]*\])+$")  # what stands behind the last blank or sign between parts
_SIMPLE = re.compile(
    r"""\[\s*(?P<attribute>[\w:\-]+)\s*(?:(?P<how>[~|^$*]?)=\s*["']?(?P<value>[^"'\]]*)[^\]]*)?\]|(?P<sign>:{1,2}|[.#]?)(?P<name>[\w\-]+)(?:\([^)]*\))?"""
)
# Only for a while, or only a part of the element.
_NOT_ALWAYS = frozenset({"hover", "active", "focus", "visited", "target", "checked", "first-letter", "first-line", "selection"})
_AROUND = ("before", "after")
_MOST = 32  # selectors of several parts or with attributes; of those beyond, one class or the element is asked
_CLASSES = re.compile(r"""\b(?:class|id)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""([a-zA-Z_:][\w:.\-]*)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?""")
_CONTENT = re.compile(
    r"""content\s*:((?:\s*+(?:"(?:[^"\\\n]|\\.)*+"|'(?:[^'\\\n]|\\.)*+'|attr\([^)"']{0,80}\)|[\w\-]++(?:\([^)"']{0,80}\))?|/))++)""",
    re.IGNORECASE | re.DOTALL,
)
_PIECE = re.compile(r""""([^"\\]*(?:\\.[^"\\]*)*)"|'([^'\\]*(?:\\.[^'\\]*)*)'|attr\(\s*([\w:\-]+)""", re.IGNORECASE | re.DOTALL)
_ROOM = 1_000_000  # characters that are put around the elements of a page
_ASKING, _VALUES = 16, 1000  # so many texts with attributes are put together, of so many elements


def hides(looks: str) -> bool:
    """Whether declarations, or the attributes of a tag, hide an element."""
    return _HIDING.search(looks) is not None


class _Selector(NamedTuple):
    """The last part of one that hides. Empty: any element."""

    element: str
    names: frozenset[str]  # classes and ids
    attributes: tuple[tuple[str, str, str], ...]  # name, how it is compared, value

    def matches(self, element: str, names: frozenset[str], said: dict[str, str]) -> bool:
        return self.element in ("", element) and self.names <= names and all(_is_said(said, *one) for one in self.attributes)


class Around:
    """The words that style sheets put before and behind what stands in an element (CSS 2.1 section 12.1)."""

    __slots__ = ("_known", "_room", "_rules")

    def __init__(self) -> None:
        self._rules: list[tuple[str, _Selector, list[tuple[str, str]]]] = []  # where, around which elements, which words
        self._known: dict[tuple[str, str], tuple[str, str]] = {}
        self._room = _ROOM

    def __bool__(self) -> bool:
        return bool(self._rules)

    def add(self, sheet: str) -> None:
        """One more style sheet."""
        for rule in _COMMENT.sub(" ", sheet).split("}"):
            selectors, _, looks = rule.rpartition("{")
            pieces = [piece for found in _CONTENT.finditer(looks) for piece in _pieces(found[1])]
            if any(text.strip() for text, _ in pieces):
                for selector, where in product(selectors.rpartition("{")[2].split(","), _AROUND):
                    parsed = _parsed(selector, where) if len(self._rules) < _MOST else None
                    if parsed is not None:
                        self._rules.append((where, parsed, pieces))

    def of(self, element: str, attributes: str) -> tuple[str, str]:
        """What stands before and behind; in all no more than there is room for."""
        found = self._known.get((element, attributes))
        if found is None:
            said, names = _attributes(attributes), _names(attributes)
            rules = [(where, pieces) for where, selector, pieces in self._rules if selector.matches(element, names, said)]
            before, behind = ("".join(_shown(pieces, said) for at, pieces in rules if at == where) for where in _AROUND)
            found = self._known[element, attributes] = before, behind
        self._room -= sum(map(len, found))
        return found if self._room >= 0 else ("", "")


class Hidden:
    """The elements that style sheets hide."""

    __slots__ = ("_elements", "_names", "_selectors")

    def __init__(self) -> None:
        self._elements: set[str] = set()
        self._names: set[str] = set()
        self._selectors: list[_Selector] = []

    def add(self, sheet: str) -> None:
        """One more style sheet."""
        for rule in _COMMENT.sub(" ", sheet).split("}"):
            selectors, _, looks = rule.rpartition("{")
            if hides(unescaped(looks)):
                for selector in filter(None, map(_parsed, selectors.rpartition("{")[2].split(","))):
                    self._add(selector)

    def _add(self, selector: _Selector) -> None:
        parts = bool(selector.element) + len(selector.names) + len(selector.attributes)
        if parts == 1 or len(self._selectors) >= _MOST:
            self._elements |= {selector.element} - {""} if not selector.names else set()
            self._names |= set(sorted(selector.names)[:1])
        if (parts > 1 or selector.attributes) and len(self._selectors) < _MOST:
            self._selectors.append(selector)

    def holds(self, element: str, attributes: str) -> bool:
        """Whether an element with these attributes is one of them."""
        if element in self._elements:
            return True
        if not attributes or not (self._names or self._selectors):
            return False
        names = _names(attributes)
        if not names.isdisjoint(self._names):
            return True
        said = _attributes(attributes) if self._selectors else {}
        return any(selector.matches(element, names, said) for selector in self._selectors)


def words_of(sheets: str, tags: str) -> Iterator[str]:
    """The words that style sheets show, each with its strings joined; `tags`: the attributes of all elements."""
    asking = 0
    for found in _CONTENT.finditer(sheets):
        pieces = _pieces(found[1])
        asked = {attribute for _, attribute in pieces if attribute}
        if said := "".join(text for text, _ in pieces):
            yield said
        if len(asked) == 1 and asking < _ASKING:
            asking += 1
            yield from ("".join(value if attribute else text for text, attribute in pieces) for value in _said_by(asked.pop(), tags))


def unescaped(css: str) -> str:
    """CSS 2.1 section 4.1.3."""
    return _ESCAPE.sub(_unescaped, css) if "\\" in css else css


def _unescaped(found: re.Match[str]) -> str:
    code = int(found[1], 16) if found[1] else 0
    return chr(code) if 0 < code < 0x110000 else found[2] or ""


def _pieces(content: str) -> list[tuple[str, str]]:
    """Each is a text, or the name of an attribute."""
    return [(unescaped(double or single), attribute.lower()) for double, single, attribute in _PIECE.findall(content)]


def _shown(pieces: list[tuple[str, str]], said: dict[str, str]) -> str:
    return "".join(said.get(attribute, "") if attribute else text for text, attribute in pieces)


def _names(attributes: str) -> frozenset[str]:
    return frozenset(name for found in _CLASSES.findall(attributes.lower()) for name in "".join(found).split())


def _parsed(selector: str, around: str = "") -> _Selector | None:
    """None: it says nothing of its own, or not always; or not of what stands before or after, when that is asked for."""
    where = ""
    last = _LAST.search(unescaped(selector.strip()[-_LONGEST:]).lower())
    element, names, attributes = "", set[str](), list[tuple[str, str, str]]()
    for simple in _SIMPLE.finditer(last[0] if last else ""):
        sign, name = simple["sign"], simple["name"]
        if simple["attribute"]:
            attributes.append((simple["attribute"], simple["how"] or "", simple["value"] or ""))
        elif sign.startswith(":"):
            if name in _NOT_ALWAYS:
                return None
            where = name if name in _AROUND else where
        elif sign:
            names.add(name)
        else:
            element = name
    is_one = where == around and bool(element or names or attributes)
    return _Selector(element, frozenset(names), tuple(attributes)) if is_one else None


def _attributes(tag: str) -> dict[str, str]:
    return {found[1].lower(): (found[2] or found[3] or found[4] or "").lower() for found in _ATTRIBUTE.finditer(tag)}


def _is_said(said: dict[str, str], name: str, how: str, value: str) -> bool:
    given = said.get(name)
    return given is not None and (not value or _COMPARED[how](given, value))


_COMPARED: dict[str, Callable[[str, str], bool]] = {  # Selectors 3 section 6.3
    "": str.__eq__,
    "~": lambda given, value: value in given.split(),
    "|": lambda given, value: f"{given}-".startswith(f"{value}-"),
    "^": str.startswith,
    "$": str.endswith,
    "*": str.__contains__,
}


def _said_by(attribute: str, tags: str) -> Iterator[str]:
    name = re.compile(rf"""(?<![\w\-]){re.escape(attribute)}\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)
    for found in islice(name.finditer(tags), _VALUES):
        yield html.unescape(found[1] or found[2] or found[3] or "")
