"""OpenDocument text, sheets and slides (OASIS ODF 1.3), packed or flat, to segments, labels and members.

Every part with words in it is read: content, page headers and footers, masters, notes, annotations, hidden text, alternative texts, fields,
properties. A document with tracked changes is read as it will be; what was deleted, and what it was before, is read apart.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Iterator
from typing import Any

from gateway.content import labels, pictures, xml
from gateway.content.package import Package, package_in
from gateway.content.reading import Item, Member, Oddity, Source, Spent, Unreadable
from gateway.content.wordprocessing import Words, with_blanks
from gateway.content.xml import local
from gateway.content.zips import Entry
from gateway.detectors import Segment
from gateway.detectors.grid import Grid, letters
from gateway.model.finding import Place, Readable

_BLOCK = 1 << 20  # characters of one segment
_LONG = 15  # characters of an attribute of a cell; names of styles are shorter
_GAP, _WIDTH = 256, 16_384  # cells that are filled in: in one place, in a row
_PARAGRAPHS = ("{*}p", "{*}h")
_HELD = (
    "{*}table-row",
    "{*}automatic-styles",
    "{*}master-styles",
    "{*}tracked-changes",
    *_PARAGRAPHS,
)  # what of a large part is read whole
_EDGES = {
    "header": Place.PAGE_HEADER,
    "header-left": Place.PAGE_HEADER,
    "header-first": Place.PAGE_HEADER,
    "header-decl": Place.PAGE_HEADER,
}
_EDGES |= {
    "footer": Place.PAGE_FOOTER,
    "footer-left": Place.PAGE_FOOTER,
    "footer-first": Place.PAGE_FOOTER,
    "footer-decl": Place.PAGE_FOOTER,
}
_SIGNS = {"tab": "\t", "line-break": "\n"}
_APART = (
    "note",
    "annotation",
    "frame",
    "custom-shape",
    "tracked-changes",
    "ruby-text",
)  # what stands in a paragraph and is none of its words
_SAID = ("title", "desc")  # elements whose text is an alternative text
_ATTRIBUTES = (
    "string-value",
    "href",
    "condition",
    "formula",
    "description",
    "content-validation-name",
    "current-value",
    "label",
    "help",
)
_PIECES = (
    ".rdf",
    ".png",
    ".jpg",
    ".jpeg",
    ".gif",
    ".svg",
    ".svm",
    ".wmf",
    ".emf",
    ".webp",
    ".bmp",
    ".ttf",
    ".otf",
    "mimetype",
    "layout-cache",
)


def read_odf(source: Source, spent: Spent) -> Iterator[Item]:
    """Content first, then styles, properties and embedded objects; what is no piece of a document is a member."""
    if source.data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        yield from _flat(source, spent)
        return
    package = package_in(source, spent)
    for entry in package.find("META-INF/manifest.xml"):
        if any(True for _ in package.elements(entry, "{*}encryption-data", "{*}EncryptedKey")):
            yield from _visible(package)
            raise Unreadable(Readable.ENCRYPTED)
    if package.has_duplicates:
        yield Oddity("duplicate-members")
    for entry in sorted(package.parts, key=lambda entry: (entry.name != "content.xml", entry.name)):
        yield from _part(entry, package, source.where)
    if package.is_damaged:
        raise Unreadable(Readable.DAMAGED)


def _flat(source: Source, spent: Spent) -> Iterator[Item]:
    """A whole document in one XML."""
    stream = xml.Pieces(source.data[at : at + 65536] for at in range(0, len(source.data), 65536))
    document = _Document(source.where, spent)
    for block in xml.outermost(stream, "{*}binary-data", "{*}meta", *_HELD):
        name = local(block)
        if name == "binary-data":
            yield from _embedded(block)
        elif name == "meta":
            yield from _meta(block, "meta")
        else:
            yield from document.read(block)
    yield from document.end()


def _visible(package: Package) -> Iterator[Item]:
    """What an encrypted document says in clear: its properties, when a program left them out of the encryption."""
    for entry in package.find("meta.xml"):
        root, is_well_formed = xml.parse(package.read(entry))
        if is_well_formed and root is not None:
            yield from _meta(root, entry.name)


def _part(entry: Entry, package: Package, where: str) -> Iterator[Item]:
    name = entry.name
    if name == "content.xml":
        yield from _read(entry, package, _Document(where, package.spent, hidden=_common_hidden(package)))
    elif name == "styles.xml" or name.endswith(("/content.xml", "/styles.xml")):
        yield from _read(entry, package, _Document(name.rpartition("/")[0] or "styles", package.spent, Place.TEXT))
    elif name == "meta.xml" or name.endswith("/meta.xml"):
        for block in package.blocks(entry):
            yield from _meta(block, name)
    elif name.startswith(("Basic/", "Scripts/")):
        yield Oddity("macros")
        if name.endswith(".xml"):
            yield Place.TEXT, "macros", "\n".join("".join(block.itertext()) for block in package.blocks(entry))
    elif name.startswith(("META-INF/", "Configurations2/", "Thumbnails/", "ObjectReplacements/")) or name.lower().endswith(_PIECES):
        yield from pictures.words_in_package(package, entry) if name.startswith("Pictures/") else ()
    elif name.endswith(".xml"):
        if not name.endswith("settings.xml"):
            yield Place.TEXT, name, "\n".join(text for block in package.blocks(entry) for text in block.itertext() if not text.isspace())
    else:
        yield Member(name, package.read(entry))


def _common_hidden(package: Package) -> Iterator[str]:
    """The styles of styles.xml that hide; almost no document has one."""
    for entry in package.find("styles.xml"):
        octets = package.read(entry)
        if b'display="none"' in octets or not octets.isascii():
            root, _ = xml.parse(octets) if len(octets) <= xml.SMALL else (None, True)
            yield from _hidden_styles(root) if root is not None else ()


def _read(entry: Entry, package: Package, document: _Document) -> Iterator[Segment]:
    sheets = any(b"spreadsheet" in package.archive.begin_of(kind) for kind in package.find("mimetype"))
    # In sheets there are many paragraphs and almost none outside of a row.
    for block in package.blocks(entry, *(_HELD if not sheets else [tag for tag in _HELD if tag not in _PARAGRAPHS])):
        yield from document.read(block)
    yield from document.end()


def _meta(root: Any, where: str) -> Iterator[Item]:
    """ODF 1.3 part 3 section 4.3: properties, among them the user's own, where labels are."""
    pairs = [
        (next((value for key, value in e.attrib.items() if key.endswith("}name")), ""), e.text or "") for e in root.iter("{*}user-defined")
    ]
    yield from labels.from_pairs(pairs, where)
    pairs += [(local(e), e.text) for e in root.iter("{*}*") if e.text and local(e) != "user-defined"]
    yield Place.PROPERTIES, where, labels.property_lines(pairs)


