"""Which elements the selectors of a style sheet name, found by their classes, attributes and names. Pure.

Standards: Selectors 3 and 4. Of a selector its last part alone is asked: what `p i` names is taken for named in a paragraph or not. Upper
and lower case are the same; `:is` and `:where` (Selectors 4 section 4.2) are as many selectors as they have arguments. Limits: places
(`:nth-child`), `:not` and `:has` are passed over, and name more than they say; what is asked in `:where` weighs as in `:is`.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Generic, NamedTuple, TypeVar

from gateway.content.style_rules import unescaped

_NESTED = 4  # :not(:is(:where(...)))
_ARGUMENTS = r"\((?:[^()\"'\\]|\\.|\"(?:[^\"\\]|\\.)*+\"?|'(?:[^'\\]|\\.)*+'?"
_ARGUMENTS = _ARGUMENTS + "".join(f"|{_ARGUMENTS}" for _ in range(_NESTED - 1)) + r")*+\)?" * _NESTED
_ONE = re.compile(
    rf"""(?:[^,"'(\[\\]|\\.|"(?:[^"\\]|\\.)*+"?|'(?:[^'\\]|\\.)*+'?|\[(?:[^\]"']|"[^"]*+"?|'[^']*+'?)*+\]?|{_ARGUMENTS})++""", re.DOTALL
)
_LONGEST = 400  # characters of a selector
_CALL = re.compile(rf"(:(?:is|where|matches|any|-webkit-any|-moz-any)(?=\())?(?<!\\)({_ARGUMENTS})", re.DOTALL | re.IGNORECASE)
_PART = re.compile(rf"""(?:\\(?:[0-9a-fA-F]{{1,6}}\s?|.)|[^\s>+~\[\\(]|\[(?:[^\]"']|"[^"]*+"|'[^']*+')*+\]?|{_ARGUMENTS})++""", re.DOTALL)
_SIMPLE = re.compile(
    r"""\[\s*+(?P<attribute>(?:[^\s~|^$*=\]\\]|\\.)++)\s*+(?:(?P<how>[~|^$*]?)=\s*+(?:"(?P<double>[^"]*+)"|'(?P<single>[^']*+)'|(?P<bare>[^\s\]]*+)))?"""
    r"""[^\]]*+\]?|(?P<sign>:{1,2}|[.#]?)(?P<name>(?:[\w\-]|\\(?:[0-9a-fA-F]{1,6}\s?|.))++)""",
    re.DOTALL,
)
# Only for a while, or only a part of the element.
_NOT_ALWAYS = frozenset({"hover", "active", "focus", "visited", "target", "checked", "first-letter", "first-line", "selection"})
_AROUND = frozenset({"before", "after", "marker"})
_CLASSES = re.compile(r"""(?<![\w\-])(?:class|id)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""([^\s"'<>/=]++)(?:\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s"'>][^\s>]*+)))?""")
_MOST = 20_000  # selectors of a page: no set of icons has as many
_LOOKS = 500_000  # so often elements and selectors are held against one another
_SEARCHED = 500  # characters of an attribute that count as one more look

_T = TypeVar("_T")


class Tag:
    """How an element begins."""

    __slots__ = ("_attributes", "_lower", "_said", "_words", "element", "names")

    def __init__(self, element: str, attributes: str) -> None:
        self.element = element
        self.names = frozenset(_names(attributes)) if attributes else frozenset[str]()  # its classes and its id
        self._attributes = attributes
        self._said: dict[str, str] | None = None
        self._lower: dict[str, str] = {}
        self._words: dict[str, frozenset[str]] = {}

    @property
    def said(self) -> dict[str, str]:
        """Its attributes, as it is written what they say; of two of one name the first counts."""
        if self._said is None:
            self._said = {}
            for found in _ATTRIBUTE.finditer(self._attributes):
                self._said.setdefault(found[1].lower(), html.unescape(found[2] or found[3] or found[4] or ""))
            self._lower = {name: value.lower() for name, value in self._said.items()}
        return self._said

    def says(self, name: str, how: str, value: str) -> bool:
        """Selectors 3 section 6.3."""
        if name not in self.said:
            return False
        if how != "~":
            return not value or _COMPARED[how](self._lower[name], value)
        if name not in self._words:
            self._words[name] = frozenset(self._lower[name].split())
        return value in self._words[name]

    def length_of(self, name: str) -> int:
        """Of the value of an attribute."""
        return len(self.said.get(name, ""))


_COMPARED: dict[str, Callable[[str, str], bool]] = {
    "": str.__eq__,
    "|": lambda given, value: given == value or given.startswith(f"{value}-"),
    "^": str.startswith,
    "$": str.endswith,
    "*": str.__contains__,
}


class Selector(NamedTuple):
    """The last part of one."""

    element: str
    names: frozenset[str]  # classes and ids
    attributes: tuple[tuple[str, str, str], ...]  # name, how it is compared, value
    where: str  # before, after, marker: of what stands there; empty: of the element
    weight: tuple[int, int, int]  # Selectors 3 section 9, of all its parts: the heaviest counts

    @property
    def is_any(self) -> bool:
        """Whether it says nothing of the elements it names."""
        return not (self.element or self.names or self.attributes)

    @property
    def longest(self) -> str:
        """Of its classes, because `.icon.icon-home` stands beside many other icons."""
        return max(self.names, key=lambda name: (len(name), name))

    def matches(self, tag: Tag) -> bool:
        return self.element in ("", tag.element) and self.names <= tag.names and all(tag.says(*one) for one in self.attributes)

    def looks(self, tag: Tag) -> int:
        """How much work that is."""
        searched = sum(tag.length_of(name) for name, how, _ in self.attributes if how == "*")
        return 1 + len(self.names) + len(self.attributes) + searched // _SEARCHED


