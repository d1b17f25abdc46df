"""The elements of one OpenDocument part (OASIS ODF 1.3 part 3) to segments: as it will be, as it was, and what is not shown.

In: the blocks of a part, in order. Out: lines that are shown, page headers and footers, rows of sheets; apart from them hidden text, notes,
alternative texts, and with tracked changes what was deleted and what it was before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product
from typing import Any

from gateway.content.odf_attributes import FORMATS, attribute, hidden_styles, repeated_of, said_in, words_of_format
from gateway.content.odf_pages import Pages
from gateway.content.odf_sheets import Table
from gateway.content.reading import Spent
from gateway.content.wordprocessing import Words, with_blanks
from gateway.content.xml import local
from gateway.detectors import Segment
from gateway.detectors.unseen import name_of
from gateway.model.finding import Place

_BLOCK = 1 << 20  # characters of one segment
_HEADERS = ("header", "header-left", "header-first", "header-decl")
_FOOTERS = ("footer", "footer-left", "footer-first", "footer-decl")
_EDGES = dict.fromkeys(_HEADERS, Place.PAGE_HEADER) | dict.fromkeys(_FOOTERS, Place.PAGE_FOOTER)
_FORMATS = tuple(f"{{*}}{name}" for name in FORMATS)
_SIGNS = {"tab": "\t", "line-break": "\n"}
# What stands in a paragraph and is none of its words.
_APART = ("note", "annotation", "frame", "custom-shape", "tracked-changes", "ruby-text")


class Document:
    """Gathers the words of one part."""

    __slots__ = ("_deleted", "_edges", "_hidden", "_holder", "_pages", "_place", "_spent", "_table", "_where", "_words")

    def __init__(
        self, where: str, spent: Spent, place: Place = Place.FIRST_LINE, hidden: Iterable[str] = (), pages: Pages | None = None
    ) -> None:
        """`pages`: those of the document; without them no edge of a page is shown, as in a document within another."""
        self._where = where
        self._spent = spent
        self._hidden = set(hidden)  # styles whose text, sheet or slide is not shown
        self._place = place
        self._words = Words()
        self._pages = pages or Pages(is_opened=False)
        self._edges: dict[tuple[Place, tuple[str, str] | None], list[str]] = {}  # by what has to be used for them to be shown
        self._table: Table | None = None
        self._holder: Any = None  # of the rows of this table
        self._deleted: dict[str, str] = {}  # text by the change that deleted it

    def read(self, block: Any) -> Iterator[Segment]:
        """All words of an element and of what is in it."""
        for element in _outermost(block):
            name = local(element)
            if name in _EDGES:
                lines = Words()
                lines.shown.append(element.text or "")
                self._paragraphs(element, lines)
                edge = self._edges.setdefault((_EDGES[name], self._pages.needed_by(element)), [])
                edge.extend(line for text in lines.shown for line in text.split("\t"))
                self._words.unseen.extend(lines.unseen)
            elif name == "table-row":
                yield from self._row(element)
            elif name == "deletion":
                self._delete(element)
            elif name == "automatic-styles":
                self._hidden.update(hidden_styles(element))
                self._words.unseen.extend(line for format_ in element.iter(*_FORMATS) for line in words_of_format(format_))
                self._pages.take(element, self._hidden)
            elif name in ("page", "notes"):
                self._pages.take(element, self._hidden)
                yield from self._flushed()
                self._where = "notes" if name == "notes" else f"slide {attribute(element, 'name')}{self._away(element)}"
            elif name in ("p", "h"):
                yield from self._flushed_table()
                self._pages.take(element, self._hidden)
                self._paragraph(element, self._words)
            else:
                self._words.unseen.extend(words_of_format(element) if name in FORMATS else said_in(element))
                self._pages.take(element, self._hidden)
        if self._words.is_full:
            yield from self._flushed()

    def end(self) -> Iterator[Segment]:
        """What is left."""
        yield from self._flushed_table()
        yield from self._flushed()
        shown = self._pages.are_used()
        for place, is_shown in product((Place.PAGE_HEADER, Place.PAGE_FOOTER), (True, False)):
            lines = (line for (at, used), some in self._edges.items() if at is place and (used in shown) is is_shown for line in some)
            yield place, name_of(place.value.replace("_", " "), is_shown=is_shown), "\n".join(lines)

    def _away(self, element: Any) -> str:
        return " (hidden)" if attribute(element, "style-name") in self._hidden else ""

    def _flushed(self) -> Iterator[Segment]:
        words, self._words = self._words, Words()
        yield self._place, self._where, "\n".join(words.shown)
        self._place = Place.TEXT if any(words.shown) else self._place
        unseen = (*words.unseen, *with_blanks(words.shown))
        if unseen:
            yield Place.TEXT, f"{self._where}, not shown", "\n".join(unseen)

    def _row(self, row: Any) -> Iterator[Segment]:
        """A row of a sheet; of a table in a text, the paragraphs of its cells."""
        holder = row.getparent()
        if self._table is None or holder is not self._holder:
            table = next(row.iterancestors("{*}table"), None)
            if table is None or next(table.iterancestors("{*}text", "{*}page", "{*}master-page"), None) is not None:
                self._paragraphs(row, self._words)
                return
            name, self._holder = attribute(table, "name"), holder
            if self._table is None or self._table.name != name:
                yield from self._flushed_table()
                self._table = Table(name, f"sheet {name}{self._away(table)}")
                yield Place.TEXT, "sheet names", name
        self._spent.cells(self._table.take(row, self._words.unseen))
        if self._table.size > _BLOCK:
            yield from self._flushed_table()

    def _flushed_table(self) -> Iterator[Segment]:
        if self._table is not None and self._table.lines:
            yield self._place, self._table.grid(), "\n".join(self._table.lines)
            self._place = Place.TEXT
            self._table.begin_anew()

    def _paragraphs(self, element: Any, words: Words) -> None:
        for inner in (found for child in element for found in _outermost(child)):
            if local(inner) in ("p", "h"):
                self._paragraph(inner, words)
            elif local(inner) == "table-row":
                self._paragraphs(inner, words)
            else:
                words.unseen.extend(said_in(inner))

    def _paragraph(self, paragraph: Any, words: Words) -> None:
        """The line that is shown, that of before the changes, that with hidden text; then what stands apart."""
        views = _Views(self._deleted, self._hidden)
        views.walk(paragraph, is_hidden=attribute(paragraph, "style-name") in self._hidden)
        words.shown.append("".join(views.shown))
        for line in dict.fromkeys(("".join(views.before), "".join(views.hidden))):
            if line and line != words.shown[-1]:
                words.unseen.append(line)
        for element in views.apart:
            if local(element) == "ruby-text":
                words.unseen.append("".join(element.itertext()))
            inner = Words()
            self._paragraphs(element, inner)
            is_aside = local(element) == "annotation"
            words.unseen.extend((*inner.shown, *inner.unseen) if is_aside else inner.unseen)
            words.shown.extend(() if is_aside else inner.shown)
        words.unseen.extend(views.said)

    def _delete(self, element: Any) -> None:
        """Section 5.5.3: the text stands in the list of changes, and a mark where it stood."""
        words = Words()
        self._paragraphs(element, words)
        region = element.getparent()
        text = "\n".join(words.shown)
        for key, value in region.attrib.items() if region is not None else ():
            if key.endswith("}id"):
                self._deleted[value] = text
        self._words.unseen.extend(words.shown)


class _Views:
    """One paragraph as it will be, as it was, and with what is hidden in it."""

    __slots__ = ("_deleted", "_inserted", "_is_hidden", "_styles", "apart", "before", "hidden", "said", "shown")

    def __init__(self, deleted: dict[str, str], hidden: set[str]) -> None:
        self._deleted = deleted
        self._styles = hidden
        self._inserted = self._is_hidden = False
        self.shown: list[str] = []
        self.before: list[str] = []
        self.hidden: list[str] = []
        self.apart: list[Any] = []
        self.said: list[str] = []

    def walk(self, element: Any, *, is_hidden: bool = False) -> None:
        self._is_hidden = is_hidden
        self._take(element.text or "")
        for child in element:
            name = local(child)
            if name in _APART:
                self.apart.append(child)
            elif name in ("hidden-text", "hidden-paragraph"):
                self.hidden.append("".join(child.itertext()))
                self.said.extend(said_in(child))
            elif name == "s":
                self._take(" " * min(repeated_of(child, "c"), 1000))
            elif name in _SIGNS:
                self._take(_SIGNS[name])
            elif name == "change":
                self.before.append(self._deleted.get(next(iter(child.attrib.values()), ""), ""))
            elif name in ("change-start", "change-end"):
                self._inserted = name == "change-start"
            else:
                self.said.extend(said_in(child))
                self.walk(child, is_hidden=is_hidden or (attribute(child, "style-name") in self._styles))
                self._is_hidden = is_hidden
            self._take(child.tail or "")

    def _take(self, text: str) -> None:
        self.hidden.append(text)
        if not self._is_hidden:
            self.shown.append(text)
            self.before.extend(() if self._inserted else (text,))


def _outermost(block: Any) -> Iterator[Any]:
    """The paragraphs, rows, page edges and deletions of a block, and the elements that only hold such, before what they hold."""
    name = local(block)
    yield block
    if name in ("p", "h", "table-row", "deletion", "automatic-styles") or name in _EDGES:
        return
    for child in block:
        yield from _outermost(child)