def _embedded(element: Any) -> Iterator[Item]:
    """A file in the middle of a flat document; pictures are pieces of it."""
    if local(element.getparent()) == "image":
        return
    try:
        yield Member("", base64.b64decode("".join(element.itertext())))
    except binascii.Error:
        raise Unreadable(Readable.DAMAGED) from None


class _Document:
    """Gathers the words of one part."""

    __slots__ = ("_deleted", "_edges", "_hidden", "_holder", "_place", "_spent", "_table", "_where", "_words")

    def __init__(self, where: str, spent: Spent, place: Place = Place.FIRST_LINE, hidden: Iterable[str] = ()) -> None:
        self._where = where
        self._spent = spent
        self._hidden = set(hidden)  # styles whose text, sheet or slide is not shown
        self._place = place
        self._words = Words()
        self._edges: dict[Place, list[str]] = {Place.PAGE_HEADER: [], Place.PAGE_FOOTER: []}
        self._table: _Table | None = None
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
                self._edges[_EDGES[name]].extend(line for text in lines.shown for line in text.split("\t"))
                self._words.unseen.extend(lines.unseen)
            elif name == "table-row":
                yield from self._row(element)
            elif name == "deletion":
                self._delete(element)
            elif name == "automatic-styles":
                self._hidden.update(_hidden_styles(element))
            elif name in ("page", "notes"):
                yield from self._flushed()
                self._where = "notes" if name == "notes" else f"slide {_attribute(element, 'name')}{self._away(element)}"
            elif name in ("p", "h"):
                yield from self._flushed_table()
                self._paragraph(element, self._words)
            else:
                self._words.unseen.extend(_said(element))
        if self._words.is_full:
            yield from self._flushed()

    def end(self) -> Iterator[Segment]:
        """What is left."""
        yield from self._flushed_table()
        yield from self._flushed()
        for place, lines in self._edges.items():
            yield place, place.value.replace("_", " "), "\n".join(lines)

    def _away(self, element: Any) -> str:
        return " (hidden)" if _attribute(element, "style-name") in self._hidden else ""

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
            name, self._holder = _attribute(table, "name"), holder
            if self._table is None or self._table.name != name:
                yield from self._flushed_table()
                self._table = _Table(name, f"sheet {name}{self._away(table)}")
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
                words.unseen.extend(_said(inner))

    def _paragraph(self, paragraph: Any, words: Words) -> None:
        """The line that is shown, that of before the changes, that with hidden text; then what stands apart."""
        views = _Views(self._deleted, self._hidden)
        views.walk(paragraph, is_hidden=_attribute(paragraph, "style-name") in self._hidden)
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
                self.said.extend(_said(child))
            elif name == "s":
                self._take(" " * min(_repeated(child, "c"), 1000))
            elif name in _SIGNS:
                self._take(_SIGNS[name])
            elif name == "change":
                self.before.append(self._deleted.get(next(iter(child.attrib.values()), ""), ""))
            elif name in ("change-start", "change-end"):
                self._inserted = name == "change-start"
            else:
                self.said.extend(_said(child))
                self.walk(child, is_hidden=is_hidden or (_attribute(child, "style-name") in self._styles))
                self._is_hidden = is_hidden
            self._take(child.tail or "")

    def _take(self, text: str) -> None:
        self.hidden.append(text)
        if not self._is_hidden:
            self.shown.append(text)
            self.before.extend(() if self._inserted else (text,))