class Named(Generic[_T]):
    """What is said of elements, by selectors. Only that is looked at which an element's own name, classes and attributes lead to."""

    __slots__ = ("_by_attribute", "_by_element", "_by_name", "_left", "_looks", "is_full")

    def __init__(self) -> None:
        self._by_name: dict[str, list[tuple[Selector, _T]]] = {}
        self._by_attribute: dict[str, list[tuple[Selector, _T]]] = {}
        self._by_element: dict[str, list[tuple[Selector, _T]]] = {}  # empty: any
        self._left, self._looks = _MOST, _LOOKS
        self.is_full = False  # not all was taken in, or not all was looked at

    def __bool__(self) -> bool:
        return bool(self._by_name or self._by_attribute or self._by_element)

    def add(self, selectors: str, value: _T, wanted: Callable[[Selector], bool]) -> None:
        """Those of a rule that are wanted."""
        for before, part in chain.from_iterable(map(_alternatives, dict.fromkeys(one.strip() for one in _ONE.findall(selectors)))):
            self._left -= 1
            if self._left < 0 or part is None:
                self.is_full = True
                return
            selector = _parsed(before, part)
            if selector is not None and wanted(selector):
                self._by(selector).append((selector, value))

    def keep(self, counting: Callable[[list[tuple[Selector, _T]]], list[tuple[Selector, _T]]]) -> None:
        """Of what is said of all elements of a name, or of all, that which counts alone: the rest need not be looked at for each."""
        self._by_element = {element: counting(said) for element, said in self._by_element.items()}

    def of(self, tag: Tag) -> Iterator[tuple[Selector, _T]]:
        """All that name this element."""
        for selector, value in self._near(tag):
            self._looks -= selector.looks(tag)
            if self._looks < 0:
                self.is_full = True
                return
            if selector.matches(tag):
                yield selector, value

    def _by(self, selector: Selector) -> list[tuple[Selector, _T]]:
        if selector.names:
            return self._by_name.setdefault(selector.longest, [])
        if selector.attributes:
            return self._by_attribute.setdefault(selector.attributes[0][0], [])
        return self._by_element.setdefault(selector.element, [])

    def _near(self, tag: Tag) -> Iterator[tuple[Selector, _T]]:
        for element in ("", tag.element):
            yield from self._by_element.get(element, ())
        for name in self._by_name.keys() & tag.names:
            yield from self._by_name[name]
        if self._by_attribute:
            for name in self._by_attribute.keys() & tag.said.keys():
                yield from self._by_attribute[name]


def _names(attributes: str) -> Iterator[str]:
    for found in _CLASSES.findall(attributes):
        yield from html.unescape("".join(found)).lower().split()


def _alternatives(written: str) -> Iterator[tuple[str, str | None]]:
    """What stands before the last part of a selector, and that part for each of the arguments of its `:is`; None: there is more to it."""
    start, part = _last_part(written)
    before = _CALL.sub("", written[max(0, start - _LONGEST) : start])
    for one in _meant(part, _NESTED):
        yield before, one


def _last_part(written: str) -> tuple[int, str]:
    start, part = 0, ""
    for found in _PART.finditer(written):
        start, part = found.start(), found[0]
    return start, part


def _meant(part: str, depth: int) -> Iterator[str | None]:
    """An argument stands behind `&`, because `p:is(i)` is no `pi`."""
    if "(" in part:
        part = _CALL.sub(lambda call: call[0] if call[1] else "", part)
    call = next((call for call in _CALL.finditer(part) if call[1]), None)
    if call is None:
        yield part[-_LONGEST:]
    elif not depth or len(part) - len(call[0]) > _LONGEST:
        yield None
    else:
        for argument in _ONE.findall(call[2].removeprefix("(").removesuffix(")")) or [""]:
            yield from _meant(f"{part[: call.start()]}&{_last_part(argument.strip())[1]}{part[call.end() :]}", depth - 1)


def _parsed(before: str, part: str) -> Selector | None:
    """None: it does not name them always."""
    element, where, names, attributes = "", "", set[str](), list[tuple[str, str, str]]()
    for simple in _SIMPLE.finditer(part):
        sign, name = simple["sign"], unescaped(simple["name"] or "").lower()
        if simple["attribute"]:
            value = simple["double"] or simple["single"] or simple["bare"] or ""
            attributes.append((unescaped(simple["attribute"]).lower(), simple["how"] or "", unescaped(value).lower()))
        elif sign.startswith(":"):
            if name in _NOT_ALWAYS:
                return None
            where = name if name in _AROUND else where
        elif sign:
            names.add(name)
        else:
            element = name
    return Selector(element, frozenset(names), tuple(attributes), where, _weight(f"{before} {part}"))


def _weight(written: str) -> tuple[int, int, int]:
    signs = [simple["sign"] for simple in _SIMPLE.finditer(written)]
    return signs.count("#"), sum(sign in (None, ".", ":") for sign in signs), signs.count("") + signs.count("::")