class _Table:
    """Rows of a sheet, with the cells that repetitions stand for."""

    __slots__ = ("_at", "_numbers", "_where", "lines", "name", "size")

    def __init__(self, name: str, where: str) -> None:
        self.name = name
        self._where = where
        self._at = 1
        self.begin_anew()

    def begin_anew(self) -> None:
        """The rows after those that were taken."""
        self.lines: list[str] = []
        self._numbers: list[int] = []
        self.size = 0

    def take(self, row: Any, unseen: list[str]) -> int:
        """One row, or many alike; how many cells that are. What stands in a cell besides its words goes to `unseen`."""
        cells: list[str] = []
        empty = 0
        for cell in row:
            if len(cells) > _WIDTH:
                break
            tag = cell.tag
            repeated = cell.get(f"{tag[: tag.rfind('}') + 1]}number-columns-repeated")
            count = _number(repeated) if repeated else 1
            text = _cell_text(cell, unseen)
            if text:
                cells.extend(("",) * min(empty, _GAP))
                cells.extend((text,) * min(count, _GAP))
                empty = max(count - _GAP, 0)
            else:
                empty += count
        line = "\t".join(cells)
        if line:
            self.lines.append(line)
            self._numbers.append(self._at)
            self.size += len(line)
        self._at += _repeated(row, "number-rows-repeated")
        return len(cells) + 1

    def grid(self) -> Grid:
        name, numbers = Grid(self._where), self._numbers
        name.cell = lambda line, column: f"{letters(column)}{numbers[min(line, len(numbers) - 1)]}"
        return name


_TITLES = tuple(f"{{*}}{name}" for name in _SAID)


def _cell_text(cell: Any, unseen: list[str]) -> str:
    """The paragraphs of a cell as they are shown; notes, pictures and long attributes apart."""
    unseen.extend(value for value in cell.values() if len(value) > _LONG and (not value.startswith("of:=") or '"' in value))
    if not len(cell):
        return ""
    only = cell[0]
    if len(cell) == 1 and not len(only) and only.tag.endswith("}p"):
        text = only.text or ""
    else:
        text = " ".join("".join(paragraph.itertext()) for paragraph in cell.iterchildren(*_PARAGRAPHS))
        for element in cell.iter("{*}annotation", *_TITLES):
            unseen.extend(words for words in element.itertext() if words.strip())
        for link in cell.iter("{*}a"):
            unseen.extend(_said(link))
    if "E+" in text or text.startswith("#"):  # too long for its cell, not for who clicks on it
        text = _attribute(cell, "value") or text
    return text if "\n" not in text and "\t" not in text else " ".join(text.split())


def _attribute(element: Any, name: str) -> str:
    """Whatever its namespace."""
    return next((value for key, value in element.attrib.items() if key.rpartition("}")[2] == name), "")


def _repeated(element: Any, name: str) -> int:
    return _number(_attribute(element, name))


def _number(said: str) -> int:
    return min(int(said), 1 << 20) if said.isdecimal() and len(said) < 9 else 1


def _hidden_styles(styles: Any) -> Iterator[str]:
    """Section 20.366 (text), 20.271 (tables), 19.471 (slides): what is not displayed."""
    for style in styles.iter("{*}style"):
        for properties in style:
            said = (_attribute(properties, "display"), _attribute(properties, "visibility"))
            if said[0] in ("none", "false") or said[1] == "hidden":
                yield _attribute(style, "name")


def _outermost(block: Any) -> Iterator[Any]:
    """The paragraphs, rows, page edges and deletions of a block, and the elements that only hold such, before what they hold."""
    name = local(block)
    yield block
    if name in ("p", "h", "table-row", "deletion", "automatic-styles") or name in _EDGES:
        return
    for child in block:
        yield from _outermost(child)


def _said(element: Any) -> Iterator[str]:
    """Words in attributes, and alternative texts."""
    if "form:" in element.tag:
        yield from filter(None, (_attribute(element, "value"),))
    for key, value in element.attrib.items():
        if key.rpartition("}")[2] in _ATTRIBUTES and value.strip() and not value.startswith(("Pictures/", "./Object", "#", "of:=")):
            yield value
    if local(element) in _SAID and element.text:
        yield element.text
